// Losses of classification: what they refuse, and what relates them.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <xgrad/loss/classification.hpp>
#include <xgrad/loss/classification_angular.hpp>
#include <xgrad/loss/classification_binary.hpp>
#include <xgrad/loss/classification_ordinal.hpp>
#include <xgrad/loss/classification_robust.hpp>
#include <xgrad/loss/classification_sparse.hpp>
#include <xgrad/loss/contract.hpp>
#include <xgrad/loss/reductions.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_classification)

namespace xg = xgrad;
namespace loss = xgrad::loss;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Shape;
using xg::ShapeError;
using xg::TypeError;
using xg::ValueError;
using xg::Var;

namespace {

using Int = std::int64_t;

Var labels(const std::vector<Int>& values) {
  auto array = xg::Array<Int>::from_shape({values.size()});
  std::copy(values.begin(), values.end(), array.data());
  return {std::move(array)};
}

/// Softmax in double, as probabilities that are allowed.
Var probabilities(const Shape& shape) { return xg::softmax(wave(shape, 0.4)); }

/// A loss of [N, K] and labels [N] refuses what is no such pair.
template <class L>
void check_labels(const L& l, double scale = 1.0) {
  const std::string_view name = L::name;
  BOOST_TEST_CONTEXT(name) {
    const Var scores = scale * wave({3, 4});
    const Var good = labels({0, 3, 1});
    BOOST_TEST((l(scores, good).shape() == Shape{3}));
    BOOST_TEST(throws<ShapeError>([&] { return l(scores, labels({0, 1})); }, {name, "[3, 4]", "[2]", "[3]"}));
    BOOST_TEST(throws<ShapeError>([&] { return l(scores, reshape(good, {3, 1})); }, {name, "[3, 4]", "[3, 1]"}));
    BOOST_TEST(throws<ShapeError>([&] { return l(wave({3, 0}), good); }, {name, "[3, 0]", "no classes"}));
    BOOST_TEST(throws<ShapeError>([&] { return l(Var(1.0), good); }, {name, "axis"}));
    BOOST_TEST(throws<TypeError>([&] { return l(scores, cast(good, xg::DType::Float64)); },
                                 {name, "labels", "float64", "int64"}));
    BOOST_TEST(throws<ValueError>([&] { return l(scores, labels({0, 4, 1})); }, {name, "label 4", "[0, 4)"}));
    BOOST_TEST(throws<ValueError>([&] { return l(scores, labels({0, -1, 1})); }, {name, "label -1", "[0, 4)"}));
    BOOST_TEST(throws<ValueError>(
        [&] {
          xg::Tape tape;
          return tape.evaluate(l(tape.leaf(scores), labels({0, 1, 4})));
        },
        {name, "label 4", "[0, 4)"}));
    L unchecked = l;
    unchecked.check_targets = false;
    BOOST_TEST(same(unchecked(scores, good), l(scores, good)));
  }
}

/// And one that takes probabilities refuses those that are none.
template <class L>
void check_probabilities(const L& l) {
  check_labels(l);
  const std::string_view name = L::name;
  BOOST_TEST_CONTEXT(name) {
    const Var scores = wave({3, 4});
    const Var onehot = xg::one_hot(labels({0, 3, 1}), 4);
    BOOST_TEST(near(l(scores, onehot), l(scores, labels({0, 3, 1}))));
    BOOST_TEST(near(l(scores, cast(onehot, xg::DType::Int64)), l(scores, labels({0, 3, 1}))));
    BOOST_TEST((l(scores, smooth_labels(onehot, 0.1)).shape() == Shape{3}));
    BOOST_TEST(throws<ShapeError>(
        [&] {
          return l(scores, probabilities({3, 3}));
        },
        {name, "[3, 4]", "[3, 3]", "labels [3]", "probabilities [3, 4]"}));
    BOOST_TEST(throws<ValueError>([&] { return l(scores, 1.5 * onehot); }, {name, "target 1.5", "[0, 1]"}));
    BOOST_TEST(throws<ValueError>([&] { return l(scores, onehot - 0.5); }, {name, "target -0.5", "[0, 1]"}));
    BOOST_TEST(l(cast(scores, xg::DType::Float32), labels({0, 3, 1})).dtype() == xg::DType::Float32);
    BOOST_TEST(l(cast(scores, xg::DType::Float32), cast(onehot, xg::DType::Int64)).dtype() == xg::DType::Float32);
    BOOST_TEST(near(l(cast(scores, xg::DType::Int64), onehot),
                    l(cast(cast(scores, xg::DType::Int64), xg::DType::Float64), onehot)));
  }
}

/// A loss of an element and its target refuses other shapes, and targets outside [0, 1].
template <class L>
void check_binary(const L& l) {
  const std::string_view name = L::name;
  BOOST_TEST_CONTEXT(name) {
    const Var x = xg::sigmoid(wave({3}));
    const Var bits = labels({0, 1, 1});
    BOOST_TEST(throws<ShapeError>([&] { return l(x, reshape(bits, {3, 1})); }, {name, "[3]", "[3, 1]"}));
    BOOST_TEST(throws<ValueError>([&] { return l(x, labels({0, 2, 1})); }, {name, "target 2", "[0, 1]"}));
    BOOST_TEST(throws<ValueError>([&] { return l(x, x - 1.0); }, {name, "target -", "[0, 1]"}));
    L unchecked = l;
    unchecked.check_targets = false;
    BOOST_TEST(same(unchecked(x, bits), l(x, bits)));
    BOOST_TEST((unchecked(x, labels({0, 2, 1})).shape() == Shape{3}));
    const Var single = cast(x, xg::DType::Float32);
    BOOST_TEST(l(single, bits).dtype() == xg::DType::Float32);
    BOOST_TEST(same(l(single, cast(bits, xg::DType::Bool)), l(single, bits)));
  }
}

template <class L>
void refuses_setting(const L& l, std::string_view setting, std::string_view value) {
  BOOST_TEST(throws<ValueError>([&] { return l(wave({2, 3}), labels({0, 1})); }, {L::name, setting, value}));
}

template <class L>
void refuses_binary_setting(const L& l, std::string_view setting, std::string_view value) {
  BOOST_TEST(throws<ValueError>([&] { return l(wave({2}), labels({0, 1})); }, {L::name, setting, value}));
}

}  // namespace

