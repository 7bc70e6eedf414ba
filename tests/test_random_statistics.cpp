// Whether random numbers have their distributions, and whether those of different keys have nothing in common.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <numbers>
#include <vector>

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "random_statistics.hpp"

BOOST_AUTO_TEST_SUITE(test_random_statistics)

namespace xg = xgrad;
namespace random = xgrad::random;
using comparing::doubles;
using random::Key;
using random_statistics::correlation;
using random_statistics::has_moments;
using random_statistics::has_probabilities;
using random_statistics::is_distributed;
using xg::DType;
using xg::Shape;
using xg::Var;

namespace {

constexpr std::size_t many = 40000;

double phi_of(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

/// k successes of n.
double binomial_probability(std::int64_t k, double n, double p) {
  const auto x = static_cast<double>(k);
  if (x < 0.0 || x > n) return 0.0;
  return std::exp(std::lgamma(n + 1.0) - std::lgamma(x + 1.0) - std::lgamma(n - x + 1.0) + x * std::log(p) +
                  (n - x) * std::log1p(-p));
}

double poisson_probability(std::int64_t k, double rate) {
  const auto x = static_cast<double>(k);
  return x < 0.0 ? 0.0 : std::exp(x * std::log(rate) - rate - std::lgamma(x + 1.0));
}

}  // namespace

BOOST_AUTO_TEST_CASE(standard_distributions) {
  const Key key(11);
  for (const DType dtype : {DType::Float32, DType::Float64}) {
    BOOST_TEST_CONTEXT(name(dtype)) {
      const std::vector<Key> k = key.fold_in(static_cast<int>(dtype)).split(8);
      const Var u = random::uniform(k[0], {many}, dtype);
      BOOST_TEST(is_distributed(u, [](double x) { return x; }));
      BOOST_TEST(has_moments(u, 0.5, 1.0 / 12));
      const Var z = random::normal(k[1], {many}, dtype);
      BOOST_TEST(is_distributed(z, phi_of));
      BOOST_TEST(has_moments(z, 0.0, 1.0, 0.04));
      BOOST_TEST(has_moments(square(z), 1.0, 2.0, 0.15));
      BOOST_TEST(has_moments(pow(z, 3), 0.0, 15.0, 0.3));
      const Var e = random::exponential(k[2], {many}, dtype);
      BOOST_TEST(is_distributed(e, [](double x) { return -std::expm1(-x); }));
      const auto laplace = [](double x) { return x < 0 ? 0.5 * std::exp(x) : 1.0 - 0.5 * std::exp(-x); };
      BOOST_TEST(is_distributed(random::laplace(k[3], {many}, dtype), laplace));
      const auto cauchy = [](double x) { return 0.5 + std::atan(x) / std::numbers::pi; };
      BOOST_TEST(is_distributed(random::cauchy(k[4], {many}, dtype), cauchy));
      BOOST_TEST(is_distributed(random::gumbel(k[5], {many}, dtype), [](double x) { return std::exp(-std::exp(-x)); }));
      BOOST_TEST(
          is_distributed(random::logistic(k[6], {many}, dtype), [](double x) { return 1 / (1 + std::exp(-x)); }));
    }
  }
}

BOOST_AUTO_TEST_CASE(tails_of_the_normal_distribution) {
  // How many of four million are beyond 4 and 5: 253.4 and 2.3 expected.
  for (const DType dtype : {DType::Float32, DType::Float64}) {
    double beyond_4 = 0.0;
    double beyond_5 = 0.0;
    for (int part = 0; part < 4; ++part) {
      const Var size = abs(random::normal(Key(12).fold_in(part), {1000000}, dtype));
      beyond_4 += sum(cast(size > 4.0, DType::Float64)).item<double>();
      beyond_5 += sum(cast(size > 5.0, DType::Float64)).item<double>();
    }
    BOOST_TEST(std::abs(beyond_4 - 253.4) < 5.0 * std::sqrt(253.4));
    BOOST_TEST(std::abs(beyond_5 - 2.3) < 9.0);
  }
}

BOOST_AUTO_TEST_CASE(gamma_and_its_kin) {
  const std::vector<Key> k = Key(13).split(32);
  std::size_t next = 0;
  for (const double a : {0.05, 0.5, 1.0, 2.5, 30.0, 1e5}) {
    BOOST_TEST_CONTEXT("shape " << a) {
      BOOST_TEST(
          is_distributed(random::gamma(k[next++], a, {many}), [a](double x) { return boost::math::gamma_p(a, x); }));
      BOOST_TEST(is_distributed(exp(random::loggamma(k[next++], a, {many})),
                                [a](double x) { return boost::math::gamma_p(a, x); }));
    }
  }
  // So small that most would be 0: ln(x) is nearly ln(u) / a.
  BOOST_TEST(is_distributed(random::loggamma(k[next++], 1e-5, {many}), [](double y) { return std::exp(1e-5 * y); }));
  const std::vector<std::pair<double, double>> shapes{{0.1, 0.2}, {1.0, 1.0}, {2.0, 5.0}, {300.0, 20.0}};
  for (const auto& [a, b] : shapes) {
    BOOST_TEST(is_distributed(random::beta(k[next++], a, b, {many}),
                              [a = a, b = b](double x) { return boost::math::ibeta(a, b, x); }));
  }
  BOOST_TEST(is_distributed(random::chisquare(k[next++], 3.0, {many}),
                            [](double x) { return boost::math::gamma_p(1.5, x / 2); }));
  const auto student = [](double x) {
    const double tail = 0.5 * boost::math::ibeta(1.5, 0.5, 3.0 / (3.0 + x * x));
    return x < 0 ? tail : 1.0 - tail;
  };
  BOOST_TEST(is_distributed(random::student_t(k[next++], 3.0, {many}), student));
  // A part of a Dirichlet variate has a beta distribution.
  const Var points = random::dirichlet(k[next++], xt::xarray<double>{0.5, 2.0, 1.5}, {many});
  BOOST_TEST(is_distributed(view(points, xt::all(), 0), [](double x) { return boost::math::ibeta(0.5, 3.5, x); }));
  BOOST_TEST(is_distributed(view(points, xt::all(), 1), [](double x) { return boost::math::ibeta(2.0, 2.0, x); }));
  BOOST_TEST(comparing::near(sum(points, -1), xg::ones_like(sum(points, -1))));
  BOOST_TEST(comparing::near(sum(random::dirichlet(k[next++], xg::broadcast_to(1e-4, {100, 3})), -1),
                             xg::broadcast_to(1.0, {100})));
}

BOOST_AUTO_TEST_CASE(truncated_normal_anywhere) {
  const std::vector<Key> k = Key(14).split(9);
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<std::pair<double, double>> bounds{
      {-1.0, 2.0}, {-infinity, infinity}, {0.5, infinity}, {-infinity, -1.0}, {-0.1, -0.09}, {-8.0, 0.0}, {1.0, 30.0}};
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const double low = bounds[i].first;
    const double high = bounds[i].second;
    const auto part = [&](double x) {
      if (low > 0) return (phi_of(-low) - phi_of(-x)) / (phi_of(-low) - phi_of(-high));
      return (phi_of(x) - phi_of(low)) / (phi_of(high) - phi_of(low));
    };
    BOOST_TEST(is_distributed(random::truncated_normal(k[i], low, high, {many}), part), low << " to " << high);
  }
  // Far out it is the exponential distribution, nearly.
  const Var far = random::truncated_normal(k[7], 1000.0, infinity, {many});
  BOOST_TEST(is_distributed((far - 1000.0) * 1000.0, [](double x) { return -std::expm1(-x); }));
  const Var left = random::truncated_normal(k[8], -60.0, -50.0, {many});
  BOOST_TEST(amax(left).item<double>() <= -50.0);
  BOOST_TEST(is_distributed((-left - 50.0) * 50.0, [](double x) { return -std::expm1(-x * (1.0 + x / 5000.0)); }));
}

