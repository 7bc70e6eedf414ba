// Numbers whose squares or products overflow or vanish: hypotenuses, norms, products.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ops_compare.hpp"
#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_magnitudes)

namespace {

namespace xg = xgrad;
using xg::Shape;
using xg::Var;
using xg::testing::array_of;
using xg::testing::check_elements;
using xg::testing::element;

using xg::testing::fits;
using xg::testing::infinity;
using xg::testing::not_a_number;
using xg::testing::slope;

template <class T>
Var vector_of(std::vector<double> values) {
  return array_of<T>({values.size()}, std::vector<T>(values.begin(), values.end()));
}

/// Factors for 3 and 4 with which their squares overflow, are ordinary, or vanish.
template <class T>
std::vector<double> magnitudes() {
  if (sizeof(T) == 4) return {0x1p125, 0x1p70, 0x1p61, 0x1p58, 1.0, 0x1p-48, 0x1p-52, 0x1p-70, 0x1p-120};
  return {0x1p1021, 0x1p700, 0x1p501, 0x1p498, 1.0, 0x1p-448, 0x1p-452, 0x1p-700, 0x1p-1010};
}

template <class T>
void check_hypot() {
  const double tolerance = 4.0 * std::numeric_limits<T>::epsilon();
  for (const double s : magnitudes<T>()) {
    const Var a = vector_of<T>({3 * s, 4 * s, -3 * s, 0.0, s});
    const Var b = vector_of<T>({4 * s, -3 * s, -4 * s, s, 0.0});
    const auto on = [&](const Var& x) { return sum(hypot(x, b)); };
    check_elements<T>(hypot(a, b), {5}, std::vector<T>{T(5 * s), T(5 * s), T(5 * s), T(s), T(s)}, tolerance);
    check_elements<T>(xg::grad(on)(a), {5}, std::vector<T>{T(0.6), T(0.8), T(-0.6), T(0), T(1)}, tolerance);
    // b^2 / (a^2 + b^2)^(3/2)
    const auto curvature = [&](const Var& x) { return sum(xg::grad(on)(x)); };
    check_elements<T>(xg::grad(curvature)(a), {5},
                      std::vector<T>{T(0.64 / (5 * s)), T(0.36 / (5 * s)), T(0.64 / (5 * s)), T(1 / s), T(0)},
                      2 * tolerance);
  }
}

/// The norm of all, of rows and of columns; gradients and second derivatives along a direction.
template <class T>
void check_norm() {
  const double tolerance = 4.0 * std::numeric_limits<T>::epsilon();
  for (const double s : magnitudes<T>()) {
    BOOST_TEST_CONTEXT("times " << s) {
      const Var x = vector_of<T>({3 * s, -4 * s});
      const auto all = [](const Var& y) { return norm(y); };
      check_elements<T>(norm(x), {}, std::vector<T>{T(5 * s)}, tolerance);
      check_elements<T>(slope(all, x), {2}, std::vector<T>{T(0.6), T(-0.8)}, tolerance);
      check_elements<T>(xg::jvp(all, x, vector_of<T>({1.0, 1.0})).tangent, {}, std::vector<T>{T(-0.2)}, 4 * tolerance);
      const auto first = [&](const Var& y) { return view(xg::grad(all)(y), 0); };
      check_elements<T>(slope(first, x), {2}, std::vector<T>{T(0.64 / (5 * s)), T(0.48 / (5 * s))}, 4 * tolerance);

      const Var rows = array_of<T>({2, 2}, {T(3 * s), T(4 * s), T(0), T(s)});
      check_elements<T>(norm(rows, 1), {2}, std::vector<T>{T(5 * s), T(s)}, tolerance);
      check_elements<T>(norm(rows, 0), {2}, std::vector<T>{T(3 * s), T(s * std::sqrt(17.0))}, tolerance);
      check_elements<T>(slope([](const Var& y) { return norm(y, 1); }, rows), {2, 2},
                        std::vector<T>{T(0.6), T(0.8), T(0), T(1)}, tolerance);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(hypot_of_any_magnitude) {
  check_hypot<double>();
  check_hypot<float>();
}

BOOST_AUTO_TEST_CASE(hypot_at_zero_and_infinity) {
  const auto value = [](double a, double b) { return hypot(Var(a), Var(b)).item<double>(); };
  BOOST_TEST(value(0.0, -0.0) == 0.0);
  BOOST_TEST(!std::signbit(value(-0.0, -0.0)));
  BOOST_TEST(value(-infinity, not_a_number) == infinity);
  BOOST_TEST(value(not_a_number, infinity) == infinity);
  BOOST_TEST(std::isnan(value(not_a_number, 0.0)));
  BOOST_TEST(value(std::numeric_limits<double>::denorm_min(), 0.0) == std::numeric_limits<double>::denorm_min());
  BOOST_TEST(value(std::numeric_limits<double>::max(), 1.0) == std::numeric_limits<double>::max());

  // At 0 every derivative is 0, as that of a norm. An infinite side is all of the hypotenuse.
  const Var a = xt::xarray<double>{0.0, infinity, -infinity, 1.0, infinity};
  const Var b = xt::xarray<double>{0.0, 1.0, 2.0, infinity, infinity};
  const auto on_a = [&](const Var& x) { return sum(hypot(x, b)); };
  check_elements<double>(xg::grad(on_a)(a), {5}, {0.0, 1.0, -1.0, 0.0, std::sqrt(0.5)}, 1e-15);
  const auto curvature = [&](const Var& x) { return sum(xg::grad(on_a)(x)); };
  check_elements<double>(xg::grad(curvature)(a), {5}, {0, 0, 0, 0, 0});
  const auto third = [&](const Var& x) { return sum(xg::grad(curvature)(x)); };
  check_elements<double>(xg::grad(third)(a), {5}, {0, 0, 0, 0, 0});
}

BOOST_AUTO_TEST_CASE(derivatives_of_hypot_keep_their_digits) {
  // 1/h - a^2/h^3 would have none left.
  const double a = 1e6;
  const double b = 1e-3;
  const auto f = [&](const Var& x) { return hypot(x, b); };
  const auto second = [&](const Var& x) { return xg::grad([&](const Var& y) { return xg::grad(f)(y); })(x); };
  const double h = std::hypot(a, b);
  BOOST_TEST(fits(second(a).item<double>(), b * b / (h * h * h), 1e-14));
  BOOST_TEST(fits(xg::grad(second)(a).item<double>(), -3 * a * b * b / std::pow(h, 5), 1e-14));
  BOOST_TEST(fits(double{second(cast<float>(Var(a))).item<float>()}, b * b / (h * h * h), 1e-6));
}

BOOST_AUTO_TEST_CASE(norms_of_any_magnitude) {
  check_norm<double>();
  check_norm<float>();
}

BOOST_AUTO_TEST_CASE(norms_of_many_elements_of_any_magnitude) {
  for (const std::size_t count : {17U, 5000U, 100'000U}) {
    const double root = std::sqrt(static_cast<double>(count));
    for (const double s : {1e300, 1.0, 1e-300, 1e-320}) {
      const Var x = xg::full_like(Var(xt::xarray<double>(xt::zeros<double>({count}))), s);
      BOOST_TEST(fits(norm(x).item<double>(), s * root, s < 1e-310 ? 1e-3 : 1e-12), s << " " << count);
      BOOST_TEST(fits(element(slope([](const Var& y) { return norm(y); }, x), {count / 2}), 1 / root,
                      s < 1e-310 ? 1e-3 : 1e-12));
      const Var rows = broadcast_to(x, {3, count}) + 0.0;
      BOOST_TEST(fits(element(norm(rows, 1), {2}), s * root, s < 1e-310 ? 1e-3 : 1e-12));
      BOOST_TEST(fits(element(norm(transpose(rows), 0), {2}), s * root, s < 1e-310 ? 1e-3 : 1e-12));
    }
    for (const double s : {1e37, 1.0, 1e-34}) {
      const Var x = cast<float>(xg::full_like(Var(xt::xarray<double>(xt::zeros<double>({count}))), s / 1e3));
      BOOST_TEST(fits(norm(x).item<float>(), s / 1e3 * root, 1e-6), s << " " << count);
    }
  }
  // Large and tiny elements together.
  const Var mixed = xt::xarray<double>{1e200, -1e-200, 1e200, 1.0};
  BOOST_TEST(fits(norm(mixed).item<double>(), std::sqrt(2.0) * 1e200, 1e-15));
  check_elements<double>(slope([](const Var& y) { return norm(y); }, mixed), {4},
                         {std::sqrt(0.5), 0.0, std::sqrt(0.5), std::sqrt(0.5) * 1e-200}, 1e-15);
  // As they were before: infinity, NaN, nothing.
  const auto of = [](std::initializer_list<double> values) {
    return norm(Var(xt::xarray<double>(values))).item<double>();
  };
  BOOST_TEST(of({1.0, -infinity, 0.0}) == infinity);
  BOOST_TEST(std::isnan(of({1.0, not_a_number, infinity})));
  BOOST_TEST(of({}) == 0.0);
  // NaN beside infinity, wherever they stand.
  for (const std::size_t place : {1U, 40U, 70'000U, 100'000U, 199'999U}) {
    xg::Array<double> values({200'000}, 1.0);
    values.data()[0] = infinity;
    values.data()[place] = not_a_number;
    const Var x = std::move(values);
    BOOST_TEST(std::isnan(norm(x).item<double>()), place);
    BOOST_TEST(std::isnan(element(norm(reshape(x, {2, 100'000}), 0), {0})) == (place % 100'000 == 0));
  }
}

namespace {

/// The size of the number times the root of how many copies there are, whether they are added up (at once) or not (on a
/// tape).
template <class T>
void check_norm_of_copies(T x, std::size_t count) {
  BOOST_TEST_CONTEXT(count << " copies of " << x << ", " << xg::name(xg::dtype_of<T>)) {
    const double root = std::sqrt(static_cast<double>(count));
    const T value = static_cast<T>(root * std::abs(static_cast<double>(x)));
    const T first = static_cast<T>(count == 0 || x == T(0) ? 0.0 : std::copysign(root, static_cast<double>(x)));
    const double tolerance = (count > 1000 ? 64.0 : 4.0) * std::numeric_limits<T>::epsilon();
    const Var number = array_of<T>({}, {x});
    const auto of_copies = [&](const Var& y) { return norm(broadcast_to(y, {count})); };
    const auto of_constant = [&](const Var& y) { return norm(full_like(broadcast_to(y, {count}), double{x})); };
    const auto of_rows = [&](const Var& y) { return norm(broadcast_to(y, {2, count}), 1); };
    xg::Tape tape;
    const Var leaf = tape.leaf(number);
    for (const Var& found : {of_copies(number), tape.evaluate(of_copies(leaf)), tape.evaluate(of_constant(leaf))}) {
      check_elements<T>(found, {}, {value}, tolerance);
      BOOST_TEST(!std::signbit(found.template item<T>()));
    }
    check_elements<T>(of_rows(number), {2}, {value, value}, tolerance);
    check_elements<T>(tape.evaluate(of_rows(leaf)), {2}, {value, value}, tolerance);
    check_elements<T>(slope(of_copies, number), {}, {first}, tolerance);
    check_elements<T>(xg::jvp(of_copies, number, ones_like(number)).tangent, {}, {first}, tolerance);
    check_elements<T>(slope(of_rows, number), {}, {2 * first}, tolerance);
    // A line on either side of 0: what is left of the difference of curvatures is rounding.
    const T curvature = std::abs(slope([&](const Var& y) { return slope(of_copies, y); }, number).template item<T>());
    const T rounding = static_cast<T>(tolerance * root);
    if (x != T(0)) BOOST_TEST((curvature * std::abs(x) <= rounding || curvature < std::numeric_limits<T>::min()));
  }
}

/// Rows of copies of different numbers, [2, 3] from [2, 1]: along the copies, across them, and all together.
template <class T>
void check_norm_of_some_copies() {
  const double tolerance = 4.0 * std::numeric_limits<T>::epsilon();
  for (const double each : magnitudes<T>()) {
    const double s = each / 2;  // the norm of all is 5 sqrt(3) s
    BOOST_TEST_CONTEXT("times " << s) {
      const Var x = array_of<T>({2, 1}, {T(-3 * s), T(4 * s)});
      const auto copies = [](const Var& y) { return broadcast_to(y, {2, 3}); };
      const auto along = [&](const Var& y) { return norm(copies(y), 1); };
      const auto across = [&](const Var& y) { return norm(copies(y), 0); };
      const auto all = [&](const Var& y) { return norm(copies(y)); };
      const double root = std::sqrt(3.0);
      check_elements<T>(along(x), {2}, {T(root * 3 * s), T(root * 4 * s)}, tolerance);
      check_elements<T>(across(x), {3}, {T(5 * s), T(5 * s), T(5 * s)}, tolerance);
      check_elements<T>(all(x), {}, {T(root * 5 * s)}, tolerance);
      check_elements<T>(norm(transpose(copies(x)), 0), {2}, {T(root * 3 * s), T(root * 4 * s)}, tolerance);
      check_elements<T>(slope(along, x), {2, 1}, {T(-root), T(root)}, tolerance);
      check_elements<T>(slope(across, x), {2, 1}, {T(-1.8), T(2.4)}, tolerance);
      check_elements<T>(slope(all, x), {2, 1}, {T(-0.6 * root), T(0.8 * root)}, tolerance);
      // root (1 - u u^T) / |x|, with the direction u of x: its first row
      const auto first = [&](const Var& y) { return view(xg::grad(all)(y), 0, 0); };
      const std::vector<T> row{T(0.64 * root / (5 * s)), T(0.48 * root / (5 * s))};
      check_elements<T>(slope(first, x), {2, 1}, row, 16 * tolerance);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(norms_of_copies_of_one_number) {
  using Float = std::numeric_limits<float>;
  for (const std::size_t count : {0U, 1U, 2U, 5U, 100'000U}) {
    for (const float x : {-2.0F, 3.0F, 0.0F, -0.0F, -1e20F, 1e36F, -1e-30F, -Float::min(), 8 * Float::min()}) {
      check_norm_of_copies(x, count);
      check_norm_of_copies(double{x}, count);
    }
    check_norm_of_copies(-1e300, count);
    check_norm_of_copies(-1e-300, count);
  }
}

BOOST_AUTO_TEST_CASE(norms_of_copies_of_special_numbers) {
  const auto of = [](double x, std::size_t count) { return norm(broadcast_to(Var(x), {count})).item<double>(); };
  BOOST_TEST(of(-infinity, 3) == infinity);
  BOOST_TEST(of(-infinity, 1) == infinity);
  BOOST_TEST(of(infinity, 0) == 0.0);
  BOOST_TEST(std::isnan(of(not_a_number, 2)));
  BOOST_TEST(of(-std::numeric_limits<double>::denorm_min(), 4) == 2 * std::numeric_limits<double>::denorm_min());
  BOOST_TEST(of(-std::numeric_limits<double>::max(), 4) == infinity);
}

BOOST_AUTO_TEST_CASE(norms_of_some_copies) {
  check_norm_of_some_copies<double>();
  check_norm_of_some_copies<float>();
}

namespace {

/// The product of a vector: value, gradient and the second derivative by the first and the last element.
template <class T>
void check_prod(const std::vector<double>& factors, double value, const std::vector<double>& gradient, double mixed) {
  const double tolerance = static_cast<double>(factors.size()) * std::numeric_limits<T>::epsilon();
  const Var x = vector_of<T>(factors);
  const auto f = [](const Var& y) { return prod(y); };
  check_elements<T>(f(x), {}, std::vector<T>{T(value)}, tolerance);
  const std::vector<T> expected(gradient.begin(), gradient.end());
  check_elements<T>(slope(f, x), {factors.size()}, expected, tolerance);
  const auto first = [&](const Var& y) { return view(xg::grad(f)(y), 0); };
  check_elements<T>(view(slope(first, x), -1), {}, std::vector<T>{T(mixed)}, tolerance);
  std::vector<T> direction(factors.size(), T(0));
  direction[0] = T(1);
  check_elements<T>(xg::jvp(f, x, array_of<T>({factors.size()}, direction)).tangent, {}, std::vector<T>{T(gradient[0])},
                    tolerance);
}

}  // namespace

BOOST_AUTO_TEST_CASE(products_of_like_factors_that_cancel) {
  std::vector<double> halves_and_twos(512);
  for (std::size_t i = 0; i < 512; ++i) halves_and_twos[i] = i % 2 == 0 ? 0.5 : 2.0;
  std::vector<double> inverse(512);
  for (std::size_t i = 0; i < 512; ++i) inverse[i] = 1.0 / halves_and_twos[i];
  check_prod<float>(halves_and_twos, 1.0, inverse, 1.0);
  std::sort(halves_and_twos.begin(), halves_and_twos.end());
  std::sort(inverse.rbegin(), inverse.rend());
  check_prod<float>(halves_and_twos, 1.0, inverse, 1.0);

  check_prod<double>({1e200, 1e-200, 1e200, 1e-200}, 1.0, {1e-200, 1e200, 1e-200, 1e200}, 1.0);
  check_prod<double>({1e200, 1e200, 1e-200, 1e-200}, 1.0, {1e-200, 1e-200, 1e200, 1e200}, 1.0);
  check_prod<double>({1e-300, -1e300, 1e300, -1e-300, 2.0}, 2.0, {2e300, -2e-300, 2e-300, -2e300, 1.0}, 1e300);
  const Var uneven = vector_of<double>({1e-308, 1e300, 1e300});
  check_elements<double>(prod(uneven), {}, {1e292}, 1e-15);
  check_elements<double>(slope([](const Var& y) { return prod(y); }, uneven), {3}, {infinity, 1e-8, 1e-8}, 1e-15);
  check_prod<float>({1e-30, 1e30, 1e30, 1e-30}, 1.0, {1e30, 1e-30, 1e-30, 1e30}, infinity);
  // Slowly up and slowly down again.
  std::vector<double> hill(3000, 1.4);
  std::vector<double> slopes(3000, 1 / 1.4);
  for (std::size_t i = 1500; i < 3000; ++i) hill[i] = slopes[0], slopes[i] = 1.4;
  const Var x = vector_of<double>(hill);
  BOOST_TEST(fits(prod(x).item<double>(), 1.0, 1e-11));
  check_elements<double>(slope([](const Var& y) { return prod(y); }, x), {3000}, slopes, 1e-11);
}

BOOST_AUTO_TEST_CASE(products_out_of_range_and_special_factors) {
  // Values that overflow or vanish, with derivatives that do not.
  check_prod<double>({1e200, 1e200}, infinity, {1e200, 1e200}, 1.0);
  check_prod<double>({1e200, 1e200, 1.0}, infinity, {1e200, 1e200, infinity}, 1e200);
  check_prod<double>({1e-200, 1e-200, 1.0}, 0.0, {1e-200, 1e-200, 0.0}, 1e-200);
  check_prod<double>({1e200, 3.0, 1e200, 1e200}, infinity, {infinity, infinity, infinity, infinity}, infinity);
  // Zeros: one, two, three.
  check_prod<double>({1e200, 0.0, 1e-200, 1e200, 1e-200}, 0.0, {0.0, 1.0, 0.0, 0.0, 0.0}, 0.0);
  check_prod<double>({0.0, 1e200, 1e200, 1e-200, 1e-200, 0.0}, 0.0, {0, 0, 0, 0, 0, 0}, 1.0);
  check_prod<double>({0.0, 1e200, 1e200, 1e-200, 0.0, 0.0}, 0.0, {0, 0, 0, 0, 0, 0}, 0.0);
  std::vector<double> counting(400);
  for (std::size_t i = 0; i < 400; ++i) counting[i] = static_cast<double>(i);
  std::vector<double> at_zero(400, 0.0);
  at_zero[0] = infinity;  // 399!
  check_prod<double>(counting, 0.0, at_zero, infinity);
  check_prod<float>(counting, 0.0, at_zero, infinity);
  // Infinities and NaN.
  const Var with_infinity = vector_of<double>({1e200, infinity, 1e200, 1e-200});
  check_elements<double>(prod(with_infinity), {}, {infinity});
  check_elements<double>(slope([](const Var& y) { return prod(y); }, with_infinity), {4},
                         {infinity, 1e200, infinity, infinity}, 1e-15);
  check_prod<double>({1e200, not_a_number, 1e200}, not_a_number, {not_a_number, infinity, not_a_number}, not_a_number);
  BOOST_TEST(std::isnan(prod(vector_of<double>({1e300, infinity, 0.0, 1e300})).item<double>()));
  // Rows of their own, and integers as ever.
  const Var rows = array_of<double>({2, 4}, {1e200, 1e200, 1e-200, 1e-200, 1.0, 2.0, 3.0, 4.0});
  check_elements<double>(prod(rows, 1), {2}, {1.0, 24.0}, 1e-15);
  check_elements<double>(prod(transpose(rows), 0), {2}, {1.0, 24.0}, 1e-15);
  check_elements<std::int64_t>(prod(array_of<std::int64_t>({3}, {-2, 3, 7})), {}, {-42});
}

BOOST_AUTO_TEST_SUITE_END()
