// Values of the elementwise operations against the standard library's functions and plain formulas.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ops_compare.hpp"
#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_values)

namespace xg = xgrad;
using xg::Var;
using xg::testing::array_of;
using xg::testing::check_elements;
using xg::testing::elements;
using xg::testing::infinity;
using xg::testing::not_a_number;

namespace {

using Reference = double (*)(double);
using Function = Var (*)(const Var&);

struct UnaryCase {
  const char* name;
  Function function;
  Reference reference;
};

double reference_sign(double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }
double reference_relu(double x) { return std::isnan(x) || x > 0 ? x : 0.0; }
double reference_sigmoid(double x) {
  return static_cast<double>(1.0L / (1.0L + std::exp(-static_cast<long double>(x))));
}
double reference_softplus(double x) {
  if (x == infinity) return infinity;
  const auto wide = static_cast<long double>(x);
  return static_cast<double>(wide > 0 ? wide + std::log1p(std::exp(-wide)) : std::log1p(std::exp(wide)));
}
double reference_logaddexp(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return not_a_number;
  const double larger = a > b ? a : b;
  if (std::isinf(larger)) return larger;
  const auto top = static_cast<long double>(larger);
  return static_cast<double>(
      top + std::log(std::exp(static_cast<long double>(a) - top) + std::exp(static_cast<long double>(b) - top)));
}
double reference_maximum(double a, double b) { return std::isnan(a) || std::isnan(b) ? not_a_number : a < b ? b : a; }
double reference_minimum(double a, double b) { return std::isnan(a) || std::isnan(b) ? not_a_number : b < a ? b : a; }

const std::vector<UnaryCase>& unary_cases() {
  static const std::vector<UnaryCase> cases{
      {"negate", [](const Var& x) { return -x; }, [](double x) { return -x; }},
      {"positive", [](const Var& x) { return +x; }, [](double x) { return x; }},
      {"abs", xg::abs, [](double x) { return std::abs(x); }},
      {"sign", xg::sign, reference_sign},
      {"relu", xg::relu, reference_relu},
      {"square", xg::square, [](double x) { return x * x; }},
      {"sqrt", xg::sqrt, [](double x) { return std::sqrt(x); }},
      {"exp", xg::exp, [](double x) { return std::exp(x); }},
      {"expm1", xg::expm1, [](double x) { return std::expm1(x); }},
      {"log", xg::log, [](double x) { return std::log(x); }},
      {"log1p", xg::log1p, [](double x) { return std::log1p(x); }},
      {"sin", xg::sin, [](double x) { return std::sin(x); }},
      {"cos", xg::cos, [](double x) { return std::cos(x); }},
      {"tan", xg::tan, [](double x) { return std::tan(x); }},
      {"atan", xg::atan, [](double x) { return std::atan(x); }},
      {"sinh", xg::sinh, [](double x) { return std::sinh(x); }},
      {"cosh", xg::cosh, [](double x) { return std::cosh(x); }},
      {"tanh", xg::tanh, [](double x) { return std::tanh(x); }},
      {"log_cosh", xg::log_cosh, [](double x) { return std::log1p(2 * std::pow(std::sinh(x / 2), 2)); }},
      {"erf", xg::erf, [](double x) { return std::erf(x); }},
      {"sigmoid", xg::sigmoid, reference_sigmoid},
      {"softplus", xg::softplus, reference_softplus},
      {"pow 2", [](const Var& x) { return pow(x, 2.0); }, [](double x) { return x * x; }},
      {"pow 0", [](const Var& x) { return pow(x, 0.0); }, [](double) { return 1.0; }},
      {"clip", [](const Var& x) { return clip(x, -1.0, 2.0); },
       [](double x) { return x < -1.0  ? -1.0
                             : x > 2.0 ? 2.0
                                       : x; }},
  };
  return cases;
}

/// Special numbers and a grid over both signs and several decades.
std::vector<double> sample() {
  std::vector<double> numbers = elements<double>(xg::testing::special_numbers());
  for (double size = 1e-6; size < 600.0; size *= 1.37) {
    numbers.push_back(size);
    numbers.push_back(-size);
  }
  return numbers;
}

}  // namespace

