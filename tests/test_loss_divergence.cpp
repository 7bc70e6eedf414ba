// Divergences and distances of distributions: bad input, and what is known of them beside their formulas.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string_view>

#include <xgrad/loss/divergence.hpp>
#include <xgrad/loss/divergence_samples.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "losses/loss_table.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_divergence)

namespace xg = xgrad;
namespace loss = xgrad::loss;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Var;
using xg::testing::doubles;
using xg::testing::infinity;
using xg::testing::labels;
using xg::testing::not_a_number;

namespace {

/// Distributions over the last axis.
Var distributions(const xg::Shape& shape, double phase = 0.0) { return softmax(wave(shape, phase)); }

/// The calls that every divergence of two arrays without negative numbers refuses.
template <class L>
void check_measures(L checking) {
  const std::string_view name = L::name;
  const Var good = distributions({2, 3});
  const Var bad = doubles({2, 3}, {0.5, 0.5, 0.0, 0.5, 0.75, -0.25});
  BOOST_TEST(throws<xg::ShapeError>([&] { return checking(good, distributions({3})); },
                                    {name, "prediction is [2, 3]", "target is [3]", "same shape"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return checking(good, bad); }, {name, "target -0.25 is negative"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return checking(bad, good); }, {name, "prediction -0.25 is negative"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        xg::Tape tape;
        return tape.evaluate(checking(tape.leaf(good), tape.leaf(not_a_number * good)));
      },
      {name, "target", "nan", "not a number"}));
  L trusting = checking;
  trusting.check_targets = false;
  BOOST_TEST(same(trusting(good, good), checking(good, good)));
  BOOST_TEST(trusting(good, bad).shape(0) == 2U);
}

template <class L>
void check_distributions(L checking) {
  check_measures(checking);
  BOOST_TEST(throws<xg::ShapeError>([&] { return checking(Var(0.5), Var(0.5)); }, {L::name, "[]", "[..., K]"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return checking(wave({2, 0}), wave({2, 0}));
      },
      {L::name, "[2, 0]", "K > 0"}));
}

template <class L>
void check_clouds(const L& checking) {
  const std::string_view name = L::name;
  const std::string_view requirement = "[N, D] and [M, D]";
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return checking(wave({4, 2}), wave({4, 3}));
      },
      {name, "prediction is [4, 2]", "target is [4, 3]", requirement}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return checking(wave({4}), wave({4})); }, {name, "[4]", requirement}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return checking(wave({4, 2}), wave({1, 4, 2}));
      },
      {name, "[1, 4, 2]", requirement}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return checking(wave({0, 2}), wave({3, 2}));
      },
      {name, "[0, 2]", requirement}));
}

}  // namespace

BOOST_AUTO_TEST_CASE(divergences_refuse_bad_probabilities) {
  check_measures(loss::GeneralizedKl{});
  check_distributions(loss::JensenShannon{});
  check_distributions(loss::Renyi{});
  check_distributions(loss::Hellinger{});
  check_distributions(loss::TotalVariation{});
}

BOOST_AUTO_TEST_CASE(kl_divergence_refuses_bad_targets) {
  const Var logs = doubles({2}, {-0.1, -2.0});
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return loss::KlDivergence{}(logs, doubles({2, 1}, {0.5, 0.5}));
      },
      {"KlDivergence", "[2]", "[2, 1]"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return loss::KlDivergence{}(logs, logs); },
                                    {"KlDivergence", "target -0.1 is negative"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return loss::KlDivergence{}(logs, doubles({2}, {0.0, not_a_number}));
      },
      {"KlDivergence", "nan"}));
  BOOST_TEST(loss::KlDivergence{.check_targets = false}(logs, logs).shape(0) == 2U);
  BOOST_TEST(near(loss::KlDivergence{.log_target = true}(logs, logs), 0.0 * logs));
}

BOOST_AUTO_TEST_CASE(divergences_refuse_bad_settings) {
  const Var p = distributions({2, 3});
  for (const double alpha : {0.0, -1.0, infinity, not_a_number}) {
    BOOST_TEST(throws<xg::ValueError>([&] { return loss::Renyi{.alpha = alpha}(p, p); },
                                      {"Renyi", "alpha is", "positive and finite"}));
  }
  for (const double order : {0.5, infinity, not_a_number}) {
    BOOST_TEST(throws<xg::ValueError>([&] { return loss::Wasserstein1d{.p = order}(p, p); },
                                      {"Wasserstein1d", "p is", "finite and >= 1"}));
  }
  BOOST_TEST(throws<xg::ValueError>([&] { return loss::Sinkhorn{.epsilon = 0.0}(p, p); },
                                    {"Sinkhorn", "epsilon is 0", "positive and finite"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return loss::Sinkhorn{.iterations = 0}(p, p); },
                                    {"Sinkhorn", "iterations is 0", "between 1 and"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return loss::Mmd{.bandwidths = {}}(p, p); },
                                    {"Mmd", "number of bandwidths is 0", "one or more"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return loss::Mmd{.bandwidths = {1.0, -2.0}}(p, p);
      },
      {"Mmd", "bandwidth is -2", "positive"}));
}