BOOST_AUTO_TEST_CASE(counts) {
  const std::vector<Key> k = Key(15).split(32);
  std::size_t next = 0;
  for (const double rate : {0.2, 3.0, 9.9, 10.0, 40.0, 1000.0}) {
    const Var n = random::poisson(k[next++], rate, {many});
    BOOST_TEST(has_probabilities(n, [rate](std::int64_t i) { return poisson_probability(i, rate); }), rate);
    BOOST_TEST(has_moments(n, rate, rate, 0.05), rate);
  }
  for (const double rate : {1e6, 1e12, 1e18}) {
    const Var n = cast(random::poisson(k[next++], rate, {many}), DType::Float64);
    BOOST_TEST(
        is_distributed((n - rate) / std::sqrt(rate), [&](double x) { return phi_of(x + 0.5 / std::sqrt(rate)); }),
        rate);
  }
  const std::vector<std::pair<int, double>> trials{{1, 0.3},    {20, 0.1},     {20, 0.5},    {30, 0.9},
                                                   {100, 0.25}, {1000, 0.002}, {1000, 0.97}, {100000, 0.4}};
  for (const auto& [n, p] : trials) {
    const Var x = random::binomial(k[next++], n, p, {many});
    const auto probability = [n = n, p = p](std::int64_t i) { return binomial_probability(i, n, p); };
    BOOST_TEST(has_probabilities(x, probability), n << ", " << p);
  }
  const double large = 1e15;
  const Var x = cast(random::binomial(k[next++], static_cast<std::int64_t>(large), 0.3, {many}), DType::Float64);
  BOOST_TEST(is_distributed((x - 0.3 * large) / std::sqrt(0.21 * large), phi_of));
}

