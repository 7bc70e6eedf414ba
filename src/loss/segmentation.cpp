#include <xgrad/loss/segmentation.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/reduce.hpp>

#include "arguments.hpp"
#include "loss/pooling.hpp"

namespace xgrad::loss {
namespace {

using detail::as_floats;
using detail::axes_from;
using detail::extent_from;
using detail::first_pooled;

/// Arguments that fit, as floating-point numbers.
struct Masks {
  Var p;
  Var t;
  std::size_t first;  ///< of the pooled axes
  [[nodiscard]] Var total(const Var& x) const { return sum(x, axes_from(x, first)); }
};

Masks masks(std::string_view loss, const Var& prediction, const Var& target, std::ptrdiff_t first_axis, double smooth) {
  require_setting(loss, "smooth", smooth, smooth >= 0.0, "it must not be negative");
  require_same_shape(loss, prediction, target);
  return {as_floats(prediction, target), as_floats(target, prediction), first_pooled(loss, prediction, first_axis)};
}

Var in_unit_interval(const Var& target, bool check, const Requirement& requirement) {
  return check ? checked(target, target >= 0.0 && target <= 1.0, requirement) : target;
}

/// wrong / (all + smooth), and 0 where that is 0 / 0. The losses are computed from what is wrong, not as 1 - right /
/// all, so that small ones keep their digits and none is negative.
Var share(const Var& wrong, const Var& all, double smooth) {
  const Var total = all + smooth;
  return where(equal(total, 0.0), 0.0, wrong / total);
}

/// alpha false alarms + beta misses: exact for targets 0 and 1, and not below 0 for others.
Var mistakes(const Masks& m, double alpha, double beta) {
  const Var hit = m.p * m.t;
  return m.total(alpha * (m.p - hit) + beta * (m.t - hit));
}

Var tversky(const Masks& m, double alpha, double beta, double smooth) {
  const Var wrong = mistakes(m, alpha, beta);
  return share(wrong, m.total(m.p * m.t) + wrong, smooth);
}

void require_weights(std::string_view loss, double alpha, double beta) {
  require_setting(loss, "alpha", alpha, alpha >= 0.0, "it must not be negative");
  require_setting(loss, "beta", beta, beta >= 0.0, "it must not be negative");
}

/// The Lovasz extension of 1 - IoU along the last axis.
///
/// \param errors  of the pixels, any order.
/// \param truth   1 where a pixel belongs to the target, else 0.
Var lovasz(const Var& errors, const Var& truth) {
  const Var order = argsort(errors, -1, Order::Descending);
  const Var sorted = take_along_axis(errors, order, -1);
  const Var t = take_along_axis(truth, order, -1);
  // If the first k pixels are wrong, `left` pixels of the target are still found, and the union has grown by the false
  // alarms among them. The differences of 1 - left / united between k - 1 and k, with what cancels left out:
  const Var count = sum(t, -1, keep_dims);
  const Var left = count - cumsum(t);
  const Var united = count + cumsum(1.0 - t);
  const Var of_alarm = where(united > 1.0, left / (united * (united - 1.0)), 1.0);
  const Var weights = stop_gradient(where(t > 0.5, 1.0 / united, of_alarm));
  return sum(sorted * weights, -1);
}

/// All axes from one on as one.
Var flatten_from(const Var& x, std::size_t first) {
  Strides shape(x.shape().begin(), x.shape().begin() + first);
  shape.push_back(static_cast<std::ptrdiff_t>(extent_from(x, first)));
  return reshape(x, shape);
}

/// 0, 1, ..., n - 1 down a column.
Var column_of_integers(std::size_t n) {
  auto numbers = Array<std::int64_t>::from_shape({n, 1});
  for (std::size_t i = 0; i < n; ++i) numbers.data()[i] = static_cast<std::int64_t>(i);
  return {std::move(numbers)};
}

void require_labels(const Var& prediction, const Var& labels) {
  detail::require_usable("LovaszSoftmax", prediction, labels);
  Shape expected = prediction.shape();
  if (expected.size() < 2) {
    throw ShapeError("LovaszSoftmax: the prediction is " + to_string(expected) +
                     "; it must be [N, C, ...], probabilities of C classes");
  }
  std::copy(expected.begin() + 2, expected.end(), expected.begin() + 1);
  expected.resize(expected.size() - 1);
  if (labels.shape() != expected) {
    throw ShapeError("LovaszSoftmax: the prediction is " + to_string(prediction.shape()) + " and the labels are " +
                     to_string(labels.shape()) + "; they must be " + to_string(expected) +
                     ", the prediction without its axis of classes");
  }
  if (labels.dtype() != DType::Int64) {
    throw TypeError("LovaszSoftmax: the labels are " + std::string(xgrad::name(labels.dtype())) +
                    "; they must be int64, numbers of classes");
  }
}

}  // namespace

Var Dice::operator()(const Var& prediction, const Var& target) const {
  static const Requirement requirement("Dice: the target {} is outside [0, 1]");
  Masks m = masks(name, prediction, target, first_axis, smooth);
  m.t = in_unit_interval(m.t, check_targets, requirement);
  if (squared) return share(m.total(square(m.p - m.t)), m.total(square(m.p) + square(m.t)), smooth);
  return share(mistakes(m, 1.0, 1.0), m.total(m.p + m.t), smooth);
}

Var GeneralizedDice::operator()(const Var& prediction, const Var& target) const {
  static const Requirement requirement("GeneralizedDice: the target {} is outside [0, 1]");
  Masks m = masks(name, prediction, target, first_axis, smooth);
  m.t = in_unit_interval(m.t, check_targets, requirement);
  if (m.first == 0 || prediction.shape()[m.first - 1] == 0) {
    throw ShapeError("GeneralizedDice: first_axis is " + std::to_string(first_axis) + " and the prediction is " +
                     to_string(prediction.shape()) + "; the axis before must be that of the classes, at least one");
  }
  const Var volume = m.total(m.t);
  const Var present = volume > 0.0;
  // Relative to the smallest volume: squares of volumes as such overflow, and those of tiny ones are 0.
  const Var smallest = amin(where(present, volume, std::numeric_limits<double>::infinity()), -1, keep_dims);
  const Var weights = where(present, square(smallest / volume), 1.0);
  const Var wrong = mistakes(m, 1.0, 1.0);
  return share(sum(weights * wrong, -1), sum(weights * (m.total(m.p) + volume), -1), smooth);
}

Var Tversky::operator()(const Var& prediction, const Var& target) const {
  static const Requirement requirement("Tversky: the target {} is outside [0, 1]");
  require_weights(name, alpha, beta);
  Masks m = masks(name, prediction, target, first_axis, smooth);
  m.t = in_unit_interval(m.t, check_targets, requirement);
  return tversky(m, alpha, beta, smooth);
}

Var FocalTversky::operator()(const Var& prediction, const Var& target) const {
  static const Requirement requirement("FocalTversky: the target {} is outside [0, 1]");
  require_weights(name, alpha, beta);
  require_setting(name, "gamma", gamma, gamma > 0.0, "it must be positive");
  Masks m = masks(name, prediction, target, first_axis, smooth);
  m.t = in_unit_interval(m.t, check_targets, requirement);
  const Var loss = tversky(m, alpha, beta, smooth);
  return where(loss <= 0.0, 0.0, pow(loss, 1.0 / gamma));
}

Var Jaccard::operator()(const Var& prediction, const Var& target) const {
  static const Requirement requirement("Jaccard: the target {} is outside [0, 1]");
  Masks m = masks(name, prediction, target, first_axis, smooth);
  m.t = in_unit_interval(m.t, check_targets, requirement);
  return tversky(m, 1.0, 1.0, smooth);
}

Var LovaszHinge::operator()(const Var& prediction, const Var& target) const {
  static const Requirement requirement("LovaszHinge: the target {} is neither 0 nor 1");
  const Masks m = masks(name, prediction, target, first_axis, 0.0);
  const Var t = check_targets ? checked(m.t, equal(m.t, 0.0) || equal(m.t, 1.0), requirement) : m.t;
  const Var truth = flatten_from(t, m.first);
  const Var errors = 1.0 - (2.0 * truth - 1.0) * flatten_from(m.p, m.first);
  // Errors below 0 come last in either order, and weigh nothing.
  return lovasz(relu(errors), truth);
}

Var LovaszSoftmax::operator()(const Var& prediction, const Var& labels) const {
  static const Requirement requirement("LovaszSoftmax: the label {} is outside [0, {})");
  require_labels(prediction, labels);
  const auto classes = prediction.shape()[1];
  const auto limit = static_cast<std::int64_t>(classes);
  const Var y = check_targets ? checked(labels, labels >= 0 && labels < limit, requirement, limit) : labels;
  Var p = flatten_from(as_floats(prediction, prediction), 2);
  if (!per_image) {
    p = expand_dims(flatten_from(transpose(p, {1, 0, 2}), 1), 0);
  }
  const auto rows = static_cast<std::ptrdiff_t>(p.shape()[0]);
  const auto pixels = static_cast<std::ptrdiff_t>(p.shape()[2]);
  const Var is_class = equal(reshape(y, {rows, 1, pixels}), column_of_integers(classes));
  const Var truth = cast(is_class, p.dtype());
  const Var losses = lovasz(where(is_class, 1.0 - p, p), truth);
  const Var present = only_present ? sum(truth, -1) > 0.0 : Var(true);
  const Var count = only_present ? sum(cast(present, p.dtype()), -1) : Var(static_cast<double>(classes));
  const Var loss = sum(where(present, losses, 0.0), -1) / maximum(count, 1.0);
  return per_image ? loss : reshape(loss, {});
}

Var Boundary::operator()(const Var& prediction, const Var& distance) const {
  require_same_shape(name, prediction, distance, "prediction", "distance");
  const std::size_t first = first_pooled(name, prediction, first_axis);
  const Var products = as_floats(prediction, distance) * as_floats(distance, prediction);
  const auto pixels = static_cast<double>(std::max<std::size_t>(extent_from(prediction, first), 1));
  return sum(products, axes_from(products, first)) / pixels;
}

}  // namespace xgrad::loss
