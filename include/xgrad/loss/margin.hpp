// Classification by scores that shall lead by a margin: two classes, several classes, several labels for a sample.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

// ---- two classes: a score for each sample, targets in {-1, 1}

/// Hinge loss, of support vector machines; element by element, not reduced.
///
///     max(0, 1 - t s)
///
/// \param prediction  s, scores, any shape; their sign is the class.
/// \param target      t, -1 or 1, of the same shape; integers or numbers.
/// \return            the shape of the prediction, >= 0.
/// \throws ShapeError  unless both shapes are equal.
/// \throws ValueError  for a target that is neither -1 nor 1 (raised when evaluated).
/// \derivative  -t where t s < 1, else 0, also where t s = 1; second derivative 0.
/// \source  C. Cortes and V. Vapnik, Support-vector networks, Machine Learning 20, 1995.
struct Hinge {
  static constexpr std::string_view name = "Hinge";
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Hinge, check_targets)

/// Squared hinge loss, of the L2 support vector machine; element by element, not reduced.
///
///     max(0, 1 - t s)^2
///
/// \param prediction  s, scores, any shape.
/// \param target      t, -1 or 1, of the same shape; integers or numbers.
/// \return            the shape of the prediction, >= 0.
/// \throws ShapeError  unless both shapes are equal.
/// \throws ValueError  for a target that is neither -1 nor 1 (raised when evaluated).
/// \derivative  -2 t max(0, 1 - t s), continuous; the second one is 2 where t s < 1, else 0.
/// \source  Y. Tang, Deep learning using linear support vector machines, 2013, section 2.
struct SquaredHinge {
  static constexpr std::string_view name = "SquaredHinge";
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(SquaredHinge, check_targets)

/// Logistic loss of targets in {-1, 1}; element by element, not reduced. torch's SoftMarginLoss; the same as
/// BinaryCrossEntropy of targets in {0, 1}.
///
///     ln(1 + exp(-t s))
///
/// \param prediction  s, scores (logits), any shape.
/// \param target      t, -1 or 1, of the same shape; integers or numbers.
/// \return            the shape of the prediction, nats, > 0.
/// \throws ShapeError  unless both shapes are equal.
/// \throws ValueError  for a target that is neither -1 nor 1 (raised when evaluated).
/// \derivative  -t sigmoid(-t s); smooth to every order.
/// \source  T. Hastie, R. Tibshirani and J. Friedman, The Elements of Statistical Learning, 2nd edition, section 10.6.
struct SoftMargin {
  static constexpr std::string_view name = "SoftMargin";
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(SoftMargin, check_targets)

/// The perceptron's criterion: what is right costs nothing, however narrowly; element by element, not reduced.
///
///     max(0, -t s)
///
/// \param prediction  s, scores, any shape.
/// \param target      t, -1 or 1, of the same shape; integers or numbers.
/// \return            the shape of the prediction, >= 0.
/// \throws ShapeError  unless both shapes are equal.
/// \throws ValueError  for a target that is neither -1 nor 1 (raised when evaluated).
/// \derivative  -t where t s < 0, else 0, also at 0: a model that gives 0 for everything does not move.
/// \source  C. M. Bishop, Pattern Recognition and Machine Learning, 2006, equation 4.54.
struct Perceptron {
  static constexpr std::string_view name = "Perceptron";
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Perceptron, check_targets)

/// Exponential loss, which AdaBoost minimises; element by element, not reduced.
///
///     exp(-t s)
///
/// \param prediction  s, scores, any shape.
/// \param target      t, -1 or 1, of the same shape; integers or numbers.
/// \return            the shape of the prediction, > 0; infinite where the type cannot hold it (-t s > 88 for float32).
/// \throws ShapeError  unless both shapes are equal.
/// \throws ValueError  for a target that is neither -1 nor 1 (raised when evaluated).
/// \derivative  -t exp(-t s); smooth to every order.
/// \source  T. Hastie, R. Tibshirani and J. Friedman, The Elements of Statistical Learning, 2nd edition, section 10.4.
struct Exponential {
  static constexpr std::string_view name = "Exponential";
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Exponential, check_targets)

// ---- several classes, one of which is right

/// Hinge loss of Crammer and Singer: how far the best wrong class comes within 1 of the right one; not reduced.
///
///     loss[n] = max_j (z[n, j] + [j != y[n]]) - z[n, y[n]]
///
/// \param prediction  z, [..., K] scores.
/// \param labels      y, [...] integers in [0, K).
/// \return            [...], >= 0.
/// \throws ShapeError  unless the labels have the shape of the scores without its last axis, and K > 0.
/// \throws TypeError   unless the labels are integers.
/// \throws ValueError  for a label out of range (raised when evaluated).
/// \derivative  1 at the largest term, -1 at the label, 0 if that is the same class; equal largest terms share.
/// \source  K. Crammer and Y. Singer, On the algorithmic implementation of multiclass kernel-based vector machines,
///          Journal of Machine Learning Research 2, 2001, section 3.
struct MulticlassHinge {
  static constexpr std::string_view name = "MulticlassHinge";
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& labels) const;
};
XGRAD_FIELDS(MulticlassHinge, check_targets)

/// The perceptron's criterion for several classes: how far the best class is above the right one; not reduced.
///
///     loss[n] = max_j z[n, j] - z[n, y[n]]
///
/// \param prediction  z, [..., K] scores.
/// \param labels      y, [...] integers in [0, K).
/// \return            [...], >= 0.
/// \throws ShapeError  unless the labels have the shape of the scores without its last axis, and K > 0.
/// \throws TypeError   unless the labels are integers.
/// \throws ValueError  for a label out of range (raised when evaluated).
/// \derivative  1 at the largest score, -1 at the label, 0 if that is the same class; equal largest scores share.
/// \source  M. Collins, Discriminative training methods for hidden Markov models: theory and experiments with
///          perceptron algorithms, 2002.
struct MulticlassPerceptron {
  static constexpr std::string_view name = "MulticlassPerceptron";
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& labels) const;
};
XGRAD_FIELDS(MulticlassPerceptron, check_targets)

