// The instructions of the processor for each of ours.
#if defined(__x86_64__) && defined(XGRAD_HAS_XBYAK)

#include <stdexcept>

#include "assembler.hpp"

namespace xgrad::backend::cpu::kernels {

void Assembler::emit(std::uint32_t i, const PackInstruction& instruction) {
  switch (instruction.op) {
    case PackOp::Store:
    case PackOp::Stream:
      store(instruction);
      return release();
    case PackOp::StoreMask:
      store_mask(instruction);
      return release();
    case PackOp::SumAll:
    case PackOp::SumRows:
    case PackOp::SumSquaresAll:
    case PackOp::SumSquaresRows:
      add_to_sum(i, instruction);
      return release();
    case PackOp::Check:
      check(instruction);
      return release();
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
    case PackOp::Xor:
    case PackOp::AddBits:
    case PackOp::SubtractBits:
    case PackOp::Larger:
    case PackOp::Smaller:
      return emit_binary(i, instruction);
    case PackOp::Select:
      return emit_select(i, instruction);
    case PackOp::MultiplyAdd:
    case PackOp::MultiplySubtract:
    case PackOp::NegativeMultiplyAdd:
      return emit_fused(i, instruction);
    default:
      return emit_in_registers(i, instruction);
  }
}

void Assembler::emit_binary(std::uint32_t i, const PackInstruction& instruction) {
  std::uint32_t a = instruction.a;
  std::uint32_t b = instruction.b;
  const bool commutes = instruction.op == PackOp::Add || instruction.op == PackOp::Multiply ||
                        instruction.op == PackOp::And || instruction.op == PackOp::Or ||
                        instruction.op == PackOp::Xor || instruction.op == PackOp::AddBits;
  if (commutes && only_at_home(a) && !only_at_home(b)) std::swap(a, b);
  const Ymm x = use(a);
  Address address = ptr[rsp];
  Ymm reg;
  const Xbyak::Operand& y = source(b, address, reg);
  release();
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
    case PackOp::LessEqual:
    case PackOp::Equal:
    case PackOp::NotEqual:
      return compare(to, x, y, predicate_of(instruction.op));
    case PackOp::And:
      return vandps(to, x, y);
    case PackOp::Xor:
      return vxorps(to, x, y);
    case PackOp::AddBits:
      return f ? vpaddd(to, x, y) : vpaddq(to, x, y);
    case PackOp::SubtractBits:
      return f ? vpsubd(to, x, y) : vpsubq(to, x, y);
    case PackOp::Larger:
      return f ? vmaxps(to, x, y) : vmaxpd(to, x, y);
    case PackOp::Smaller:
      return f ? vminps(to, x, y) : vminpd(to, x, y);
    default:
      return vorps(to, x, y);
  }
}

std::uint8_t Assembler::predicate_of(PackOp op) {
  return op == PackOp::Less ? less : op == PackOp::LessEqual ? less_equal : op == PackOp::Equal ? equal : not_equal;
}

void Assembler::to_opmask(const Xbyak::Opmask& to, std::uint32_t mask) {
  const PackInstruction& instruction = program_.instructions[mask];
  if (!late_[mask]) {
    if (program_.single_precision) vpmovd2m(to, use(mask));
    else vpmovq2m(to, use(mask));
    return;
  }
  if (instruction.op == PackOp::And) {
    const Xbyak::Opmask other(to.getIdx() + 1);
    to_opmask(to, instruction.a);
    to_opmask(other, instruction.b);
    return kandw(to, to, other);
  }
  const Ymm a = use(instruction.a);
  Address address = ptr[rsp];
  Ymm reg;
  const Xbyak::Operand& b = source(instruction.b, address, reg);
  if (program_.single_precision) vcmpps(to, a, b, predicate_of(instruction.op));
  else vcmppd(to, a, b, predicate_of(instruction.op));
}

void Assembler::emit_select(std::uint32_t i, const PackInstruction& instruction) {
  if (late_[instruction.a]) {
    to_opmask(k1, instruction.a);
    const Ymm otherwise = use(instruction.c);
    Address address = ptr[rsp];
    Ymm reg;
    const Xbyak::Operand& then = source(instruction.b, address, reg);
    release();
    const Ymm to = assign(i);
    if (program_.single_precision) vblendmps(to | k1, otherwise, then);
    else vblendmpd(to | k1, otherwise, then);
    return;
  }
  const Ymm mask = use(instruction.a);
  const Ymm otherwise = use(instruction.c);
  Address address = ptr[rsp];
  Ymm reg;
  const Xbyak::Operand& then = source(instruction.b, address, reg);
  release();
  blend(assign(i), otherwise, then, mask);
}

bool Assembler::dies(std::uint32_t v) const {
  const std::uint32_t next = first_use_[v] + values_[v].used;
  return values_[v].reg != no_register && next + 1 == first_use_[v + 1] && uses_[next] == current_;
}

