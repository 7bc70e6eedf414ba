// Runs the loops of plans.
#pragma once

#include <functional>
#include <span>

#include "program.hpp"

namespace xgrad::backend::cpu {

/// Takes the memory in which this thread runs the chunks of a plan. After that run_loop takes no more: other threads
/// that find none leave their chunks to this one.
void reserve_chunk(const StepProgram& plan);
/// Its scratch, which is reserved.
std::byte* scratch_of_thread(const StepProgram& plan);
/// Gives back what of it may not be kept.
void shrink_chunk() noexcept;

/// \param places    address of each place of the plan.
/// \param partials  memory for the partial results of all chunks.
/// \param done      room for one element for each chunk.
/// \param multiply  computes rows of the loop's product, if it has one: (first, count).
/// \throws ValueError  for an index out of range.
void run_loop(const Loop& loop, const StepProgram& plan, std::byte* const* places, std::byte* partials,
              std::span<char> done, const std::function<void(std::size_t, std::size_t)>& multiply);

}  // namespace xgrad::backend::cpu
