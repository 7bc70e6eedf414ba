// Parts of a sum less one: of numbers that are not negative, mostly powers e^(x - max), of which one is 1. The sign bit
// of a part says whether one has been taken off already. So parts combine in any order, and the 1 of the largest, when
// its part takes it off, costs the others no digit.
#pragma once

#include <cstdint>

namespace xgrad::backend::cpu::kernels::but_one {

// These are compiled for several instruction sets: always inline, lest one serves another.

/// \param total   the sum of some numbers
/// \param others  gives the sum of those of them that are not 1
template <class F>
[[gnu::always_inline]] inline double part_of(double total, F others) {
  if (total < 1) return __builtin_fabs(total);
  if (total < 2) {
    const double rest = others();
    if (rest < 1) return -rest;
  }
  return -(total - 1);
}

[[gnu::always_inline]] inline double combine(double a, double b) {
  constexpr unsigned sign = 63;
  const auto in_a = __builtin_bit_cast(std::uint64_t, a) >> sign;
  const auto in_b = __builtin_bit_cast(std::uint64_t, b) >> sign;
  const double sum = __builtin_fabs(a) + __builtin_fabs(b) + static_cast<double>(in_a & in_b);
  return __builtin_bit_cast(double, __builtin_bit_cast(std::uint64_t, sum) | (in_a | in_b) << sign);
}

/// The sum less one, of all parts.
[[gnu::always_inline]] inline double complete(double total) { return __builtin_signbit(total) ? -total : total - 1; }

}  // namespace xgrad::backend::cpu::kernels::but_one
