// Runs plans.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "plan.hpp"

namespace xgrad::detail {

/// What a plan is run with, in the order of the request that it was made for.
struct Bindings {
  std::span<Buffer* const> leaves;
  std::span<const Scalar> scalars;
  std::span<const std::shared_ptr<const Payload>> payloads;
};

struct Donated {
  std::span<const char> exclusive;  ///< for each leaf whether its array may be overwritten
  bool overwriting = false;         ///< set before the first of them is written to
};

/// Computes the outputs of a plan. All memory is taken before the first donated array is written to, and steps that may
/// throw run before that too.
/// \param results    one for each output; filled.
/// \param donated    leaves whose arrays may be overwritten now; null: none.
void execute(const Plan& plan, const Bindings& bindings, std::span<BufferPtr> results, Donated* donated = nullptr);

/// Memory between the steps of plans, partial results of sums, and products that are added: a thread keeps so many
/// bytes of each at most for the next evaluation. A test may set it.
std::size_t& most_kept_bytes() noexcept;

}  // namespace xgrad::detail