BOOST_AUTO_TEST_CASE(choices) {
  const std::vector<Key> k = Key(16).split(16);
  const auto uniform_of = [](std::int64_t n) {
    return [n](std::int64_t i) { return i < 0 || i >= n ? 0.0 : 1.0 / double(n); };
  };
  BOOST_TEST(has_probabilities(random::randint(k[0], 0, 7, {many}), uniform_of(7)));
  const Var wide = random::randint(k[1], INT64_MIN, INT64_MAX, {many});
  BOOST_TEST(is_distributed(cast(wide, DType::Float64) * 0x1p-64 + 0.5, [](double u) { return u; }));
  BOOST_TEST(has_moments(random::bernoulli(k[2], 0.3, {many}), 0.3, 0.21));
  BOOST_TEST(has_moments(random::rademacher(k[3], {many}), 0.0, 1.0));
  const Var p = xt::xarray<double>{0.1, 0.0, 0.6, 0.3};
  const auto weighted = [&](std::int64_t i) { return i < 0 || i > 3 ? 0.0 : p.array<double>()(i); };
  BOOST_TEST(has_probabilities(random::categorical(k[4], log(p) + 3.0, -1, {many}), weighted));
  BOOST_TEST(has_probabilities(random::choice(k[5], 4, {many}, {.p = p}), weighted));
  BOOST_TEST(has_probabilities(random::choice(k[6], 9, {many}), uniform_of(9)));
  // Orders of three, as numbers of base 3.
  const Key keys = k[7].split_array(many);
  const auto number_of = [](const Var& order) { return sum(order * Var(xt::xarray<int>{9, 3, 1}), -1); };
  const auto an_order = [](std::int64_t i) {
    const std::int64_t a = i / 9;
    const std::int64_t b = i / 3 % 3;
    const std::int64_t c = i % 3;
    return i >= 0 && i < 27 && a != b && b != c && a != c ? 1.0 / 6 : 0.0;
  };
  BOOST_TEST(has_probabilities(number_of(random::permutation(keys, 3)), an_order));
  // Two of four without replacement, one after another.
  const Var pairs = random::choice(k[8].split_array(many), 4, {2}, {.replace = false, .p = p});
  const auto of_pairs = [&](std::int64_t i) {
    const double first = weighted(i / 4);
    return i < 0 || i > 15 || i / 4 == i % 4 ? 0.0 : first * weighted(i % 4) / (1.0 - first);
  };
  BOOST_TEST(has_probabilities(sum(pairs * Var(xt::xarray<int>{4, 1}), -1), of_pairs));
}

