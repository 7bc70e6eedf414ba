// Losses of rankings. Each row is a query: the scores of L items, and how relevant these are.
//
// A relevance below 0 (or NaN) means padding, so that queries with fewer items fit into one array: such an item takes
// no part, whatever its score, and its derivatives are 0. A query without an item costs 0.
#pragma once

#include <string_view>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Of two items, the more relevant one shall have the larger score; not reduced.
///
///     loss = sum over all i, j with r_i > r_j of softplus(-sigma (s_i - s_j))
///
/// \param scores       [..., L].
/// \param relevances   the same shape; only their order matters, equal ones are not compared.
/// \return             [...] nats, >= 0; a sum over pairs, so longer lists weigh more.
/// \throws ShapeError  unless both shapes are equal and not []; ValueError unless sigma > 0.
/// \derivative  smooth to every order in the scores, 0 with respect to the relevances. Takes memory for [..., L, L].
/// \source  C. Burges et al., Learning to rank using gradient descent, 2005, equation 3.
struct RankNet {
  static constexpr std::string_view name = "RankNet";
  double sigma = 1.0;  ///< how steep the probability is in the difference of the scores, > 0
  Var operator()(const Var& scores, const Var& relevances) const;
};
XGRAD_FIELDS(RankNet, sigma)

/// Cross-entropy of the softmax of the scores against that of the relevances; not reduced.
///
///     loss = -sum over i of t_i log_softmax(s)_i
///     t = softmax(r), or r itself if softmax_relevance is false ("softmax loss" of rankings)
///
/// \param scores       [..., L].
/// \param relevances   the same shape.
/// \return             [...] nats.
/// \throws ShapeError  unless both shapes are equal and not [].
/// \derivative  sum(t) softmax(s) - t in the scores; smooth to every order.
/// \source  Z. Cao et al., Learning to rank: from pairwise approach to listwise approach, 2007, section 4.
struct ListNet {
  static constexpr std::string_view name = "ListNet";
  bool softmax_relevance = true;  ///< false: the relevances are weights as they are
  Var operator()(const Var& scores, const Var& relevances) const;
};
XGRAD_FIELDS(ListNet, softmax_relevance)

/// Minus the log-probability of the right order, if items are drawn one after another by softmax; not reduced.
///
///     loss = sum over k of (logsumexp over j >= k of (s[o[j]]) - s[o[k]]),   o: items by falling relevance
///
/// \param scores       [..., L].
/// \param relevances   the same shape; only their order matters. Of equal ones the first is taken to be better.
/// \return             [...] nats, >= 0.
/// \throws ShapeError  unless both shapes are equal and not [].
/// \derivative  smooth to every order in the scores, 0 with respect to the relevances.
/// \source  F. Xia et al., Listwise approach to learning to rank: theory and algorithm, 2008, equation 8.
struct ListMle {
  static constexpr std::string_view name = "ListMle";
  Var operator()(const Var& scores, const Var& relevances) const;
};
XGRAD_FIELDS(ListMle)

/// RankNet, with each pair weighed by how much NDCG changes if the two items change places; not reduced.
///
///     loss = sum over all i, j with r_i > r_j of w_ij softplus(-sigma (s_i - s_j))
///     w_ij = |g_i - g_j| |1 / log2(1 + rank_i) - 1 / log2(1 + rank_j)| / ideal DCG,   g = 2^r - 1
///
/// The ranks 1, 2, ... are those by falling score, the first of equal scores being the better one.
///
/// \param scores       [..., L].
/// \param relevances   the same shape.
/// \return             [...] >= 0.
/// \throws ShapeError  unless both shapes are equal and not []; ValueError unless sigma > 0.
/// \derivative  The weights are constants. In the scores that is exact wherever no two scores are equal, as ranks do
///              not change near there; in the relevances the derivative is 0. Takes memory for [..., L, L].
/// \source  C. Burges, From RankNet to LambdaRank to LambdaMART: an overview, 2010, section 4; as a loss: X. Wang et
///          al., The LambdaLoss framework for ranking metric optimization, 2018.
struct LambdaRank {
  static constexpr std::string_view name = "LambdaRank";
  double sigma = 1.0;  ///< how steep the probability is in the difference of the scores, > 0
  Var operator()(const Var& scores, const Var& relevances) const;
};
XGRAD_FIELDS(LambdaRank, sigma)

/// 1 - NDCG, where ranks are sums of sigmoids instead of counts; not reduced.
///
///     loss = 1 - sum over i of (g_i / log2(1 + rank_i)) / ideal DCG,   g = 2^r - 1
///     rank_i = 1 + sum over j != i of sigmoid((s_j - s_i) / temperature)
///
/// \param scores       [..., L].
/// \param relevances   the same shape.
/// \return             [...], 0 where no item has a relevance above 0; 1 - NDCG as the temperature goes to 0.
/// \throws ShapeError  unless both shapes are equal and not []; ValueError unless temperature > 0.
/// \derivative  smooth to every order in the scores; vanishes where these differ by many temperatures. In the
///              relevances it jumps where two are equal. Takes memory for [..., L, L].
/// \source  T. Qin, T.-Y. Liu and H. Li, A general approximation framework for direct optimization of information
///          retrieval measures, 2010, equations 10 and 15, with the temperature 1 / alpha.
struct ApproxNdcg {
  static constexpr std::string_view name = "ApproxNdcg";
  double temperature = 0.1;  ///< differences of scores that count as clear, > 0
  Var operator()(const Var& scores, const Var& relevances) const;
};
XGRAD_FIELDS(ApproxNdcg, temperature)

/// The item that a user chose shall have a larger score than another one; not reduced.
///
///     loss = softplus(negative - positive) = -ln sigmoid(positive - negative)
///
/// \param positive, negative  scores of one shape.
/// \return                    the same shape, nats, >= 0.
/// \throws ShapeError  unless both shapes are equal.
/// \derivative  -sigmoid(negative - positive) and its opposite; smooth to every order.
/// \source  S. Rendle et al., BPR: Bayesian personalized ranking from implicit feedback, 2009, section 4.1; without its
///          penalty on the parameters.
struct BayesianPersonalizedRanking {
  static constexpr std::string_view name = "BayesianPersonalizedRanking";
  Var operator()(const Var& positive, const Var& negative) const;
};
XGRAD_FIELDS(BayesianPersonalizedRanking)

}  // namespace xgrad::loss

#pragma GCC visibility pop
