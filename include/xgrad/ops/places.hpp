// Arrays of indices, for `at` and `take`.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include <xgrad/core/shape.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Indices of the elements of a matrix on and below a diagonal (column - row), in row-major order: of rows, of columns.
/// Without `columns` it is square.
std::vector<Var> tril_indices(std::size_t rows, std::ptrdiff_t diagonal = 0, std::optional<std::size_t> columns = {});
/// Indices of the elements of a matrix on and above a diagonal.
std::vector<Var> triu_indices(std::size_t rows, std::ptrdiff_t diagonal = 0, std::optional<std::size_t> columns = {});
/// Indices of the main diagonal of an array whose axes are all as long: 0, 1, ... for each axis.
std::vector<Var> diag_indices(std::size_t extent, std::size_t axes = 2);

/// The places in row-major order that indices of each axis have in an array of a given shape. Indices broadcast;
/// negative ones count from the end.
/// \throws TypeError   unless indices are integers.
/// \throws ShapeError  unless there is one array for each axis, and they broadcast.
/// \throws ValueError  for an index out of range (raised when evaluated).
Var ravel_multi_index(std::span<const Var> indices, const Shape& shape);
Var ravel_multi_index(std::initializer_list<Var> indices, const Shape& shape);

}  // namespace xgrad

#pragma GCC visibility pop
