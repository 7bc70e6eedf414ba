// Comparing what operations give with references that are written as plain loops.
#pragma once

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

namespace xgrad::testing {

/// An array from its shape and its elements in row-major order.
template <class T>
Var array_of(const Shape& shape, const std::vector<T>& elements) {
  auto array = Array<T>::from_shape(shape);
  BOOST_REQUIRE(array.size() == elements.size());
  std::copy(elements.begin(), elements.end(), array.data());
  return {std::move(array)};
}

/// 0.5, 1.5, 2.5, ... with alternating signs: no two elements are equal.
inline Var numbered(const Shape& shape) {
  auto array = Array<double>::from_shape(shape);
  for (std::size_t i = 0; i < array.size(); ++i) {
    array.data()[i] = (0.5 + static_cast<double>(i)) * (i % 2 == 0 ? 1.0 : -1.0);
  }
  return {std::move(array)};
}

template <class T>
std::vector<T> elements(const Var& x) {
  const Array<T>& array = x.array<T>();
  return std::vector<T>(array.data(), array.data() + array.size());
}

/// Relative to the reference; NaN fits NaN, and infinities fit if equal.
inline bool fits(double found, double expected, double tolerance) {
  if (std::isnan(expected)) return std::isnan(found);
  if (found == expected) return true;
  return std::abs(found - expected) <= tolerance * std::abs(expected) + 1e-300;
}

/// Shape, element type and every element.
template <class T>
void check_elements(const Var& found, const Shape& shape, const std::vector<T>& expected, double tolerance = 0.0) {
  BOOST_TEST(to_string(found.shape()) == to_string(shape));
  BOOST_TEST(name(found.dtype()) == name(dtype_of<T>));
  if (found.shape() != shape || found.dtype() != dtype_of<T>) return;
  const T* values = found.array<T>().data();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    BOOST_TEST(fits(static_cast<double>(values[i]), static_cast<double>(expected[i]), tolerance),
               "element " << i << " is " << values[i] << ", not " << expected[i]);
  }
}

/// Two concrete arrays of doubles.
inline void check_same(const Var& found, const Var& expected, double tolerance = 0.0) {
  check_elements(found, expected.shape(), elements<double>(expected), tolerance);
}

/// Calls f(index) for each index into a shape, in row-major order.
template <class F>
void for_each_index(const Shape& shape, F f) {
  Shape index(shape.size(), 0);
  for (std::size_t n = size_of(shape); n > 0; --n) {
    f(index);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

/// The element at an index, of an array of doubles.
inline double element(const Var& x, const Shape& index) {
  std::size_t flat = 0;
  for (std::size_t axis = 0; axis < index.size(); ++axis) flat = flat * x.shape()[axis] + index[axis];
  return x.array<double>().data()[flat];
}

/// First derivatives of the sum of f(x), element by element, in reverse mode.
template <class F>
Var slope(F f, const Var& x) {
  return grad([&](const Var& y) { return sum(f(y)); })(x);
}

}  // namespace xgrad::testing
