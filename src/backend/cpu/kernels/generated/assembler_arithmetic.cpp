// The instructions of the processor for each of ours.
#if defined(__x86_64__) && defined(XGRAD_HAS_XBYAK)

#include "assembler.hpp"

namespace xgrad::backend::cpu::kernels {

void Assembler::emit(std::uint32_t i, const PackInstruction& instruction) {
  switch (instruction.op) {
    case PackOp::Store:
    case PackOp::Stream:
      store(instruction);
      return release(instruction);
    case PackOp::StoreMask:
      store_mask(instruction);
      return release(instruction);
    case PackOp::SumAll:
    case PackOp::SumRows:
    case PackOp::SumSquaresAll:
    case PackOp::SumSquaresRows:
      add_to_sum(i, instruction);
      return release(instruction);
    case PackOp::Check:
      check(instruction);
      return release(instruction);
    case PackOp::Add:
    case PackOp::Multiply:
    case PackOp::Subtract:
    case PackOp::Divide:
    case PackOp::Less:
    case PackOp::LessEqual:
    case PackOp::Equal:
    case PackOp::NotEqual:
    case PackOp::And:
    case PackOp::Or:
      return emit_binary(i, instruction);
    default:
      return emit_in_registers(i, instruction);
  }
}

void Assembler::emit_binary(std::uint32_t i, const PackInstruction& instruction) {
  std::uint32_t a = instruction.a;
  std::uint32_t b = instruction.b;
  const bool commutes = instruction.op == PackOp::Add || instruction.op == PackOp::Multiply ||
                        instruction.op == PackOp::And || instruction.op == PackOp::Or;
  const auto on_stack = [&](std::uint32_t v) {
    return values_[v].reg == no_register && values_[v].stack_offset != not_on_stack;
  };
  if (commutes && on_stack(a) && !on_stack(b)) std::swap(a, b);
  const Ymm x = use(a);
  Address address = ptr[rsp];
  Ymm reg;
  const Xbyak::Operand& y = source(b, address, reg);
  release(instruction);
  const Ymm to = assign(i);
  const bool f = program_.single_precision;
  switch (instruction.op) {
    case PackOp::Add:
      return f ? vaddps(to, x, y) : vaddpd(to, x, y);
    case PackOp::Subtract:
      return f ? vsubps(to, x, y) : vsubpd(to, x, y);
    case PackOp::Multiply:
      return f ? vmulps(to, x, y) : vmulpd(to, x, y);
    case PackOp::Divide:
      return f ? vdivps(to, x, y) : vdivpd(to, x, y);
    case PackOp::Less:
      return compare(to, x, y, less);
    case PackOp::LessEqual:
      return compare(to, x, y, less_equal);
    case PackOp::Equal:
      return compare(to, x, y, equal);
    case PackOp::NotEqual:
      return compare(to, x, y, not_equal);
    case PackOp::And:
      return vandps(to, x, y);
    default:
      return vorps(to, x, y);
  }
}

void Assembler::compare(const Ymm& to, const Ymm& a, const Xbyak::Operand& b, std::uint8_t how) {
  if (program_.single_precision) vcmpps(to, a, b, how);
  else vcmppd(to, a, b, how);
}

void Assembler::multiply(const Ymm& to, const Ymm& a, const Ymm& b) {
  if (program_.single_precision) vmulps(to, a, b);
  else vmulpd(to, a, b);
}

void Assembler::subtract(const Ymm& to, const Ymm& a, const Xbyak::Operand& b) {
  if (program_.single_precision) vsubps(to, a, b);
  else vsubpd(to, a, b);
}

void Assembler::blend(const Ymm& to, const Ymm& otherwise, const Xbyak::Operand& then, const Ymm& mask) {
  if (program_.single_precision) vblendvps(to, otherwise, then, mask);
  else vblendvpd(to, otherwise, then, mask);
}

void Assembler::round_to_integer(const Ymm& to, const Ymm& a, PackOp op) {
  constexpr std::uint8_t to_even = 8, down = 9, up = 10, to_zero = 11;  // and no exception that it is inexact
  const std::uint8_t how = op == PackOp::Floor   ? down
                           : op == PackOp::Ceil  ? up
                           : op == PackOp::Trunc ? to_zero
                                                 : to_even;
  if (program_.single_precision) vroundps(to, a, how);
  else vroundpd(to, a, how);
}

void Assembler::emit_in_registers(std::uint32_t i, const PackInstruction& instruction) {
  const std::size_t operands = operand_count(instruction.op);
  const Ymm a = use(instruction.a);
  const Ymm b = operands > 1 ? use(instruction.b) : a;
  const Ymm c = operands > 2 ? use(instruction.c) : a;
  release(instruction);
  const Ymm to = assign(i);
  const bool f = program_.single_precision;
  switch (instruction.op) {
    case PackOp::Negate:
      return vxorps(to, a, ptr[rip + sign_]);
    case PackOp::Absolute:
      return vandps(to, a, ptr[rip + magnitude_]);
    case PackOp::Sqrt:
      return f ? vsqrtps(to, a) : vsqrtpd(to, a);
    case PackOp::Floor:
    case PackOp::Ceil:
    case PackOp::Round:
    case PackOp::Trunc:
      return round_to_integer(to, a, instruction.op);
    case PackOp::CopySign:
      vandps(first_, b, ptr[rip + sign_]);
      vandps(second_, a, ptr[rip + magnitude_]);
      return vorps(to, first_, second_);
    case PackOp::Not:
      return vxorps(to, a, ptr[rip + all_bits_]);
    case PackOp::FromMask:
      return vandps(to, a, ptr[rip + one_]);
    case PackOp::Select:
      return blend(to, c, b, a);
    case PackOp::Relu:  // 0 where x <= 0, so that NaN stays NaN and -0 becomes 0
      vxorps(first_, first_, first_);
      compare(first_, a, first_, less_equal);
      return vandnps(to, first_, a);
    case PackOp::Sign:  // x itself where it is 0, -0 or NaN
      vxorps(second_, second_, second_);
      compare(first_, a, second_, less);
      compare(second_, a, second_, greater);
      blend(first_, a, ptr[rip + minus_one_], first_);
      return blend(to, first_, ptr[rip + one_], second_);
    case PackOp::AbsorbingMultiply:
      vxorps(first_, first_, first_);
      compare(first_, a, first_, equal);
      multiply(second_, a, b);
      return vandnps(to, first_, second_);
    case PackOp::Offset:
      compare(first_, a, b, equal);
      subtract(second_, a, b);
      return vandnps(to, first_, second_);
    case PackOp::Maximum:  // b where it is NaN or larger, else a
      if (f) vmaxps(first_, b, a);
      else vmaxpd(first_, b, a);
      compare(second_, b, b, unordered);
      return blend(to, first_, b, second_);
    case PackOp::Minimum:
      if (f) vminps(first_, b, a);
      else vminpd(first_, b, a);
      compare(second_, b, b, unordered);
      return blend(to, first_, b, second_);
    default:  // NegativeMultiplyAdd
      vmovaps(first_, c);
      if (f) vfnmadd231ps(first_, a, b);
      else vfnmadd231pd(first_, a, b);
      vmovaps(to, first_);
  }
}

}  // namespace xgrad::backend::cpu::kernels

#endif
