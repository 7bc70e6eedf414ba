#include <xgrad/loss/margin.hpp>

#include <numeric>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/reduce.hpp>

namespace xgrad::loss {
namespace {

Var as_floating(const Var& x) { return is_floating(x.dtype()) ? x : cast(x, DType::Float64); }

/// Integers in the type of the scores, because int64 with float32 would give float64.
Var as_type_of(const Var& scores, const Var& x) { return is_floating(x.dtype()) ? x : cast(x, scores.dtype()); }

/// t s, positive where the sign of the score is right.
template <class L>
Var agreement(const L& loss, const Var& prediction, const Var& target) {
  static const Rule rule(std::string(L::name) + ": the target {} is neither -1 nor 1");
  require_same_shape(L::name, prediction, target);
  const Var t = loss.check_targets ? checked(target, equal(abs(target), 1.0), rule) : target;
  const Var s = as_floating(prediction);
  return as_type_of(s, t) * s;
}

void require_classes(std::string_view loss, const Var& prediction) {
  if (prediction.dimension() > 0 && prediction.shape(-1) > 0) return;
  throw ShapeError(std::string(loss) + ": the prediction is " + to_string(prediction.shape()) +
                   "; it must be [..., K], scores of K > 0 classes along the last axis");
}

void require_integers(std::string_view loss, const Var& labels) {
  if (labels.dtype() == DType::Int64) return;
  throw TypeError(std::string(loss) + ": the labels are " + std::string(xgrad::name(labels.dtype())) +
                  "; they must be integers");
}

/// Weights of the classes, in the type of the scores; 1 if there are none.
Var class_weights(std::string_view loss, std::string_view setting, const std::optional<Var>& weights,
                  const Var& scores) {
  if (!weights) return 1.0;
  const Shape wanted{scores.shape(-1)};
  if (weights->shape() != wanted) {
    throw ShapeError(std::string(loss) + ": " + std::string(setting) + " is " + to_string(weights->shape()) +
                     "; it must be " + to_string(wanted) + ", one for each class");
  }
  return cast(*weights, scores.dtype());
}

Shape without_last(const Shape& shape) { return {shape.begin(), shape.end() - 1}; }

/// 0, 1, ..., count - 1.
Var places(std::size_t count) {
  auto numbers = Array<std::int64_t>::from_shape({count});
  std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  return {std::move(numbers)};
}

/// Scores of several classes beside the label of each sample.
struct Labelled {
  Var scores;    ///< [..., K]
  Var labels;    ///< [..., 1]
  Var of_label;  ///< [..., 1], the score of the right class
  Var right;     ///< [..., K] booleans
};

template <class L>
Labelled labelled(const L& loss, const Var& prediction, const Var& labels) {
  static const Rule rule(std::string(L::name) + ": the label {} is outside [0, {})");
  require_classes(L::name, prediction);
  if (labels.shape() != without_last(prediction.shape())) {
    throw ShapeError(std::string(L::name) + ": the prediction is " + to_string(prediction.shape()) +
                     " and the labels are " + to_string(labels.shape()) +
                     "; the labels must have the shape of the prediction without its last axis");
  }
  require_integers(L::name, labels);
  const auto classes = static_cast<std::int64_t>(prediction.shape(-1));
  const Var y =
      expand_dims(loss.check_targets ? checked(labels, labels >= 0 && labels < classes, rule, classes) : labels, -1);
  const Var scores = as_floating(prediction);
  return {scores, y, take_along_axis(scores, y, -1), equal(places(prediction.shape(-1)), y)};
}

}  // namespace

Var Hinge::operator()(const Var& prediction, const Var& target) const {
  return relu(1.0 - agreement(*this, prediction, target));
}

Var SquaredHinge::operator()(const Var& prediction, const Var& target) const {
  return square(relu(1.0 - agreement(*this, prediction, target)));
}

Var SoftMargin::operator()(const Var& prediction, const Var& target) const {
  return softplus(-agreement(*this, prediction, target));
}

Var Perceptron::operator()(const Var& prediction, const Var& target) const {
  return relu(-agreement(*this, prediction, target));
}

Var Exponential::operator()(const Var& prediction, const Var& target) const {
  return exp(-agreement(*this, prediction, target));
}

Var MulticlassHinge::operator()(const Var& prediction, const Var& labels) const {
  const Labelled z = labelled(*this, prediction, labels);
  const Var rivals = where(z.right, z.scores, z.scores + 1.0);
  return squeeze(amax(rivals, -1, keep_dims) - z.of_label, -1);
}

Var MulticlassPerceptron::operator()(const Var& prediction, const Var& labels) const {
  const Labelled z = labelled(*this, prediction, labels);
  return squeeze(amax(z.scores, -1, keep_dims) - z.of_label, -1);
}

Var MultiMargin::operator()(const Var& prediction, const Var& labels) const {
  require_setting(name, "p", static_cast<double>(p), p == 1 || p == 2, "it must be 1 or 2");
  const Labelled z = labelled(*this, prediction, labels);
  const Var short_of = relu(margin - z.of_label + z.scores);
  const Var terms = where(z.right, zeros_like(z.scores), p == 1 ? short_of : square(short_of));
  const Var total = sum(terms, -1, keep_dims) / static_cast<double>(prediction.shape(-1));
  const Var weights = class_weights(name, "class_weight", class_weight, z.scores);
  return squeeze(class_weight ? take(weights, z.labels, 0) * total : total, -1);
}

Var MultiLabelMargin::operator()(const Var& prediction, const Var& labels) const {
  static const Rule rule("MultiLabelMargin: the label {} is outside [-1, {})");
  require_classes(name, prediction);
  if (labels.dimension() == 0 || without_last(labels.shape()) != without_last(prediction.shape())) {
    throw ShapeError(std::string(name) + ": the prediction is " + to_string(prediction.shape()) +
                     " and the labels are " + to_string(labels.shape()) +
                     "; both must have the same axes but for the last one, which has the classes of a sample");
  }
  require_integers(name, labels);
  const std::size_t classes = prediction.shape(-1);
  const auto limit = static_cast<std::int64_t>(classes);
  const Var y = check_targets ? checked(labels, labels >= -1 && labels < limit, rule, limit) : labels;
  const Var z = as_floating(prediction);

  // How often each class is listed before the first -1.
  const Var listed = equal(cumsum(cast(y < 0, DType::Int64), -1), 0);
  const Var often = scatter_add_along_axis(cast(listed, z.dtype()), where(listed, y, 0), classes, -1);

  // With 1 added to the wrong scores, a pair counts where the wrong score is the larger one, and then with their
  // difference. That is the sum of the gaps between neighbours in the sorted order that lie between the two. So each
  // gap counts once for each right score below and each wrong one above it: no pairs, and nothing that cancels.
  const Var wrong = equal(often, 0.0);
  const Var keys = where(wrong, z + 1.0, z);
  // Wrong ones come first, so that they do among equal keys, where the pair does not count.
  const Var wrong_so_far = cumsum(wrong, -1);
  const Var all_wrong = sum(wrong, -1, keep_dims);
  const Var place = where(wrong, wrong_so_far - 1, all_wrong + places(classes) - wrong_so_far);
  const Var apart = scatter_add_along_axis(keys, place, classes, -1);
  const Var order = argsort(apart, -1);
  const Var sorted = take_along_axis(apart, order, -1);
  const Var is_wrong = order < all_wrong;
  const Var often_sorted = take_along_axis(scatter_add_along_axis(often, place, classes, -1), order, -1);
  const Var right_below = cumsum(often_sorted, -1);
  const Var wrong_above = cast(all_wrong - cumsum(is_wrong, -1), z.dtype());
  const Var weights = right_below * wrong_above;
  const auto upto = xt::range(0, limit - 1);
  const Var gaps = view(sorted, xt::ellipsis(), xt::range(1, limit)) - view(sorted, xt::ellipsis(), upto);
  return sum(view(weights, xt::ellipsis(), upto) * gaps, -1) / static_cast<double>(classes);
}

Var MultiLabelSoftMargin::operator()(const Var& prediction, const Var& target) const {
  static const Rule rule("MultiLabelSoftMargin: the target {} is outside [0, 1]");
  require_same_shape(name, prediction, target);
  require_classes(name, prediction);
  const Var z = as_floating(prediction);
  const Var t = as_type_of(z, check_targets ? checked(target, target >= 0.0 && target <= 1.0, rule) : target);
  const Var each = softplus(z) - t * z;
  const Var weights = class_weights(name, "weight", weight, z);
  return sum(weight ? weights * each : each, -1) / static_cast<double>(prediction.shape(-1));
}

}  // namespace xgrad::loss