BOOST_AUTO_TEST_CASE(unary_functions_agree_with_the_standard_library) {
  const std::vector<double> x = sample();
  for (const UnaryCase& each : unary_cases()) {
    BOOST_TEST_CONTEXT(each.name) {
      std::vector<double> expected;
      for (const double value : x) expected.push_back(each.reference(value));
      check_elements(each.function(array_of<double>({x.size()}, x)), {x.size()}, expected, 1e-13);
      for (std::size_t i = 0; i < 6; ++i) {  // a number by itself
        BOOST_TEST(xg::testing::fits(each.function(x[i]).item<double>(), expected[i], 1e-13));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(unary_functions_in_float32_lose_no_more_than_rounding) {
  std::vector<float> x;
  for (float size = 1e-4F; size < 80.0F; size *= 1.6F) {
    x.push_back(size);
    x.push_back(-size);
  }
  for (const UnaryCase& each : unary_cases()) {
    BOOST_TEST_CONTEXT(each.name) {
      std::vector<float> expected;
      for (const float value : x) expected.push_back(static_cast<float>(each.reference(static_cast<double>(value))));
      check_elements(each.function(array_of<float>({x.size()}, x)), {x.size()}, expected, 1e-6);
    }
  }
}

BOOST_AUTO_TEST_CASE(zeros_keep_their_sign_where_ieee_says_so) {
  const Var zeros = xt::xarray<double>{0.0, -0.0};
  for (const Function f :
       {Function(xg::sign), Function(xg::sqrt), Function(xg::sin), Function(xg::tan), Function(xg::atan),
        Function(xg::sinh), Function(xg::tanh), Function(xg::expm1), Function(xg::log1p), Function(xg::erf)}) {
    const std::vector<double> y = elements<double>(f(zeros));
    BOOST_TEST(!std::signbit(y[0]));
    BOOST_TEST(std::signbit(y[1]));
  }
  BOOST_TEST(std::signbit((-zeros).array<double>()(0)));
  BOOST_TEST((1.0 / zeros).array<double>()(1) == -infinity);
}

BOOST_AUTO_TEST_CASE(binary_functions_agree_with_the_standard_library) {
  struct BinaryCase {
    const char* name;
    Var (*function)(const Var&, const Var&);
    double (*reference)(double, double);
  };
  const std::vector<BinaryCase> cases{
      {"add", xg::operator+, [](double a, double b) { return a + b; }},
      {"subtract", xg::operator-, [](double a, double b) { return a - b; }},
      {"multiply", xg::operator*, [](double a, double b) { return a * b; }},
      {"divide", xg::operator/, [](double a, double b) { return a / b; }},
      {"maximum", xg::maximum, reference_maximum},
      {"minimum", xg::minimum, reference_minimum},
      {"pow", xg::pow, [](double a, double b) { return std::pow(a, b); }},
      {"logaddexp", xg::logaddexp, reference_logaddexp},
      {"hypot", xg::hypot, [](double a, double b) { return std::hypot(a, b); }},
  };
  const xg::testing::Case pairs = xg::testing::special_pairs();
  const std::vector<double> a = elements<double>(pairs[0]);
  const std::vector<double> b = elements<double>(pairs[1]);
  for (const BinaryCase& each : cases) {
    BOOST_TEST_CONTEXT(each.name) {
      std::vector<double> expected;
      for (std::size_t i = 0; i < a.size(); ++i) expected.push_back(each.reference(a[i], b[i]));
      check_elements(each.function(pairs[0], pairs[1]), pairs[0].shape(), expected, 1e-13);
    }
  }
}

BOOST_AUTO_TEST_CASE(comparisons_and_logic_follow_ieee) {
  struct Comparison {
    const char* name;
    std::vector<Var (*)(const Var&, const Var&)> spellings;
    bool (*reference)(double, double);
  };
  const std::vector<Comparison> cases{
      {"<", {xg::operator<, xg::less}, [](double a, double b) { return a < b; }},
      {"<=", {xg::operator<=, xg::less_equal}, [](double a, double b) { return a <= b; }},
      {">", {xg::operator>, xg::greater}, [](double a, double b) { return a > b; }},
      {">=", {xg::operator>=, xg::greater_equal}, [](double a, double b) { return a >= b; }},
      {"==", {xg::equal}, [](double a, double b) { return a == b; }},
      {"!=", {xg::not_equal}, [](double a, double b) { return a != b; }},
      {"&&", {xg::operator&& }, [](double a, double b) { return a != 0 && b != 0; }},
       {
           "||",
           {xg::operator|| }, [](double a, double b) { return a != 0 || b != 0; }},
      };
  const xg::testing::Case pairs = xg::testing::special_pairs();
  const std::vector<double> a = elements<double>(pairs[0]);
  const std::vector<double> b = elements<double>(pairs[1]);
  for (const Comparison& each : cases) {
    BOOST_TEST_CONTEXT(each.name) {
      std::vector<bool> expected;
      for (std::size_t i = 0; i < a.size(); ++i) expected.push_back(each.reference(a[i], b[i]));
      for (const auto function : each.spellings) {
        check_elements<bool>(function(pairs[0], pairs[1]), pairs[0].shape(), expected);
      }
    }
  }
  check_elements<bool>(!Var(xt::xarray<double>{0.0, -0.0, 2.0, not_a_number}), {4}, {true, true, false, false});
  check_elements<bool>(!Var(xt::xarray<bool>{true, false}), {2}, {false, true});
}

BOOST_AUTO_TEST_CASE(operands_broadcast_as_in_numpy) {
  const Var row = xt::xarray<double>{1.0, 2.0, 3.0};
  const Var column = array_of<double>({2, 1}, {10.0, 20.0});
  check_elements<double>(row + column, {2, 3}, {11, 12, 13, 21, 22, 23});
  check_elements<double>(column - row, {2, 3}, {9, 8, 7, 19, 18, 17});
  check_elements<double>(where(row > 1.5, column, row), {2, 3}, {1, 10, 10, 1, 20, 20});
  check_elements<double>(row * array_of<double>({2, 1, 1}, {1.0, -1.0}), {2, 1, 3}, {1, 2, 3, -1, -2, -3});
  check_elements<double>(row + Var(1.0), {3}, {2, 3, 4});
  check_elements<double>(clip(row, 1.5, array_of<double>({2, 1}, {2.5, 9.0})), {2, 3}, {1.5, 2, 2.5, 1.5, 2, 3});
}

BOOST_AUTO_TEST_CASE(saturating_functions_stay_finite_in_both_precisions) {
  const Var x = xt::xarray<double>{1e4, -1e4, infinity, -infinity};
  const Var x32 = cast<float>(x);
  check_elements<double>(sigmoid(x), {4}, {1.0, 0.0, 1.0, 0.0});
  check_elements<float>(sigmoid(x32), {4}, {1.0F, 0.0F, 1.0F, 0.0F});
  check_elements<double>(softplus(x), {4}, {1e4, 0.0, infinity, 0.0});
  check_elements<float>(softplus(x32), {4}, {1e4F, 0.0F, INFINITY, 0.0F});
  check_elements<double>(xg::testing::slope(xg::sigmoid, x), {4}, {0.0, 0.0, 0.0, 0.0});
  check_elements<double>(xg::testing::slope(xg::softplus, x), {4}, {1.0, 0.0, 1.0, 0.0});
  check_elements<double>(tanh(x), {4}, {1.0, -1.0, 1.0, -1.0});
  check_elements<double>(xg::testing::slope(xg::tanh, x), {4}, {0.0, 0.0, 0.0, 0.0});
  check_elements<double>(logaddexp(x, x), {4}, {1e4 + std::log(2.0), -1e4 + std::log(2.0), infinity, -infinity}, 1e-15);
  check_elements<float>(logaddexp(x32, -x32), {4}, {1e4F, 1e4F, INFINITY, INFINITY});
}

BOOST_AUTO_TEST_CASE(logaddexp_of_infinities) {
  const auto slopes = [](double a, double b) {
    const auto [da, db] = xg::grad<0, 1>([](const Var& x, const Var& y) { return logaddexp(x, y); })(a, b);
    return std::pair{da.item<double>(), db.item<double>()};
  };
  BOOST_TEST((slopes(-infinity, -infinity) == std::pair{0.5, 0.5}));  // equal ones share, as in maximum
  BOOST_TEST((slopes(infinity, infinity) == std::pair{0.5, 0.5}));
  BOOST_TEST((slopes(infinity, -infinity) == std::pair{1.0, 0.0}));
  BOOST_TEST((slopes(-infinity, 3.0) == std::pair{0.0, 1.0}));
  BOOST_TEST((slopes(1.0, infinity) == std::pair{0.0, 1.0}));
  const auto nested = [](const Var& x) { return logaddexp(logaddexp(view(x, 0), view(x, 1)), view(x, 2)); };
  const Var x = xt::xarray<double>{-infinity, -infinity, 2.0};
  check_elements<double>(xg::testing::slope(nested, x), {3}, {0.0, 0.0, 1.0});
  check_elements<double>(xg::hessian(nested)(x), {3, 3}, std::vector<double>(9, 0.0));
  const auto curvature = [](double at) {
    return xg::hessian([](const Var& y) { return softplus(y); })(at).item<double>();
  };
  BOOST_TEST(curvature(infinity) == 0.0);
  BOOST_TEST(curvature(-infinity) == 0.0);
}

BOOST_AUTO_TEST_CASE(small_derivatives_keep_their_digits) {
  // 1 - sigmoid(40) and 1 - tanh(x)^2 computed naively would be 0 or lose most digits.
  BOOST_TEST(xg::testing::slope(xg::sigmoid, 40.0).item<double>() == std::exp(-40.0),
             boost::test_tools::tolerance(1e-12));
  BOOST_TEST(xg::testing::slope(xg::sigmoid, -40.0).item<double>() == std::exp(-40.0),
             boost::test_tools::tolerance(1e-12));
  BOOST_TEST(xg::testing::slope(xg::expm1, -50.0).item<double>() == std::exp(-50.0),
             boost::test_tools::tolerance(1e-12));
  BOOST_TEST(xg::softplus(-40.0).item<double>() == std::exp(-40.0), boost::test_tools::tolerance(1e-12));
  BOOST_TEST(xg::expm1(1e-12).item<double>() == 1e-12, boost::test_tools::tolerance(1e-11));
  BOOST_TEST(xg::log1p(1e-12).item<double>() == 1e-12, boost::test_tools::tolerance(1e-11));
}

BOOST_AUTO_TEST_SUITE_END()
