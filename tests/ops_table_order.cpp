// Rows of sorting, running sums, sums at places, checks, and the gamma function.
#include "ops_table_rows.hpp"

namespace xgrad::testing {
namespace {

Var places(const Shape& shape, std::initializer_list<std::int64_t> values) {
  auto array = Array<std::int64_t>::from_shape(shape);
  std::copy(values.begin(), values.end(), array.data());
  return {std::move(array)};
}

void append_gamma(Rows& rows, Random& random) {
  // libtorch's trigamma leaves the term 1 / (30 x^9) and what follows out of its series, at x from 6 on: up to 3.3e-9.
  constexpr double of_trigamma = 4e-9;
  const auto at = [&](double low, double high) {
    return std::vector<Case>{{random.uniform({}, low, high)}, {random.uniform({2, 3}, low, high)}};
  };
  rows.push_back({.name = "lgamma",
                  .function = [](const Case& x) { return lgamma(x[0]); },
                  .smooth = at(0.3, 5.0),
                  .primitives = {"lgamma", "digamma", "polygamma"},
                  .torch_tolerance = of_trigamma});
  rows.push_back(
      {.name = "lgamma.negative", .function = [](const Case& x) { return lgamma(x[0]); }, .smooth = at(-2.8, -2.2)});
  rows.push_back({.name = "lgamma.strided",
                  .function = [](const Case& x) { return lgamma(strided(x[0])); },
                  .smooth = {{random.uniform({2, 3}, 0.5, 3.0)}},
                  .torch = {}});
  rows.push_back({.name = "digamma",
                  .function = [](const Case& x) { return digamma(x[0]); },
                  .smooth = at(0.3, 5.0),
                  .primitives = {"digamma", "polygamma"},
                  .torch_tolerance = of_trigamma});
  rows.push_back({.name = "polygamma",
                  .function = [](const Case& x) { return polygamma(2.0, x[0]); },
                  .smooth = at(0.6, 5.0),
                  .primitives = {"polygamma"}});
}

void append_sorting(Rows& rows, Random& random) {
  rows.push_back({.name = "sort",
                  .function = [](const Case& x) { return sort(x[0]); },
                  .smooth = {{random.distinct({5})}, {random.distinct({2, 3})}, {random.distinct({1})}},
                  .primitives = {"argsort", "take_along_axis"}});
  rows.push_back({.name = "sort.axis",
                  .function = [](const Case& x) { return sort(x[0], 0, Order::Descending); },
                  .smooth = {{random.distinct({3, 2})}, {random.distinct({2, 2, 2})}},
                  .primitives = {"argsort"}});
  rows.push_back({.name = "sort.strided",
                  .function = [](const Case& x) { return sort(strided(x[0]), 1); },
                  .smooth = {{random.distinct({3, 3})}},
                  .torch = {}});
}

void append_top_k(Rows& rows, Random& random) {
  rows.push_back({.name = "top_k",
                  .function = [](const Case& x) { return top_k(x[0], 2).first; },
                  .smooth = {{random.distinct({5})}, {random.distinct({2, 3})}, {random.distinct({2})}},
                  .primitives = {"top_k", "projection"}});
  rows.push_back({.name = "top_k.axis",
                  .function = [](const Case& x) { return top_k(x[0], 1, 0, Order::Ascending).first; },
                  .smooth = {{random.distinct({3, 2})}, {random.distinct({2, 2, 2})}},
                  .primitives = {"top_k"}});
  rows.push_back({.name = "top_k.few",  // of many
                  .function = [](const Case& x) { return top_k(x[0], 1).first; },
                  .smooth = {{random.distinct({40})}}});
  rows.push_back({.name = "top_k.strided",
                  .function = [](const Case& x) { return top_k(strided(x[0]), 2, 0).first; },
                  .smooth = {{random.distinct({3, 3})}},
                  .torch = {}});
}

/// A function of the user's of two results, x^3 and 2 x.
template <class T>
auto cube_and_double(const Var& x) {
  return host_call(
      "cube and double",
      [](const Shape& shape) {
        return std::array{shape, shape};
      },
      [](const Array<T>& a) { return std::tuple<Array<T>, Array<T>>(a * a * a, T(2) * a); })(x);
}

void append_host_call(Rows& rows, Random& random) {
  const auto function = custom_vjp(
      [](const Var& x) {
        return std::pair{x.dtype() == DType::Float32 ? cube_and_double<float>(x) : cube_and_double<double>(x), x};
      },
      [](const Var& x, const std::tuple<Var, Var>& cotangents) {
        return 3.0 * x * x * std::get<0>(cotangents) + 2.0 * std::get<1>(cotangents);
      });
  rows.push_back({.name = "host_call",
                  .function =
                      [function](const Case& x) {
                        const auto [cube, twice] = function(x[0]);
                        return cube * twice;
                      },
                  .smooth = {{random.uniform({})}, {random.uniform({2, 3})}},
                  .primitives = {"host_call"}});
}

void append_branches(Rows& rows, Random& random) {
  rows.push_back({.name = "cond",
                  .function =
                      [](const Case& x) {
                        return cond(
                            sum(x[0]) > 0.1, [](const Var& y) { return sin(y) * sum(y); },
                            [](const Var& y) { return exp(0.5 * y); }, x[0]);
                      },
                  .smooth = {{random.uniform({4}, 0.5, 1.0)}, {random.uniform({2, 3}, -1.0, -0.5)}},
                  .primitives = {"switch"}});
}

void append_running_results(Rows& rows, Random& random) {
  const auto add = [&](const std::string& name, auto f) {
    rows.push_back({.name = name,
                    .function = [f](const Case& x) { return f(x[0], -1, Direction::Forward); },
                    .smooth = {{random.distinct({5})}, {random.distinct({2, 3})}, {random.distinct({1})}}});
    rows.push_back({.name = name + ".axis",
                    .function = [f](const Case& x) { return f(x[0], 0, Direction::Forward); },
                    .smooth = {{random.distinct({4, 2})}, {random.distinct({2, 2, 2})}}});
    rows.push_back({.name = name + ".backward",
                    .function = [f](const Case& x) { return f(strided(x[0]), 1, Direction::Backward); },
                    .smooth = {{random.distinct({3, 3})}},
                    .torch = {}});
  };
  add("cumprod", cumprod);
  add("cummax", cummax);
  add("cummin", cummin);
}

void append_loops(Rows& rows, Random& random) {
  rows.push_back({.name = "scan",
                  .function =
                      [](const Case& x) {
                        const auto [last, all] = scan(
                            [&](const Var& h, const Var& e) {
                              const Var next = sin(h + e * e);
                              return std::pair{next, next * e};
                            },
                            view(x[0], 0) * 0.5, x[0]);
                        return all + last;
                      },
                  .smooth = {{random.uniform({4})}, {random.uniform({3, 2})}, {random.uniform({1, 2, 2})}},
                  .primitives = {"scan"}});
}

void append_running(Rows& rows, Random& random) {
  const auto at = [&](const Shape& shape) { return Case{random.uniform(shape)}; };
  rows.push_back({.name = "cumsum",
                  .function = [](const Case& x) { return cumsum(x[0]); },
                  .smooth = {at({5}), at({2, 3}), at({1})},
                  .primitives = {"cumsum"}});
  rows.push_back({.name = "cumsum.axis",
                  .function = [](const Case& x) { return cumsum(x[0], 0); },
                  .smooth = {at({3, 2}), at({2, 2, 2})}});
  rows.push_back({.name = "cumsum.backward",
                  .function = [](const Case& x) { return cumsum(x[0], 1, Direction::Backward); },
                  .smooth = {at({2, 3}), at({2, 3, 2})}});
  rows.push_back({.name = "cumsum.strided",
                  .function = [](const Case& x) { return cumsum(strided(x[0]), 0); },
                  .smooth = {at({2, 5})},
                  .torch = {}});
  rows.push_back({.name = "logcumsumexp",
                  .function = [](const Case& x) { return logcumsumexp(x[0]); },
                  .smooth = {at({6}), at({2, 3}), at({1})},
                  .primitives = {"logaddexp", "slice", "concatenate"}});
  rows.push_back({.name = "logcumsumexp.backward",
                  .function = [](const Case& x) { return logcumsumexp(x[0], 0, Direction::Backward); },
                  .smooth = {at({5}), at({3, 2})}});
}

void append_scattering(Rows& rows, Random& random) {
  const auto at = [&](const Shape& shape) { return random.uniform(shape); };
  rows.push_back({.name = "scatter_add",
                  .function = [](const Case& x) { return scatter_add(x[0], x[1], 4, 0); },
                  .smooth = {{at({3}), places({3}, {2, 0, 2})}, {at({3, 2}), places({3}, {-1, 1, 1})}},
                  .primitives = {"scatter_add", "take"}});
  rows.push_back({.name = "scatter_add.last_axis",
                  .function = [](const Case& x) { return scatter_add(x[0], x[1], 2, -1); },
                  .smooth = {{at({2, 3}), places({3}, {1, 0, 1})}},
                  .primitives = {"scatter_add"}});
  rows.push_back({.name = "scatter_add_along_axis",
                  .function = [](const Case& x) { return scatter_add_along_axis(x[0], x[1], 3, 1); },
                  .smooth = {{at({2, 2}), places({2, 2}, {2, 0, 1, 1})}},
                  .primitives = {"scatter_add_along_axis", "take_along_axis"}});
}

}  // namespace

void append_order(Rows& rows) {
  Random random(9);
  append_gamma(rows, random);
  append_sorting(rows, random);
  append_top_k(rows, random);
  append_host_call(rows, random);
  append_loops(rows, random);
  append_branches(rows, random);
  append_running_results(rows, random);
  append_running(rows, random);
  append_scattering(rows, random);
  rows.push_back({.name = "checked",
                  .function =
                      [](const Case& x) {
                        static const Requirement requirement("the number {} is above {}");
                        return square(checked(x[0], x[0] < 3.0, requirement, 3));
                      },
                  .smooth = {{random.uniform({})}, {random.uniform({2, 3})}},
                  .primitives = {"checked"},
                  .torch = "square"});
}

}  // namespace xgrad::testing
