#include <xgrad/ops/linalg.hpp>

#include <string>

#include <xgrad/core/errors.hpp>

#include "axes.hpp"
#include "internal.hpp"

namespace xgrad {
namespace {

using namespace primitives;

[[noreturn]] void refuse(std::string_view operation, const Var& a, const Var& b, std::string_view requirement) {
  throw ShapeError(std::string(operation) + ": the shapes " + to_string(a.shape()) + " and " + to_string(b.shape()) +
                   " do not multiply; " + std::string(requirement));
}

void require_both(std::string_view operation, const Var& a, const Var& b) {
  detail::require_usable(a, operation);
  detail::require_usable(b, operation);
  detail::require_one_tape(operation, std::array{&a, &b});
}

/// Stacks of matrices with equal leading extents.
Var multiply_stacks(const Var& a, const Var& b) {
  Shape shape = a.shape();
  shape.back() = b.shape().back();
  return detail::record<Matmul>(a.dtype(), shape, {&a, &b});
}

struct Pair {
  Var a, b;
};

/// The same element type for both; booleans multiply as integers.
Pair promoted(const Var& a, const Var& b) {
  const std::array<const Var*, 2> both{&a, &b};
  DType dtype = detail::common_dtype(both);
  if (dtype == DType::Bool) dtype = DType::Int64;
  return {cast(a, dtype), cast(b, dtype)};
}

Shape leading(const Shape& shape) { return {shape.begin(), shape.end() - 2}; }

Var with_leading(const Var& x, const Shape& leading_extents) {
  Shape shape = leading_extents;
  shape.push_back(x.shape()[x.dimension() - 2]);
  shape.push_back(x.shape()[x.dimension() - 1]);
  return broadcast_to(x, shape);
}

Shape broadcast_leading(const Var& a, const Var& b) {
  const Shape of_a = leading(a.shape());
  const Shape of_b = leading(b.shape());
  const std::size_t rank = std::max(of_a.size(), of_b.size());
  Shape result(rank, 1);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t extent_a = i < rank - of_a.size() ? 1 : of_a[i - (rank - of_a.size())];
    const std::size_t extent_b = i < rank - of_b.size() ? 1 : of_b[i - (rank - of_b.size())];
    if (extent_a != extent_b && extent_a != 1 && extent_b != 1)
      refuse("matmul", a, b, "the leading axes must broadcast");
    result[i] = extent_a == 1 ? extent_b : extent_a;
  }
  return result;
}

}  // namespace

Var matmul(const Var& left, const Var& right) {
  require_both("matmul", left, right);
  if (left.dimension() == 0 || right.dimension() == 0) {
    refuse("matmul", left, right, "both need at least one axis (use * for scalars)");
  }
  auto [a, b] = promoted(left, right);
  const bool row = a.dimension() == 1;
  const bool column = b.dimension() == 1;
  if (row) a = expand_dims(a, 0);
  if (column) b = expand_dims(b, 1);
  if (a.shape(-1) != b.shape(-2)) {
    refuse("matmul", left, right,
           "the last extent of the first must be the last but one (or only) extent of the second");
  }
  Var result;
  if (b.dimension() == 2 && a.dimension() > 2) {  // one matrix for the whole stack: one large product
    Shape shape = a.shape();
    shape.back() = b.shape().back();
    if (size_of(shape) == 0 || a.size() == 0) {
      result = multiply_stacks(a, with_leading(b, leading(a.shape())));
    } else {
      const Strides rows{-1, static_cast<std::ptrdiff_t>(a.shape().back())};
      result = reshape(multiply_stacks(reshape(a, rows), b), Strides(shape));
    }
  } else if (a.dimension() == 2 && b.dimension() == 2) {
    result = multiply_stacks(a, b);
  } else {
    const Shape extents = broadcast_leading(a, b);
    result = multiply_stacks(with_leading(a, extents), with_leading(b, extents));
  }
  if (!row && !column) return result;
  Shape shape = leading(result.shape());
  if (!row) shape.push_back(result.shape(-2));
  if (!column) shape.push_back(result.shape(-1));
  return reshape(result, Strides(shape));
}

Var dot(const Var& a, const Var& b) {
  require_both("dot", a, b);
  if (a.dimension() == 0 || b.dimension() == 0) return a * b;
  const std::size_t inner = b.dimension() == 1 ? 0 : b.dimension() - 2;
  if (a.shape(-1) != b.shape()[inner]) {
    refuse("dot", a, b, "the last extent of the first must be the last but one (or only) extent of the second");
  }
  if (b.dimension() <= 2) return matmul(a, b);
  // The summed axis of b first, all others as one.
  Shape order{inner};
  for (std::size_t i = 0; i < b.dimension(); ++i) {
    if (i != inner) order.push_back(i);
  }
  const Var columns = transpose(b, Axes(order));
  std::size_t width = 1;
  Shape shape(a.shape().begin(), a.shape().end() - 1);
  for (std::size_t i = 1; i < order.size(); ++i) {
    width *= columns.shape()[i];
    shape.push_back(columns.shape()[i]);
  }
  const Strides matrix{static_cast<std::ptrdiff_t>(b.shape()[inner]), static_cast<std::ptrdiff_t>(width)};
  return reshape(matmul(a, reshape(columns, matrix)), Strides(shape));
}

Var outer(const Var& a, const Var& b) {
  require_both("outer", a, b);
  return expand_dims(flatten(a), 1) * expand_dims(flatten(b), 0);
}

}  // namespace xgrad
