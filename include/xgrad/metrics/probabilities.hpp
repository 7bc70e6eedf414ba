// How sure predictions are, and how right to be so. Predictions are scores, no classes.
#pragma once

#include <cstddef>
#include <string_view>

#include <xgrad/metrics/labels.hpp>
#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Mean of -ln of the probability of what is true, as it is; probabilities 0 of it give infinity. Multilabel: the
/// mean over labels.
///
///     -sum(w ln p_t) / sum(w)
///
/// \param prediction, target  see Labels.
/// The prediction holds probabilities in [0, 1], else ValueError when evaluated.
/// \source  scikit-learn 1.2, sklearn.metrics.log_loss.
struct LogLoss {
  static constexpr std::string_view name = "LogLoss";
  Labels labels = binary();
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(LogLoss, labels)

/// Mean squared error of probabilities; of multiclass tasks summed over the classes.
///
///     sum(w sum_k (p_k - [t = k])^2) / sum(w);   binary: sum(w (p - t)^2) / sum(w)
///
/// \param prediction, target  see Labels.
/// The prediction holds probabilities in [0, 1], else ValueError when evaluated.
/// \source  scikit-learn 1.2, sklearn.metrics.brier_score_loss.
struct BrierScore {
  static constexpr std::string_view name = "BrierScore";
  Labels labels = binary();
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(BrierScore, labels)

/// How far the confidence is from the accuracy, in `bins` equal bins (low, high] of the confidence: the larger
/// probability. Expected: the mean over samples; else the largest of the bins.
///
///     sum_b (w_b / w) |accuracy_b - confidence_b|
///
/// \param prediction, target  see Labels.
/// \throws ValueError  for multilabel tasks and 0 bins; for probabilities outside [0, 1], else ValueError when evaluated.
/// \source  C. Guo et al., On calibration of modern neural networks, 2017.
struct CalibrationError {
  static constexpr std::string_view name = "CalibrationError";
  Labels labels = binary();
  std::size_t bins = 15;
  bool expected = true;
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(CalibrationError, labels, bins, expected)

/// Mean hinge loss of scores, with margin 1; of multiclass tasks that of Crammer and Singer.
///
///     max(0, 1 - s (2 t - 1));   max(0, 1 - s_t + max_{k != t} s_k)
///
/// \param prediction, target  see Labels.
/// \throws ValueError  for multilabel tasks.
/// \source  scikit-learn 1.2, sklearn.metrics.hinge_loss.
struct HingeLoss {
  static constexpr std::string_view name = "HingeLoss";
  Labels labels = binary();
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(HingeLoss, labels)

/// Exponential of the mean of -ln p_t, of log-probabilities.
///
///     exp(-sum(w l_t) / sum(w))
///
/// \param prediction  l, S + [K], as log_softmax gives it.
/// \param target      int64 in [0, K), S.
/// \source  F. Jelinek et al., Perplexity: a measure of the difficulty of speech recognition tasks, 1977.
struct Perplexity {
  static constexpr std::string_view name = "Perplexity";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Perplexity)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
