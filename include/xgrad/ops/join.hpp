// Cutting arrays into parts, putting them together, and repeating them.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

#include <xgrad/ops/one_or_many.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Parts along an axis: a number of equal ones, or those between the given places, of which negative ones count from
/// the end and the range of the axis bounds all. Nothing is copied.
///
///     auto halves = xg::split(x, 2);
///     auto parts = xg::split(x, {3, 5});     // 0 to 3, 3 to 5, 5 to the end
///
/// \throws ValueError  if the extent is no multiple of the number, or that is not positive.
[[nodiscard]] std::vector<Var> split(const Var& x, const OneOrMany& where, std::ptrdiff_t axis = 0);
/// The same, but a number of parts need not divide the extent: the first ones are then longer by 1.
/// \throws ValueError  if the number is not positive.
[[nodiscard]] std::vector<Var> array_split(const Var& x, const OneOrMany& where, std::ptrdiff_t axis = 0);
/// split along the second axis; of a vector along its only one.
/// \throws ShapeError  for a scalar.
[[nodiscard]] std::vector<Var> hsplit(const Var& x, const OneOrMany& where);
/// split along the first axis.
/// \throws ShapeError  for fewer than two axes.
[[nodiscard]] std::vector<Var> vsplit(const Var& x, const OneOrMany& where);
/// split along the third axis.
/// \throws ShapeError  for fewer than three axes.
[[nodiscard]] std::vector<Var> dsplit(const Var& x, const OneOrMany& where);

/// The slices along an axis, without it. What stack joins is cut by this.
/// \throws ShapeError  for an axis that x does not have.
[[nodiscard]] std::vector<Var> unstack(const Var& x, std::ptrdiff_t axis = 0);

/// Joined along the second axis; vectors along their only one.
/// \throws ShapeError  unless all other extents agree; ValueError if there is nothing to join.
Var hstack(std::span<const Var> parts);
Var hstack(std::initializer_list<Var> parts);
/// Joined along the first axis; vectors are rows.
/// \throws ShapeError  unless all other extents agree; ValueError if there is nothing to join.
Var vstack(std::span<const Var> parts);
Var vstack(std::initializer_list<Var> parts);
/// Joined along the third axis, as atleast_3d makes them.
/// \throws ShapeError  unless all other extents agree; ValueError if there is nothing to join.
Var dstack(std::span<const Var> parts);
Var dstack(std::initializer_list<Var> parts);
/// Joined along the second axis; vectors are columns.
/// \throws ShapeError  unless all other extents agree; ValueError if there is nothing to join.
Var column_stack(std::span<const Var> parts);
Var column_stack(std::initializer_list<Var> parts);
/// Rows of blocks: those of a row are joined along the last axis, the rows along the one before.
///
///     auto matrix = xg::block({{a, b}, {c, d}});
///
/// \throws ShapeError  unless the other extents agree; ValueError if there is nothing to join.
Var block(std::span<const std::vector<Var>> rows);
Var block(std::initializer_list<std::initializer_list<Var>> rows);

/// The elements of both, in order.
Var append(const Var& x, const Var& values);
/// Joined along an axis.
/// \throws ShapeError  unless all other extents agree.
Var append(const Var& x, const Var& values, std::ptrdiff_t axis);
/// With values put before the given places of x along an axis. For a list of places there is a value for each, or one
/// for all: `values` broadcast to x with that extent along the axis. A single place gets all values: their first axis
/// runs along `axis`, as in NumPy.
///
///     xg::insert(x, 1, row, 0);              // a row between the first and the second one
///     xg::insert(x, {0, 3}, 0.0, 0);         // rows of zeros
///
/// \param places  in x as it is, from 0 to its extent.
/// \throws ValueError  for a place out of range.
/// \throws ShapeError  if the values do not broadcast.
Var insert(const Var& x, const OneOrMany& places, const Var& values, std::ptrdiff_t axis);
/// Without the slices at the given places of an axis; one that is named twice goes once.
/// \throws ValueError  for a place out of range.
Var delete_(const Var& x, const OneOrMany& places, std::ptrdiff_t axis);  // NOLINT(readability-identifier-naming)

/// x side by side with itself, so often along each axis; missing leading ones are 1, and of either.
/// \throws ValueError  for a negative number.
Var tile(const Var& x, const OneOrMany& times);
/// Each slice along an axis so often in succession: one number for all, or one for each.
/// \param counts  integers, not recorded in a compiled function: the shape depends on them.
/// \throws ValueError  for a negative number; ShapeError unless there is one or as many as the axis has; TypeError
///                     unless they are integers.
Var repeat(const Var& x, const Var& counts, std::ptrdiff_t axis);
/// The same of all elements in order.
Var repeat(const Var& x, const Var& counts);

}  // namespace xgrad

#pragma GCC visibility pop
