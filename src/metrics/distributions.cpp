#include <xgrad/metrics/distributions.hpp>

#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/divergence.hpp>
#include <xgrad/loss/likelihood.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/special.hpp>

#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

/// Forecasts of numbers: [..., M] beside [...], and weights [...]; 0 where these are.
struct Forecasts {
  Var p, t, w;
};

Forecasts forecasts_of(std::string_view metric, const Var& prediction, const Var& target, const Var& weights) {
  const Shape shape = prediction.shape();
  if (shape.empty() || Shape(shape.begin(), shape.end() - 1) != target.shape()) {
    throw ShapeError(std::string(metric) + ": the prediction is " + to_string(shape) + ", the target " +
                     to_string(target.shape()) + "; the prediction must have one more axis, the last");
  }
  const Var w = detail::weights_of(metric, weights, target.shape());
  return {detail::counting(prediction, w), where(w > 0.0, detail::as_double(target), 0.0), w};
}

/// Rows that add up to 1, [..., K] each, and their weights; rows without weight are of ones over K.
struct Distributions {
  Var p, t, w;
};

Distributions distributions_of(std::string_view metric, const Var& prediction, const Var& target, const Var& weights) {
  const Var w = detail::weights_of_rows(metric, weights, prediction, target);
  const Requirement not_negative(std::string(metric) + ": {} is no probability; it must be 0 or more");
  const Requirement some(std::string(metric) + ": the sum of a row is {}; it must be positive and finite");
  const auto normalised = [&](const Var& x) {
    const Var rows = detail::counting(x, w, 1.0);
    const Var total = sum(checked(rows, rows >= 0.0, not_negative), -1, keep_dims);
    return rows / checked(total, total > 0.0 && isfinite(total), some);
  };
  return {normalised(prediction), normalised(target), w};
}

}  // namespace

Sums EnsembleCrps::init() const { return detail::no_sums({2}); }
Sums EnsembleCrps::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Forecasts f = forecasts_of(name, prediction, target, weights);
  return detail::plus_mean(name, state, loss::CrpsEnsemble{}(f.p, f.t), f.w);
}
Var EnsembleCrps::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums NormalCrps::init() const { return detail::no_sums({2}); }
Sums NormalCrps::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  static const Requirement requirement("NormalCrps: the deviation {} is negative or NaN");
  if (prediction.dimension() == 0 || prediction.shape(-1) != 2) {
    throw ShapeError("NormalCrps: the prediction is " + to_string(prediction.shape()) +
                     "; the last extent must be 2, for mean and standard deviation");
  }
  const Forecasts f = forecasts_of(name, prediction, target, weights);
  const Var m = view(f.p, xt::ellipsis(), 0);
  const Var given = view(f.p, xt::ellipsis(), 1);
  const Var s = checked(given, given >= 0.0, requirement);
  const Var certain = equal(s, 0.0);
  const Var score = loss::CrpsGaussian{.eps = 0.0, .check_targets = false}(m, f.t, where(certain, 1.0, s));
  return detail::plus_mean(name, state, where(certain, abs(f.t - m), score), f.w);
}
Var NormalCrps::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums KlDivergence::init() const { return detail::no_sums({2}); }
Sums KlDivergence::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Distributions d = distributions_of(name, prediction, target, weights);
  return detail::plus_mean(name, state, sum(loss::KlDivergence{.check_targets = false}(log(d.p), d.t), -1), d.w);
}
Var KlDivergence::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums JensenShannon::init() const { return detail::no_sums({2}); }
Sums JensenShannon::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Distributions d = distributions_of(name, prediction, target, weights);
  return detail::plus_mean(name, state, loss::JensenShannon{.check_targets = false}(d.p, d.t), d.w);
}
Var JensenShannon::value(const Sums& state) const { return detail::mean_of(name, state); }

}  // namespace xgrad::metrics
