// Values in registers and on the stack, and where they come from and go.
#if defined(__x86_64__) && defined(XGRAD_HAS_XBYAK)

#include <utility>

#include "assembler.hpp"

namespace xgrad::backend::cpu::kernels {

const Assembler::Pointer* Assembler::find_pointer(std::uint32_t slot) const {
  const auto found = std::find_if(pointers_.begin(), pointers_.end(), [&](const Pointer& p) { return p.slot == slot; });
  return found == pointers_.end() ? nullptr : &*found;
}

Assembler::Reg64 Assembler::pointer(std::uint32_t slot) {
  if (const Pointer* found = find_pointer(slot)) return found->reg;
  mov(rbx, ptr[slots_ + 8 * std::size_t{slot}]);
  return rbx;
}

void Assembler::count_uses() {
  values_.resize(program_.instructions.size());
  std::uint32_t last_stores = static_cast<std::uint32_t>(program_.instructions.size());
  while (last_stores > 0 && is_store(program_.instructions[last_stores - 1].op)) --last_stores;
  for (std::uint32_t i = 0; i < program_.instructions.size(); ++i) {
    const PackInstruction& instruction = program_.instructions[i];
    const std::array<std::uint32_t, 3> operands{instruction.a, instruction.b, instruction.c};
    for (std::size_t k = 0; k < operand_count(instruction.op); ++k) {
      std::vector<std::uint32_t>& uses = values_[operands[k]].uses;
      if (uses.empty() || uses.back() != i) uses.push_back(i);
    }
  }
  for (std::uint32_t i = 0; i < program_.instructions.size(); ++i) {
    const PackOp op = program_.instructions[i].op;
    values_[i].reloadable = is_load(op) && !values_[i].uses.empty() && values_[i].uses.back() < last_stores;
  }
}

Assembler::Ymm Assembler::assign(std::uint32_t v) {
  int best = no_register;
  std::uint32_t furthest = 0;
  for (int r = 0; r < value_registers_; ++r) {
    if (holder_[static_cast<std::size_t>(r)] == never && !pinned_[static_cast<std::size_t>(r)]) {
      best = r;
      break;
    }
  }
  if (best == no_register) {
    for (int r = 0; r < value_registers_; ++r) {
      const auto k = static_cast<std::size_t>(r);
      if (pinned_[k]) continue;
      const std::uint32_t next = values_[holder_[k]].next_use();
      if (best == no_register || next > furthest) {
        best = r;
        furthest = next;
      }
    }
    leave_register(holder_[static_cast<std::size_t>(best)]);
  }
  holder_[static_cast<std::size_t>(best)] = v;
  pinned_[static_cast<std::size_t>(best)] = true;
  values_[v].reg = best;
  return Ymm(best);
}

void Assembler::leave_register(std::uint32_t v) {
  ValueLocation& value = values_[v];
  if (value.stack_offset == not_on_stack && !value.reloadable && value.next_use() != never) spill(v);
  value.reg = no_register;
}

void Assembler::spill(std::uint32_t v) {
  values_[v].stack_offset = take_stack();
  vmovaps(ptr[rsp + values_[v].stack_offset], Ymm(values_[v].reg));
}

void Assembler::reload(const Ymm& to, std::uint32_t v) { vmovaps(to, ptr[rsp + values_[v].stack_offset]); }

Assembler::Ymm Assembler::use(std::uint32_t v) {
  ValueLocation& value = values_[v];
  if (value.reg != no_register) {
    pinned_[static_cast<std::size_t>(value.reg)] = true;
    return Ymm(value.reg);
  }
  if (value.stack_offset == not_on_stack) return load(v);
  const Ymm reg = assign(v);
  reload(reg, v);
  return reg;
}

const Xbyak::Operand& Assembler::source(std::uint32_t v, Address& from, Ymm& reg) {
  const ValueLocation& value = values_[v];
  if (value.reg == no_register && value.stack_offset != not_on_stack && !is_narrow(v)) {
    from = ptr[rsp + value.stack_offset];
    return from;
  }
  reg = use(v);
  return reg;
}

void Assembler::release(const PackInstruction& instruction) {
  const std::array<std::uint32_t, 3> operands{instruction.a, instruction.b, instruction.c};
  for (std::size_t k = 0; k < operand_count(instruction.op); ++k) {
    ValueLocation& value = values_[operands[k]];
    if (value.next_use() == current_) ++value.used;
    if (value.next_use() != never) continue;
    if (value.stack_offset != not_on_stack && !is_loop_invariant(program_.instructions[operands[k]].op)) {
      give_stack(operands[k]);
    }
    if (value.reg != no_register) {
      holder_[static_cast<std::size_t>(value.reg)] = never;
      pinned_[static_cast<std::size_t>(value.reg)] = false;
      value.reg = no_register;
    }
  }
}

void Assembler::give_stack(std::uint32_t v) {
  dead_stack_.push_back(std::exchange(values_[v].stack_offset, not_on_stack));
}

void Assembler::broadcast(const Ymm& to, const Address& from) {
  if (program_.single_precision) vbroadcastss(to, from);
  else vbroadcastsd(to, from);
}

Assembler::Ymm Assembler::load(std::uint32_t v) {
  const PackInstruction& instruction = program_.instructions[v];
  const Ymm to = assign(v);
  const Reg64 from = pointer(instruction.slot);
  if (instruction.op == PackOp::LoadMask) {
    load_mask(to, from);
    return to;
  }
  const Reg64& at = instruction.op == PackOp::OfColumn && program_.rows ? column_ : index_;
  const Address address = ptr[from + at * element_];
  if (!tail_) vmovups(to, address);
  else if (program_.single_precision) vmaskmovps(to, last_mask_, address);
  else vmaskmovpd(to, last_mask_, address);
  return to;
}

void Assembler::load_mask(const Ymm& to, const Reg64& from) {
  const Xmm low(to.getIdx());
  if (!tail_) {
    if (program_.single_precision) vpmovzxbd(to, ptr[from + index_]);
    else vpmovzxbq(to, ptr[from + index_]);
  } else {
    xor_(eax, eax);
    for (std::uint32_t k = width_; k-- > 0;) {
      Label skip;
      shl(rax, 8);
      cmp(qword[rsp + rest_], k);
      jbe(skip);
      mov(al, ptr[from + index_ + k]);
      L(skip);
    }
    vmovq(low, rax);
    if (program_.single_precision) vpmovzxbd(to, low);
    else vpmovzxbq(to, low);
  }
  fill_mask(to);
}

void Assembler::fill_mask(const Ymm& to) {
  vxorps(first_, first_, first_);
  if (program_.single_precision) vpsubd(to, first_, to);
  else vpsubq(to, first_, to);
}

void Assembler::store(const PackInstruction& instruction) {
  const Ymm value = use(instruction.a);
  const Address to = ptr[pointer(instruction.slot) + index_ * element_];
  if (instruction.op == PackOp::Stream && aligned_) vmovntps(to, value);
  else if (!tail_) vmovups(to, value);
  else if (program_.single_precision) vmaskmovps(to, last_mask_, value);
  else vmaskmovpd(to, last_mask_, value);
}

void Assembler::bits_of(const Ymm& mask) {
  if (program_.single_precision) vmovmskps(eax, mask);
  else vmovmskpd(eax, mask);
}

void Assembler::bytes_of(const Ymm& mask) {
  bits_of(mask);
  // Four bits as four bytes of 0 or 1: the factor puts bit i at bit 8 i.
  if (program_.single_precision) {
    mov(ebx, eax);
    shr(ebx, 4);
    and_(eax, 15);
    imul(ebx, ebx, 0x00204081);
    and_(ebx, 0x01010101);
    shl(rbx, 32);
  }
  imul(eax, eax, 0x00204081);
  and_(eax, 0x01010101);
  if (program_.single_precision) or_(rax, rbx);
}

void Assembler::store_mask(const PackInstruction& instruction) {
  bytes_of(use(instruction.a));
  const Reg64 to = pointer(instruction.slot);
  if (!tail_) {
    if (program_.single_precision) mov(ptr[to + index_], rax);
    else mov(ptr[to + index_], eax);
    return;
  }
  Label enough;
  for (std::uint32_t k = 0; k + 1 < width_; ++k) {
    cmp(qword[rsp + rest_], k);
    jbe(enough, T_NEAR);
    mov(ptr[to + index_ + k], al);
    shr(rax, 8);
  }
  L(enough);
}

}  // namespace xgrad::backend::cpu::kernels

#endif
