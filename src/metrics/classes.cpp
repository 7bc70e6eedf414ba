#include "metrics/classes.hpp"

#include <cmath>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "metrics/common.hpp"

namespace xgrad::metrics::detail {
namespace {

Shape with_last(const Shape& shape, std::size_t extent) {
  Shape result = shape;
  result.push_back(extent);
  return result;
}

/// The shape of the samples. \throws TypeError, ShapeError  for a target that is none.
Shape samples_of(std::string_view metric, const Labels& labels, const Var& target) {
  require_setting(metric, "the number of classes", static_cast<double>(labels.count), labels.count > 0,
                  "it must be 1 or more");
  require_setting(metric, "the threshold", labels.threshold, !std::isnan(labels.threshold), "it must be a number");
  if (is_floating(target.dtype())) {
    throw TypeError(std::string(metric) + ": the target is " + std::string(xgrad::name(target.dtype())) +
                    "; classes are int64 or bool");
  }
  const Shape shape = target.shape();
  if (labels.task != Task::Multilabel) return shape;
  if (shape.empty() || shape.back() != labels.count) {
    throw ShapeError(std::string(metric) + ": the target is " + to_string(shape) + "; its last extent must be " +
                     std::to_string(labels.count) + ", a number for each label");
  }
  Shape samples;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) samples.push_back(shape[i]);
  return samples;
}

void require_prediction(std::string_view metric, const Var& prediction, const Shape& shape) {
  if (prediction.shape() == shape) return;
  throw ShapeError(std::string(metric) + ": the prediction is " + to_string(prediction.shape()) + ", not " +
                   to_string(shape) + " as the target asks for");
}

Var good_scores(std::string_view metric, const Var& x, const Var& weights) {
  const Requirement requirement(std::string(metric) + ": the score {} has no class");
  return where(weights > 0.0, checked(x, !isnan(x) || equal(weights, 0.0), requirement), 0.0);
}

Var rows(const Var& x, std::size_t columns) {
  const std::size_t n = columns == 0 ? 0 : x.size() / columns;
  return reshape(x, {static_cast<std::ptrdiff_t>(n), static_cast<std::ptrdiff_t>(columns)});
}

/// 0 and 1, of scores or as they are.
Var decided(std::string_view metric, const Labels& labels, const Var& x, const Var& weights) {
  if (!is_floating(x.dtype())) return labels_in(metric, "prediction", x, weights, 2);
  return cast<std::int64_t>(good_scores(metric, as_double(x), weights) > labels.threshold) *
         cast<std::int64_t>(weights > 0.0);
}

}  // namespace

std::size_t classes_of(const Labels& labels) { return labels.task == Task::Binary ? 2 : labels.count; }

Var labels_in(std::string_view metric, std::string_view what, const Var& x, const Var& weights, std::size_t count) {
  const Requirement requirement(std::string(metric) + ": the " + std::string(what) + " {} is not in [0, {})");
  const auto limit = static_cast<std::int64_t>(count);
  const Var label = cast<std::int64_t>(x);
  const Var good = checked(label, (label >= 0 && label < limit) || equal(weights, 0.0), requirement, limit);
  return good * cast<std::int64_t>(weights > 0.0);
}

Pairs pairs_of(std::string_view metric, const Labels& labels, const Var& prediction, const Var& target,
               const Var& weights) {
  if (labels.task == Task::Multilabel) {
    throw ValueError(std::string(metric) + ": the task is multilabel; it is of one class for each sample");
  }
  const Shape samples = samples_of(metric, labels, target);
  const Var w = flatten(weights_of(metric, weights, samples));
  const Var actual = labels_in(metric, "target", flatten(target), w, classes_of(labels));
  if (labels.task == Task::Binary) {
    require_prediction(metric, prediction, samples);
    return {decided(metric, labels, flatten(prediction), w), actual, w};
  }
  if (!is_floating(prediction.dtype())) {
    require_prediction(metric, prediction, samples);
    return {labels_in(metric, "prediction", flatten(prediction), w, labels.count), actual, w};
  }
  require_prediction(metric, prediction, with_last(samples, labels.count));
  const Var scores = good_scores(metric, rows(as_double(prediction), labels.count), expand_dims(w, 1));
  return {argmax(scores, 1), actual, w};
}

Flags flags_of(std::string_view metric, const Labels& labels, const Var& prediction, const Var& target,
               const Var& weights) {
  if (labels.task == Task::Multiclass) {
    const Pairs pairs = pairs_of(metric, labels, prediction, target, weights);
    return {one_hot(pairs.predicted, labels.count), one_hot(pairs.actual, labels.count), expand_dims(pairs.weights, 1)};
  }
  const Shape samples = samples_of(metric, labels, target);
  require_prediction(metric, prediction, target.shape());
  const std::size_t columns = labels.task == Task::Binary ? 1 : labels.count;
  const Var w = expand_dims(flatten(weights_of(metric, weights, samples)), 1);
  const Var predicted = decided(metric, labels, rows(prediction, columns), w);
  const Var actual = labels_in(metric, "target", rows(target, columns), w, 2);
  return {cast<double>(predicted), cast<double>(actual), w};
}

Scored scored_of(std::string_view metric, const Labels& labels, const Var& prediction, const Var& target,
                 const Var& weights) {
  const Shape samples = samples_of(metric, labels, target);
  const Var w = flatten(weights_of(metric, weights, samples));
  const Var column = expand_dims(w, 1);
  const bool multiclass = labels.task == Task::Multiclass;
  require_prediction(metric, prediction, multiclass ? with_last(samples, labels.count) : target.shape());
  const std::size_t columns = labels.task == Task::Binary ? 1 : labels.count;
  const Var scores = good_scores(metric, rows(as_double(prediction), columns), column);
  const Var actual = multiclass ? one_hot(labels_in(metric, "target", flatten(target), w, labels.count), labels.count)
                                : cast<double>(labels_in(metric, "target", rows(target, columns), column, 2));
  return {scores, actual, w};
}

Var averaged(const Var& values, const Var& support, Average average) {
  if (average == Average::None) return values;
  if (average == Average::Weighted) return quotient(sum(weighted(values, support)), sum(support), 0.0);
  return mean(values);
}

}  // namespace xgrad::metrics::detail
