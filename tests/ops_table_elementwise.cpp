// Rows of the operations that work element by element.
#include "ops_table_rows.hpp"

namespace xgrad::testing {
namespace {

using Unary = Var (*)(const Var&);
using Binary = Var (*)(const Var&, const Var&);

/// A row and its variant on a view with gaps.
void add_unary(Rows& rows, const std::string& name, Unary f, Random& random, double low, double high) {
  rows.push_back({.name = name,
                  .function = [f](const Case& x) { return f(x[0]); },
                  .smooth = {{random.uniform({}, low, high)},
                             {random.uniform({5}, low, high)},
                             {random.uniform({2, 3}, low, high)},
                             {random.uniform({2, 1, 2}, low, high)}},
                  .special = {{special_numbers()}},
                  .primitives = {name}});
  rows.push_back({.name = name + ".strided",
                  .function = [f](const Case& x) { return f(strided(x[0])); },
                  .smooth = {{random.uniform({2, 3}, low, high)}},
                  .primitives = {name, "slice", "transpose"},
                  .torch = {}});
}

/// Equal shapes, broadcasting both ways, scalars, views with gaps, one argument twice.
template <class Make>
void add_binary(Rows& rows, const std::string& name, Binary f, Make make) {
  rows.push_back({.name = name,
                  .function = [f](const Case& x) { return f(x[0], x[1]); },
                  .smooth = {{make(Shape{3}, 0), make(Shape{3}, 1)},
                             {make(Shape{2, 1}, 0), make(Shape{1, 3}, 1)},
                             {make(Shape{}, 0), make(Shape{2, 2}, 1)},
                             {make(Shape{2, 1, 2}, 0), make(Shape{2, 1}, 1)},
                             {make(Shape{}, 0), make(Shape{}, 1)}},
                  .special = {special_pairs()},
                  .primitives = {name, "broadcast", "sum"}});
  rows.push_back(
      {.name = name + ".strided",
       .function = [f](const Case& x) { return f(strided(x[0]), strided(x[1])); },
       .smooth = {{make(Shape{2, 3}, 0), make(Shape{1, 3}, 1)}, {make(Shape{1, 3}, 0), make(Shape{2, 4}, 1)}},
       .primitives = {name},
       .torch = {}});
}

void add_variant(Rows& rows, const std::string& name, Unary f, const Case& at, const Case& special) {
  OpRow row{.name = name, .function = [f](const Case& x) { return f(x[0]); }, .smooth = {at}};
  if (!special.empty()) row.special.push_back(special);
  rows.push_back(std::move(row));
}

}  // namespace

void append_unary(Rows& rows) {
  Random random(1);
  const auto add = [&](const std::string& name, Unary f, double low, double high) {
    add_unary(rows, name, f, random, low, high);
  };
  add(
      "negate", [](const Var& x) { return -x; }, -2.0, 2.0);
  add("square", square, -2.0, 2.0);
  add("sqrt", sqrt, 0.3, 3.0);
  add("exp", exp, -2.0, 1.5);
  add("expm1", expm1, -2.0, 1.5);
  add("log", log, 0.3, 3.0);
  add("log1p", log1p, -0.6, 2.0);
  add("sin", sin, -3.0, 3.0);
  add("cos", cos, -3.0, 3.0);
  add("tan", tan, -0.9, 0.9);
  add("atan", atan, -2.0, 2.0);
  add("sinh", sinh, -2.0, 2.0);
  add("cosh", cosh, -2.0, 2.0);
  add("tanh", tanh, -2.0, 2.0);
  add("log_cosh", log_cosh, -2.0, 2.0);
  rows.back().primitives.push_back("slope_of_log_cosh");
  add("erf", erf, -2.0, 2.0);
  add("sigmoid", sigmoid, -4.0, 4.0);
  add("softplus", softplus, -4.0, 4.0);

  rows.push_back({.name = "positive",
                  .function = [](const Case& x) { return +x[0]; },
                  .smooth = {{random.uniform({2, 2})}},
                  .special = {{special_numbers()}}});
  rows.push_back({.name = "cast.float32",  // its rounding has no derivative, so no central differences
                  .function = [](const Case& x) { return cast<float>(x[0]); },
                  .special = {{special_numbers()}},
                  .primitives = {"cast"},
                  .torch_tolerance = 1e-6});
  rows.push_back({.name = "stop_gradient",
                  .function = [](const Case& x) { return x[0] * stop_gradient(sign(x[0])); },
                  .smooth = {{random.away_from_zero({2, 3})}},
                  .special = {{special_numbers()}},
                  .primitives = {"stop_gradient"}});
  rows.push_back({.name = "full_like",
                  .function = [](const Case& x) { return square(x[0]) * full_like(x[0], 3.0) + ones_like(x[0]); },
                  .smooth = {{random.uniform({2, 3})}},
                  .primitives = {"constant"}});
  rows.push_back({.name = "grad.nested",
                  .function = [](const Case& x) { return grad([](const Var& y) { return sum(y * y * y); })(x[0]); },
                  .smooth = {{random.uniform({2, 3})}},
                  .primitives = {"leaf", "identity"}});
}

void append_binary(Rows& rows) {
  Random random(2);
  const auto between = [&random](double low, double high) {
    return [&random, low, high](const Shape& shape, int) { return random.uniform(shape, low, high); };
  };
  const auto divisible = [&random](const Shape& shape, int which) {
    return which == 0 ? random.uniform(shape) : random.away_from_zero(shape, 0.5, 2.0);
  };
  const auto power = [&random](const Shape& shape, int which) {
    return which == 0 ? random.uniform(shape, 0.4, 2.0) : random.uniform(shape, -1.5, 2.5);
  };
  add_binary(rows, "add", operator+, between(-2.0, 2.0));
  add_binary(rows, "subtract", operator-, between(-2.0, 2.0));
  rows.push_back(
      {.name = "residual",
       .function = [](const Case& x) { return residual(x[0], x[1]); },
       .smooth = {{random.uniform({3}), random.uniform({3})}, {random.uniform({2, 3}), random.uniform({2, 3})}},
       .primitives = {"subtract"},
       .torch = {}});
  add_binary(rows, "multiply", operator*, between(-2.0, 2.0));
  add_binary(rows, "divide", operator/, divisible);
  add_binary(rows, "pow", pow, power);
  add_binary(rows, "logaddexp", logaddexp, between(-3.0, 3.0));
  add_binary(rows, "hypot", hypot,
             [&random](const Shape& shape, int) { return random.away_from_zero(shape, 0.5, 2.0); });
  rows.back().primitives.push_back("direction_cosine");

  const Case at{random.uniform({2, 3}, 0.4, 2.0)};
  const Case signs{random.away_from_zero({2, 3})};
  const Case special{special_numbers()};
  add_variant(
      rows, "add.scalar", [](const Var& x) { return 1.5 + (x + 2); }, at, special);
  add_variant(
      rows, "subtract.scalar", [](const Var& x) { return 1.5 - (x - 2); }, at, special);
  add_variant(
      rows, "multiply.scalar", [](const Var& x) { return 1.5 * (x * 2); }, at, special);
  add_variant(
      rows, "divide.by_scalar", [](const Var& x) { return x / 2.5; }, signs, special);
  add_variant(
      rows, "divide.scalar", [](const Var& x) { return 2 / x; }, signs, special);
  add_variant(
      rows, "multiply.self", [](const Var& x) { return x * x; }, signs, special);
  add_variant(rows, "divide.self", [](const Var& x) { return x / x; }, signs, {});
  add_variant(
      rows, "pow.zero", [](const Var& x) { return pow(x, 0.0); }, signs, special);
  add_variant(
      rows, "pow.one", [](const Var& x) { return pow(x, 1); }, signs, special);
  add_variant(
      rows, "pow.two", [](const Var& x) { return pow(x, 2.0); }, signs, special);
  add_variant(
      rows, "pow.three", [](const Var& x) { return pow(x, 3); }, signs, special);
  add_variant(
      rows, "pow.half", [](const Var& x) { return pow(x, 0.5); }, at, special);
  add_variant(
      rows, "pow.inverse", [](const Var& x) { return pow(x, -1); }, signs, special);
  add_variant(
      rows, "pow.of_two", [](const Var& x) { return pow(2.0, x); }, signs, special);
  add_variant(rows, "pow.self", [](const Var& x) { return pow(x, x); }, at, {});
  rows.push_back({.name = "pow.integers",
                  .function = [](const Case& x) { return pow(x[0], x[1]); },
                  .smooth = {{random.away_from_zero({4}, 0.5, 2.0), xt::xarray<std::int64_t>{0, 1, 2, -3}}},
                  .primitives = {"pow", "cast"}});
  rows.push_back({.name = "assign",
                  .function =
                      [](const Case& x) {
                        Var y = x[0];
                        y += x[1];
                        y *= x[0];
                        y -= x[1];
                        y /= x[1];
                        return y;
                      },
                  .smooth = {{random.uniform({2, 3}), random.away_from_zero({3}, 0.5, 2.0)}}});
}

void append_choices(Rows& rows) {
  Random random(3);
  const auto near = [&](const Shape& shape, int which) { return random.lattice(shape, which == 0 ? 0.0 : 0.2); };
  add_binary(rows, "maximum", maximum, near);
  add_binary(rows, "minimum", minimum, near);

  const auto kinked = [&](const std::string& name, Unary f) {
    add_unary(rows, name, f, random, 0.2, 2.0);
    add_variant(rows, name + ".signs", f, {random.away_from_zero({2, 3})}, {});
  };
  kinked("abs", abs);
  kinked("sign", sign);
  kinked("relu", relu);

  rows.push_back({.name = "where",
                  .function = [](const Case& x) { return where(x[0], x[1], x[2]); },
                  .smooth = {{random.mask({2, 3}), random.uniform({2, 3}), random.uniform({2, 3})},
                             {random.mask({3}), random.uniform({2, 1}), random.uniform({})},
                             {random.mask({2, 1}), random.uniform({}), random.uniform({3})}},
                  .special = {{xt::xarray<bool>{true, false, true, false},
                               xt::xarray<double>{1.0, infinity, not_a_number, -infinity},
                               xt::xarray<double>{not_a_number, 2.0, infinity, 0.0}}},
                  .primitives = {"where"}});
  rows.push_back({.name = "where.strided",
                  .function = [](const Case& x) { return where(strided(x[0]), strided(x[1]), strided(x[2])); },
                  .smooth = {{random.mask({2, 3}), random.uniform({2, 3}), random.uniform({1, 4})}},
                  .primitives = {"where"},
                  .torch = {}});
  // Each branch alone would be NaN for some elements.
  rows.push_back({.name = "where.guards",
                  .function = [](const Case& x) { return where(x[0] > 0.0, log(x[0]) * sqrt(x[0]), x[0] * x[0]); },
                  .smooth = {{random.away_from_zero({2, 3})}},
                  .primitives = {"where", "absorbing_multiply", "less"}});
  rows.push_back(
      {.name = "where.logic",
       .function =
           [](const Case& x) {
             const Var inside = x[0] >= -1.0 && !(x[0] > 1.0);
             const Var chosen = inside || equal(x[0], 9.0) || not_equal(x[0], x[0]);
             return where(chosen, square(x[0]), 2.0 * abs(x[0]) - 1.0);
           },
       .smooth = {{random.lattice({2, 3}, 0.0)}},
       .primitives = {"less", "less_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_not"}});
  rows.push_back(
      {.name = "clip",
       .function = [](const Case& x) { return clip(x[0], x[1], x[2]); },
       .smooth = {{random.lattice({2, 4}, 0.0), random.uniform({}, -0.63, -0.57), random.uniform({4}, 0.57, 0.63)}},
       .primitives = {"where", "less"}});
  rows.push_back({.name = "clip.scalars",
                  .function = [](const Case& x) { return clip(x[0], -1, 1.5); },
                  .smooth = {{xt::xarray<double>{-1.4, -0.7, 0.2, 1.3, 2.2}}},
                  .special = {{special_numbers()}}});
  rows.push_back(
      {.name = "tanh.with_a_rule",
       .function = custom_jvp([](const Case& x) { return tanh(x[0]); },
                              [](const Case& x, const Case& dx) { return dx[0] * (1.0 - square(tanh(x[0]))); }),
       .smooth = {{random.uniform({2, 3})}},
       .primitives = {"call", "projection"},
       .torch = {}});
  rows.push_back({.name = "maximum.self",
                  .function = [](const Case& x) { return maximum(x[0], x[0]) * minimum(x[0], x[0]); },
                  .smooth = {{random.uniform({3})}}});
}

}  // namespace xgrad::testing
