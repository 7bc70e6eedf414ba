// Yes or no: a logit or a probability for each element. Several labels of one sample are so many such decisions.
#pragma once

#include <optional>
#include <string_view>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Binary cross-entropy of logits; element by element, not reduced. torch's BCEWithLogitsLoss, and the negative
/// log-likelihood of the Bernoulli distribution.
///
///     -w t ln p - (1 - t) ln(1 - p) = w t softplus(-z) + (1 - t) softplus(z),   p = sigmoid(z)
///
/// \param logits  z, any shape.
/// \param target  t in [0, 1], of the same shape; integers, booleans or numbers.
/// \return        the shape of the logits, nats, >= 0.
/// \throws ShapeError  unless both shapes are equal and pos_weight broadcasts to them.
/// \throws ValueError  for a target outside [0, 1], and a pos_weight that is negative or NaN (raised when evaluated).
/// \derivative  sigmoid(z) - t; smooth to every order.
/// \source  C. M. Bishop, Pattern Recognition and Machine Learning, 2006, equation 4.90.
struct BinaryCrossEntropy {
  static constexpr std::string_view name = "BinaryCrossEntropy";
  std::optional<Var> pos_weight = {};  ///< w, a number, or one for each label along the last axis; > 0
  bool check_targets = true;
  Var operator()(const Var& logits, const Var& target) const;
};
XGRAD_FIELDS(BinaryCrossEntropy, pos_weight, check_targets)

using BernoulliNll = BinaryCrossEntropy;

/// Binary cross-entropy of probabilities; element by element, not reduced. torch's BCELoss. BinaryCrossEntropy of
/// logits is more precise.
///
///     -t ln p - (1 - t) ln(1 - p),   both logarithms cut off at -100
///
/// \param prediction  p in [0, 1], any shape.
/// \param target      t in [0, 1], of the same shape; integers, booleans or numbers.
/// \return            the shape of the prediction, nats, in [0, 100].
/// \throws ShapeError  unless both shapes are equal.
/// \throws ValueError  for a prediction or target outside [0, 1] (raised when evaluated).
/// \derivative  (1 - t) / (1 - p) - t / p, with divisors of at least 10^-12; so at p = 0 it is -10^12 for t = 1, and 1
///              for t = 0, where torch has 0. The second derivative is 0 for a divisor that is less.
/// \source  C. M. Bishop, Pattern Recognition and Machine Learning, 2006, equation 4.90.
struct BinaryCrossEntropyProbability {
  static constexpr std::string_view name = "BinaryCrossEntropyProbability";
  bool check_targets = true;  ///< and predictions
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(BinaryCrossEntropyProbability, check_targets)

/// Focal loss: binary cross-entropy in which what is classified well already counts less, for few positives among many
/// easy negatives; element by element, not reduced.
///
///     -alpha t (1 - p)^gamma ln p - (1 - alpha) (1 - t) p^gamma ln(1 - p),   p = sigmoid(z)
///
/// \param logits  z, any shape.
/// \param target  t in [0, 1], of the same shape; integers, booleans or numbers.
/// \return        the shape of the logits, nats, >= 0.
/// \throws ShapeError  unless both shapes are equal.
/// \throws ValueError  if gamma is negative or not finite, or alpha outside [0, 1]; for a target outside [0, 1] (raised
///                     when evaluated).
/// \derivative  smooth to every order, also where p is 0 or 1.
/// \source  T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollar, Focal loss for dense object detection, 2017,
///          equation 5.
struct Focal {
  static constexpr std::string_view name = "Focal";
  double gamma = 2.0;                  ///< >= 0; 0 is the cross-entropy, weighted
  std::optional<double> alpha = 0.25;  ///< weight of the positives, in [0, 1]; none: both have the weight 1
  bool check_targets = true;
  Var operator()(const Var& logits, const Var& target) const;
};
XGRAD_FIELDS(Focal, gamma, alpha, check_targets)

/// Asymmetric loss, for many labels of which few are positive: negatives are focused harder than positives, and those
/// with a probability below the margin count nothing; element by element, not reduced. Sum over the labels of a sample
/// to have the loss of the paper.
///
///     -t (1 - p)^gamma_positive ln p - (1 - t) q^gamma_negative ln(1 - q),   p = sigmoid(z), q = max(p - margin, 0)
///
/// \param logits  z, any shape.
/// \param target  t in [0, 1], of the same shape; integers, booleans or numbers.
/// \return        the shape of the logits, nats, >= 0.
/// \throws ShapeError  unless both shapes are equal.
/// \throws ValueError  if a gamma is negative or not finite, or the margin outside [0, 1); for a target outside [0, 1]
///                     (raised when evaluated).
/// \derivative  that of the formula; 0 for negatives where p <= margin. With gamma_negative < 1 the second derivative
///              of negatives grows without bound above the margin.
/// \source  T. Ridnik et al., Asymmetric loss for multi-label classification, 2021, equations 4, 5 and 7.
struct AsymmetricLoss {
  static constexpr std::string_view name = "AsymmetricLoss";
  double gamma_positive = 1.0;  ///< >= 0
  double gamma_negative = 4.0;  ///< >= 0
  double margin = 0.05;         ///< in [0, 1)
  bool check_targets = true;
  Var operator()(const Var& logits, const Var& target) const;
};
XGRAD_FIELDS(AsymmetricLoss, gamma_positive, gamma_negative, margin, check_targets)

}  // namespace xgrad::loss

#pragma GCC visibility pop
