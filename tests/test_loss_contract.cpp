// What all losses have in common: reductions, sums and multiples, trainable settings, names, text.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <sstream>

#include <xgrad/loss.hpp>
#include <xgrad/loss/list.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "losses/loss_table.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_contract)

namespace xg = xgrad;
namespace loss = xgrad::loss;
using comparing::near;
using comparing::same;
using comparing::throws;
using xg::Var;
using xg::testing::doubles;
using xg::testing::floats;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

const Var prediction = xt::xarray<double>{0.5, 2.0, -1.0};
const Var target = xt::xarray<double>{1.0, 1.0, 1.0};

std::string text(const auto& x) {
  std::ostringstream out;
  out << x;
  return out.str();
}

/// A loss of a user: no base class, no registration.
struct Asymmetric {
  Var slope = 2.0;
  Var operator()(const Var& p, const Var& t) const {
    const Var e = p - t;
    return where(e < 0.0, slope * square(e), square(e));
  }
};
XGRAD_FIELDS(Asymmetric, slope)

}  // namespace

// ---- reductions

BOOST_AUTO_TEST_CASE(weights_count_and_nothing_is_divided_by_zero) {
  const Var values = xt::xarray<double>{{1.0, 2.0}, {3.0, 5.0}};
  BOOST_TEST(
      same(weighted_mean(values, xt::xarray<double>{{1.0, 0.0}, {3.0, 0.0}}), Var(2.5) * ones_like(sum(values))));
  // One weight for each sample.
  BOOST_TEST(same(weighted_mean(values, doubles({2, 1}, {0.0, 2.0})), 4.0 * ones_like(sum(values))));
  BOOST_TEST(same(weighted_mean(values, doubles({2, 1}, {1.0, 3.0}), 1), xt::xarray<double>{1.5, 4.0}));
  const Var nothing = weighted_mean(values, zeros_like(values));
  BOOST_TEST(nothing.item<double>() == 0.0);
  const auto f = [](const Var& v, const Var& w) { return weighted_mean(v, w); };
  const Var slope = xg::grad([&](const Var& v) { return f(v, zeros_like(v)); })(values);
  BOOST_TEST(same(slope, zeros_like(values)));
  BOOST_TEST(xg::testing::check_gradients(f, values, doubles({2, 1}, {0.5, 3.0})));
  // More weight on what has none: (l - mean) / sum of the weights.
  const Var one_without = xt::xarray<double>{0.0, 1.0, 1.0};
  BOOST_TEST(near(xg::grad([](const Var& w) {
                    return weighted_mean(xt::xarray<double>{1.0, 2.0, 4.0} * ones_like(w), w);
                  })(one_without),
                  xt::xarray<double>{-1.0, -0.5, 0.5}));
  BOOST_TEST(weighted_mean(floats({2}, {1, 2}), floats({2}, {1, 1})).item<float>() == 1.5F);
}

BOOST_AUTO_TEST_CASE(what_does_not_count_may_be_nan) {
  const Var values = doubles({3}, {1.0, not_a_number, 3.0});
  const Var some = xt::xarray<bool>{true, false, true};
  BOOST_TEST(masked_mean(values, some).item<double>() == 2.0);
  BOOST_TEST(weighted_mean(values, xt::xarray<double>{1.0, 0.0, 3.0}).item<double>() == 2.5);
  BOOST_TEST(
      same(xg::grad([&](const Var& v) { return masked_mean(v, some); })(values), xt::xarray<double>{0.5, 0.0, 0.5}));
  BOOST_TEST(masked_mean(values, xt::xarray<bool>{false, false, false}).item<double>() == 0.0);
  BOOST_TEST(masked_mean(values, xt::xarray<int>{1, 0, 0}).item<double>() == 1.0);
  // The square root at 0 has no finite derivative; where the mask is false it does not matter.
  const auto root = [&](const Var& v) { return masked_mean(sqrt(v), v > 0.0); };
  BOOST_TEST(same(xg::grad(root)(xt::xarray<double>{0.0, 4.0}), xt::xarray<double>{0.0, 0.25}));
  BOOST_TEST(masked_mean(doubles({0}, {}), xt::xarray<bool>::from_shape({0})).item<double>() == 0.0);
}

