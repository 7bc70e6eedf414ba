#include <xgrad/metrics/classification.hpp>

#include <cmath>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "metrics/classes.hpp"
#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

struct Counts {
  Var tp, fp, fn, tn;
};

std::size_t columns_of(const Labels& labels) { return labels.task == Task::Binary ? 1 : labels.count; }

Sums no_counts(const Labels& labels) { return detail::no_sums({4, columns_of(labels)}); }

Sums plus_counts(std::string_view metric, const Sums& state, const Labels& labels, const Var& prediction,
                 const Var& target, const Var& weights) {
  const detail::Flags f = detail::flags_of(metric, labels, prediction, target, weights);
  const auto count = [&](const Var& p, const Var& t) { return sum(f.weights * p * t, 0); };
  const Var not_p = 1.0 - f.predicted;
  const Var not_t = 1.0 - f.actual;
  const Var batch =
      stack({count(f.predicted, f.actual), count(f.predicted, not_t), count(not_p, f.actual), count(not_p, not_t)});
  return {detail::sums_of(metric, state, {4, columns_of(labels)}) + batch};
}

/// \throws ValueError  if there are no samples (raised when evaluated).
Counts counts(std::string_view metric, const Sums& state, const Labels& labels, Average average) {
  const Var all = detail::sums_of(metric, state, {4, columns_of(labels)});
  const Var some = detail::of_something(metric, all, sum(all));
  const Var added = average == Average::Micro ? sum(some, 1, keep_dims) : some;
  return {view(added, 0), view(added, 1), view(added, 2), view(added, 3)};
}

Var ratio(const Counts& c, const Var& above, const Var& below, Average average, double undefined) {
  return detail::averaged(detail::quotient(above, below, undefined), c.tp + c.fn, average);
}

/// [n]: right or not, where one of the k highest scores is of the class.
Var among_highest(std::string_view metric, const Labels& labels, std::size_t k, const Var& prediction,
                  const Var& target, const Var& weights) {
  if (labels.task != Task::Multiclass || !is_floating(prediction.dtype())) {
    throw ValueError(std::string(metric) + ": top_k is " + std::to_string(k) +
                     "; more than 1 is for scores of a multiclass task");
  }
  const detail::Scored s = detail::scored_of(metric, labels, prediction, target, weights);
  const Var own = sum(where(s.actual > 0.0, s.scores, 0.0), 1, keep_dims);
  const Var place = expand_dims(argmax(s.actual, 1), 1);
  const Var index = arange(static_cast<std::int64_t>(labels.count));
  const Var before = s.scores > own || (equal(s.scores, own) && index < place);
  return cast<double>(sum(cast<std::int64_t>(before), 1) < static_cast<std::int64_t>(k));
}

}  // namespace

Sums StatScores::init() const { return no_counts(labels); }
Sums StatScores::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_counts(name, state, labels, prediction, target, weights);
}
ClassCounts StatScores::value(const Sums& state) const {
  const Counts c = counts(name, state, labels, Average::None);
  return {c.tp, c.fp, c.fn, c.tn};
}

Sums Precision::init() const { return no_counts(labels); }
Sums Precision::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_counts(name, state, labels, prediction, target, weights);
}
Var Precision::value(const Sums& state) const {
  const Counts c = counts(name, state, labels, average);
  return ratio(c, c.tp, c.tp + c.fp, average, undefined);
}

Sums Recall::init() const { return no_counts(labels); }
Sums Recall::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_counts(name, state, labels, prediction, target, weights);
}
Var Recall::value(const Sums& state) const {
  const Counts c = counts(name, state, labels, average);
  return ratio(c, c.tp, c.tp + c.fn, average, undefined);
}

Sums FBeta::init() const { return no_counts(labels); }
Sums FBeta::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_counts(name, state, labels, prediction, target, weights);
}
Var FBeta::value(const Sums& state) const {
  detail::require_setting(name, "beta", beta, beta > 0.0 && std::isfinite(beta), "it must be positive and finite");
  const Counts c = counts(name, state, labels, average);
  const double of_missed = 1.0 / (1.0 + 1.0 / beta / beta);  // shares, for squares of beta may overflow
  const double of_found = 1.0 / (1.0 + beta * beta);
  return ratio(c, c.tp, c.tp + of_missed * c.fn + of_found * c.fp, average, undefined);
}

