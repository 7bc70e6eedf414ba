// Runs plans.
#pragma once

#include <span>

#include "plan.hpp"

namespace xgrad::detail {

/// Computes the outputs of a plan.
/// \param leaves     arrays, in the order of the request.
/// \param scalars    numbers, in the order of the request.
/// \param results    one for each output; filled.
/// \param exclusive  for each leaf whether its array may be overwritten now; empty: none.
void execute(const Plan& plan, std::span<Buffer* const> leaves, std::span<const Scalar> scalars,
             std::span<BufferPtr> results, std::span<const char> exclusive = {});

}  // namespace xgrad::detail
