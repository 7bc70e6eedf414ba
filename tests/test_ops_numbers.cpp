// Parts of floating-point numbers and their neighbours, rounding to digits, comparisons that allow for rounding: known
// values, edges, types, errors.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "ops_compare.hpp"
#include "ops_table_rows.hpp"
#include "refusals.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_numbers)

namespace xg = xgrad;
using refusals::check_refused;
using xg::DType;
using xg::Var;
using xg::testing::check_elements;
using xg::testing::elements;
using xg::testing::infinity;
using xg::testing::not_a_number;

namespace {

using Int = std::int64_t;

Var row(std::initializer_list<double> values) { return xt::xarray<double>(values); }
Var row_of_floats(std::initializer_list<float> values) { return xt::xarray<float>(values); }

/// Numbers of all sizes, powers of two and their neighbours, subnormal ones, and what is no number.
template <class T>
std::vector<T> numbers_of_all_sizes() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> numbers{T(0), -T(0), Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), Limits::max()};
  xg::testing::Random random(5);
  for (int e = Limits::min_exponent - Limits::digits; e < Limits::max_exponent; ++e) {
    const T power = std::ldexp(T(1), e);
    for (const T each : {power, std::nextafter(power, T(0)), std::nextafter(power, Limits::max()),
                         static_cast<T>(static_cast<double>(power) * random.number(1.0, 2.0))}) {
      numbers.push_back(e % 2 == 0 ? each : -each);
    }
  }
  return numbers;
}

template <class T>
bool has_same_bits(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

/// Each element as a function of the standard library has it.
template <class T, class F>
void check_exact(const Var& found, const std::vector<T>& at, F expected) {
  BOOST_REQUIRE(name(found.dtype()) == name(xg::dtype_of<T>));
  const std::vector<T> values = elements<T>(found);
  for (std::size_t i = 0; i < at.size(); ++i) {
    BOOST_TEST(has_same_bits(values[i], expected(at[i])),
               "at " << at[i] << ": " << values[i] << ", not " << expected(at[i]));
  }
}

template <class T>
void check_parts() {
  const std::vector<T> numbers = numbers_of_all_sizes<T>();
  const Var x = xg::testing::array_of<T>({numbers.size()}, numbers);
  const auto [mantissa, exponent] = xg::frexp(x);
  int whole = 0;
  check_exact<T>(mantissa, numbers, [&](T v) { return std::frexp(v, &whole); });
  const std::vector<Int> exponents = elements<Int>(exponent);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!std::isfinite(numbers[i])) whole = 0;
    else (void)std::frexp(numbers[i], &whole);
    BOOST_TEST(exponents[i] == whole, "at " << numbers[i]);
  }
  check_exact<T>(ldexp(mantissa, exponent), numbers, [](T v) { return v; });
  const auto [fraction, integer] = xg::modf(x);
  T part = 0;
  check_exact<T>(fraction, numbers, [&](T v) { return std::modf(v, &part); });
  check_exact<T>(integer, numbers, [](T v) { return std::trunc(v); });
}

template <class T>
void check_neighbours() {
  const std::vector<T> numbers = numbers_of_all_sizes<T>();
  const Var x = xg::testing::array_of<T>({numbers.size()}, numbers);
  for (const T towards : {T(0), -T(0), std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(), T(1),
                          std::numeric_limits<T>::quiet_NaN()}) {
    check_exact<T>(nextafter(x, cast(towards, xg::dtype_of<T>)), numbers,
                   [&](T v) { return std::nextafter(v, towards); });
  }
  check_exact<T>(spacing(x), numbers, [](T v) {
    if (std::isinf(v)) return std::numeric_limits<T>::quiet_NaN();
    const T away = std::nextafter(v, v < 0 ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity());
    return away - v;
  });
}

}  // namespace

BOOST_AUTO_TEST_CASE(parts_of_numbers_are_those_of_the_standard_library) {
  check_parts<double>();
  check_parts<float>();
}

BOOST_AUTO_TEST_CASE(neighbours_are_those_of_the_standard_library) {
  check_neighbours<double>();
  check_neighbours<float>();
}

