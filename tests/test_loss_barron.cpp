// Barron's loss: settings that are arrays, and derivatives with respect to alpha beside numbers of a hundred digits.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <boost/multiprecision/cpp_bin_float.hpp>

#include <xgrad/loss/robust.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_loss_barron)

namespace xg = xgrad;
using comparing::near;
using comparing::throws;
using xg::Var;
using xg::loss::Barron;

namespace {

/// A hundred digits, so that plain differences of plain formulas are exact enough.
using Precise = boost::multiprecision::cpp_bin_float_100;

Precise loss(const Precise& x, const Precise& alpha) {
  const Precise u = x * x;
  if (alpha == 2) return u / 2;
  if (alpha == 0) return log(u / 2 + 1);
  const Precise b = abs(alpha - 2);
  return b / alpha * (pow(u / b + 1, alpha / 2) - 1);
}

/// In the order of `derivatives`: value, d/dx, d/dalpha, d2/dx2, d2/dx dalpha, d2/dalpha2.
std::vector<double> expected(double x, double alpha, bool along_alpha) {
  const Precise h("1e-25");
  const Precise a = alpha;
  const auto at = [&](int i, int j) { return loss(x + i * h, a + j * h); };
  std::vector<Precise> result{at(0, 0), (at(1, 0) - at(-1, 0)) / (2 * h)};
  if (along_alpha) result.emplace_back((at(0, 1) - at(0, -1)) / (2 * h));
  result.emplace_back((at(1, 0) - 2 * at(0, 0) + at(-1, 0)) / (h * h));
  if (along_alpha) {
    result.emplace_back((at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * h * h));
    result.emplace_back((at(0, 1) - 2 * at(0, 0) + at(0, -1)) / (h * h));
  }
  std::vector<double> rounded;
  for (const Precise& number : result) rounded.push_back(static_cast<double>(number));
  return rounded;
}

std::vector<double> derivatives(double at, double shape, bool along_alpha) {
  xg::Tape tape;
  const Var x = tape.leaf(at);
  const Var alpha = tape.leaf(shape);
  const Var value = Barron{.alpha = alpha}(x, 0.0);
  const std::vector<Var> first = tape.gradients(value, {x, alpha});
  const std::vector<Var> second = tape.gradients(first[0], {x, alpha});
  std::vector<double> result{value.item<double>(), first[0].item<double>()};
  if (along_alpha) result.push_back(first[1].item<double>());
  result.push_back(second[0].item<double>());
  if (along_alpha) {
    result.push_back(second[1].item<double>());
    result.push_back(tape.gradient(first[1], alpha).item<double>());
  }
  return result;
}

void check(double x, double alpha, bool along_alpha = true) {
  const std::vector<double> found = derivatives(x, alpha, along_alpha);
  const std::vector<double> wanted = expected(x, alpha, along_alpha);
  for (std::size_t i = 0; i < found.size(); ++i) {
    BOOST_TEST(std::abs(found[i] - wanted[i]) <= 1e-12 * std::max(1.0, std::abs(wanted[i])),
               "x " << x << ", alpha - 2 = " << alpha - 2.0 << ", alpha = " << alpha << ", derivative " << i << " is "
                    << found[i] << ", not " << wanted[i]);
  }
}

const std::vector<double> errors{0.0, 1e-6, 0.03, -0.4, 1.0, -3.0, 40.0, 1e4};

}  // namespace

BOOST_AUTO_TEST_CASE(next_to_0) {
  for (const double size : {0.0, 1e-12, 1e-9, 1e-7, 1e-5, 1e-3, 1e-2, 0.05, 0.2}) {
    for (const double x : errors) {
      check(x, size);
      check(x, -size);
    }
  }
}

BOOST_AUTO_TEST_CASE(next_to_2) {
  for (const double size : {1e-9, 1e-7, 1e-5, 1e-3, 0.01, 0.1, 0.2}) {
    for (const double x : errors) {
      check(x, 2.0 - size);
      check(x, 2.0 + size);
    }
  }
}

BOOST_AUTO_TEST_CASE(elsewhere) {
  for (const double alpha : {-8.0, -2.0, -1.0, -0.5, 0.5, 1.0, 1.5, 3.0}) {
    for (const double x : errors) check(x, alpha);
  }
}

