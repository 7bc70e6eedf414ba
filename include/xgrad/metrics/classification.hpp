// Counts of right and wrong classes, and their ratios. See confusion.hpp for pairs of classes, scores.hpp for all
// thresholds at once, probabilities.hpp for how sure predictions are.
//
// The average over classes is over all K: a class that is neither predicted nor true has the value `undefined`.
#pragma once

#include <cstddef>
#include <string_view>

#include <xgrad/metrics/labels.hpp>
#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Sums of weights of each class against all others, [K] each.
struct ClassCounts {
  Var true_positives, false_positives, false_negatives, true_negatives;
};
XGRAD_FIELDS(ClassCounts, state(true_positives), state(false_positives), state(false_negatives), state(true_negatives))

/// True and false positives and negatives (TP, FP, FN, TN), one class against the others.
///
///     sums of w
///
/// \param prediction, target  see Labels.
/// \source  scikit-learn 1.2, sklearn.metrics.multilabel_confusion_matrix.
struct StatScores {
  static constexpr std::string_view name = "StatScores";
  Labels labels = binary();
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] ClassCounts value(const Sums& state) const;
};
XGRAD_FIELDS(StatScores, labels)

/// Precision, the positive predictive value: which part of what was said is right.
///
///     TP / (TP + FP)
///
/// \param prediction, target  see Labels.
/// \source  scikit-learn 1.2, sklearn.metrics.precision_score.
struct Precision {
  static constexpr std::string_view name = "Precision";
  Labels labels = binary();
  Average average = Average::Macro;
  double undefined = 0.0;  ///< where the denominator is 0
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Precision, labels, average, undefined)

/// Recall, the sensitivity: which part of what is there was found.
///
///     TP / (TP + FN)
///
/// \param prediction, target  see Labels.
/// \source  scikit-learn 1.2, sklearn.metrics.recall_score.
struct Recall {
  static constexpr std::string_view name = "Recall";
  Labels labels = binary();
  Average average = Average::Macro;
  double undefined = 0.0;  ///< where the denominator is 0
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Recall, labels, average, undefined)

/// F measure; beta 1 is F1, the Dice coefficient of segmentations.
///
///     (1 + beta^2) TP / ((1 + beta^2) TP + beta^2 FN + FP)
///
/// \param prediction, target  see Labels.
/// \throws ValueError  unless beta is positive and finite.
/// \source  scikit-learn 1.2, sklearn.metrics.fbeta_score.
struct FBeta {
  static constexpr std::string_view name = "FBeta";
  Labels labels = binary();
  double beta = 1.0;  ///< weight of recall
  Average average = Average::Macro;
  double undefined = 0.0;  ///< where the denominator is 0
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(FBeta, labels, beta, average, undefined)

/// Specificity: which part of what is not there was not said.
///
///     TN / (TN + FP)
///
/// \param prediction, target  see Labels.
/// \source  torchmetrics, Specificity.
struct Specificity {
  static constexpr std::string_view name = "Specificity";
  Labels labels = binary();
  Average average = Average::Macro;
  double undefined = 0.0;  ///< where the denominator is 0
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Specificity, labels, average, undefined)

/// Negative predictive value.
///
///     TN / (TN + FN)
///
/// \param prediction, target  see Labels.
/// \source  torchmetrics, NegativePredictiveValue.
struct NegativePredictiveValue {
  static constexpr std::string_view name = "NegativePredictiveValue";
  Labels labels = binary();
  Average average = Average::Macro;
  double undefined = 0.0;  ///< where the denominator is 0
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(NegativePredictiveValue, labels, average, undefined)

/// Jaccard index, the intersection over the union of segmentations.
///
///     TP / (TP + FP + FN)
///
/// \param prediction, target  see Labels.
/// \source  scikit-learn 1.2, sklearn.metrics.jaccard_score.
struct Jaccard {
  static constexpr std::string_view name = "Jaccard";
  Labels labels = binary();
  Average average = Average::Macro;
  double undefined = 0.0;  ///< where the denominator is 0
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Jaccard, labels, average, undefined)

/// Mean recall over the classes that occur in the targets; of binary and multilabel tasks over 0 and 1 of each label.
///
///     mean of TP / (TP + FN)
///
/// \param prediction, target  see Labels.
/// \source  scikit-learn 1.2, sklearn.metrics.balanced_accuracy_score.
struct BalancedAccuracy {
  static constexpr std::string_view name = "BalancedAccuracy";
  Labels labels = binary();
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(BalancedAccuracy, labels)

/// Which part of the samples (multilabel: of the labels) is right. With top_k > 1, of multiclass scores: where fewer
/// than k classes have a higher score than the true one, or the same and a smaller index.
///
///     sum(w [right]) / sum(w)
///
/// \param prediction, target  see Labels.
/// \throws ValueError  for a top_k of 0 or more than K, and for one above 1 without multiclass scores.
/// \source  scikit-learn 1.2, sklearn.metrics.accuracy_score, top_k_accuracy_score.
struct Accuracy {
  static constexpr std::string_view name = "Accuracy";
  Labels labels = binary();
  std::size_t top_k = 1;
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Accuracy, labels, top_k)

/// Which part of the samples has all labels right; of other tasks the accuracy.
///
///     sum(w [all right]) / sum(w)
///
/// \param prediction, target  see Labels.
/// \source  scikit-learn 1.2, sklearn.metrics.accuracy_score, of label indicators.
struct ExactMatch {
  static constexpr std::string_view name = "ExactMatch";
  Labels labels = binary();
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(ExactMatch, labels)

/// Hamming loss, 1 - Accuracy.
///
///     sum(w [wrong]) / sum(w)
///
/// \param prediction, target  see Labels.
/// \source  scikit-learn 1.2, sklearn.metrics.hamming_loss.
struct Hamming {
  static constexpr std::string_view name = "Hamming";
  Labels labels = binary();
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Hamming, labels)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