BOOST_AUTO_TEST_CASE(targets_are_checked) {
  check_probabilities(loss::CrossEntropy{});
  check_probabilities(loss::Poly1{});
  check_probabilities(loss::LogitAdjusted{});
  check_probabilities(loss::Brier{});
  check_probabilities(loss::GeneralizedCrossEntropy{});
  check_probabilities(loss::SymmetricCrossEntropy{});
  check_probabilities(loss::BiTempered{});
  check_probabilities(loss::Sparsemax{});
  check_probabilities(loss::FenchelYoung{});
  check_labels(loss::Nll{});
  check_labels(loss::CategoricalFocal{.gamma = 0.0});
  check_labels(loss::ArcFace{}, 0.3);
  check_labels(loss::CosFace{}, 0.3);
  check_binary(loss::BinaryCrossEntropy{});
  check_binary(loss::BinaryCrossEntropyProbability{});
  check_binary(loss::Focal{});
  check_binary(loss::AsymmetricLoss{});
  BOOST_TEST(throws<ValueError>([] { return loss::BinaryCrossEntropyProbability{}(Var(1.25), Var(1)); },
                                {"BinaryCrossEntropyProbability", "prediction 1.25", "[0, 1]"}));
  BOOST_TEST(throws<ValueError>(
      [] {
        return loss::ArcFace{}(wave({2, 3}), labels({0, 1}));
      },
      {"ArcFace", "cosine", "[-1, 1]"}));
  BOOST_TEST(throws<ValueError>(
      [] {
        return loss::CosFace{}(wave({2, 3}), labels({0, 1}));
      },
      {"CosFace", "cosine", "[-1, 1]"}));
}