BOOST_AUTO_TEST_CASE(points) {
  const std::vector<Key> k = Key(17).split(3);
  // Rows, columns and the determinant of orthogonal matrices: what is on the sphere, and both signs as often.
  const Var turned = random::orthogonal(k[2], 3, {many});
  BOOST_TEST(
      comparing::near(matmul(turned, swapaxes(turned, -1, -2)), xg::broadcast_to(xg::identity(3), {many, 3, 3})));
  BOOST_TEST(is_distributed(view(turned, xt::all(), 2, 0), [](double x) { return 0.5 * (1.0 + x); }));
  BOOST_TEST(is_distributed(view(turned, xt::all(), 1, 2), [](double x) { return 0.5 * (1.0 + x); }));
  BOOST_TEST(std::abs(mean(xg::linalg::det(turned)).item<double>()) < 5.0 / std::sqrt(static_cast<double>(many)));
  const Var on_sphere = random::sphere(k[0], 3, {many});
  BOOST_TEST(comparing::near(norm(on_sphere, -1), xg::broadcast_to(1.0, {many})));
  for (int i = 0; i < 3; ++i)  // Archimedes
    BOOST_TEST(is_distributed(view(on_sphere, xt::all(), i), [](double x) { return 0.5 * (1.0 + x); }));
  const Var factor = xt::xarray<double>{{2.0, 0.0}, {-1.0, 0.5}};
  const Var x = random::multivariate_normal(k[1], xt::xarray<double>{1.0, -3.0}, factor, {many});
  BOOST_TEST(has_moments(view(x, xt::all(), 0), 1.0, 4.0, 0.04));
  BOOST_TEST(has_moments(view(x, xt::all(), 1), -3.0, 1.25, 0.04));
  const double found = correlation(view(x, xt::all(), 0), view(x, xt::all(), 1)) / std::sqrt(double(many));
  BOOST_TEST(std::abs(found + 2.0 / std::sqrt(5.0)) < 0.01);
}

BOOST_AUTO_TEST_CASE(points_with_a_covariance) {
  const Key key(20);
  const Var mean = xt::xarray<double>{1.0, -3.0};
  const Var factor = xt::xarray<double>{{2.0, 0.0}, {-1.0, 0.5}};
  const Var covariance = matmul(factor, transpose(factor));
  BOOST_TEST(comparing::near(random::multivariate_normal(key, mean, random::Covariance(covariance), {40}),
                             random::multivariate_normal(key, mean, factor, {40})));
  BOOST_TEST(comparing::near(random::multivariate_normal(key, mean, random::Covariance(covariance)),
                             random::multivariate_normal(key, mean, factor)));
}

BOOST_AUTO_TEST_CASE(orthogonal_matrices) {
  const std::size_t count = 20000;
  const Var q = random::orthogonal(Key(21), 3, {count});
  BOOST_TEST(comparing::near(matmul(q, swapaxes(q, -1, -2)), xg::broadcast_to(xg::eye(3), {count, 3, 3})));
  // By Haar's measure each element is one coordinate of a point of the sphere, and half of the determinants are -1.
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) {
      BOOST_TEST(is_distributed(view(q, xt::all(), i, j), [](double x) { return 0.5 * (1.0 + x); }));
    }
  }
  const Var d = xg::linalg::det(q);
  BOOST_TEST(std::abs(mean(d).item<double>()) < 5.0 / std::sqrt(double(count)));
  BOOST_TEST(is_distributed((xg::trace(q, 0, -2, -1) * d - 1.0) / 2.0,  // the cosine of the angle of a rotation
                            [](double x) {
                              const double angle = std::acos(std::clamp(x, -1.0, 1.0));
                              return 1.0 - (angle - std::sin(angle)) / 3.14159265358979324;
                            }));
}

BOOST_AUTO_TEST_CASE(keys_have_nothing_in_common) {
  const Key key(18);
  std::vector<Var> streams;
  for (const Key& each : key.split(4)) streams.push_back(random::normal(each, {many}));
  streams.push_back(random::normal(key, {many}));
  streams.push_back(random::normal(key.fold_in(0), {many}));
  streams.push_back(random::normal(Key(19), {many}));  // the next seed
  streams.push_back(xg::concatenate({view(streams[0], xt::range(1, many)), view(streams[0], xt::range(0, 1))}));
  for (std::size_t i = 0; i < streams.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) BOOST_TEST(std::abs(correlation(streams[i], streams[j])) < 5.0, i << ", " << j);
  }
  // One number of each of many keys.
  BOOST_TEST(is_distributed(random::uniform(key.split_array(many)), [](double x) { return x; }));
  const Var seeds = reshape(random::permutation(key, many), {many});
  BOOST_TEST(is_distributed(random::uniform(Key::from_bits(seeds)), [](double x) { return x; }));
  // Pairs of a normal variate come of one radius: they must not know each other.
  const Var z = reshape(random::normal(key, {2 * many}), {-1, 2, 16});
  const Var a = flatten(view(z, xt::all(), 0));
  const Var b = flatten(view(z, xt::all(), 1));
  BOOST_TEST(std::abs(correlation(a, b)) < 5.0);
  BOOST_TEST(std::abs(correlation(square(a), square(b))) < 5.0);
}

BOOST_AUTO_TEST_SUITE_END()
