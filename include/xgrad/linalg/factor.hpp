// Factors of matrices: Cholesky, LU, QR, singular values, eigenvalues of symmetric matrices.
#pragma once

#include <xgrad/linalg/options.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::linalg {

/// The lower triangle L with a positive diagonal of A = L L^T, for A symmetric and positive definite.
///
///     [..., n, n] -> [..., n, n]
///
/// Of A only the lower triangle is read, as by NumPy. Derivatives are those for a symmetric matrix: a gradient is
/// symmetric. Rules: I. Murray, "Differentiation of the Cholesky decomposition", 2016; M. Seeger et al. 2017.
///
/// \throws ShapeError   unless the matrices are square.
/// \throws MatrixError  when evaluated: for a pivot that is not positive, and for NaN and infinities.
[[nodiscard]] Var cholesky(const Var& a, const Options& options = {});

/// What lu() gives: the rows of A in the order `permutation` are those of L U.
struct LU {
  Var l;            ///< [..., m, k], 1 on the diagonal and 0 above it
  Var u;            ///< [..., k, n], 0 below the diagonal
  Var permutation;  ///< [..., m], int64
  Var pivots;       ///< [..., k], int64: the row that step i exchanged with row i, counted from 0
};

/// LU factors with partial pivoting of A, [..., m, n]; k = min(m, n).
///
///     const auto [l, u, permutation, pivots] = xg::linalg::lu(a);  // take(a, permutation, 0) is matmul(l, u)
///
/// Singular matrices have factors, too; their derivatives are a MatrixError where one of the pivots is 0.
///
/// \throws ShapeError   for less than two axes.
/// \throws MatrixError  when evaluated: for NaN and infinities.
[[nodiscard]] LU lu(const Var& a, const Options& options = {});

struct QR {
  Var q;  ///< [..., m, k], orthonormal columns
  Var r;  ///< [..., k, n], 0 below the diagonal
};

/// A = Q R of A, [..., m, n], reduced: k = min(m, n). The diagonal of R may have any signs, as LAPACK gives them.
/// Derivatives need the first k columns to be linearly independent (MatrixError).
///
/// \throws ShapeError   for less than two axes.
/// \throws MatrixError  when evaluated: for NaN and infinities.
[[nodiscard]] QR qr(const Var& a, const Options& options = {});

struct SVD {
  Var u;   ///< [..., m, k], orthonormal columns
  Var s;   ///< [..., k], falling, not negative
  Var vt;  ///< [..., k, n], orthonormal rows
};

/// A = U diag(s) V^T of A, [..., m, n], reduced: k = min(m, n).
///
/// Derivatives of s alone are right for any matrix whose singular values are not 0. Singular vectors have derivatives
/// where singular values differ. Where they are equal within rounding, nothing is said of the choice among them: a
/// function that does not depend on that choice, such as the projection on all vectors of equal singular values, has
/// the right first derivative; u or vt by themselves have none, and what comes out is that of a choice that does not
/// turn. Nor have vectors of the singular value 0. Functions of the whole matrix: see pinv().
///
/// \throws ShapeError   for less than two axes.
/// \throws MatrixError  when evaluated: for NaN and infinities.
[[nodiscard]] SVD svd(const Var& a, const Options& options = {});

/// The singular values, falling: [..., m, n] -> [..., min(m, n)].
[[nodiscard]] Var svdvals(const Var& a, const Options& options = {});

struct Eigh {
  Var w;  ///< [..., n], rising
  Var v;  ///< [..., n, n], orthonormal columns
};

/// A = V diag(w) V^T of A, [..., n, n], symmetric. Of A only the lower triangle is read, as by NumPy. Derivatives are
/// those for a symmetric matrix: a gradient is symmetric.
///
/// First derivatives of w alone are right for any spectrum, as far as they exist: those of functions that treat equal
/// eigenvalues equally. Eigenvectors have derivatives where eigenvalues differ. Where they are equal within rounding, a
/// function that does not depend on the choice of vectors, such as the projection on the space of equal eigenvalues,
/// has the right first derivative; v by itself has none, and what comes out is that of a choice that does not turn.
/// V diag(f(w)) V^T is differentiated so only where eigenvalues differ: sqrtm(), logm() and expm() are right for all.
///
/// \throws ShapeError   unless the matrices are square.
/// \throws MatrixError  when evaluated: for NaN and infinities.
[[nodiscard]] Eigh eigh(const Var& a, const Options& options = {});

/// The eigenvalues of symmetric matrices, rising: [..., n, n] -> [..., n].
[[nodiscard]] Var eigvalsh(const Var& a, const Options& options = {});

}  // namespace xgrad::linalg

#pragma GCC visibility pop