BOOST_AUTO_TEST_CASE(powers_of_two_round_once) {
  xg::testing::Random random(6);
  std::vector<double> numbers;
  std::vector<Int> exponents;
  std::vector<double> expected;
  for (int i = 0; i < 6000; ++i) {
    // Anywhere, and where results are subnormal, that would be rounded twice by two factors.
    const bool anywhere = i % 2 == 0;
    const double size = anywhere ? random.number(-1080.0, 1023.0) : random.number(-60.0, 0.0);
    numbers.push_back(std::ldexp(random.number(-2.0, 2.0), static_cast<int>(size)));
    exponents.push_back(static_cast<Int>(anywhere ? random.number(-2300.0, 2300.0) : random.number(-1080.0, -1015.0)));
    expected.push_back(std::ldexp(numbers.back(), static_cast<int>(exponents.back())));
  }
  const auto of = [](const std::vector<double>& v) { return xg::testing::array_of<double>({v.size()}, v); };
  const Var e = xg::testing::array_of<Int>({exponents.size()}, exponents);
  check_exact<double>(ldexp(of(numbers), e), expected, [](double v) { return v; });
  // A little above half of the last digit, which a first factor may take away.
  BOOST_TEST(ldexp(Var((2.5 + 0x1p-40) * 0x1p-44), -1030).item<double>() == 3.0 * 0x1p-1074);
  check_elements<double>(ldexp(row({1.0, infinity, 0.0, not_a_number}), refusals::ints({4, -5000, 5000, 1})), {4},
                         {16.0, infinity, 0.0, not_a_number});
  check_elements<double>(ldexp(Var(xt::xarray<int>{3}), Var(2)), {1}, {12.0});
  check_elements<float>(ldexp(row_of_floats({1.5F}), Var(-149)), {1}, {2.8e-45F}, 1e-2);
}

BOOST_AUTO_TEST_CASE(parts_of_integers_and_empty_arrays) {
  check_elements<double>(xg::modf(Var(xt::xarray<int>{3, -2})).second, {2}, {3.0, -2.0});
  check_elements<double>(xg::frexp(Var(true)).first, {}, {0.5});
  check_elements<double>(spacing(Var(xt::zeros<double>({0, 2}))), {0, 2}, {});
  check_elements<Int>(xg::frexp(Var(xt::zeros<float>({0}))).second, {0}, {});
}

BOOST_AUTO_TEST_CASE(parts_in_compiled_functions) {
  const auto f = xg::compile([](const Var& x) { return xg::frexp(x).first + nextafter(x, 0.0) + ldexp(x, 3); });
  const Var x = row({1.0, -2.5, 5e-324, 1e300});
  check_elements<double>(f(x), {4}, elements<double>(xg::frexp(x).first + nextafter(x, 0.0) + ldexp(x, 3)));
}

BOOST_AUTO_TEST_CASE(rounding_to_digits) {
  check_elements<double>(round(row({1.2345, -2.675, 15.5, 1e300, 0.5, infinity, not_a_number}), 2), {7},
                         {1.23, -2.68, 15.5, 1e300, 0.5, infinity, not_a_number});
  check_elements<double>(round(row({1234.5, 1250.0, 1e-300}), -2), {3}, {1200.0, 1200.0, 0.0});
  check_elements<float>(round(row_of_floats({2.5F, 1.25F}), 1), {2}, {2.5F, 1.2F});
  check_elements<Int>(round(refusals::ints({15, 25, 35, -15, -25, 149, -951}), -1), {7},
                      {20, 20, 40, -20, -20, 150, -950});
  check_elements<Int>(round(refusals::ints({150, 250, -150, -251}), -2), {4}, {200, 200, -200, -300});
  check_elements<Int>(round(refusals::ints({15, -3}), 3), {2}, {15, -3});
  check_elements<Int>(round(refusals::ints({15, std::numeric_limits<Int>::max()}), -19), {2}, {0, 0});
  check_elements<double>(round(row({3.5}), 400), {1}, {3.5});
  check_elements<double>(round(row({3.5}), -400), {1}, {0.0});
  // Powers of ten out of the range of the element type.
  constexpr int lowest = std::numeric_limits<int>::min();
  constexpr int largest = std::numeric_limits<int>::max();
  for (const int digits : {-309, -400, lowest}) {
    const std::vector<double> zeros = elements<double>(round(row({1e308, -1.0, infinity, not_a_number}), digits));
    BOOST_TEST(has_same_bits(zeros[0], 0.0));
    BOOST_TEST(has_same_bits(zeros[1], -0.0));
    BOOST_TEST(zeros[2] == infinity);
    BOOST_TEST(std::isnan(zeros[3]));
    check_elements<Int>(round(refusals::ints({5, -7}), digits), {2}, {0, 0});
  }
  check_elements<float>(round(row_of_floats({1.0F, -3e38F, 0.0F}), -40), {3}, {0.0F, -0.0F, 0.0F});
  check_elements<float>(round(row_of_floats({1.5F, 1e-45F}), 40), {2}, {1.5F, 0.0F});
  check_elements<double>(round(row({1.5, 1e-320}), largest), {2}, {1.5, 1e-320});
  constexpr double most = std::numeric_limits<double>::max();
  check_elements<double>(round(row({most, -most}), -40), {2}, {most, -most});
}

