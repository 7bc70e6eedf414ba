// Instructions of a loop become machine code.
#pragma once

#include "schedule.hpp"

namespace xgrad::backend::cpu {

/// From when on writing the code pays: for tests of it, always.
struct MachineCodeLimits {
  std::size_t elements = 512;                ///< of a loop of a compiled function
  std::size_t work = std::size_t{1} << 17U;  ///< elements times instructions of any other loop
  std::uint32_t straight_after = 8;          ///< runs of steps before they become straight code
};
MachineCodeLimits& machine_code_limits();

/// Instructions of one program; more may not fit the memory that a program is written to.
inline constexpr std::size_t most_generated = 512;
/// Slots of one: three operands and a result of each instruction.
inline constexpr std::size_t most_generated_slots = 4 * most_generated;

/// Puts arithmetic that belongs together into programs of its own (kernels/generated), as far as this machine can run
/// such code. What remains are functions that have no lines of it, and operations that move elements.
void write_machine_code(Draft& draft, Origin origin);

}  // namespace xgrad::backend::cpu
