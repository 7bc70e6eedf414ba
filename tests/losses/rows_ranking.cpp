// Losses of rankings.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <xgrad/loss/ranking.hpp>

#include "loss_table.hpp"

namespace xgrad::testing {
namespace {

using Real = long double;
using Reals = std::vector<Real>;

struct Item {
  Real score;
  Real relevance;
};
using Items = std::vector<Item>;

/// A loss of the items of each query that are no padding.
Reference by_query(std::function<Real(const Items&)> value) {
  return [value](const std::vector<Numbers>& x) {
    Reals result;
    const std::size_t length = x[0].shape.back();
    for (std::size_t first = 0; first < x[0].at.size(); first += length) {
      Items items;
      for (std::size_t i = first; i < first + length; ++i) {
        if (x[1](i) >= 0) items.push_back({x[0](i), x[1](i)});
      }
      result.push_back(value(items));
    }
    return result;
  };
}

Real gain(const Item& item) { return std::exp2(item.relevance) - 1; }

Real ideal_dcg(Items items) {
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.relevance > b.relevance; });
  Real total = 0;
  for (std::size_t k = 0; k < items.size(); ++k) total += gain(items[k]) / std::log2(static_cast<Real>(k + 2));
  return total;
}

Real rank_net(const Items& items, Real sigma) {
  Real total = 0;
  for (const Item& a : items) {
    for (const Item& b : items) {
      if (a.relevance > b.relevance) total += std::log1p(std::exp(-sigma * (a.score - b.score)));
    }
  }
  return total;
}

Real list_net(const Items& items, bool softmax) {
  Real scores = 0;
  Real relevances = 0;
  for (const Item& each : items) scores += std::exp(each.score), relevances += std::exp(each.relevance);
  Real total = 0;
  for (const Item& each : items) {
    const Real target = softmax ? std::exp(each.relevance) / relevances : each.relevance;
    total -= target * std::log(std::exp(each.score) / scores);
  }
  return total;
}

Real list_mle(Items items) {
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.relevance > b.relevance; });
  Real total = 0;
  for (std::size_t k = 0; k < items.size(); ++k) {
    Real rest = 0;
    for (std::size_t j = k; j < items.size(); ++j) rest += std::exp(items[j].score);
    total -= std::log(std::exp(items[k].score) / rest);
  }
  return total;
}

Real lambda_rank(const Items& items, Real sigma) {
  const auto place = [&](const Item& item) {
    const auto ahead = std::count_if(items.begin(), items.end(), [&](const Item& x) { return x.score > item.score; });
    return 1 / std::log2(static_cast<Real>(ahead + 2));
  };
  Real total = 0;
  for (const Item& a : items) {
    for (const Item& b : items) {
      if (a.relevance <= b.relevance) continue;
      const Real weight = std::abs((gain(a) - gain(b)) * (place(a) - place(b))) / ideal_dcg(items);
      total += weight * std::log1p(std::exp(-sigma * (a.score - b.score)));
    }
  }
  return total;
}

Real approx_ndcg(const Items& items, Real temperature) {
  Real dcg = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    Real rank = 1;
    for (std::size_t j = 0; j < items.size(); ++j) {
      if (j != i) rank += 1 / (1 + std::exp((items[i].score - items[j].score) / temperature));
    }
    dcg += gain(items[i]) / std::log2(1 + rank);
  }
  const Real ideal = ideal_dcg(items);
  return ideal == 0 ? 0 : 1 - dcg / ideal;
}

// ---- rows

/// Three queries of five items: grades with ties, one list shorter, one where nothing is relevant.
Case graded(Random& random) {
  return {random.lattice({3, 5}, 0.0) + 0.07 * random.distinct({3, 5}),
          labels({3, 5}, {3, 0, 1, 1, 2, 1, -1, 0, 2, -1, 0, 0, 0, 0, 0})};
}

/// The same with relevances that are differentiated, all different.
Case continuous(Random& random) { return {random.distinct({2, 4}), random.distinct({2, 4}) + 2.0}; }

Case single_query(Random& random) { return {random.distinct({4}), labels({4}, {0, 2, 1, 0})}; }

