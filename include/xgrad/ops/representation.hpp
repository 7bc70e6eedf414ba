// The parts that floating-point numbers have, and their neighbours. All values are exact; integers become double.
#pragma once

#include <cstdint>
#include <utility>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// The fraction, x - trunc(x), and the integer part, both with the sign of x; of an infinity 0 and itself. The
/// derivatives are 1 and 0, also at the jumps.
[[nodiscard]] std::pair<Var, Var> modf(const Var& x);

/// x as mantissa times 2^exponent: 1/2 <= |mantissa| < 1, and the exponent, int64. Of 0, infinities and NaN themselves
/// and 0. The mantissa has the derivative 2^-exponent.
///
///     auto [mantissa, exponent] = xg::frexp(x);
///
[[nodiscard]] std::pair<Var, Var> frexp(const Var& x);

/// x times 2^exponent, rounded once; derivative 2^exponent.
/// \throws TypeError  unless the exponents are integers.
Var ldexp(const Var& x, const Var& exponent);

/// The distance from x to the next number of its element type that is farther from 0, with the sign of x; of 0 the
/// smallest positive number, of the largest number infinity, of infinities NaN. The derivative is 0.
Var spacing(const Var& x);

/// The number next to x in the direction of `towards`; that itself if they are equal. The derivative is 1 with respect
/// to x and 0 to `towards`.
Var nextafter(const Var& x, const Var& towards);

}  // namespace xgrad

#pragma GCC visibility pop
