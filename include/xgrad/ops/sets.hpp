// Arrays as sets. How many elements a result has depends on values, so that arrays must be concrete, not recorded: but
// not those of `isin`. Elements come in rising order; all NaN are one. No derivative goes through.
#pragma once

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Whether each element of x is one of the elements of a set, in the shape of x; NaN is none. Recorded and compiled,
/// too.
Var isin(const Var& x, const Var& set);

/// The elements of a or of b, [k].
/// \throws TapeError  for a recorded array; so do the others.
[[nodiscard]] Var union1d(const Var& a, const Var& b);
/// The elements of both.
[[nodiscard]] Var intersect1d(const Var& a, const Var& b);
/// The elements of a that are not in b; NaN is in none.
[[nodiscard]] Var setdiff1d(const Var& a, const Var& b);
/// The elements of one of both alone.
[[nodiscard]] Var setxor1d(const Var& a, const Var& b);

}  // namespace xgrad

#pragma GCC visibility pop