BOOST_AUTO_TEST_CASE(weights_and_masks_that_do_not_fit) {
  const Var values = doubles({2, 2}, {1, 2, 3, 4});
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return weighted_mean(values, xt::xarray<double>{1.0, 2.0});
      },
      {"weighted_mean", "[2]", "[2, 2]", "[N, 1]"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return masked_mean(values, xt::xarray<bool>{true, false});
      },
      {"masked_mean", "[2]", "[2, 2]"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return weighted_mean(doubles({1, 2}, {1, 2}), doubles({2, 1}, {1, 1}));
      },
      {"weighted_mean"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return weighted_mean(values, -ones_like(values)); },
                                    {"weighted_mean", "the weight -1"}));
}

BOOST_AUTO_TEST_CASE(labels_are_smoothed) {
  const Var hot = xg::one_hot(xt::xarray<int>{1, 0}, 4);
  BOOST_TEST(near(smooth_labels(hot, 0.2), xt::xarray<double>{{0.05, 0.85, 0.05, 0.05}, {0.85, 0.05, 0.05, 0.05}}));
  BOOST_TEST(same(smooth_labels(hot, 0.0), hot));
  BOOST_TEST(throws<xg::ValueError>([&] { return smooth_labels(hot, 1.5); }, {"smooth_labels", "amount is 1.5"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return smooth_labels(Var(1.0), 0.5); }, {"smooth_labels"}));
}

// ---- sums and multiples

BOOST_AUTO_TEST_CASE(losses_are_added_and_multiplied) {
  const auto both = 0.75 * loss::Mse{} + loss::Mae{} * 2.0;
  static_assert(loss::Loss<decltype(both)>);
  const Var expected = 0.75 * square(prediction - target) + 2.0 * abs(prediction - target);
  BOOST_TEST(near(both(prediction, target), expected));
  BOOST_TEST(near((both + loss::Huber{.delta = 0.5})(prediction, target),
                  expected + loss::Huber{.delta = 0.5}(prediction, target)));
  // Of three arrays.
  const Var variance = ones_like(target);
  const auto likelihoods = loss::GaussianNll{} + 0.5 * loss::LaplaceNll{};
  BOOST_TEST(
      near(likelihoods(prediction, target, variance),
           loss::GaussianNll{}(prediction, target, variance) + 0.5 * loss::LaplaceNll{}(prediction, target, variance)));
  BOOST_TEST(throws<xg::ShapeError>([&] { return (loss::Mse{} + loss::CosineDistance{})(prediction, target); },
                                    {"sum of losses", "[3]", "[]"}));
}

BOOST_AUTO_TEST_CASE(losses_of_users_have_the_same_rights) {
  const auto lambda = [](const Var& p, const Var& t) { return abs(p - t); };
  static_assert(loss::Loss<decltype(lambda)> && loss::Loss<Asymmetric>);
  static_assert(!loss::Loss<Var> && !loss::Loss<double>);
  BOOST_TEST(same((Asymmetric{} + loss::Mae{})(prediction, target),
                  Asymmetric{}(prediction, target) + loss::Mae{}(prediction, target)));
  using loss::operator+, loss::operator*;
  BOOST_TEST(near((0.5 * Asymmetric{} + 0.5 * lambda)(prediction, target),
                  0.5 * Asymmetric{}(prediction, target) + 0.5 * abs(prediction - target)));
}

BOOST_AUTO_TEST_CASE(settings_are_trained_like_parameters) {
  struct Model {
    Var theta;
    loss::Barron barron;
    loss::Scaled<Asymmetric> own;
    XGRAD_MEMBER_FIELDS(Model, theta, barron, own)
  };
  const auto objective = [](const Model& m) { return mean(m.barron(m.theta, target)) + mean(m.own(m.theta, target)); };
  const Model model{prediction, {.alpha = 1.5, .c = 0.8}, {0.5, {.slope = 3.0}}};
  const auto [value, gradient] = xg::value_and_grad(objective)(model);
  // The derivative of the factor is the loss itself, and that of the slope follows from the formula.
  BOOST_TEST(near(gradient.own.factor, mean(Asymmetric{.slope = 3.0}(prediction, target))));
  BOOST_TEST(near(gradient.own.loss.slope, 0.5 * mean(xt::xarray<double>{0.25, 0.0, 4.0} * ones_like(target))));
  BOOST_TEST(xg::testing::check_gradients(objective, model));
  BOOST_TEST(gradient.barron.alpha.item<double>() != 0.0);
}

// ---- names

