// What scores are worth at all thresholds at once. The states keep all samples.
#pragma once

#include <string_view>

#include <xgrad/metrics/labels.hpp>
#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Points of a curve from the highest threshold to the lowest: at thresholds[0], infinity, nothing is positive, at
/// each other one what has this score or more. Equal scores give equal points. [n + 1] each.
struct RocPoints {
  Var false_positive_rate, true_positive_rate, thresholds;
};
XGRAD_FIELDS(RocPoints, state(false_positive_rate), state(true_positive_rate), state(thresholds))

/// The same of precision (1 at infinity) and recall.
struct PrecisionRecallPoints {
  Var precision, recall, thresholds;
};
XGRAD_FIELDS(PrecisionRecallPoints, state(precision), state(recall), state(thresholds))

/// Area under the receiver operating characteristic: how probable it is that a positive sample has a higher score
/// than a negative one, ties half.
///
///     sum_i+ sum_j- w_i w_j ([s_i > s_j] + [s_i = s_j] / 2) / (sum_i+ w_i sum_j- w_j)
///
/// \param prediction  scores, target: see Labels; multiclass is one class against the others.
/// \throws ValueError  if a class has no positive or no negative sample (raised when evaluated).
/// \source  scikit-learn 1.2, sklearn.metrics.roc_auc_score, multi_class="ovr".
struct Auroc {
  static constexpr std::string_view name = "Auroc";
  Labels labels = binary();
  Average average = Average::Macro;
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Samples& state) const;
};
XGRAD_FIELDS(Auroc, labels, average)

/// Average precision, the sum of precisions over steps of recall.
///
///     sum_i+ w_i precision(s_i) / sum_i+ w_i
///
/// \param prediction  scores, target: see Labels; multiclass is one class against the others.
/// \throws ValueError  if a class has no positive sample (raised when evaluated).
/// \source  scikit-learn 1.2, sklearn.metrics.average_precision_score.
struct AveragePrecision {
  static constexpr std::string_view name = "AveragePrecision";
  Labels labels = binary();
  Average average = Average::Macro;
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Samples& state) const;
};
XGRAD_FIELDS(AveragePrecision, labels, average)

/// The receiver operating characteristic.
///
///     (FP / negatives, TP / positives)
///
/// \param prediction  scores, any shape.
/// \param target      0 and 1, of the same shape.
/// \throws ValueError  if a class has no positive or no negative sample (raised when evaluated).
/// \source  scikit-learn 1.2, sklearn.metrics.roc_curve, drop_intermediate=False.
struct RocCurve {
  static constexpr std::string_view name = "RocCurve";
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] RocPoints value(const Samples& state) const;
};
XGRAD_FIELDS(RocCurve)

/// Precision and recall of each threshold.
///
///     (TP / (TP + FP), TP / positives)
///
/// \param prediction  scores, any shape.
/// \param target      0 and 1, of the same shape.
/// \throws ValueError  without a positive sample (raised when evaluated).
/// \source  scikit-learn 1.2, sklearn.metrics.precision_recall_curve.
struct PrecisionRecallCurve {
  static constexpr std::string_view name = "PrecisionRecallCurve";
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] PrecisionRecallPoints value(const Samples& state) const;
};
XGRAD_FIELDS(PrecisionRecallCurve)

/// Where the straight line through points of the ROC has as many false positives as misses, in rates.
///
///     FPR = 1 - TPR
///
/// \param prediction  scores, any shape.
/// \param target      0 and 1, of the same shape.
/// \throws ValueError  if a class has no positive or no negative sample (raised when evaluated).
/// \source  J.-M. Cheng and H.-C. Wang, A method of estimating the equal error rate, 2004.
struct EqualErrorRate {
  static constexpr std::string_view name = "EqualErrorRate";
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Samples& state) const;
};
XGRAD_FIELDS(EqualErrorRate)

/// Largest recall of a threshold with this precision or more; 0 if there is none.
///
///     max recall where precision >= least
///
/// \param prediction  scores, any shape.
/// \param target      0 and 1, of the same shape.
/// \throws ValueError  unless least is in [0, 1]; without a positive sample (raised when evaluated).
/// \source  torchmetrics, RecallAtFixedPrecision.
struct RecallAtPrecision {
  static constexpr std::string_view name = "RecallAtPrecision";
  double least = 0.5;  ///< precision
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Samples& state) const;
};
XGRAD_FIELDS(RecallAtPrecision, least)

/// Largest precision of a threshold with this recall or more.
///
///     max precision where recall >= least
///
/// \param prediction  scores, any shape.
/// \param target      0 and 1, of the same shape.
/// \throws ValueError  unless least is in [0, 1]; without a positive sample (raised when evaluated).
/// \source  torchmetrics, PrecisionAtFixedRecall.
struct PrecisionAtRecall {
  static constexpr std::string_view name = "PrecisionAtRecall";
  double least = 0.5;  ///< recall
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Samples& state) const;
};
XGRAD_FIELDS(PrecisionAtRecall, least)

/// Largest specificity of a threshold with this sensitivity or more.
///
///     max 1 - FPR where TPR >= least
///
/// \param prediction  scores, any shape.
/// \param target      0 and 1, of the same shape.
/// \throws ValueError  unless least is in [0, 1]; without a positive or a negative sample (raised when evaluated).
/// \source  torchmetrics, SpecificityAtSensitivity.
struct SpecificityAtSensitivity {
  static constexpr std::string_view name = "SpecificityAtSensitivity";
  double least = 0.5;  ///< sensitivity
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Samples& state) const;
};
XGRAD_FIELDS(SpecificityAtSensitivity, least)

/// Largest sensitivity of a threshold with this specificity or more.
///
///     max TPR where 1 - FPR >= least
///
/// \param prediction  scores, any shape.
/// \param target      0 and 1, of the same shape.
/// \throws ValueError  unless least is in [0, 1]; without a positive or a negative sample (raised when evaluated).
/// \source  torchmetrics, SensitivityAtSpecificity.
struct SensitivityAtSpecificity {
  static constexpr std::string_view name = "SensitivityAtSpecificity";
  double least = 0.5;  ///< specificity
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Samples& state) const;
};
XGRAD_FIELDS(SensitivityAtSpecificity, least)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
