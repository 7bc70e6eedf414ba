// Instructions of a loop become machine code.
#pragma once

#include "schedule.hpp"

namespace xgrad::detail {

/// Loops of fewer elements are run by kernels alone; for tests of the machine code it is 0.
std::size_t& machine_code_from();

/// Puts arithmetic that belongs together into programs of its own (kernels/generated), as far as this machine can run
/// such code. What remains are functions, and operations that move elements.
void write_machine_code(Draft& draft);

}  // namespace xgrad::detail
