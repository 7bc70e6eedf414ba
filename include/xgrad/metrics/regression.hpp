// Errors of predicted numbers. See correlation.hpp for what compares deviations or orders.
#pragma once

#include <string_view>

#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

// Each is of all elements of its arguments.

/// Mean squared error.
///
///     sum(w (p - t)^2) / sum(w)
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \source  scikit-learn 1.2, sklearn.metrics.mean_squared_error.
struct MeanSquaredError {
  static constexpr std::string_view name = "MeanSquaredError";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(MeanSquaredError)

/// Root of the mean squared error.
///
///     sqrt(sum(w (p - t)^2) / sum(w))
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \source  scikit-learn 1.2, sklearn.metrics.mean_squared_error, squared=False.
struct RootMeanSquaredError {
  static constexpr std::string_view name = "RootMeanSquaredError";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(RootMeanSquaredError)

/// Mean absolute error.
///
///     sum(w |p - t|) / sum(w)
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \source  scikit-learn 1.2, sklearn.metrics.mean_absolute_error.
struct MeanAbsoluteError {
  static constexpr std::string_view name = "MeanAbsoluteError";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(MeanAbsoluteError)

/// Mean absolute percentage error, as a fraction.
///
///     sum(w |p - t| / max(|t|, eps)) / sum(w),   eps = 2^-52
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \source  scikit-learn 1.2, sklearn.metrics.mean_absolute_percentage_error.
struct MeanAbsolutePercentageError {
  static constexpr std::string_view name = "MeanAbsolutePercentageError";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(MeanAbsolutePercentageError)

/// Symmetric mean absolute percentage error, as a fraction in [0, 2]; 0 where both are 0.
///
///     sum(w 2 |p - t| / (|p| + |t|)) / sum(w)
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \source  S. Makridakis, Accuracy measures: theoretical and practical concerns, 1993.
struct SymmetricMape {
  static constexpr std::string_view name = "SymmetricMape";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(SymmetricMape)

/// Absolute errors relative to the targets, both added up first.
///
///     sum(w |p - t|) / sum(w |t|)
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \throws ValueError  if all targets are 0 (raised when evaluated).
/// \source  S. Kolassa and W. Schuetz, Advantages of the MAD/mean ratio over the MAPE, 2007.
struct WeightedMape {
  static constexpr std::string_view name = "WeightedMape";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(WeightedMape)

/// Mean squared error of logarithms.
///
///     sum(w (ln(1 + p) - ln(1 + t))^2) / sum(w)
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \throws ValueError  for a prediction or target that is -1 or less (raised when evaluated).
/// \source  scikit-learn 1.2, sklearn.metrics.mean_squared_log_error.
struct MeanSquaredLogError {
  static constexpr std::string_view name = "MeanSquaredLogError";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(MeanSquaredLogError)

/// Mean of ln cosh of the error.
///
///     sum(w ln cosh(p - t)) / sum(w)
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \source  torchmetrics, LogCoshError.
struct LogCoshError {
  static constexpr std::string_view name = "LogCoshError";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(LogCoshError)

/// Minkowski distance of all elements together; 0 of nothing.
///
///     (sum(w |p - t|^order))^(1 / order)
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \throws ValueError  unless order is finite and at least 1.
/// \source  scipy.spatial.distance.minkowski, SciPy 1.10.
struct Minkowski {
  static constexpr std::string_view name = "Minkowski";
  double order = 2.0;  ///< >= 1
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Minkowski, order)

/// Mean pinball loss of a quantile.
///
///     sum(w max(q (t - p), (q - 1) (t - p))) / sum(w)
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \throws ValueError  unless q is in [0, 1].
/// \source  scikit-learn 1.2, sklearn.metrics.mean_pinball_loss.
struct Pinball {
  static constexpr std::string_view name = "Pinball";
  double q = 0.5;  ///< in [0, 1]
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Pinball, q)

/// Mean deviance of a Tweedie distribution: 0 normal, 1 Poisson, 2 Gamma.
///
///     2 (t^(2 - r) / ((1 - r) (2 - r)) - t p^(1 - r) / (1 - r) + p^(2 - r) / (2 - r))
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// r = 1: 2 (t ln(t / p) - t + p);  r = 2: 2 (ln(p / t) + t / p - 1);  r = 0: (t - p)^2.
/// \throws ValueError  for a power in (0, 1) or not finite; for p <= 0 unless the power is 0, t < 0 if it is in [1, 2),
///                     t <= 0 if it is 2 or more (raised when evaluated).
/// \source  scikit-learn 1.2, sklearn.metrics.mean_tweedie_deviance.
struct TweedieDeviance {
  static constexpr std::string_view name = "TweedieDeviance";
  double power = 0.0;  ///< r, 0 or less, or 1 or more
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(TweedieDeviance, power)

/// Largest absolute error of what has a weight.
///
///     max |p - t|
///
/// \param prediction  p, any shape.
/// \param target      t, of the same shape.
/// \source  scikit-learn 1.2, sklearn.metrics.max_error.
struct MaxError {
  static constexpr std::string_view name = "MaxError";
  [[nodiscard]] Largest init() const;
  [[nodiscard]] Largest update(const Largest& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Largest& state) const;
};
XGRAD_FIELDS(MaxError)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
