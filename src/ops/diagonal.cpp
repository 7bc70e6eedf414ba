#include <xgrad/ops/diagonal.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/rearrange.hpp>
#include <xgrad/ops/update.hpp>

#include "axes.hpp"
#include "internal.hpp"

namespace xgrad {
namespace {

/// A diagonal of a matrix in row-major order: every columns + 1 elements there is one of it.
struct Diagonal {
  std::size_t start = 0;
  std::size_t count = 0;

  Diagonal(std::size_t rows, std::size_t columns, std::ptrdiff_t which) {
    // -which would overflow for the smallest number.
    const auto distance =
        which < 0 ? std::size_t{0} - static_cast<std::size_t>(which) : static_cast<std::size_t>(which);
    if (distance >= (which < 0 ? rows : columns)) return;
    start = which < 0 ? distance * columns : distance;
    count = which < 0 ? std::min(rows - distance, columns) : std::min(rows, columns - distance);
  }
};

/// Rows and columns that meet a condition, as a part of x; 0 elsewhere.
Var triangle(std::string_view operation, const Var& x, std::ptrdiff_t diagonal, bool below) {
  detail::require_usable(x, operation);
  const Shape& shape = x.shape();
  if (shape.size() < 2) {
    throw ShapeError(std::string(operation) + ": the shape " + to_string(shape) + " has no rows and columns; " +
                     "there must be at least two axes");
  }
  const Var mask = detail::below_diagonal(shape[shape.size() - 2], shape[shape.size() - 1], diagonal);
  const Var zero = zeros_like(x);
  return below ? where(mask, x, zero) : where(mask, zero, x);
}

Var diagonal_of(std::string_view operation, const Var& x, std::ptrdiff_t which, std::ptrdiff_t row_axis,
                std::ptrdiff_t column_axis) {
  const std::size_t row = detail::normalize_axis(operation, row_axis, x);
  const std::size_t column = detail::normalize_axis(operation, column_axis, x);
  if (row == column) {
    throw ShapeError(std::string(operation) + ": axis " + std::to_string(row) + " of the shape " +
                     to_string(x.shape()) + " is named twice; rows and columns are two axes");
  }
  Shape order;
  Strides flat;
  for (std::size_t i = 0; i < x.dimension(); ++i) {
    if (i == row || i == column) continue;
    order.push_back(i);
    flat.push_back(static_cast<std::ptrdiff_t>(x.shape()[i]));
  }
  order.push_back(row);
  order.push_back(column);
  const std::size_t rows = x.shape()[row];
  const std::size_t columns = x.shape()[column];
  flat.push_back(static_cast<std::ptrdiff_t>(rows * columns));
  const Diagonal part(rows, columns, which);
  return detail::slice_along(reshape(detail::permuted(x, order), flat), flat.size() - 1, part.start, part.count,
                             static_cast<std::int64_t>(columns) + 1);
}

}  // namespace

Var diagonal(const Var& x, std::ptrdiff_t diagonal, std::ptrdiff_t row_axis, std::ptrdiff_t column_axis) {
  return diagonal_of("diagonal", x, diagonal, row_axis, column_axis);
}

Var trace(const Var& x, std::ptrdiff_t diagonal, std::ptrdiff_t row_axis, std::ptrdiff_t column_axis) {
  return sum(diagonal_of("trace", x, diagonal, row_axis, column_axis), -1);
}

Var diagflat(const Var& x, std::ptrdiff_t diagonal) {
  detail::require_usable(x, "diagflat");
  const std::size_t distance =
      diagonal < 0 ? std::size_t{0} - static_cast<std::size_t>(diagonal) : static_cast<std::size_t>(diagonal);
  const std::size_t side = x.size() + distance;
  require_addressable({side, side});
  const Diagonal part(side, side, diagonal);
  const std::array<std::int64_t, 2> start_and_step{static_cast<std::int64_t>(part.start),
                                                   part.count > 1 ? static_cast<std::int64_t>(side) + 1 : 1};
  const Var flat = detail::embed(flatten(x), {side * side}, start_and_step);
  return reshape(flat, {static_cast<std::ptrdiff_t>(side), static_cast<std::ptrdiff_t>(side)});
}

Var diag(const Var& x, std::ptrdiff_t diagonal) {
  detail::require_usable(x, "diag");
  if (x.dimension() == 1) return diagflat(x, diagonal);
  if (x.dimension() == 2) return diagonal_of("diag", x, diagonal, 0, 1);
  throw ShapeError("diag: " + to_string(x.shape()) + " is neither a vector nor a matrix");
}

Var fill_diagonal(const Var& x, const Var& values) {
  detail::require_usable(x, "fill_diagonal");
  detail::require_usable(values, "fill_diagonal");
  detail::require_one_tape("fill_diagonal", std::array{&x, &values});  // that comes before their shapes
  const Shape& shape = x.shape();
  const bool alike = std::ranges::all_of(shape, [&](std::size_t extent) { return extent == shape[0]; });
  if (shape.size() < 2 || (shape.size() > 2 && !alike)) {
    throw ShapeError("fill_diagonal: " + to_string(shape) + " has no diagonal; there must be two axes, or equal ones");
  }
  const std::size_t count = *std::ranges::min_element(shape);
  const Var wide = detail::broadcast_to("fill_diagonal", values, {count});
  return at(x, std::vector<Var>(shape.size(), detail::iota(count))).set(wide);
}

Var tril(const Var& x, std::ptrdiff_t diagonal) { return triangle("tril", x, diagonal, true); }

Var triu(const Var& x, std::ptrdiff_t diagonal) {
  constexpr std::ptrdiff_t lowest = std::numeric_limits<std::ptrdiff_t>::min();
  return triangle("triu", x, diagonal == lowest ? lowest : diagonal - 1, false);
}

}  // namespace xgrad