BOOST_AUTO_TEST_CASE(settings_are_checked) {
  refuses_setting(loss::CategoricalFocal{.gamma = -0.5}, "gamma", "-0.5");
  refuses_setting(loss::Poly1{.eps = -1.5}, "eps", "-1.5");
  refuses_setting(loss::LogitAdjusted{.tau = std::nan("")}, "tau is nan", "finite");
  refuses_setting(loss::GeneralizedCrossEntropy{.q = 0.0}, "q is 0", "(0, 1]");
  refuses_setting(loss::GeneralizedCrossEntropy{.q = 1.1}, "q is 1.1", "(0, 1]");
  refuses_setting(loss::SymmetricCrossEntropy{.alpha = -1.0}, "alpha", "-1");
  refuses_setting(loss::SymmetricCrossEntropy{.beta = -1.0}, "beta", "-1");
  refuses_setting(loss::SymmetricCrossEntropy{.log_zero = 1.0}, "log_zero", "1");
  refuses_setting(loss::BiTempered{.t1 = 1.5}, "t1", "1.5");
  refuses_setting(loss::BiTempered{.t2 = 0.5}, "t2", "0.5");
  refuses_setting(loss::BiTempered{.iterations = -1}, "iterations", "-1");
  refuses_setting(loss::FenchelYoung{.alpha = 0.5}, "alpha", "0.5");
  refuses_setting(loss::FenchelYoung{.alpha = 2.5}, "alpha", "2.5");
  refuses_setting(loss::ArcFace{.margin = 4.0}, "margin", "4");
  refuses_setting(loss::ArcFace{.scale = 0.0}, "scale", "0");
  refuses_setting(loss::CosFace{.margin = -0.1}, "margin", "-0.1");
  refuses_setting(loss::CosFace{.scale = -1.0}, "scale", "-1");
  refuses_binary_setting(loss::Focal{.gamma = -1.0}, "gamma", "-1");
  refuses_binary_setting(loss::Focal{.alpha = 1.5}, "alpha", "1.5");
  refuses_binary_setting(loss::AsymmetricLoss{.gamma_positive = -1.0}, "gamma_positive", "-1");
  refuses_binary_setting(loss::AsymmetricLoss{.gamma_negative = -1.0}, "gamma_negative", "-1");
  refuses_binary_setting(loss::AsymmetricLoss{.margin = 1.0}, "margin", "1");
}

BOOST_AUTO_TEST_CASE(weights_and_priors_fit_the_classes) {
  const Var scores = wave({2, 3});
  const Var y = labels({0, 1});
  const auto refused = [&](const auto& l, std::string_view setting) {
    BOOST_TEST(throws<ShapeError>([&] { return l(scores, y); }, {l.name, setting, "[2]", "[2, 3]", "[3]"}));
  };
  refused(loss::CrossEntropy{.class_weight = wave({2})}, "class_weight");
  refused(loss::Nll{.class_weight = wave({2})}, "class_weight");
  refused(loss::LogitAdjusted{.prior = xg::sigmoid(wave({2}))}, "prior");
  BOOST_TEST(throws<ValueError>(
      [&] {
        return loss::LogitAdjusted{.prior = xt::xarray<double>{0.5, 0.5, 0.0}}(scores, y);
      },
      {"LogitAdjusted", "prior 0", "positive"}));
  const loss::BinaryCrossEntropy weighted{.pos_weight = wave({2})};
  BOOST_TEST(throws<ShapeError>([&] { return weighted(scores, zeros_like(scores)); },
                                {"BinaryCrossEntropy", "pos_weight", "[2]", "[2, 3]"}));
  BOOST_TEST(throws<ShapeError>([&] { return weighted(Var(0.5), Var(1)); }, {"pos_weight", "[2]", "[]"}));
  // Weights in double do not widen float32.
  const Var single = cast(scores, xg::DType::Float32);
  const Var weights = xt::xarray<double>{1.0, 2.0, 3.0};
  BOOST_TEST(loss::CrossEntropy{.class_weight = weights}(single, y).dtype() == xg::DType::Float32);
  BOOST_TEST(loss::LogitAdjusted{.prior = weights}(single, y).dtype() == xg::DType::Float32);
  BOOST_TEST(loss::BinaryCrossEntropy{.pos_weight = weights}(single, zeros_like(single)).dtype() == xg::DType::Float32);
}

BOOST_AUTO_TEST_CASE(only_the_ignored_label_may_be_negative) {
  const Var scores = wave({3, 4});
  const loss::CrossEntropy l{.ignore_index = -100};
  BOOST_TEST(same(l(scores, labels({-100, 1, -100})),
                  Var(xt::xarray<double>{0.0, l(scores, labels({0, 1, 0})).array<double>()(1), 0.0})));
  BOOST_TEST(throws<ValueError>([&] { return l(scores, labels({-100, 1, -1})); }, {"CrossEntropy", "label -1"}));
  BOOST_TEST(throws<ValueError>([&] { return loss::CrossEntropy{}(scores, labels({-100, 1, 0})); }, {"label -100"}));
  BOOST_TEST(throws<ValueError>([&] { return loss::Nll{.ignore_index = 7}(scores, labels({7, 1, 8})); }, {"label 8"}));
  BOOST_TEST(throws<ValueError>(
      [&] {
        return l(scores, probabilities({3, 4}));
      },
      {"CrossEntropy", "ignore_index", "-100", "[3, 4]", "probabilities"}));
  BOOST_TEST(throws<ShapeError>(
      [&] {
        return loss::CrossEntropy{.axis = 2}(scores, labels({0, 1, 2}));
      },
      {"CrossEntropy", "axis 2"}));
}

