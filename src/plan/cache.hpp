// Plans that were made before.
#pragma once

#include <memory>

#include "plan.hpp"

namespace xgrad::detail {

/// The plan for a request: found, or made and remembered.
std::shared_ptr<const Plan> plan_for(Request& request, const TapeState& tape, std::span<const NodeId> outputs);

}  // namespace xgrad::detail
