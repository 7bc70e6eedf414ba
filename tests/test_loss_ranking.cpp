// Losses of rankings: bad arguments, padding, and what becomes of the relevances.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

#include <xgrad/loss/ranking.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_ranking)

namespace xg = xgrad;
namespace loss = xgrad::loss;
using comparing::near;
using comparing::throws;
using comparing::wave;
using xg::Var;

namespace {

template <class L>
void check_lists(const L& l) {
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return l(wave({3, 2}), wave({3}));
      },
      {L::name, "score array", "relevance array", "[3, 2]", "[3]", "same shape"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return l(wave({3, 2}), wave({3, 1})); }, {L::name, "[3, 1]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return l(1.0, 1.0); }, {L::name, "scalar", "[..., L]"}));
}

template <class L>
void check_setting(const L& l, const char* setting) {
  BOOST_TEST(throws<xg::ValueError>([&] { return l(wave({3, 2}), wave({3, 2})); }, {L::name, setting, "positive"}));
}

const Var relevances = xt::xarray<double>{3.0, 1.0, 2.0, 0.0, -1.0, -1.0};
const Var shorter = xt::xarray<double>{3.0, 1.0, 2.0, 0.0};

/// Padding changes neither value nor gradient, whatever its scores.
template <class L>
void check_padding(const L& l) {
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  const Var padded = xt::xarray<double>{0.3, -0.4, 0.8, 0.1, not_a_number, 1e300};
  const Var scores = xt::xarray<double>{0.3, -0.4, 0.8, 0.1};
  BOOST_TEST(near(l(padded, relevances), l(scores, shorter)));
  const Var gradient = xg::grad([&](const Var& s) { return l(s, relevances); })(padded);
  const Var expected = xg::grad([&](const Var& s) { return l(s, shorter); })(scores);
  BOOST_TEST(near(view(gradient, xt::range(0, 4)), expected));
  BOOST_TEST(near(view(gradient, xt::range(4, 6)), xt::xarray<double>{0.0, 0.0}));
}

template <class L>
void check_type(const L& l) {
  const Var scores = wave<float>({2, 3});
  BOOST_TEST(l(scores, Var(xt::xarray<int>{{0, 1, 2}, {1, 0, -1}})).dtype() == xg::DType::Float32);
  BOOST_TEST(l(scores, Var(xt::xarray<double>{{0, 1, 2}, {1, 0, -1}})).dtype() == xg::DType::Float32);
  BOOST_TEST(l(scores, Var(xt::xarray<bool>{{false, true, true}, {true, false, false}})).dtype() == xg::DType::Float32);
  BOOST_TEST(l(Var(xt::xarray<int>{{1, 2, 3}}), Var(xt::xarray<int>{{0, 1, 2}})).dtype() == xg::DType::Float64);
}

}  // namespace

BOOST_AUTO_TEST_CASE(losses_of_rankings_refuse) {
  check_lists(loss::RankNet{});
  check_lists(loss::ListNet{});
  check_lists(loss::ListMle{});
  check_lists(loss::LambdaRank{});
  check_lists(loss::ApproxNdcg{});
  check_setting(loss::RankNet{.sigma = 0.0}, "sigma is 0");
  check_setting(loss::LambdaRank{.sigma = -1.0}, "sigma is -1");
  check_setting(loss::ApproxNdcg{.temperature = 0.0}, "temperature is 0");
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return loss::BayesianPersonalizedRanking{}(wave({3}), wave({3, 1}));
      },
      {"BayesianPersonalizedRanking", "positive score array", "negative score array", "[3]", "[3, 1]"}));
}

BOOST_AUTO_TEST_CASE(padding_takes_no_part) {
  check_padding(loss::RankNet{});
  check_padding(loss::ListNet{});
  check_padding(loss::ListNet{.softmax_relevance = false});
  check_padding(loss::ListMle{});
  check_padding(loss::LambdaRank{});
  check_padding(loss::ApproxNdcg{});
}

BOOST_AUTO_TEST_CASE(the_type_of_the_scores_is_that_of_the_loss) {
  check_type(loss::RankNet{});
  check_type(loss::ListNet{});
  check_type(loss::ListMle{});
  check_type(loss::LambdaRank{});
  check_type(loss::ApproxNdcg{});
}

BOOST_AUTO_TEST_CASE(the_weights_of_lambda_rank_are_constants) {
  const Var scores = xt::xarray<double>{0.3, -0.4, 0.8, 0.1};
  const Var slope = xg::grad([&](const Var& r) { return loss::LambdaRank{}(scores, r); })(shorter);
  BOOST_TEST(near(slope, zeros_like(shorter)));
}

BOOST_AUTO_TEST_CASE(approx_ndcg_tends_to_one_minus_ndcg) {
  const Var scores = xt::xarray<double>{0.3, -0.4, 0.8, 0.1};
  // By falling score the relevances are 2, 3, 0, 1; at best 3, 2, 1, 0.
  const auto dcg = [](double a, double b, double c, double d) {
    return a / std::log2(2.0) + b / std::log2(3.0) + c / std::log2(4.0) + d / std::log2(5.0);
  };
  const double ndcg = dcg(3, 7, 0, 1) / dcg(7, 3, 1, 0);
  BOOST_TEST(near(loss::ApproxNdcg{.temperature = 1e-3}(scores, shorter), 1.0 - ndcg));
}

BOOST_AUTO_TEST_SUITE_END()
