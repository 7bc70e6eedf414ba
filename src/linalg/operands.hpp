// Operands of linear algebra, checked.
//
// linalg: linear algebra of dense matrices. It includes transform, ops and what is below; LAPACK is inside of the back
// end, behind primitives.
#pragma once

#include <string_view>

#include <xgrad/core/function_of.hpp>
#include <xgrad/linalg/options.hpp>
#include <xgrad/var.hpp>

#include "ops/internal.hpp"
#include "ops/matrices.hpp"

namespace xgrad::linalg {

using detail::Without;

inline Without without_result(OnFailure on_failure) {
  return on_failure == OnFailure::NaN ? Without::NaN : Without::Error;
}
inline Without without_result(const Options& options) { return without_result(options.on_failure); }

/// A stack of matrices, in a floating-point type.
/// \throws ShapeError  for less than two axes.
Var matrices(std::string_view operation, const Var& x);
/// A stack of square ones.
/// \throws ShapeError  unless they are.
Var square_matrices(std::string_view operation, const Var& x);

/// The leading extents of two stacks of matrices.
/// \throws ShapeError  unless they broadcast.
Shape common_leading(std::string_view operation, const Var& a, const Var& b);
/// A stack of matrices repeated along leading axes.
Var with_leading_extents(const Var& x, const Shape& extents);

inline std::size_t rows_of(const Var& x) { return x.shape()[x.dimension() - 2]; }
inline std::size_t columns_of(const Var& x) { return x.shape()[x.dimension() - 1]; }

/// f(a, b) for stacks of matrices with the same leading extents and one element type, of a matrix and a right-hand side
/// with as many rows. A right-hand side with one axis is a vector. One matrix for many right-hand sides meets all of
/// their columns at once.
/// \throws ShapeError  unless they fit.
Var solved_by(std::string_view operation, const Var& a, const Var& b,
              detail::FunctionOf<Var, const Var&, const Var&> f);

}  // namespace xgrad::linalg
