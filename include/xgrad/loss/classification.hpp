// One of K classes, by softmax: the cross-entropy and what is made of it. See classification_binary.hpp for two
// classes, classification_robust.hpp for labels that may be wrong, classification_sparse.hpp for sparse probabilities,
// classification_angular.hpp for cosines, classification_ordinal.hpp for ordered classes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Softmax cross-entropy of logits; one value for each sample, not reduced. torch's CrossEntropyLoss, and the negative
/// log-likelihood of the categorical distribution.
///
///     w_y (logsumexp(z) - z_y)                       for labels y
///     -sum_k w_k t_k (z_k - logsumexp(z))            for probabilities t
///
/// torch's mean divides by the sum of the weights of the labels; weighted_mean of the values without class_weight, with
/// the weights of the labels, is the same.
///
/// \param logits  z, [..., K, ...], the classes along `axis`. torch has them along axis 1.
/// \param target  int64 labels in [0, K) or ignore_index, in the shape without the axis; or probabilities in [0, 1], in
///                the shape of the logits. The shape tells which.
/// \return        the shape without the axis; nats; 0 where the label is ignored.
/// \throws ShapeError  unless the target has one of these shapes, if there are no classes, and unless class_weight is
///                     [K].
/// \throws TypeError   for labels that are not int64.
/// \throws ValueError  for ignore_index with probabilities; for a label or a probability out of range, and a weight
///                     that is negative or NaN (raised when evaluated).
/// \derivative  w_y (softmax(z) - onehot(y)); smooth to every order.
/// \source  C. M. Bishop, Pattern Recognition and Machine Learning, 2006, section 4.3.4.
struct CrossEntropy {
  static constexpr std::string_view name = "CrossEntropy";
  std::optional<std::int64_t> ignore_index = {};  ///< a label whose samples count nothing; may be outside [0, K)
  std::optional<Var> class_weight = {};           ///< w, [K]
  std::ptrdiff_t axis = -1;                       ///< of the classes
  bool check_targets = true;
  Var operator()(const Var& logits, const Var& target) const;
};
XGRAD_FIELDS(CrossEntropy, ignore_index, class_weight, axis, check_targets)

using CategoricalNll = CrossEntropy;

/// Negative log-likelihood of labels, of log-probabilities; one value for each sample, not reduced. torch's NLLLoss.
/// From logits, CrossEntropy does the same with less work.
///
///     -w_y l_y
///
/// \param log_probabilities  l, [..., K, ...], as log_softmax gives them; the classes along `axis`.
/// \param labels             y, int64 in [0, K) or ignore_index, in the shape without the axis.
/// \return                   the shape of the labels; nats; 0 where the label is ignored.
/// \throws ShapeError  unless the labels have that shape, if there are no classes, and unless class_weight is [K].
/// \throws TypeError   for labels that are not int64.
/// \throws ValueError  for a label out of range, and a weight that is negative or NaN (raised when evaluated).
/// \derivative  -w_y at the label, else 0; second derivative 0.
/// \source  C. M. Bishop, Pattern Recognition and Machine Learning, 2006, equation 4.108.
struct Nll {
  static constexpr std::string_view name = "Nll";
  std::optional<std::int64_t> ignore_index = {};  ///< a label whose samples count nothing; may be outside [0, K)
  std::optional<Var> class_weight = {};           ///< w, [K]
  std::ptrdiff_t axis = -1;                       ///< of the classes
  bool check_targets = true;
  Var operator()(const Var& log_probabilities, const Var& labels) const;
};
XGRAD_FIELDS(Nll, ignore_index, class_weight, axis, check_targets)

/// Focal loss of K classes: what is classified well already counts less; one value for each sample, not reduced.
///
///     -(1 - p_y)^gamma ln p_y,   p = softmax(z)
///
/// \param logits  z, [..., K].
/// \param labels  y, int64 in [0, K), in the shape without the last axis.
/// \return        the shape of the labels, nats, >= 0. With gamma = 0 the cross-entropy.
/// \throws ShapeError  unless the labels have that shape, and if there are no classes.
/// \throws TypeError   for labels that are not int64.
/// \throws ValueError  if gamma is negative or not finite; for a label out of range (raised when evaluated).
/// \derivative  smooth to every order, also where p_y is 0 or 1.
/// \source  T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollar, Focal loss for dense object detection, 2017.
struct CategoricalFocal {
  static constexpr std::string_view name = "CategoricalFocal";
  double gamma = 2.0;  ///< >= 0
  bool check_targets = true;
  Var operator()(const Var& logits, const Var& labels) const;
};
XGRAD_FIELDS(CategoricalFocal, gamma, check_targets)