Sums Specificity::init() const { return no_counts(labels); }
Sums Specificity::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_counts(name, state, labels, prediction, target, weights);
}
Var Specificity::value(const Sums& state) const {
  const Counts c = counts(name, state, labels, average);
  return ratio(c, c.tn, c.tn + c.fp, average, undefined);
}

Sums NegativePredictiveValue::init() const { return no_counts(labels); }
Sums NegativePredictiveValue::update(const Sums& state, const Var& prediction, const Var& target,
                                     const Var& weights) const {
  return plus_counts(name, state, labels, prediction, target, weights);
}
Var NegativePredictiveValue::value(const Sums& state) const {
  const Counts c = counts(name, state, labels, average);
  return ratio(c, c.tn, c.tn + c.fn, average, undefined);
}

Sums Jaccard::init() const { return no_counts(labels); }
Sums Jaccard::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_counts(name, state, labels, prediction, target, weights);
}
Var Jaccard::value(const Sums& state) const {
  const Counts c = counts(name, state, labels, average);
  return ratio(c, c.tp, c.tp + c.fp + c.fn, average, undefined);
}

Sums BalancedAccuracy::init() const { return no_counts(labels); }
Sums BalancedAccuracy::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_counts(name, state, labels, prediction, target, weights);
}
Var BalancedAccuracy::value(const Sums& state) const {
  const Counts c = counts(name, state, labels, Average::None);
  Var found = c.tp;
  Var there = c.tp + c.fn;
  if (labels.task != Task::Multiclass) {
    found = concatenate({found, c.tn});
    there = concatenate({there, c.tn + c.fp});
  }
  return sum(detail::quotient(found, there, 0.0)) / sum(cast<double>(there > 0.0));
}

Sums Accuracy::init() const { return detail::no_sums({2}); }
Sums Accuracy::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const auto k = static_cast<double>(top_k);
  detail::require_setting(name, "top_k", k, top_k >= 1, "it must be 1 or more");
  if (top_k > 1) {
    detail::require_setting(name, "top_k", k, top_k <= labels.count, "there are not that many classes");
    const Var right = among_highest(name, labels, top_k, prediction, target, weights);
    return detail::plus_mean(name, state, right, flatten(detail::weights_of(name, weights, target.shape())));
  }
  if (labels.task == Task::Multiclass) {
    const detail::Pairs p = detail::pairs_of(name, labels, prediction, target, weights);
    return detail::plus_mean(name, state, cast<double>(equal(p.predicted, p.actual)), p.weights);
  }
  const detail::Flags f = detail::flags_of(name, labels, prediction, target, weights);
  return detail::plus_mean(name, state, mean(cast<double>(equal(f.predicted, f.actual)), 1), squeeze(f.weights, 1));
}
Var Accuracy::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums ExactMatch::init() const { return detail::no_sums({2}); }
Sums ExactMatch::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const detail::Flags f = detail::flags_of(name, labels, prediction, target, weights);
  return detail::plus_mean(name, state, cast<double>(all(equal(f.predicted, f.actual), 1)), squeeze(f.weights, 1));
}
Var ExactMatch::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums Hamming::init() const { return detail::no_sums({2}); }
Sums Hamming::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const detail::Flags f = detail::flags_of(name, labels, prediction, target, weights);
  const Var wrong = cast<double>(not_equal(f.predicted, f.actual));
  const Var of_sample = labels.task == Task::Multiclass ? amax(wrong, 1) : mean(wrong, 1);
  return detail::plus_mean(name, state, of_sample, squeeze(f.weights, 1));
}
Var Hamming::value(const Sums& state) const { return detail::mean_of(name, state); }

}  // namespace xgrad::metrics