BOOST_AUTO_TEST_CASE(losses_are_found_by_name) {
  const loss::AnyLoss huber = loss::by_name("huber", {{"delta", 0.5}});
  BOOST_TEST(same(huber(prediction, target), loss::Huber{.delta = 0.5}(prediction, target)));
  BOOST_TEST(text(huber) == "Huber{delta = 0.5}");
  BOOST_TEST(text(loss::by_name("SmoothL1")) == text(loss::by_name("smooth_l1")));
  const loss::AnyLoss weighted =
      loss::by_name("cross_entropy", {{"ignore_index", -100}, {"class_weight", xt::xarray<double>{1.0, 2.0}}});
  const Var logits = doubles({2, 2}, {1, 2, 3, 4});
  const Var labels = xt::xarray<int>{1, -100};
  const loss::CrossEntropy same_one{.ignore_index = -100, .class_weight = xt::xarray<double>{1.0, 2.0}};
  BOOST_TEST(same(weighted(logits, labels), same_one(logits, labels)));
  BOOST_TEST(text(weighted).find("class_weight = float64 [2]") != std::string::npos);
  BOOST_TEST(loss::by_name("gaussian_nll")(prediction, target, ones_like(target)).size() == 3U);
  BOOST_TEST(loss::by_name("l2")(prediction).size() == 1U);
  const auto half = 0.5 * loss::by_name("mse") + loss::by_name("mae");
  BOOST_TEST(same(half(prediction, target), 0.5 * square(prediction - target) + abs(prediction - target)));
}

BOOST_AUTO_TEST_CASE(every_loss_has_a_name_and_a_text) {
  const std::vector<std::string> names = loss::names();
  BOOST_TEST(std::is_sorted(names.begin(), names.end()));
  std::size_t made = 0;
  for (const std::string& name : names) {
    try {
      BOOST_TEST(!loss::by_name(name).text().empty());
      ++made;
    } catch (const xg::ValueError& error) {
      BOOST_TEST(std::string(error.what()).find("a loss of functions") != std::string::npos);
    }
  }
  BOOST_TEST(made > 100U);
}

BOOST_AUTO_TEST_CASE(unknown_names_and_settings_are_told_what_exists) {
  BOOST_TEST(throws<xg::ValueError>([] { return loss::by_name("hubr"); }, {"\"hubr\"", "huber", "mse", "nt_xent"}));
  BOOST_TEST(throws<xg::ValueError>(
      [] {
        return loss::by_name("huber", {{"gamma", 1.0}});
      },
      {"huber has no setting \"gamma\"", "delta"}));
  BOOST_TEST(throws<xg::ValueError>([] { return loss::by_name("mse", {{"x", 1.0}}); }, {"it has none"}));
  BOOST_TEST(throws<xg::TypeError>(
      [] {
        return loss::by_name("huber", {{"delta", true}});
      },
      {"huber", "delta", "bool"}));
  BOOST_TEST(throws<xg::TypeError>(
      [] {
        return loss::by_name("huber", {{"delta", xt::xarray<double>{1.0, 2.0}}});
      },
      {"delta", "[2]", "a number"}));
  BOOST_TEST(throws<xg::TypeError>([] { return loss::by_name("ctc", {{"blank", 0.5}}); }, {"blank", "an integer"}));
  BOOST_TEST(throws<xg::TypeError>(
      [] {
        return loss::by_name("ctc", {{"zero_infinity", 1}});
      },
      {"zero_infinity", "true or false"}));
  BOOST_TEST(throws<xg::ValueError>([] { return loss::by_name("gradient_penalty"); }, {"functions"}));
  BOOST_TEST(throws<xg::ValueError>([] { return loss::by_name("triplet_margin", {{"distance", 1.0}}); }, {"distance"}));
  // Settings out of range are found when the loss is used, as those of the struct.
  BOOST_TEST(throws<xg::ValueError>(
      [] {
        return loss::by_name("huber", {{"delta", -1.0}})(prediction, target);
      },
      {"Huber", "delta is -1"}));
  BOOST_TEST(throws<xg::ValueError>([] { return loss::by_name("mse")(prediction, target, target); },
                                    {"Mse", "3 arrays", "it takes 2"}));
  BOOST_TEST(throws<xg::ValueError>([] { return loss::by_name("mse")(prediction); },
                                    {"Mse: called with 1 array; it takes 2"}));
}

BOOST_AUTO_TEST_CASE(losses_are_printed_with_their_settings) {
  BOOST_TEST(text(loss::Mse{}) == "Mse{}");
  BOOST_TEST(text(loss::Huber{.delta = 2.0}) == "Huber{delta = 2}");
  BOOST_TEST(text(loss::Ctc{}) == "Ctc{blank = 0, zero_infinity = false, check_targets = true}");
  xg::Tape tape;
  const loss::Barron recorded{.alpha = tape.leaf(1.0)};
  BOOST_TEST(text(recorded).find("alpha = float64 []") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
