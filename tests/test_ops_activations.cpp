// Activation functions: known values (by mpmath), kinks, infinities, trained slopes.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "ops_compare.hpp"
#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_activations)

namespace xg = xgrad;
using comparing::throws;
using xg::Var;
using xg::testing::check_elements;
using xg::testing::infinity;
using xg::testing::not_a_number;
using xg::testing::slope;

namespace {

Var points(std::initializer_list<double> values) { return xt::xarray<double>(values); }

using Activation = Var (*)(const Var&);

struct Named {
  const char* name;
  Activation f;
  double at_minus_infinity;
  double slope_there;
  double at_infinity = infinity;
  double slope_at_infinity = 1;
};

const std::vector<Named>& activations() {
  constexpr double selu_scale = 1.0507009873554805;
  static const std::vector<Named> all{{"relu", xg::relu, 0, 0},
                                      {"relu6", xg::relu6, 0, 0, 6, 0},
                                      {"leaky_relu", [](const Var& x) { return leaky_relu(x); }, -infinity, 0.01},
                                      {"elu", [](const Var& x) { return elu(x); }, -1, 0},
                                      {"celu", [](const Var& x) { return celu(x, 2.0); }, -2, 0},
                                      {"selu", xg::selu, -1.7580993408473766, 0, infinity, selu_scale},
                                      {"gelu", [](const Var& x) { return gelu(x); }, 0, 0},
                                      {"gelu by tanh", [](const Var& x) { return gelu(x, xg::Gelu::Tanh); }, 0, 0},
                                      {"silu", xg::silu, 0, 0},
                                      {"mish", xg::mish, 0, 0},
                                      {"hard_tanh", xg::hard_tanh, -1, 0, 1, 0},
                                      {"hard_sigmoid", xg::hard_sigmoid, 0, 0, 1, 0},
                                      {"hard_swish", xg::hard_swish, 0, 0},
                                      {"softsign", xg::softsign, -1, 0, 1, 0},
                                      {"log_sigmoid", xg::log_sigmoid, -infinity, 1, 0, 0}};
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(known_values_of_activations) {
  const auto check = [](Activation f, const Var& x, const std::vector<double>& values, double tolerance = 1e-15) {
    check_elements<double>(f(x), x.shape(), values, tolerance);
  };
  const Activation exact = [](const Var& x) { return gelu(x); };
  check(exact, points({1.3, -0.7}), {1.1741593700387066, -0.16937455655615111});
  BOOST_TEST(std::abs(exact(Var(-6.0)).item<double>() + 5.9195258702261888e-9) < 1e-15);
  check([](const Var& x) { return gelu(x, xg::Gelu::Tanh); }, points({1.3, -0.7, -6.0}),
        {1.1739290123173094, -0.16942986529488325, -8.4396467007623035e-11}, 5e-15);
  check(xg::silu, points({1.3, -30.0}), {1.0215854779553262, -2.8072868906517897e-12});
  check(xg::mish, points({1.3, -3.0, -30.0}), {1.1859765715275362, -0.14564746127562459, -2.807286890651921e-12},
        2e-15);
  check(xg::softsign, points({0.5, -4.0}), {1.0 / 3.0, -0.8});
  check(xg::log_sigmoid, points({800.0, -800.0, 40.0}), {0, -800, -4.2483542552915889e-18});
  check([](const Var& x) { return elu(x, 2.0); }, points({3.0, -1e-9, -2.0}),
        {3, 2.0 * std::expm1(-1e-9), 2.0 * std::expm1(-2.0)});
  check([](const Var& x) { return celu(x, 2.0); }, points({3.0, -2.0}), {3, 2.0 * std::expm1(-1.0)});
  check(xg::hard_swish, points({-4.0, -1.0, 1.0, 4.0}), {0, -1.0 / 3.0, 2.0 / 3.0, 4});
  check(xg::hard_sigmoid, points({-4.0, -1.5, 0.0, 4.0}), {0, 0.25, 0.5, 1});
  check_elements<double>(slope(exact, points({1.3, -0.7})), {2}, {1.1259786850765392, 0.023385898866340156}, 1e-14);
  check_elements<double>(slope([&](const Var& x) { return slope(exact, x); }, points({1.3, -0.7})), {2},
                         {0.053124263534820258, 0.47150343938380953}, 1e-14);
  check_elements<double>(slope(xg::softsign, points({1e9, -3.0})), {2}, {1e-18 * (1 - 2e-9), 1.0 / 16.0}, 1e-15);
}

BOOST_AUTO_TEST_CASE(activations_at_infinities) {
  for (const Named& each : activations()) {
    BOOST_TEST_CONTEXT(each.name) {
      const Var x = points({-infinity, infinity});
      const std::vector<double> slopes{each.slope_there, each.slope_at_infinity};
      check_elements<double>(each.f(x), {2}, {each.at_minus_infinity, each.at_infinity}, 1e-15);
      check_elements<double>(slope(each.f, x), {2}, slopes, 1e-15);
      check_elements<double>(jvp(each.f, x, ones_like(x)).tangent, {2}, slopes, 1e-15);
      check_elements<float>(cast<float>(slope(each.f, cast<float>(x))), {2},
                            {static_cast<float>(slopes[0]), static_cast<float>(slopes[1])}, 1e-6);
      // Far out, but finite: to second order.
      for (const double far : {1e4, 1e200}) {
        const Var distant = points({-far, far});
        for (const double element : xg::testing::elements<double>(slope(each.f, distant))) {
          BOOST_TEST(std::isfinite(element));
        }
        const Var second = slope([&](const Var& y) { return slope(each.f, y); }, distant);
        for (const double element : xg::testing::elements<double>(second)) BOOST_TEST(std::abs(element) < 1e-11);
      }
      BOOST_TEST(std::isnan(each.f(Var(not_a_number)).item<double>()));
    }
  }
}

BOOST_AUTO_TEST_CASE(activations_at_kinks) {
  const Var zero = points({0.0, -0.0});
  check_elements<double>(slope(xg::relu6, points({0.0, 6.0, 3.0})), {3}, {0, 0, 1});
  check_elements<double>(slope([](const Var& x) { return leaky_relu(x, 0.25); }, zero), {2}, {0.25, 0.25});
  check_elements<double>(slope([](const Var& x) { return elu(x, 0.5); }, zero), {2}, {0.5, 0.5});
  check_elements<double>(slope([](const Var& x) { return celu(x, 0.5); }, zero), {2}, {1, 1});
  check_elements<double>(slope(xg::selu, zero), {2}, {1.7580993408473766, 1.7580993408473766}, 1e-15);
  check_elements<double>(slope(xg::hard_tanh, points({-1.0, 1.0})), {2}, {1, 1});
  check_elements<double>(slope(xg::hard_sigmoid, points({-3.0, 3.0, 0.0})), {3}, {0, 0, 1.0 / 6.0}, 1e-15);
  check_elements<double>(slope(xg::hard_swish, points({-3.0, 3.0, 0.0})), {3}, {0, 1, 0.5}, 1e-15);
  check_elements<double>(slope(xg::softsign, zero), {2}, {1, 1});
}

BOOST_AUTO_TEST_CASE(slopes_are_trained) {
  const Var x = xt::xarray<double>{{1.0, -2.0}, {-3.0, -4.0}};
  const auto by_slope = [&](const Var& s) { return leaky_relu(x, s); };
  check_elements<double>(slope(by_slope, points({0.1, 0.2})), {2}, {-3, -6});
  const auto by_alpha = [&](const Var& a) { return elu(x, a); };
  check_elements<double>(slope(by_alpha, points({0.1, 0.2})), {2},
                         {std::expm1(-3.0), std::expm1(-2.0) + std::expm1(-4.0)}, 1e-15);
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return leaky_relu(x, points({1, 2, 3}));
      },
      {"leaky_relu: ", "[2, 2]", "[3]"}));
  BOOST_TEST(name(leaky_relu(Var(xt::xarray<float>{1.0F})).dtype()) == "float32");
  BOOST_TEST(name(gelu(Var(xt::xarray<float>{1.0F})).dtype()) == "float32");
  BOOST_TEST(name(gelu(Var(xt::xarray<int>{1})).dtype()) == "float64");
}

BOOST_AUTO_TEST_CASE(activations_compiled_and_at_once) {
  const Var x = xt::xarray<double>{{-2.0, -0.5, 0.25}, {1.5, 4.0, -8.0}};
  for (const Named& each : activations()) {
    BOOST_TEST_CONTEXT(each.name) {
      check_elements<double>(xg::compile(each.f)(x), {2, 3}, xg::testing::elements<double>(each.f(x)), 1e-15);
      check_elements<double>(xg::vmap(each.f)(x), {2, 3}, xg::testing::elements<double>(each.f(x)), 1e-15);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
