// How far floating-point results are from what they should be, and the numbers at which functions go wrong.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

namespace float_errors {

template <class T>
using Bits = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();

/// |got - exact| in units of the last digit that a T of a given size has: that of `exact`, if nothing else is said. Of
/// 0 the sign must be right, too.
template <class T, class W>
double error_in_ulp(T got, W exact, W size) {
  using Limits = std::numeric_limits<T>;
  if (std::isnan(got) || std::isnan(exact)) return std::isnan(got) && std::isnan(exact) ? 0.0 : infinity<double>;
  // An infinity counts as the number that would come after the largest.
  const W end = std::ldexp(W(1), Limits::max_exponent);
  const W value = std::isinf(got) ? std::copysign(end, W(got)) : W(got);
  if (std::abs(exact) > end) exact = std::copysign(end, exact);
  if (exact == 0) return value == 0 && std::signbit(got) == std::signbit(exact) ? 0.0 : infinity<double>;
  const int exponent = std::min(std::max(std::ilogb(size), Limits::min_exponent - 1), Limits::max_exponent - 1);
  return static_cast<double>(std::abs(value - exact) / std::ldexp(W(1), exponent - Limits::digits + 1));
}
template <class T, class W>
double error_in_ulp(T got, W exact) {
  return error_in_ulp(got, exact, exact);
}

template <class T>
std::vector<T> special_values() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> values = {T(0),
                           T(0.5),
                           T(1),
                           std::nextafter(T(1), T(0)),
                           std::nextafter(T(1), T(2)),
                           T(2),
                           T(3),
                           T(2.5),
                           T(1e5),
                           T(1e30),
                           Limits::denorm_min(),
                           Limits::min(),
                           Limits::min() / 3,
                           Limits::max(),
                           Limits::epsilon(),
                           infinity<T>,
                           std::ldexp(T(1), Limits::digits - 1) + 1,
                           std::ldexp(T(1), Limits::digits) + 2};
  const std::size_t count = values.size();
  for (std::size_t i = 0; i < count; ++i) values.push_back(-values[i]);
  values.push_back(Limits::quiet_NaN());
  return values;
}

/// The same bits, or both NaN: which of two NaNs comes out of a sum is the compiler's choice.
template <class T>
bool same_bits(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::bit_cast<Bits<T>>(a) == std::bit_cast<Bits<T>>(b) || (std::isnan(a) && std::isnan(b));
  } else {
    return a == b;
  }
}

}  // namespace float_errors
