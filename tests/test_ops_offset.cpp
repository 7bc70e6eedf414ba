// offset(a, b), which is a - b but 0 between equal infinities, and what rests on it: logaddexp, logsumexp, softmax and
// log_softmax of numbers as large and as small as there are, beside plain formulas in long double.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ops/internal.hpp"
#include "ops_compare.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_offset)

namespace {

namespace xg = xgrad;
using xg::Shape;
using xg::Var;
using xg::testing::array_of;
using xg::testing::check_elements;
using xg::testing::elements;
using xg::testing::slope;

template <class T>
std::vector<T> extreme_numbers() {
  using Limits = std::numeric_limits<T>;
  return {T(0),
          T(-0.0),
          T(1),
          T(-2.5),
          Limits::max(),
          Limits::min(),
          -Limits::max(),
          -Limits::min(),
          Limits::epsilon(),
          Limits::denorm_min(),
          T(1e20),
          T(-1e-30),
          T(88.75),
          T(-103.5),
          -Limits::denorm_min(),
          T(1) / T(3),
          Limits::infinity(),
          -Limits::infinity()};
}

template <class T>
Var vector_of(const std::vector<T>& values) {
  return array_of<T>({values.size()}, values);
}

template <class T>
T plain_offset(T a, T b) {
  return a == b ? T(0) : a - b;
}

/// The same bits but for those of NaN.
template <class T>
bool identical(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

/// Every number less every number, [n, n], computed at once and recorded, and one pair after another.
template <class T>
void check_offset_of_all_pairs() {
  std::vector<T> numbers = extreme_numbers<T>();
  numbers.push_back(std::numeric_limits<T>::quiet_NaN());
  const std::size_t n = numbers.size();
  const Var column = array_of<T>({n, 1}, numbers);
  const Var row = vector_of(numbers);
  xg::Tape tape;
  const Var recorded = offset(tape.leaf(column), tape.leaf(row));
  const std::vector<T> at_once = elements<T>(offset(column, row));
  const std::vector<T> evaluated = elements<T>(tape.evaluate(recorded));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      const T expected = plain_offset(numbers[i], numbers[j]);
      const T single = xg::offset(Var(numbers[i]), Var(numbers[j])).template item<T>();
      for (const T found : {at_once[i * n + j], evaluated[i * n + j], single}) {
        BOOST_TEST(identical(found, expected), numbers[i] << " less " << numbers[j] << " is " << found);
      }
    }
  }
}

/// 1 and -1 whatever the numbers are, infinite ones too; of the square, 2 (a - b) and 2.
template <class T>
void check_derivatives_of_offset() {
  const std::vector<T> numbers = extreme_numbers<T>();
  const std::size_t n = numbers.size();
  const Var column = array_of<T>({n, 1}, numbers);
  const Var row = vector_of(numbers);
  const std::vector<T> counts(n, static_cast<T>(n));
  const std::vector<T> less(n, -static_cast<T>(n));
  check_elements<T>(slope([&](const Var& a) { return offset(a, row); }, column), {n, 1}, counts);
  check_elements<T>(slope([&](const Var& b) { return offset(column, b); }, row), {n}, less);
  const auto twice = [](const Var& x) { return offset(x, x); };
  check_elements<T>(slope(twice, row), {n}, std::vector<T>(n, T(0)));
  check_elements<T>(xg::jvp([&](const Var& a) { return offset(a, zeros_like(a)); }, row, ones_like(row)).tangent, {n},
                    std::vector<T>(n, T(1)));

  // The last two are beside themselves, which are infinite.
  std::vector<T> others = numbers;
  std::reverse(others.begin(), others.end() - 2);
  const Var other = vector_of(others);
  const auto first = [&](const Var& a) { return slope([&](const Var& x) { return square(offset(x, other)); }, a); };
  std::vector<T> expected;
  for (std::size_t i = 0; i < n; ++i) expected.push_back(2 * plain_offset(numbers[i], others[i]));
  check_elements<T>(first(row), {n}, expected);
  check_elements<T>(slope(first, row), {n}, std::vector<T>(n, T(2)));
}

// ---- the plain formulas

using Real = long double;
using Reals = std::vector<Real>;

/// Weights of a row, as multiples of its largest exponential.
struct Exponentials {
  Real largest = -std::numeric_limits<Real>::infinity();
  Reals below;     ///< by how much each number is less than the largest, rounded as the difference of two T is
  Reals shares;    ///< softmax
  Real log_total;  ///< ln of the sum of the multiples, at least 0

  template <class T>
  explicit Exponentials(const std::vector<T>& row) {
    const T top = *std::max_element(row.begin(), row.end());
    largest = top;
    std::size_t equal_ones = 0;
    Real others = 0;
    for (const T x : row) {
      below.push_back(plain_offset(x, top));
      if (x == top) ++equal_ones;
      else others += std::exp(below.back());
    }
    log_total = std::log1p(others + static_cast<Real>(equal_ones - 1));
    for (const Real each : below) shares.push_back(std::exp(each) / (others + static_cast<Real>(equal_ones)));
  }

