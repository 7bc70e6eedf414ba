// Programs as text, for people.
#pragma once

#include <functional>
#include <string>

#include "program.hpp"

namespace xgrad::backend::cpu {

/// What a plan fused, what each step reads and writes, and the memory that it takes.
/// \param leaf_name  what to call a leaf; empty: "leaf 0" and so on.
std::string describe(const StepProgram& program, const std::function<std::string(std::size_t)>& leaf_name = {});

}  // namespace xgrad::backend::cpu
