// Diagonals and triangles of matrices. A diagonal is named by column - row: 0 is the main one, those above are
// positive.
#pragma once

#include <cstddef>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Of a vector the matrix that has it as a diagonal, and is 0 elsewhere; of a matrix that diagonal.
/// \throws ShapeError  for other ranks.
Var diag(const Var& x, std::ptrdiff_t diagonal = 0);
/// The matrix that has all elements as a diagonal, and is 0 elsewhere.
Var diagflat(const Var& x, std::ptrdiff_t diagonal = 0);
/// The diagonals of the matrices along two axes, as a new last axis in their place: x[..., i, i + diagonal, ...].
/// Nothing is copied.
/// \throws ShapeError  unless these are two different axes of x.
Var diagonal(const Var& x, std::ptrdiff_t diagonal = 0, std::ptrdiff_t row_axis = 0, std::ptrdiff_t column_axis = 1);
/// The sums of these diagonals.
/// \throws ShapeError  unless these are two different axes of x.
Var trace(const Var& x, std::ptrdiff_t diagonal = 0, std::ptrdiff_t row_axis = 0, std::ptrdiff_t column_axis = 1);

/// A matrix with values on its main diagonal: numbers, or one for each element of it. Of more axes, which must be
/// as long, the elements x[i, i, ..., i]. Element types promote.
/// \throws ShapeError  for fewer than two axes, more than two that differ, or values that do not broadcast.
Var fill_diagonal(const Var& x, const Var& values);

/// The last two axes on and below a diagonal, 0 above.
/// \throws ShapeError  for fewer than two axes.
Var tril(const Var& x, std::ptrdiff_t diagonal = 0);
/// The last two axes on and above a diagonal, 0 below.
/// \throws ShapeError  for fewer than two axes.
Var triu(const Var& x, std::ptrdiff_t diagonal = 0);

}  // namespace xgrad

#pragma GCC visibility pop