  [[nodiscard]] Real mean(const Reals& x) const {
    Real total = 0;
    for (std::size_t i = 0; i < x.size(); ++i) total += shares[i] * x[i];
    return total;
  }
  /// How the mean of x changes with each number of the row.
  [[nodiscard]] Reals change_of_mean(const Reals& x) const {
    Reals result;
    for (std::size_t i = 0; i < x.size(); ++i) result.push_back(shares[i] * (x[i] - mean(x)));
    return result;
  }
};

/// Relative for large numbers and absolute for small ones: shares are compared with 1.
template <class T>
void check_reals(const std::string& what, const Var& found, const Reals& expected, double units = 16.0) {
  const std::vector<T> values = elements<T>(found);
  BOOST_REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Real value = values[i];
    const T rounded = static_cast<T>(expected[i]);
    const Real allowed = Real(units) * std::numeric_limits<T>::epsilon() * std::max(Real(1), std::abs(expected[i]));
    BOOST_TEST((values[i] == rounded || std::abs(value - expected[i]) <= allowed),
               what << ", element " << i << " is " << values[i] << ", not " << rounded);
  }
}

template <class T>
std::vector<std::vector<T>> extreme_rows() {
  using Limits = std::numeric_limits<T>;
  const T most = Limits::max();
  const T least = Limits::denorm_min();
  const T infinite = Limits::infinity();
  return {{most, most, -most},
          {-most, -most / 2, -most},
          {most, T(1), least, -most},
          {least, -least, T(0), T(-0.0)},
          {Limits::min(), -Limits::min(), T(1)},
          {T(88), T(89), T(-200), T(80)},
          {T(1e20), T(1e20), T(-1e20)},
          {T(0), T(-17), T(-30), T(-100)},
          {T(5)},
          {-infinite, T(1), T(2)},
          {infinite, T(1), -most},
          {infinite, infinite, T(0)},
          {-infinite, -infinite, -infinite},
          {infinite, -infinite}};
}

/// The first numbers of a sequence without pattern.
Reals weights(std::size_t count, double phase) {
  Reals result;
  for (std::size_t i = 0; i < count; ++i)
    result.push_back(static_cast<float>(std::sin(phase + 2.0 * static_cast<double>(i))));
  return result;
}

template <class T>
Var as_var(const Reals& x) {
  return vector_of(std::vector<T>(x.begin(), x.end()));
}

/// The gradient of f, weighed: a number whose own gradient is looked at.
template <class F>
auto weighed_slope(const F& f, const Var& by) {
  return [=](const Var& x) { return slope(f, x) * by; };
}

template <class T>
void check_logsumexp(const std::vector<T>& row) {
  const Exponentials exact(row);
  const Var x = vector_of(row);
  const Reals w = weights(row.size(), 0.3);
  const auto f = [](const Var& y) { return logsumexp(y); };
  check_reals<T>("logsumexp", reshape(f(x), {1}), {exact.largest + exact.log_total}, 2.0);
  check_reals<T>("its gradient", slope(f, x), exact.shares);
  check_reals<T>("its second derivative", slope(weighed_slope(f, as_var<T>(w)), x), exact.change_of_mean(w));
}

template <class T>
void check_softmax(const std::vector<T>& row) {
  const Exponentials exact(row);
  const Var x = vector_of(row);
  const std::size_t n = row.size();
  const Reals v = weights(n, 1.1);
  const Reals w = weights(n, 0.3);
  const auto f = [&](const Var& y) { return softmax(y) * as_var<T>(v); };
  check_reals<T>("softmax", softmax(x), exact.shares);
  check_reals<T>("its gradient", slope(f, x), exact.change_of_mean(v));
  // The mean of v w less the product of the means of v and w.
  Reals products;
  for (std::size_t i = 0; i < n; ++i) products.push_back(v[i] * w[i]);
  Reals second = exact.change_of_mean(products);
  for (std::size_t i = 0; i < n; ++i) {
    second[i] -= exact.change_of_mean(v)[i] * exact.mean(w) + exact.change_of_mean(w)[i] * exact.mean(v);
  }
  check_reals<T>("its second derivative", slope(weighed_slope(f, as_var<T>(w)), x), second);
}

