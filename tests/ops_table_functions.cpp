// Rows of further functions element by element: of <cmath>, of rounding, special functions, activations.
#include <cmath>

#include "ops_table_rows.hpp"

namespace xgrad::testing {
namespace {

using OfOne = Var (*)(const Var&);
using OfTwo = Var (*)(const Var&, const Var&);

/// Scalars, arrays and a view with gaps, between two numbers.
void add_one(Rows& rows, const std::string& name, OfOne f, Random& random, double low, double high,
             std::vector<std::string> primitives = {}) {
  rows.push_back({.name = name,
                  .function = [f](const Case& x) { return f(x[0]); },
                  .smooth = {{random.uniform({}, low, high)},
                             {random.uniform({5}, low, high)},
                             {random.uniform({2, 1, 2}, low, high)}},
                  .primitives = std::move(primitives)});
  rows.push_back({.name = name + ".strided",
                  .function = [f](const Case& x) { return f(strided(x[0])); },
                  .smooth = {{random.uniform({2, 3}, low, high)}},
                  .torch = {}});
}

/// Equal shapes, broadcasting both ways, a scalar.
template <class Make>
void add_two(Rows& rows, const std::string& name, OfTwo f, Make make, std::vector<std::string> primitives = {}) {
  rows.push_back({.name = name,
                  .function = [f](const Case& x) { return f(x[0], x[1]); },
                  .smooth = {{make(Shape{3}, 0), make(Shape{3}, 1)},
                             {make(Shape{2, 1}, 0), make(Shape{1, 3}, 1)},
                             {make(Shape{}, 0), make(Shape{2, 2}, 1)}},
                  .primitives = std::move(primitives)});
}

/// Away from integers, also divided by what is near 1.
Var between_multiples(Random& random, const Shape& shape) {
  auto values = Array<double>::from_shape(shape);
  for (double& value : values) value = std::floor(random.number(-4.0, 4.0)) + random.number(0.3, 0.7);
  return {std::move(values)};
}

Var near_one(Random& random, const Shape& shape) {
  auto values = Array<double>::from_shape(shape);
  for (double& value : values) value = (random.number(-1.0, 1.0) < 0.0 ? -1.0 : 1.0) * random.number(0.97, 1.03);
  return {std::move(values)};
}

void append_inverse_functions(Rows& rows, Random& random) {
  const auto add = [&](const std::string& name, OfOne f, double low, double high,
                       const std::vector<std::string>& primitives) {
    add_one(rows, name, f, random, low, high, primitives);
  };
  add("reciprocal", reciprocal, 0.4, 2.0, {"divide"});
  add("rsqrt", rsqrt, 0.4, 2.0, {"sqrt"});
  add("cbrt", cbrt, 0.3, 3.0, {"cbrt"});
  add("cbrt.negative", cbrt, -3.0, -0.3, {"cbrt"});
  add("exp2", exp2, -2.0, 2.0, {"exp2"});
  add("log2", log2, 0.3, 3.0, {"log2"});
  add("log10", log10, 0.3, 3.0, {"log10"});
  add("asin", asin, -0.8, 0.8, {"asin"});
  add("acos", acos, -0.8, 0.8, {"acos"});
  add("asinh", asinh, -2.0, 2.0, {"asinh"});
  add("acosh", acosh, 1.3, 3.0, {"acosh"});
  add("atanh", atanh, -0.8, 0.8, {"atanh"});
  add("deg2rad", deg2rad, -200.0, 200.0, {});
  add("rad2deg", rad2deg, -3.0, 3.0, {});
  add_two(rows, "atan2", atan2, [&](const Shape& shape, int) { return random.away_from_zero(shape, 0.4, 2.0); },
          {"atan2", "direction_cosine"});
  add_two(rows, "float_power", float_power, [&](const Shape& shape, int) { return random.uniform(shape, 0.5, 2.0); });
}

void append_rounding(Rows& rows, Random& random) {
  const auto steps = [&](const Shape& shape, int) { return between_multiples(random, shape); };
  const auto divided = [&](const Shape& shape, int which) {
    return which == 0 ? between_multiples(random, shape) : near_one(random, shape);
  };
  const auto add = [&](const std::string& name, OfOne f) {
    rows.push_back({.name = name,
                    .function = [f](const Case& x) { return f(x[0]) * x[0]; },
                    .smooth = {{steps({}, 0)}, {steps({2, 3}, 0)}},
                    .special = {{special_numbers()}},
                    .primitives = {name}});
  };
  add("floor", floor);
  add("ceil", ceil);
  add("trunc", trunc);
  rows.push_back({.name = "round",
                  .function = [](const Case& x) { return round(x[0]) * x[0]; },
                  .smooth = {{random.lattice({2, 3}, 0.0)}},
                  .special = {{special_numbers()}},
                  .primitives = {"round"}});
  add_two(rows, "copysign", copysign, [&](const Shape& shape, int) { return random.away_from_zero(shape); },
          {"copysign"});
  add_two(rows, "fmod", fmod, divided, {"fmod"});
  add_two(rows, "remainder", remainder, divided, {"remainder"});
  add_two(rows, "floor_divide", [](const Var& a, const Var& b) { return floor_divide(a, b) * a * b; }, divided,
          {"floor_divide"});
  rows.push_back({.name = "remainder.assign",
                  .function =
                      [](const Case& x) {
                        Var y = x[0];
                        y %= 1.0;
                        return y;
                      },
                  .smooth = {{steps({4}, 0)}}});
  const Var integers = xt::xarray<std::int64_t>{12, -7, 5, 3};
  const Var counts = xt::xarray<std::int64_t>{1, 0, 2, 3};
  rows.push_back({.name = "bits",
                  .function =
                      [](const Case& x) {
                        const Var bits = ((x[1] & 6) | (x[1] << x[2])) ^ (x[1] >> x[2]) ^ ~x[2];
                        return x[0] * (0.125 * bits);
                      },
                  .smooth = {{random.uniform({4}), integers, counts}},
                  .primitives = {"bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"}});
  rows.push_back({.name = "heaviside",
                  .function = [](const Case& x) { return heaviside(x[0], x[1]) * x[1]; },
                  .smooth = {{xt::xarray<double>{-1.0, 2.0, 0.5}, random.uniform({3})}}});
  rows.push_back({.name = "nan_to_num",
                  .function = [](const Case& x) { return square(nan_to_num(x[0])); },
                  .smooth = {{random.uniform({2, 3})}}});
}

void append_special(Rows& rows, Random& random) {
  const auto add = [&](const std::string& name, OfOne f, double low, double high,
                       const std::vector<std::string>& primitives) {
    add_one(rows, name, f, random, low, high, primitives);
  };
  add("erfc", erfc, -2.0, 2.0, {"erfc"});
  add("erfinv", erfinv, -0.8, 0.8, {"erfinv"});
  add("ndtr", ndtr, -2.5, 2.5, {"ndtr"});
  add("log_ndtr", log_ndtr, -4.0, 2.5, {"log_ndtr", "slope_of_log_ndtr"});
  add("i0e", i0e, 0.3, 4.0, {"scaled_bessel_i"});
  add("i1e", i1e, -4.0, -0.3, {"scaled_bessel_i"});
  add("sinc", sinc, -1.7, 1.7, {"sinc", "spherical_bessel"});
  add("log1mexp", log1mexp, 0.3, 0.6, {});
  add("log1mexp.large", log1mexp, 0.8, 3.0, {});
  add("logit", logit, 0.3, 0.7, {});
  add("logit.small", logit, 0.05, 0.2, {});
  const auto between = [&](double low, double high) {
    return [&random, low, high](const Shape& shape, int) { return random.uniform(shape, low, high); };
  };
  constexpr double of_trigamma = 1e-8;  // libtorch's is good to 3.3e-9 (see lgamma), and three of them are added up
  add_two(rows, "beta", beta, between(0.6, 3.0), {"beta", "digamma"});
  rows.back().torch_tolerance = of_trigamma;
  add_two(rows, "betaln", betaln, between(0.6, 3.0), {"betaln", "digamma"});
  rows.back().torch_tolerance = of_trigamma;
  add_two(rows, "xlogy", xlogy, between(0.4, 2.0), {"log"});
  add_two(rows, "xlog1py", xlog1py, between(-0.5, 2.0), {"log1p"});
  const auto of_shape = [](OfTwo f) {
    return [f](const Case& x) { return f(stop_gradient(Var(xt::xarray<double>{0.7, 1.0, 4.5})), x[0]); };
  };
  rows.push_back({.name = "gammainc",
                  .function = of_shape(gammainc),
                  .smooth = {{random.uniform({3}, 0.4, 5.0)}, {random.uniform({2, 1}, 0.4, 5.0)}},
                  .primitives = {"gammainc", "gamma_density"}});
  rows.push_back({.name = "gammaincc",
                  .function = of_shape(gammaincc),
                  .smooth = {{random.uniform({3}, 0.4, 5.0)}, {random.uniform({2, 1}, 0.4, 5.0)}},
                  .primitives = {"gammaincc", "gamma_density"}});
  rows.push_back({.name = "lerp",
                  .function = [](const Case& x) { return lerp(x[0], x[1], x[2]); },
                  .smooth = {{random.uniform({3}), random.uniform({2, 1}), random.uniform({}, 0.1, 0.4)},
                             {random.uniform({2, 2}), random.uniform({2}), random.uniform({2, 1}, 0.6, 1.2)}}});
  const auto near = [&](const Shape& shape, int which) { return random.lattice(shape, which == 0 ? 0.0 : 0.2); };
  add_two(rows, "fmax", fmax, near);
  add_two(rows, "fmin", fmin, near);
}

void append_activations(Rows& rows, Random& random) {
  // Between the kinks: on both sides of 0, within 1 and within 3.
  const auto add = [&](const std::string& name, OfOne f, const std::vector<std::string>& primitives = {}) {
    rows.push_back({.name = name,
                    .function = [f](const Case& x) { return f(x[0]); },
                    .smooth = {{random.uniform({}, 0.2, 0.9)},
                               {random.uniform({3}, -0.9, -0.2)},
                               {random.uniform({2, 2}, 1.2, 2.7)},
                               {random.uniform({2, 1, 2}, -2.7, -1.2)},
                               {random.uniform({2}, 3.2, 5.5)},
                               {random.uniform({2}, -8.0, -3.2)},
                               {random.uniform({2}, 6.5, 9.0)}},
                    .primitives = primitives});
    rows.push_back({.name = name + ".strided",
                    .function = [f](const Case& x) { return f(strided(x[0])); },
                    .smooth = {{random.uniform({2, 3}, 0.2, 0.9)}},
                    .torch = {}});
  };
  add("relu6", relu6);
  add("leaky_relu", [](const Var& x) { return leaky_relu(x); });
  add("elu", [](const Var& x) { return elu(x, 0.75); });
  add("celu", [](const Var& x) { return celu(x, 0.75); });
  add("selu", selu);
  add("gelu", [](const Var& x) { return gelu(x); }, {"erf"});
  add("gelu.tanh", [](const Var& x) { return gelu(x, Gelu::Tanh); });
  add("silu", silu);
  add("mish", mish);
  add("hard_tanh", hard_tanh);
  add("hard_sigmoid", hard_sigmoid);
  add("hard_swish", hard_swish);
  add("softsign", softsign, {"softsign"});
  add("log_sigmoid", log_sigmoid);
  const auto with = [&](const std::string& name, OfTwo f) {
    rows.push_back({.name = name,
                    .function = [f](const Case& x) { return f(x[0], x[1]); },
                    .smooth = {{random.away_from_zero({2, 3}), random.uniform({3}, 0.5, 1.5)}}});
  };
  with("leaky_relu.trained", leaky_relu);
  with("elu.trained", elu);
  with("celu.trained", celu);
}

}  // namespace

void append_functions(Rows& rows) {
  Random random(11);
  append_inverse_functions(rows, random);
  append_rounding(rows, random);
  append_special(rows, random);
  append_activations(rows, random);
}

}  // namespace xgrad::testing
