// From a group of values to the program of a loop.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "group.hpp"
#include "plan.hpp"

namespace xgrad::detail {

/// A loop, and what is known of where it writes.
struct LoweredLoop {
  Loop loop;
  /// Places that it writes and places of the same form that it has read before, element by element: they may be the
  /// same memory.
  std::vector<std::pair<PlaceId, PlaceId>> in_place;
};

/// \param place_of  the place of a leaf, a number, or a value that is materialised.
LoweredLoop lower_loop(const Graph& graph, const Groups& groups, GroupId group,
                       const std::function<PlaceId(ValueId)>& place_of);

/// A kernel for operands that must be gathered (see Gathered); run by the executor.
void gather_block(const kernels::Frame& frame, std::byte* const* slots, const kernels::Instruction& instruction);

}  // namespace xgrad::detail
