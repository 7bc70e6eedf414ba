// Reductions of elements, or slices, that belong to one segment: result[ids[i...], ...] of x[i..., ...].
//
// All take an id in [0, count) for each (negative ones count from the end), in any order, and give [count, ...].
// They throw TypeError unless ids are integers, ShapeError unless their shape is that of the leading axes of x, and
// ValueError for one that is out of range, when the result is evaluated.
#pragma once

#include <cstddef>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Sums; of nothing 0. Of booleans their count.
Var segment_sum(const Var& x, const Var& ids, std::size_t count);
/// Arithmetic means, in floating point; of nothing NaN.
Var segment_mean(const Var& x, const Var& ids, std::size_t count);
/// Products; of nothing 1. Their derivatives are right to every order where elements are 0.
Var segment_prod(const Var& x, const Var& ids, std::size_t count);
/// The largest elements; NaN if there is a NaN; of nothing -infinity, or the smallest integer. Equal largest elements
/// share the derivative evenly.
Var segment_max(const Var& x, const Var& ids, std::size_t count);
/// The smallest elements; NaN if there is a NaN; of nothing infinity, or the largest integer. Equal smallest elements
/// share the derivative evenly.
Var segment_min(const Var& x, const Var& ids, std::size_t count);

}  // namespace xgrad

#pragma GCC visibility pop
