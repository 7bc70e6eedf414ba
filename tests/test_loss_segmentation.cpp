// The losses of segmentation: what they refuse, their element types, and what the table of losses cannot say.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/loss/segmentation.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_segmentation)

namespace xg = xgrad;
namespace loss = xgrad::loss;
using comparing::doubles;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::DType;
using xg::ShapeError;
using xg::TypeError;
using xg::ValueError;
using xg::Var;

namespace {

/// Probabilities.
Var probabilities(const xg::Shape& shape, double phase = 0.0) { return sigmoid(wave(shape, phase)); }

Var truth(const xg::Shape& shape) { return cast(wave(shape, 2.0) > 0.0, DType::Int64); }

/// Calls f with each loss of masks: (prediction, target) of one shape, any shape but that of a scalar.
template <class F>
void for_each_overlap(F f) {
  f(loss::Dice{});
  f(loss::Tversky{});
  f(loss::FocalTversky{});
  f(loss::Jaccard{});
  f(loss::GeneralizedDice{});
}

template <class L>
void check_shapes(const L& l) {
  const Var image = probabilities({2, 3, 4});
  BOOST_TEST(throws<ShapeError>(
      [&] {
        return l(image, probabilities({2, 3, 1}));
      },
      {L::name, "[2, 3, 4]", "[2, 3, 1]", "same shape", "nothing is broadcast"}));
  for (const std::ptrdiff_t axis : {3, -4}) {
    L wrong = l;
    wrong.first_axis = axis;
    BOOST_TEST(throws<ShapeError>([&] { return wrong(image, image); },
                                  {L::name, "first_axis is " + std::to_string(axis), "[2, 3, 4]", "pooled"}));
  }
  BOOST_TEST(throws<ShapeError>([&] { return l(Var(0.5), Var(1.0)); }, {L::name, "first_axis", "[]"}));
}

/// Refuses a target, but only when it is evaluated, and only if it checks at all.
template <class L>
void check_target(L l, const Var& prediction, const Var& target, std::initializer_list<std::string_view> parts) {
  xg::Tape tape;
  const Var recorded = l(tape.leaf(prediction), tape.leaf(target));
  BOOST_TEST(throws<ValueError>([&] { return tape.evaluate(recorded); }, parts));
  BOOST_TEST(throws<ValueError>([&] { return l(prediction, target); }, parts));
  l.check_targets = false;
  BOOST_CHECK_NO_THROW((void)l(prediction, target));
}

template <class L>
void check_setting(L l, double L::*setting, std::string_view setting_name, double bad, std::string_view requirement) {
  for (const double value : {bad, std::nan("")}) {
    l.*setting = value;
    BOOST_TEST(throws<ValueError>(
        [&] {
          return l(probabilities({2, 3, 4}), truth({2, 3, 4}));
        },
        {L::name, setting_name, requirement}));
  }
}

Var numbers(const xg::Shape& shape, const std::vector<double>& values) {
  auto array = xg::Array<double>::from_shape(shape);
  std::copy(values.begin(), values.end(), array.data());
  return {std::move(array)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(loss_segmentation)

BOOST_AUTO_TEST_CASE(shapes) {
  for_each_overlap([](const auto& l) { check_shapes(l); });
  check_shapes(loss::LovaszHinge{});
  BOOST_TEST(throws<ShapeError>(
      [] {
        return loss::Boundary{}(wave({2, 3}), wave({3, 2}));
      },
      {"Boundary", "prediction is [2, 3]", "distance is [3, 2]", "same shape"}));
  BOOST_TEST(throws<ShapeError>([] { return loss::Boundary{}(wave({2}), wave({2})); },
                                {"Boundary", "first_axis is 1", "[2]"}));
  // There is no axis of classes before the first one.
  const Var image = probabilities({2, 3, 4});
  BOOST_TEST(throws<ShapeError>([&] { return loss::GeneralizedDice{.first_axis = 0}(image, image); },
                                {"GeneralizedDice", "first_axis is 0", "[2, 3, 4]", "classes"}));
  const Var no_class = probabilities({2, 0, 4});
  BOOST_TEST(throws<ShapeError>([&] { return loss::GeneralizedDice{}(no_class, no_class); },
                                {"GeneralizedDice", "[2, 0, 4]", "at least one"}));
}

BOOST_AUTO_TEST_CASE(shape_of_the_values) {
  const Var p = probabilities({2, 3, 4, 5});
  const Var t = truth({2, 3, 4, 5});
  BOOST_TEST((loss::Dice{}(p, t).shape() == xg::Shape{2}));
  BOOST_TEST((loss::Dice{.first_axis = 2}(p, t).shape() == xg::Shape{2, 3}));
  BOOST_TEST((loss::Dice{.first_axis = -2}(p, t).shape() == xg::Shape{2, 3}));
  BOOST_TEST((loss::Dice{.first_axis = 0}(p, t).shape() == xg::Shape{}));
  BOOST_TEST((loss::GeneralizedDice{}(p, t).shape() == xg::Shape{2}));
  BOOST_TEST((loss::LovaszHinge{.first_axis = 2}(p, t).shape() == xg::Shape{2, 3}));
  const Var labels = cast(3.0 * probabilities({2, 4, 5}), DType::Int64);
  BOOST_TEST((loss::LovaszSoftmax{}(p, labels).shape() == xg::Shape{2}));
  BOOST_TEST((loss::LovaszSoftmax{.per_image = false}(p, labels).shape() == xg::Shape{}));
}

BOOST_AUTO_TEST_CASE(settings) {
  for_each_overlap([]<class L>(const L& l) {
    check_setting(l, &L::smooth, "smooth", -1.0, "must not be negative");
    if constexpr (requires { l.alpha; }) {
      check_setting(l, &L::alpha, "alpha", -0.1, "must not be negative");
      check_setting(l, &L::beta, "beta", -0.1, "must not be negative");
    }
  });
  check_setting(loss::FocalTversky{}, &loss::FocalTversky::gamma, "gamma", 0.0, "must be positive");
}

BOOST_AUTO_TEST_CASE(targets) {
  const Var p = probabilities({1, 1, 2});
  for_each_overlap([&]<class L>(const L& l) {
    check_target(l, p, numbers({1, 1, 2}, {1.0, 1.5}), {L::name, "the target 1.5 is outside [0, 1]"});
    check_target(l, p, numbers({1, 1, 2}, {-0.25, 1.0}), {L::name, "-0.25"});
    check_target(l, p, numbers({1, 1, 2}, {0.0, NAN}), {L::name, "nan"});
  });
  check_target(loss::LovaszHinge{}, p, numbers({1, 1, 2}, {1.0, 0.5}), {"LovaszHinge", "0.5", "neither 0 nor 1"});
}

BOOST_AUTO_TEST_CASE(labels_of_lovasz_softmax) {
  const Var p = probabilities({2, 3, 4});
  const Var labels = xt::xarray<int>{{0, 1, 2, 0}, {0, 0, 0, 0}};
  const loss::LovaszSoftmax l;
  check_target(l, p, xt::xarray<int>{{0, 1, 2, 3}, {0, 0, 0, 0}}, {"LovaszSoftmax", "label 3", "[0, 3)"});
  check_target(l, p, xt::xarray<int>{{0, -1, 2, 0}, {0, 0, 0, 0}}, {"LovaszSoftmax", "label -1", "[0, 3)"});
  BOOST_TEST(
      throws<TypeError>([&] { return l(p, cast(labels, DType::Float64)); }, {"LovaszSoftmax", "float64", "int64"}));
  BOOST_TEST(throws<TypeError>([&] { return l(p, cast(labels, DType::Bool)); }, {"LovaszSoftmax", "bool", "int64"}));
  BOOST_TEST(throws<ShapeError>([&] { return l(p, transpose(labels)); },
                                {"LovaszSoftmax", "[2, 3, 4]", "[4, 2]", "must be [2, 4]"}));
  BOOST_TEST(throws<ShapeError>([&] { return l(p, xt::xarray<int>{1, 2}); }, {"LovaszSoftmax", "[2]", "[2, 4]"}));
  BOOST_TEST(throws<ShapeError>([&] { return l(wave({3}), labels); }, {"LovaszSoftmax", "[3]", "[N, C, ...]"}));
}

BOOST_AUTO_TEST_CASE(element_types) {
  const Var p = cast(probabilities({2, 3, 4}), DType::Float32);
  for_each_overlap([&](const auto& l) {
    const Var expected = l(p, cast(truth({2, 3, 4}), DType::Float32));
    BOOST_TEST(expected.dtype() == DType::Float32);
    // Masks of integers and booleans leave a float32 as it is.
    BOOST_TEST(same(l(p, truth({2, 3, 4})), expected));
    BOOST_TEST(same(l(p, cast(truth({2, 3, 4}), DType::Bool)), expected));
    BOOST_TEST(l(truth({2, 3, 4}), truth({2, 3, 4})).dtype() == DType::Float64);
  });
  BOOST_TEST(loss::LovaszHinge{}(p, truth({2, 3, 4})).dtype() == DType::Float32);
  BOOST_TEST(loss::Boundary{}(p, truth({2, 3, 4})).dtype() == DType::Float32);
}

BOOST_AUTO_TEST_CASE(not_a_number_is_handed_on) {
  const Var p = numbers({1, 1, 3}, {0.5, NAN, 0.25});
  const Var t = numbers({1, 1, 3}, {1, 0, 0});
  for_each_overlap([&](const auto& l) { BOOST_TEST(std::isnan(doubles(l(p, t)).at(0))); });
  BOOST_TEST(std::isnan(doubles(loss::LovaszHinge{}(p, t)).at(0)));
  const Var labels = xt::xarray<int>{{0, 0, 0}};
  for (const bool only_present : {true, false}) {
    BOOST_TEST(std::isnan(doubles(loss::LovaszSoftmax{.only_present = only_present}(p, labels)).at(0)));
  }
}

BOOST_AUTO_TEST_CASE(relations) {
  const Var p = probabilities({2, 3, 4});
  const Var t = truth({2, 3, 4});
  BOOST_TEST(near(loss::Tversky{.alpha = 0.5, .beta = 0.5, .smooth = 0.5}(p, t), loss::Dice{.smooth = 1.0}(p, t)));
  BOOST_TEST(near(loss::Tversky{.alpha = 1.0, .beta = 1.0}(p, t), loss::Jaccard{}(p, t)));
  BOOST_TEST(near(loss::FocalTversky{.gamma = 1.0}(p, t), loss::Tversky{}(p, t)));
  // Of predictions that are 0 or 1, Lovasz's extension is the set function itself.
  const Var guess = truth({2, 3, 4}) * 0.0 + cast(wave({2, 3, 4}) > 1.0, DType::Float64);
  const Var jaccard = loss::Jaccard{.smooth = 0.0}(guess, t);
  BOOST_TEST(near(0.5 * loss::LovaszHinge{}(2.0 * guess - 1.0, t), jaccard));
  const Var both = xg::stack({1.0 - guess, guess}, 1);
  const Var other = loss::Jaccard{.smooth = 0.0}(1.0 - guess, 1 - t);
  BOOST_TEST(near(loss::LovaszSoftmax{}(both, t), 0.5 * (jaccard + other)));
}

/// Volumes whose squares neither float32 nor its inverse can hold.
BOOST_AUTO_TEST_CASE(generalized_dice_of_large_and_tiny_volumes) {
  const Var t = cast(numbers({1, 2, 2}, {1e-25, 0.0, 1.0, 1.0}), DType::Float32);
  const Var p = cast(numbers({1, 2, 2}, {0.5e-25, 0.0, 1.0, 1.0}), DType::Float32);
  const double value = doubles(loss::GeneralizedDice{}(p, t)).at(0);
  BOOST_TEST(std::isfinite(value));
  BOOST_TEST(value > 0.0);
}

BOOST_AUTO_TEST_CASE(many_pixels) {
  // Beyond 2^16 pixels of one mask, in float32: counts stay exact.
  const xg::Shape shape{1, 300, 400};
  const Var z = 3.0 * wave(shape);
  const Var t = truth(shape);
  const Var exact = loss::LovaszHinge{}(z, t);
  const Var single = loss::LovaszHinge{}(cast(z, DType::Float32), t);
  BOOST_TEST(near(cast(single, DType::Float64), exact, 1e-5));
  BOOST_TEST(
      near(cast(loss::Dice{}(cast(sigmoid(z), DType::Float32), t), DType::Float64), loss::Dice{}(sigmoid(z), t), 1e-5));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