std::vector<Case> extreme_lists() {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  return {{floats({3, 3}, {1e4, -1e4, 0, -1e4, 1e4, 1e4, 0, 0, 0}), labels({3, 3}, {0, 1, 2, 2, 1, 0, 1, 1, 1})},
          {floats({2, 3}, {1e4, -1e4, 0, -1e4, 1e4, 1e4}), floats({2, 3}, {0, 1e4, 1, 0.5, 0, 0})},
          {floats({3, 2}, {1, nan, nan, 2, nan, nan}), floats({3, 2}, {1, -1, -1, 2, -1, nan})},
          {floats({2, 1}, {3, -1e4}), labels({2, 1}, {1, 0})},
          {floats({2, 0}, {}), labels({2, 0}, {})},
          {floats({0, 2}, {}), labels({0, 2}, {})}};
}

const std::vector<double> no_gradient{0, 0};

/// A single item, padding alone, no item, no query.
std::vector<Known> nothing_to_rank(std::vector<Known> more) {
  more.push_back({.arguments = {doubles({1, 1}, {3}), labels({1, 1}, {0})}, .values = {0}, .gradients = {{0}}});
  more.push_back({.arguments = {doubles({1, 2}, {3, not_a_number}), labels({1, 2}, {-1, -1})},
                  .values = {0},
                  .gradients = {no_gradient}});
  more.push_back({.arguments = {doubles({2, 0}, {}), labels({2, 0}, {})}, .values = {0, 0}});
  more.push_back({.arguments = {doubles({0, 2}, {}), labels({0, 2}, {})}, .values = {}});
  return more;
}

using std::numbers::ln2;

void append_lists(LossRows& rows, Random& random) {
  rows.push_back({.name = "RankNet",
                  .function = call(loss::RankNet{}),
                  .smooth = {graded(random), continuous(random), single_query(random)},
                  .reference = by_query([](const Items& items) { return rank_net(items, 1); }),
                  .known = nothing_to_rank({{.arguments = {doubles({1, 3}, {0, 0, 0}), labels({1, 3}, {2, 1, 0})},
                                             .values = {3 * ln2},
                                             .gradients = {{-1, 0, 1}}},
                                            {.arguments = {doubles({1, 2}, {1, 5}), labels({1, 2}, {1, 1})},
                                             .values = {0},
                                             .gradients = {no_gradient}}}),
                  .extreme = extreme_lists()});
  rows.push_back({.name = "RankNet.sigma",
                  .function = call(loss::RankNet{.sigma = 2.5}),
                  .smooth = {graded(random)},
                  .reference = by_query([](const Items& items) { return rank_net(items, 2.5L); })});
  rows.push_back({.name = "ListNet",
                  .function = call(loss::ListNet{}),
                  .smooth = {graded(random), continuous(random), single_query(random)},
                  .reference = by_query([](const Items& items) { return list_net(items, true); }),
                  .known = nothing_to_rank({{.arguments = {doubles({1, 2}, {5, 5}), labels({1, 2}, {1, 1})},
                                             .values = {ln2},
                                             .gradients = {no_gradient}}}),
                  .extreme = extreme_lists()});
  rows.push_back({.name = "ListNet.weights",
                  .function = call(loss::ListNet{.softmax_relevance = false}),
                  .smooth = {graded(random), continuous(random)},
                  .reference = by_query([](const Items& items) { return list_net(items, false); }),
                  .known = {{.arguments = {doubles({2, 2}, {5, 5, 1, 2}), labels({2, 2}, {1, 0, 0, 0})},
                             .values = {ln2, 0},
                             .gradients = {{-0.5, 0.5, 0, 0}}}},
                  .extreme = extreme_lists()});
  rows.push_back({.name = "ListMle",
                  .function = call(loss::ListMle{}),
                  .smooth = {graded(random), continuous(random), single_query(random)},
                  .reference = by_query(list_mle),
                  .known = nothing_to_rank({{.arguments = {doubles({1, 3}, {0, 0, 0}), labels({1, 3}, {0, 2, 1})},
                                             .values = {std::log(6.0)},
                                             .gradients = {{5.0 / 6.0, -2.0 / 3.0, -1.0 / 6.0}}},
                                            {.arguments = {doubles({1, 2}, {0, 0}), labels({1, 2}, {1, 1})},
                                             .values = {ln2},
                                             .gradients = {{-0.5, 0.5}}}}),
                  .extreme = extreme_lists()});
}