/// Poly-1: the cross-entropy with another first coefficient in its expansion in powers of 1 - p_y; one value for each
/// sample, not reduced.
///
///     -ln p_y + eps (1 - p_y),   p = softmax(z)
///
/// \param logits  z, [..., K].
/// \param target  int64 labels in [0, K) in the shape without the last axis, or probabilities in the shape of the
///                logits, under which the mean over y is taken.
/// \return        the shape without the last axis; nats.
/// \throws ShapeError  unless the target has one of these shapes, and if there are no classes.
/// \throws TypeError   for labels that are not int64.
/// \throws ValueError  if eps is not finite or below -1, where a worse prediction could cost less; for a label or a
///                     probability out of range (raised when evaluated).
/// \derivative  (1 + eps p_y) (softmax(z) - onehot(y)); smooth to every order.
/// \source  Z. Leng et al., PolyLoss: a polynomial expansion perspective of classification loss functions, 2022.
struct Poly1 {
  static constexpr std::string_view name = "Poly1";
  double eps = 1.0;  ///< >= -1
  bool check_targets = true;
  Var operator()(const Var& logits, const Var& target) const;
};
XGRAD_FIELDS(Poly1, eps, check_targets)

/// Cross-entropy that asks for larger margins of rare classes, for long-tailed data; one value for each sample, not
/// reduced. Predict with the logits as they are: the model then treats all classes as equally frequent.
///
///     CrossEntropy(z + tau ln pi, t)
///
/// \param logits  z, [..., K].
/// \param target  int64 labels in [0, K) in the shape without the last axis, or probabilities in the shape of the
///                logits.
/// \return        the shape without the last axis, nats.
/// \throws ShapeError  unless the target has one of these shapes and the prior is [K] or a number, and if there are no
///                     classes.
/// \throws TypeError   for labels that are not int64.
/// \throws ValueError  for a class whose prior is not positive and finite, for a label or a probability out of range
///                     (raised when evaluated).
/// \derivative  softmax(z + tau ln pi) - onehot(y); smooth to every order.
/// \source  A. K. Menon et al., Long-tail learning via logit adjustment, 2021, equation 10.
struct LogitAdjusted {
  static constexpr std::string_view name = "LogitAdjusted";
  Var prior = 1.0;   ///< pi, [K], frequencies of the classes, > 0; they need not sum to 1. A number: all equal.
  double tau = 1.0;  ///< strength; 0 is the plain cross-entropy
  bool check_targets = true;
  Var operator()(const Var& logits, const Var& target) const;
};
XGRAD_FIELDS(LogitAdjusted, prior, tau, check_targets)

/// Brier score: squared distance of the probabilities from the target; one value for each sample, not reduced.
///
///     sum_k (p_k - t_k)^2,   p = softmax(z)
///
/// \param logits  z, [..., K].
/// \param target  int64 labels in [0, K) in the shape without the last axis, or probabilities in the shape of the
///                logits.
/// \return        the shape without the last axis; in [0, 2].
/// \throws ShapeError  unless the target has one of these shapes, and if there are no classes.
/// \throws TypeError   for labels that are not int64.
/// \throws ValueError  for a label or a probability out of range (raised when evaluated).
/// \derivative  2 p_k (d_k - sum_j p_j d_j), d = p - t; smooth to every order. It vanishes where the model is sure and
///              wrong.
/// \source  G. W. Brier, Verification of forecasts expressed in terms of probability, 1950.
struct Brier {
  static constexpr std::string_view name = "Brier";
  bool check_targets = true;
  Var operator()(const Var& logits, const Var& target) const;
};
XGRAD_FIELDS(Brier, check_targets)

}  // namespace xgrad::loss

#pragma GCC visibility pop
