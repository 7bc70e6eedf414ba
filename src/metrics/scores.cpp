#include <xgrad/metrics/scores.hpp>

#include <limits>
#include <string>
#include <vector>

#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/search.hpp>

#include "metrics/classes.hpp"
#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

Samples plus_scores(std::string_view metric, const Samples& state, const Labels& labels, const Var& prediction,
                    const Var& target, const Var& weights) {
  const detail::Scored s = detail::scored_of(metric, labels, prediction, target, weights);
  return merge(state, {s.scores, s.actual, s.weights});
}

/// Scores of one class, [n] each: the weight of positive and negative samples.
struct Column {
  Var scores, positive, negative;
};

Column column(const Samples& state, std::size_t k) {
  const Var t = view(state.target, xt::all(), k);
  return {view(state.prediction, xt::all(), k), state.weight * t, state.weight * (1.0 - t)};
}

Column all_columns(const Samples& state) {
  const Var w = broadcast_to(expand_dims(state.weight, 1), state.target.shape());
  return {flatten(state.prediction), flatten(w * state.target), flatten(w * (1.0 - state.target))};
}

/// \throws ValueError  if that is 0 (raised when evaluated).
Var of_class(std::string_view metric, const Var& total, bool positive) {
  const Requirement requirement(std::string(metric) + ": no sample of a class is " +
                                (positive ? "positive" : "negative") + ", their weight is {}");
  return checked(total, total > 0.0, requirement);
}

/// Weights of positive and negative samples whose score is as high as each threshold or higher.
struct Reached {
  Var positive, negative;
};

/// Sums of x, which is in ascending order of scores, from each place on; 0 behind the last.
Var sums_from(const Var& x) { return concatenate({cumsum(x, 0, Direction::Backward), zeros({1})}); }

Reached reached(const Column& c, const Var& thresholds, Side side = Side::Left) {
  const Var order = argsort(c.scores);
  const Var first = searchsorted(take(c.scores, order), thresholds, side);
  return {take(sums_from(take(c.positive, order)), first), take(sums_from(take(c.negative, order)), first)};
}

Var area(std::string_view metric, const Column& c) {
  const Var with = reached(c, c.scores).negative;
  const Var above = reached(c, c.scores, Side::Right).negative;
  const Var total = of_class(metric, sum(c.negative), false);
  const Var below = total - 0.5 * (with + above);
  return sum(c.positive * below) / total / of_class(metric, sum(c.positive), true);
}

Var average_precision(std::string_view metric, const Column& c) {
  const Reached r = reached(c, c.scores);
  const Var precision = detail::quotient(r.positive, r.positive + r.negative, 0.0);
  return sum(c.positive * precision) / of_class(metric, sum(c.positive), true);
}

template <class F>
Var averaged(std::string_view metric, const Samples& state, Average average, F of_column) {
  detail::require_samples(metric, state);
  if (average == Average::Micro) return of_column(metric, all_columns(state));
  std::vector<Var> values;
  for (std::size_t k = 0; k < state.target.shape()[1]; ++k) values.push_back(of_column(metric, column(state, k)));
  const Var support = sum(expand_dims(state.weight, 1) * state.target, 0);
  const Var all = stack(values);
  return values.size() == 1 && average != Average::None ? values[0] : detail::averaged(all, support, average);
}

/// Thresholds from infinity downwards, and what reaches them.
struct Points {
  Var thresholds, positive, negative;
};

Points points(std::string_view metric, const Samples& state) {
  detail::require_samples(metric, state);
  const Column c = column(state, 0);
  const Var infinite = full({1}, std::numeric_limits<double>::infinity());
  const Var thresholds = concatenate({infinite, sort(c.scores, 0, Order::Descending)});
  const Reached r = reached(c, thresholds);
  return {thresholds, r.positive, r.negative};
}

RocPoints roc(std::string_view metric, const Samples& state) {
  const Points p = points(metric, state);
  const Var positive = of_class(metric, view(p.positive, -1), true);
  const Var negative = of_class(metric, view(p.negative, -1), false);
  return {p.negative / negative, p.positive / positive, p.thresholds};
}

PrecisionRecallPoints precision_recall(std::string_view metric, const Samples& state) {
  const Points p = points(metric, state);
  const Var positive = of_class(metric, view(p.positive, -1), true);
  return {detail::quotient(p.positive, p.positive + p.negative, 1.0), p.positive / positive, p.thresholds};
}

