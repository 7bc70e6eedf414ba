// What the tests say again and again: that two Vars or trees of them are equal or near, and that something throws with
// a helpful message.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include <boost/test/tools/assertion_result.hpp>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/compare.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/random.hpp>
#include <xgrad/tree/tree.hpp>
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

/// Normal numbers, others for each seed.
inline Var drawn(std::int64_t seed, const xgrad::Shape& shape) {
  return xgrad::random::normal(xgrad::random::Key(seed), shape);
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

/// Whether two trees have the same arrays (NaN is equal to NaN).
template <class T>
bool same_bits(const T& a, const T& b) {
  const std::vector<Var> x = xgrad::tree::arrays(a);
  const std::vector<Var> y = xgrad::tree::arrays(b);
  if (x.size() != y.size()) return false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i].dtype() != y[i].dtype() || !array_equal(x[i], y[i], true).template item<bool>()) return false;
  }
  return true;
}

/// The largest difference between the elements of two trees, whose arrays must have the same shapes; 0 if there are no
/// elements, and NaN if there is one.
template <class T>
double distance(const T& a, const T& b) {
  const std::vector<Var> x = xgrad::tree::arrays(a);
  const std::vector<Var> y = xgrad::tree::arrays(b);
  if (x.size() != y.size()) throw std::logic_error("distance: one tree has more arrays than the other one");
  Var largest = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i].shape() != y[i].shape()) {
      throw std::logic_error("distance: " + to_string(x[i].shape()) + " beside " + to_string(y[i].shape()));
    }
    if (x[i].size() > 0) largest = maximum(largest, amax(abs(cast<double>(x[i]) - cast<double>(y[i]))));
  }
  return largest.item<double>();
}
inline double distance(const Var& a, const Var& b) { return distance<Var>(a, b); }

/// The message of an E that f throws.
template <class E = xgrad::Error, class F>
std::string message_of(F f) {
  try {
    (void)f();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// How often a part occurs in a text.
inline std::size_t count_in(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
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
      if (!contains(message, part)) {
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
