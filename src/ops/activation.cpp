#include <xgrad/ops/activation.hpp>

#include <numbers>
#include <string_view>

#include "elementwise.hpp"

namespace xgrad {
namespace {

/// f(x) within a bound from which on it is max(x, 0) to the last digit: products of an infinity and a vanishing factor,
/// which its derivatives have too, are not taken there.
template <class F>
Var relu_beyond(double bound, std::string_view name, F f, const Var& x) {
  detail::require_operands(name, x);
  return detail::computed_at_once(
      name, [&](const Var& a) { return where(abs(a) < bound, f(a), relu(a)); }, x);
}

Var gelu_by_tanh(const Var& x) {
  // (1 + tanh(u)) / 2 is sigmoid(2 u), which keeps its digits where the tanh is close to -1.
  constexpr double scale = 2.0 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
  return x * sigmoid(scale * (x + 0.044715 * (square(x) * x)));
}

}  // namespace

Var relu6(const Var& x) {
  detail::require_operands("relu6", x);
  return where(x >= 6.0, 6.0, relu(x));
}

Var leaky_relu(const Var& x, const Var& slope) {
  detail::require_operands("leaky_relu", x, slope);
  return detail::computed_at_once(
      "leaky_relu", [](const Var& a, const Var& s) { return where(a > 0.0, a, s * a); }, x, slope);
}

Var elu(const Var& x, const Var& alpha) {
  detail::require_operands("elu", x, alpha);
  return detail::computed_at_once(
      "elu", [](const Var& a, const Var& s) { return where(a > 0.0, a, s * expm1(a)); }, x, alpha);
}

Var celu(const Var& x, const Var& alpha) {
  detail::require_operands("celu", x, alpha);
  return detail::computed_at_once(
      "celu", [](const Var& a, const Var& s) { return where(a > 0.0, a, s * expm1(a / s)); }, x, alpha);
}

Var selu(const Var& x) {
  detail::require_operands("selu", x);
  constexpr double scale = 1.0507009873554804934193349852946;
  constexpr double alpha = 1.6732632423543772848170429916717;
  return detail::computed_at_once(
      "selu", [](const Var& a) { return where(a > 0.0, scale * a, scale * alpha * expm1(a)); }, x);
}

Var gelu(const Var& x, Gelu form) {
  if (form == Gelu::Tanh) return relu_beyond(100.0, "gelu", gelu_by_tanh, x);
  // Not x ndtr(x), which takes half as long again: erf shares its exponential with its derivative.
  const auto by_erf = [](const Var& a) { return 0.5 * a * (1.0 + erf(a / std::numbers::sqrt2)); };
  return relu_beyond(40.0, "gelu", by_erf, x);
}

Var silu(const Var& x) {
  return relu_beyond(
      1000.0, "silu", [](const Var& a) { return a * sigmoid(a); }, x);
}

Var mish(const Var& x) {
  return relu_beyond(
      1000.0, "mish", [](const Var& a) { return a * tanh(softplus(a)); }, x);
}

Var hard_tanh(const Var& x) {
  detail::require_operands("hard_tanh", x);
  return clip(x, -1.0, 1.0);
}

Var hard_sigmoid(const Var& x) {
  detail::require_operands("hard_sigmoid", x);
  return detail::computed_at_once(
      "hard_sigmoid", [](const Var& a) { return relu6(a + 3.0) / 6.0; }, x);
}

Var hard_swish(const Var& x) {
  detail::require_operands("hard_swish", x);
  const auto of = [](const Var& a) { return where(abs(a) < 3.0, a * (a + 3.0) / 6.0, relu(a)); };
  return detail::computed_at_once("hard_swish", of, x);
}

Var softsign(const Var& x) { return detail::elementwise<primitives::Softsign>(x); }

Var log_sigmoid(const Var& x) {
  detail::require_operands("log_sigmoid", x);
  return detail::computed_at_once(
      "log_sigmoid", [](const Var& a) { return -softplus(-a); }, x);
}

}  // namespace xgrad
