// Derivatives of random numbers by the parameters of their distributions.
#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <vector>

#include <boost/math/special_functions/gamma.hpp>

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_random_derivatives)

namespace xg = xgrad;
namespace random = xgrad::random;
using comparing::doubles;
using comparing::near;
using random::Key;
using xg::DType;
using xg::Shape;
using xg::Var;

namespace {

double slope_of_sum(const auto& f, double at) {
  return xg::grad([&](const Var& a) { return sum(f(a)); })(at).template item<double>();
}

}  // namespace

BOOST_AUTO_TEST_CASE(slopes_of_gamma_variates_have_nearly_all_digits) {
  // By mpmath with 50 digits: -dP/da / (x p(x)) from the numerical derivative of the regularized incomplete gamma
  // function.
  const std::vector<std::array<double, 3>> known{
      {0.01, -50, 4943.9114542131324},      {0.01, 0.0, 60.505562260661087},       {0.01, -0.5, 83.264470449821186},
      {0.5, -3, 6.324313578782194},         {0.5, 1, 1.0351659134229032},          {1, 0, 1.1735630272247269},
      {1, -30, 30.422784335099914},         {3, 1, 0.36995801788074843},           {3, 2, 0.21693531425517232},
      {3, 4, 0.058817683097508531},         {100, 4.4, 0.011079330705188492},      {100, 4.8, 0.0090725562619363184},
      {10000, 9.2, 0.00010051958493384771}, {1e6, 13.8175, 9.9900577530634553e-7}, {1e-3, -500, 499424.42806818969}};
  for (const auto& [a, y, expected] : known) {
    const double found = random::gamma_slope(a, y).item<double>();
    // The last digit of y counts more, the larger a is.
    BOOST_TEST(std::abs(found - expected) < (a > 1000 ? 1e-12 : 5e-14) * expected,
               a << ", " << y << ": " << found << ", not " << expected);
  }
  const std::vector<std::array<double, 3>> second{{0.5, -3, -10.9158129846017},
                                                  {0.5, 1, -1.30243033773098},
                                                  {3, 1, -0.0695923954080598},
                                                  {3, 2, -0.0346059886961218},
                                                  {100, 4.7, -4.7149951064887e-5}};
  for (const auto& [a, y, expected] : second) {
    const double found = slope_of_sum([y = y](const Var& x) { return random::gamma_slope(x, y); }, a);
    BOOST_TEST(std::abs(found / expected - 1.0) < 1e-11, a << ", " << y << ": " << found << ", not " << expected);
  }
}

BOOST_AUTO_TEST_CASE(gamma_variates_move_along_their_quantiles) {
  // dx/da of the quantile that a variate is, and the second derivative, by differences of Boost's inverse.
  const Key key(21);
  for (const double a : {0.3, 1.0, 4.0, 50.0}) {
    const auto f = [&](const Var& shape) { return random::gamma(key, shape, {5}); };
    const std::vector<double> x = doubles(f(a));
    const std::vector<double> slope = doubles(xg::jvp(f, Var(a), Var(1.0)).tangent);
    const auto along = [&](const Var& shape) { return xg::jvp(f, shape, Var(1.0)).tangent; };
    const std::vector<double> curvature = doubles(xg::jvp(along, Var(a), Var(1.0)).tangent);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double u = boost::math::gamma_p(a, x[i]);
      const double h = 1e-3 * a;
      const auto quantile = [&](double shape) { return boost::math::gamma_p_inv(shape, u); };
      const double central =
          (8.0 * (quantile(a + h) - quantile(a - h)) - (quantile(a + 2 * h) - quantile(a - 2 * h))) / (12.0 * h);
      BOOST_TEST(std::abs(slope[i] - central) < 1e-8 * std::max(1.0, std::abs(central)),
                 a << ": " << slope[i] << ", not " << central);
      const double bent = (quantile(a + h) - 2.0 * quantile(a) + quantile(a - h)) / (h * h);
      BOOST_TEST(std::abs(curvature[i] - bent) < 1e-4 * std::max(0.1, std::abs(bent)),
                 a << ": " << curvature[i] << ", not " << bent);
    }
    const auto reverse = xg::grad([&](const Var& shape) { return sum(f(shape)); });
    double total = 0.0;
    for (const double each : slope) total += each;
    BOOST_TEST(near(reverse(a), Var(total)));
  }
  // A variate that is 0 does not move.
  BOOST_TEST(slope_of_sum([&](const Var& a) { return random::gamma(key, a, {3}); }, 1e-5) == 0.0);
}

