// testing::check_gradients: what it lets pass, what it finds, what it says.
#include "comparing.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_testing)

namespace xg = xgrad;
using xg::Var;
using xg::testing::check_gradients;
using xg::testing::CheckOptions;
using xg::testing::CheckReport;

namespace {

Var vector3() { return xt::xarray<double>{0.5, 1.0, 2.0}; }

/// x in value, but with `factor` times its derivative.
Var with_wrong_derivative(const Var& x, double factor) { return factor * x + stop_gradient((1.0 - factor) * x); }

bool contains(const CheckReport& report, const std::string& part) {
  return report.message.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(reports_are_printed) {
  std::ostringstream good;
  good << xg::testing::check_gradients([](const Var& x) { return sum(x * x); }, Var(2.0));
  BOOST_TEST(good.str().starts_with("the derivatives agree (largest error "), good.str());
  const xg::testing::CheckReport bad{false, 1.0, "order 1: wrong"};
  std::ostringstream text;
  text << bad;
  BOOST_TEST(text.str() == "order 1: wrong");
}

BOOST_AUTO_TEST_CASE(right_derivatives_pass) {
  const CheckReport report = check_gradients([](const Var& x) { return sum(exp(x) * sin(x)); }, vector3());
  BOOST_TEST(report);
  BOOST_TEST(report.passed);
  BOOST_TEST(report.message.empty());
  BOOST_TEST(report.worst_error < 1e-6);
  BOOST_TEST(check_gradients([](const Var& x) { return x * x * x; }, 2.0));
  BOOST_TEST(check_gradients([](const Var& a, const Var& b) { return matmul(a, b); },
                             xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}}, xt::xarray<double>{0.5, -1.0}));
  BOOST_TEST(check_gradients(
      CheckOptions{.order = 3}, [](const Var& x) { return tanh(x); }, vector3()));
}

BOOST_AUTO_TEST_CASE(trees_and_results_that_are_trees) {
  using Tree = std::map<std::string, Var>;
  const Tree at{{"a", vector3()}, {"b", 2.0}};
  const auto f = [](const Tree& t, const std::vector<Var>& v) {
    return Tree{{"p", t.at("a") * t.at("b")}, {"q", v[0] * v[1]}};
  };
  BOOST_TEST(check_gradients(f, at, std::vector<Var>{vector3(), 3.0}));
}

BOOST_AUTO_TEST_CASE(a_wrong_derivative_is_found_and_named) {
  const auto f = [](const std::map<std::string, std::vector<Var>>& m) {
    const Var& w = m.at("w")[1];
    // Wrong where 1.5 < w.
    return sum(sin(m.at("w")[0])) + sum(where(w > 1.5, with_wrong_derivative(w, 0.5), w));
  };
  const std::map<std::string, std::vector<Var>> at{{"w", {vector3(), xt::xarray<double>{{1.0, 1.2}, {1.1, 2.0}}}}};
  const CheckReport report = check_gradients(f, at);
  BOOST_TEST(!report);
  BOOST_TEST(!report.passed);
  BOOST_TEST(report.worst_error > 0.1);
  BOOST_TEST_CONTEXT(report.message) {
    BOOST_TEST(contains(report, "order 1"));
    BOOST_TEST(contains(report, "0.w.1[1, 1]"));
    BOOST_TEST(contains(report, "reverse mode gives"));
    BOOST_TEST(contains(report, "central differences"));
    BOOST_TEST(contains(report, "allowed "));
  }
  std::ostringstream text;
  text << report;
  BOOST_TEST(text.str() == report.message);
}

BOOST_AUTO_TEST_CASE(both_values_are_told) {
  const CheckReport report = check_gradients([](const Var& x) { return with_wrong_derivative(x, 0.5); }, 3.0);
  BOOST_TEST(!report);
  // Outputs are weighed, so only the ratio is known: reverse mode gives half of what is right.
  double reverse = 0.0;
  double differences = 0.0;
  BOOST_TEST(std::sscanf(report.message.c_str(),
                         "order 1, derivative with respect to 0[]: reverse mode gives %lf, central differences %lf",
                         &reverse, &differences) == 2);
  BOOST_TEST(std::abs(reverse - 0.5 * differences) < 1e-6);
}