template <class T>
void check_log_softmax(const std::vector<T>& row) {
  const Exponentials exact(row);
  const Var x = vector_of(row);
  const std::size_t n = row.size();
  const Reals v = weights(n, 1.1);
  const Reals w = weights(n, 0.3);
  const auto f = [&](const Var& y) { return log_softmax(y) * as_var<T>(v); };
  Real total = 0;
  for (const Real each : v) total += each;
  Reals values;
  Reals first;
  Reals second = exact.change_of_mean(w);
  for (std::size_t i = 0; i < n; ++i) {
    values.push_back(exact.below[i] - exact.log_total);
    first.push_back(v[i] - exact.shares[i] * total);
    second[i] *= -total;
  }
  check_reals<T>("log_softmax", log_softmax(x), values, 2.0);
  check_reals<T>("its gradient", slope(f, x), first);
  check_reals<T>("its second derivative", slope(weighed_slope(f, as_var<T>(w)), x), second);
}

/// Three times the same row, as a view: along its axis, and along the other one of the transpose.
template <class T>
void check_copies(const std::vector<T>& row) {
  const Exponentials exact(row);
  const Var x = vector_of(row);
  const std::size_t n = row.size();
  const auto rows = [n](const Var& y) { return broadcast_to(y, {3, n}); };
  const Real value = exact.largest + exact.log_total;
  check_reals<T>("logsumexp of copies", logsumexp(rows(x), 1), {value, value, value}, 2.0);
  check_reals<T>("logsumexp of columns", logsumexp(transpose(rows(x)), 0), {value, value, value}, 2.0);
  Reals three_times;
  for (const Real each : exact.shares) three_times.push_back(3 * each);
  check_reals<T>("its gradient", slope([&](const Var& y) { return logsumexp(rows(y), 1); }, x), three_times);
  Reals shares;
  for (int i = 0; i < 3; ++i) shares.insert(shares.end(), exact.shares.begin(), exact.shares.end());
  check_reals<T>("softmax of copies", softmax(rows(x)), shares);
  check_reals<T>("softmax of columns", reshape(transpose(softmax(transpose(rows(x)), 0)), {3, n}), shares);
}

template <class T>
void check_logaddexp() {
  for (const T a : extreme_numbers<T>()) {
    for (const T b : extreme_numbers<T>()) {
      BOOST_TEST_CONTEXT("logaddexp of " << a << " and " << b) {
        const Exponentials exact(std::vector<T>{a, b});
        const Var x = vector_of<T>({a});
        const Var y = vector_of<T>({b});
        const auto of_first = [&](const Var& z) { return logaddexp(z, y); };
        const auto of_second = [&](const Var& z) { return logaddexp(x, z); };
        const Real mixed = exact.shares[0] * exact.shares[1];
        check_reals<T>("value", logaddexp(x, y), {exact.largest + exact.log_total}, 2.0);
        check_reals<T>("slope by the first", slope(of_first, x), {exact.shares[0]});
        check_reals<T>("slope by the second", slope(of_second, y), {exact.shares[1]});
        check_reals<T>("curvature", slope([&](const Var& z) { return slope(of_first, z); }, x), {mixed});
        const auto slope_by_first = [&](const Var& z) {
          return slope([&](const Var& u) { return logaddexp(u, z); }, x);
        };
        check_reals<T>("mixed derivative", slope(slope_by_first, y), {-mixed});
      }
    }
  }
}

template <class T>
void check_all_rows() {
  for (const std::vector<T>& row : extreme_rows<T>()) {
    BOOST_TEST_CONTEXT(vector_of(row)) {
      check_logsumexp(row);
      check_softmax(row);
      check_log_softmax(row);
      check_copies(row);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(offsets_of_all_pairs) {
  check_offset_of_all_pairs<double>();
  check_offset_of_all_pairs<float>();
}

BOOST_AUTO_TEST_CASE(derivatives_of_offsets) {
  check_derivatives_of_offset<double>();
  check_derivatives_of_offset<float>();
}

BOOST_AUTO_TEST_CASE(offsets_of_nothing_and_of_views) {
  const Var nothing = array_of<float>({0, 1}, {});
  const Var row = array_of<float>({3}, {1, 2, 3});
  check_elements<float>(offset(nothing, row), {0, 3}, {});
  check_elements<float>(slope([&](const Var& x) { return offset(nothing, x); }, row), {3}, {0, 0, 0});
  check_elements<float>(slope([&](const Var& x) { return offset(x, row); }, nothing), {0, 1}, {});
  const Var matrix = array_of<float>({2, 3}, {1, 2, INFINITY, -INFINITY, 5, 6});
  const Var turned = view(transpose(matrix), xt::range(1, 3));
  check_elements<float>(offset(turned, turned), {2, 2}, {0, 0, 0, 0});
  check_elements<float>(offset(turned, view(turned, xt::all(), xt::range(0, 1))), {2, 2}, {0, 3, 0, -INFINITY});
}

BOOST_AUTO_TEST_CASE(logaddexp_of_any_magnitude) {
  check_logaddexp<double>();
  check_logaddexp<float>();
}

BOOST_AUTO_TEST_CASE(softmax_and_its_kin_of_any_magnitude) {
  check_all_rows<double>();
  check_all_rows<float>();
}

BOOST_AUTO_TEST_SUITE_END()