BOOST_AUTO_TEST_CASE(ordinal_refuses_what_has_no_order) {
  const Var scores = wave({3});
  const Var cuts = xt::xarray<double>{-1.0, 1.0};
  const loss::Ordinal l{.thresholds = cuts};
  BOOST_TEST(throws<ShapeError>([&] { return l(scores, labels({0, 1})); }, {"Ordinal", "score", "[3]", "[2]"}));
  BOOST_TEST(throws<TypeError>([&] { return l(scores, scores); }, {"Ordinal", "float64", "int64"}));
  BOOST_TEST(throws<ValueError>([&] { return l(scores, labels({0, 1, 3})); }, {"Ordinal", "label 3", "[0, 3)"}));
  BOOST_TEST(throws<ValueError>([&] { return l(scores, labels({0, 1, -1})); }, {"Ordinal", "label -1", "[0, 3)"}));
  const Var y = labels({0, 1, 2});
  BOOST_TEST(
      throws<ValueError>([&] { return loss::Ordinal{.thresholds = -cuts}(scores, y); }, {"Ordinal", "increase", "-2"}));
  BOOST_TEST(throws<ValueError>([&] { return loss::Ordinal{.thresholds = 0.0 * cuts}(scores, y); }, {"increase"}));
  BOOST_TEST(throws<ShapeError>(
      [&] {
        return loss::Ordinal{.thresholds = wave({2, 2})}(scores, y);
      },
      {"Ordinal", "thresholds", "[2, 2]", "[K - 1]"}));
  BOOST_TEST(throws<ValueError>([&] { return loss::Ordinal{.thresholds = wave({0})}(scores, y); }, {"label 1"}));
  BOOST_TEST(l(cast(scores, xg::DType::Float32), y).dtype() == xg::DType::Float32);
  // The probabilities of all classes sum to 1.
  Var total = 0.0;
  for (const Int k : {0, 1, 2}) total = total + exp(-l(scores, labels({k, k, k})));
  BOOST_TEST(near(total, ones_like(total)));
}

BOOST_AUTO_TEST_CASE(sure_and_right_predictions_have_all_digits) {
  const double expected = std::log1p(std::exp(-40.0));
  const auto is_exact = [&](const Var& found) { return std::abs(found.item<double>() / expected - 1.0) < 1e-14; };
  BOOST_TEST(is_exact(loss::BinaryCrossEntropy{}(Var(40.0), Var(1))));
  BOOST_TEST(is_exact(loss::BinaryCrossEntropy{}(Var(-40.0), Var(0))));
  const Var scores = xt::xarray<double>{{40.0, 0.0}};
  BOOST_TEST(is_exact(loss::CategoricalFocal{.gamma = 0.0}(scores, labels({0}))));
  BOOST_TEST(is_exact(loss::CosFace{.margin = 0.0, .scale = 40.0}(scores / 40.0, labels({0}))));
  BOOST_TEST(is_exact(loss::Ordinal{}(Var(40.0), Var(1))));
}

BOOST_AUTO_TEST_CASE(a_number_added_to_all_logits_changes_nothing) {
  const Var scores = xt::xarray<double>{{0.5, -0.25, 1.0, 0.125}, {2.0, 0.75, -3.0, 0.0}};
  const Var y = labels({1, 0});
  const Var t = xt::xarray<double>{{0.25, 0.25, 0.5, 0.0}, {0.5, 0.125, 0.25, 0.125}};
  const auto unmoved = [&](const auto& l) {
    BOOST_TEST_CONTEXT(l.name) {
      for (const Var& target : {y, t}) {
        const auto f = [&](const Var& z) { return sum(l(z, target)); };
        BOOST_TEST(same(l(scores + 65536.0, target), l(scores, target)));
        BOOST_TEST(same(xg::grad(f)(scores + 65536.0), xg::grad(f)(scores)));
      }
    }
  };
  unmoved(loss::CrossEntropy{});
  unmoved(loss::Poly1{});
  unmoved(loss::Brier{});
  unmoved(loss::GeneralizedCrossEntropy{});
  unmoved(loss::SymmetricCrossEntropy{});
  unmoved(loss::BiTempered{});
  unmoved(loss::Sparsemax{});
  unmoved(loss::FenchelYoung{});
  BOOST_TEST(same(loss::CategoricalFocal{}(scores + 65536.0, y), loss::CategoricalFocal{}(scores, y)));
}