/// The largest of one rate at the thresholds where the other one is large enough, 0 if there is none.
Var largest_where(std::string_view metric, const Var& rate, const Var& other, double least) {
  detail::require_setting(metric, "least", least, least >= 0.0 && least <= 1.0, "it must be in [0, 1]");
  return amax(where(other >= least, rate, 0.0));
}

}  // namespace

Samples Auroc::init() const { return detail::no_samples(); }
Samples Auroc::update(const Samples& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_scores(name, state, labels, prediction, target, weights);
}
Var Auroc::value(const Samples& state) const { return averaged(name, state, average, area); }

Samples AveragePrecision::init() const { return detail::no_samples(); }
Samples AveragePrecision::update(const Samples& state, const Var& prediction, const Var& target,
                                 const Var& weights) const {
  return plus_scores(name, state, labels, prediction, target, weights);
}
Var AveragePrecision::value(const Samples& state) const { return averaged(name, state, average, average_precision); }

Samples RocCurve::init() const { return detail::no_samples(); }
Samples RocCurve::update(const Samples& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_scores(name, state, binary(), prediction, target, weights);
}
RocPoints RocCurve::value(const Samples& state) const { return roc(name, state); }

Samples PrecisionRecallCurve::init() const { return detail::no_samples(); }
Samples PrecisionRecallCurve::update(const Samples& state, const Var& prediction, const Var& target,
                                     const Var& weights) const {
  return plus_scores(name, state, binary(), prediction, target, weights);
}
PrecisionRecallPoints PrecisionRecallCurve::value(const Samples& state) const { return precision_recall(name, state); }

Samples EqualErrorRate::init() const { return detail::no_samples(); }
Samples EqualErrorRate::update(const Samples& state, const Var& prediction, const Var& target,
                               const Var& weights) const {
  return plus_scores(name, state, binary(), prediction, target, weights);
}
Var EqualErrorRate::value(const Samples& state) const {
  const RocPoints p = roc(name, state);
  // It is 1 at the first point and -1 at the last, and never rises.
  const Var ahead = 1.0 - p.true_positive_rate - p.false_positive_rate;
  const Var last = argmax(ahead <= 0.0);
  const Var a = take(ahead, last - 1);
  const Var share = a / (a - take(ahead, last));
  const Var from = take(p.false_positive_rate, last - 1);
  return from + share * (take(p.false_positive_rate, last) - from);
}

Samples RecallAtPrecision::init() const { return detail::no_samples(); }
Samples RecallAtPrecision::update(const Samples& state, const Var& prediction, const Var& target,
                                  const Var& weights) const {
  return plus_scores(name, state, binary(), prediction, target, weights);
}
Var RecallAtPrecision::value(const Samples& state) const {
  const PrecisionRecallPoints p = precision_recall(name, state);
  return largest_where(name, p.recall, p.precision, least);
}

Samples PrecisionAtRecall::init() const { return detail::no_samples(); }
Samples PrecisionAtRecall::update(const Samples& state, const Var& prediction, const Var& target,
                                  const Var& weights) const {
  return plus_scores(name, state, binary(), prediction, target, weights);
}
Var PrecisionAtRecall::value(const Samples& state) const {
  const PrecisionRecallPoints p = precision_recall(name, state);
  return largest_where(name, p.precision, p.recall, least);
}

Samples SpecificityAtSensitivity::init() const { return detail::no_samples(); }
Samples SpecificityAtSensitivity::update(const Samples& state, const Var& prediction, const Var& target,
                                         const Var& weights) const {
  return plus_scores(name, state, binary(), prediction, target, weights);
}
Var SpecificityAtSensitivity::value(const Samples& state) const {
  const RocPoints p = roc(name, state);
  return largest_where(name, 1.0 - p.false_positive_rate, p.true_positive_rate, least);
}

Samples SensitivityAtSpecificity::init() const { return detail::no_samples(); }
Samples SensitivityAtSpecificity::update(const Samples& state, const Var& prediction, const Var& target,
                                         const Var& weights) const {
  return plus_scores(name, state, binary(), prediction, target, weights);
}
Var SensitivityAtSpecificity::value(const Samples& state) const {
  const RocPoints p = roc(name, state);
  return largest_where(name, p.true_positive_rate, 1.0 - p.false_positive_rate, least);
}

}  // namespace xgrad::metrics
