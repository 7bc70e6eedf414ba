// Whether operands belong together.
#pragma once

#include <span>
#include <string_view>

#include "access.hpp"

namespace xgrad::detail {

/// \param tape  of the operands before, null if none is recorded; becomes that of this one, if it is.
/// \throws TapeError  if it is recorded on another one.
void require_same_tape(std::string_view operation, const Var& operand, ir::TapeState*& tape);

/// Of a function that is composed of others: in its own name.
/// \throws TapeError  for recorded Vars of two tapes.
void require_one_tape(std::string_view operation, std::span<const Var* const> operands);
void require_one_tape(std::string_view operation, std::span<const Var> operands);

}  // namespace xgrad::detail
