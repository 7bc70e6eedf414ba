// Systems of linear equations. See linear_solve() for those whose matrix is a function.
#pragma once

#include <optional>

#include <xgrad/linalg/options.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::linalg {

/// The solution X of A X = B.
///
///     [..., n, n] [n] -> [..., n]     [..., n, n] [..., n, m] -> [..., n, m]
///
/// A right-hand side with one axis is a vector, one with more a stack of matrices, as in NumPy 2. The matrix is
/// factorised once, for all derivatives, and once for solve(), inv(), det() and slogdet() of it that are computed
/// together.
///
/// \throws ShapeError   unless the matrices are square and fit the right-hand side; unless leading axes broadcast.
/// \throws MatrixError  when evaluated: if a pivot is 0; for NaN and infinities in A.
[[nodiscard]] Var solve(const Var& a, const Var& b, const Options& options = {});

/// The inverse: [..., n, n] -> [..., n, n]. To multiply by it, solve() takes less time and keeps more digits.
/// \throws ShapeError, MatrixError  as solve().
[[nodiscard]] Var inv(const Var& a, const Options& options = {});

struct TriangularOptions {
  bool lower = false;          ///< the triangle that is read; the other one may hold anything
  bool transposed = false;     ///< A^T X = B in place of A X = B
  bool unit_diagonal = false;  ///< the diagonal is not read, and taken for 1
  OnFailure on_failure = OnFailure::Throw;
};

/// The solution X of A X = B for a triangle A. Shapes as of solve(). NaN and infinities are computed with, as in a
/// product.
/// \throws ShapeError   as solve().
/// \throws MatrixError  when evaluated: if an element of the diagonal is 0.
[[nodiscard]] Var solve_triangular(const Var& a, const Var& b, const TriangularOptions& options = {});

/// The solution X of L L^T X = B, where L comes from cholesky(). Shapes as of solve().
/// \throws ShapeError, MatrixError  as solve_triangular().
[[nodiscard]] Var cho_solve(const Var& l, const Var& b, const Options& options = {});

/// The matrix whose diagonals are constant: [..., m] [..., n] -> [..., m, n].
/// \param column  its first column.
/// \param row     its first row, of which the first element is not read.
/// \throws ShapeError  for numbers; unless leading axes broadcast.
[[nodiscard]] Var toeplitz(const Var& column, const Var& row);
/// The symmetric one.
[[nodiscard]] Var toeplitz(const Var& column);
/// solve(toeplitz(column, row), b).
/// \throws ShapeError, MatrixError  as these do; unless column and row have the same length.
[[nodiscard]] Var solve_toeplitz(const Var& column, const Var& row, const Var& b, const Options& options = {});

struct RankOptions {
  /// Singular values up to this part of the largest one count as 0. None: max(m, n) times the rounding error of the
  /// element type.
  std::optional<double> relative = std::nullopt;
  OnFailure on_failure = OnFailure::Throw;
};

/// The pseudo-inverse of Moore and Penrose: [..., m, n] -> [..., n, m]. Derivatives (G. H. Golub, V. Pereyra 1973) are
/// those of changes that keep the rank; singular values may be equal.
/// \throws ShapeError   for less than two axes.
/// \throws MatrixError  when evaluated: for NaN and infinities.
[[nodiscard]] Var pinv(const Var& a, const RankOptions& options = {});

/// The shortest X of those for which |A X - B| is least, pinv(A) B.
///
///     [..., m, n] [m] -> [..., n]     [..., m, n] [..., m, k] -> [..., n, k]
///
/// \throws ShapeError, MatrixError  as pinv(); unless the extents fit.
[[nodiscard]] Var lstsq(const Var& a, const Var& b, const RankOptions& options = {});

/// How many singular values are not 0, int64: [..., m, n] -> [...].
/// \throws ShapeError, MatrixError  as pinv().
[[nodiscard]] Var matrix_rank(const Var& a, const RankOptions& options = {});

}  // namespace xgrad::linalg

#pragma GCC visibility pop
