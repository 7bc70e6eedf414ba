// Factorisations of stacks of matrices as operations: what the functions of linalg, and rules of derivatives, are
// written with. Operands have one floating-point element type and the same leading extents.
#pragma once

#include <cstdint>
#include <span>

#include <xgrad/var.hpp>

#include "primitives/matrices.hpp"

namespace xgrad::detail {

/// What becomes of a matrix without a result.
enum class Without : std::int64_t { Error, NaN };

/// What the primitive of a node was told to do.
template <class Context>
Without without_result(const Context& context) {
  return static_cast<Without>(context.attributes()[0]);
}

// ---- parts of matrices

/// Matrices with these diagonals.
Var diagonal_matrices(const Var& x);
/// (x + x^T) / 2.
Var symmetric_part(const Var& x);
/// A number for each matrix, as a stack of matrices of one element.
Var as_matrices(const Var& x);
/// 0, 1, ..., n - 1 in a floating-point type.
Var positions(std::size_t n, DType dtype);
/// The rows of matrices in another order, one for each matrix.
Var rows_in_order(const Var& x, const Var& order);
/// The same rows where they came from.
Var rows_from_order(const Var& x, const Var& order);

// ---- factorisations; see the primitives

Var cholesky(const Var& a, Without without);
Var cholesky_tangent(const Var& l, const Var& s, Without without);
Var cholesky_cotangent(const Var& l, const Var& c, Without without);

struct Triangular {
  bool lower = true;
  bool transposed = false;
  bool unit = false;
  Without without = Without::Error;
};
Var triangular_solve(const Var& a, const Var& b, const Triangular& how);

struct LuFactors {
  Var packed;
  Var pivots;
  Var order;
};
LuFactors lu_factors(const Var& a, Without without);
/// op(a)^-1 b.
/// \param factors  of a, without derivatives.
Var lu_solve(const Var& a, const LuFactors& factors, const Var& b, bool transposed, Without without);
/// \param order  with these; see LuSolve.
Var log_abs_det(const Var& a, const LuFactors& factors, Without without);
Var det(const Var& a, const LuFactors& factors, Without without);
Var cofactor(const Var& a, Without without);
/// The inverses of the transposes.
Var inverse_transposed(const Var& a, const LuFactors& factors, Without without);

struct QrFactors {
  Var q;
  Var r;
};
QrFactors qr(const Var& a, Without without);

struct SvdFactors {
  Var u;
  Var s;
  Var vt;
};
SvdFactors svd(const Var& a, Without without);

struct EighFactors {
  Var w;
  Var v;
};
EighFactors eigh(const Var& a, Without without);

using primitives::OfEigenvalues;
/// \param factors     of a, without derivatives.
/// \param directions  of a derivative; none: the function itself.
Var symmetric_function(OfEigenvalues which, const Var& a, const EighFactors& factors, std::span<const Var> directions,
                       Without without);

/// \param directions  of a derivative; none: the function itself.
Var matrix_exp(const Var& a, std::span<const Var> directions, Without without);

// ---- one matrix for many right-hand sides

/// The first axis of [k, ..., n, m] put among the columns: [..., n, k m].
Var first_axis_as_columns(const Var& x);
/// The way back.
Var columns_as_first_axis(const Var& x, std::size_t extent, std::size_t columns);

}  // namespace xgrad::detail
