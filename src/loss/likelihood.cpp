#include <xgrad/loss/likelihood.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/reduce.hpp>

#include "arguments.hpp"
#include "near_zero.hpp"

namespace xgrad::loss {
namespace {

using detail::as_floating;
using detail::not_negative;
using std::numbers::pi;

constexpr double half_log_two_pi = 0.918938533204672742;

/// A parameter of all elements or of each.
void require_parameter(std::string_view loss, const Var& prediction, const Var& parameter, std::string_view first,
                       std::string_view second) {
  detail::require_usable(loss, parameter);
  if (parameter.dimension() != 0) require_same_shape(loss, prediction, parameter, first, second);
}

void require_eps(std::string_view loss, double eps) {
  require_setting(loss, "eps", eps, eps >= 0.0 && std::isfinite(eps), "it must not be negative or infinite");
}

/// The last axis of `many` is one more than `target` has, and not empty.
void require_last_axis(std::string_view loss, const Var& many, const Var& target, std::string_view what) {
  detail::require_usable(loss, many, target);
  Shape shape = target.shape();
  const bool has_axis = many.dimension() == shape.size() + 1 && many.shape(-1) > 0;
  if (has_axis) shape.push_back(many.shape(-1));
  if (has_axis && many.shape() == shape) return;
  throw ShapeError(std::string(loss) + ": the " + std::string(what) + " are " + to_string(many.shape()) +
                   " and the target is " + to_string(target.shape()) + "; they must be [..., K] with K > 0 and [...]");
}

/// A single number takes the type of the data: a trained float64 variance must not make float64 of float32 data.
Var of_type(const Var& data, const Var& parameter) {
  return parameter.dimension() == 0 && is_floating(data.dtype()) ? cast(parameter, data.dtype()) : parameter;
}

/// The element type of a loss that is computed in float64.
Var narrowed(const Var& loss, const Var& prediction, const Var& target) {
  const DType type = is_floating(target.dtype()) ? promote(prediction.dtype(), target.dtype()) : prediction.dtype();
  return is_floating(type) ? cast(loss, type) : loss;
}

/// x, or eps where it is less, with the derivative of x: one that vanished there would never let x grow again.
Var at_least(double eps, const Var& x) { return where(x < eps, eps + (x - stop_gradient(x)), x); }

/// t x, and 0 where t is 0 and x infinite. A finite x says what a larger t would cost.
Var unless_none(const Var& t, const Var& x) {
  const Var finite = abs(x) < std::numeric_limits<double>::infinity();
  return where(equal(t, 0.0) && !finite, 0.0, t * x);
}
Var times_log(const Var& t, const Var& x) { return unless_none(t, log(x)); }

/// ln Gamma(x) - ((x - 1/2) ln x - x + ln(2 pi) / 2), for large x.
Var stirling_rest(const Var& x) {
  const Var q = 1.0 / x;
  const Var p = square(q);
  return q * (1.0 / 12 - p * (1.0 / 360 - p * (1.0 / 1260 - p * (1.0 / 1680))));
}

/// ln Gamma(r + t) - ln Gamma(r), whose terms have no digits in common with it for large r.
Var log_rising(const Var& r, const Var& t) {
  const Var large = (r + t - 0.5) * log1p(t / r) - t + t * log(r) + stirling_rest(r + t) - stirling_rest(r);
  return where(r > 100.0, large, lgamma(r + t) - lgamma(r));
}

}  // namespace

Var GaussianNll::operator()(const Var& mean, const Var& target, const Var& variance) const {
  static const Requirement requirement("GaussianNll: the variance {} is negative or not a number");
  require_same_shape(name, mean, target, "mean");
  require_parameter(name, mean, variance, "mean", "variance");
  require_eps(name, eps);
  const Var v = at_least(eps, not_negative(of_type(mean, variance), check_targets, requirement));
  const Var e = mean - as_floating(target, mean);
  const Var nll = 0.5 * (log(v) + e * (e / v));  // the square may overflow where the quotient does not
  return full ? nll + half_log_two_pi : nll;
}

Var LaplaceNll::operator()(const Var& location, const Var& target, const Var& scale) const {
  static const Requirement requirement("LaplaceNll: the scale {} is negative or not a number");
  require_same_shape(name, location, target, "location");
  require_parameter(name, location, scale, "location", "scale");
  require_eps(name, eps);
  const Var b = at_least(eps, not_negative(of_type(location, scale), check_targets, requirement));
  return abs(location - as_floating(target, location)) / b + log(2.0 * b);
}

Var StudentTNll::operator()(const Var& location, const Var& target, const Var& scale) const {
  static const Requirement scale_requirement("StudentTNll: the scale {} is negative or not a number");
  static const Requirement nu_requirement("StudentTNll: nu is {}; it must be positive and finite");
  require_same_shape(name, location, target, "location");
  require_parameter(name, location, scale, "location", "scale");
  require_parameter(name, location, nu, "location", "setting nu");
  require_eps(name, eps);
  const Var exact = checked(nu, nu > 0.0 && nu < std::numeric_limits<double>::infinity(), nu_requirement);
  const Var n = of_type(location, exact);
  const Var s = at_least(eps, not_negative(of_type(location, scale), check_targets, scale_requirement));
  const Var y = (location - as_floating(target, location)) / s;
  const Var kernel = (0.5 * n + 0.5) * detail::log1p_square(y / sqrt(n)) + log(s);
  // In float32, the difference of the two large numbers would have no correct digits for large nu.
  const Var wide = cast(exact, DType::Float64);
  const Var differs = lgamma(0.5 * wide) - lgamma(0.5 * wide + 0.5) + 0.5 * log(pi * wide);
  // Even double has none for huge nu: an asymptotic series in q = 2 / nu.
  const Var q = 2.0 / wide;
  const Var p = square(q);
  const Var series = half_log_two_pi + q * (0.125 - p * (1.0 / 192 - p * (1.0 / 640 - p * (17.0 / 14336))));
  const Var constant = where(wide > 100.0, series, differs);
  return kernel + cast(constant, kernel.dtype());
}

Var PoissonNll::operator()(const Var& prediction, const Var& target) const {
  static const Requirement target_requirement("PoissonNll: the target {} is negative or not a number");
  static const Requirement mean_requirement(
      "PoissonNll: the mean {} is negative or not a number; see the setting log_input");
  require_same_shape(name, prediction, target);
  require_eps(name, eps);
  const Var t = not_negative(as_floating(target, prediction), check_targets, target_requirement);
  const Var p = log_input ? prediction : not_negative(prediction, check_targets, mean_requirement);
  const Var nll = log_input ? exp(p) - unless_none(t, p) : p - times_log(t, p + eps);
  if (!full) return nll;
  return nll + where(t > 1.0, t * log(t) - t + 0.5 * log(2.0 * pi * t), 0.0);
}

Var GammaNll::operator()(const Var& prediction, const Var& target) const {
  static const Requirement target_requirement("GammaNll: the target {} is negative or not a number");
  static const Requirement mean_requirement(
      "GammaNll: the mean {} is negative or not a number; see the setting log_input");
  require_same_shape(name, prediction, target);
  require_eps(name, eps);
  const Var t = not_negative(as_floating(target, prediction), check_targets, target_requirement);
  // The exponential may be infinite, and 0 times it would be NaN.
  if (log_input) return prediction + unless_none(t, exp(-prediction));
  const Var p = at_least(eps, not_negative(prediction, check_targets, mean_requirement));
  return t / p + log(p);
}

Var Tweedie::operator()(const Var& prediction, const Var& target) const {
  static const Requirement target_requirement("Tweedie: the target {} is negative or not a number");
  static const Requirement mean_requirement(
      "Tweedie: the mean {} is negative or not a number; see the setting log_input");
  require_same_shape(name, prediction, target);
  require_setting(name, "rho", rho, rho > 1.0 && rho < 2.0, "it must be between 1 and 2");
  require_eps(name, eps);
  const double a = 2.0 - rho;
  const double b = 1.0 - rho;
  // In float64, because the terms cancel where the prediction is good.
  const auto wide = [](const Var& x) { return cast(x, DType::Float64); };
  const Var t = not_negative(wide(target), check_targets, target_requirement);
  const Var of_target = where(equal(t, 0.0), 0.0, pow(t, a)) * (2.0 / (a * b));
  if (log_input) {
    const Var z = wide(prediction);
    const Var linear = unless_none(t, exp(b * z));
    return narrowed(of_target + 2.0 / a * exp(a * z) - 2.0 / b * linear, prediction, target);
  }
  const Var p = at_least(eps, not_negative(wide(prediction), check_targets, mean_requirement));
  return narrowed(of_target + 2.0 / a * pow(p, a) - 2.0 / b * unless_none(t, pow(p, b)), prediction, target);
}

Var NegativeBinomialNll::operator()(const Var& prediction, const Var& target, const Var& dispersion) const {
  static const Requirement target_requirement("NegativeBinomialNll: the target {} is negative or not a number");
  static const Requirement mean_requirement(
      "NegativeBinomialNll: the mean {} is negative or not a number; see the setting log_input");
  static const Requirement dispersion_requirement("NegativeBinomialNll: the dispersion {} is negative or not a number");
  require_same_shape(name, prediction, target);
  require_parameter(name, prediction, dispersion, "prediction", "dispersion");
  require_eps(name, eps);
  const auto wide = [](const Var& x) { return cast(x, DType::Float64); };
  const Var t = not_negative(wide(target), check_targets, target_requirement);
  const Var r = at_least(eps, not_negative(wide(dispersion), check_targets, dispersion_requirement));
  const Var log_mean = log_input ? wide(prediction)
                                 : log(at_least(eps, not_negative(wide(prediction), check_targets, mean_requirement)));
  const Var log_odds = log_mean - log(r);
  const Var nll = lgamma(t + 1.0) - log_rising(r, t) + r * softplus(log_odds) + unless_none(t, softplus(-log_odds));
  DType type = prediction.dtype();
  if (is_floating(target.dtype())) type = promote(type, target.dtype());
  if (dispersion.dimension() > 0) type = promote(type, dispersion.dtype());
  return is_floating(type) ? cast(nll, type) : nll;
}

Var MixtureGaussianNll::operator()(const Var& means, const Var& target, const Var& scales, const Var& logits) const {
  static const Requirement requirement("MixtureGaussianNll: the scale {} is negative or not a number");
  require_last_axis(name, means, target, "means");
  require_same_shape(name, means, scales, "array of means", "array of scales");
  require_same_shape(name, means, logits, "array of means", "array of logits");
  require_eps(name, eps);
  const Var s = at_least(eps, not_negative(scales, check_targets, requirement));
  const Var y = (means - expand_dims(as_floating(target, means), -1)) / s;
  return half_log_two_pi - logsumexp(log_softmax(logits) - 0.5 * square(y) - log(s), -1);
}

Var CrpsGaussian::operator()(const Var& mean, const Var& target, const Var& scale) const {
  static const Requirement requirement("CrpsGaussian: the scale {} is negative or not a number");
  require_same_shape(name, mean, target, "mean");
  require_parameter(name, mean, scale, "mean", "scale");
  require_eps(name, eps);
  const Var s = at_least(eps, not_negative(of_type(mean, scale), check_targets, requirement));
  const Var e = as_floating(target, mean) - mean;
  // Beyond, the density is 0, and no factor of its derivatives shall be infinite.
  const Var y = clip(e / s, -40.0, 40.0);
  return e * erf(std::sqrt(0.5) * y) + s * (std::sqrt(2.0 / pi) * exp(-0.5 * square(y)) - 1.0 / std::sqrt(pi));
}

Var CrpsEnsemble::operator()(const Var& ensemble, const Var& target) const {
  require_last_axis(name, ensemble, target, "members");
  // The spread does not change when the target is subtracted, and small differences are sharper than large numbers.
  const Var errors = sort(ensemble - expand_dims(as_floating(target, ensemble), -1));
  const auto members = static_cast<double>(ensemble.shape(-1));
  // The sum over i < j of x[j] - x[i] has each x[i] once for every lower member, and minus once for every higher one.
  const Var ranks = (2.0 * xt::arange<double>(members) + 1.0 - members) / (members * members);
  const Var factors = cast(ranks, errors.dtype());
  return sum(abs(errors) / members - factors * errors, -1);
}

namespace {

/// For times in order, the position of the last one of those equal to it: [0, 1, 1, 3, 3, 3] gives [0, 2, 2, 5, 5, 5].
Var last_of_equals(const Var& times) {
  const auto count = static_cast<std::int64_t>(times.size());
  const Var positions = xt::arange<std::int64_t>(count);
  const Var changes = not_equal(view(times, xt::range(0, count - 1)), view(times, xt::range(1, count)));
  const Var ends = cast(concatenate({changes, Var(xt::ones<bool>({1}))}), DType::Int64);
  const Var group = cumsum(ends) - ends;
  return take(scatter_add(ends * positions, group, times.size(), 0), group, 0);
}

}  // namespace

Var CoxPartial::operator()(const Var& score, const Var& time, const Var& event) const {
  static const Requirement requirement("CoxPartial: the time {} is not a number");
  require_same_shape(name, score, time, "score", "time");
  require_same_shape(name, score, event, "score", "event");
  if (score.dimension() != 1) {
    throw ShapeError("CoxPartial: the score is " + to_string(score.shape()) + "; it must be [samples]");
  }
  if (score.size() == 0) return 1.0 * score;
  const Var t = check_targets ? checked(time, equal(time, time), requirement) : time;
  const Var order = argsort(t, -1, Order::Descending);
  const Var shifted = score - stop_gradient(amax(score));  // large scores would leave no digits behind the point
  const Var running = logcumsumexp(take(shifted, order, 0));
  const Var at_risk = take(running, last_of_equals(take(t, order, 0)), 0);
  // Back to the order of the samples.
  const Var risk = scatter_add(at_risk, order, score.size(), 0);
  return where(event, risk - shifted, 0.0);
}

}  // namespace xgrad::loss
