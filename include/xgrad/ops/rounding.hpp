// Rounding to integers, division with rest, and the bits of integers.
#pragma once

#include <concepts>
#include <utility>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

// To integers, in the element type of x; integers remain. The derivative is 0 everywhere, also at the jumps.
Var floor(const Var& x);  ///< the largest integer that is not above x
Var ceil(const Var& x);   ///< the smallest integer that is not below x
Var round(const Var& x);  ///< the nearest integer; of two, the even one, as in NumPy
Var trunc(const Var& x);  ///< the integer part: towards 0
/// To so many digits behind the point, halves to even: round(x 10^decimals) / 10^decimals; before the point if there
/// are less than 0, then of integers, too. Larger numbers, whose product has no digits behind the point, remain.
Var round(const Var& x, int decimals);

// Division with rest, as in NumPy. Rests of floating-point numbers are exact (those of `remainder`
// rounded once where the signs differ); by 0 they are NaN. The quotient of the
// smallest int64 by -1 wraps around. Derivatives are those between the jumps: 1 to a and minus the quotient to b.
// \throws ValueError  where an integer is divided by 0, when it is computed.

/// a - b floor(a / b): the sign is that of b.
Var remainder(const Var& a, const Var& b);
/// a - b trunc(a / b): the sign is that of a.
Var fmod(const Var& a, const Var& b);
/// floor(a / b), of the exact quotient; the derivative is 0.
Var floor_divide(const Var& a, const Var& b);
/// floor_divide(a, b) and remainder(a, b).
[[nodiscard]] std::pair<Var, Var> divmod(const Var& a, const Var& b);
/// remainder(a, b), as in Python. (That of C++ has the sign of a: `fmod`.)
Var operator%(const Var& a, const Var& b);

// Bits of integers; of booleans these are truth values. They have no derivative.
// \throws TypeError  for floating-point numbers.

Var operator&(const Var& a, const Var& b);
Var operator|(const Var& a, const Var& b);
Var operator^(const Var& a, const Var& b);
Var operator~(const Var& x);  ///< -1 - x; of booleans, not x
/// How many bits of |x| are 1, int64; of booleans 0 or 1.
Var bitwise_count(const Var& x);
/// a times 2^count, of which the lowest 64 bits remain: 0 for counts that are negative or above 63. Booleans count as
/// int64.
Var operator<<(const Var& a, const Var& count);
/// floor(a / 2^count): 0 or -1 for counts that are negative or above 63. Booleans count as int64.
Var operator>>(const Var& a, const Var& count);

inline Var& operator%=(Var& a, const Var& b) { return a = a % b; }
inline Var& operator&=(Var& a, const Var& b) { return a = a & b; }
inline Var& operator|=(Var& a, const Var& b) { return a = a | b; }
inline Var& operator^=(Var& a, const Var& b) { return a = a ^ b; }
inline Var& operator<<=(Var& a, const Var& count) { return a = a << count; }
inline Var& operator>>=(Var& a, const Var& count) { return a = a >> count; }

#define XGRAD_DETAIL_TEMPORARY(op)                                                                                 \
  template <std::same_as<Var> V>                                                                                   \
  void operator op(V&&, const Var&) {                                                                              \
    static_assert(detail::mistaken<V>, "this Var is a temporary, and " #op                                         \
                                       " changes nothing: arrays do not change, so make another one with where() " \
                                       "or concatenate()");                                                        \
  }
XGRAD_DETAIL_TEMPORARY(%=)
XGRAD_DETAIL_TEMPORARY(&=)
XGRAD_DETAIL_TEMPORARY(|=)
XGRAD_DETAIL_TEMPORARY(^=)
XGRAD_DETAIL_TEMPORARY(<<=)
XGRAD_DETAIL_TEMPORARY(>>=)
#undef XGRAD_DETAIL_TEMPORARY

}  // namespace xgrad

#pragma GCC visibility pop
