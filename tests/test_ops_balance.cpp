// balance(x, factors), which multiplies by powers of two so that no part of a product leaves the range of its type, and
// prod, which rests on it: random factors of all sizes beside products in long double.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ops/internal.hpp"
#include "ops_compare.hpp"
#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_balance)

namespace {

namespace xg = xgrad;
using xg::Shape;
using xg::Var;
using xg::detail::balance;
using xg::testing::array_of;
using xg::testing::check_elements;
using xg::testing::elements;
using xg::testing::fits;
using xg::testing::slope;
using Real = long double;

template <class T>
Var row_of(const std::vector<T>& values) {
  return array_of<T>({1, values.size()}, values);
}

/// The exponents with which the powers of two multiply.
template <class T>
std::vector<int> exponents(const std::vector<T>& factors) {
  const std::vector<T> powers = elements<T>(balance(row_of(std::vector<T>(factors.size(), T(1))), row_of(factors)));
  std::vector<int> result;
  for (const T power : powers) {
    int exponent = 0;
    BOOST_TEST(std::frexp(power, &exponent) == T(0.5), power << " is no power of two");
    result.push_back(exponent - 1);
  }
  return result;
}

/// The largest exponent of factors whose inverses are in range too.
template <class T>
constexpr int far = sizeof(T) == 4 ? 100 : 900;

/// Factors of all sizes and of both signs whose product is about 1.
template <class T>
std::vector<T> random_factors(std::size_t count, std::mt19937_64& bits) {
  std::vector<int> sizes(count, 0);
  for (std::size_t i = 0; i + 1 < count; i += 2) {
    sizes[i] = static_cast<int>(bits() % static_cast<std::uint64_t>(2 * far<T> + 1)) - far<T>;
    sizes[i + 1] = -sizes[i];
  }
  for (std::size_t i = count; i > 1; --i) std::swap(sizes[i - 1], sizes[bits() % i]);
  std::vector<T> result;
  for (const int size : sizes) {
    const double mantissa = 0.75 + static_cast<double>(bits() % 1024) / 2048.0;
    result.push_back(static_cast<T>(std::ldexp((bits() & 1U) != 0 ? mantissa : -mantissa, size)));
  }
  return result;
}

Real product_without(const std::vector<Real>& x, std::size_t i, std::size_t j) {
  Real result = 1;
  for (std::size_t k = 0; k < x.size(); ++k) result *= k == i || k == j ? Real(1) : x[k];
  return result;
}

/// A product as T has it: infinite if it is too large, and without a digit if it is too small.
template <class T>
bool holds(T found, Real expected, Real tolerance) {
  const T rounded = static_cast<T>(expected);
  if (found == rounded || (std::isnan(found) && std::isnan(expected))) return true;
  return std::abs(found - expected) <= tolerance * std::abs(expected) + std::numeric_limits<T>::min();
}

template <class T>
void check_products(const char* what, const Var& found, const std::vector<Real>& expected) {
  const std::vector<T> values = elements<T>(found);
  BOOST_REQUIRE(values.size() == expected.size());
  const Real tolerance = 64 * Real(std::numeric_limits<T>::epsilon());
  for (std::size_t i = 0; i < values.size(); ++i) {
    BOOST_TEST(holds(values[i], expected[i], tolerance),
               what << ", element " << i << " is " << values[i] << ", not " << static_cast<T>(expected[i]));
  }
}

template <class T>
void check_value_and_gradient(const std::vector<T>& factors) {
  const std::vector<Real> exact(factors.begin(), factors.end());
  const std::size_t n = factors.size();
  const Var x = array_of<T>({n}, factors);
  const auto f = [](const Var& y) { return prod(y); };
  check_products<T>("product", reshape(f(x), {1}), {product_without(exact, n, n)});
  std::vector<Real> expected;
  for (std::size_t k = 0; k < n; ++k) expected.push_back(product_without(exact, k, k));
  check_products<T>("gradient", slope(f, x), expected);
}

/// The derivatives of an element of the gradient.
template <class T>
void check_second_derivatives(const std::vector<T>& factors, std::size_t i) {
  const std::vector<Real> exact(factors.begin(), factors.end());
  const Var x = array_of<T>({factors.size()}, factors);
  const auto slope_of_one = [&](const Var& y) {
    return view(xg::grad([](const Var& z) { return prod(z); })(y), static_cast<std::ptrdiff_t>(i));
  };
  std::vector<Real> expected;
  for (std::size_t k = 0; k < factors.size(); ++k) expected.push_back(k == i ? Real(0) : product_without(exact, i, k));
  check_products<T>("second derivative", slope(slope_of_one, x), expected);
}

template <class T>
void check_prod(const std::vector<T>& factors, std::size_t i) {
  check_value_and_gradient(factors);
  check_second_derivatives(factors, i);
}

template <class T>
void check_random_products() {
  std::mt19937_64 bits(11);
  for (const std::size_t count : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 16U, 17U, 33U, 64U}) {
    for (int repeat = 0; repeat < 8; ++repeat) {
      BOOST_TEST_CONTEXT(count << " factors, " << repeat) {
        std::vector<T> factors = random_factors<T>(count, bits);
        check_prod(factors, bits() % count);
        factors[bits() % count] = T(0);
        check_prod(factors, bits() % count);
        factors[bits() % count] = T(-0.0);
        check_prod(factors, bits() % count);
      }
    }
  }
}

