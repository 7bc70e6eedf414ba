// From a group of values to the program of a loop.
#pragma once

#include <functional>

#include "plan/group.hpp"
#include "program.hpp"
#include "schedule.hpp"

namespace xgrad::backend::cpu {

/// \param place_of  the place of a leaf, a number, or a value that is materialised.
LoweredLoop lower_loop(const Graph& graph, const Groups& groups, GroupId group,
                       const std::function<PlaceId(ValueId)>& place_of, Origin origin);

}  // namespace xgrad::backend::cpu
