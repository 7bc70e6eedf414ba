// Products of vectors and matrices.
#pragma once

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Matrix product as NumPy's matmul: vectors, matrices, and stacks of matrices whose leading axes broadcast.
///
///     [k] [k] -> []     [m, k] [k] -> [m]     [k] [k, n] -> [n]     [..., m, k] [..., k, n] -> [..., m, n]
///
/// \throws ShapeError  for scalars, and unless the inner extents agree.
Var matmul(const Var& a, const Var& b);

/// NumPy's dot: sum over the last axis of a and the last but one (or only) axis of b; scalars multiply.
/// \throws ShapeError  unless these extents agree.
Var dot(const Var& a, const Var& b);

/// result[i, j] = a[i] b[j], of the flattened arguments.
Var outer(const Var& a, const Var& b);

}  // namespace xgrad

#pragma GCC visibility pop
