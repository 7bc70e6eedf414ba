#include <xgrad/loss/margin.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
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

#include "arguments.hpp"
#include "loss/classes.hpp"

namespace xgrad::loss {
namespace {

using detail::as_floating;
using detail::infinity;

/// t s, positive where the sign of the score is right.
template <class L>
Var agreement(const L& loss, const Var& prediction, const Var& target) {
  static const Requirement requirement(std::string(L::name) + ": the target {} is neither -1 nor 1");
  require_same_shape(L::name, prediction, target);
  const Var t = loss.check_targets ? checked(target, equal(abs(target), 1.0), requirement) : target;
  const Var s = as_floating(prediction);
  return as_floating(t, s) * s;
}

void require_classes(std::string_view loss, const Var& prediction) {
  detail::require_usable(loss, prediction);
  if (prediction.dimension() > 0 && prediction.shape(-1) > 0) return;
  throw ShapeError(std::string(loss) + ": the prediction is " + to_string(prediction.shape()) +
                   "; it must be [..., K], scores of K > 0 classes along the last axis");
}

void require_integers(std::string_view loss, const Var& labels) {
  if (labels.dtype() == DType::Int64) return;
  throw TypeError(std::string(loss) + ": the labels are " + std::string(xgrad::name(labels.dtype())) +
                  "; they must be integers");
}

bool is_negative(std::int64_t x) { return x < 0; }

Shape without_last(const Shape& shape) { return {shape.begin(), shape.end() - 1}; }

/// 0, 1, ..., count - 1.
Var positions(std::size_t count) {
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
  detail::require_usable(L::name, labels);
  static const Requirement requirement(std::string(L::name) + ": the label {} is outside [0, {})");
  require_classes(L::name, prediction);
  if (labels.shape() != without_last(prediction.shape())) {
    throw ShapeError(std::string(L::name) + ": the prediction is " + to_string(prediction.shape()) +
                     " and the labels are " + to_string(labels.shape()) +
                     "; the labels must have the shape of the prediction without its last axis");
  }
  require_integers(L::name, labels);
  const auto classes = static_cast<std::int64_t>(prediction.shape(-1));
  const Var y = expand_dims(
      loss.check_targets ? checked(labels, labels >= 0 && labels < classes, requirement, classes) : labels, -1);
  const Var scores = as_floating(prediction);
  const Var of_label = take_along_axis(scores, y, -1);
  const Var right = scatter_add_along_axis(ones_like(of_label), y, prediction.shape(-1), -1) > 0.0;
  return {scores, y, of_label, right};
}

// ---- lists of labels

/// The right classes of each sample.
struct Lists {
  Var labels;  ///< [..., L], 0 where none is listed
  Var listed;  ///< [..., L] booleans: not behind the end of the list
};

/// Without the columns behind the longest list, if the labels are known already: they are padded to the number of
/// classes where they come from torch, and the cost of sum_by_columns grows with their number.
Var without_padding(const Var& labels) {
  if (labels.recorded()) return labels;
  const Array<std::int64_t>& values = labels.array<std::int64_t>();
  const std::size_t columns = labels.shape(-1);
  std::size_t longest = 0;
  for (std::size_t first = 0; first < values.size(); first += columns) {
    const std::int64_t* row = values.data() + first;
    longest = std::max(longest, static_cast<std::size_t>(std::find_if(row, row + columns, is_negative) - row));
  }
  return view(labels, xt::ellipsis(), xt::range(std::size_t{0}, longest));
}

/// How often each class is listed, [..., K], in the type of the scores.
Var times_listed(const Var& scores, const Lists& lists) {
  return scatter_add_along_axis(cast(lists.listed, scores.dtype()), lists.labels, scores.shape(-1), -1);
}

/// Up to how many columns of labels sum_by_columns is faster than sum_by_sorting.
constexpr std::size_t most_columns = 32;

/// The sum over all pairs of a right and a wrong class, one column of labels after another, in one fused loop.
Var sum_by_columns(const Var& scores, const Lists& lists) {
  Var total = zeros_like(scores);
  const auto columns = static_cast<std::ptrdiff_t>(lists.labels.shape(-1));
  for (std::ptrdiff_t j = 0; j < columns; ++j) {
    const auto column = [j](const Var& x) { return view(x, xt::ellipsis(), xt::range(j, j + 1)); };
    const Var right = take_along_axis(scores, column(lists.labels), -1);
    const Var bound = where(column(lists.listed), 1.0 - right, -infinity);
    const Var short_of = relu(bound + scores);
    total = j == 0 ? short_of : total + short_of;
  }
  return sum(where(equal(times_listed(scores, lists), 0.0), total, zeros_like(scores)), -1);
}

/// The same in K log K steps. With 1 added to the scores of wrong classes, a pair counts where the wrong one is the
/// larger, with the difference of the two. So the sum is linear in these keys as long as their order does not change: a
/// wrong key counts once for each right one below it, a right key, negatively, for each wrong one above it.
Var sum_by_sorting(const Var& scores, const Lists& lists) {
  const std::size_t classes = scores.shape(-1);
  const Var often = times_listed(scores, lists);
  const Var wrong = equal(often, 0.0);
  const Var keys = where(wrong, scores + 1.0, scores);

  // Wrong classes are put first, so that sorting leaves them first among equal keys, where a pair does not count.
  const Var wrong_so_far = cumsum(wrong, -1);
  const Var all_wrong = sum(wrong, -1, keep_dims);
  const Var position = where(wrong, wrong_so_far - 1, all_wrong + positions(classes) - wrong_so_far);
  const auto to_front = [&](const Var& x) { return scatter_add_along_axis(x, position, classes, -1); };
  const Var order = argsort(to_front(stop_gradient(keys)), -1);

  const Var often_sorted = take_along_axis(to_front(often), order, -1);
  const Var wrong_sorted = order < all_wrong;
  const Var right_below = cumsum(often_sorted, -1);
  const Var wrong_above = cast(all_wrong - cumsum(wrong_sorted, -1), scores.dtype());
  const Var counts_sorted = where(wrong_sorted, right_below, -often_sorted * wrong_above);
  const Var counts = take_along_axis(scatter_add_along_axis(counts_sorted, order, classes, -1), position, -1);
  // The counts add up to 0, so a common offset drops out; without it, that of the keys that count, less is lost to
  // rounding.
  const Var used = not_equal(counts, 0.0);
  const Var least = amin(where(used, keys, full_like(keys, infinity)), -1, keep_dims);
  return sum(where(used, counts * (keys - stop_gradient(least)), zeros_like(keys)), -1);
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
  if (class_weight) detail::require_usable(name, *class_weight);
  require_setting(name, "p", static_cast<double>(p), p == 1 || p == 2, "it must be 1 or 2");
  require_setting(name, "margin", margin, std::isfinite(margin), "it must be finite");
  const Labelled z = labelled(*this, prediction, labels);
  const Var short_of = relu(margin - z.of_label + z.scores);
  const Var terms = where(z.right, zeros_like(z.scores), p == 1 ? short_of : square(short_of));
  const Var total = sum(terms, -1, keep_dims) / static_cast<double>(prediction.shape(-1));
  if (!class_weight) return squeeze(total, -1);
  const Var weights = classes::weight_of_each(name, "class_weight", *class_weight, z.scores, -1, check_targets);
  return squeeze(take(weights, z.labels, 0) * total, -1);
}

Var MultiLabelMargin::operator()(const Var& prediction, const Var& labels) const {
  static const Requirement requirement("MultiLabelMargin: the label {} is outside [-1, {})");
  require_classes(name, prediction);
  detail::require_usable(name, labels);
  if (labels.dimension() == 0 || without_last(labels.shape()) != without_last(prediction.shape())) {
    throw ShapeError(std::string(name) + ": the prediction is " + to_string(prediction.shape()) +
                     " and the labels are " + to_string(labels.shape()) +
                     "; both must have the same axes but for the last one, along which the labels of a sample stand");
  }
  require_integers(name, labels);
  const auto classes = static_cast<std::int64_t>(prediction.shape(-1));
  const Var valid = check_targets ? checked(labels, labels >= -1 && labels < classes, requirement, classes) : labels;
  const Var y = without_padding(valid);
  const Var scores = as_floating(prediction);
  const Var listed = equal(cumsum(cast(y < 0, DType::Int64), -1), 0);
  const Lists lists{where(listed, y, 0), listed};
  const bool few = y.shape(-1) <= most_columns;
  const Var total = few ? sum_by_columns(scores, lists) : sum_by_sorting(scores, lists);
  return total / static_cast<double>(classes);
}

Var MultiLabelSoftMargin::operator()(const Var& prediction, const Var& target) const {
  if (weight) detail::require_usable(name, *weight);
  static const Requirement requirement("MultiLabelSoftMargin: the target {} is outside [0, 1]");
  require_same_shape(name, prediction, target);
  require_classes(name, prediction);
  const Var z = as_floating(prediction);
  const Var t = as_floating(check_targets ? checked(target, target >= 0.0 && target <= 1.0, requirement) : target, z);
  const Var each = t * softplus(-z) + (1.0 - t) * softplus(z);  // as BinaryCrossEntropy, and for its reason
  const Var weighted = weight ? classes::weight_of_each(name, "weight", *weight, z, -1, check_targets) * each : each;
  return sum(weighted, -1) / static_cast<double>(prediction.shape(-1));
}

}  // namespace xgrad::loss
