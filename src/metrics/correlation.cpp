#include <xgrad/metrics/correlation.hpp>

#include <algorithm>
#include <string>

#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/quantile.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/search.hpp>

#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

/// Of Kendall, compared at once: 8 MB.
constexpr std::size_t most_pairs = std::size_t{1} << 20U;

Moments no_moments() { return {zeros({}), zeros({3}), zeros({3, 3})}; }

Moments plus_moments(std::string_view metric, const Moments& state, const Var& prediction, const Var& target,
                     const Var& weights) {
  detail::require_same_shape(metric, prediction, target);
  const Var w = flatten(detail::weights_of(metric, weights, target.shape()));
  const auto values = [&](const Var& x) { return where(w > 0.0, x, 0.0); };
  const Var t = values(flatten(detail::as_double(target)));
  const Var p = values(flatten(detail::as_double(prediction)));
  const Var x = stack({t, p, t - p});
  const Var weight = sum(w);
  const Var mean = detail::quotient(sum(w * x, 1), weight, 0.0);
  const Var apart = x - expand_dims(mean, 1);
  const Var products = sum(w * expand_dims(apart, 1) * expand_dims(apart, 0), 2);
  return merge(state, {weight, mean, products});
}

Var product(const Moments& state, int i, int j) { return view(state.products, i, j); }

/// sum(w (t - p)^2)
Var squared_errors(const Moments& state) { return product(state, 2, 2) + state.weight * square(view(state.mean, 2)); }

/// x, which is divided by sums of squares that must not be 0.
Var of_varying(std::string_view metric, const Var& x) {
  const Requirement requirement(std::string(metric) + ": all values are the same, their deviation is {}");
  return checked(x, !(x <= 0.0), requirement);
}

/// 1 - a / b as scikit-learn has it where all targets are the same.
Var share_explained(const Var& a, const Var& b) {
  return where(equal(b, 0.0), where(equal(a, 0.0), 1.0, 0.0), 1.0 - detail::quotient(a, b, 0.0));
}

Samples plus_pairs(std::string_view metric, const Samples& state, const Var& prediction, const Var& target) {
  detail::require_same_shape(metric, prediction, target);
  return merge(state,
               {flatten(detail::as_double(prediction)), flatten(detail::as_double(target)), ones({target.size()})});
}

Var without_nan(std::string_view metric, const Var& x) {
  const Requirement requirement(std::string(metric) + ": {} has no rank");
  return checked(x, !isnan(x), requirement);
}

/// Ranks from 0 on; equal values have the mean of theirs.
Var ranks(const Var& x) {
  const Var sorted = sort(x);
  return 0.5 * cast<double>(searchsorted(sorted, x, Side::Left) + searchsorted(sorted, x, Side::Right) - 1);
}

}  // namespace

Moments R2::init() const { return no_moments(); }
Moments R2::update(const Moments& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_moments(name, state, prediction, target, weights);
}
Var R2::value(const Moments& state) const {
  const Var plain =
      detail::of_something(name, share_explained(squared_errors(state), product(state, 0, 0)), state.weight);
  if (predictors == 0) return plain;
  static const Requirement requirement("R2: {} samples beyond the predictors; adjusting takes more than 1");
  const auto k = static_cast<double>(predictors);
  const Var beyond = checked(state.weight - k, state.weight - k > 1.0, requirement);
  return 1.0 - (1.0 - plain) * (state.weight - 1.0) / (beyond - 1.0);
}

Moments ExplainedVariance::init() const { return no_moments(); }
Moments ExplainedVariance::update(const Moments& state, const Var& prediction, const Var& target,
                                  const Var& weights) const {
  return plus_moments(name, state, prediction, target, weights);
}
Var ExplainedVariance::value(const Moments& state) const {
  return detail::of_something(name, share_explained(product(state, 2, 2), product(state, 0, 0)), state.weight);
}

