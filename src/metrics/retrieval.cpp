#include <xgrad/metrics/retrieval.hpp>

#include <algorithm>
#include <string>

#include <xgrad/core/errors.hpp>
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

/// Rows of scores and relevance, [q, D] each, and their weights, [q].
struct Rows {
  Var scores, relevance, weights;
};

Rows rows_of(std::string_view metric, const Var& prediction, const Var& target, const Var& weights) {
  const Var w = detail::weights_of_rows(metric, weights, prediction, target);
  const Shape& shape = target.shape();
  const auto d = static_cast<std::ptrdiff_t>(shape.back());
  if (d == 0) throw ShapeError(std::string(metric) + ": rows of " + to_string(shape) + " are empty");
  const Strides flat{static_cast<std::ptrdiff_t>(target.size()) / d, d};
  const Requirement scored(std::string(metric) + ": the score {} has no rank");
  const Requirement relevant(std::string(metric) + ": the relevance {} is negative or NaN");
  const Var scores = reshape(detail::counting(prediction, w), flat);
  const Var relevance = reshape(detail::counting(target, w), flat);
  return {checked(scores, !isnan(scores), scored), checked(relevance, relevance >= 0.0, relevant), flatten(w)};
}

/// Relevance in the order of the scores, the first k.
Var in_order(const Rows& r, std::size_t k) {
  const Var order = argsort(r.scores, 1, Order::Descending);
  const std::size_t d = r.scores.shape()[1];
  const std::size_t first = k == 0 ? d : std::min(k, d);
  return view(take_along_axis(r.relevance, order, 1), xt::all(), xt::range(0, static_cast<std::ptrdiff_t>(first)));
}

Var flags(const Var& relevance) { return cast<double>(relevance > 0.0); }

/// 1, 2, ... of the columns.
Var places(const Var& rows) { return 1.0 + cast<double>(arange(static_cast<std::int64_t>(rows.shape()[1]))); }

Var gain(const Var& relevance) { return sum(relevance / log2(1.0 + places(relevance)), 1); }

/// Labels of rows: true where relevant.
Rows labels_of(std::string_view metric, const Var& prediction, const Var& target, const Var& weights) {
  if (is_floating(target.dtype())) {
    throw TypeError(std::string(metric) + ": the target is " + std::string(xgrad::name(target.dtype())) +
                    "; labels are int64 or bool");
  }
  Rows r = rows_of(metric, prediction, target, weights);
  const Requirement requirement(std::string(metric) + ": the target {} is neither 0 nor 1");
  r.relevance = checked(r.relevance, r.relevance <= 1.0, requirement);
  return r;
}

/// [q, L, L]: whether the score of the second label is that of the first or more.
Var as_high(const Var& scores) { return cast<double>(expand_dims(scores, 1) >= expand_dims(scores, 2)); }

}  // namespace

Sums ReciprocalRank::init() const { return detail::no_sums({2}); }
Sums ReciprocalRank::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Rows r = rows_of(name, prediction, target, weights);
  const Var x = in_order(r, k);
  return detail::plus_mean(name, state, amax(flags(x) / places(x), 1), r.weights);
}
Var ReciprocalRank::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums MeanAveragePrecision::init() const { return detail::no_sums({2}); }
Sums MeanAveragePrecision::update(const Sums& state, const Var& prediction, const Var& target,
                                  const Var& weights) const {
  const Rows r = rows_of(name, prediction, target, weights);
  const Var x = flags(in_order(r, k));
  return detail::plus_mean(name, state, detail::quotient(sum(x * cumsum(x, 1) / places(x), 1), sum(x, 1), 0.0),
                           r.weights);
}
Var MeanAveragePrecision::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums Ndcg::init() const { return detail::no_sums({2}); }
Sums Ndcg::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Rows r = rows_of(name, prediction, target, weights);
  const Rows best{r.relevance, r.relevance, r.weights};
  return detail::plus_mean(name, state, detail::quotient(gain(in_order(r, k)), gain(in_order(best, k)), 0.0),
                           r.weights);
}
Var Ndcg::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums RetrievalPrecision::init() const { return detail::no_sums({2}); }
Sums RetrievalPrecision::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Rows r = rows_of(name, prediction, target, weights);
  const std::size_t d = r.scores.shape()[1];
  return detail::plus_mean(name, state, sum(flags(in_order(r, k)), 1) / static_cast<double>(k == 0 ? d : k), r.weights);
}
Var RetrievalPrecision::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums RetrievalRecall::init() const { return detail::no_sums({2}); }
Sums RetrievalRecall::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Rows r = rows_of(name, prediction, target, weights);
  return detail::plus_mean(name, state,
                           detail::quotient(sum(flags(in_order(r, k)), 1), sum(flags(r.relevance), 1), 0.0), r.weights);
}
Var RetrievalRecall::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums HitRate::init() const { return detail::no_sums({2}); }
Sums HitRate::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Rows r = rows_of(name, prediction, target, weights);
  return detail::plus_mean(name, state, amax(flags(in_order(r, k)), 1), r.weights);
}
Var HitRate::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums CoverageError::init() const { return detail::no_sums({2}); }
Sums CoverageError::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Rows r = labels_of(name, prediction, target, weights);
  const Var below = sum(as_high(r.scores), 2);
  return detail::plus_mean(name, state, amax(below * r.relevance, 1), r.weights);
}
Var CoverageError::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums LabelRankingLoss::init() const { return detail::no_sums({2}); }
Sums LabelRankingLoss::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Rows r = labels_of(name, prediction, target, weights);
  const Var wrong = 1.0 - r.relevance;
  const Var swapped = sum(as_high(r.scores) * expand_dims(r.relevance, 2) * expand_dims(wrong, 1), {1, 2});
  return detail::plus_mean(name, state, detail::quotient(swapped, sum(r.relevance, 1) * sum(wrong, 1), 0.0), r.weights);
}
Var LabelRankingLoss::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums LabelRankingAveragePrecision::init() const { return detail::no_sums({2}); }
Sums LabelRankingAveragePrecision::update(const Sums& state, const Var& prediction, const Var& target,
                                          const Var& weights) const {
  const Rows r = labels_of(name, prediction, target, weights);
  const Var high = as_high(r.scores);
  const Var precision = sum(high * expand_dims(r.relevance, 1), 2) / sum(high, 2);
  return detail::plus_mean(name, state, detail::quotient(sum(precision * r.relevance, 1), sum(r.relevance, 1), 1.0),
                           r.weights);
}
Var LabelRankingAveragePrecision::value(const Sums& state) const { return detail::mean_of(name, state); }

}  // namespace xgrad::metrics
