// Choosing elements by integer arrays. Negative indices count from the end.
#pragma once

#include <cstddef>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Slices of x along one axis: result[..., i..., ...] = x[..., indices[i...], ...].
///
/// \param indices  int64, any shape, which replaces the axis in the shape of the result.
/// \throws TypeError   unless indices are integers.
/// \throws ValueError  for an index out of range (raised when evaluated).
Var take(const Var& x, const Var& indices, std::ptrdiff_t axis);
/// Elements of the flattened array.
Var take(const Var& x, const Var& indices);

/// One element of x for each index: result[..., i, ...] = x[..., indices[..., i, ...], ...].
///
/// \param indices  int64, of the rank of x; the other extents broadcast against those of x.
/// \throws TypeError   unless indices are integers.
/// \throws ValueError  for an index out of range (raised when evaluated).
Var take_along_axis(const Var& x, const Var& indices, std::ptrdiff_t axis);

/// The transpose of take: zeros with the extent `extent` along the axis, to which slices of x are added:
/// result[..., indices[i...], ...] += x[..., i..., ...]. A segment sum, a histogram.
///
/// \param x        in the shape that take(result, indices, axis) has.
/// \param indices  int64, any shape.
/// \throws ShapeError  unless x has such a shape.
/// \throws TypeError   unless indices are integers.
/// \throws ValueError  for an index out of range (raised when evaluated).
Var scatter_add(const Var& x, const Var& indices, std::size_t extent, std::ptrdiff_t axis);

/// The transpose of take_along_axis: result[..., indices[..., i, ...], ...] += x[..., i, ...].
///
/// \param indices  int64, of the shape of x.
/// \throws ShapeError  unless both shapes are equal.
/// \throws TypeError   unless indices are integers.
/// \throws ValueError  for an index out of range (raised when evaluated).
Var scatter_add_along_axis(const Var& x, const Var& indices, std::size_t extent, std::ptrdiff_t axis);

/// 1 at each label and 0 elsewhere, along a new last axis.
///
/// \param labels  integers in [0, classes), any shape.
/// \throws TypeError   unless labels are integers.
/// \throws ValueError  for a label out of range (raised when evaluated).
Var one_hot(const Var& labels, std::size_t classes, DType dtype = DType::Float64);

}  // namespace xgrad

#pragma GCC visibility pop