void append_ndcg(LossRows& rows, Random& random) {
  // Two items, the right order and the wrong one: NDCG changes by 1 - 1 / log2(3).
  const double change = 1 - 1 / std::log2(3.0);
  rows.push_back(
      {.name = "LambdaRank",
       .function = call(loss::LambdaRank{}),
       .smooth = {graded(random), single_query(random)},
       .reference = by_query([](const Items& items) { return lambda_rank(items, 1); }),
       .known = nothing_to_rank({{.arguments = {doubles({2, 2}, {1, 0, 0, 1}), labels({2, 2}, {1, 0, 1, 0})},
                                  .values = {change * std::log1p(std::exp(-1.0)), change * std::log1p(std::exp(1.0))}},
                                 {.arguments = {doubles({1, 2}, {0, 0}), labels({1, 2}, {1, 0})},
                                  .values = {change * ln2},
                                  .gradients = {{-change / 2, change / 2}}}}),
       .extreme = extreme_lists()});
  rows.push_back({.name = "LambdaRank.sigma",
                  .function = call(loss::LambdaRank{.sigma = 0.5}),
                  .smooth = {graded(random)},
                  .reference = by_query([](const Items& items) { return lambda_rank(items, 0.5L); })});
  rows.push_back(
      {.name = "ApproxNdcg",
       .function = call(loss::ApproxNdcg{.temperature = 0.5}),
       .smooth = {graded(random), continuous(random), single_query(random)},
       .reference = by_query([](const Items& items) { return approx_ndcg(items, 0.5L); }),
       .known = nothing_to_rank(
           {{.arguments = {doubles({2, 2}, {1e3, 0, 0, 1e3}), labels({2, 2}, {1, 0, 1, 0})},
             .values = {0, change},
             .gradients = {{0, 0, 0, 0}}},
            {.arguments = {doubles({1, 2}, {0, 0}), labels({1, 2}, {1, 0})}, .values = {1 - 1 / std::log2(2.5)}}}),
       .extreme = extreme_lists()});
  rows.push_back({.name = "ApproxNdcg.transposed",
                  .function = [](const Case& x) { return loss::ApproxNdcg{.temperature = 2.0}(transpose(x[0]), x[1]); },
                  .smooth = {{random.distinct({3, 2}), labels({2, 3}, {1, 0, 2, 1, 1, 0})}},
                  .reference =
                      [](const std::vector<Numbers>& x) {
                        Numbers scores{x[1].shape, {}};
                        for (std::size_t i = 0; i < 6; ++i) scores.at.push_back(x[0](i % 3, i / 3));
                        return by_query([](const Items& items) { return approx_ndcg(items, 2); })({scores, x[1]});
                      }});
}

void append_pairs(LossRows& rows, Random& random) {
  rows.push_back(
      {.name = "BayesianPersonalizedRanking",
       .function = call(loss::BayesianPersonalizedRanking{}),
       .smooth = {{random.uniform({2, 3}), random.uniform({2, 3})}, {random.uniform({}), random.uniform({})}},
       .reference =
           [](const std::vector<Numbers>& x) {
             Reals result;
             for (std::size_t i = 0; i < x[0].at.size(); ++i) {
               result.push_back(-std::log(1 / (1 + std::exp(x[1](i) - x[0](i)))));
             }
             return result;
           },
       .known = {{.arguments = {doubles({1}, {2}), doubles({1}, {2})}, .values = {ln2}, .gradients = {{-0.5}, {0.5}}},
                 {.arguments = {doubles({0}, {}), doubles({0}, {})}, .values = {}}},
       .extreme = {{floats({2}, {1e4, -1e4}), floats({2}, {-1e4, 1e4})}}});
}

}  // namespace

void append_ranking(LossRows& rows) {
  Random random(1202);
  append_lists(rows, random);
  append_ndcg(rows, random);
  append_pairs(rows, random);
}

}  // namespace xgrad::testing
