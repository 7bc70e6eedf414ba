// What reductions of several files share.
#pragma once

#include <cstddef>
#include <string_view>

#include <xgrad/core/shape.hpp>
#include <xgrad/var.hpp>

namespace xgrad::detail {

/// x in floating point; integers become double.
Var floats_of(const Var& x);

/// A mask as booleans of the shape of x.
/// \throws ShapeError  if it does not broadcast to x.
/// \throws TapeError   if it is empty or of a finished tape.
Var mask_of(std::string_view operation, const Var& mask, const Var& x);

/// Without the reduced axes, which have extent 1, unless they are kept.
Var squeezed(const Var& x, const Shape& axes, KeepDims keep);

/// The elements along some axes as rows of a matrix, in their order; the other axes make up the rows.
Var rows_along(const Var& x, const Shape& axes);

/// Some elements along an axis: `count` from `first` on, `step` apart.
Var part_along(const Var& x, std::size_t axis, std::size_t first, std::size_t count, std::ptrdiff_t step = 1);

}  // namespace xgrad::detail
