// What integers have in common, element by element: loops of while_loop().
#pragma once

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// The greatest common divisor, not negative; of 0 and n it is |n|.
/// \throws TypeError   unless both are integers.
/// \throws ShapeError  unless they broadcast.
[[nodiscard]] Var gcd(const Var& a, const Var& b);
/// The least common multiple, not negative; 0 if either is 0. It wraps around on overflow.
/// \throws TypeError, ShapeError  as gcd.
[[nodiscard]] Var lcm(const Var& a, const Var& b);

}  // namespace xgrad

#pragma GCC visibility pop