BOOST_AUTO_TEST_CASE(at_2_derivatives_by_alpha_are_large_numbers) {
  for (const double x : errors) {
    check(x, 2.0, false);
    xg::Tape tape;
    const Var leaf = tape.leaf(x);
    const Var alpha = tape.leaf(2.0);
    const Var first = tape.gradient(Barron{.alpha = alpha}(leaf, 0.0), alpha);
    const double u = x * x;
    const double epsilon = std::numeric_limits<double>::epsilon();
    const double wanted = (u + epsilon) / 4 * std::log1p(u / epsilon) - u / 4;
    BOOST_TEST(std::abs(first.item<double>() - wanted) <= 1e-12 * std::max(1.0, wanted));
    BOOST_TEST(std::isfinite(tape.gradient(first, alpha).item<double>()));
    BOOST_TEST(std::isfinite(tape.gradient(first, leaf).item<double>()));
  }
}

namespace {

/// Value, first and second derivative by the prediction.
std::vector<double> by_prediction(const Var& x, const Barron& loss) {
  xg::Tape tape;
  const Var leaf = tape.leaf(x);
  const Var value = loss(leaf, zeros_like(x));
  const Var first = tape.gradient(value, leaf);
  std::vector<double> result;
  for (const Var& each : tape.evaluate({value, first, tape.gradient(first, leaf)})) {
    result.push_back(xg::cast<double>(each).item<double>());
  }
  return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(floats_of_large_errors) {
  for (const double alpha : {1.9999999, 1.99999, 2.0001, 1.95, 1.7, 1.5, 1.0, 0.3, 0.0, -1.0, -2.0}) {
    for (const double x : {1e-3, 1.0, 1e4, 1e8, 1e12}) {
      for (const bool trained : {false, true}) {
        const float single = static_cast<float>(x);
        const auto rounded = static_cast<double>(static_cast<float>(alpha));
        const double at = trained ? rounded : alpha;
        const std::vector<double> wide = expected(2.0 * static_cast<double>(single), at, false);
        std::vector<double> found;
        if (trained) {
          xg::Tape tape;
          const Var leaf = tape.leaf(Var(single));
          const Var value = Barron{.alpha = tape.leaf(Var(static_cast<float>(alpha))), .c = 0.5}(leaf, Var(0.0F));
          const Var first = tape.gradient(value, leaf);
          for (const Var& each : tape.evaluate({value, first, tape.gradient(first, leaf)})) {
            found.push_back(xg::cast<double>(each).item<double>());
          }
        } else {
          found = by_prediction(Var(single), Barron{.alpha = alpha, .c = 0.5});
        }
        const std::vector<double> wanted{wide[0], 2.0 * wide[1], 4.0 * wide[2]};
        // Powers of large numbers as exponentials carry the rounding of their logarithms.
        const double fraction = 4e-5;
        const std::vector<double> least{1e-36, 1e-36,
                                        std::max(fraction * std::abs(wanted[1]) / static_cast<double>(single),
                                                 static_cast<double>(std::numeric_limits<float>::denorm_min()))};
        for (std::size_t i = 0; i < wanted.size(); ++i) {
          if (std::abs(wanted[i]) > 1e38) continue;
          BOOST_TEST(std::abs(found[i] - wanted[i]) <= std::max(fraction * std::abs(wanted[i]), least[i]),
                     (trained ? "trained " : "") << "alpha " << alpha << ", x " << x << ", derivative " << i << " is "
                                                 << found[i] << ", not " << wanted[i]);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(floats_whose_squares_overflow) {
  for (const double alpha : {1.5, 0.3, 1.0, 0.5, 0.0, -2.0, 0.7, 3.0}) {
    const std::vector<double> plain = by_prediction(Var(1e20F), Barron{.alpha = alpha});
    const std::vector<double> wanted = expected(static_cast<double>(1e20F), alpha, false);
    xg::Tape tape;
    const Var leaf = tape.leaf(Var(1e20F));
    const Var value = Barron{.alpha = tape.leaf(Var(static_cast<float>(alpha)))}(leaf, Var(0.0F));
    const std::vector<Var> trained = tape.evaluate({value, tape.gradient(value, leaf)});
    for (std::size_t i = 0; i < 2; ++i) {
      const bool in_range = wanted[i] < 1e38;
      for (const double found : {plain[i], xg::cast<double>(trained[i]).item<double>()}) {
        BOOST_TEST((in_range ? std::abs(found - wanted[i]) <= std::max(4e-5 * wanted[i], 1e-36) : found > 1e38),
                   "alpha " << alpha << ", derivative " << i << " is " << found << ", not " << wanted[i]);
      }
    }
  }
}

namespace {

/// Value, first and second derivative by x, from their formulas.
std::vector<double> of_formulas(const Precise& x, const Precise& alpha) {
  const Precise u = x * x / abs(alpha - 2);
  const Precise slope = pow(u + 1, alpha / 2 - 1);
  const Precise curvature = slope * (1 + (alpha - 2) * u / (u + 1));
  std::vector<double> rounded;
  for (const Precise& number : {loss(x, alpha), Precise(x * slope), curvature}) {
    rounded.push_back(static_cast<double>(number));
  }
  return rounded;
}

/// One error, with an alpha that is a number or trained.
std::vector<double> of_far_error(double x, double alpha, xg::DType type, bool trained) {
  const Var at = cast(Var(xt::xarray<double>{x}), type);
  xg::Tape tape;
  const Var leaf = tape.leaf(at);
  const Var shape = trained ? tape.leaf(cast(Var(xt::xarray<double>{alpha}), type)) : Var(alpha);
  const Var value = Barron{.alpha = shape}(leaf, zeros_like(at));
  const Var first = tape.gradient(sum(value), leaf);
  std::vector<double> result;
  for (const Var& each : tape.evaluate({value, first, tape.gradient(sum(first), leaf)})) {
    result.push_back(comparing::doubles(each).at(0));
  }
  return result;
}

/// What the element type cannot hold is infinite; derivatives that it can hold are right all the same.
void check_far(double x, double alpha, xg::DType type, bool trained) {
  const bool single = type == xg::DType::Float32;
  const auto in_type = [&](double number) { return single ? static_cast<double>(static_cast<float>(number)) : number; };
  const std::vector<double> found = of_far_error(x, alpha, type, trained);
  const std::vector<double> wanted = of_formulas(in_type(x), trained ? in_type(alpha) : alpha);
  const double most = single ? 1e38 : 1e307;
  for (std::size_t i = 0; i < 3; ++i) {
    const bool in_range = wanted[i] < most;
    const double allowed = (single ? 4e-5 : 1e-11) * wanted[i];
    BOOST_TEST((in_range ? std::abs(found[i] - wanted[i]) <= allowed : found[i] > 0.9 * most),
               xg::name(type) << (trained ? ", trained" : "") << ", alpha " << alpha << ", x " << x << ": derivative "
                              << i << " is " << found[i] << ", not " << wanted[i]);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(losses_that_overflow_before_their_derivatives) {
  for (const double alpha : {1.95, 1.99, 2.0 - 1e-7, 2.0 + 3e-7, 2.05, 2.2, 1.7, 1.3, 2.5, 3.0, 4.0, 5.0, 7.5}) {
    for (const bool trained : {false, true}) {
      if (!trained && std::abs(alpha - 2.0) >= 0.125) continue;  // the loss of a number has such products there
      for (const double x : {1e4, 1e10, 7e16, 8e16, 1e18, 1e20}) check_far(x, alpha, xg::DType::Float32, trained);
      for (const double x : {1e20, 1.9e90, 2.1e90, 1e140, 1e200}) check_far(x, alpha, xg::DType::Float64, trained);
      if (std::abs(alpha - 2.0) > 0.1) continue;
      check_far(1e37, alpha, xg::DType::Float32, trained);
      check_far(alpha < 2.0 ? 1e305 : 1e290, alpha, xg::DType::Float64, trained);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_last_alpha_before_2) {
  // Where the distance from 2 is the epsilon, the derivative is that of any other alpha.
  const float alpha = 2.0F - 0x1p-23F;
  for (const float x : {0.5F, 3.0F, 100.0F}) {
    xg::Tape tape;
    const Var of_alpha = tape.leaf(Var(alpha));
    const Var value = Barron{.alpha = of_alpha}(Var(x), Var(0.0F));
    const double found = xg::cast<double>(tape.evaluate(tape.gradient(value, of_alpha))).item<double>();
    const double wanted = expected(static_cast<double>(x), static_cast<double>(alpha), true)[2];
    BOOST_TEST(std::abs(found - wanted) <= 1e-4 * std::abs(wanted), "x " << x << ": " << found << ", not " << wanted);
  }
}

BOOST_AUTO_TEST_CASE(infinite_alpha_has_the_derivative_0) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double x : {0.0, 0.5, -2.0}) {
    for (const double alpha : {-infinity, infinity}) {
      const std::vector<double> found = derivatives(x, alpha, true);
      const double sign = alpha < 0.0 ? -1.0 : 1.0;
      const double e = std::exp(sign * 0.5 * x * x);
      const std::vector<double> wanted{sign * (e - 1.0), x * e, 0.0, e * (1.0 + sign * x * x), 0.0, 0.0};
      for (std::size_t i = 0; i < found.size(); ++i) BOOST_TEST(std::abs(found[i] - wanted[i]) < 1e-12);
    }
  }
}

BOOST_AUTO_TEST_CASE(settings_that_are_arrays_give_what_numbers_give) {
  const Var prediction = comparing::wave({4, 3});
  const Var target = comparing::wave({4, 3}, 1.0);
  const std::vector<double> alphas{-1.0, 0.0, 2.0};
  const std::vector<double> scales{0.5, 1.0, 2.0};
  const Var many =
      Barron{.alpha = xt::xarray<double>{-1.0, 0.0, 2.0}, .c = xt::xarray<double>{0.5, 1.0, 2.0}}(prediction, target);
  for (int j = 0; j < 3; ++j) {
    const auto column = [&](const Var& x) { return view(x, xt::all(), j); };
    const auto k = static_cast<std::size_t>(j);
    BOOST_TEST(
        near(column(many), Barron{.alpha = alphas[k], .c = scales[k]}(column(prediction), column(target)), 1e-14));
  }
  // An array of one element is a number; integers and float32 are numbers too.
  const Var plain = Barron{.alpha = 1.0}(prediction, target);
  BOOST_TEST(near(Barron{.alpha = xt::xarray<double>{1.0}}(prediction, target), plain, 0.0));
  BOOST_TEST(near(Barron{.alpha = 1}(prediction, target), plain, 0.0));
  BOOST_TEST(near(Barron{.alpha = xt::xarray<float>{1.0F}}(prediction, target), plain, 0.0));
}

BOOST_AUTO_TEST_CASE(bad_settings) {
  const Var x = comparing::wave({4, 3});
  const Var four = xt::xarray<double>{1.0, 1.0, 1.0, 1.0};
  BOOST_TEST(throws<xg::ShapeError>([&] { return Barron{.alpha = four}(x, x); },
                                    {"Barron: alpha is [4]", "the loss is [4, 3]", "must broadcast"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return Barron{.c = four}(x, x); }, {"Barron: c is [4]"}));
  // A scalar loss is not made larger.
  BOOST_TEST(
      throws<xg::ShapeError>([&] { return Barron{.alpha = four}(1.0, 2.0); }, {"alpha is [4]", "the loss is []"}));
  BOOST_TEST(
      throws<xg::ShapeError>([&] { return Barron{.alpha = xt::xarray<double>{1.0}}(1.0, 2.0); }, {"alpha is [1]"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return Barron{.alpha = std::nan("")}(x, x); },
                                    {"Barron: alpha is nan", "it must be a number"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return Barron{.c = xt::xarray<double>{1.0, -0.5, 1.0}}(x, x);
      },
      {"Barron: c is -0.5", "it must be positive"}));
  // Trained, it is checked when values are computed.
  BOOST_TEST(throws<xg::ValueError>(
      [&] { return xg::grad([&](const Var& c) { return sum(Barron{.c = c}(x, x)); })(Var(-2.0)); },
      {"Barron: c is -2", "it must be positive"}));
}

BOOST_AUTO_TEST_SUITE_END()
