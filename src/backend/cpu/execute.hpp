// Runs programs.
#pragma once

#include <cstddef>
#include <span>

#include "program.hpp"

namespace xgrad::backend::cpu {

/// As Executable::run.
void execute(const StepProgram& program, const Bindings& bindings, std::span<BufferPtr> results,
             Donated* donated = nullptr);

/// Memory between the steps of plans, partial results of sums, and products that are added: a thread keeps so many
/// bytes of each at most for the next evaluation. A test may set it.
std::size_t& most_kept_bytes() noexcept;

}  // namespace xgrad::backend::cpu
