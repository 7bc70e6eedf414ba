#include <xgrad/loss/classification_angular.hpp>

#include <cmath>
#include <numbers>

#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "loss/classes.hpp"

namespace xgrad::loss {
namespace {

using classes::Classes;
using classes::TargetRequirements;

/// Cosines come of products of vectors, whose rounding may carry them beyond 1. What is not normalised is far beyond.
Classes read_cosines(const TargetRequirements& requirements, const Requirement& range, const Var& cosines,
                     const Var& labels, bool check) {
  Classes c = classes::read_labels(requirements, cosines, labels, {.check = check});
  if (check) c.scores = checked(c.scores, abs(c.scores) <= 1.001, range);
  return c;
}

/// sqrt(1 - c^2), 0 beyond 1; with the derivative 0 instead of an infinite one where it is 0.
Var sine(const Var& cosine) {
  const Var square = (1.0 - cosine) * (1.0 + cosine);
  return where(square > 1e-12, sqrt(square), stop_gradient(sqrt(maximum(square, 0.0))));
}

/// Cross-entropy of scale times the cosines, with another one for the label.
Var scaled_cross_entropy(Classes c, const Var& own, double scale) {
  c.scores = scale * c.scores;
  return without_classes(c, softplus(-log_odds(c, scale * own)));
}

}  // namespace

Var ArcFace::operator()(const Var& cosines, const Var& labels) const {
  require_setting(name, "margin", margin, margin >= 0.0 && margin < std::numbers::pi, "it must be in [0, pi)");
  require_setting(name, "scale", scale, scale > 0.0 && std::isfinite(scale), "it must be positive and finite");
  static const TargetRequirements requirements(name);
  static const Requirement range("ArcFace: the cosine {} is outside [-1, 1]");
  const Classes c = read_cosines(requirements, range, cosines, labels, check_targets);
  const Var own = at_label(c, c.scores);
  const Var turned = std::cos(margin) * own - std::sin(margin) * sine(own);
  const Var moved = easy_margin ? where(own > 0.0, turned, own)
                                : where(own > -std::cos(margin), turned, own - margin * std::sin(margin));
  return scaled_cross_entropy(c, moved, scale);
}

Var CosFace::operator()(const Var& cosines, const Var& labels) const {
  require_setting(name, "margin", margin, margin >= 0.0 && std::isfinite(margin), "it must be finite and not negative");
  require_setting(name, "scale", scale, scale > 0.0 && std::isfinite(scale), "it must be positive and finite");
  static const TargetRequirements requirements(name);
  static const Requirement range("CosFace: the cosine {} is outside [-1, 1]");
  const Classes c = read_cosines(requirements, range, cosines, labels, check_targets);
  return scaled_cross_entropy(c, at_label(c, c.scores) - margin, scale);
}

}  // namespace xgrad::loss
