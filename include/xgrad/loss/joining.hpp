// Losses that join others: several tasks, a student's two teachers.
#pragma once

#include <string_view>
#include <type_traits>
#include <vector>

#include <xgrad/loss/contract.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Several losses as one, each divided by a variance that is learnt with the model: no factors to tune by hand.
///
///     sum_i (exp(-s[i]) loss[i] + s[i]) / 2,   s = log_variances
///
/// The terms s keep the variances from growing without bound; s[i] settles at ln(loss[i]). A squared error e^2 enters
/// without a factor (Mse, not HalfSquared), a cross-entropy doubled, because its likelihood has no 1/2.
/// \param losses  as many numbers as log_variances has elements: reduce each, such as mean(Mse{}(p, t)).
/// \return        a number; it can be negative.
/// \throws ShapeError  unless log_variances is [K] and the losses are K scalars.
/// \derivative  exp(-s) / 2 for each loss, (1 - exp(-s) loss) / 2 for each s; smooth to every order.
/// \source  A. Kendall, Y. Gal, R. Cipolla, Multi-task learning using uncertainty to weigh losses for scene geometry
///          and semantics, 2018, equations 7 and 10.
struct UncertaintyWeighting {
  static constexpr std::string_view name = "UncertaintyWeighting";
  Var log_variances;  ///< [K], trainable; start with zeros: xt::zeros<double>({2})

  Var operator()(const std::vector<Var>& losses) const;
  template <class... L>
  requires(sizeof...(L) > 0 && (std::is_convertible_v<const L&, Var> && ...)) Var operator()(const L&... losses) const {
    return (*this)(std::vector<Var>{Var(losses)...});
  }
};
XGRAD_FIELDS(UncertaintyWeighting, log_variances)

/// A small model learns from a large one's probabilities beside the labels; not reduced.
///
///     loss[n] = alpha T^2 KL(q, p) + (1 - alpha) (logsumexp(student[n, :]) - student[n, labels[n]])
///     q = softmax(teacher[n, :] / T),   p = softmax(student[n, :] / T)
///
/// KL(q, p) = sum_k q_k (ln q_k - ln p_k) is the cross-entropy of the paper less the teacher's entropy, which the
/// student cannot change: 0 when it agrees with the teacher. T^2 keeps both gradients of one size for all T.
/// \param student  [..., K] logits.
/// \param teacher  [..., K] logits; no derivative flows there.
/// \param labels   [...] integers in [0, K).
/// \return         [...] nats, >= 0.
/// \throws ShapeError  unless the shapes are these; TypeError unless labels are int64.
/// \throws ValueError  unless 0 < temperature < infinity and alpha is in [0, 1]; for a label out of range (raised when
///                     evaluated).
/// \derivative  alpha T (p - q) + (1 - alpha) (softmax(student) - one_hot(labels)); smooth to every order.
/// \source  G. Hinton, O. Vinyals, J. Dean, Distilling the knowledge in a neural network, 2015, section 2.
struct Distillation {
  static constexpr std::string_view name = "Distillation";
  double temperature = 2.0;   ///< T > 0, finite: the higher, the more the small probabilities count
  double alpha = 0.5;         ///< the teacher's share, in [0, 1]
  bool check_targets = true;  ///< whether labels out of range are refused

  Var operator()(const Var& student, const Var& teacher, const Var& labels) const;
};
XGRAD_FIELDS(Distillation, temperature, alpha, check_targets)

}  // namespace xgrad::loss

#pragma GCC visibility pop
