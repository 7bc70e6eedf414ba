#include <xgrad/loss/ranking.hpp>

#include "pictures.hpp"

namespace pictures {
namespace {

using xgrad::Var;
namespace loss = xgrad::loss;

/// Queries of two items, of which the first is the relevant one, by the difference of their scores.
Var two_items(const std::function<Var(const Var&, const Var&)>& f, const Var& difference) {
  const Var scores = xgrad::stack({difference, zeros_like(difference)}, -1);
  return f(scores, zeros_like(scores) + Var(xt::xarray<double>{1.0, 0.0}));
}

}  // namespace

void draw_ranking(const Folder& folder) {
  const auto draw = [&](const std::string& file, const std::string& title, const auto& l) {
    draw_curve(folder, file, title + ", two items", "score of the relevant item - score of the other", -4, 4,
               [&](const Var& difference) { return two_items(l, difference); });
  };
  draw("rank_net", "RankNet", loss::RankNet{});
  draw("list_net", "ListNet", loss::ListNet{});
  draw("list_mle", "ListMle", loss::ListMle{});
  draw("lambda_rank", "LambdaRank", loss::LambdaRank{});
  draw("approx_ndcg", "ApproxNdcg, temperature = 0.5", loss::ApproxNdcg{.temperature = 0.5});
  draw_curve(folder, "bayesian_personalized_ranking", "BayesianPersonalizedRanking", "positive - negative", -4, 4,
             [](const Var& d) { return loss::BayesianPersonalizedRanking{}(d, zeros_like(d)); });
}

}  // namespace pictures