BOOST_AUTO_TEST_CASE(losses_that_are_others_in_special_cases) {
  static_assert(std::is_same_v<loss::BernoulliNll, loss::BinaryCrossEntropy>);
  static_assert(std::is_same_v<loss::CategoricalNll, loss::CrossEntropy>);
  static_assert(loss::Loss<loss::CrossEntropy> && loss::Named<loss::CrossEntropy>);
  const Var scores = wave({5, 4});
  const Var y = labels({0, 3, 1, 2, 2});
  const Var expected = loss::CrossEntropy{}(scores, y);
  BOOST_TEST(near(loss::Nll{}(log_softmax(scores), y), expected));
  BOOST_TEST(near(loss::CategoricalFocal{.gamma = 0.0}(scores, y), expected));
  BOOST_TEST(near(loss::Poly1{.eps = 0.0}(scores, y), expected));
  BOOST_TEST(
      near(loss::LogitAdjusted{.prior = xt::xarray<double>{0.1, 0.2, 0.3, 0.4}, .tau = 0.0}(scores, y), expected));
  BOOST_TEST(near(loss::SymmetricCrossEntropy{.alpha = 1.0, .beta = 0.0}(scores, y), expected));
  BOOST_TEST(near(loss::GeneralizedCrossEntropy{.q = 1e-14}(scores, y), expected));
  BOOST_TEST(near(loss::BiTempered{.t1 = 1.0, .t2 = 1.0}(scores, y), expected));
  BOOST_TEST(near(loss::FenchelYoung{.alpha = 1.0}(scores, y), expected));
  BOOST_TEST(near(loss::CosFace{.margin = 0.0, .scale = 3.0}(scores / 3.0, y), expected));
  BOOST_TEST(near(loss::ArcFace{.margin = 0.0, .scale = 3.0}(scores / 3.0, y), expected));
  BOOST_TEST(near(loss::FenchelYoung{.alpha = 2.0}(scores, y), loss::Sparsemax{}(scores, y)));
  const Var pair = xt::xarray<double>{{0.0, 1.3}, {0.0, -0.4}};
  const Var binary = xt::xarray<double>{1.3, -0.4};
  BOOST_TEST(near(loss::CrossEntropy{}(pair, labels({1, 0})), loss::BinaryCrossEntropy{}(binary, labels({1, 0}))));
  BOOST_TEST(near(loss::BinaryCrossEntropyProbability{}(sigmoid(binary), labels({1, 0})),
                  loss::BinaryCrossEntropy{}(binary, labels({1, 0}))));
  BOOST_TEST(near(loss::Ordinal{}(binary, labels({1, 0})), loss::BinaryCrossEntropy{}(binary, labels({1, 0}))));
}

BOOST_AUTO_TEST_CASE(torch_divides_by_the_weights_of_the_labels) {
  const Var scores = wave({4, 3});
  const Var y = labels({0, 2, 1, 2});
  const Var weights = xt::xarray<double>{0.5, 1.0, 3.0};
  const Var of_labels = take(weights, y, 0);
  const Var weighted = sum(loss::CrossEntropy{.class_weight = weights}(scores, y)) / sum(of_labels);
  BOOST_TEST(near(xg::weighted_mean(loss::CrossEntropy{}(scores, y), of_labels), weighted));
}

BOOST_AUTO_TEST_CASE(many_classes_are_normalised) {
  // Where the solution is far from the largest score, and where sorting gives it too.
  for (const double spread : {0.0, 0.1, 1.0, 30.0}) {
    const Var scores = spread / 3.0 * wave({2, 20000});
    const Var y = labels({7, 19999});
    const auto gradient = [&](const auto& l) { return xg::grad([&](const Var& z) { return sum(l(z, y)); })(scores); };
    BOOST_TEST(near(gradient(loss::FenchelYoung{.alpha = 2.0}), gradient(loss::Sparsemax{}), 1e-10));
    for (const double alpha : {1.001, 1.25, 1.5}) {
      const Var total = sum(gradient(loss::FenchelYoung{.alpha = alpha}), -1);
      BOOST_TEST(near(total, zeros_like(total), 1e-10));
    }
    for (const double t2 : {1.0, 1.2, 2.0, 4.0}) {
      const loss::BiTempered few{.t2 = t2};
      const loss::BiTempered many{.t2 = t2, .iterations = 30};
      BOOST_TEST(near(few(scores, y), many(scores, y), 1e-11));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_tempered_normaliser_has_third_derivatives) {
  const Var scores = xt::xarray<double>{{0.4, -0.3, 1.1}};
  const auto f = [](const Var& z) { return loss::BiTempered{.t1 = 0.5, .t2 = 1.7, .iterations = 8}(z, labels({1})); };
  BOOST_TEST(xg::testing::check_gradients({.order = 3, .tolerance = 1e-5}, f, scores));
}

BOOST_AUTO_TEST_SUITE_END()
