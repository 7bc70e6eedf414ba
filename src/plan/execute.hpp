// Runs plans.
#pragma once

#include <cstddef>
#include <span>

#include "plan.hpp"

namespace xgrad::detail {

struct Donated {
  std::span<const char> exclusive;  ///< for each leaf whether its array may be overwritten
  bool overwriting = false;         ///< set before the first of them is written to
};

/// Computes the outputs of a plan. All memory is taken before the first donated array is written to, and steps that may
/// throw run before that too.
/// \param leaves     arrays, in the order of the request.
/// \param scalars    numbers, in the order of the request.
/// \param results    one for each output; filled.
/// \param donated    leaves whose arrays may be overwritten now; null: none.
void execute(const Plan& plan, std::span<Buffer* const> leaves, std::span<const Scalar> scalars,
             std::span<BufferPtr> results, Donated* donated = nullptr);

/// Memory between the steps of plans, partial results of sums, and products that are added: a thread keeps so many
/// bytes of each at most for the next evaluation. A test may set it.
std::size_t& most_kept_bytes() noexcept;

}  // namespace xgrad::detail
