// What the tests say again and again: that two Vars are equal or near, and that something throws with a helpful
// message.
#pragma once

#include <cmath>
#include <concepts>
#include <cstring>
#include <initializer_list>
#include <sstream>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include <boost/test/tools/assertion_result.hpp>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/var.hpp>

namespace comparing {

using boost::test_tools::assertion_result;
using xgrad::Var;

inline assertion_result failed(const std::string& why) {
  assertion_result result(false);
  result.message() << why;
  return result;
}

inline std::string printed(const Var& x) {
  std::ostringstream text;
  text << x.dtype() << " " << x.shape() << " " << x;
  return text.str();
}

/// The elements in row-major order, as doubles.
inline std::vector<double> doubles(const Var& x) {
  const Var wide = cast(x, xgrad::DType::Float64);
  const xgrad::Array<double>& array = wide.array<double>();
  return {array.data(), array.data() + array.size()};
}

/// Numbers without a pattern, between -3 and 3.
template <class T = double>
Var wave(const xgrad::Shape& shape, double phase = 0.0) {
  auto array = xgrad::Array<T>::from_shape(shape);
  for (std::size_t i = 0; i < array.size(); ++i) {
    array.data()[i] = static_cast<T>(3.0 * std::sin(phase + 0.7 * static_cast<double>(i)));
  }
  return {std::move(array)};
}

/// Same element type, shape and elements (NaN is equal to NaN).
inline assertion_result same(const Var& a, const Var& b) {
  bool equal = a.dtype() == b.dtype() && a.shape() == b.shape();
  if (equal) {
    const std::vector<double> left = doubles(a);
    const std::vector<double> right = doubles(b);
    for (std::size_t i = 0; i < left.size(); ++i) {
      equal = equal && (left[i] == right[i] || (std::isnan(left[i]) && std::isnan(right[i])));
    }
  }
  return equal ? assertion_result(true) : failed(printed(a) + " is not " + printed(b));
}

/// Same element type and shape, and elements within `tolerance`, relative to the larger of 1 and the expected one.
inline assertion_result near(const Var& a, const Var& expected, double tolerance = 1e-12) {
  bool close = a.dtype() == expected.dtype() && a.shape() == expected.shape();
  if (close) {
    const std::vector<double> left = doubles(a);
    const std::vector<double> right = doubles(expected);
    for (std::size_t i = 0; i < left.size(); ++i) {
      close = close && std::abs(left[i] - right[i]) <= tolerance * std::max(1.0, std::abs(right[i]));
    }
  }
  return close ? assertion_result(true) : failed(printed(a) + " is not near " + printed(expected));
}

/// call(f) throws exactly what is expected, whose message has all the given parts. Not a template: there are thousands.
inline assertion_result throws(const std::type_info& expected, std::initializer_list<std::string_view> parts,
                               void (*call)(void* f), void* f) {
  try {
    call(f);
  } catch (const xgrad::Error& error) {
    const std::string message = error.what();
    if (typeid(error) != expected) return failed("another exception was thrown: " + message);
    for (const std::string_view part : parts) {
      if (message.find(part) == std::string::npos) {
        return failed("\"" + message + "\" does not contain \"" + std::string(part) + "\"");
      }
    }
    return true;
  }
  return failed("nothing was thrown");
}

/// f() throws exactly an E, whose message has all the given parts.
template <class E, class F>
assertion_result throws(F f, std::initializer_list<std::string_view> parts = {}) {
  return throws(
      typeid(E), parts, [](void* called) { (void)(*static_cast<F*>(called))(); }, &f);
}

}  // namespace comparing
