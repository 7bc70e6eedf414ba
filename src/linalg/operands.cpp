#include "operands.hpp"

#include <string>

#include <xgrad/core/errors.hpp>

#include "ops/axes.hpp"

namespace xgrad::linalg {
namespace {

Var floating(const Var& x) { return is_floating(x.dtype()) ? x : cast(x, DType::Float64); }

Shape leading_extents(const Var& x) { return {x.shape().begin(), x.shape().end() - 2}; }

[[noreturn]] void refuse_pair(std::string_view operation, const Var& a, const Var& b, std::string_view requirement) {
  throw ShapeError(std::string(operation) + ": the shapes " + to_string(a.shape()) + " and " + to_string(b.shape()) +
                   " do not fit; " + std::string(requirement));
}

}  // namespace

Var matrices(std::string_view operation, const Var& x) {
  detail::require_usable(x, operation);
  if (x.dimension() < 2) {
    throw ShapeError(std::string(operation) + ": the shape " + to_string(x.shape()) +
                     " is not that of a matrix; at least two axes are needed");
  }
  return floating(x);
}

Var square_matrices(std::string_view operation, const Var& x) {
  Var result = matrices(operation, x);
  if (rows_of(x) != columns_of(x)) {
    throw ShapeError(std::string(operation) + ": the matrices of the shape " + to_string(x.shape()) +
                     " are not square; the last two extents must be equal");
  }
  return result;
}

Shape common_leading(std::string_view operation, const Var& a, const Var& b) {
  Shape of_a = leading_extents(a);
  Shape of_b = leading_extents(b);
  while (of_a.size() < of_b.size()) of_a.insert(0, 1);
  while (of_b.size() < of_a.size()) of_b.insert(0, 1);
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    if (of_a[i] != of_b[i] && of_a[i] != 1 && of_b[i] != 1) {
      refuse_pair(operation, a, b, "the axes before the last two must broadcast");
    }
    if (of_a[i] == 1) of_a[i] = of_b[i];
  }
  return of_a;
}

Var with_leading_extents(const Var& x, const Shape& extents) {
  Shape shape = extents;
  shape.push_back(rows_of(x));
  shape.push_back(columns_of(x));
  return shape == x.shape() ? x : broadcast_to(x, shape);
}

Var solved_by(std::string_view operation, const Var& a, const Var& b,
              detail::FunctionOf<Var, const Var&, const Var&> f) {
  detail::require_usable(a, operation);
  detail::require_usable(b, operation);
  detail::require_one_tape(operation, std::array{&a, &b});
  if (a.dimension() < 2 || b.dimension() == 0)
    refuse_pair(operation, a, b, "a matrix and a right-hand side are needed");
  const bool is_vector = b.dimension() == 1;
  if (rows_of(a) != (is_vector ? b.shape()[0] : rows_of(b))) {
    refuse_pair(operation, a, b, "the right-hand side must have as many rows as the matrix");
  }
  const std::array<const Var*, 2> both{&a, &b};
  const DType common = detail::common_dtype(both);
  const DType dtype = is_floating(common) ? common : DType::Float64;
  const Var matrix = cast(a, dtype);
  const Var right = cast(is_vector ? expand_dims(b, 1) : b, dtype);
  if (matrix.dimension() == 2 && right.dimension() > 2) {
    const Shape extents = leading_extents(right);
    const std::size_t count = size_of(extents);
    const Var stack = reshape(right, Strides(Shape{count, rows_of(right), columns_of(right)}));
    const Var x = f(matrix, detail::first_axis_as_columns(stack));
    Shape shape = extents;
    shape.push_back(rows_of(x));
    shape.push_back(columns_of(right));
    return reshape(detail::columns_as_first_axis(x, count, columns_of(right)), Strides(shape));
  }
  const Shape extents = common_leading(operation, matrix, right);
  const Var x = f(with_leading_extents(matrix, extents), with_leading_extents(right, extents));
  return is_vector ? squeeze(x, -1) : x;
}

}  // namespace xgrad::linalg
