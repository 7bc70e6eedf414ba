// Functions of rounding, of <cmath> and special functions: known values (by mpmath, 40 digits), edges, errors.
#include <boost/test/unit_test.hpp>

#include <cfloat>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "ops_compare.hpp"
#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_functions)

namespace xg = xgrad;
using comparing::throws;
using xg::Var;
using xg::testing::check_elements;
using xg::testing::infinity;
using xg::testing::not_a_number;
using xg::testing::slope;

namespace {

using Int = std::int64_t;

Var numbers_of(std::initializer_list<double> values) { return xt::xarray<double>(values); }
Var integers_of(std::initializer_list<Int> values) { return xt::xarray<Int>(values); }

struct Known {
  std::vector<double> arguments;
  double value;
};

/// Relative errors; float32 gets the arguments rounded, and is compared with float64 there.
void check_known(const char* name, Var (*f)(const Var&), const std::vector<Known>& all, double tolerance = 4e-16) {
  BOOST_TEST_CONTEXT(name) {
    for (const auto& [x, value] : all) {
      check_elements<double>(f(Var(x[0])), {}, {value}, tolerance);
      const auto single = static_cast<float>(x[0]);
      const double expected = f(Var(static_cast<double>(single))).item<double>();
      if (std::abs(expected) < 1e-37) continue;
      check_elements<float>(f(Var(xt::xarray<float>{single})), {1}, {static_cast<float>(expected)}, 2e-7);
    }
  }
}
void check_known(const char* name, Var (*f)(const Var&, const Var&), const std::vector<Known>& all,
                 double tolerance = 4e-16) {
  BOOST_TEST_CONTEXT(name) {
    for (const auto& [x, value] : all) check_elements<double>(f(x[0], x[1]), {}, {value}, tolerance);
  }
}

/// Values, first derivatives.
void check_edges(const char* name, Var (*f)(const Var&), const Var& x, const std::vector<double>& values,
                 const std::vector<double>& slopes, double tolerance = 1e-15) {
  BOOST_TEST_CONTEXT(name) {
    check_elements<double>(f(x), x.shape(), values, tolerance);
    check_elements<double>(slope(f, x), x.shape(), slopes, tolerance);
    check_elements<double>(jvp(f, x, ones_like(x)).tangent, x.shape(), slopes, tolerance);
  }
}

/// Of bits, so that zeros of both signs differ.
void check_signs(const Var& found, std::initializer_list<bool> negative) {
  std::size_t i = 0;
  for (const bool sign : negative) {
    BOOST_TEST(std::signbit(found.array<double>().data()[i]) == sign, "element " << i);
    ++i;
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(known_values_of_inverse_functions) {
  check_known("cbrt", xg::cbrt, {{{2.0}, 1.2599210498948732}, {{1e-300}, 1e-100}, {{27.0}, 3.0}, {{-8.0}, -2.0}});
  check_known(
      "exp2", xg::exp2,
      {{{0.5}, 1.414213562373095}, {{-1.25}, 0.42044820762685727}, {{10.3}, 1260.6918792651949}, {{7.0}, 128.0}});
  check_known("log2", xg::log2, {{{3.0}, 1.5849625007211562}, {{1e-10}, -33.219280948873623}, {{1024.0}, 10.0}});
  check_known("log10", xg::log10, {{{3.0}, 0.47712125471966244}, {{1e-10}, -10.0}, {{1000.0}, 3.0}});
  check_known("asin", xg::asin, {{{0.3}, 0.3046926540153975}, {{-0.999999}, -1.569382113114652}});
  check_known("acos", xg::acos, {{{0.3}, 1.2661036727794991}, {{0.999999}, 0.0014142136802445851}});
  check_known("atan2", xg::atan2,
              {{{1.0, -2.0}, 2.6779450445889871},
               {{-3.0, 0.5}, -1.4056476493802698},
               {{-1e-200, -1e-200}, -2.3561944901923449}});
  check_known("asinh", xg::asinh,
              {{{1e-9}, 1.0000000000000001e-9}, {{-2.5}, -1.6472311463710957}, {{1e200}, 461.21016577936908}});
  check_known("acosh", xg::acosh,
              {{{1.0000001}, 0.00044721359190373473}, {{3.5}, 1.9248473002384138}, {{1e200}, 461.21016577936908}});
  check_known("atanh", xg::atanh, {{{1e-9}, 1.0000000000000001e-9}, {{-0.999}, -3.8002011672501996}});
  check_known("sinc", xg::sinc,
              {{{0.0}, 1.0},
               {{0.5}, 0.63661977236758134},
               {{1e-5}, 0.99999999983550659},
               {{-2.25}, 0.10003514623967845},
               {{100.5}, 0.0031672625490924445}});
}

BOOST_AUTO_TEST_CASE(known_values_of_special_functions) {
  check_known("erfc", xg::erfc,
              {{{0.5}, 0.47950012218695346},
               {{-2.0}, 1.9953222650189527},
               {{10.0}, 2.0884875837625448e-45},
               {{26.5}, 2.2109076642637343e-307}});
  check_known("erfinv", xg::erfinv,
              {{{0.5}, 0.47693627620446987}, {{-0.999999}, -3.4589107372754988}, {{1e-10}, 8.8622692545275805e-11}});
  check_known("ndtr", xg::ndtr,
              {{{0.3}, 0.61791142218895263},
               {{-5.0}, 2.8665157187919391e-7},
               {{-37.5}, 4.6053530095819548e-308},
               {{6.0}, 0.99999999901341235}},
              1e-15);
  check_known("log_ndtr", xg::log_ndtr,
              {{{8.0}, -6.2209605742717861e-16},
               {{0.5}, -0.36894641528865639},
               {{-3.0}, -6.6077262215103495},
               {{-19.9}, -201.9171677073326},
               {{-20.1}, -205.92711840194825},
               {{-1000.0}, -500007.82669481218}},
              1e-15);
  check_known("beta", xg::beta, {{{0.5, 3.25}, 1.0215808653086181}, {{20.0, 30.0}, 1.7681885473062027e-15}}, 1e-14);
  check_known("betaln", xg::betaln,
              {{{1e10, 2.5}, -57.279944454565723},
               {{300.0, 4e5}, -2460.6759773825646},
               {{1e-5, 12.0}, 11.512895266274681},
               {{15.0, 18.5}, -23.167888543334554}},
              2e-15);
  check_known("betaln near its zero", xg::betaln, {{{0.5, 3.25}, 0.02135129544000839}}, 1e-13);
  check_known("gammainc", xg::gammainc,
              {{{0.5, 0.3}, 0.56142197391900014},
               {{4.5, 2.0}, 0.088587473168320829},
               {{100.0, 90.0}, 0.15822098918643017},
               {{0.001, 1e-5}, 0.98912304469578267}},
              1e-14);
  check_known("gammaincc", xg::gammaincc,
              {{{0.5, 0.3}, 0.43857802608099986},
               {{4.5, 30.0}, 1.3406780483959613e-9},
               {{100.0, 180.0}, 2.9482945576482845e-11}},
              1e-14);
  check_known(
      "i0e", xg::i0e,
      {{{0.0}, 1.0}, {{-2.0}, 0.30850832255367104}, {{50.0}, 0.056561626647454193}, {{800.0}, 0.014106945005869184}},
      2e-15);
  check_known("i1e", xg::i1e,
              {{{0.5}, 0.1564208031848717},
               {{-2.0}, -0.21526928924893766},
               {{50.0}, 0.0559931238928954},
               {{800.0}, 0.014098125406526997}},
              2e-15);
  check_known("log1mexp", xg::log1mexp,
              {{{1e-20}, -46.051701859880914},
               {{0.5}, -0.93275212956718857},
               {{0.7}, -0.68634100280838515},
               {{40.0}, -4.248354255291589e-18}},
              1e-15);
  check_known("logit", xg::logit,
              {{{0.5000001}, 3.9999999978946299e-7},
               {{1e-30}, -69.07755278982137},
               {{0.9}, 2.1972245773362196},
               {{0.3}, -0.84729786038720367}},
              1e-15);
}

BOOST_AUTO_TEST_CASE(known_derivatives) {
  const Var far = numbers_of({8.0, 0.5, -3.0, -19.9, -20.1, -1000.0});
  check_elements<double>(slope(xg::log_ndtr, far), {6},
                         {5.0522710835368954e-15, 0.50916043383703349, 3.2830986549304365, 19.950000614302018,
                          20.149507950077545, 1000.000999998},
                         1e-15);
  const Var near = numbers_of({8.0, 0.5, -3.0, -19.9, -20.1});
  check_elements<double>(
      slope([](const Var& x) { return slope(xg::log_ndtr, x); }, near), {5},
      {-4.0418168668295189e-14, -0.5138245643036329, -0.92944081321473188, -0.99751228604077404, -0.99756083367950569},
      1e-12);
  check_elements<double>(slope(xg::i0e, numbers_of({0.5, 50.0})), {2}, {-0.48861446726427837, -0.00056850275455879289},
                         1e-12);
  const auto of_x = [](const Var& x) { return xg::gammainc(numbers_of({0.5, 4.5, 100.0}), x); };
  check_elements<double>(slope(of_x, numbers_of({0.3, 2.0, 90.0})), {3},
                         {0.76309057876818596, 0.13163511835596325, 0.025912028250157556}, 1e-14);
  // Near 0, where terms would cancel: -pi^2 x / 3, and -pi^2 / 3.
  const double third = std::numbers::pi * std::numbers::pi / 3;
  check_elements<double>(slope(xg::sinc, numbers_of({0.0, 1e-9})), {2}, {0.0, -third * 1e-9}, 1e-15);
  check_elements<double>(slope([](const Var& x) { return slope(xg::sinc, x); }, numbers_of({0.0, 1e-9})), {2},
                         {-third, -third}, 1e-15);
}

BOOST_AUTO_TEST_CASE(edges_of_inverse_functions) {
  const double half_pi = std::numbers::pi / 2;
  check_edges("cbrt", xg::cbrt, numbers_of({0.0, infinity, -infinity}), {0, infinity, -infinity}, {infinity, 0, 0});
  check_edges("rsqrt", xg::rsqrt, numbers_of({0.0, infinity, -1.0}), {infinity, 0, not_a_number},
              {-infinity, -0.0, not_a_number});
  check_edges("asin", xg::asin, numbers_of({1.0, -1.0, 1.5}), {half_pi, -half_pi, not_a_number},
              {infinity, infinity, not_a_number});
  check_edges("acos", xg::acos, numbers_of({1.0, -1.0, -1.5}), {0, std::numbers::pi, not_a_number},
              {-infinity, -infinity, not_a_number});
  check_edges("asinh", xg::asinh, numbers_of({infinity, 1e300}), {infinity, std::asinh(1e300)}, {0, 1e-300});
  check_edges("acosh", xg::acosh, numbers_of({1.0, infinity, 1e300}), {0, infinity, std::acosh(1e300)},
              {infinity, 0, 1e-300});
  check_edges("atanh", xg::atanh, numbers_of({1.0, -1.0, 0.0}), {infinity, -infinity, 0}, {infinity, infinity, 1});
  check_edges("sinc", xg::sinc, numbers_of({3.0, infinity, -infinity}), {0, 0, 0}, {-1.0 / 3.0, 0, 0}, 1e-14);
  const auto angle = [](const Var& p) { return atan2(view(p, 0), view(p, 1)); };
  check_elements<double>(slope(angle, numbers_of({0.0, 0.0})), {2}, {0, 0});
  check_elements<double>(slope(angle, numbers_of({3e200, 4e200})), {2}, {0.16e-200, -0.12e-200}, 1e-15);
  check_elements<double>(slope([&](const Var& p) { return slope(angle, p); }, numbers_of({0.0, 0.0})), {2}, {0, 0});
}

BOOST_AUTO_TEST_CASE(edges_of_special_functions) {
  check_edges("erfc", xg::erfc, numbers_of({infinity, -infinity, 30.0}), {0, 2, 0}, {0, 0, 0});
  check_edges("erfinv", xg::erfinv, numbers_of({1.0, -1.0, 1.5}), {infinity, -infinity, not_a_number},
              {infinity, infinity, not_a_number});
  check_edges("ndtr", xg::ndtr, numbers_of({infinity, -infinity, -40.0}), {1, 0, 0}, {0, 0, 0}, 1e-300);
  check_edges("log_ndtr", xg::log_ndtr, numbers_of({infinity, -infinity, -1e200, not_a_number}),
              {0, -infinity, -infinity, not_a_number}, {0, infinity, 1e200, not_a_number});
  check_edges("log1mexp", xg::log1mexp, numbers_of({0.0, infinity, -1.0}), {-infinity, 0, not_a_number},
              {infinity, 0, 1 / std::expm1(-1.0)});
  check_edges("logit", xg::logit, numbers_of({0.0, 1.0, 0.5}), {-infinity, infinity, 0}, {infinity, infinity, 4});
  check_edges("i0e", xg::i0e, numbers_of({infinity, -infinity, 0.0}), {0, 0, 1}, {0, 0, 0});
  check_edges("i1e", xg::i1e, numbers_of({infinity, -infinity, 0.0}), {0, 0, 0}, {0, 0, 0.5});
  check_elements<double>(
      xg::gammainc(numbers_of({0, 0, 2, 2, 2, -1, infinity}), numbers_of({0, 1, 0, infinity, -1, 1, 1})), {7},
      {not_a_number, 1, 0, 1, not_a_number, not_a_number, 0});
  check_elements<double>(xg::gammaincc(numbers_of({1e300, 1e300, 1e-300}), numbers_of({1e300, 1.0, 1.0})), {3},
                         {0.5, 1, 0}, 1e-15);
  check_elements<double>(xg::beta(numbers_of({0, 1e300, infinity, -0.5}), numbers_of({1, 1e300, 1, 1})), {4},
                         {infinity, 0, 0, not_a_number});
  check_elements<double>(xg::betaln(numbers_of({1e300, 1e-300, -0.5}), numbers_of({1.0, 1.0, 1.75})), {3},
                         {-std::log(1e300), std::log(1e300), std::lgamma(-0.5) + std::lgamma(1.75) - std::lgamma(1.25)},
                         1e-15);
}

BOOST_AUTO_TEST_CASE(products_with_logarithms) {
  const Var x = numbers_of({0, 0, 0, 0, 2, 0});
  const Var y = numbers_of({0, -1, infinity, 3, 0, not_a_number});
  check_elements<double>(xlogy(x, y), {6}, {0, 0, 0, 0, -infinity, not_a_number});
  check_elements<double>(slope([&](const Var& a) { return xlogy(a, y); }, x), {6},
                         {0, 0, 0, std::log(3.0), -infinity, not_a_number}, 1e-15);
  check_elements<double>(slope([&](const Var& b) { return xlogy(x, b); }, y), {6},
                         {0, 0, 0, 0, infinity, not_a_number});
  check_elements<double>(xlog1py(x, y - 1.0), {6}, {0, 0, 0, 0, -infinity, not_a_number});
  check_elements<double>(slope([&](const Var& a) { return xlog1py(a, y - 1.0); }, x), {6},
                         {0, 0, 0, std::log(3.0), -infinity, not_a_number}, 1e-15);
  check_elements<double>(slope([](const Var& p) { return -xlogy(p, p); }, numbers_of({0.0, 0.25})), {2},
                         {0, -1 - std::log(0.25)}, 1e-15);
}

BOOST_AUTO_TEST_CASE(rounding_to_integers) {
  const Var x = numbers_of({-2.5, -1.5, -0.5, -0.2, -0.0, 0.0, 0.5, 1.5, 2.5, 4503599627370495.5, 1e300, infinity});
  check_elements<double>(round(x), {12}, {-2, -2, -0.0, -0.0, -0.0, 0, 0, 2, 2, 4503599627370496, 1e300, infinity});
  check_elements<double>(floor(x), {12}, {-3, -2, -1, -1, -0.0, 0, 0, 1, 2, 4503599627370495, 1e300, infinity});
  check_elements<double>(ceil(x), {12}, {-2, -1, -0.0, -0.0, -0.0, 0, 1, 2, 3, 4503599627370496, 1e300, infinity});
  check_elements<double>(trunc(x), {12}, {-2, -1, -0.0, -0.0, -0.0, 0, 0, 1, 2, 4503599627370495, 1e300, infinity});
  check_signs(ceil(numbers_of({-0.5, -0.0, 0.0})), {true, true, false});
  check_signs(round(numbers_of({-0.5, 0.5, -0.0})), {true, false, true});
  check_elements<double>(slope([](const Var& v) { return floor(v) + round(v) + ceil(v) + trunc(v); }, x), {12},
                         std::vector<double>(12, 0.0));
  check_elements<Int>(floor(integers_of({-3, 4})), {2}, {-3, 4});
  check_elements<Int>(round(Var(xt::xarray<bool>{true, false})), {2}, {1, 0});
  check_elements<float>(round(Var(xt::xarray<float>{0.5F, 1.5F, 8388607.5F})), {3}, {0.0F, 2.0F, 8388608.0F});
  BOOST_TEST(std::isnan(floor(Var(not_a_number)).item<double>()));
}

BOOST_AUTO_TEST_CASE(division_with_rest) {
  const Var a = numbers_of({7.5, -7.5, 7.5, -7.5, -6.0, 1.0, -1.0, infinity, 1.0});
  const Var b = numbers_of({2.0, 2.0, -2.0, -2.0, 3.0, infinity, infinity, 2.0, 0.0});
  check_elements<double>(remainder(a, b), {9}, {1.5, 0.5, -0.5, -1.5, 0, 1, infinity, not_a_number, not_a_number});
  check_elements<double>(a % b, {9}, {1.5, 0.5, -0.5, -1.5, 0, 1, infinity, not_a_number, not_a_number});
  check_elements<double>(fmod(a, b), {9}, {1.5, -1.5, 1.5, -1.5, -0.0, 1, -1, not_a_number, not_a_number});
  check_elements<double>(floor_divide(a, b), {9}, {3, -4, -4, 3, -2, 0, -1, not_a_number, infinity});
  check_signs(remainder(numbers_of({4.0, -4.0}), numbers_of({-2.0, 2.0})), {true, false});
  // The quotient itself would round to 10.
  BOOST_TEST(xg::floor_divide(1.0, 0.1).item<double>() == 9.0);
  check_elements<double>(slope([&](const Var& v) { return remainder(a, v); }, b * 1.0), {9},
                         {-3, 4, 4, -3, 2, 0, not_a_number, not_a_number, not_a_number});
  check_elements<double>(slope([&](const Var& v) { return remainder(v, b); }, a), {9}, std::vector<double>(9, 1.0));
  const Var i = integers_of({7, -7, 7, -7, INT64_MIN, INT64_MIN, 6});
  const Var j = integers_of({2, 2, -2, -2, -1, 10, 3});
  check_elements<Int>(i % j, {7}, {1, 1, -1, -1, 0, 2, 0});
  check_elements<Int>(fmod(i, j), {7}, {1, -1, 1, -1, 0, -8, 0});
  check_elements<Int>(floor_divide(i, j), {7}, {3, -4, -4, 3, INT64_MIN, INT64_MIN / 10 - 1, 2});
  check_elements<Int>(i % 5, {7}, {2, 3, 2, 3, 2, 2, 1});
  BOOST_TEST(name((i % 2.0).dtype()) == "float64");
}

BOOST_AUTO_TEST_CASE(integers_are_not_divided_by_zero) {
  const Var i = integers_of({7, 8});
  const Var none = integers_of({2, 0});
  BOOST_TEST(throws<xg::ValueError>([&] { return i % none; }, {"remainder: ", "divided by 0"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return fmod(i, none); }, {"fmod: ", "divided by 0"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return floor_divide(i, 0); }, {"floor_divide: ", "divided by 0"}));
  const auto compiled = xg::compile([](const Var& x, const Var& y) { return x % y; });
  BOOST_TEST(throws<xg::ValueError>([&] { return compiled(i, none); }, {"remainder: ", "divided by 0"}));
  check_elements<Int>(compiled(i, integers_of({2, 3})), {2}, {1, 2});
}

BOOST_AUTO_TEST_CASE(bits_of_integers) {
  const Var a = integers_of({12, -7, INT64_MIN});
  const Var b = integers_of({10, 3, -1});
  check_elements<Int>(a & b, {3}, {8, 1, INT64_MIN});
  check_elements<Int>(a | b, {3}, {14, -5, -1});
  check_elements<Int>(a ^ b, {3}, {6, -6, INT64_MAX});
  check_elements<Int>(~a, {3}, {-13, 6, INT64_MAX});
  check_elements<Int>(a & 4, {3}, {4, 0, 0});
  check_elements<Int>(integers_of({1, 1, 1, 1, -3}) << integers_of({3, 63, 64, -1, 1}), {5}, {8, INT64_MIN, 0, 0, -6});
  check_elements<Int>(integers_of({9, -9, -9, 9, -9}) >> integers_of({1, 1, 64, 64, -1}), {5}, {4, -5, -1, 0, -1});
  const Var p = Var(xt::xarray<bool>{true, true, false, false});
  const Var q = Var(xt::xarray<bool>{true, false, true, false});
  check_elements<bool>(p & q, {4}, {true, false, false, false});
  check_elements<bool>(p | q, {4}, {true, true, true, false});
  check_elements<bool>(p ^ q, {4}, {false, true, true, false});
  check_elements<bool>(logical_xor(p, q), {4}, {false, true, true, false});
  check_elements<bool>(logical_xor(numbers_of({0.0, 2.0}), integers_of({3, 4})), {2}, {true, false});
  check_elements<bool>(~p, {4}, {false, false, true, true});
  check_elements<Int>(p << 2, {4}, {4, 4, 0, 0});
  check_elements<Int>(p & integers_of({3, 2, 1, 0}), {4}, {1, 0, 0, 0});
  Var c = integers_of({5, 6});
  c <<= 2;
  c |= 1;
  c ^= 3;
  c &= integers_of({-1, 7});
  c >>= 1;
  c %= 4;
  check_elements<Int>(c, {2}, {(((5 << 2 | 1) ^ 3) >> 1) % 4, ((((6 << 2 | 1) ^ 3) & 7) >> 1) % 4});
  BOOST_TEST(throws<xg::TypeError>([&] { return a & 1.5; }, {"bitwise_and: ", "int64", "float64", "cast"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return ~Var(1.5); }, {"bitwise_not: ", "float64"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return Var(1.5) << a; }, {"left_shift: "}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return a | integers_of({1, 2}); }, {"bitwise_or: ", "[3]", "[2]"}));
}

BOOST_AUTO_TEST_CASE(kinds_of_numbers) {
  const Var x = numbers_of({0.0, -0.0, infinity, -infinity, not_a_number, -2.0});
  check_elements<bool>(isnan(x), {6}, {false, false, false, false, true, false});
  check_elements<bool>(isinf(x), {6}, {false, false, true, true, false, false});
  check_elements<bool>(isfinite(x), {6}, {true, true, false, false, false, true});
  check_elements<bool>(signbit(view(x, xt::keep(0, 1, 2, 3, 5))), {5}, {false, true, false, true, true});
  check_elements<bool>(isnan(integers_of({1})), {1}, {false});
  check_elements<bool>(isfinite(Var(xt::xarray<bool>{true})), {1}, {true});
  check_elements<bool>(signbit(integers_of({-1, 0})), {2}, {true, false});
  check_elements<double>(nan_to_num(x), {6}, {0, -0.0, DBL_MAX, -DBL_MAX, 0, -2});
  check_elements<float>(nan_to_num(cast<float>(x)), {6}, {0.0F, -0.0F, FLT_MAX, -FLT_MAX, 0.0F, -2.0F});
  check_elements<double>(nan_to_num(x, 1.0, 2.0, 3.0), {6}, {0, 0, 2, 3, 1, -2});
  check_elements<double>(slope([](const Var& v) { return nan_to_num(v); }, x), {6}, {1, 1, 0, 0, 0, 1});
  check_elements<double>(copysign(numbers_of({0.0, 2.0, -3.0}), numbers_of({-0.0, -1.0, 1.0})), {3}, {-0.0, -2, 3});
  check_signs(copysign(numbers_of({0.0, not_a_number}), numbers_of({-0.0, -1.0})), {true, true});
  check_elements<double>(heaviside(numbers_of({-2.0, 0.0, -0.0, 3.0, not_a_number, infinity}), 0.5), {6},
                         {0, 0.5, 0.5, 1, not_a_number, 1});
  const Var nan_first = numbers_of({not_a_number, 1.0, not_a_number, 2.0});
  const Var nan_second = numbers_of({3.0, not_a_number, not_a_number, 5.0});
  check_elements<double>(fmax(nan_first, nan_second), {4}, {3, 1, not_a_number, 5});
  check_elements<double>(fmin(nan_first, nan_second), {4}, {3, 1, not_a_number, 2});
  check_elements<double>(slope([&](const Var& v) { return fmax(v, nan_second); }, nan_first), {4}, {0, 1, 0, 0});
}

BOOST_AUTO_TEST_CASE(between_two_numbers) {
  const Var start = numbers_of({0.1, -1e300, 3.0});
  const Var end = numbers_of({0.7, 1e300, 3.0});
  check_elements<double>(lerp(start, end, 0.0), {3}, {0.1, -1e300, 3.0});
  check_elements<double>(lerp(start, end, 1.0), {3}, {0.7, 1e300, 3.0});
  // Ends that are farther apart than a number can be.
  check_elements<double>(lerp(1e308, -1e308, numbers_of({0.0, 0.25, 0.5, 0.75, 1.0})), {5},
                         {1e308, 5e307, 0.0, -5e307, -1e308}, 1e-15);
  check_elements<float>(lerp(Var(xt::xarray<float>{-3e38F}), Var(xt::xarray<float>{3e38F}), 0.25F), {1}, {-1.5e38F},
                        1e-6F);
  check_elements<double>(slope([](const Var& a) { return lerp(a, -1e308, 0.25); }, numbers_of({1e308})), {1}, {0.75});
  // An infinite end is infinitely far away: everything is beside the other one, but for the end itself.
  const Var weights = numbers_of({0.0, 0.25, 0.75, 1.0});
  check_elements<double>(lerp(2.0, infinity, weights), {4}, {2.0, infinity, infinity, infinity});
  check_elements<double>(lerp(-infinity, 2.0, weights), {4}, {-infinity, -infinity, -infinity, 2.0});
  check_elements<double>(lerp(infinity, infinity, weights), {4}, {infinity, infinity, infinity, infinity});
  check_elements<double>(lerp(-infinity, infinity, weights), {4}, {-infinity, not_a_number, not_a_number, infinity});
  check_elements<double>(slope([](const Var& w) { return lerp(1.0, 3.0, w); }, weights), {4}, {2, 2, 2, 2});
  check_elements<double>(slope(
                             [&](const Var& v) {
                               return lerp(v, numbers_of({5.0, infinity}), 0.0);
                             },
                             numbers_of({1, 2})),
                         {2}, {1, 1});
  BOOST_TEST(throws<xg::ShapeError>([&] { return lerp(start, end, numbers_of({1, 2})); }, {"lerp: ", "[3]", "[2]"}));
  check_elements<double>(deg2rad(numbers_of({180.0})), {1}, {std::numbers::pi}, 2e-16);
  check_elements<double>(rad2deg(numbers_of({std::numbers::pi})), {1}, {180.0}, 2e-16);
  check_elements<double>(reciprocal(integers_of({2, 4})), {2}, {0.5, 0.25});
  BOOST_TEST(name(float_power(Var(xt::xarray<float>{2.0F}), 3).dtype()) == "float64");
}

BOOST_AUTO_TEST_CASE(there_is_no_derivative_to_the_shape_of_a_gamma_distribution) {
  const auto by_shape = [](const Var& a) { return xg::gammainc(a, 1.0); };
  BOOST_TEST(throws<xg::TypeError>([&] { return xg::grad(by_shape)(2.0); },
                                   {"gammainc: ", "no derivative with respect to a", "stop_gradient"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return jvp(by_shape, Var(2.0), Var(1.0)).tangent; }, {"gammainc: "}));
  const auto held = [](const Var& a) { return xg::gammaincc(stop_gradient(a), a); };
  BOOST_TEST(xg::grad(held)(2.0).item<double>() == -2.0 * std::exp(-2.0), boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(empty_arrays) {
  const Var none = xt::xarray<double>(xt::xarray<double>::shape_type{0, 3});
  for (const auto f : {xg::floor, xg::cbrt, xg::erfc, xg::ndtr, xg::log_ndtr, xg::sinc, xg::logit}) {
    check_elements<double>(f(none), {0, 3}, {});
    check_elements<double>(slope(f, none), {0, 3}, {});
  }
  check_elements<double>(remainder(none, 2.0), {0, 3}, {});
  check_elements<double>(xg::betaln(none, numbers_of({1, 2, 3})), {0, 3}, {});
}

BOOST_AUTO_TEST_SUITE_END()
