// Polynomials that fit data, and equations of which the unknown is an array of several axes.
#pragma once

#include <cstddef>

#include <xgrad/linalg/solve.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::linalg {

/// The coefficients, those of the highest powers first, of the polynomial that is nearest to y at the places x: with
/// the least sum of weights^2 (p(x) - y)^2. Powers are scaled to columns of length 1 before they are factorised;
/// singular values below n times the rounding error of the largest one count as 0.
///
///     [n] [n] -> [degree + 1]     [n] [n, k] -> [degree + 1, k]
///
/// \throws ShapeError   unless x is [n], n not 0, and y has as many rows.
/// \throws MatrixError  when evaluated: for NaN and infinities.
[[nodiscard]] Var polyfit(const Var& x, const Var& y, std::size_t degree);
/// \param weights  [n].
[[nodiscard]] Var polyfit(const Var& x, const Var& y, std::size_t degree, const Var& weights);

/// The X with tensordot(A, X, X.dimension()) = B. The axes of A are those of B and then those of X, as many elements in
/// both.
/// \throws ShapeError   unless A begins with the shape of B, and is square as a matrix.
/// \throws MatrixError  as solve().
[[nodiscard]] Var tensorsolve(const Var& a, const Var& b, const Options& options = {});

/// The array with tensordot(inverse, A, axes) = identity, if the first `axes` axes of A count rows, and the others
/// columns.
/// \throws ShapeError   unless A is square as such a matrix.
/// \throws ValueError   unless there is an axis of rows.
/// \throws MatrixError  as inv().
[[nodiscard]] Var tensorinv(const Var& a, std::size_t axes = 2, const Options& options = {});

}  // namespace xgrad::linalg

#pragma GCC visibility pop
