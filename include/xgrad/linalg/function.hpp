// Functions of whole matrices, and matrices made of others.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include <xgrad/linalg/options.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::linalg {

/// A A ... A, by squaring; the inverse of that for a negative power, the unit matrix for 0: [..., n, n] -> [..., n, n].
/// \throws ShapeError   unless the matrices are square.
/// \throws MatrixError  for a negative power, as inv().
[[nodiscard]] Var matrix_power(const Var& a, std::int64_t power, const Options& options = {});

/// e^A: [..., n, n] -> [..., n, n]. Approximations of Pade, scaled and squared (N. J. Higham 2005); derivatives of
/// every order along with them (A. H. Al-Mohy, N. J. Higham 2009).
/// \throws ShapeError   unless the matrices are square.
/// \throws MatrixError  when evaluated: for NaN and infinities.
[[nodiscard]] Var expm(const Var& a, const Options& options = {});

/// The symmetric L with e^L = A of a symmetric, positive definite A. Of A only the lower triangle is read. Derivatives
/// are those for a symmetric matrix, by divided differences (Y. L. Daleckii, S. G. Krein 1965), and right to every
/// order for equal eigenvalues, too.
/// \throws ShapeError   unless the matrices are square.
/// \throws MatrixError  when evaluated: for an eigenvalue that is not positive; for NaN and infinities.
[[nodiscard]] Var logm(const Var& a, const Options& options = {});

/// The symmetric, positive semi-definite S with S S = A, of A like that. All else as of logm(). Where A is singular,
/// derivatives are infinite or NaN.
/// \throws ShapeError   unless the matrices are square.
/// \throws MatrixError  when evaluated: for a negative eigenvalue, beyond rounding; for NaN and infinities.
[[nodiscard]] Var sqrtm(const Var& a, const Options& options = {});

/// The product of several matrices in the order that takes the least multiplications; the first and the last may be
/// vectors, as in NumPy.
/// \throws ShapeError  unless all but the first and the last have two axes; unless extents agree.
/// \throws ValueError  for less than two of them.
[[nodiscard]] Var multi_dot(std::span<const Var> matrices);
[[nodiscard]] Var multi_dot(std::initializer_list<Var> matrices);

/// Matrices along the diagonal of one with zeros elsewhere. Leading axes broadcast; element types promote.
/// \throws ShapeError  for less than two axes; unless leading axes broadcast.
/// \throws ValueError  for none of them.
[[nodiscard]] Var block_diag(std::span<const Var> matrices);
[[nodiscard]] Var block_diag(std::initializer_list<Var> matrices);

}  // namespace xgrad::linalg

#pragma GCC visibility pop