BOOST_AUTO_TEST_CASE(quotient_and_rest_together) {
  const auto [quotient, rest] = xg::divmod(row({7.0, -7.0, 7.5}), row({2.0, 2.0, -2.0}));
  check_elements<double>(quotient, {3}, {3.0, -4.0, -4.0});
  check_elements<double>(rest, {3}, {1.0, 1.0, -0.5});
  check_refused<xg::ValueError>([] { return xg::divmod(refusals::ints({1}), Var(0)).first.array<Int>(); }, {"floor_d"});
}

BOOST_AUTO_TEST_CASE(bits_are_counted) {
  const Int least = std::numeric_limits<Int>::min();
  check_elements<Int>(bitwise_count(refusals::ints({0, 1, 255, -255, 0x7FFFFFFFFFFFFFFF, least, -1})), {7},
                      {0, 1, 8, 8, 63, 1, 1});
  check_elements<Int>(bitwise_count(Var(xt::xarray<bool>{true, false})), {2}, {1, 0});
  check_refused<xg::TypeError>([] { return bitwise_count(row({1.0})); }, {"bitwise_count", "only integers"});
}

BOOST_AUTO_TEST_CASE(common_divisors_and_multiples) {
  const Var a = refusals::ints({12, -12, 0, 0, 7, 1134903170});
  const Var b = refusals::ints({18, 18, 5, 0, 13, 701408733});
  check_elements<Int>(gcd(a, b), {6}, {6, 6, 5, 0, 1, 1});
  check_elements<Int>(lcm(a, b), {6}, {36, 36, 0, 0, 91, 796030994547383610});
  check_elements<Int>(gcd(Var(std::numeric_limits<Int>::min()), refusals::ints({6, -1})), {2}, {2, 1});
  check_elements<Int>(gcd(refusals::ints({}), Var(3)), {0}, {});
  check_elements<Int>(xg::compile([](const Var& x) { return gcd(x, 4); })(a), {6}, {4, 4, 4, 4, 1, 2});
  const auto of_rows = xg::vmap([](const Var& x) { return lcm(x, 6); });
  check_elements<Int>(of_rows(reshape(a, {2, 3})), {2, 3}, {12, 12, 0, 0, 42, 3404709510});
  check_refused<xg::TypeError>([&] { return gcd(a, row({1.0})); }, {"gcd", "float64 [1]", "integers"});
  check_refused<xg::ShapeError>([&] { return lcm(a, refusals::ints({1, 2})); }, {"lcm", "[6]", "[2]"});
}

BOOST_AUTO_TEST_CASE(close_numbers) {
  const Var a = row({1.0, 1.0, infinity, infinity, not_a_number, 1e-9, 1e10});
  const Var b = row({1.00001, 1.0001, infinity, -infinity, not_a_number, 0.0, 1.00001e10});
  check_elements<bool>(isclose(a, b), {7}, {true, false, true, false, false, true, true});
  check_elements<bool>(isclose(a, b, {.relative = 0.0, .absolute = 1e-3, .equal_nan = true}), {7},
                       {true, true, true, false, true, true, false});
  check_elements<bool>(isclose(row({1e10}), row({infinity})), {1}, {false});
  check_elements<bool>(isclose(refusals::ints({3, 4}), refusals::ints({3, 5})), {2}, {true, false});
  check_elements<bool>(allclose(row({1.0, 2.0}), Var(1.0)), {}, {false});
  check_elements<bool>(allclose(Var(xt::zeros<double>({0})), Var(1.0)), {}, {true});
  check_refused<xg::ValueError>([&] { return isclose(a, b, {.relative = -1.0}); }, {"isclose", "-1", "negative"});
  check_refused<xg::ShapeError>([&] { return allclose(a, row({1.0, 2.0})); }, {"allclose", "[7]", "[2]"});
  // Differences of integers that are out of range, and numbers that an element type does not have.
  constexpr Int low = std::numeric_limits<Int>::min();
  constexpr Int high = std::numeric_limits<Int>::max();
  check_elements<bool>(isclose(refusals::ints({low, high, -1, low, low + 1}), refusals::ints({high, -1, high, 0, low})),
                       {5}, {false, false, false, false, true});
  check_elements<bool>(isclose(refusals::ints({high}), refusals::ints({high - 1}), {.relative = 0.0, .absolute = 0.0}),
                       {1}, {false});
  check_elements<bool>(isclose(row_of_floats({1.0F}), 1e300), {1}, {false});
  check_refused<xg::ValueError>([&] { return isclose(a, b, {.absolute = -1e-9}); }, {"isclose", "-1e-09"});
}

