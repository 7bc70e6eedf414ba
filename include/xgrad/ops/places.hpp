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
[[nodiscard]] std::vector<Var> tril_indices(std::size_t rows, std::ptrdiff_t diagonal = 0,
                                            std::optional<std::size_t> columns = {});
/// Indices of the elements of a matrix on and above a diagonal.
[[nodiscard]] std::vector<Var> triu_indices(std::size_t rows, std::ptrdiff_t diagonal = 0,
                                            std::optional<std::size_t> columns = {});
/// Indices of the main diagonal of an array whose axes are all as long: 0, 1, ... for each axis.
[[nodiscard]] std::vector<Var> diag_indices(std::size_t extent, std::size_t axes = 2);

/// The places in row-major order that indices of each axis have in an array of a given shape. Indices broadcast;
/// negative ones count from the end.
/// \throws TypeError   unless indices are integers.
/// \throws ShapeError  unless there is one array for each axis, and they broadcast.
/// \throws ValueError  for an index out of range (raised when evaluated).
Var ravel_multi_index(std::span<const Var> indices, const Shape& shape);
Var ravel_multi_index(std::initializer_list<Var> indices, const Shape& shape);

/// The indices of each axis that places in the row-major order of an array of a given shape have; negative ones count
/// from the end.
/// \throws TypeError   unless places are integers.
/// \throws ValueError  for a place out of range (raised when evaluated).
[[nodiscard]] std::vector<Var> unravel_index(const Var& places, const Shape& shape);

/// Vectors of indices laid along an axis each, so that `at(x, ix_({i, j}))` are all of x[i[k], j[l]]. Booleans are
/// replaced by the indices of those that hold, as by nonzero().
/// \throws TypeError   unless they are integers or booleans.
/// \throws ShapeError  unless they have one axis; for more than eight.
[[nodiscard]] std::vector<Var> ix_(std::span<const Var> indices);        // NOLINT(readability-identifier-naming)
[[nodiscard]] std::vector<Var> ix_(std::initializer_list<Var> indices);  // NOLINT(readability-identifier-naming)

/// The index along each axis of every element of an array of a given shape: [number of axes, shape...], int64.
/// \throws ShapeError  for eight axes.
[[nodiscard]] Var indices(const Shape& shape);

}  // namespace xgrad

#pragma GCC visibility pop
