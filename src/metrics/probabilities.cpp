#include <xgrad/metrics/probabilities.hpp>

#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/rounding.hpp>
#include <xgrad/ops/search.hpp>
#include <xgrad/ops/segment.hpp>
#include <xgrad/ops/special.hpp>

#include "metrics/classes.hpp"
#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

detail::Scored probabilities_of(std::string_view metric, const Labels& labels, const Var& prediction, const Var& target,
                                const Var& weights) {
  detail::Scored s = detail::scored_of(metric, labels, prediction, target, weights);
  const Requirement requirement(std::string(metric) + ": the probability {} is not in [0, 1]");
  s.scores = checked(s.scores, s.scores >= 0.0 && s.scores <= 1.0, requirement);
  return s;
}

void require_one_class(std::string_view metric, const Labels& labels) {
  if (labels.task != Task::Multilabel) return;
  throw ValueError(std::string(metric) + ": the task is multilabel; it is of one class for each sample");
}

}  // namespace

Sums LogLoss::init() const { return detail::no_sums({2}); }
Sums LogLoss::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const detail::Scored s = probabilities_of(name, labels, prediction, target, weights);
  if (labels.task == Task::Multiclass) {
    return detail::plus_mean(name, state, -sum(xlogy(s.actual, s.scores), 1), s.weights);
  }
  return detail::plus_mean(name, state, -mean(xlogy(s.actual, s.scores) + xlog1py(1.0 - s.actual, -s.scores), 1),
                           s.weights);
}
Var LogLoss::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums BrierScore::init() const { return detail::no_sums({2}); }
Sums BrierScore::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const detail::Scored s = probabilities_of(name, labels, prediction, target, weights);
  const Var apart = square(s.scores - s.actual);
  return detail::plus_mean(name, state, labels.task == Task::Multiclass ? sum(apart, 1) : mean(apart, 1), s.weights);
}
Var BrierScore::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums CalibrationError::init() const { return detail::no_sums({3, bins}); }
Sums CalibrationError::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  require_one_class(name, labels);
  detail::require_setting(name, "bins", static_cast<double>(bins), bins > 0, "it must be 1 or more");
  const detail::Scored s = probabilities_of(name, labels, prediction, target, weights);
  const bool two = labels.task == Task::Binary;
  const Var p = two ? squeeze(s.scores, 1) : Var();
  const Var confidence = two ? maximum(p, 1.0 - p) : amax(s.scores, 1);
  const Var right =
      two ? equal(cast<double>(p > 0.5), squeeze(s.actual, 1)) : equal(argmax(s.scores, 1), argmax(s.actual, 1));
  const auto count = static_cast<double>(bins);
  const Var bin = cast<std::int64_t>(clip(ceil(confidence * count) - 1.0, 0.0, count - 1.0));
  const auto sums = [&](const Var& x) { return segment_sum(x, bin, bins); };
  return {detail::sums_of(name, state, {3, bins}) +
          stack({sums(s.weights), sums(s.weights * cast<double>(right)), sums(s.weights * confidence)})};
}
Var CalibrationError::value(const Sums& state) const {
  const Var all = detail::sums_of(name, state, {3, bins});
  const Var weight = view(all, 0);
  const Var apart = abs(view(all, 1) - view(all, 2));
  const Var error =
      expected ? detail::quotient(sum(apart), sum(weight), 0.0) : amax(detail::quotient(apart, weight, 0.0));
  return detail::of_something(name, error, sum(weight));
}

Sums HingeLoss::init() const { return detail::no_sums({2}); }
Sums HingeLoss::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  require_one_class(name, labels);
  const detail::Scored s = detail::scored_of(name, labels, prediction, target, weights);
  if (labels.task == Task::Binary) {
    return detail::plus_mean(name, state, squeeze(relu(1.0 - s.scores * (2.0 * s.actual - 1.0)), 1), s.weights);
  }
  const Var own = sum(where(s.actual > 0.0, s.scores, 0.0), 1);
  const Var other = amax(where(s.actual > 0.0, -std::numeric_limits<double>::infinity(), s.scores), 1);
  return detail::plus_mean(name, state, relu(1.0 - own + other), s.weights);
}
Var HingeLoss::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums Perplexity::init() const { return detail::no_sums({2}); }
Sums Perplexity::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  detail::require_axes(name, "prediction", prediction, 1);
  const Labels labels = multiclass(prediction.shape().back());
  const detail::Scored s = detail::scored_of(name, labels, prediction, target, weights);
  return detail::plus_mean(name, state, -sum(where(s.actual > 0.0, s.scores, 0.0), 1), s.weights);
}
Var Perplexity::value(const Sums& state) const { return exp(detail::mean_of(name, state)); }

}  // namespace xgrad::metrics
