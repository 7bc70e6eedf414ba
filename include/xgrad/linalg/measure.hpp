// Numbers that belong to matrices: determinants, norms, condition.
#pragma once

#include <cstddef>
#include <cstdint>

#include <xgrad/core/shape.hpp>
#include <xgrad/linalg/options.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::linalg {

/// The determinant: [..., n, n] -> [...]. Its first derivatives, the cofactors, are right for singular matrices, too;
/// those of higher order are a MatrixError there.
/// \throws ShapeError   unless the matrices are square.
/// \throws MatrixError  when evaluated: for NaN and infinities.
[[nodiscard]] Var det(const Var& a, const Options& options = {});

struct SlogDet {
  Var sign;       ///< -1, 0 or 1, without derivative
  Var logabsdet;  ///< ln |det A|, -infinity where that is 0
};

/// Sign and logarithm of the determinant, which cannot overflow: [..., n, n] -> [...].
/// \throws ShapeError   unless the matrices are square.
/// \throws MatrixError  when evaluated: for NaN and infinities; for derivatives of singular matrices.
[[nodiscard]] SlogDet slogdet(const Var& a, const Options& options = {});

/// The norms that NumPy has for matrices. Those of vectors: see norm().
enum class MatrixNorm : std::uint8_t {
  Frobenius,  ///< the root of the sum of squares
  Nuclear,    ///< the sum of singular values
  One,        ///< the largest sum of sizes in a column
  MinusOne,   ///< the least such sum
  Two,        ///< the largest singular value
  MinusTwo,   ///< the least one
  Inf,        ///< the largest sum of sizes in a row
  MinusInf,   ///< the least such sum
};

/// [..., m, n] -> [...].
/// \throws ShapeError   for less than two axes.
/// \throws ValueError   if there are no elements, unless it is a sum over all of them.
/// \throws MatrixError  when evaluated: for NaN and infinities, if singular values are asked for.
[[nodiscard]] Var matrix_norm(const Var& a, MatrixNorm which = MatrixNorm::Frobenius, KeepDims keep = KeepDims::no);

/// How much worse than a right-hand side a solution may be known: a norm of A times that of its inverse, or of its
/// pseudo-inverse: for Two and MinusTwo A need not be square. [..., m, n] -> [...]; infinite for singular matrices.
/// \throws ShapeError   for less than two axes; unless the matrices are square.
/// \throws ValueError   for matrices without elements.
/// \throws MatrixError  when evaluated: for NaN and infinities.
[[nodiscard]] Var cond(const Var& a, MatrixNorm which = MatrixNorm::Two, const Options& options = {});

}  // namespace xgrad::linalg

#pragma GCC visibility pop
