// Runs the loops of plans.
#pragma once

#include "plan.hpp"

namespace xgrad::detail {

/// \param places    address of each place of the plan.
/// \param partials  memory for the partial results of all chunks.
/// \throws ValueError  for an index out of range.
void run_loop(const Loop& loop, const Plan& plan, std::byte* const* places, std::byte* partials);

}  // namespace xgrad::detail