BOOST_AUTO_TEST_CASE(distances_of_samples_refuse_bad_shapes) {
  check_clouds(loss::Sinkhorn{});
  check_clouds(loss::Mmd{});
  check_clouds(loss::EnergyDistance{});
  BOOST_TEST(throws<xg::ShapeError>(
      [] {
        return loss::Mmd{.unbiased = true}(wave({1, 2}), wave({3, 2}));
      },
      {"Mmd", "[1, 2]", "2 or more points"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [] {
        return loss::EnergyDistance{.unbiased = true}(wave({3, 2}), wave({1, 2}));
      },
      {"EnergyDistance", "[1, 2]", "2 or more points"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [] {
        return loss::Wasserstein1d{}(wave({2, 3}), wave({3, 2}));
      },
      {"Wasserstein1d", "[2, 3]", "[3, 2]", "but for the last"}));
  BOOST_TEST(
      throws<xg::ShapeError>([] { return loss::Wasserstein1d{}(wave({3}), Var(1.0)); }, {"Wasserstein1d", "[]"}));
  BOOST_TEST(
      throws<xg::ShapeError>([] { return loss::Wasserstein1d{}(wave({0}), wave({2})); }, {"Wasserstein1d", "[0]"}));
}

BOOST_AUTO_TEST_CASE(gaussian_kl_refuses_shapes_that_differ) {
  const Var a = wave({2, 3});
  const Var b = wave({3});
  const loss::GaussianKl kl;
  BOOST_TEST(throws<xg::ShapeError>([&] { return kl(a, b); }, {"GaussianKl", "mean is [2, 3]", "log_variance is [3]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return kl(a, b, a, a); }, {"GaussianKl", "log_variance is [3]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return kl(a, a, b, a); }, {"GaussianKl", "mean2 is [3]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return kl(a, a, a, b); }, {"GaussianKl", "log_variance2 is [3]"}));
}

BOOST_AUTO_TEST_CASE(integers_take_the_type_of_the_others) {
  const Var p = xg::testing::floats({2}, {0.25F, 0.75F});
  const Var t = labels({2}, {0, 1});
  BOOST_TEST(loss::KlDivergence{}(log(p), t).dtype() == xg::DType::Float32);
  BOOST_TEST(loss::TotalVariation{}(p, t).dtype() == xg::DType::Float32);
  BOOST_TEST(loss::Wasserstein1d{}(t, p).dtype() == xg::DType::Float32);
  BOOST_TEST(loss::GaussianKl{}(t, p).dtype() == xg::DType::Float32);
  BOOST_TEST(loss::TotalVariation{}(t, t).dtype() == xg::DType::Float64);
}

BOOST_AUTO_TEST_CASE(divergences_of_each_other) {
  const Var p = distributions({5, 4});
  const Var t = distributions({5, 4}, 1.0);
  const Var kl = sum(loss::KlDivergence{}(log(p), t), 1);
  BOOST_TEST(near(sum(loss::GeneralizedKl{}(p, t), 1), kl));
  BOOST_TEST(near(loss::Renyi{.alpha = 1.0}(p, t), kl));
  const Var half = loss::Renyi{.alpha = 0.5}(p, t);
  BOOST_TEST(near(half, loss::Renyi{.alpha = 0.5}(t, p)));
  BOOST_TEST(near(half, -2.0 * log(1.0 - loss::Hellinger{.squared = true}(p, t))));
  BOOST_TEST(near(square(loss::Hellinger{}(p, t)), loss::Hellinger{.squared = true}(p, t)));
  const Var m = log(0.5 * (p + t));
  BOOST_TEST(near(loss::JensenShannon{}(p, t), 0.5 * sum(loss::KlDivergence{}(m, p) + loss::KlDivergence{}(m, t), 1)));
}

// The orders about 1 differ by their distance from 1 times half a variance, and nothing is lost on the way there.
BOOST_AUTO_TEST_CASE(renyi_goes_to_kl) {
  const Var p = distributions({5, 4});
  const Var t = distributions({5, 4}, 1.0);
  const Var kl = loss::Renyi{.alpha = 1.0}(p, t);
  BOOST_TEST(near(loss::Renyi{.alpha = 1.0 + 1e-12}(p, t), kl, 1e-11));
  BOOST_TEST(near(loss::Renyi{.alpha = 1.0 - 1e-12}(p, t), kl, 1e-11));
  const Var single = cast(p, xg::DType::Float32);
  const Var near_one = loss::Renyi{.alpha = 1.0001}(single, cast(t, xg::DType::Float32));
  BOOST_TEST(near(cast(near_one, xg::DType::Float64), loss::Renyi{.alpha = 1.0001}(p, t), 1e-5));
}

BOOST_AUTO_TEST_CASE(wasserstein_of_unequal_samples) {
  const Var x = doubles({2}, {1.0, 0.0});
  // Twice the same samples are the same distribution.
  for (const double p : {1.0, 2.0, 3.5}) {
    const Var twice = doubles({4}, {0.0, 1.0, 0.0, 1.0});
    BOOST_TEST(near(loss::Wasserstein1d{.p = p}(x, twice), Var(doubles({}, {0.0}))));
    BOOST_TEST(near(loss::Wasserstein1d{.p = p}(x + 2.5, twice), Var(doubles({}, {2.5}))));
  }
  // A third of the second at 0.5 stands beside both numbers of the first, a sixth each.
  BOOST_TEST(near(loss::Wasserstein1d{}(x, doubles({3}, {0.0, 0.5, 1.0})), Var(doubles({}, {1.0 / 6.0}))));
}

// No entropy: the squared Wasserstein distance. Nothing but entropy: the squared distance of the means.
BOOST_AUTO_TEST_CASE(sinkhorn_between_its_limits) {
  const Var x = wave({6, 1});
  const Var y = wave({6, 1}, 2.0);
  const Var exact = square(loss::Wasserstein1d{.p = 2.0}(squeeze(x), squeeze(y)));
  const loss::Sinkhorn sharp{.epsilon = 1e-3, .iterations = 20000, .debiased = false};
  BOOST_TEST(near(sharp(x, y), exact, 5e-3));
  const loss::Sinkhorn blunt{.epsilon = 1e7, .iterations = 3};
  BOOST_TEST(near(blunt(x, y), square(mean(x) - mean(y)), 1e-5));
  BOOST_TEST(near(loss::Sinkhorn{}(x, x), Var(doubles({}, {0.0}))));
}

// From below: the value grows with the iterations.
BOOST_AUTO_TEST_CASE(sinkhorn_converges_from_below) {
  const Var x = wave({5, 2});
  const Var y = wave({4, 2}, 1.0);
  const auto after = [&](std::int64_t iterations) {
    return loss::Sinkhorn{.epsilon = 0.5, .iterations = iterations, .debiased = false}(x, y).item<double>();
  };
  BOOST_TEST(after(1) < after(3));
  BOOST_TEST(after(3) < after(10));
  BOOST_TEST(std::abs(after(400) - after(800)) < 1e-9);
}

// Coordinate by coordinate (64 of them), and by products of matrices (65).
BOOST_AUTO_TEST_CASE(many_coordinates_cost_no_digits) {
  const Var x = wave({4, 64}) + 1e4;
  const Var y = wave({5, 64}, 1.0) + 1e4;
  const auto wider = [](const Var& points) {
    return xg::concatenate({points, view(points, xt::all(), xt::range(0, 1)) * 0.0}, 1);
  };
  BOOST_TEST(near(loss::Mmd{.bandwidths = {20.0}}(wider(x), wider(y)), loss::Mmd{.bandwidths = {20.0}}(x, y), 1e-10));
  BOOST_TEST(near(loss::EnergyDistance{}(wider(x), wider(y)), loss::EnergyDistance{}(x, y), 1e-5));
}

// Settings that are no arrays may stand in a tree.
BOOST_AUTO_TEST_CASE(bandwidths_stand_in_a_tree) {
  struct Model {
    Var points;
    loss::Mmd loss;
    XGRAD_MEMBER_FIELDS(Model, points, loss)
  };
  const Model model{wave({3, 2}), {.bandwidths = {0.5, 2.0}}};
  const Var target = wave({4, 2}, 1.0);
  const auto slopes = xg::grad([&](const Model& m) { return m.loss(m.points, target); })(model);
  const Var direct = xg::grad([&](const Var& x) { return model.loss(x, target); })(model.points);
  BOOST_TEST(near(slopes.points, direct));
}

BOOST_AUTO_TEST_SUITE_END()
