#include <xgrad/loss/classification_binary.hpp>

#include <cmath>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "arguments.hpp"
#include "ops/internal.hpp"

namespace xgrad::loss {
namespace {

using detail::as_floating;

/// Targets in the element type of the scores.
Var read_target(std::string_view loss, const Requirement& requirement, const Var& scores, const Var& target,
                bool check) {
  require_same_shape(loss, scores, target);
  const Var t = as_floating(target, scores);
  return check ? checked(t, t >= 0.0 && t <= 1.0, requirement) : t;
}

Var read_pos_weight(const Var& weight, const Var& logits, bool check) {
  static const Requirement requirement("BinaryCrossEntropy: pos_weight {} is negative or not a number");
  if (!xgrad::detail::broadcasts_to(weight.shape(), logits.shape())) {
    throw ShapeError("BinaryCrossEntropy: pos_weight is " + to_string(weight.shape()) + " and the prediction is " +
                     to_string(logits.shape()) + "; it must be a number, or one for each label along the last axis");
  }
  return detail::not_negative(cast(weight, logits.dtype()), check, requirement);
}

/// ln x, cut off at -100. Below 10^-12 the derivative stays 10^12, to tell an optimiser the way out.
Var cut_log(const Var& x, const Var& log_x) {
  constexpr double least = 1e-12;
  const Var value = stop_gradient(maximum(log_x, -100.0));
  return where(x < least, value + (x - stop_gradient(x)) / least, log_x);
}

}  // namespace

Var BinaryCrossEntropy::operator()(const Var& logits, const Var& target) const {
  if (pos_weight) detail::require_usable(name, *pos_weight);
  detail::require_usable(name, logits);
  static const Requirement requirement("BinaryCrossEntropy: the target {} is outside [0, 1]");
  const Var z = as_floating(logits);
  const Var t = read_target(name, requirement, z, target, check_targets);
  // Not softplus(z) - t z: where the prediction is right and sure, that is a difference of large numbers.
  const Var positives = t * softplus(-z);
  const Var negatives = (1.0 - t) * softplus(z);
  return pos_weight ? read_pos_weight(*pos_weight, z, check_targets) * positives + negatives : positives + negatives;
}

Var BinaryCrossEntropyProbability::operator()(const Var& prediction, const Var& target) const {
  detail::require_usable(name, prediction);
  static const Requirement prediction_requirement("BinaryCrossEntropyProbability: the prediction {} is outside [0, 1]");
  static const Requirement target_requirement("BinaryCrossEntropyProbability: the target {} is outside [0, 1]");
  const Var given = as_floating(prediction);
  const Var t = read_target(name, target_requirement, given, target, check_targets);
  const Var p = check_targets ? checked(given, given >= 0.0 && given <= 1.0, prediction_requirement) : given;
  return (t - 1.0) * cut_log(1.0 - p, log1p(-p)) - t * cut_log(p, log(p));
}

Var Focal::operator()(const Var& logits, const Var& target) const {
  detail::require_usable(name, logits);
  require_setting(name, "gamma", gamma, gamma >= 0.0 && std::isfinite(gamma), "it must be finite and not negative");
  if (alpha) require_setting(name, "alpha", *alpha, *alpha >= 0.0 && *alpha <= 1.0, "it must be in [0, 1]");
  static const Requirement requirement("Focal: the target {} is outside [0, 1]");
  const Var z = as_floating(logits);
  const Var t = read_target(name, requirement, z, target, check_targets);
  // The powers of p and 1 - p as exponentials of -softplus: neither is 0, where a power has no derivative.
  const Var no = softplus(z);    // -ln(1 - p)
  const Var yes = softplus(-z);  // -ln p
  return alpha.value_or(1.0) * t * exp(-gamma * no) * yes +
         (1.0 - alpha.value_or(0.0)) * (1.0 - t) * exp(-gamma * yes) * no;
}

Var AsymmetricLoss::operator()(const Var& logits, const Var& target) const {
  detail::require_usable(name, logits);
  require_setting(name, "gamma_positive", gamma_positive, gamma_positive >= 0.0 && std::isfinite(gamma_positive),
                  "it must be finite and not negative");
  require_setting(name, "gamma_negative", gamma_negative, gamma_negative >= 0.0 && std::isfinite(gamma_negative),
                  "it must be finite and not negative");
  require_setting(name, "margin", margin, margin >= 0.0 && margin < 1.0, "it must be in [0, 1)");
  static const Requirement requirement("AsymmetricLoss: the target {} is outside [0, 1]");
  const Var z = as_floating(logits);
  const Var t = read_target(name, requirement, z, target, check_targets);
  const Var no = softplus(z);
  const Var yes = softplus(-z);
  const Var positive = exp(-gamma_positive * no) * yes;
  if (margin == 0.0) return t * positive + (1.0 - t) * exp(-gamma_negative * yes) * no;
  const Var q = sigmoid(z) - margin;
  // 1 - q = sigmoid(-z) + margin, which loses nothing where q is near 1.
  const Var log_rest = where(q > 0.5, log(sigmoid(-z) + margin), log1p(-q));
  const Var negative = where(q > 0.0, pow(q, gamma_negative) * -log_rest, zeros_like(q));
  return t * positive + (1.0 - t) * negative;
}

}  // namespace xgrad::loss