BOOST_AUTO_TEST_CASE(means_move_as_they_should) {
  constexpr std::size_t n = 20000;
  const double count = static_cast<double>(n);
  const Key key(22);
  // E[beta] = a / (a + b); E[dirichlet_0^2] = a (a + 1) / (s (s + 1)); E[chi-squared] = df; E[ln gamma] = psi(a).
  const double of_beta = slope_of_sum([&](const Var& a) { return random::beta(key, a, 1.5, {n}); }, 0.7) / count;
  BOOST_TEST(std::abs(of_beta - 1.5 / (2.2 * 2.2)) < 0.01);
  const auto square_of_first = [&](const Var& a) {
    const Var alpha = xg::concatenate({reshape(a, {1}), Var(xt::xarray<double>{1.0, 2.0})});
    return square(view(random::dirichlet(key, alpha, {n}), xt::all(), 0));
  };
  const auto expected = [](double a) { return a * (a + 1.0) / ((a + 3.0) * (a + 4.0)); };
  const double of_dirichlet = slope_of_sum(square_of_first, 0.8) / count;
  BOOST_TEST(std::abs(of_dirichlet - (expected(0.801) - expected(0.799)) / 0.002) < 0.01);
  const double of_squares = slope_of_sum([&](const Var& df) { return random::chisquare(key, df, {n}); }, 3.0) / count;
  BOOST_TEST(std::abs(of_squares - 1.0) < 0.02);
  const double of_log = slope_of_sum([&](const Var& a) { return random::loggamma(key, a, {n}); }, 0.2) / count;
  BOOST_TEST(std::abs(of_log - xg::polygamma(1, 0.2).item<double>()) < 1.5);
  // E[t^2] = df / (df - 2).
  const double of_t = slope_of_sum([&](const Var& df) { return square(random::student_t(key, df, {n})); }, 8.0) / count;
  BOOST_TEST(std::abs(of_t + 2.0 / 36.0) < 0.01);
}

BOOST_AUTO_TEST_CASE(derivatives_in_float_in_batches_and_compiled) {
  const Key key(23);
  const auto f = [&](const Var& a) { return sum(random::gamma(key, a) + random::beta(key.fold_in(1), a, 2.0)); };
  const Var a = xt::xarray<double>{0.4, 1.5, 20.0};
  const Var slope = xg::grad(f)(a);
  BOOST_TEST(near(cast(xg::grad(f)(cast<float>(a)), DType::Float64), slope, 2e-6));
  BOOST_TEST(near(xg::compile(xg::grad(f))(a), slope));
  const Var rows = xt::xarray<double>{{0.4, 1.5, 20.0}, {1.0, 2.0, 3.0}};
  BOOST_TEST(near(view(xg::vmap(xg::grad(f))(rows), 0), slope));
  // What has no derivative gives none.
  const auto counted = [&](const Var& rate) { return sum(rate * cast(random::poisson(key, rate), DType::Float64)); };
  BOOST_TEST(near(xg::grad(counted)(a), cast(random::poisson(key, a), DType::Float64)));
}

BOOST_AUTO_TEST_CASE(bounds_of_truncated_normal_variates) {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto f = [](const Var& low, const Var& high) { return random::truncated_normal(Key(24), low, high, {100}); };
  const auto by_low = xg::grad([&](const Var& low) { return sum(f(low, infinity)); });
  const double h = 1e-6;
  const double difference =
      (sum(f(3.0 + h, infinity)).item<double>() - sum(f(3.0 - h, infinity)).item<double>()) / (2.0 * h);
  BOOST_TEST(std::abs(by_low(3.0).item<double>() - difference) < 1e-6 * std::abs(difference));
  BOOST_TEST(by_low(-infinity).item<double>() == 0.0);
  BOOST_TEST(xg::grad([&](const Var& low) { return sum(by_low(low)); })(-infinity).item<double>() == 0.0);
  // Far out, all move as the bound does.
  BOOST_TEST(std::abs(by_low(1e4).item<double>() - 100.0) < 1e-4);
}

BOOST_AUTO_TEST_SUITE_END()
