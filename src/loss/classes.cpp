#include "loss/classes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "arguments.hpp"
#include "ops/axes.hpp"
#include "ops/internal.hpp"

namespace xgrad::loss::classes {
namespace {

std::string as_text(std::string_view loss) { return std::string(loss) + ": "; }

Classes read_scores(const TargetRequirements& requirements, const Var& scores, std::ptrdiff_t axis) {
  const std::size_t along = xgrad::detail::normalize_axis(requirements.loss, axis, scores);
  const std::size_t count = scores.shape()[along];
  if (count == 0) {
    throw ShapeError(as_text(requirements.loss) + "the prediction is " + to_string(scores.shape()) +
                     ", which has no classes along axis " + std::to_string(along));
  }
  return {.scores = detail::as_floating(scores), .axis = static_cast<std::ptrdiff_t>(along), .count = count};
}

Shape shape_of_labels(const Classes& c) {
  return xgrad::detail::without_axes(c.scores.shape(), Shape{static_cast<std::size_t>(c.axis)});
}

void put_labels(Classes& c, const TargetRequirements& requirements, const Var& labels, const Reading& reading) {
  if (labels.dtype() != DType::Int64) {
    throw TypeError(as_text(requirements.loss) + "the labels are " + std::string(name(labels.dtype())) + " " +
                    to_string(labels.shape()) + "; they must be int64");
  }
  const auto classes = static_cast<std::int64_t>(c.count);
  Var positions = expand_dims(labels, c.axis);
  if (reading.ignore_index) {
    c.ignored = equal(positions, *reading.ignore_index);
    positions = where(c.ignored, zeros_like(positions), positions);
  }
  c.labels = reading.check ? checked(positions, positions >= 0 && positions < classes, requirements.label, classes)
                           : positions;
}

void put_probabilities(Classes& c, const TargetRequirements& requirements, const Var& target, const Reading& reading) {
  if (reading.ignore_index) {
    throw ValueError(as_text(requirements.loss) + "ignore_index is " + std::to_string(*reading.ignore_index) +
                     ", but the target " + to_string(target.shape()) +
                     " has probabilities; only labels can be ignored: mask the values instead");
  }
  c.labelled = false;
  const Var t = detail::as_floating(target, c.scores);
  c.probabilities = reading.check ? checked(t, t >= 0.0 && t <= 1.0, requirements.probability) : t;
}

}  // namespace

TargetRequirements::TargetRequirements(std::string_view loss_name)
    : loss(loss_name),
      label(as_text(loss_name) + "the label {} is outside [0, {})"),
      probability(as_text(loss_name) + "the target {} is outside [0, 1]") {}

Classes read_labels(const TargetRequirements& requirements, const Var& scores, const Var& labels,
                    const Reading& reading) {
  detail::require_usable(requirements.loss, labels);
  Classes c = read_scores(requirements, scores, reading.axis);
  const Shape wanted = shape_of_labels(c);
  if (labels.shape() != wanted) {
    throw ShapeError(as_text(requirements.loss) + "the prediction is " + to_string(scores.shape()) +
                     " and the target is " + to_string(labels.shape()) + "; the target must be int64 labels " +
                     to_string(wanted));
  }
  put_labels(c, requirements, labels, reading);
  return c;
}

Classes read_targets(const TargetRequirements& requirements, const Var& scores, const Var& target,
                     const Reading& reading) {
  detail::require_usable(requirements.loss, target);
  Classes c = read_scores(requirements, scores, reading.axis);
  const Shape wanted = shape_of_labels(c);
  if (target.shape() == wanted) {
    put_labels(c, requirements, target, reading);
  } else if (target.shape() == scores.shape()) {
    put_probabilities(c, requirements, target, reading);
  } else {
    throw ShapeError(as_text(requirements.loss) + "the prediction is " + to_string(scores.shape()) +
                     " and the target is " + to_string(target.shape()) + "; the target must be int64 labels " +
                     to_string(wanted) + " or probabilities " + to_string(scores.shape()));
  }
  return c;
}

Var sum_classes(const Classes& c, const Var& x) { return sum(x, c.axis, keep_dims); }

Var weighed(const Classes& c, const Var& x) {
  const Var terms = c.probabilities * x;
  // Not for every t = 0: the derivative with respect to t would be lost.
  const Var none = equal(c.probabilities, 0.0) && equal(c.scores, -std::numeric_limits<double>::infinity());
  return where(none, zeros_like(terms), terms);
}

Var at_label(const Classes& c, const Var& x) { return take_along_axis(x, c.labels, c.axis); }

Var is_label(const Classes& c) {
  Shape shape(c.scores.dimension(), 1);
  shape[static_cast<std::size_t>(c.axis)] = c.count;
  auto positions = Array<std::int64_t>::from_shape(shape);
  for (std::size_t k = 0; k < c.count; ++k) positions.data()[k] = static_cast<std::int64_t>(k);
  return equal(Var(std::move(positions)), c.labels);
}

Var largest_score(const Classes& c, const Var& scores) {
  const Var largest = stop_gradient(amax(scores, c.axis, keep_dims));
  return where(abs(largest) < std::numeric_limits<double>::infinity(), largest, zeros_like(largest));
}

Var without_classes(const Classes& c, const Var& values) {
  const Var kept = c.ignored.defined() ? where(c.ignored, zeros_like(values), values) : values;
  return squeeze(kept, c.axis);
}

Var number_of_each(std::string_view loss, std::string_view setting, const Var& numbers, const Var& scores,
                   std::ptrdiff_t axis) {
  const Shape wanted{scores.shape(axis)};
  if (numbers.shape() != wanted) {
    throw ShapeError(as_text(loss) + std::string(setting) + " is " + to_string(numbers.shape()) +
                     " and the prediction is " + to_string(scores.shape()) + "; it must be " + to_string(wanted) +
                     ", one for each class");
  }
  return cast(numbers, scores.dtype());
}

Var weight_of_each(std::string_view loss, std::string_view setting, const Var& weights, const Var& scores,
                   std::ptrdiff_t axis, bool check) {
  const Requirement requirement(as_text(loss) + std::string(setting) + " {} is negative or not a number");
  return detail::not_negative(number_of_each(loss, setting, weights, scores, axis), check, requirement);
}

Var log_probabilities(const Classes& c) { return log_softmax(c.scores, c.axis); }

Var surprise(const Classes& c) {
  const auto of = [&c](const Var& scores, const Var& labels) {
    const Var shifted = scores - largest_score(c, scores);
    const Var own = take_along_axis(shifted, labels, c.axis);
    // 0 at the label and 1 elsewhere, written rather than compared.
    const Var here = xgrad::detail::scatter_add_along_axis(
        ones_like(own), labels, scores.shape(), static_cast<std::size_t>(c.axis), primitives::Chooser::TakeAlongAxis);
    const Var other = 1.0 - here;
    const Var others = sum_classes(c, exp(shifted) * other);
    // ln(others + e^own) - own. What is held takes no part in derivatives; the factor is 1, and has those by the
    // label's score: they follow from the others, not from the difference of p_y and 1.
    const Var held = stop_gradient(own);
    return log1p(others * exp(offset(held, own)) + expm1(held)) - held;
  };
  return xgrad::detail::computed_at_once("cross entropy", of, c.scores, c.labels);
}

Var log_odds(const Classes& c, const Var& own_score) {
  // Below every score. A finite number, so that a single class, which has no others, gives no NaN.
  constexpr double nothing = -1e30;
  const Var others = where(is_label(c), full_like(c.scores, nothing), c.scores);
  const Var largest = largest_score(c, others);
  return (own_score - largest) - log(sum_classes(c, exp(others - largest)));
}

}  // namespace xgrad::loss::classes