BOOST_AUTO_TEST_CASE(equal_arrays) {
  const Var a = row({1.0, not_a_number});
  check_elements<bool>(array_equal(a, a), {}, {false});
  check_elements<bool>(array_equal(a, a, true), {}, {true});
  check_elements<bool>(array_equal(row({1.0, 1.0}), row({1.0})), {}, {false});
  check_elements<bool>(array_equiv(row({1.0, 1.0}), row({1.0})), {}, {true});
  check_elements<bool>(array_equiv(row({1.0, 1.0}), row({1.0, 1.0, 1.0})), {}, {false});
  check_elements<bool>(array_equal(Var(2), Var(2.0)), {}, {true});
}

BOOST_AUTO_TEST_CASE(infinities_by_sign) {
  const Var x = row({infinity, -infinity, not_a_number, 1.0});
  check_elements<bool>(isposinf(x), {4}, {true, false, false, false});
  check_elements<bool>(isneginf(x), {4}, {false, true, false, false});
  check_elements<bool>(isneginf(refusals::ints({1})), {1}, {false});
}

BOOST_AUTO_TEST_CASE(logarithms_of_sums_to_base_2) {
  check_elements<double>(logaddexp2(row({1.0, 1000.0, -infinity, infinity, 3.0, -1.0}),
                                    row({2.0, 1000.0, -infinity, -infinity, -1000.0, -1.0})),
                         {6}, {2.584962500721156, 1001.0, -infinity, infinity, 3.0, 0.0}, 1e-15);
  check_elements<float>(logaddexp2(row_of_floats({200.0F}), row_of_floats({200.0F})), {1}, {201.0F});
  // Where the larger one is 0, so that what is added to it is all of the result.
  check_elements<double>(
      logaddexp2(Var(0.0), row({-33.0, -33.7, -100.3, -700.123, -1000.5, -0.1, -52.0, -19.999})), {8},
      {1.6795180747343547e-10, 1.0338646474336376e-10, 9.244128500095703e-31, 2.5185517832877325e-211,
       9.52059031308791e-302, 0.9508662605808966, 3.203426503814917e-16, 1.376814554842132e-06},
      5e-16);
  // Derivatives are shares, also of equal numbers, and to second order.
  const auto total = [](const Var& x) { return logaddexp2(view(x, 0), view(x, 1)); };
  check_elements<double>(xg::grad(total)(row({3.0, 3.0})), {2}, {0.5, 0.5});
  check_elements<double>(xg::grad(total)(row({infinity, infinity})), {2}, {0.5, 0.5});
  check_elements<double>(xg::grad(total)(row({-infinity, -infinity})), {2}, {0.5, 0.5});
  check_elements<double>(xg::grad(total)(row({infinity, 1.0})), {2}, {1.0, 0.0});
  check_elements<double>(xg::grad(total)(row({0.0, -40.0})), {2}, {1.0 - 9.094947017721011e-13, 9.094947017721011e-13},
                         1e-14);
  const double curvature = 0.25 * std::numbers::ln2;
  check_elements<double>(xg::hessian(total)(row({3.0, 3.0})), {2, 2}, {curvature, -curvature, -curvature, curvature},
                         1e-15);
}

BOOST_AUTO_TEST_CASE(bessel_i0_and_its_slope) {
  check_elements<double>(i0(row({0.0, 1e-3, 0.5, 0.999, -1.0, 3.75, 10.0, 700.0, infinity, not_a_number})), {10},
                         {1.0, 1.0000002500000156, 1.0634833707413236, 1.265501069029857, 1.2660658777520084,
                          9.118945860844567, 2815.716628466254, 1.5295933476718735e302, infinity, not_a_number},
                         4e-15);
  // I_0(712) is finite, though e^712 is not.
  check_elements<double>(i0(row({712.0})) / i0(row({700.0})) / std::exp(12.0), {1}, {std::sqrt(700.0 / 712.0)}, 1e-4);
  const Var slope = xg::grad([](const Var& x) { return sum(i0(x)); })(row({1e-10, 0.5, 0.999, 1.001, 10.0, 0.0}));
  check_elements<double>(
      slope, {6}, {5e-11, 0.25789430539089636, 0.56445841183395906, 0.56586022556247506, 2670.9883037012551, 0.0},
      1e-14);
}

BOOST_AUTO_TEST_CASE(exponents_must_be_integers) {
  check_refused<xg::TypeError>([] { return ldexp(row({1.0}), row({2.0})); }, {"ldexp", "float64 [1]", "integers"});
  check_refused<xg::ShapeError>([] { return ldexp(row({1.0, 2.0}), refusals::ints({1, 2, 3})); }, {"ldexp", "[3]"});
  check_refused<xg::ShapeError>([] { return nextafter(row({1.0, 2.0}), row({1.0, 2.0, 3.0})); }, {"nextafter"});
}

BOOST_AUTO_TEST_SUITE_END()