void Assembler::emit_fused(std::uint32_t i, const PackInstruction& instruction) {
  std::uint32_t a = instruction.a;
  std::uint32_t b = instruction.b;
  const std::uint32_t c = instruction.c;
  if (only_at_home(a) || (dies(b) && b != c)) std::swap(a, b);
  const Ymm x = use(a);
  Address address = ptr[rsp];
  Ymm reg;
  if (only_at_home(c) && dies(a) && a != b) {  // in the register of a, with c from memory
    const Ymm y = use(b);
    const Xbyak::Operand& z = source(c, address, reg);
    release();
    hold(i, x.getIdx());
    return fused(instruction.op, Form::F213, x, y, z);
  }
  const bool from_home = only_at_home(c);
  const Ymm z = use(c);
  const Xbyak::Operand& y = source(b, address, reg);
  if (from_home || (dies(c) && c != a && c != b)) {  // in the register of c
    release();
    if (from_home) forget(c, z.getIdx());
    hold(i, z.getIdx());
    return fused(instruction.op, Form::F231, z, x, y);
  }
  if (dies(a) && a != b && a != c) {
    release();
    hold(i, x.getIdx());
    return fused(instruction.op, Form::F132, x, z, y);
  }
  const Ymm to = assign(i);  // all operands stay where they are
  vmovaps(to, z);
  fused(instruction.op, Form::F231, to, x, y);
  release();
}

void Assembler::fused(PackOp op, Form form, const Ymm& to, const Ymm& second, const Xbyak::Operand& third) {
  using Emit = void (CodeGenerator::*)(const Xmm&, const Xmm&, const Xbyak::Operand&);
  // By operation, form and element type.
  static constexpr Emit table[3][3][2] = {{{&CodeGenerator::vfmadd132pd, &CodeGenerator::vfmadd132ps},
                                           {&CodeGenerator::vfmadd213pd, &CodeGenerator::vfmadd213ps},
                                           {&CodeGenerator::vfmadd231pd, &CodeGenerator::vfmadd231ps}},
                                          {{&CodeGenerator::vfmsub132pd, &CodeGenerator::vfmsub132ps},
                                           {&CodeGenerator::vfmsub213pd, &CodeGenerator::vfmsub213ps},
                                           {&CodeGenerator::vfmsub231pd, &CodeGenerator::vfmsub231ps}},
                                          {{&CodeGenerator::vfnmadd132pd, &CodeGenerator::vfnmadd132ps},
                                           {&CodeGenerator::vfnmadd213pd, &CodeGenerator::vfnmadd213ps},
                                           {&CodeGenerator::vfnmadd231pd, &CodeGenerator::vfnmadd231ps}}};
  const std::size_t which = op == PackOp::MultiplyAdd ? 0 : op == PackOp::MultiplySubtract ? 1 : 2;
  (this->*table[which][static_cast<std::size_t>(form)][program_.single_precision ? 1 : 0])(to, second, third);
}

void Assembler::compare(const Ymm& to, const Ymm& a, const Xbyak::Operand& b, std::uint8_t how) {
  if (wide_ && program_.single_precision) {
    vcmpps(k1, a, b, how);
    vpmovm2d(to, k1);
  } else if (wide_) {
    vcmppd(k1, a, b, how);
    vpmovm2q(to, k1);
  } else if (program_.single_precision) {
    vcmpps(to, a, b, how);
  } else {
    vcmppd(to, a, b, how);
  }
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
  if (wide_) {  // bit by bit; the numbers say what becomes of bits of the three operands
    constexpr std::uint8_t if_first_third_else_second = 0xac, if_second_third_else_first = 0xb8;
    constexpr std::uint8_t if_second_first_else_third = 0xe2;
    if (to.getIdx() == mask.getIdx()) return vpternlogq(to, otherwise, then, if_first_third_else_second);
    if (to.getIdx() == otherwise.getIdx()) return vpternlogq(to, mask, then, if_second_third_else_first);
    if (!then.isMEM() && to.getIdx() == then.getIdx())
      return vpternlogq(to, mask, otherwise, if_second_first_else_third);
    vmovaps(to, mask);
    return vpternlogq(to, otherwise, then, if_first_third_else_second);
  }
  if (program_.single_precision) vblendvps(to, otherwise, then, mask);
  else vblendvpd(to, otherwise, then, mask);
}

void Assembler::round_to_integer(const Ymm& to, const Ymm& a, PackOp op) {
  constexpr std::uint8_t to_even = 8, down = 9, up = 10, to_zero = 11;  // and no exception that it is inexact
  const std::uint8_t how = op == PackOp::Floor   ? down
                           : op == PackOp::Ceil  ? up
                           : op == PackOp::Trunc ? to_zero
                                                 : to_even;
  if (wide_) return program_.single_precision ? vrndscaleps(to, a, how) : vrndscalepd(to, a, how);
  if (program_.single_precision) vroundps(to, a, how);
  else vroundpd(to, a, how);
}

void Assembler::emit_in_registers(std::uint32_t i, const PackInstruction& instruction) {
  const std::size_t operands = operand_count(instruction.op);
  const Ymm a = use(instruction.a);
  const Ymm b = operands > 1 ? use(instruction.b) : a;
  release();
  const Ymm to = assign(i);
  const bool f = program_.single_precision;
  const auto shift = static_cast<std::uint8_t>(instruction.slot);
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
    case PackOp::ShiftLeft:
      return f ? vpslld(to, a, shift) : vpsllq(to, a, shift);
    case PackOp::ShiftRight:
      return f ? vpsrld(to, a, shift) : vpsrlq(to, a, shift);
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
    default:
      throw std::logic_error("machine code: an instruction without code");
  }
}

}  // namespace xgrad::backend::cpu::kernels

#endif
