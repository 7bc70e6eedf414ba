// Rows of the operations without derivative.
#include <xgrad/compression/layers.hpp>

#include "ops_table_rows.hpp"

namespace xgrad::testing {

const std::vector<OpRow>& ops_without_derivative() {
  static const std::vector<OpRow> table = [] {
    Rows rows;
    Random random(8);
    const auto add = [&](const std::string& name, Operation function, std::vector<Case> cases,
                         std::vector<std::string> primitives) {
      rows.push_back({.name = name,
                      .function = std::move(function),
                      .special = std::move(cases),
                      .primitives = std::move(primitives)});
    };
    using Comparison = Var (*)(const Var&, const Var&);
    const auto compare = [&](const std::string& name, Comparison f, const std::string& primitive) {
      add(name, [f](const Case& x) { return f(x[0], x[1]); },
          {special_pairs(), {random.lattice({2, 1}, 0.0), random.lattice({3}, 0.0)}}, {primitive});
    };
    compare("less", operator<, "less");
    compare("less_equal", operator<=, "less_equal");
    compare("greater", operator>, "less");
    compare("greater_equal", operator>=, "less_equal");
    compare("less.name", less, "less");
    compare("less_equal.name", less_equal, "less_equal");
    compare("greater.name", greater, "less");
    compare("greater_equal.name", greater_equal, "less_equal");
    compare("equal", equal, "equal");
    compare("not_equal", not_equal, "not_equal");
    compare("logical_and", operator&&, "logical_and");
    compare("logical_or", operator||, "logical_or");
    const Case numbers{special_numbers()};
    add("logical_not", [](const Case& x) { return !x[0]; }, {numbers}, {"logical_not"});
    compare("logical_xor", logical_xor, "not_equal");
    add("isnan", [](const Case& x) { return isnan(x[0]); }, {numbers}, {"not_equal"});
    add("isinf", [](const Case& x) { return isinf(x[0]); }, {numbers}, {"equal"});
    add("isfinite", [](const Case& x) { return isfinite(x[0]); }, {numbers}, {"less"});
    add("signbit", [](const Case& x) { return signbit(x[0]); }, {numbers}, {"copysign"});
    const Case integers{Var(xt::xarray<std::int64_t>{7, -7, 7, -7, 0, 5}),
                        Var(xt::xarray<std::int64_t>{3, 3, -3, -3, 4, 1})};
    add("integers.remainder", [](const Case& x) { return x[0] % x[1]; }, {integers}, {"remainder"});
    add("integers.fmod", [](const Case& x) { return fmod(x[0], x[1]); }, {integers}, {"fmod"});
    add("integers.floor_divide", [](const Case& x) { return floor_divide(x[0], x[1]); }, {integers}, {"floor_divide"});
    add("integers.and", [](const Case& x) { return x[0] & x[1]; }, {integers}, {"bitwise_and"});
    add("integers.or", [](const Case& x) { return x[0] | x[1]; }, {integers}, {"bitwise_or"});
    add("integers.xor", [](const Case& x) { return x[0] ^ x[1]; }, {integers}, {"bitwise_xor"});
    add("integers.not", [](const Case& x) { return ~x[0]; }, {integers}, {"bitwise_xor"});
    add("integers.left_shift", [](const Case& x) { return x[0] << abs(x[1]); }, {integers}, {"left_shift"});
    add("integers.right_shift", [](const Case& x) { return x[0] >> abs(x[1]); }, {integers}, {"right_shift"});
    add("argsort", [](const Case& x) { return argsort(x[0]); },
        {{random.distinct({5})}, {random.distinct({2, 3})}, {Var(xt::xarray<double>{{0.0, -infinity, infinity}})}},
        {"argsort"});
    add("argsort.descending", [](const Case& x) { return argsort(x[0], 0, Order::Descending); },
        {{random.distinct({4, 2})}}, {"argsort"});
    add("top_k.places", [](const Case& x) { return top_k(x[0], 2).second; },
        {{random.distinct({5})}, {random.distinct({2, 3})}, {Var(xt::xarray<double>{{0.0, -infinity, infinity}})}},
        {"top_k"});
    add("while_loop",
        [](const Case& x) {
          return while_loop([](const Var& c) { return sum(c) < 25; }, [](const Var& c) { return c + 1; },
                            cast<std::int64_t>(x[0] * 3.0));
        },
        {{random.distinct({4})}, {random.distinct({2, 3})}}, {"while_loop"});
    add("cast.bool", [](const Case& x) { return cast<bool>(x[0]); }, {numbers}, {"cast"});
    add("cast.int64", [](const Case& x) { return cast<std::int64_t>(x[0]); },
        {{xt::xarray<double>{0.0, -0.0, 1.9, -1.9, 1e15, -9007199254740993.0}}}, {"cast"});
    const std::vector<Case> searched{{random.distinct({4})},
                                     {random.distinct({2, 3})},
                                     {xt::xarray<double>{1.0, 3.0, 3.0}},
                                     {xt::xarray<double>{1.0, infinity, -infinity}}};
    add("argmax", [](const Case& x) { return argmax(x[0]); }, searched, {"argmax"});
    add("argmax.axis", [](const Case& x) { return argmax(x[0], 0); }, searched, {"argmax"});
    add("argmax.axis_keep_dims", [](const Case& x) { return argmax(x[0], -1, keep_dims); }, searched, {"argmax"});
    add("one_hot", [](const Case& x) { return one_hot(x[0], 4); },
        {{xt::xarray<std::int64_t>{3, 0, 1, 0}}, {xt::xarray<std::int64_t>{{0, 1}, {2, 3}}}}, {"one_hot"});
    add("nonzero", [](const Case& x) { return stack(nonzero(x[0] > 0.0, 4, -1)); },
        {{random.distinct({3, 3})}, {random.distinct({2, 3})}}, {"scatter_add", "cumsum"});
    // Scales are 1, so that sums are whole numbers in any order and with any instruction set.
    rows.push_back({.name = "quantised_linear",
                    .function =
                        [](const Case& x) {
                          const nn::Linear layer{xt::xarray<double>{{127, -3, 0, 64, 1}, {-127, 7, 5, -9, 100}}, {}};
                          return cast<std::int64_t>(compression::quantised(layer, {0.0, 255.0})(x[0]));
                        },
                    .special = {{random.uniform({4, 5}, -50.0, 300.0)}, {random.uniform({2, 3, 5}, -50.0, 300.0)}},
                    .primitives = {"quantised_matmul"},
                    .torch = ""});
    append_random_values(rows);
    add("zeros_like", [](const Case& x) { return zeros_like(x[0]); }, {{random.uniform({2, 3})}}, {});
    append_counts(rows);
    append_sequence_values(rows);
    return rows;
  }();
  return table;
}

}  // namespace xgrad::testing
