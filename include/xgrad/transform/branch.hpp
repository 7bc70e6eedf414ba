// Branches of C++ code on values: branch.
#pragma once

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// The truth value of a condition, for `if` and `while` in C++, in a function that may be compiled.
///
///     auto step = xg::compile([](const xg::Var& x) {
///       if (xg::branch(norm(x) > 1.0)) return x / norm(x);
///       return x;
///     });
///
/// Outside of compile() it is computed. In a compiled function it is that of the call for which the function is
/// recorded; each later call computes it anew and goes on with what was recorded for it, or has the function record
/// the other way (see compile). In grad() and its kin it is that of the primal values, inside of compile() too: the
/// derivative is that of the way taken, as that of where() is, and 0 if that way does not depend on the argument.
///
/// \param condition  one truth value, concrete or recorded.
/// \throws TypeError   unless it is a truth value; compare it with something.
/// \throws ShapeError  unless it has exactly one element; of many amin(), amax() or sum() may be compared.
/// \throws TapeError   inside of functions given to vmap(), scan(), cond(), switch_() or while_loop(), whose values are
///                     many or not known: use where() or cond() there, or call branch() before.
[[nodiscard]] bool branch(const Var& condition);

}  // namespace xgrad

#pragma GCC visibility pop