/// Exponents that add up to 0, with which all factors are about equal; none where the product stays in range anyway.
template <class T>
void check_powers() {
  std::mt19937_64 bits(12);
  std::size_t changed = 0;
  for (const std::size_t count : {3U, 4U, 7U, 16U, 33U, 100U}) {
    const std::vector<T> factors = random_factors<T>(count, bits);
    const std::vector<T> balanced = elements<T>(balance(row_of(factors), row_of(factors)));
    const std::vector<int> powers = exponents(factors);
    int total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      total += powers[i];
      BOOST_TEST(balanced[i] == std::ldexp(factors[i], powers[i]));
    }
    BOOST_TEST(total == 0);
    if (balanced == factors) continue;
    ++changed;
    for (const T each : balanced) BOOST_TEST((std::abs(each) > T(0x1p-6) && std::abs(each) < T(0x1p6)), each);
  }
  BOOST_TEST(changed >= 3U);
}

/// Multiplied by the same powers whatever x is, and so are cotangents and tangents; the factors are constants.
template <class T>
void check_linear() {
  std::mt19937_64 bits(13);
  const std::vector<T> sizes = random_factors<T>(6, bits);
  const Var factors = row_of(sizes);
  const Var x = row_of<T>({1, -2, 3, 0.5, -0.25, 0});
  std::vector<T> powers;
  std::vector<T> squares;
  for (const int exponent : exponents(sizes)) {
    powers.push_back(std::ldexp(T(1), exponent));
    squares.push_back(static_cast<T>(std::ldexp(2.0L, 2 * exponent)));
  }
  const auto f = [&](const Var& y) { return balance(y, factors); };
  check_elements<T>(slope(f, x), {1, 6}, powers);
  check_elements<T>(xg::jvp(f, x, ones_like(x)).tangent, {1, 6}, powers);
  check_elements<T>(slope([&](const Var& y) { return balance(x, y); }, factors), {1, 6}, std::vector<T>(6, T(0)));
  const auto first = [&](const Var& y) { return slope([&](const Var& z) { return square(f(z)); }, y); };
  check_elements<T>(slope(first, x), {1, 6}, squares, 0.0);
}

}  // namespace

BOOST_AUTO_TEST_CASE(powers_of_two_that_multiply_to_1) {
  check_powers<double>();
  check_powers<float>();
}

BOOST_AUTO_TEST_CASE(balance_is_linear) {
  check_linear<double>();
  check_linear<float>();
}

BOOST_AUTO_TEST_CASE(products_in_range_are_left_alone) {
  const Var small = row_of<float>({0.1F, -3.0F, 1e10F, 1e-12F, 7.0F});
  check_elements<float>(balance(small, small), {1, 5}, elements<float>(small));
  // Each row for itself: the second would overflow, the third has nothing to balance.
  const float infinite = std::numeric_limits<float>::infinity();
  const Var rows = array_of<float>({4, 3}, {1, 2, 3, 1e25F, 1e25F, 1e-25F, 0, 0, 0, infinite, NAN, -1});
  const std::vector<float> balanced = elements<float>(balance(ones_like(rows), rows));
  const std::vector<float> expected{1, 1, 1, balanced[3], balanced[4], balanced[5], 1, 1, 1, 1, 1, 1};
  BOOST_TEST(balanced == expected, boost::test_tools::per_element());
  BOOST_TEST(balanced[3] * balanced[4] * balanced[5] == 1.0F);
  BOOST_TEST((balanced[3] < 1e-10F && balanced[4] < 1e-10F && balanced[5] > 1e30F));
}

