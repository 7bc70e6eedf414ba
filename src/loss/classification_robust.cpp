#include <xgrad/loss/classification_robust.hpp>

#include <cmath>

#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "arguments.hpp"
#include "loss/classes.hpp"
#include "loss/tempered.hpp"
#include "near_zero.hpp"

namespace xgrad::loss {

using classes::Classes;
using classes::TargetRequirements;

namespace {

/// (p^(2 - t) - 1) / (2 - t) - log_t(p), from ln p. Both begin with ln p, and next to p = 1 nothing else would be left
/// of their digits.
Var of_sure(const Var& log_p, double t) {
  const Var first = detail::exp_less_line((2.0 - t) * log_p) / (2.0 - t);
  return t == 1.0 ? first : first - detail::exp_less_line((1.0 - t) * log_p) / (1.0 - t);
}

}  // namespace

Var GeneralizedCrossEntropy::operator()(const Var& logits, const Var& target) const {
  require_setting(name, "q", q, q > 0.0 && q <= 1.0, "it must be in (0, 1]");
  static const TargetRequirements requirements(name);
  const Classes c = classes::read_targets(requirements, logits, target, {.check = check_targets});
  return without_classes(c, expected(c, [&](const Var& nll) { return expm1(-q * nll) / -q; }));
}

Var SymmetricCrossEntropy::operator()(const Var& logits, const Var& target) const {
  require_setting(name, "alpha", alpha, alpha >= 0.0 && std::isfinite(alpha), "it must be finite and not negative");
  require_setting(name, "beta", beta, beta >= 0.0 && std::isfinite(beta), "it must be finite and not negative");
  require_setting(name, "log_zero", log_zero, log_zero <= 0.0 && std::isfinite(log_zero),
                  "it must be finite and not positive");
  static const TargetRequirements requirements(name);
  const Classes c = classes::read_targets(requirements, logits, target, {.check = check_targets});
  if (c.labelled) {
    return without_classes(c, expected(c, [&](const Var& nll) { return alpha * nll + beta * log_zero * expm1(-nll); }));
  }
  const Var log_p = log_probabilities(c);
  const Var& t = c.probabilities;
  const Var log_t = where(t > std::exp(log_zero), log(t), full_like(t, log_zero));
  return without_classes(c, sum_classes(c, -alpha * weighed(c, log_p) - beta * (exp(log_p) * log_t)));
}

Var BiTempered::operator()(const Var& logits, const Var& target) const {
  require_setting(name, "t1", t1, t1 >= 0.0 && t1 <= 1.0, "it must be in [0, 1]");
  require_setting(name, "t2", t2, t2 >= 1.0 && std::isfinite(t2), "it must be finite and at least 1");
  detail::require_iterations(name, iterations, 0);
  static const TargetRequirements requirements(name);
  const Classes c = classes::read_targets(requirements, logits, target, {.check = check_targets});
  const Var largest = largest_score(c, c.scores);
  const Var scores = c.scores - largest;
  // Second derivatives of the loss need those of lambda.
  const Var lambda = tempered::normaliser(scores, t2, static_cast<int>(iterations), 2);
  // ln p, because powers of p itself would underflow: log_t1 p has an infinite derivative at p = 0.
  const auto log_p = [&](const Var& x) {
    return t2 == 1.0 ? x - lambda : log1p((t2 - 1.0) * (lambda - x)) / (1.0 - t2);
  };
  const Var all = log_p(scores);
  const double power = 2.0 - t1;
  if (c.labelled) {
    const Var others = where(is_label(c), 0.0, exp(power * all));
    return without_classes(c, sum_classes(c, others) / power + of_sure(at_label(c, all), t1));
  }
  const Var& t = c.probabilities;
  const Var is_sure = t > 0.5;
  const Var sure_t = where(is_sure, t, 1.0);
  const Var sure_log_p = where(is_sure, all, 0.0);
  const Var sure = of_sure(sure_log_p, t1) + (1.0 - sure_t) * tempered::log_of_exp(sure_log_p, t1) +
                   tempered::times_log(sure_t, t1) - expm1(power * log(sure_t)) / power;
  const Var powers = where(t > 0.0, pow(t, power), zeros_like(t));
  const Var plain =
      tempered::times_log(t, t1) - t * tempered::log_of_exp(all, t1) + (exp(power * all) - powers) / power;
  return without_classes(c, sum_classes(c, where(is_sure, sure, plain)));
}

}  // namespace xgrad::loss
