// One of K classes where labels may be wrong: losses of softmax that grow slowly, or are bounded.
#pragma once

#include <cstdint>
#include <string_view>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Generalised cross-entropy: between the cross-entropy (q -> 0) and the mean absolute error of the probabilities
/// (q = 1), and bounded by 1/q; one value for each sample, not reduced.
///
///     (1 - p_y^q) / q,   p = softmax(z)
///
/// \param logits  z, [..., K].
/// \param target  int64 labels in [0, K) in the shape without the last axis, or probabilities in the shape of the
///                logits, under which the mean over y is taken.
/// \return        the shape without the last axis; in [0, 1/q].
/// \throws ShapeError  unless the target has one of these shapes, and if there are no classes.
/// \throws TypeError   for labels that are not int64.
/// \throws ValueError  unless 0 < q <= 1; for a label or a probability out of range (raised when evaluated).
/// \derivative  p_y^q (softmax(z) - onehot(y)); smooth to every order.
/// \source  Z. Zhang and M. R. Sabuncu, Generalized cross entropy loss for training deep neural networks with noisy
///          labels, 2018.
struct GeneralizedCrossEntropy {
  static constexpr std::string_view name = "GeneralizedCrossEntropy";
  double q = 0.7;  ///< in (0, 1]
  bool check_targets = true;
  Var operator()(const Var& logits, const Var& target) const;
};
XGRAD_FIELDS(GeneralizedCrossEntropy, q, check_targets)

/// Symmetric cross-entropy: the cross-entropy, and that of the roles exchanged, which is bounded; one value for each
/// sample, not reduced.
///
///     -alpha sum_k t_k ln p_k - beta sum_k p_k max(ln t_k, log_zero),   p = softmax(z)
///
/// With labels this is -alpha ln p_y - beta log_zero (1 - p_y).
///
/// \param logits  z, [..., K].
/// \param target  int64 labels in [0, K) in the shape without the last axis, or probabilities in the shape of the
///                logits.
/// \return        the shape without the last axis, >= 0.
/// \throws ShapeError  unless the target has one of these shapes, and if there are no classes.
/// \throws TypeError   for labels that are not int64.
/// \throws ValueError  if alpha or beta is negative, log_zero positive or one of them not finite; for a label or a
///                     probability out of range (raised when evaluated).
/// \derivative  (alpha - beta log_zero p_y) (softmax(z) - onehot(y)); smooth to every order.
/// \source  Y. Wang et al., Symmetric cross entropy for robust learning with noisy labels, 2019.
struct SymmetricCrossEntropy {
  static constexpr std::string_view name = "SymmetricCrossEntropy";
  double alpha = 0.1;      ///< of the cross-entropy, >= 0
  double beta = 1.0;       ///< of the reverse one, >= 0
  double log_zero = -4.0;  ///< stands for ln 0, <= 0
  bool check_targets = true;
  Var operator()(const Var& logits, const Var& target) const;
};
XGRAD_FIELDS(SymmetricCrossEntropy, alpha, beta, log_zero, check_targets)

/// Bi-tempered logistic loss: a bounded loss (t1 < 1) of probabilities with heavy tails (t2 > 1); one value for each
/// sample, not reduced.
///
///     sum_k t_k (log_t1 t_k - log_t1 p_k) - (t_k^(2 - t1) - p_k^(2 - t1)) / (2 - t1)
///     p_k = exp_t2(z_k - lambda(z)), with lambda such that sum_k p_k = 1
///     log_t(x) = (x^(1 - t) - 1) / (1 - t),   exp_t(x) = [1 + (1 - t) x]_+^(1 / (1 - t))
///
/// t1 = t2 = 1 is the cross-entropy (less the entropy of the target).
///
/// \param logits  z, [..., K].
/// \param target  int64 labels in [0, K) in the shape without the last axis, or probabilities in the shape of the
///                logits.
/// \return        the shape without the last axis, >= 0 but for rounding.
/// \throws ShapeError  unless the target has one of these shapes, and if there are no classes.
/// \throws TypeError   for labels that are not int64.
/// \throws ValueError  unless 0 <= t1 <= 1 <= t2, finite, and iterations is in [0, 10000]; for a label or a
///                     probability out of range (raised when evaluated).
/// \derivative  exact up to the third order, whatever the number of iterations, once these have converged.
/// \source  E. Amid, M. K. Warmuth, R. Anil and T. Koren, Robust bi-tempered logistic loss based on Bregman
///          divergences, 2019.
struct BiTempered {
  static constexpr std::string_view name = "BiTempered";
  double t1 = 0.8;              ///< in [0, 1]
  double t2 = 1.2;              ///< >= 1
  std::int64_t iterations = 5;  ///< Newton steps for lambda before the last two, at most 10000
  bool check_targets = true;
  Var operator()(const Var& logits, const Var& target) const;
};
XGRAD_FIELDS(BiTempered, t1, t2, iterations, check_targets)

}  // namespace xgrad::loss

#pragma GCC visibility pop
