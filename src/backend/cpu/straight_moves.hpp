// Steps that only move elements, as lines of a straight program.
#pragma once

#include "straight_values.hpp"

namespace xgrad::backend::cpu {

/// Whether a step is such a one.
bool moves_straight(const KernelStep& step);

void write_moves(StraightValues& values, const KernelStep& step);

/// Copies the first elements, of the shape that `from` has, in pieces without gaps.
/// \param to  in no place: in scratch.
void write_move(StraightValues& values, const ArrayAt& to, const ArrayAt& from, std::size_t element, std::size_t count);

}  // namespace xgrad::backend::cpu
