// Axes and elements in another order, and axes added. None of these copies elements when it is recorded; all but `roll`
// are views.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

#include <xgrad/core/shape.hpp>
#include <xgrad/ops/one_or_many.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// One axis, as flatten.
Var ravel(const Var& x);

/// Two axes exchanged.
/// \throws ShapeError  for an axis that x does not have.
Var swapaxes(const Var& x, std::ptrdiff_t first, std::ptrdiff_t second);
/// Axes moved to other positions; the others keep their order.
/// \throws ShapeError  for an axis that x does not have or that is named twice, or unless there are as many positions.
Var moveaxis(const Var& x, const Axes& source, const Axes& destination);
/// An axis moved to the place before axis `start`, which may be the number of axes.
/// \throws ShapeError  for axes that x does not have.
Var rollaxis(const Var& x, std::ptrdiff_t axis, std::ptrdiff_t start = 0);

/// In reverse order along the given axes, or all.
/// \throws ShapeError  for an axis that x does not have or that is named twice.
Var flip(const Var& x, const Axes& axes = {});
/// In reverse order along the second axis.
/// \throws ShapeError  for fewer than two axes.
Var fliplr(const Var& x);
/// In reverse order along the first axis.
/// \throws ShapeError  for a scalar.
Var flipud(const Var& x);
/// Turned by `times` right angles, from the first of two axes towards the second.
/// \throws ShapeError  unless there are two different axes.
Var rot90(const Var& x, std::ptrdiff_t times = 1, const Axes& axes = {0, 1});

/// Elements moved along several axes: by one number along each, or by a number for each. An axis that is named twice
/// is moved along twice. What leaves an axis at one end comes in at the other.
/// \throws ShapeError  for an axis that x does not have, or unless there are as many shifts.
Var roll(const Var& x, const OneOrMany& shifts, const Axes& axes);

/// With at least one axis: a scalar becomes [1].
Var atleast_1d(const Var& x);
/// With at least two axes: [n] becomes [1, n].
Var atleast_2d(const Var& x);
/// With at least three axes: [n] becomes [1, n, 1], [m, n] becomes [m, n, 1].
Var atleast_3d(const Var& x);
/// All of them in the shape to which they broadcast.
/// \throws ShapeError  unless they do.
[[nodiscard]] std::vector<Var> broadcast_arrays(std::span<const Var> arrays);
[[nodiscard]] std::vector<Var> broadcast_arrays(std::initializer_list<Var> arrays);

/// The shape to which arrays of given shapes broadcast.
/// \throws ShapeError  unless they do.
[[nodiscard]] Shape broadcast_shapes(std::span<const Shape> shapes);
[[nodiscard]] Shape broadcast_shapes(std::initializer_list<Shape> shapes);

}  // namespace xgrad

#pragma GCC visibility pop
