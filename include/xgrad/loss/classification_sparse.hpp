// One of K classes by probabilities many of which are exactly 0.
#pragma once

#include <string_view>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Sparsemax loss; one value for each sample, not reduced. It is 0 once z_y leads all others by 1. FenchelYoung with
/// alpha = 2, by sorting.
///
///     -z_y + (sum over k in S of (z_k^2 - tau^2) + 1) / 2,   S = {k: z_k > tau}
///
/// tau is such that p = sparsemax(z) = max(z - tau, 0) sums to 1. With probabilities t, and p for t:
///
///     sum_k t_k (tau + 1 - z_k) + (sum_k p_k^2 - 1) / 2 + sum_k (t_k^2 - t_k) / 2
///
/// \param logits  z, [..., K].
/// \param target  int64 labels in [0, K) in the shape without the last axis, or probabilities in the shape of the
///                logits, which shall sum to 1.
/// \return        the shape without the last axis, >= 0.
/// \throws ShapeError  unless the target has one of these shapes, and if there are no classes.
/// \throws TypeError   for labels that are not int64.
/// \throws ValueError  for a label or a probability out of range (raised when evaluated).
/// \derivative  sparsemax(z) - onehot(y); the second one is that of the support S, piecewise constant.
/// \source  A. F. T. Martins and R. F. Astudillo, From softmax to sparsemax, 2016, section 3.
struct Sparsemax {
  static constexpr std::string_view name = "Sparsemax";
  bool check_targets = true;
  Var operator()(const Var& logits, const Var& target) const;
};
XGRAD_FIELDS(Sparsemax, check_targets)

/// Fenchel-Young loss of the Tsallis entropy of order alpha (the loss of alpha-entmax); one value for each sample, not
/// reduced. alpha = 1 has softmax and is the cross-entropy of labels, alpha = 2 is Sparsemax, and between them the
/// probabilities are the sparser the larger alpha is.
///
///     Omega*(z) + Omega(t) - sum_k t_k z_k,   Omega(p) = (sum_k p_k^alpha - 1) / (alpha (alpha - 1))
///
/// Omega* is the convex conjugate over all probabilities p; Omega is sum_k p_k ln p_k for alpha = 1.
///
/// \param logits  z, [..., K].
/// \param target  int64 labels in [0, K) in the shape without the last axis, or probabilities in the shape of the
///                logits, which shall sum to 1.
/// \return        the shape without the last axis, >= 0, and 0 only if the probabilities of z are the target.
/// \throws ShapeError  unless the target has one of these shapes, and if there are no classes.
/// \throws TypeError   for labels that are not int64.
/// \throws ValueError  unless 1 <= alpha <= 2; for a label or a probability out of range (raised when evaluated).
/// \derivative  entmax_alpha(z) - t; exact to the second order.
/// \source  M. Blondel, A. F. T. Martins and V. Niculae, Learning with Fenchel-Young losses, 2020, sections 3 and 4;
///          B. Peters, V. Niculae and A. F. T. Martins, Sparse sequence-to-sequence models, 2019.
struct FenchelYoung {
  static constexpr std::string_view name = "FenchelYoung";
  double alpha = 1.5;  ///< in [1, 2]
  bool check_targets = true;
  Var operator()(const Var& logits, const Var& target) const;
};
XGRAD_FIELDS(FenchelYoung, alpha, check_targets)

}  // namespace xgrad::loss

#pragma GCC visibility pop
