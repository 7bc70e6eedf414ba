// Cotangents of slices, which are put together instead of being added up as arrays of the whole size.
#pragma once

#include <optional>
#include <vector>

#include "var/access.hpp"

namespace xgrad::detail {

/// What a slice contributes to the cotangent of the array that it was cut from, as Embed places it: all of the array
/// but for one axis, of which it takes `count` elements from `start`.
struct Piece {
  std::size_t axis;
  std::int64_t start;
  std::int64_t count;
  NodeId node;  ///< the cotangent of the slice
};

/// The piece that a recorded Embed places, if it is of this form.
std::optional<Piece> piece_of(const TapeState& tape, NodeId embed);

/// The sum of such pieces, of one axis, in the shape of the whole array: pieces side by side are concatenated, so that
/// the gradient of a recursion over n slices costs n slices, not n arrays. Empty if there are fewer than two, or if
/// they overlap.
Var joined(TapeState& tape, std::vector<Piece> pieces, const Shape& shape);

}  // namespace xgrad::detail
