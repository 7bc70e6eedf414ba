// Sums of products over indices that arrays share.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>

#include <xgrad/core/shape.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Einstein's sum, as NumPy's einsum: every axis has an index, one letter; equal indices run together, and those that
/// the result does not name are summed over.
///
///     einsum("ij,jk->ik", {a, b})        a product of matrices
///     einsum("bhqd,bhkd->bhqk", {q, k})  stacks of them
///     einsum("ii", {a})                  the trace
///     einsum("...i,...i", {a, b})        products of vectors, for leading axes that broadcast
///
/// Without "->" the result has the axes of the ellipsis, then in alphabetical order (capitals first) the indices that
/// are named once. Three dots stand for all axes that have no letter; they are aligned at the last one and broadcast,
/// and so may be of different number. Letters do not broadcast: all extents of an index are equal. A letter that stands
/// twice in one operand takes its diagonal. Spaces count for nothing.
///
/// Two arrays are multiplied at a time. The order is the one with the fewest multiplications for up to eight arrays; of
/// more, first those are multiplied whose product saves most memory. Where indices are summed and others are left, a
/// step is a product of matrices; else a product element by element, and its sum.
///
/// \param equation  letters, commas between the operands, "..." at most once in each, and "->" before the result.
/// \return          the common element type of all; int64 for booleans.
/// \throws ValueError  showing the place, if the equation does not parse, or its result names an index twice or one that
///                     no operand has, or leaves out an ellipsis that stands for axes; unless there is an array for
///                     each operand.
/// \throws ShapeError  unless an operand has an axis for each letter, extents of an index are equal, those of ellipses
///                     broadcast, and the result has at most eight axes.
[[nodiscard]] Var einsum(std::string_view equation, std::span<const Var> operands);
[[nodiscard]] Var einsum(std::string_view equation, std::initializer_list<Var> operands);

/// The sum of products over the last `axes` axes of a and as many first ones of b; with 0 all products. The result has
/// the other axes of a, then those of b.
/// \throws ShapeError  unless both have that many axes, of equal extents, and the result at most eight.
[[nodiscard]] Var tensordot(const Var& a, const Var& b, std::ptrdiff_t axes = 2);
/// The same over axes of a and axes of b, the first with the first and so on.
/// \throws ShapeError  unless there are as many of both, none is named twice, and their extents are equal.
[[nodiscard]] Var tensordot(const Var& a, const Var& b, const Axes& axes_of_a, const Axes& axes_of_b);

/// result[i..., j...] = sum_k a[i..., k] b[j..., k]; scalars multiply.
/// \throws ShapeError  unless the last extents are equal.
[[nodiscard]] Var inner(const Var& a, const Var& b);

/// The products of the vectors along an axis: sum(a b) over it, of a and b that broadcast, in which it is counted as in
/// both. Booleans count as int64.
/// \throws ShapeError  unless they broadcast, and the result of that has the axis.
[[nodiscard]] Var vecdot(const Var& a, const Var& b, std::ptrdiff_t axis = -1);

/// The sum of products of all elements, as of vectors; shapes do not matter, their sizes do.
/// \throws ShapeError  unless there are as many elements in both.
[[nodiscard]] Var vdot(const Var& a, const Var& b);

/// Kronecker's product: the array of blocks a[i...] b. Along each axis result[i n + j] = a[i] b[j], n that extent of b;
/// the one with fewer axes gets leading ones.
/// \throws ShapeError  if more than four axes of both are longer than 1 (eight in all, where one of both is).
[[nodiscard]] Var kron(const Var& a, const Var& b);

/// The vector product of vectors with two or three elements along an axis, a third one that is left out being 0; other
/// axes broadcast.
///
///     result = [a1 b2 - a2 b1, a2 b0 - a0 b2, a0 b1 - a1 b0]
///
/// Of two vectors with two elements it is the last of these alone, without the axis.
/// \param axis  of both arguments, and of the result.
/// \throws ShapeError  for other extents, and unless the other axes broadcast.
[[nodiscard]] Var cross(const Var& a, const Var& b, std::ptrdiff_t axis = -1);

}  // namespace xgrad

#pragma GCC visibility pop
