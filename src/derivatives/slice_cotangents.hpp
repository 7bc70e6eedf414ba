// Cotangents of slices, which are put together instead of being added up as arrays of the whole size.
#pragma once

#include <optional>
#include <vector>

#include "var/access.hpp"

namespace xgrad::derivatives {

using namespace detail;

/// What a slice contributes to the cotangent of the array that it was cut from, as Embed puts it there: all of the
/// array but for one axis, of which it takes `count` elements from `start`.
struct SliceCotangent {
  std::size_t axis;
  std::int64_t start;
  std::int64_t count;
  NodeId node;  ///< the cotangent of the slice
};

/// That of the slice which a recorded Embed puts into zeros, if it is of this form.
std::optional<SliceCotangent> slice_cotangent_of(const TapeState& tape, NodeId embed);

/// The sum of such cotangents, of one axis, in the shape of the whole array: slices side by side are concatenated, so
/// that the gradient of a recursion over n slices costs n slices, not n arrays. Empty if there are fewer than two, or
/// if they overlap.
Var joined(TapeState& tape, std::vector<SliceCotangent> slices, const Shape& shape);

}  // namespace xgrad::derivatives
