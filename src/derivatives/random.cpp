// Derivative rules of random numbers: how they move with their parameters while the probability of smaller ones stays.
#include "primitives/random.hpp"

#include <limits>

#include "node_context.hpp"
#include "ops/internal.hpp"
#include "ops/random.hpp"

namespace xgrad::primitives {

using derivatives::NodeContext;

namespace {

Var times(const NodeContext& context, const Var& sensitivity, const Var& partial) {
  return context.masked ? absorbing_multiply(sensitivity, partial) : sensitivity * partial;
}

/// The sum of what has a tangent.
template <class Partial>
Var forward(const NodeContext& context, std::span<const Var> tangents, Partial partial) {
  Var result;
  for (std::size_t k = 0; k < tangents.size(); ++k) {
    if (!tangents[k].defined()) continue;
    const Var by_input = partial(context, k);
    if (!by_input.defined()) continue;
    const Var term = times(context, tangents[k], by_input);
    result = result.defined() ? result + term : term;
  }
  return result;
}

template <class Partial>
Var reverse(const NodeContext& context, std::size_t input, const Var& cotangent, Partial partial) {
  const Var by_input = partial(context, input);
  return by_input.defined() ? times(context, cotangent, by_input) : Var();
}

/// A gamma variate x of the shape a: dx/da is x dy/da with y = ln(x), 0 where x is so small that it is 0.
Var partial_of_sample(const NodeContext& context, std::size_t input) {
  const auto family = static_cast<Family>(context.attributes()[0]);
  if (input != 1 || !is_continuous(family)) return {};
  const Var a = context.input(1);
  const Var x = context.output();
  if (family == Family::LogGamma) return detail::gamma_slope(0, a, x);
  const Var positive = x > 0.0;
  const Var some = where(positive, x, ones_like(x));
  return where(positive, some * detail::gamma_slope(0, a, log(some)), zeros_like(x));
}

/// With r(a, y) = dy/da: dr/dy = psi(a) - y + (e^y - a) r, and the derivatives of this by a.
Var partial_of_slope(const NodeContext& context, std::size_t input) {
  const auto n = static_cast<std::size_t>(context.attributes()[0]);
  const Var a = context.input(0);
  const Var y = context.input(1);
  if (input == 0) return detail::gamma_slope(n + 1, a, y);
  const auto order = static_cast<double>(n);
  const Var along = polygamma(full_like(a, order), a) + (exp(y) - a) * context.output();
  return n == 0 ? along - y : along - order * detail::gamma_slope(n - 1, a, y);
}

/// By the bounds: (1 - u) phi(low) / phi(x) and u phi(high) / phi(x); 0 for infinite bounds.
Var partial_of_truncated(const NodeContext& context, std::size_t input) {
  if (input == 0) return {};
  const Var u = context.input(0);
  const Var bound = context.input(input);
  const Var x = context.output();
  const Var finite = abs(bound) < std::numeric_limits<double>::infinity();
  const Var some = where(finite, bound, zeros_like(bound));
  const Var ratio = exp(0.5 * (x - some) * (x + some));
  return where(finite, (input == 1 ? 1.0 - u : u) * ratio, zeros_like(u));
}

}  // namespace

Var RandomSample::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  return reverse(context, input, cotangent, partial_of_sample);
}
Var RandomSample::jvp(const NodeContext& context, std::span<const Var> tangents) {
  return forward(context, tangents, partial_of_sample);
}

Var GammaSlope::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  return reverse(context, input, cotangent, partial_of_slope);
}
Var GammaSlope::jvp(const NodeContext& context, std::span<const Var> tangents) {
  return forward(context, tangents, partial_of_slope);
}

Var TruncatedNormal::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  return reverse(context, input, cotangent, partial_of_truncated);
}
Var TruncatedNormal::jvp(const NodeContext& context, std::span<const Var> tangents) {
  return forward(context, tangents, partial_of_truncated);
}

}  // namespace xgrad::primitives
