#include <xgrad/loss/classification_ordinal.hpp>

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

Var read_thresholds(const Var& thresholds, const Var& score) {
  if (thresholds.dimension() > 1) {
    throw ShapeError("Ordinal: thresholds are " + to_string(thresholds.shape()) +
                     "; they must be [K - 1], one between each class and the next");
  }
  static const Requirement requirement("Ordinal: a threshold is {}; it must be a number");
  const Var c = cast(reshape(thresholds, {-1}), score.dtype());
  return checked(c, equal(c, c), requirement);
}

Var read_labels(const Var& score, const Var& labels, std::int64_t classes, bool check) {
  static const Requirement requirement("Ordinal: the label {} is outside [0, {})");
  require_same_shape("Ordinal", score, labels, "score", "target");
  if (labels.dtype() != DType::Int64) {
    throw TypeError("Ordinal: the labels are " + std::string(name(labels.dtype())) + " " + to_string(labels.shape()) +
                    "; they must be int64");
  }
  return check ? checked(labels, labels >= 0 && labels < classes, requirement, classes) : labels;
}

/// c_{k+1} - c_k, for all thresholds but the last.
Var read_gaps(const Var& c) {
  static const Requirement requirement("Ordinal: the thresholds must increase, but two differ by {}");
  const Var gaps = view(c, xt::range(1, xt::placeholders::_)) - view(c, xt::range(xt::placeholders::_, -1));
  return checked(gaps, gaps > 0.0, requirement);
}

}  // namespace

Var Ordinal::operator()(const Var& score, const Var& labels) const {
  detail::require_usable(name, thresholds);
  detail::require_usable(name, score);
  const Var s = detail::as_floating(score);
  const Var c = read_thresholds(thresholds, s);
  const auto last = static_cast<std::int64_t>(c.size());
  const Var y = read_labels(s, labels, last + 1, check_targets);
  // With a the upper threshold less the score and b the lower one,
  //     sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - e^(b - a)),
  // three factors whose logarithms are exact, and the last depends on the thresholds alone.
  const Var zeros = zeros_like(s);
  if (last == 0) return zeros + 0.0 * cast(y, s.dtype());  // one class; the labels are checked all the same
  const Var above = take(c, minimum(y, last - 1), 0) - s;
  const Var below = take(c, maximum(y - 1, 0), 0) - s;
  Var loss = where(y < last, softplus(-above), zeros) + where(y > 0, softplus(below), zeros);
  if (last > 1) {
    const Var log_inside = log(-expm1(-read_gaps(c)));
    loss = loss - where(y > 0 && y < last, take(log_inside, clip(y - 1, 0, last - 2), 0), zeros);
  }
  return loss;
}

}  // namespace xgrad::loss