BOOST_AUTO_TEST_CASE(infinite_factors_count_as_1) {
  const float infinite = std::numeric_limits<float>::infinity();
  const std::vector<float> factors{1e30F, infinite, 1e-30F, NAN, 1e30F, 1e-30F};
  const std::vector<int> powers = exponents(factors);
  int total = 0;
  for (const int each : powers) total += each;
  BOOST_TEST(total == 0);
  BOOST_TEST(powers[1] == 0);
  BOOST_TEST(powers[3] == 0);
  const std::vector<float> balanced = elements<float>(balance(row_of(factors), row_of(factors)));
  BOOST_TEST(balanced[1] == infinite);
  BOOST_TEST(std::isnan(balanced[3]));
}

BOOST_AUTO_TEST_CASE(balance_of_nothing) {
  for (const Shape& shape : {Shape{0, 3}, Shape{2, 0}, Shape{0, 0}}) {
    const Var nothing = array_of<float>(shape, {});
    check_elements<float>(balance(nothing, nothing), shape, {});
    check_elements<float>(slope([&](const Var& x) { return balance(x, nothing); }, nothing), shape, {});
  }
  check_elements<float>(balance(row_of<float>({3e38F}), row_of<float>({3e38F})), {1, 1}, {3e38F});
  // No factor: 1, of which nothing has a derivative.
  const Var none = array_of<float>({2, 0}, {});
  check_elements<float>(prod(none, 1), {2}, {1, 1});
  check_elements<float>(slope([](const Var& x) { return prod(x, 1); }, none), {2, 0}, {});
}

BOOST_AUTO_TEST_CASE(products_of_factors_of_all_sizes) {
  check_random_products<double>();
  check_random_products<float>();
}

BOOST_AUTO_TEST_CASE(products_of_the_ends_of_the_range) {
  using Limits = std::numeric_limits<float>;
  const float most = Limits::max();
  const float least = Limits::min();
  const float tiniest = Limits::denorm_min();
  const std::vector<std::vector<float>> rows{
      {most, least, 2},   {least, most, most, least, 3},  {tiniest, most, 0x1p22F}, {tiniest, tiniest, most, most},
      {most, most, most}, {least, least, most, -most, 2}, {most, -most, 0, least},  {0, 0, most, most}};
  // Not second derivatives: the powers of two themselves would be out of range.
  for (const std::vector<float>& row : rows) {
    BOOST_TEST_CONTEXT(row_of(row)) { check_value_and_gradient(row); }
  }
}

BOOST_AUTO_TEST_CASE(products_of_copies_and_of_one) {
  const auto number = [](double x) { return array_of<float>({}, {static_cast<float>(x)}); };
  const auto as_double = [](const Var& x) { return double{x.item<float>()}; };
  for (const double x : {-1e-3, 1e3, -0.5, 0.0}) {
    const auto power = [](const Var& y) { return prod(broadcast_to(y, {11})); };
    const auto first = [&](const Var& y) { return xg::grad(power)(y); };
    BOOST_TEST(fits(as_double(power(number(x))), std::pow(x, 11), 1e-5));
    BOOST_TEST(fits(as_double(first(number(x))), 11 * std::pow(x, 10), 1e-5));
    BOOST_TEST(fits(as_double(xg::grad(first)(number(x))), 110 * std::pow(x, 9), 1e-5));
  }
  // Half of the copies are inverse, so that half of the product is out of range.
  const auto ratio = [](const Var& y) {
    return prod(xg::concatenate({broadcast_to(y, {8}), broadcast_to(1.0 / y, {8})}));
  };
  for (const double x : {1e10, -1e-10}) {
    BOOST_TEST(fits(as_double(ratio(number(x))), 1.0, 1e-5));
    BOOST_TEST(std::abs(x * as_double(xg::grad(ratio)(number(x)))) < 1e-4);
  }
  check_elements<float>(prod(number(-1e30)), {}, {-1e30F});
  check_elements<float>(xg::grad([](const Var& x) { return prod(x); })(number(-1e30)), {}, {1});
  // Over the outer axes of a view.
  const Var matrix = array_of<float>({2, 2, 2}, {1e30F, 2, 1e30F, 3, 1e-30F, 4, 1e-30F, 5});
  check_elements<float>(prod(matrix, {0, 1}), {2}, {1, 120}, 1e-6);
  check_elements<float>(prod(transpose(matrix), {1, 2}), {2}, {1, 120}, 1e-6);
}

BOOST_AUTO_TEST_SUITE_END()
