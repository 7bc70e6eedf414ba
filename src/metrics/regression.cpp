#include <xgrad/metrics/regression.hpp>

#include <cmath>
#include <limits>
#include <string>

#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/special.hpp>

#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

using detail::mean_of;
using detail::weighted;

/// Arguments of an update as float64, in one shape.
struct Batch {
  Var p, t, w;
};

Batch batch(std::string_view metric, const Var& prediction, const Var& target, const Var& weights) {
  detail::require_same_shape(metric, prediction, target);
  return {detail::as_double(prediction), detail::as_double(target),
          detail::weights_of(metric, weights, target.shape())};
}

/// x, where it has a weight; there it must be more than (or, with `or_equal`, not less than) the bound.
Var above(const Var& x, const Var& w, double bound, bool or_equal, const Requirement& requirement) {
  const Var good = or_equal ? x >= bound : x > bound;
  return checked(x, good || equal(w, 0.0), requirement);
}

Sums plus_squares(std::string_view metric, const Sums& state, const Batch& b) {
  return detail::plus_mean(metric, state, square(b.p - b.t), b.w);
}

Var deviance(const Batch& b, double r) {
  if (r == 0.0) return square(b.t - b.p);
  if (r == 1.0) return 2.0 * (xlogy(b.t, b.t / b.p) - b.t + b.p);
  if (r == 2.0) return 2.0 * (log(b.p / b.t) + b.t / b.p - 1.0);
  // A negative power is of distributions over all numbers; targets below 0 count as 0 in the first term.
  const Var first = r < 0.0 ? pow(relu(b.t), 2.0 - r) : pow(b.t, 2.0 - r);
  return 2.0 * (first / ((1.0 - r) * (2.0 - r)) - b.t * pow(b.p, 1.0 - r) / (1.0 - r) + pow(b.p, 2.0 - r) / (2.0 - r));
}

}  // namespace

Sums MeanSquaredError::init() const { return detail::no_sums({2}); }
Sums MeanSquaredError::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_squares(name, state, batch(name, prediction, target, weights));
}
Var MeanSquaredError::value(const Sums& state) const { return mean_of(name, state); }

Sums RootMeanSquaredError::init() const { return detail::no_sums({2}); }
Sums RootMeanSquaredError::update(const Sums& state, const Var& prediction, const Var& target,
                                  const Var& weights) const {
  return plus_squares(name, state, batch(name, prediction, target, weights));
}
Var RootMeanSquaredError::value(const Sums& state) const { return sqrt(mean_of(name, state)); }

Sums MeanAbsoluteError::init() const { return detail::no_sums({2}); }
Sums MeanAbsoluteError::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Batch b = batch(name, prediction, target, weights);
  return detail::plus_mean(name, state, abs(b.p - b.t), b.w);
}
Var MeanAbsoluteError::value(const Sums& state) const { return mean_of(name, state); }

Sums MeanAbsolutePercentageError::init() const { return detail::no_sums({2}); }
Sums MeanAbsolutePercentageError::update(const Sums& state, const Var& prediction, const Var& target,
                                         const Var& weights) const {
  const Batch b = batch(name, prediction, target, weights);
  return detail::plus_mean(name, state, abs(b.p - b.t) / maximum(abs(b.t), 0x1p-52), b.w);
}
Var MeanAbsolutePercentageError::value(const Sums& state) const { return mean_of(name, state); }

Sums SymmetricMape::init() const { return detail::no_sums({2}); }
Sums SymmetricMape::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Batch b = batch(name, prediction, target, weights);
  return detail::plus_mean(name, state, 2.0 * detail::quotient(abs(b.p - b.t), abs(b.p) + abs(b.t), 0.0), b.w);
}
Var SymmetricMape::value(const Sums& state) const { return mean_of(name, state); }

Sums WeightedMape::init() const { return detail::no_sums({2}); }
Sums WeightedMape::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Batch b = batch(name, prediction, target, weights);
  return detail::plus(name, state, {sum(weighted(abs(b.p - b.t), b.w)), sum(weighted(abs(b.t), b.w))});
}
Var WeightedMape::value(const Sums& state) const { return mean_of(name, state); }

Sums MeanSquaredLogError::init() const { return detail::no_sums({2}); }
Sums MeanSquaredLogError::update(const Sums& state, const Var& prediction, const Var& target,
                                 const Var& weights) const {
  static const Requirement requirement("MeanSquaredLogError: {} is not more than -1");
  const Batch b = batch(name, prediction, target, weights);
  const Var apart = log1p(above(b.p, b.w, -1.0, false, requirement)) - log1p(above(b.t, b.w, -1.0, false, requirement));
  return detail::plus_mean(name, state, square(apart), b.w);
}
Var MeanSquaredLogError::value(const Sums& state) const { return mean_of(name, state); }

Sums LogCoshError::init() const { return detail::no_sums({2}); }
Sums LogCoshError::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Batch b = batch(name, prediction, target, weights);
  return detail::plus_mean(name, state, log_cosh(b.p - b.t), b.w);
}
Var LogCoshError::value(const Sums& state) const { return mean_of(name, state); }

Sums Minkowski::init() const { return detail::no_sums({1}); }
Sums Minkowski::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  detail::require_setting(name, "order", order, order >= 1.0 && std::isfinite(order), "it must be 1 or more");
  const Batch b = batch(name, prediction, target, weights);
  return detail::plus(name, state, {sum(weighted(pow(abs(b.p - b.t), order), b.w))});
}
Var Minkowski::value(const Sums& state) const { return pow(view(detail::sums_of(name, state, {1}), 0), 1.0 / order); }

Sums Pinball::init() const { return detail::no_sums({2}); }
Sums Pinball::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  detail::require_setting(name, "q", q, q >= 0.0 && q <= 1.0, "it must be in [0, 1]");
  const Batch b = batch(name, prediction, target, weights);
  const Var short_of = b.t - b.p;
  return detail::plus_mean(name, state, maximum(q * short_of, (q - 1.0) * short_of), b.w);
}
Var Pinball::value(const Sums& state) const { return mean_of(name, state); }

Sums TweedieDeviance::init() const { return detail::no_sums({2}); }
Sums TweedieDeviance::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  detail::require_setting(name, "power", power, std::isfinite(power) && (power <= 0.0 || power >= 1.0),
                          "it must be 0 or less, or 1 or more");
  static const Requirement of_p("TweedieDeviance: the prediction {} is not positive");
  static const Requirement of_t(
      "TweedieDeviance: the target {} is too small; with this power it must be positive, or 0");
  Batch b = batch(name, prediction, target, weights);
  if (power != 0.0) b.p = above(b.p, b.w, 0.0, false, of_p);
  if (power >= 1.0) b.t = above(b.t, b.w, 0.0, power < 2.0, of_t);
  return detail::plus_mean(name, state, deviance(b, power), b.w);
}
Var TweedieDeviance::value(const Sums& state) const { return mean_of(name, state); }

Largest MaxError::init() const { return {full({}, -std::numeric_limits<double>::infinity())}; }
Largest MaxError::update(const Largest& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Batch b = batch(name, prediction, target, weights);
  if (b.p.size() == 0) return state;
  return {maximum(state.value, amax(where(b.w > 0.0, abs(b.p - b.t), -std::numeric_limits<double>::infinity())))};
}
Var MaxError::value(const Largest& state) const {
  static const Requirement requirement("MaxError: the value of no samples");
  return checked(state.value, !(state.value < 0.0), requirement);
}

}  // namespace xgrad::metrics
