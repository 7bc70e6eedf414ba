// How predicted numbers go with the true ones: by their deviations, or by their order.
#pragma once

#include <cstddef>
#include <string_view>

#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Coefficient of determination; with `predictors` adjusted for their number.
///
///     1 - sum(w (t - p)^2) / sum(w (t - mean t)^2)
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// If no target differs from the others: 1 if there are no errors, else 0, as in scikit-learn.
/// Adjusted, the factor is (n - 1) / (n - 1 - k), n the sum of weights.
/// \throws ValueError  unless n > k + 1 (raised when evaluated).
/// \source  scikit-learn 1.2, sklearn.metrics.r2_score.
struct R2 {
  static constexpr std::string_view name = "R2";
  std::size_t predictors = 0;  ///< k; 0: not adjusted
  [[nodiscard]] Moments init() const;
  [[nodiscard]] Moments update(const Moments& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Moments& state) const;
};
XGRAD_FIELDS(R2, predictors)

/// Explained variance.
///
///     1 - var(t - p) / var(t)
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// If no target differs from the others: 1 if no error does, else 0.
/// \source  scikit-learn 1.2, sklearn.metrics.explained_variance_score.
struct ExplainedVariance {
  static constexpr std::string_view name = "ExplainedVariance";
  [[nodiscard]] Moments init() const;
  [[nodiscard]] Moments update(const Moments& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Moments& state) const;
};
XGRAD_FIELDS(ExplainedVariance)

/// Squared errors relative to those of the mean.
///
///     sum(w (t - p)^2) / sum(w (t - mean t)^2)
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \throws ValueError  if no target differs from the others (raised when evaluated).
/// \source  torchmetrics, RelativeSquaredError.
struct RelativeSquaredError {
  static constexpr std::string_view name = "RelativeSquaredError";
  [[nodiscard]] Moments init() const;
  [[nodiscard]] Moments update(const Moments& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Moments& state) const;
};
XGRAD_FIELDS(RelativeSquaredError)

/// Root of the mean squared error over the standard deviation (population) of the target.
///
///     sqrt(mean((t - p)^2)) / std(t)
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \throws ValueError  if no target differs from the others (raised when evaluated).
/// \source  torchmetrics, NormalizedRootMeanSquaredError, normalization="std".
struct NormalisedRmse {
  static constexpr std::string_view name = "NormalisedRmse";
  [[nodiscard]] Moments init() const;
  [[nodiscard]] Moments update(const Moments& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Moments& state) const;
};
XGRAD_FIELDS(NormalisedRmse)

/// Correlation of Pearson.
///
///     cov(p, t) / sqrt(var(p) var(t))
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \throws ValueError  if either is constant (raised when evaluated).
/// \source  scipy.stats.pearsonr, SciPy 1.10.
struct Pearson {
  static constexpr std::string_view name = "Pearson";
  [[nodiscard]] Moments init() const;
  [[nodiscard]] Moments update(const Moments& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Moments& state) const;
};
XGRAD_FIELDS(Pearson)

/// Concordance correlation of Lin.
///
///     2 cov(p, t) / (var(p) + var(t) + (mean p - mean t)^2)
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// 1 if both are the same constant.
/// \source  L. I.-K. Lin, A concordance correlation coefficient to evaluate reproducibility, 1989.
struct Concordance {
  static constexpr std::string_view name = "Concordance";
  [[nodiscard]] Moments init() const;
  [[nodiscard]] Moments update(const Moments& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Moments& state) const;
};
XGRAD_FIELDS(Concordance)

/// Rank correlation of Spearman; equal values share the mean of their ranks. It takes no weights.
///
///     Pearson(rank(p), rank(t))
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \throws ValueError  if either is constant, for NaN (raised when evaluated).
/// \source  scipy.stats.spearmanr, SciPy 1.10.
struct Spearman {
  static constexpr std::string_view name = "Spearman";
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& prediction, const Var& target) const;
  [[nodiscard]] Var value(const Samples& state) const;
};
XGRAD_FIELDS(Spearman)

/// Rank correlation of Kendall, tau b. It takes no weights, and time that grows with the square of the samples.
///
///     (concordant - discordant) / sqrt((pairs - ties of p) (pairs - ties of t))
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \throws ValueError  if either is constant, for NaN (raised when evaluated).
/// \source  scipy.stats.kendalltau, SciPy 1.10.
struct Kendall {
  static constexpr std::string_view name = "Kendall";
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& prediction, const Var& target) const;
  [[nodiscard]] Var value(const Samples& state) const;
};
XGRAD_FIELDS(Kendall)

/// Median of the absolute errors. It takes no weights.
///
///     median |p - t|
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \source  scikit-learn 1.2, sklearn.metrics.median_absolute_error.
struct MedianAbsoluteError {
  static constexpr std::string_view name = "MedianAbsoluteError";
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& prediction, const Var& target) const;
  [[nodiscard]] Var value(const Samples& state) const;
};
XGRAD_FIELDS(MedianAbsoluteError)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