BOOST_AUTO_TEST_CASE(a_wrong_second_derivative_is_found) {
  // The first derivative is x in value, but is told to be constant.
  const auto f = [](const Var& x) {
    const Var y = stop_gradient(x);
    return sum(x * y + stop_gradient(-0.5 * x * x));
  };
  BOOST_TEST(check_gradients(CheckOptions{.order = 1}, f, vector3()));
  const CheckReport report = check_gradients(f, vector3());
  BOOST_TEST(!report);
  BOOST_TEST_CONTEXT(report.message) { BOOST_TEST(contains(report, "order 2")); }
}

BOOST_AUTO_TEST_CASE(nan_is_reported) {
  const auto f = [](const Var& x) { return sqrt(x); };
  const CheckReport negative = check_gradients(f, xt::xarray<double>{1.0, -1.0});
  BOOST_TEST(!negative);
  BOOST_TEST(std::isinf(negative.worst_error));
  BOOST_TEST_CONTEXT(negative.message) {
    BOOST_TEST(contains(negative, "nan"));
    BOOST_TEST(contains(negative, "0[1]"));
  }
  BOOST_TEST(!check_gradients([](const Var& x) { return sum(x) * NAN; }, vector3()));
  BOOST_TEST(!check_gradients([](const Var& x) { return x / 0.0; }, vector3()));
}

BOOST_AUTO_TEST_CASE(kinks_are_found) {
  BOOST_TEST(!check_gradients([](const Var& x) { return abs(x); }, 0.0005));
}

BOOST_AUTO_TEST_CASE(float_and_integer_arguments) {
  const xt::xarray<float> x{0.5F, 1.5F};
  const xt::xarray<int> n{2, 3};
  BOOST_TEST(check_gradients([](const Var& a, const Var& b) { return pow(a, b); }, x, n));
  BOOST_TEST(check_gradients([](const Var& a, const Var& mask) { return where(mask, a * a, a); }, x,
                             xt::xarray<bool>{true, false}));
  const auto labels = [](const Var& logits, const Var& classes) {
    return logsumexp(logits, -1) - sum(one_hot(classes, 2) * logits, -1);
  };
  BOOST_TEST(check_gradients(labels, xt::xarray<double>{{1.0, 2.0}, {0.5, -1.0}}, xt::xarray<int>{0, 1}));
}

BOOST_AUTO_TEST_CASE(integer_and_concrete_results_do_not_matter) {
  BOOST_TEST(check_gradients([](const Var& x) { return std::pair{x * x, argmax(x)}; }, vector3()));
  BOOST_TEST(check_gradients([](const Var&) { return Var(3.0); }, vector3()));
}

BOOST_AUTO_TEST_CASE(without_elements) {
  BOOST_TEST(check_gradients([](const Var& x) { return sum(x); }, xt::xarray<double>::from_shape({0, 2})));
}

BOOST_AUTO_TEST_CASE(options) {
  const auto slightly_wrong = [](const Var& x) { return with_wrong_derivative(x, 1.0 + 1e-4); };
  BOOST_TEST(!check_gradients(slightly_wrong, 1.0));
  BOOST_TEST(check_gradients(CheckOptions{.tolerance = 1e-3}, slightly_wrong, 1.0));
  // A step across a kink.
  const auto kinked = [](const Var& x) { return maximum(x, 0.5); };
  BOOST_TEST(check_gradients(CheckOptions{.step = 1e-3}, kinked, 0.51));
  BOOST_TEST(!check_gradients(CheckOptions{.step = 1e-1}, kinked, 0.51));
  // No two ways of computing agree better than exactly.
  const CheckReport report = check_gradients(
      CheckOptions{.mode_tolerance = -1.0}, [](const Var& x) { return x; }, 1.0);
  BOOST_TEST(!report);
  BOOST_TEST_CONTEXT(report.message) { BOOST_TEST(contains(report, "forward mode")); }
}

BOOST_AUTO_TEST_CASE(the_same_result_every_time) {
  const auto f = [](const Var& x) { return exp(x) * sin(x); };
  BOOST_TEST(check_gradients(f, vector3()).worst_error == check_gradients(f, vector3()).worst_error);
}

BOOST_AUTO_TEST_SUITE_END()
