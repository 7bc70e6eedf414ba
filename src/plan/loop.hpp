// Runs the loops of plans.
#pragma once

#include <functional>

#include "plan.hpp"

namespace xgrad::detail {

/// \param places    address of each place of the plan.
/// \param partials  memory for the partial results of all chunks.
/// \param multiply  computes rows of the loop's product, if it has one: (first, count).
/// \throws ValueError  for an index out of range.
void run_loop(const Loop& loop, const Plan& plan, std::byte* const* places, std::byte* partials,
              const std::function<void(std::size_t, std::size_t)>& multiply);

}  // namespace xgrad::detail
