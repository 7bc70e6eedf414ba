#include <xgrad/loss/classification.hpp>

#include <cmath>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "arguments.hpp"
#include "loss/classes.hpp"

namespace xgrad::loss {
namespace {

using classes::Classes;
using classes::TargetRequirements;

/// Along the axis of the classes.
Var spread(const Classes& c, const Var& numbers) {
  Shape shape(c.scores.dimension(), 1);
  shape[static_cast<std::size_t>(c.axis)] = c.count;
  return reshape(numbers, Strides(shape));
}

Var cross_entropy(const Classes& c) {
  return classes::expected(c, [](const Var& nll) { return nll; });
}

}  // namespace

Var CrossEntropy::operator()(const Var& logits, const Var& target) const {
  if (class_weight) detail::require_usable(name, *class_weight);
  static const TargetRequirements requirements(name);
  Classes c = classes::read_targets(requirements, logits, target, {axis, check_targets, ignore_index});
  if (!class_weight) return without_classes(c, cross_entropy(c));
  const Var weights = classes::weight_of_each(name, "class_weight", *class_weight, c.scores, c.axis, check_targets);
  if (c.labelled) return without_classes(c, take(weights, c.labels, 0) * cross_entropy(c));
  c.probabilities = spread(c, weights) * c.probabilities;
  return without_classes(c, cross_entropy(c));
}

Var Nll::operator()(const Var& log_probabilities, const Var& labels) const {
  static const TargetRequirements requirements(name);
  const Classes c = classes::read_labels(requirements, log_probabilities, labels, {axis, check_targets, ignore_index});
  const Var values = -at_label(c, c.scores);
  if (!class_weight) return without_classes(c, values);
  return without_classes(
      c,
      take(classes::weight_of_each(name, "class_weight", *class_weight, c.scores, c.axis, check_targets), c.labels, 0) *
          values);
}

Var CategoricalFocal::operator()(const Var& logits, const Var& labels) const {
  require_setting(name, "gamma", gamma, gamma >= 0.0 && std::isfinite(gamma), "it must be finite and not negative");
  static const TargetRequirements requirements(name);
  const Classes c = classes::read_labels(requirements, logits, labels, {.check = check_targets});
  // 1 - p_y = exp(-softplus(odds)); as a power it would have infinite derivatives where it is 0.
  const Var odds = log_odds(c, at_label(c, c.scores));
  return without_classes(c, exp(-gamma * softplus(odds)) * softplus(-odds));
}

Var Poly1::operator()(const Var& logits, const Var& target) const {
  require_setting(name, "eps", eps, eps >= -1.0 && std::isfinite(eps), "it must be finite and at least -1");
  static const TargetRequirements requirements(name);
  const Classes c = classes::read_targets(requirements, logits, target, {.check = check_targets});
  return without_classes(c, expected(c, [&](const Var& nll) { return nll - eps * expm1(-nll); }));
}

Var LogitAdjusted::operator()(const Var& logits, const Var& target) const {
  detail::require_usable(name, prior);
  require_setting(name, "tau", tau, std::isfinite(tau), "it must be finite");
  static const TargetRequirements requirements(name);
  static const Requirement positive("LogitAdjusted: the prior {} is not positive and finite");
  Classes c = classes::read_targets(requirements, logits, target, {.check = check_targets});
  const Var frequencies = checked(prior, prior > 0.0 && prior < std::numeric_limits<double>::infinity(), positive);
  if (prior.dimension() > 0) {
    c.scores = c.scores + tau * spread(c, log(classes::number_of_each(name, "prior", frequencies, c.scores, c.axis)));
  } else {
    c.scores = c.scores + tau * cast(log(frequencies), c.scores.dtype());
  }
  return without_classes(c, cross_entropy(c));
}

Var Brier::operator()(const Var& logits, const Var& target) const {
  static const TargetRequirements requirements(name);
  const Classes c = classes::read_targets(requirements, logits, target, {.check = check_targets});
  const Var log_p = log_probabilities(c);
  // A sure p beside 1 has no digits, ln p has.
  if (c.labelled) {
    const Var others = where(is_label(c), 0.0, exp(log_p));
    return without_classes(c, sum_classes(c, square(others)) + square(expm1(at_label(c, log_p))));
  }
  const Var& t = c.probabilities;
  return without_classes(c, sum_classes(c, square(where(t > 0.5, expm1(log_p) + (1.0 - t), exp(log_p) - t))));
}

}  // namespace xgrad::loss