Moments RelativeSquaredError::init() const { return no_moments(); }
Moments RelativeSquaredError::update(const Moments& state, const Var& prediction, const Var& target,
                                     const Var& weights) const {
  return plus_moments(name, state, prediction, target, weights);
}
Var RelativeSquaredError::value(const Moments& state) const {
  return detail::of_something(name, squared_errors(state) / of_varying(name, product(state, 0, 0)), state.weight);
}

Moments NormalisedRmse::init() const { return no_moments(); }
Moments NormalisedRmse::update(const Moments& state, const Var& prediction, const Var& target,
                               const Var& weights) const {
  return plus_moments(name, state, prediction, target, weights);
}
Var NormalisedRmse::value(const Moments& state) const {
  return detail::of_something(name, sqrt(squared_errors(state) / of_varying(name, product(state, 0, 0))), state.weight);
}

Moments Pearson::init() const { return no_moments(); }
Moments Pearson::update(const Moments& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_moments(name, state, prediction, target, weights);
}
Var Pearson::value(const Moments& state) const {
  const Var t = sqrt(of_varying(name, product(state, 0, 0)));
  const Var p = sqrt(of_varying(name, product(state, 1, 1)));
  return detail::of_something(name, product(state, 0, 1) / t / p, state.weight);
}

Moments Concordance::init() const { return no_moments(); }
Moments Concordance::update(const Moments& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_moments(name, state, prediction, target, weights);
}
Var Concordance::value(const Moments& state) const {
  const Var apart = state.weight * square(view(state.mean, 2));
  const Var all = product(state, 0, 0) + product(state, 1, 1) + apart;
  return detail::of_something(name, detail::quotient(2.0 * product(state, 0, 1), all, 1.0), state.weight);
}

Samples Spearman::init() const { return detail::no_samples(); }
Samples Spearman::update(const Samples& state, const Var& prediction, const Var& target) const {
  return plus_pairs(name, state, prediction, target);
}
Var Spearman::value(const Samples& state) const {
  detail::require_samples(name, state, 1, 1);
  const Var p = ranks(without_nan(name, state.prediction));
  const Var t = ranks(without_nan(name, state.target));
  const Moments moments = plus_moments(name, no_moments(), p, t, 1.0);
  return product(moments, 0, 1) / sqrt(of_varying(name, product(moments, 0, 0))) /
         sqrt(of_varying(name, product(moments, 1, 1)));
}

Samples Kendall::init() const { return detail::no_samples(); }
Samples Kendall::update(const Samples& state, const Var& prediction, const Var& target) const {
  return plus_pairs(name, state, prediction, target);
}
Var Kendall::value(const Samples& state) const {
  detail::require_samples(name, state, 1, 1);
  const Var p = without_nan(name, state.prediction);
  const Var t = without_nan(name, state.target);
  // Comparisons, not signs of differences: those of infinities are NaN.
  const auto order = [](const Var& some, const Var& all) {
    const Var column = expand_dims(some, 1);
    return cast<double>(column > all) - cast<double>(column < all);
  };
  // A few rows of all pairs at a time, for there are n^2.
  const std::size_t n = p.size();
  const std::size_t rows = std::max<std::size_t>(1, most_pairs / n);
  Var sums = zeros({3});
  for (std::size_t from = 0; from < n; from += rows) {
    const auto some =
        xt::range(static_cast<std::ptrdiff_t>(from), static_cast<std::ptrdiff_t>(std::min(n, from + rows)));
    const Var a = order(view(p, some), p);
    const Var b = order(view(t, some), t);
    sums = sums + stack({sum(a * b), sum(square(a)), sum(square(b))});
  }
  return view(sums, 0) / sqrt(of_varying(name, view(sums, 1))) / sqrt(of_varying(name, view(sums, 2)));
}

Samples MedianAbsoluteError::init() const { return detail::no_samples(); }
Samples MedianAbsoluteError::update(const Samples& state, const Var& prediction, const Var& target) const {
  return plus_pairs(name, state, prediction, target);
}
Var MedianAbsoluteError::value(const Samples& state) const {
  detail::require_samples(name, state, 1, 1);
  return median(abs(state.prediction - state.target));
}

}  // namespace xgrad::metrics
