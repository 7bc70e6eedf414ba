// What the lines of a program of packs are for an instruction of a loop.
#pragma once

#include <cstdint>

#include "backend/cpu/kernels/generated/instruction_of.hpp"
#include "backend/cpu/kernels/generated/pack_program.hpp"
#include "plan/operations.hpp"
#include "schedule.hpp"

namespace xgrad::backend::cpu {

/// Not one line but several: see sigmoid_lines.
inline constexpr Opcode op_sigmoid = op_of_part(primitives::Part::SigmoidFrom);

/// Whether machine code is written for an operation.
inline bool has_lines(Opcode op) {
  return op == op_sigmoid || (op < primitives::list_size && kernels::instruction_of(op).has_value());
}

/// The same steps as simd::sigmoid_from.
/// \param append  (op, a, b, c, slot) gives the number of a new line.
template <class Append>
std::uint32_t sigmoid_lines(std::uint32_t x, std::uint32_t e, const Append& append) {
  using kernels::PackOp;
  const std::uint32_t zero = append(PackOp::Constant, 0, 0, 0, 0);
  const std::uint32_t one = append(PackOp::Constant, 0, 0, 0, 1);
  const std::uint32_t negative = append(PackOp::Less, x, zero, 0, 0);
  const std::uint32_t sum = append(PackOp::Add, e, one, 0, 0);
  const std::uint32_t back = append(PackOp::Subtract, sum, one, 0, 0);
  const std::uint32_t lost = append(PackOp::Subtract, e, back, 0, 0);
  const std::uint32_t chosen = append(PackOp::Select, negative, e, one, 0);
  const std::uint32_t quotient = append(PackOp::Divide, chosen, sum, 0, 0);
  const std::uint32_t other = append(PackOp::Subtract, one, quotient, 0, 0);
  const std::uint32_t inverse = append(PackOp::Select, negative, other, quotient, 0);
  const std::uint32_t correction = append(PackOp::Multiply, quotient, lost, 0, 0);
  return append(PackOp::NegativeMultiplyAdd, correction, inverse, quotient, 0);
}

/// The lines of an elementwise operation that has some.
/// \param value  (slot, whether it is one number, whether it is a truth value) gives the number of its line.
/// \return the number of the result's line.
template <class Value, class Append>
std::uint32_t arithmetic_lines(const InstructionInfo& info, const kernels::Instruction& code, const Value& value,
                               const Append& append) {
  const Opcode op = info.op;
  const auto number = [&](std::uint32_t slot, unsigned bit) { return value(slot, (info.modes & bit) != 0, false); };
  if (op == op_sigmoid) {
    const std::uint32_t x = number(code.a, 0);
    return sigmoid_lines(x, number(code.b, 0), append);
  }
  const kernels::PackOp line = kernels::instruction_of(op).value();
  if (traits_of(op).selects) {
    const std::uint32_t mask = value(code.a, false, true);
    const std::uint32_t then = number(code.b, 1U);
    return append(line, mask, then, number(code.c, 2U), 0);
  }
  if (traits_of(op).logical || is_conversion(op)) {
    const std::uint32_t a = value(code.a, false, true);
    return append(line, a, code.b == no_slot ? 0 : value(code.b, false, true), 0, 0);
  }
  const std::uint32_t a = number(code.a, 1U);
  if (op == opcode<primitives::Square>) return append(line, a, a, 0, 0);
  return append(line, a, code.b == no_slot ? 0 : number(code.b, 2U), 0, 0);
}

}  // namespace xgrad::backend::cpu
