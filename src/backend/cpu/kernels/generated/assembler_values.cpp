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

void Assembler::find_reloadable() {
  count_uses(Rate::EachPack);
  std::uint32_t last_stores = static_cast<std::uint32_t>(program_.instructions.size());
  while (last_stores > 0 && is_store(program_.instructions[last_stores - 1].op)) --last_stores;
  for (std::uint32_t i = 0; i < program_.instructions.size(); ++i) {
    const bool used = first_use_[i] != first_use_[i + 1];
    values_[i].reloadable = is_load(program_.instructions[i].op) && used && uses_[first_use_[i + 1] - 1] < last_stores;
  }
}

bool Assembler::has_home(std::uint32_t v) const {
  return values_[v].stack_offset != not_on_stack || program_.instructions[v].op == PackOp::Constant;
}

Assembler::Address Assembler::home(std::uint32_t v) {
  if (program_.instructions[v].op == PackOp::Constant) return ptr[rip + constant_labels_[v]];
  return ptr[rsp + values_[v].stack_offset];
}

void Assembler::hold(std::uint32_t v, int reg) {
  holder_[static_cast<std::size_t>(reg)] = v;
  pinned_[static_cast<std::size_t>(reg)] = true;
  values_[v].reg = reg;
}

void Assembler::forget(std::uint32_t v, int reg) {
  if (reg == no_register || values_[v].reg != reg) return;
  values_[v].reg = no_register;
  holder_[static_cast<std::size_t>(reg)] = never;
  pinned_[static_cast<std::size_t>(reg)] = false;
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
      const std::uint32_t next = next_use(holder_[k]);
      if (best == no_register || next > furthest) {
        best = r;
        furthest = next;
      }
    }
    leave_register(holder_[static_cast<std::size_t>(best)]);
  }
  hold(v, best);
  return vector(best);
}

void Assembler::leave_register(std::uint32_t v) {
  ValueLocation& value = values_[v];
  if (!has_home(v) && !value.reloadable && next_use(v) != never) spill(v);
  value.reg = no_register;
}

void Assembler::spill(std::uint32_t v) {
  values_[v].stack_offset = take_stack();
  vmovaps(ptr[rsp + values_[v].stack_offset], vector(values_[v].reg));
}

void Assembler::reload(const Ymm& to, std::uint32_t v) { vmovaps(to, home(v)); }

Assembler::Ymm Assembler::use(std::uint32_t v) {
  ValueLocation& value = values_[v];
  if (value.reg != no_register) {
    pinned_[static_cast<std::size_t>(value.reg)] = true;
    return vector(value.reg);
  }
  if (!has_home(v)) return load(v);
  const Ymm reg = assign(v);
  reload(reg, v);
  return reg;
}

const Xbyak::Operand& Assembler::source(std::uint32_t v, Address& from, Ymm& reg) {
  if (only_at_home(v)) {
    from = home(v);
    return from;
  }
  reg = use(v);
  return reg;
}

void Assembler::release() {
  const Operands operands = operands_of(current_);
  for (std::size_t k = 0; k < operands.count; ++k) {
    const std::uint32_t v = operands.values[k];
    if (next_use(v) == current_) ++values_[v].used;
    release_if_dead(v);
  }
}

void Assembler::release_if_dead(std::uint32_t v) {
  if (next_use(v) != never) return;
  forget(v, values_[v].reg);
  if (values_[v].stack_offset != not_on_stack) give_stack(v);
}

void Assembler::broadcast(const Ymm& to, const Address& from) {
  if (program_.single_precision) vbroadcastss(to, from);
  else vbroadcastsd(to, from);
}

Assembler::Ymm Assembler::load(std::uint32_t v) {
  const Ymm to = assign(v);
  load_into(v, to);
  return to;
}

void Assembler::load_into(std::uint32_t v, const Ymm& to) {
  const PackInstruction& instruction = program_.instructions[v];
  const Reg64 from = pointer(instruction.slot);
  if (instruction.op == PackOp::LoadMask) return load_mask(to, from);
  if (reads_view(instruction.op)) return load_of_view(to, from, instruction);
  const Reg64& at = instruction.op == PackOp::OfColumn && program_.rows ? column_ : index_;
  const Address address = ptr[from + at * element_];
  if (!tail_) vmovups(to, address);
  else if (wide_ && program_.single_precision) vmovups(to | last_elements_ | T_z, address);
  else if (wide_) vmovupd(to | last_elements_ | T_z, address);
  else if (program_.single_precision) vmaskmovps(to, last_mask_, address);
  else vmaskmovpd(to, last_mask_, address);
}

void Assembler::load_of_view(const Ymm& to, const Reg64& from, const PackInstruction& instruction) {
  const Pointer* kept = find_pointer(instruction.a);
  const Reg64& offsets = kept != nullptr ? kept->reg : rax;
  if (kept == nullptr) mov(rax, ptr[slots_ + 8 * std::size_t{instruction.a}]);
  if (program_.single_precision) mov(rax, ptr[offsets + index_]);
  else movsxd(rax, dword[offsets + index_]);
  if (instruction.op == PackOp::OneOfView) broadcast(to, ptr[from + rax]);
  else vmovups(to, ptr[from + rax]);
}

void Assembler::load_mask(const Ymm& to, const Reg64& from) {
  const Xmm low(to.getIdx());
  const Address elements = ptr[from + index_];
  if (tail_ && wide_) {
    if (program_.single_precision) vpmovzxbd(to | last_elements_ | T_z, elements);
    else vpmovzxbq(to | last_elements_ | T_z, elements);
  } else if (!tail_) {
    if (program_.single_precision) vpmovzxbd(to, elements);
    else vpmovzxbq(to, elements);
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
  else if (wide_ && program_.single_precision) vmovups(to | last_elements_, value);
  else if (wide_) vmovupd(to | last_elements_, value);
  else if (program_.single_precision) vmaskmovps(to, last_mask_, value);
  else vmaskmovpd(to, last_mask_, value);
}

void Assembler::bits_of_all(const Ymm& mask) {
  if (!tail_) return bits_of(mask);
  if (wide_) {
    bits_of(mask);
    knotw(k1, last_elements_);
    kmovw(ebx, k1);
    or_(eax, ebx);
    and_(eax, (1U << width_) - 1);
    return;
  }
  vxorps(first_, last_mask_, ptr[rip + all_bits_]);
  vorps(first_, first_, mask);
  bits_of(first_);
}

void Assembler::jump_unless_all(std::uint32_t mask, Label& label) {
  if (!wide_) {
    bits_of_all(use(mask));
    cmp(eax, (1U << width_) - 1);
    return jne(label, T_NEAR);
  }
  to_opmask(k1, mask);
  if (tail_) {  // as if it held for what is not there
    knotw(k2, last_elements_);
    korw(k1, k1, k2);
  }
  if (program_.single_precision) kortestw(k1, k1);
  else kortestb(k1, k1);
  jnc(label, T_NEAR);
}

void Assembler::bits_of(const Ymm& mask) {
  if (wide_) {
    if (program_.single_precision) vpmovd2m(k1, mask);
    else vpmovq2m(k1, mask);
    kmovw(eax, k1);
    return;
  }
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
  if (wide_) {
    const Ymm mask = use(instruction.a);
    const Address to = ptr[pointer(instruction.slot) + index_];
    if (program_.single_precision) vpsrld(first_, mask, 31);
    else vpsrlq(first_, mask, 63);
    if (program_.single_precision) vpmovdb(tail_ ? to | last_elements_ : to, first_);
    else vpmovqb(tail_ ? to | last_elements_ : to, first_);
    return;
  }
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