/// Hinge loss that sums over all wrong classes, as torch's MultiMarginLoss; not reduced.
///
///     loss[n] = w[y] / K sum_{j != y} max(0, margin - z[n, y] + z[n, j])^p,   y = y[n]
///
/// \param prediction  z, [..., K] scores.
/// \param labels      y, [...] integers in [0, K).
/// \return            [...], >= 0.
/// \throws ShapeError  unless the labels have the shape of the scores without its last axis, K > 0, and the weights
///                     are [K].
/// \throws TypeError   unless the labels are integers.
/// \throws ValueError  unless p is 1 or 2 and the margin finite; for a label out of range, and a weight that is
///                     negative or NaN (raised when evaluated).
/// \derivative  p = 1: 0 at the kinks; p = 2: continuous.
/// \source  J. Weston and C. Watkins, Support vector machines for multi-class pattern recognition, 1999; the powers and
///          the division by K as in PyTorch.
struct MultiMargin {
  static constexpr std::string_view name = "MultiMargin";
  std::int64_t p = 1;                    ///< 1, or 2 for squares
  double margin = 1.0;                   ///< by which the right class shall lead
  std::optional<Var> class_weight = {};  ///< w, [K]; nothing: 1
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& labels) const;
};
XGRAD_FIELDS(MultiMargin, p, margin, class_weight, check_targets)

// ---- several labels for a sample

/// Hinge loss between all pairs of a right and a wrong class, as torch's MultiLabelMarginLoss; not reduced.
///
///     loss[n] = 1 / K sum_{j right} sum_{i wrong} max(0, 1 - z[n, j] + z[n, i])
///
/// The cost grows with the number of columns of the labels up to 32, and does not beyond. Columns that are empty in all
/// samples cost nothing if the labels are concrete; let recorded labels have no more columns than needed.
///
/// \param prediction  z, [..., K] scores.
/// \param labels      [..., L] integers in [-1, K): the right classes of each sample; the list ends before the first
///                    -1, and what follows does not count. torch wants L = K. A class that is listed twice counts
///                    twice.
/// \return            [...], >= 0.
/// \throws ShapeError  unless scores and labels have the same leading axes, and K > 0.
/// \throws TypeError   unless the labels are integers.
/// \throws ValueError  for a label out of range (raised when evaluated).
/// \derivative  1 / K for each pair within the margin, 0 at the kinks; second derivative 0.
/// \source  PyTorch, MultiLabelMarginLoss; A. Elisseeff and J. Weston, A kernel method for multi-labelled
///          classification, 2001, who divide by the number of pairs.
struct MultiLabelMargin {
  static constexpr std::string_view name = "MultiLabelMargin";
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& labels) const;
};
XGRAD_FIELDS(MultiLabelMargin, check_targets)

/// Mean of the binary cross-entropies of the K labels of a sample, as torch's MultiLabelSoftMarginLoss; not reduced.
///
///     loss[n] = 1 / K sum_i w[i] (t[n, i] softplus(-z[n, i]) + (1 - t[n, i]) softplus(z[n, i]))
///
/// \param prediction  z, [..., K] logits.
/// \param target      t, [..., K] in [0, 1]: 1 where the label applies.
/// \return            [...], nats, >= 0.
/// \throws ShapeError  unless both shapes are equal, have a last axis with K > 0, and the weights are [K].
/// \throws ValueError  for a target outside of [0, 1], and a weight that is negative or NaN (raised when evaluated).
/// \derivative  w (sigmoid(z) - t) / K; smooth to every order.
/// \source  PyTorch, MultiLabelSoftMarginLoss.
struct MultiLabelSoftMargin {
  static constexpr std::string_view name = "MultiLabelSoftMargin";
  std::optional<Var> weight = {};  ///< w, [K]; nothing: 1
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(MultiLabelSoftMargin, weight, check_targets)

}  // namespace xgrad::loss

#pragma GCC visibility pop
