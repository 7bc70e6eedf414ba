#include <xgrad/loss/ranking.hpp>

#include <limits>
#include <numbers>
#include <numeric>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/reduce.hpp>

#include "arguments.hpp"

namespace xgrad::loss {
namespace {

using detail::as_floating;
using detail::infinity;

constexpr double ln2 = std::numbers::ln2;

void require_lists(std::string_view loss, const Var& scores, const Var& relevances) {
  require_same_shape(loss, scores, relevances, "score array", "relevance array");
  if (scores.dimension() > 0) return;
  throw ShapeError(std::string(loss) + ": the scores are a scalar; they must be [..., L], a list for each query");
}

/// Each item against each: f(item i, item j) is [..., L, L].
Var rows_of(const Var& x) { return expand_dims(x, -1); }
Var columns_of(const Var& x) { return expand_dims(x, -2); }

/// Whether item i is more relevant than item j, and none of both is padding.
Var preferred(const Var& relevances, DType dtype) {
  const Var r = cast(relevances, dtype);
  return rows_of(r) > columns_of(where(r >= 0.0, r, infinity));  // nothing is preferred to padding
}

Var logistic(const Var& scores, double sigma) { return softplus(sigma * (columns_of(scores) - rows_of(scores))); }

/// 1 / log2(1 + rank), given the ranks 1, 2, ...
Var discount(const Var& rank) { return ln2 / log1p(rank); }

/// Gains 2^r - 1, and the DCG of the best order, [..., 1]; both divided by 2^(largest r), so that nothing overflows.
/// 1 if all gains are 0.
struct Gains {
  Var gains;
  Var ideal;
};

Gains gains_of(const Var& relevances, DType dtype) {
  const Var r = cast(relevances, dtype);
  const Var valid = r >= 0.0;
  const Var largest = stop_gradient(amax(where(valid, r, 0.0), -1, keep_dims));
  const Var gains = where(valid, -expm1(-ln2 * r) * exp(ln2 * (r - largest)), 0.0);
  auto ranks = Array<double>::from_shape({r.shape(-1)});
  std::iota(ranks.begin(), ranks.end(), 1.0);
  const Var ideal =
      sum(sort(gains, -1, Order::Descending) * discount(cast(Var(std::move(ranks)), dtype)), -1, keep_dims);
  return {gains, where(equal(ideal, 0.0), 1.0, ideal)};
}

/// Ranks 1, 2, ... by falling score; padding comes last.
Var ranks_of(const Var& scores, const Var& valid) {
  const Var order = argsort(where(valid, scores, -infinity), -1, Order::Descending);
  return 1.0 + cast(argsort(order), scores.dtype());
}

}  // namespace

Var RankNet::operator()(const Var& scores, const Var& relevances) const {
  require_setting(name, "sigma", sigma, sigma > 0.0, "it must be positive");
  require_lists(name, scores, relevances);
  const Var s = as_floating(scores);
  return sum(where(preferred(relevances, s.dtype()), logistic(s, sigma), 0.0), {-2, -1});
}

Var ListNet::operator()(const Var& scores, const Var& relevances) const {
  require_lists(name, scores, relevances);
  const Var s = as_floating(scores);
  const Var r = cast(relevances, s.dtype());
  const Var valid = r >= 0.0;
  const Var target = softmax_relevance ? softmax(where(valid, r, -infinity)) : r;
  // Finite where it is not valid: 0 times infinity would be the derivative with respect to the target.
  const Var nll = where(valid, -log_softmax(where(valid, s, -infinity)), 0.0);
  return sum(where(valid, target * nll, 0.0), -1);
}

Var ListMle::operator()(const Var& scores, const Var& relevances) const {
  require_lists(name, scores, relevances);
  const Var order = argsort(relevances, -1, Order::Descending);  // padding comes last
  const Var s = take_along_axis(as_floating(scores), order, -1);
  const Var valid = take_along_axis(relevances, order, -1) >= 0;
  const Var rest = logcumsumexp(where(valid, s, -infinity), -1, Direction::Backward);
  return sum(where(valid, rest - s, 0.0), -1);
}

Var LambdaRank::operator()(const Var& scores, const Var& relevances) const {
  require_setting(name, "sigma", sigma, sigma > 0.0, "it must be positive");
  require_lists(name, scores, relevances);
  const Var s = as_floating(scores);
  if (s.shape(-1) == 0) return sum(s, -1);
  const Gains ndcg = gains_of(stop_gradient(relevances), s.dtype());
  const Var share = ndcg.gains / ndcg.ideal;
  const Var discounts = discount(ranks_of(s, relevances >= 0));
  const Var weights = abs((rows_of(share) - columns_of(share)) * (rows_of(discounts) - columns_of(discounts)));
  return sum(where(preferred(relevances, s.dtype()), weights * logistic(s, sigma), 0.0), {-2, -1});
}

Var ApproxNdcg::operator()(const Var& scores, const Var& relevances) const {
  require_setting(name, "temperature", temperature, temperature > 0.0, "it must be positive");
  require_lists(name, scores, relevances);
  const Var s = as_floating(scores);
  if (s.shape(-1) == 0) return sum(s, -1);
  const Var valid = relevances >= 0;
  const Gains ndcg = gains_of(relevances, s.dtype());
  const Var others = columns_of(where(valid, s, -infinity));                      // padding is ahead of nothing
  const Var ranks = 0.5 + sum(sigmoid((others - rows_of(s)) / temperature), -1);  // the item itself counts one half
  const Var gained = sum(where(valid, ndcg.gains * discount(ranks), 0.0), -1) / squeeze(ndcg.ideal, -1);
  return where(amax(ndcg.gains, -1) > 0.0, 1.0 - gained, 0.0);
}

Var BayesianPersonalizedRanking::operator()(const Var& positive, const Var& negative) const {
  require_same_shape(name, positive, negative, "positive score array", "negative score array");
  return softplus(negative - positive);
}

}  // namespace xgrad::loss
