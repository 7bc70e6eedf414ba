// Whether an array may be written over another one.
#pragma once

#include "program.hpp"

namespace xgrad::backend::cpu {

/// Whether a step reads each element of an array before it writes the one of another that may lie there.
bool reads_before_it_writes(const StepProgram& plan, std::size_t step, PlaceId in, PlaceId out);

}  // namespace xgrad::backend::cpu
