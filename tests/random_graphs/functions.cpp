// Random programs: special functions, activations, rounding with rests, and bits, on arguments that are in their
// domain.
#include <algorithm>
#include <cmath>

#include "builder.hpp"

namespace random_graphs {
namespace {

using InstructionId = Builder::InstructionId;
using A = Arguments;

/// What an argument is brought into.
enum class Domain : std::uint8_t {
  Any,
  Inside,    ///< between -0.9 and 0.9
  Unit,      ///< between 0 and 1
  Positive,  ///< from 0.5 on
  Above1     ///< from 1.5 on
};

struct Argument {
  InstructionId x;
  double magnitude;
};

Argument brought_into(Builder& b, Domain domain, InstructionId x) {
  const double m = b.magnitude(x);
  const auto from = [&](double least) {
    const InstructionId moved =
        b.add(std::to_string(least) + " + abs(x)", {x}, m + least, [=](const A& a) { return least + abs(a[0]); });
    return Argument{moved, b.magnitude(moved)};
  };
  switch (domain) {
    case Domain::Any:
      break;
    case Domain::Inside:
      return {b.add("0.9 * tanh(x)", {x}, 0.9, [](const A& a) { return 0.9 * tanh(a[0]); }), 0.9};
    case Domain::Unit:
      return {b.add("0.5 + 0.45 * tanh(x)", {x}, 1.0, [](const A& a) { return 0.5 + 0.45 * tanh(a[0]); }), 1.0};
    case Domain::Positive:
      return from(0.5);
    case Domain::Above1:
      return from(1.5);
  }
  return {x, m};
}

struct Function {
  const char* name;
  Domain domain;
  Var (*f)(const Var&);
  double (*largest)(double);  ///< of an argument of a magnitude
};

double same(double m) { return m + 1.0; }
double small(double) { return 4.0; }
double squared(double m) { return m * m + 4.0; }

const std::vector<Function>& special_functions() {
  static const std::vector<Function> all{{"cbrt", Domain::Positive, xgrad::cbrt, same},
                                         {"rsqrt", Domain::Positive, xgrad::rsqrt, small},
                                         {"reciprocal", Domain::Positive, xgrad::reciprocal, small},
                                         {"exp2", Domain::Inside, xgrad::exp2, small},
                                         {"log2", Domain::Positive, xgrad::log2, same},
                                         {"log10", Domain::Positive, xgrad::log10, same},
                                         {"asin", Domain::Inside, xgrad::asin, small},
                                         {"acos", Domain::Inside, xgrad::acos, small},
                                         {"asinh", Domain::Any, xgrad::asinh, same},
                                         {"acosh", Domain::Above1, xgrad::acosh, same},
                                         {"atanh", Domain::Inside, xgrad::atanh, small},
                                         {"sinc", Domain::Any, xgrad::sinc, small},
                                         {"erfinv", Domain::Inside, xgrad::erfinv, small},
                                         {"log_ndtr", Domain::Inside, xgrad::log_ndtr, small},
                                         {"log_ndtr", Domain::Any, xgrad::log_ndtr, squared},
                                         {"lgamma", Domain::Positive, xgrad::lgamma, squared},
                                         {"digamma", Domain::Positive, xgrad::digamma, same},
                                         {"i0", Domain::Inside, xgrad::i0, small},
                                         {"i0e", Domain::Any, xgrad::i0e, small},
                                         {"i1e", Domain::Any, xgrad::i1e, small},
                                         {"log1mexp", Domain::Positive, xgrad::log1mexp, small},
                                         {"logit", Domain::Unit, xgrad::logit, small},
                                         {"log_cosh", Domain::Any, xgrad::log_cosh, same},
                                         {"log_cosh", Domain::Inside, xgrad::log_cosh, same},
                                         {"erfc", Domain::Any, xgrad::erfc, small},
                                         {"erfc", Domain::Inside, xgrad::erfc, small}};
  return all;
}

const std::vector<Function>& activations() {
  static const std::vector<Function> all{
      {"gelu", Domain::Any, [](const Var& x) { return gelu(x); }, same},
      {"gelu tanh", Domain::Inside, [](const Var& x) { return gelu(x, xgrad::Gelu::Tanh); }, same},
      {"silu", Domain::Any, xgrad::silu, same},
      {"mish", Domain::Any, xgrad::mish, same},
      {"elu", Domain::Any, [](const Var& x) { return elu(x); }, same},
      {"celu", Domain::Any, [](const Var& x) { return celu(x, 0.5); }, same},
      {"selu", Domain::Any, xgrad::selu, [](double m) { return 2.0 * m + 2.0; }},
      {"leaky_relu", Domain::Any, [](const Var& x) { return leaky_relu(x); }, same},
      {"relu6", Domain::Any, xgrad::relu6, [](double) { return 6.0; }},
      {"hard_tanh", Domain::Any, xgrad::hard_tanh, small},
      {"hard_sigmoid", Domain::Any, xgrad::hard_sigmoid, small},
      {"hard_swish", Domain::Any, xgrad::hard_swish, same},
      {"log_sigmoid", Domain::Any, xgrad::log_sigmoid, same},
      {"nan_to_num", Domain::Any, [](const Var& x) { return nan_to_num(x, 0.5, 2.0, -2.0); }, same},
      {"deg2rad", Domain::Any, xgrad::deg2rad, same},
      {"round to 1 digit", Domain::Any, [](const Var& x) { return xgrad::round(x, 1); }, same},
      {"modf fraction", Domain::Any, [](const Var& x) { return xgrad::modf(x).first; }, small},
      {"isfinite", Domain::Any, xgrad::isfinite, small},
      {"signbit of 1 / (0.5 + |x|)", Domain::Positive, [](const Var& x) { return signbit(1.0 / x); }, small}};
  return all;
}

void add_function(Builder& b, const Function& chosen) {
  const auto [x, m] = brought_into(b, chosen.domain, b.any_float());
  b.add(chosen.name, {x}, chosen.largest(m), [f = chosen.f](const A& a) { return f(a[0]); });
}

struct BinaryFunction {
  const char* name;
  Domain first, second;
  Var (*f)(const Var&, const Var&);
  double (*largest)(double, double);
};

void add_function_of_two(Builder& b) {
  using P = const Var&;
  const auto sum = [](double m, double n) { return m + n + 1.0; };
  const auto bounded = [](double, double) { return 4.0; };
  static const std::vector<BinaryFunction> all{
      {"atan2", Domain::Any, Domain::Positive, xgrad::atan2, bounded},
      {"copysign", Domain::Positive, Domain::Any, xgrad::copysign, sum},
      {"fmod", Domain::Any, Domain::Positive, xgrad::fmod, sum},
      {"remainder", Domain::Any, Domain::Positive, xgrad::remainder, sum},
      {"floor_divide", Domain::Any, Domain::Positive, xgrad::floor_divide, [](double m, double) { return 2.0 * m; }},
      {"fmax", Domain::Any, Domain::Any, xgrad::fmax, sum},
      {"fmin", Domain::Any, Domain::Any, xgrad::fmin, sum},
      {"beta", Domain::Positive, Domain::Positive, xgrad::beta, bounded},
      {"betaln", Domain::Positive, Domain::Positive, xgrad::betaln, sum},
      {"gammainc", Domain::Positive, Domain::Positive, [](P a, P x) { return gammainc(stop_gradient(a), x); }, bounded},
      {"gammaincc", Domain::Positive, Domain::Positive, [](P a, P x) { return gammaincc(stop_gradient(a), x); },
       bounded},
      {"polygamma 1", Domain::Any, Domain::Positive, [](P, P x) { return polygamma(1.0, x); }, bounded},
      {"xlogy", Domain::Any, Domain::Positive, xgrad::xlogy, [](double m, double n) { return m * (n + 1.0); }},
      {"xlog1py", Domain::Any, Domain::Positive, xgrad::xlog1py, [](double m, double n) { return m * (n + 1.0); }},
      {"logaddexp2", Domain::Any, Domain::Any, xgrad::logaddexp2, sum},
      {"heaviside", Domain::Any, Domain::Any, xgrad::heaviside, sum},
      {"lerp to 1", Domain::Any, Domain::Unit, [](P x, P w) { return lerp(x, 1.0, w); }, sum}};
  const BinaryFunction& chosen = b.random.one_of(all);
  const InstructionId left = b.any_float();
  const auto [y, n] = brought_into(b, chosen.second, b.partner(left));
  const auto [x, m] = brought_into(b, chosen.first, left);
  b.add(chosen.name, {x, y}, chosen.largest(m, n), [f = chosen.f](const A& a) { return f(a[0], a[1]); });
}

void add_bits(Builder& b) {
  const InstructionId i = b.any_integer();
  const InstructionId j = b.random.chance(0.5) ? i : b.input(b.shape(i), DType::Int64, Fill::Labels);
  const double m = b.magnitude(i) + b.magnitude(j) + 8.0;
  using Run = Var (*)(const Var&, const Var&);
  static const std::vector<std::pair<const char*, Run>> all{
      {"bitwise_and", [](const Var& x, const Var& y) { return x & y; }},
      {"bitwise_or", [](const Var& x, const Var& y) { return x | y; }},
      {"bitwise_xor", [](const Var& x, const Var& y) { return x ^ y; }},
      {"bitwise_not", [](const Var& x, const Var&) { return ~x; }},
      {"left_shift", [](const Var& x, const Var& y) { return (x & 15) << (y & 3); }},
      {"right_shift", [](const Var& x, const Var& y) { return x >> (y & 3); }},
      {"remainder", [](const Var& x, const Var& y) { return x % (1 + (y & 3)); }},
      {"floor_divide", [](const Var& x, const Var& y) { return floor_divide(x, -1 - (y & 3)); }},
      {"bitwise_count", [](const Var& x, const Var&) { return bitwise_count(x); }}};
  const auto& [name, f] = b.random.one_of(all);
  b.add(name, {i, j}, m, [f = f](const A& a) { return f(a[0], a[1]); });
}

}  // namespace

void add_special(Builder& b) {
  switch (b.random.below(8)) {
    case 0:
    case 1:
    case 2:
      return add_function(b, b.random.one_of(special_functions()));
    case 3:
    case 4:
      return add_function(b, b.random.one_of(activations()));
    case 5:
      return add_bits(b);
    default:
      return add_function_of_two(b);
  }
}

}  // namespace random_graphs
