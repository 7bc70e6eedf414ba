#include "matrices.hpp"

#include <array>
#include <numeric>
#include <string>
#include <vector>

#include <xgrad/ops/create.hpp>

#include "axes.hpp"
#include "internal.hpp"

namespace xgrad::detail {

using namespace primitives;

namespace {

constexpr std::int64_t flag(bool yes) { return yes ? 1 : 0; }
constexpr std::int64_t flag(Without without) { return static_cast<std::int64_t>(without); }

/// A shape with other last extents.
Shape with_last(const Shape& shape, std::size_t drop, std::initializer_list<std::size_t> extents) {
  Shape result(shape.begin(), shape.end() - static_cast<std::ptrdiff_t>(drop));
  for (const std::size_t extent : extents) result.push_back(extent);
  return result;
}

std::size_t rows_of(const Var& x) { return x.shape()[x.dimension() - 2]; }
std::size_t columns_of(const Var& x) { return x.shape()[x.dimension() - 1]; }

template <class T>
Var counted(std::size_t n) {
  auto array = Array<T>::from_shape({n});
  std::iota(array.begin(), array.end(), T(0));
  return {std::move(array)};
}

}  // namespace

// ---- parts of matrices

Var positions(std::size_t n, DType dtype) { return dtype == DType::Float32 ? counted<float>(n) : counted<double>(n); }

Var diagonal_matrices(const Var& x) {
  const std::size_t n = x.shape().back();
  const Var numbers = positions(n, x.dtype());
  return where(equal(expand_dims(numbers, 1), numbers), expand_dims(x, -1), 0.0);
}

Var symmetric_part(const Var& x) { return 0.5 * (x + matrix_transpose(x)); }

Var as_matrices(const Var& x) { return reshape(x, Strides(with_last(x.shape(), 0, {1, 1}))); }

Var rows_in_order(const Var& x, const Var& order) {
  const auto axis = static_cast<std::ptrdiff_t>(x.dimension()) - 2;
  return take_along_axis(x, broadcast_to(expand_dims(order, -1), x.shape()), axis);
}

Var rows_from_order(const Var& x, const Var& order) {
  const auto axis = static_cast<std::ptrdiff_t>(x.dimension()) - 2;
  return scatter_add_along_axis(x, broadcast_to(expand_dims(order, -1), x.shape()), rows_of(x), axis);
}

// ---- factorisations

namespace {

template <class P>
Var of_square(const Var& a, Without without) {
  const std::array attributes{flag(without)};
  return record<P>(a.dtype(), a.shape(), {&a}, attributes);
}

template <class P>
Var of_factor(const Var& l, const Var& x, Without without) {
  const std::array attributes{flag(without)};
  return record<P>(l.dtype(), l.shape(), {&l, &x}, attributes);
}

template <class P>
std::vector<Var> factors_of(const Var& a, std::span<const ir::ArrayType> outputs, Without without) {
  const std::array attributes{flag(without)};
  return record_several(opcode<P>, outputs, std::array{&a}, attributes);
}

}  // namespace

Var cholesky(const Var& a, Without without) { return of_square<Cholesky>(a, without); }
Var cholesky_tangent(const Var& l, const Var& s, Without without) { return of_factor<CholeskyTangent>(l, s, without); }
Var cholesky_cotangent(const Var& l, const Var& c, Without without) {
  return of_factor<CholeskyCotangent>(l, c, without);
}

Var triangular_solve(const Var& a, const Var& b, const Triangular& how) {
  const std::array attributes{flag(how.without), flag(how.lower), flag(how.transposed), flag(how.unit)};
  return record<TriangularSolve>(b.dtype(), b.shape(), {&a, &b}, attributes);
}

LuFactors lu_factors(const Var& a, Without without) {
  const std::size_t rank = std::min(rows_of(a), columns_of(a));
  const std::array outputs{ir::ArrayType{a.dtype(), a.shape()},
                           ir::ArrayType{DType::Int64, with_last(a.shape(), 2, {rank})},
                           ir::ArrayType{DType::Int64, with_last(a.shape(), 1, {})}};
  std::vector<Var> all = factors_of<Lu>(a, outputs, without);
  return {std::move(all[0]), std::move(all[1]), std::move(all[2])};
}

Var lu_solve(const Var& a, const LuFactors& factors, const Var& b, bool transposed, Without without) {
  const std::array attributes{flag(without), flag(transposed)};
  return record<LuSolve>(b.dtype(), b.shape(), {&a, &factors.packed, &factors.order, &b}, attributes);
}

Var log_abs_det(const Var& a, const LuFactors& factors, Without without) {
  const std::array attributes{flag(without)};
  return record<LogAbsDet>(a.dtype(), with_last(a.shape(), 2, {}), {&a, &factors.packed, &factors.order}, attributes);
}

Var det(const Var& a, const LuFactors& factors, Without without) {
  const std::array attributes{flag(without)};
  return record<Det>(a.dtype(), with_last(a.shape(), 2, {}), {&a, &factors.packed, &factors.pivots}, attributes);
}

Var cofactor(const Var& a, Without without) { return of_square<Cofactor>(a, without); }

Var inverse_transposed(const Var& a, const LuFactors& factors, Without without) {
  const Var unit = broadcast_to(eye(rows_of(a), {}, 0, a.dtype()), a.shape());
  return lu_solve(a, factors, unit, true, without);
}

QrFactors qr(const Var& a, Without without) {
  const std::size_t rank = std::min(rows_of(a), columns_of(a));
  const std::array outputs{ir::ArrayType{a.dtype(), with_last(a.shape(), 1, {rank})},
                           ir::ArrayType{a.dtype(), with_last(a.shape(), 2, {rank, columns_of(a)})}};
  std::vector<Var> all = factors_of<Qr>(a, outputs, without);
  return {std::move(all[0]), std::move(all[1])};
}

SvdFactors svd(const Var& a, Without without) {
  const std::size_t rank = std::min(rows_of(a), columns_of(a));
  const std::array outputs{ir::ArrayType{a.dtype(), with_last(a.shape(), 1, {rank})},
                           ir::ArrayType{a.dtype(), with_last(a.shape(), 2, {rank})},
                           ir::ArrayType{a.dtype(), with_last(a.shape(), 2, {rank, columns_of(a)})}};
  std::vector<Var> all = factors_of<Svd>(a, outputs, without);
  return {std::move(all[0]), std::move(all[1]), std::move(all[2])};
}

EighFactors eigh(const Var& a, Without without) {
  const std::array outputs{ir::ArrayType{a.dtype(), with_last(a.shape(), 1, {})}, ir::ArrayType{a.dtype(), a.shape()}};
  std::vector<Var> all = factors_of<Eigh>(a, outputs, without);
  return {std::move(all[0]), std::move(all[1])};
}

Var symmetric_function(OfEigenvalues which, const Var& a, const EighFactors& factors, std::span<const Var> directions,
                       Without without) {
  const std::array attributes{flag(without), static_cast<std::int64_t>(which)};
  std::vector<const Var*> inputs{&a, &factors.w, &factors.v};
  for (const Var& direction : directions) inputs.push_back(&direction);
  return record(opcode<SymmetricFunction>, a.dtype(), a.shape(), inputs, attributes);
}

Var matrix_exp(const Var& a, std::span<const Var> directions, Without without) {
  const std::array attributes{flag(without)};
  std::vector<const Var*> inputs{&a};
  for (const Var& direction : directions) inputs.push_back(&direction);
  return record(opcode<MatrixExp>, a.dtype(), a.shape(), inputs, attributes);
}

// ---- one matrix for many right-hand sides

Var first_axis_as_columns(const Var& x) {
  const std::size_t rank = x.dimension();
  Shape order;
  for (std::size_t i = 1; i + 1 < rank; ++i) order.push_back(i);
  order.push_back(0);
  order.push_back(rank - 1);
  const Var moved = transpose(x, Axes(order));
  return reshape(moved, Strides(with_last(moved.shape(), 2, {x.shape()[0] * columns_of(x)})));
}

Var columns_as_first_axis(const Var& x, std::size_t extent, std::size_t columns) {
  const std::size_t rank = x.dimension() + 1;
  const Var split = reshape(x, Strides(with_last(x.shape(), 1, {extent, columns})));
  Shape order{rank - 2};
  for (std::size_t i = 0; i + 2 < rank; ++i) order.push_back(i);
  order.push_back(rank - 1);
  return transpose(split, Axes(order));
}

}  // namespace xgrad::detail
