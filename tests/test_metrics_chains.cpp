// What draws of chains are worth. Numbers are those of the formulas in Python's floating point.
#include "comparing.hpp"

#include <cmath>
#include <limits>

#include <boost/test/unit_test.hpp>
#include <xgrad/metrics.hpp>
#include <xgrad/random.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_metrics_chains)

namespace xg = xgrad;
namespace metrics = xgrad::metrics;
using comparing::throws;
using xg::Var;

namespace {

template <class F>
Var draws(std::size_t n, std::size_t chains, F f) {
  auto array = xg::Array<double>::from_shape({n, chains});
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < chains; ++j) array(i, j) = f(static_cast<double>(i), static_cast<double>(j));
  }
  return Var(std::move(array));
}

const Var noisy =
    draws(11, 3, [](double i, double j) { return std::sin(1.7 * i * i + 2.3 * j) + 0.5 * std::sin(0.3 * i + j); });
const Var slow = draws(
    40, 3, [](double i, double j) { return std::sin(0.11 * i + 0.2 * j) + 0.01 * std::sin(1.7 * i * i + 2.3 * j); });
const Var tied = draws(13, 2, [](double i, double j) { return std::fmod(i * i + 3.0 * j, 5.0); });

/// x(t) = a x(t - 1) + noise, n draws of some chains.
Var regression(double a, std::size_t n, std::size_t chains) {
  const Var noise = xg::random::normal(xg::random::Key(5), {n, chains});
  return xg::scan(
             [&](const Var& x, const Var& e) {
               const Var next = a * x + e;
               return std::pair{next, next};
             },
             xg::random::normal(xg::random::Key(6), {chains}) / std::sqrt(1.0 - a * a), noise)
      .second;
}

}  // namespace

BOOST_AUTO_TEST_CASE(they_are_the_formulas) {
  BOOST_TEST(metrics::r_hat(noisy).item<double>() == 1.117797986086669, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(metrics::effective_sample_size(noisy).item<double>() == 17.6279123428,
             boost::test_tools::tolerance(1e-12));
  BOOST_TEST(metrics::r_hat(slow).item<double>() == 1.5529486414993932, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(metrics::effective_sample_size(slow).item<double>() == 5.4129050385068105,
             boost::test_tools::tolerance(1e-12));
  BOOST_TEST(metrics::r_hat(tied).item<double>() == 1.415803761460648, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(metrics::effective_sample_size(tied).item<double>() == 19.579271190792305,
             boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(each_number_is_by_itself) {
  const Var both = reshape(xg::stack({noisy, 3.0 - exp(noisy)}, 2), {11, 3, 1, 2});  // ranks are turned around
  const Var ratios = metrics::r_hat(both);
  BOOST_TEST((ratios.shape() == xg::Shape{1, 2}));
  BOOST_TEST(metrics::effective_sample_size(both).array<double>()(0, 1) ==
                 metrics::effective_sample_size(noisy).item<double>(),
             boost::test_tools::tolerance(1e-9));
  const auto compiled = xg::compile([](const Var& x) { return metrics::r_hat(x); });
  BOOST_TEST(compiled(both).array<double>()(0, 0) == ratios.array<double>()(0, 0), boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(known_chains_have_known_sizes) {
  // Of x(t) = a x(t - 1) + noise, N (1 - a) / (1 + a) draws are worth as much.
  for (const double a : {0.0, 0.5, 0.8, -0.3}) {
    const Var x = regression(a, 4000, 4);
    const double expected = std::min(16000.0 * (1.0 - a) / (1.0 + a), 16000.0 * std::log10(16000.0));
    BOOST_TEST(metrics::effective_sample_size(x).item<double>() == expected, boost::test_tools::tolerance(0.1));
    BOOST_TEST(metrics::r_hat(x).item<double>() < 1.01);
  }
}

BOOST_AUTO_TEST_CASE(chains_apart_are_seen) {
  const Var x = regression(0.0, 400, 4);
  const Var shift = xt::xarray<double>{0.0, 0.0, 0.0, 2.0};
  BOOST_TEST(metrics::r_hat(x + shift).item<double>() > 1.1);
  BOOST_TEST(metrics::r_hat(x * (1.0 + 2.0 * shift)).item<double>() > 1.1);  // the same middle, another width
  BOOST_TEST(metrics::effective_sample_size(x + shift).item<double>() < 50.0);
}

BOOST_AUTO_TEST_CASE(what_is_refused) {
  const Var nan = xg::ones({4, 2}) * std::numeric_limits<double>::quiet_NaN();
  BOOST_TEST(throws<xg::ShapeError>([] { return metrics::r_hat(xg::ones({10})); }, {"[draws, chains, ...]"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [] {
        return metrics::effective_sample_size(xg::ones({3, 2}));
      },
      {"4 draws at least"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return metrics::r_hat(nan); }, {"has no rank"}));
  BOOST_TEST(std::isnan(metrics::r_hat(xg::ones({8, 2})).item<double>()));
  BOOST_TEST(std::isnan(metrics::effective_sample_size(xg::ones({8, 2})).item<double>()));
}

BOOST_AUTO_TEST_SUITE_END()
