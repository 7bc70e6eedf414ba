#include <xgrad/loss/divergence.hpp>

#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/reduce.hpp>

#include "arguments.hpp"
#include "near_zero.hpp"

namespace xgrad::loss {
namespace {

using detail::as_floating;
using detail::infinity;
using detail::not_negative;

/// Prediction and target, neither of which is negative.
template <class L>
std::pair<Var, Var> measures(const L& loss, const Var& prediction, const Var& target) {
  static const Requirement prediction_requirement(std::string(L::name) +
                                                  ": the prediction {} is negative or not a number");
  static const Requirement target_requirement(std::string(L::name) + ": the target {} is negative or not a number");
  require_same_shape(L::name, prediction, target);
  return {not_negative(as_floating(prediction, target), loss.check_targets, prediction_requirement),
          not_negative(as_floating(target, prediction), loss.check_targets, target_requirement)};
}

/// The same with classes along the last axis.
template <class L>
std::pair<Var, Var> distributions(const L& loss, const Var& prediction, const Var& target) {
  require_same_shape(L::name, prediction, target);
  if (prediction.dimension() == 0 || prediction.shape(-1) == 0) {
    throw ShapeError(std::string(L::name) + ": the prediction is " + to_string(prediction.shape()) +
                     "; it must be [..., K], probabilities of K > 0 classes along the last axis");
  }
  return measures(loss, prediction, target);
}

/// x, or 1 where a condition fails: for logarithms and quotients of which only the others are used.
Var or_one(const Var& condition, const Var& x) { return where(condition, x, ones_like(x)); }
Var or_zero(const Var& condition, const Var& x) { return where(condition, x, zeros_like(x)); }

}  // namespace

Var KlDivergence::operator()(const Var& prediction, const Var& target) const {
  static const Requirement requirement("KlDivergence: the target {} is negative or not a number");
  require_same_shape(name, prediction, target);
  const Var z = as_floating(prediction, target);
  const Var t = as_floating(target, prediction);
  if (log_target) return or_zero(not_equal(t, -infinity), exp(t) * (t - z));
  const Var p = not_negative(t, check_targets, requirement);
  return or_zero(not_equal(p, 0.0), p * (log(p) - z));
}

Var GeneralizedKl::operator()(const Var& prediction, const Var& target) const {
  const auto [any_p, any_t] = measures(*this, prediction, target);
  // The second derivatives t / p^2 and 1 / t go through squares of 1 / p and 1 / t. The measures are enlarged or made
  // less by a power of two, which costs no digit.
  const Var tiny = maximum(any_p, any_t) < 0x1p-32;
  const Var huge = minimum(any_p, any_t) > 0x1p63;
  const Var& like = any_p;
  const auto factor = [&](double of_tiny, double of_huge) {
    const auto number = [&](double x) { return full_like(like, x); };
    return where(tiny, number(of_tiny), where(huge, number(of_huge), number(1.0)));
  };
  const Var scale = factor(0x1p63, 0x1p-63);
  const Var p = scale * any_p;
  const Var t = scale * any_t;
  const Var excess = p - t;
  const Var relative = excess / t;
  // Where p is near t, a difference of logarithms would lose what is left.
  const Var near = t * (relative - log1p(relative));
  const Var far = t * (log(t) - log(p)) + excess;
  return factor(0x1p-63, 0x1p63) * where(equal(t, 0.0), p, where(abs(excess) < 0.5 * t, near, far));
}

Var JensenShannon::operator()(const Var& prediction, const Var& target) const {
  const auto [p, t] = distributions(*this, prediction, target);
  const Var p_counts = p > 0.0;
  const Var t_counts = t > 0.0;
  const Var both = p_counts && t_counts;
  const Var a = or_one(both, p);
  const Var b = or_one(both, t);
  const Var total = a + b;
  // Near each other: with d = (a - b) / (a + b) nothing cancels, and the result is not negative.
  const Var d = (a - b) / total;
  const Var close = 0.5 * total * (d * (log1p(d) - log1p(-d)) + log1p(-square(d)));
  // Else, and where they are tiny: not a quotient, whose second derivative overflows long before that of a logarithm.
  const Var log_mean = log(0.5 * total);
  const Var far = a * (log(a) - log_mean) + b * (log(b) - log_mean);
  const Var mixed = 0.5 * where(abs(d) < 0.5 && total > 1e-10, close, far);
  // One of them alone is p ln(p / (p / 2)) / 2.
  const Var alone = (0.5 * std::numbers::ln2) * (or_zero(p_counts, p) + or_zero(t_counts, t));
  return sum(where(both, mixed, alone), -1);
}

Var Renyi::operator()(const Var& prediction, const Var& target) const {
  require_setting(name, "alpha", alpha, alpha > 0.0 && std::isfinite(alpha), "it must be positive and finite");
  const auto [p, t] = distributions(*this, prediction, target);
  const double order = alpha - 1.0;
  const Var both = p > 0.0 && t > 0.0;
  const Var log_t = log(or_one(both, t));
  const Var ratio = log_t - log(or_one(both, p));
  const Var total = sum(t, -1);
  const Var none = equal(total, 0.0);
  const Var all = or_one(!none, total);

  Var value;
  if (order == 0.0) {
    value = sum(or_zero(both, t * ratio), -1) / all;
  } else {
    value = logsumexp(where(both, log_t + order * ratio, full_like(t, -infinity)), -1) - log(all);
    if (std::abs(order) < 0.5) {
      // The sum is nearly that of t, and the small difference counts.
      const Var difference = sum(where(both, t * expm1(order * ratio), -t), -1) / all;
      value = where(abs(difference) < 0.5, log1p(difference), value);
    }
    value = value / order;
  }
  // Below 1 something must be common to both, from 1 on the prediction must cover the target.
  const auto count = [type = total.dtype()](const Var& condition) { return sum(cast(condition, type), -1); };
  const Var apart = order < 0.0 ? equal(count(both), 0.0) : count(t > 0.0 && equal(p, 0.0)) > 0.0;
  return where(none, zeros_like(value), where(apart, full_like(value, infinity), value));
}

Var Hellinger::operator()(const Var& prediction, const Var& target) const {
  const auto [p, t] = distributions(*this, prediction, target);
  const Var difference = or_zero(p > 0.0, sqrt(p)) - or_zero(t > 0.0, sqrt(t));
  return squared ? 0.5 * sum(square(difference), -1) : std::numbers::sqrt2 / 2.0 * norm(difference, -1);
}

Var TotalVariation::operator()(const Var& prediction, const Var& target) const {
  const auto [p, t] = distributions(*this, prediction, target);
  return 0.5 * sum(abs(p - t), -1);
}

Var GaussianKl::operator()(const Var& mean, const Var& log_variance) const {
  require_same_shape(name, mean, log_variance, "mean", "log_variance");
  const Var l = as_floating(log_variance, mean);
  return 0.5 * (detail::exp_less_line(l) + square(as_floating(mean, log_variance)));
}

Var GaussianKl::operator()(const Var& mean, const Var& log_variance, const Var& mean2, const Var& log_variance2) const {
  require_same_shape(name, mean, log_variance, "mean", "log_variance");
  require_same_shape(name, mean, mean2, "mean", "mean2");
  require_same_shape(name, mean, log_variance2, "mean", "log_variance2");
  const Var l2 = as_floating(log_variance2, log_variance);
  const Var l = as_floating(log_variance, l2) - l2;
  const Var apart = as_floating(mean, l2) - as_floating(mean2, l2);
  // An infinite precision times no distance would be NaN.
  const double least = l2.dtype() == DType::Float32 ? -88.0 : -709.0;
  return 0.5 * (detail::exp_less_line(l) + square(apart) * exp(-maximum(l2, least)));
}

}  // namespace xgrad::loss
