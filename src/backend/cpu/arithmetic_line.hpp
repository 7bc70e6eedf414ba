// What the line of a program of packs is for an instruction of a loop.
#pragma once

#include <cstdint>

#include "backend/cpu/kernels/generated/instruction_of.hpp"
#include "backend/cpu/kernels/generated/pack_program.hpp"
#include "plan/operations.hpp"
#include "schedule.hpp"

namespace xgrad::backend::cpu {

/// Whether an operation is one line. For functions see kernels::has_lines.
inline bool is_arithmetic(Opcode op) { return op < primitives::list_size && kernels::instruction_of(op).has_value(); }

/// The line of such an operation.
/// \param value  (slot, whether it is one number, whether it is a truth value) gives the number of its line.
/// \param append  gives the number of a new line.
/// \return the number of the result's line.
template <class Value, class Append>
std::uint32_t arithmetic_line(const InstructionInfo& info, const kernels::Instruction& code, const Value& value,
                              const Append& append) {
  const Opcode op = info.op;
  const auto number = [&](std::uint32_t slot, unsigned bit) { return value(slot, (info.modes & bit) != 0, false); };
  const kernels::PackOp line = kernels::instruction_of(op).value();
  if (traits_of(op).selects) {
    const std::uint32_t mask = value(code.a, false, true);
    const std::uint32_t then = number(code.b, 1U);
    return append({line, mask, then, number(code.c, 2U)});
  }
  if (traits_of(op).logical || is_conversion(op)) {
    const std::uint32_t a = value(code.a, false, true);
    return append({line, a, code.b == no_slot ? 0 : value(code.b, false, true)});
  }
  const std::uint32_t a = number(code.a, 1U);
  if (op == opcode<primitives::Square>) return append({line, a, a});
  return append({line, a, code.b == no_slot ? 0 : number(code.b, 2U)});
}

}  // namespace xgrad::backend::cpu
