// check_gradients: it passes what is right, and names what is wrong.
#include <limits>
#include <sstream>

#include <boost/test/unit_test.hpp>

#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
using xg::testing::check_gradients;
using xg::testing::CheckOptions;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// x^2 with the derivative of a^2 x: right at a = x only for the value.
xg::Var square_with_half_the_derivative(const xg::Var& x) { return stop_gradient(x) * x; }

/// x^3 with the right first derivative and no second one.
xg::Var cube_without_second_derivative(const xg::Var& x) {
  const xg::Var fixed = stop_gradient(x);
  return 3.0 * square(fixed) * x - 2.0 * square(fixed) * fixed;
}

struct Pair {
  xg::Var first, second;
};
XGRAD_FIELDS(Pair, first, second)

}  // namespace

BOOST_AUTO_TEST_CASE(passes_what_is_right) {
  const xt::xarray<double> x = {{0.5, -1.5}, {2.0, 0.25}};
  const auto report = check_gradients([](const xg::Var& a) { return exp(sin(a)) * tanh(a); }, x);
  BOOST_TEST(report);
  BOOST_TEST(report.message.empty());
  BOOST_TEST(report.worst_error > 0.0);
  BOOST_TEST(report.worst_error < 1e-9);
}

BOOST_AUTO_TEST_CASE(names_the_wrong_element) {
  const auto f = [](const Pair& p) { return sum(p.first) + sum(square_with_half_the_derivative(p.second)); };
  const Pair at{xt::xarray<double>{1.0}, xt::xarray<double>{{0.0, 0.1}, {7.0, 0.2}}};
  const auto report = check_gradients(f, at);
  BOOST_TEST(!report);
  BOOST_TEST_MESSAGE(report.message);
  BOOST_TEST(contains(report.message, "order 1"));
  BOOST_TEST(
      contains(report.message, "0.second[1, 0]"));  // relative to 1 or the derivative, the others' errors are small
  BOOST_TEST(contains(report.message, "central differences"));
  BOOST_TEST(report.worst_error > 0.4);
}

BOOST_AUTO_TEST_CASE(finds_a_wrong_second_derivative_only_when_asked) {
  const xt::xarray<double> x = {1.5, -0.5};
  BOOST_TEST(check_gradients(CheckOptions{.order = 1}, cube_without_second_derivative, x));
  const auto report = check_gradients(cube_without_second_derivative, x);
  BOOST_TEST(!report);
  BOOST_TEST(contains(report.message, "order 2"));
}

BOOST_AUTO_TEST_CASE(reports_nan_and_infinity) {
  const auto f = [](const xg::Var& x) { return sum(sqrt(x) * 0.0); };
  const auto report = check_gradients(f, xt::xarray<double>{-1.0});
  BOOST_TEST(!report);
  BOOST_TEST(contains(report.message, "nan"));
  BOOST_TEST(report.worst_error == std::numeric_limits<double>::infinity());
}

BOOST_AUTO_TEST_CASE(takes_floats_integers_numbers_and_several_arguments) {
  const xt::xarray<float> weights = {0.5F, 0.25F};
  const xt::xarray<int> which = {1, 0, 1};
  const auto f = [](const xg::Var& w, const xg::Var& i, const xg::Var& scale) { return scale * take(exp(w), i, 0); };
  BOOST_TEST(check_gradients(f, weights, which, 1.5));
}

BOOST_AUTO_TEST_CASE(checks_trees_of_outputs_and_every_output) {
  const auto good = [](const xg::Var& x) { return std::pair{square(x), sum(exp(x))}; };
  BOOST_TEST(check_gradients(good, xt::xarray<double>{0.5, 1.0}));
  const auto second_is_bad = [](const xg::Var& x) { return std::pair{square(x), square_with_half_the_derivative(x)}; };
  BOOST_TEST(!check_gradients(second_is_bad, xt::xarray<double>{0.5, 1.0}));
}

BOOST_AUTO_TEST_CASE(orders_beyond_the_second) {
  const auto report = check_gradients(
      CheckOptions{.order = 4}, [](const xg::Var& x) { return sum(sin(x) * x); }, xt::xarray<double>{0.3, 1.1});
  BOOST_TEST(report);
}

BOOST_AUTO_TEST_CASE(a_report_can_be_printed) {
  std::ostringstream text;
  text << check_gradients(square_with_half_the_derivative, xt::xarray<double>{3.0});
  BOOST_TEST(contains(text.str(), "reverse mode gives"));
}
