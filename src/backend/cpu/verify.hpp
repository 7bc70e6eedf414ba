// What is true of the programs that plans become, checked.
#pragma once

#include <span>
#include <string_view>

#include "plan/verify.hpp"
#include "program.hpp"
#include "schedule.hpp"

namespace xgrad::backend::cpu {

/// Whatever reads scratch finds there what was written for it, though scratch is used again and again.
/// \throws std::logic_error  that names the pass, the thing and the invariant that is violated; so does the other.
void verify(std::string_view pass, const Loop& loop, std::span<const SlotInfo> slots);

/// Steps read what is there, stay inside of memory and out of each other's, and write all outputs.
void verify(std::string_view pass, const StepProgram& program);

}  // namespace xgrad::backend::cpu
