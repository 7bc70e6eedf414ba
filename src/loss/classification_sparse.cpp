#include <xgrad/loss/classification_sparse.hpp>

#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/order.hpp>

#include "loss/classes.hpp"
#include "loss/tempered.hpp"

namespace xgrad::loss {
namespace {

using classes::Classes;
using classes::TargetRequirements;

/// Where sparsemax is positive: the k largest elements, for the last k with 1 + k x_(k) > x_(1) + ... + x_(k).
Var sparsemax_support(const Var& x) {
  const Var fixed = stop_gradient(x);
  const Var sorted = sort(fixed, -1, Order::Descending);
  const Var ranks = cumsum(ones_like(fixed));
  const Var kept = 1.0 + ranks * sorted > cumsum(sorted);
  const Var total = sum(where(kept, sorted, zeros_like(sorted)), -1, keep_dims);
  return fixed > (total - 1.0) / sum(cast(kept, x.dtype()), -1, keep_dims);
}

/// Omega*(z) + Omega(t) - <t, z>, from Omega*(z) = lambda + conjugate and the rest.
///
/// z are the scores less the largest one: a number added to all of them adds the same to lambda, and is lost in
/// lambda - z.
Var fenchel_young(const Classes& c, const Var& largest, const Var& lambda, const Var& conjugate, double alpha) {
  if (c.labelled) return lambda - (at_label(c, c.scores) - largest) + conjugate;
  const Var& t = c.probabilities;
  const Var omega = tempered::times_log(t, 2.0 - alpha) / alpha;
  return conjugate + sum_classes(c, weighed(c, lambda - (c.scores - largest)) + omega);
}

}  // namespace

Var Sparsemax::operator()(const Var& logits, const Var& target) const {
  static const TargetRequirements requirements(name);
  const Classes c = classes::read_targets(requirements, logits, target, {.check = check_targets});
  const Var largest = largest_score(c, c.scores);
  const Var x = c.scores - largest;
  const Var support = sparsemax_support(x);
  const Var zeros = zeros_like(x);
  const Var tau = (sum_classes(c, where(support, x, zeros)) - 1.0) / sum_classes(c, cast(support, x.dtype()));
  const Var p = where(support, x - tau, zeros);
  return without_classes(c, fenchel_young(c, largest, tau + 1.0, 0.5 * (sum_classes(c, square(p)) - 1.0), 2.0));
}

Var FenchelYoung::operator()(const Var& logits, const Var& target) const {
  require_setting(name, "alpha", alpha, alpha >= 1.0 && alpha <= 2.0, "it must be in [1, 2]");
  static const TargetRequirements requirements(name);
  const Classes c = classes::read_targets(requirements, logits, target, {.check = check_targets});
  const Var largest = largest_score(c, c.scores);
  const Var x = c.scores - largest;
  // The maximiser is p = exp_t(x - lambda) with t = 2 - alpha, and by duality
  //     Omega*(x) = min over lambda of lambda + sum_k (p_k u_k - 1 / K) / alpha,   u = p^(alpha - 1).
  // The derivative with respect to lambda is 0 there, so an error of lambda counts as its square, and the second
  // derivative needs but the first one of lambda.
  const double t = 2.0 - alpha;
  // The Shannon entropy: p adds up to 1, and 1 - 1 would be the rounding errors of the sum.
  if (alpha == 1.0) {
    const Var log_total = tempered::normaliser(x, t, 0, 0);
    return without_classes(c, fenchel_young(c, largest, log_total, zeros_like(log_total), alpha));
  }
  const Var lambda = tempered::normaliser(x, t, alpha > 1.5 ? 11 : 7, 1);
  const Var u = tempered::base(x - lambda, t);
  const Var p = tempered::power(x - lambda, u, t);
  const Var conjugate = (sum_classes(c, where(p > 0.0, p * u, zeros_like(p))) - 1.0) / alpha;
  return without_classes(c, fenchel_young(c, largest, lambda, conjugate, alpha));
}

}  // namespace xgrad::loss
