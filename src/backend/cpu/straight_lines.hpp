// From steps of a plan to a straight program.
#pragma once

#include "backend/cpu/kernels/generated/straight_program.hpp"
#include "program.hpp"

namespace xgrad::backend::cpu {

/// The program of a run. Its steps are such as find_straight_runs finds.
kernels::StraightProgram straight_lines(const StepProgram& program, const StraightRun& run);

}  // namespace xgrad::backend::cpu
