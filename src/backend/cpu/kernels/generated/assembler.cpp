// Machine code for x86-64 processors with AVX2 and FMA, by Xbyak.
#include "pack_program.hpp"

#include <cstdlib>

#if defined(__x86_64__) && defined(XGRAD_HAS_XBYAK)
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include <xbyak/xbyak.h>

#include "backend/cpu/kernels/block/block.hpp"
#include "core/per_thread.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

using Xbyak::Address;
using Xbyak::Label;
using Xbyak::Reg64;
using Xbyak::Xmm;
using Xbyak::Ymm;

constexpr std::size_t most_code = std::size_t{1} << 16U;
constexpr int no_register = -1;
constexpr std::uint32_t not_on_stack = ~0U;
constexpr std::uint32_t never = ~0U;

/// Partial sums of a run of elements, as everywhere: sixteen, whatever the width of the registers.
constexpr std::uint32_t lanes = 16;
constexpr int no_lane = -1;

/// Instructions of a program that is written several times for the sake of its sums.
constexpr std::size_t longest_unrolled = 48;

/// Is the same for all elements, or for those of a row: it stays on the stack.
bool is_loop_invariant(PackOp op) { return op == PackOp::Number || op == PackOp::OfRow || op == PackOp::Constant; }
bool is_load(PackOp op) { return op == PackOp::Load || op == PackOp::LoadMask || op == PackOp::OfColumn; }
bool sums_all(PackOp op) { return op == PackOp::SumAll || op == PackOp::SumSquaresAll; }
bool sums_rows(PackOp op) { return op == PackOp::SumRows || op == PackOp::SumSquaresRows; }
bool is_store(PackOp op) { return op == PackOp::Store || op == PackOp::Stream || op == PackOp::StoreMask; }

std::size_t operand_count(PackOp op) {
  switch (op) {
    case PackOp::Load:
    case PackOp::LoadMask:
    case PackOp::Number:
    case PackOp::OfRow:
    case PackOp::OfColumn:
    case PackOp::Constant:
      return 0;
    case PackOp::Negate:
    case PackOp::Absolute:
    case PackOp::Sign:
    case PackOp::Relu:
    case PackOp::Sqrt:
    case PackOp::Floor:
    case PackOp::Ceil:
    case PackOp::Round:
    case PackOp::Trunc:
    case PackOp::Not:
    case PackOp::FromMask:
    case PackOp::Store:
    case PackOp::Stream:
    case PackOp::StoreMask:
    case PackOp::SumAll:
    case PackOp::SumRows:
    case PackOp::SumSquaresAll:
    case PackOp::SumSquaresRows:
      return 1;
    case PackOp::Select:
    case PackOp::NegativeMultiplyAdd:
      return 3;
    default:
      return 2;
  }
}

/// Where a value is while the instructions are gone through.
struct ValueLocation {
  int reg = no_register;
  std::uint32_t stack_offset = not_on_stack;  ///< of a copy of it
  std::vector<std::uint32_t> uses;
  std::size_t used = 0;
  bool reloadable = false;  ///< can be loaded again from its slot

  [[nodiscard]] std::uint32_t next_use() const { return used < uses.size() ? uses[used] : never; }
};

class Assembler : Xbyak::CodeGenerator {
 public:
  Assembler(const PackProgram& program, void* buffer)
      : CodeGenerator(most_code, buffer),
        program_(program),
        width_(program.single_precision ? 8 : 4),
        element_(program.single_precision ? 4 : 8) {
    count_uses();
    choose_pointers();
  }

  std::size_t operator()() {
    begin();
    Label row, unaligned, tail, row_done;
    L(row);
    begin_row();
    lea(rax, ptr[index_ + width_]);
    cmp(rax, end_);
    ja(tail, T_NEAR);
    const bool streams = std::ranges::any_of(
        program_.instructions, [](const PackInstruction& instruction) { return instruction.op == PackOp::Stream; });
    if (streams) {
      for (const PackInstruction& instruction : program_.instructions) {
        if (instruction.op != PackOp::Stream) continue;
        lea(rax, ptr[pointer(instruction.slot) + index_ * element_]);
        test(al, 31);
        jnz(unaligned, T_NEAR);
      }
      packs(true);
      jmp(tail, T_NEAR);
      L(unaligned);
    }
    packs(false);
    L(tail);
    mov(rax, end_);
    sub(rax, index_);
    jz(row_done, T_NEAR);
    if (!program_.rows) begin_tail();
    body(true, false);
    mov(index_, end_);
    L(row_done);
    end_sums(sums_rows);
    if (program_.rows) {
      inc(row_);
      cmp(index_, count_);
      jb(row, T_NEAR);
    }
    end_sums(sums_all);
    xor_(eax, eax);
    L(done_);
    end();
    failures();
    constants();
    return getSize();
  }

 private:
  // ---- registers: of the arguments, of the loop, two for passing use, and those for pointers

  static constexpr int allocated = 13;  ///< registers for values; two more are for passing use

  const Reg64 slots_ = rdi, count_ = rsi, columns_ = rdx, failure_ = rcx;
  const Reg64 index_ = r8, end_ = r9, column_ = r10, row_ = r11;
  const Ymm first_ = ymm13, second_ = ymm14, last_mask_ = ymm15;

  void choose_pointers() {
    std::vector<Reg64> free{rbp, r12, r13, r14, r15};
    if (!program_.rows) free.insert(free.end(), {r10, r11});
    for (const PackInstruction& instruction : program_.instructions) {
      const bool moves = is_load(instruction.op) || is_store(instruction.op);
      if (!moves || free.empty() || find_pointer(instruction.slot) != nullptr) continue;
      pointers_.push_back({instruction.slot, free.back()});
      free.pop_back();
    }
  }
  struct Pointer {
    std::uint32_t slot;
    Reg64 reg;
  };
  const Pointer* find_pointer(std::uint32_t slot) const {
    const auto found =
        std::find_if(pointers_.begin(), pointers_.end(), [&](const Pointer& p) { return p.slot == slot; });
    return found == pointers_.end() ? nullptr : &*found;
  }
  /// The address of a slot: in its register, or else in rbx.
  Reg64 pointer(std::uint32_t slot) {
    if (const Pointer* found = find_pointer(slot)) return found->reg;
    mov(rbx, ptr[slots_ + 8 * std::size_t{slot}]);
    return rbx;
  }

  // ---- frame

  void begin() {
    for (const Reg64& each : {rbx, rbp, r12, r13, r14, r15}) push(each);
    mov(rax, rsp);
    // A page at a time, each of which is touched: a large frame must not step over the guard at the end of the stack.
    constexpr std::uint32_t page = 4096;
    Label next_page;
    mov(ebx, 0x1000000);  // written when the size is known
    frame_size_at_ = getSize() - 4;
    L(next_page);
    sub(rsp, page);
    test(dword[rsp], eax);
    sub(ebx, page);
    ja(next_page);
    and_(rsp, ~31U);
    saved_stack_ = take_stack();
    rest_ = saved_stack_ + 8;
    mov(ptr[rsp + saved_stack_], rax);
    for (const Pointer& each : pointers_) mov(each.reg, ptr[slots_ + 8 * std::size_t{each.slot}]);
    for (std::uint32_t i = 0; i < program_.instructions.size(); ++i) {
      const PackInstruction& instruction = program_.instructions[i];
      if (is_loop_invariant(instruction.op)) values_[i].stack_offset = take_stack();
      if (instruction.op == PackOp::Constant) {
        if (instruction.slot == 0) vxorps(first_, first_, first_);
        else vmovaps(first_, ptr[rip + one_]);
        vmovaps(ptr[rsp + values_[i].stack_offset], first_);
      }
      if (instruction.op == PackOp::Number) {
        mov(rax, ptr[slots_ + 8 * std::size_t{instruction.slot}]);
        broadcast(first_, ptr[rax]);
        vmovaps(ptr[rsp + values_[i].stack_offset], first_);
      }
      if (sums_all(instruction.op) || sums_rows(instruction.op)) {
        sums_.push_back({i, take_stack()});
        for (std::uint32_t k = 1; k < lanes / 4; ++k) take_stack();
      }
    }
    choose_lane_registers();
    clear_sums(sums_all);
    xor_(index_, index_);
    if (program_.rows) {
      xor_(row_, row_);
      mov(rax, columns_);
      and_(eax, width_ - 1);
      begin_tail();  // the same for all rows
    } else {
      mov(end_, count_);
    }
  }

  void begin_row() {
    if (program_.rows) {
      lea(end_, ptr[index_ + columns_]);
      xor_(column_, column_);
    }
    for (std::uint32_t i = 0; i < program_.instructions.size(); ++i) {
      if (program_.instructions[i].op != PackOp::OfRow) continue;
      mov(rax, ptr[slots_ + 8 * std::size_t{program_.instructions[i].slot}]);
      broadcast(first_, ptr[rax + row_ * element_]);
      vmovaps(ptr[rsp + values_[i].stack_offset], first_);
    }
    clear_sums(sums_rows);
  }

  /// rax is the number of elements that are left.
  void begin_tail() {
    mov(ptr[rsp + rest_], rax);
    neg(rax);
    lea(rbx, ptr[rip + mask_table_]);
    vmovups(last_mask_, ptr[rbx + rax * element_ + 32]);
  }

  void end() {
    mov(rsp, ptr[rsp + saved_stack_]);
    for (const Reg64& each : {r15, r14, r13, r12, rbp, rbx}) pop(each);
    vzeroupper();
    ret();
    rewrite(frame_size_at_, static_cast<std::uint64_t>(frame_) + 64, 4);
  }

  std::uint32_t take_stack() {
    frame_ += 32;
    return frame_ - 32;
  }

  // ---- values

  void count_uses() {
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

  /// All whole packs of a row.
  void packs(bool aligned) {
    Label next, done;
    if (!lane_registers_.empty()) {
      whole_lanes(aligned);
      lea(rax, ptr[index_ + width_]);
      cmp(rax, end_);
      ja(done, T_NEAR);
    }
    align(16);
    L(next);
    pack(aligned);
    lea(rax, ptr[index_ + width_]);
    cmp(rax, end_);
    jbe(next, T_NEAR);
    L(done);
  }
  void pack(bool aligned) {
    body(false, aligned);
    add(index_, width_);
    if (program_.rows) add(column_, width_);
  }

  /// As many packs at a time as there are elements for all partial sums, which are in registers meanwhile: in memory
  /// each would wait for the one before.
  void whole_lanes(bool aligned) {
    Label next, done;
    lea(rax, ptr[index_ + lanes]);
    cmp(rax, end_);
    ja(done, T_NEAR);
    const auto for_each_register = [&](auto move) {
      for (std::size_t s = 0; s < lane_registers_.size(); ++s) {
        for (std::uint32_t k = 0; k < lanes / 4; ++k) {
          move(Ymm(lane_registers_[s] + static_cast<int>(k)), ptr[rsp + sums_[s].stack_offset + 32 * k]);
        }
      }
    };
    for_each_register([&](const Ymm& reg, const Address& memory) { vmovaps(reg, memory); });
    align(16);
    L(next);
    for (lane_ = 0; lane_ < static_cast<int>(lanes); lane_ += width_) pack(aligned);
    lane_ = no_lane;
    lea(rax, ptr[index_ + lanes]);
    cmp(rax, end_);
    jbe(next, T_NEAR);
    for_each_register([&](const Ymm& reg, const Address& memory) { vmovaps(memory, reg); });
    L(done);
  }

  /// Which sums have registers: those beyond the sixteenth where there are such, else some of those for values, if the
  /// program is short enough to do without.
  void choose_lane_registers() {
    constexpr int each = lanes / 4;
    const std::size_t count = sums_.size();
    const std::size_t length = program_.instructions.size();
    if (count == 0 || length > longest_unrolled) return;
    if (has_more_registers()) {
      for (std::size_t s = 0; s < std::min<std::size_t>(count, 4); ++s) {
        lane_registers_.push_back(16 + each * static_cast<int>(s));
      }
      return;
    }
    if (count > 2 || length > (count == 1 ? 20 : 10)) return;
    for (std::size_t s = 0; s < count; ++s) {
      value_registers_ -= each;
      lane_registers_.push_back(value_registers_);
    }
  }
  static bool has_more_registers() {
    static const bool has = std::string_view(block_table().name) == "avx512" && __builtin_cpu_supports("avx512vl");
    return has;
  }

  /// \param aligned  whether what is stored past the caches lies at whole packs.
  void body(bool tail, bool aligned) {
    tail_ = tail;
    aligned_ = aligned;
    holder_.fill(never);
    for (std::uint32_t i = 0; i < program_.instructions.size(); ++i) {
      values_[i].reg = no_register;
      values_[i].used = 0;
      const PackOp op = program_.instructions[i].op;
      if (!is_loop_invariant(op)) values_[i].stack_offset = not_on_stack;
    }
    for (std::uint32_t i = 0; i < program_.instructions.size(); ++i) {
      const PackInstruction& instruction = program_.instructions[i];
      current_ = i;
      pinned_.fill(false);
      const std::size_t operands = operand_count(instruction.op);
      // What cannot be loaded again is loaded now; other operands when they are used.
      if (operands == 0) {
        if (is_load(instruction.op) && !values_[i].reloadable && !values_[i].uses.empty()) load(i);
        continue;
      }
      emit(i, instruction);
    }
  }
  /// A register for value v, in place of the one that is used last.
  Ymm assign(std::uint32_t v) {
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
      ValueLocation& evicted = values_[holder_[static_cast<std::size_t>(best)]];
      if (evicted.stack_offset == not_on_stack && !evicted.reloadable && evicted.next_use() != never) {
        evicted.stack_offset = take_stack();
        vmovaps(ptr[rsp + evicted.stack_offset], Ymm(best));
      }
      evicted.reg = no_register;
    }
    holder_[static_cast<std::size_t>(best)] = v;
    pinned_[static_cast<std::size_t>(best)] = true;
    values_[v].reg = best;
    return Ymm(best);
  }

  /// Value v in a register.
  Ymm use(std::uint32_t v) {
    ValueLocation& value = values_[v];
    if (value.reg != no_register) {
      pinned_[static_cast<std::size_t>(value.reg)] = true;
      return Ymm(value.reg);
    }
    if (value.stack_offset == not_on_stack) return load(v);
    const Ymm reg = assign(v);
    vmovaps(reg, ptr[rsp + value.stack_offset]);
    return reg;
  }

  /// Value v in a register, or on the stack if it is only there; `from` holds the answer.
  const Xbyak::Operand& source(std::uint32_t v, Address& from, Ymm& reg) {
    const ValueLocation& value = values_[v];
    if (value.reg == no_register && value.stack_offset != not_on_stack) {
      from = ptr[rsp + value.stack_offset];
      return from;
    }
    reg = use(v);
    return reg;
  }

  /// After the current instruction its operands have had this use.
  void release(const PackInstruction& instruction) {
    const std::array<std::uint32_t, 3> operands{instruction.a, instruction.b, instruction.c};
    for (std::size_t k = 0; k < operand_count(instruction.op); ++k) {
      ValueLocation& value = values_[operands[k]];
      if (value.next_use() == current_) ++value.used;
      if (value.next_use() == never && value.reg != no_register) {
        holder_[static_cast<std::size_t>(value.reg)] = never;
        pinned_[static_cast<std::size_t>(value.reg)] = false;
        value.reg = no_register;
      }
    }
  }

  // ---- memory

  void broadcast(const Ymm& to, const Address& from) {
    if (program_.single_precision) vbroadcastss(to, from);
    else vbroadcastsd(to, from);
  }

  Ymm load(std::uint32_t v) {
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

  void load_mask(const Ymm& to, const Reg64& from) {
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
    vxorps(first_, first_, first_);
    if (program_.single_precision) vpsubd(to, first_, to);
    else vpsubq(to, first_, to);
  }

  void store(const PackInstruction& instruction) {
    const Ymm value = use(instruction.a);
    const Address to = ptr[pointer(instruction.slot) + index_ * element_];
    if (instruction.op == PackOp::Stream && aligned_) vmovntps(to, value);
    else if (!tail_) vmovups(to, value);
    else if (program_.single_precision) vmaskmovps(to, last_mask_, value);
    else vmaskmovpd(to, last_mask_, value);
  }

  void bits_of(const Ymm& mask) {
    if (program_.single_precision) vmovmskps(eax, mask);
    else vmovmskpd(eax, mask);
  }

  void store_mask(const PackInstruction& instruction) {
    bits_of(use(instruction.a));
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

  // ---- arithmetic

  void emit(std::uint32_t i, const PackInstruction& instruction) {
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

  void emit_binary(std::uint32_t i, const PackInstruction& instruction) {
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

  static constexpr std::uint8_t equal = 0, unordered = 3, not_equal = 4, less = 17, less_equal = 18, greater = 30;
  void compare(const Ymm& to, const Ymm& a, const Xbyak::Operand& b, std::uint8_t how) {
    if (program_.single_precision) vcmpps(to, a, b, how);
    else vcmppd(to, a, b, how);
  }
  void multiply(const Ymm& to, const Ymm& a, const Ymm& b) {
    if (program_.single_precision) vmulps(to, a, b);
    else vmulpd(to, a, b);
  }
  void add_packs(const Ymm& to, const Ymm& a, const Xbyak::Operand& b) {
    if (program_.single_precision) vaddps(to, a, b);
    else vaddpd(to, a, b);
  }
  void subtract(const Ymm& to, const Ymm& a, const Xbyak::Operand& b) {
    if (program_.single_precision) vsubps(to, a, b);
    else vsubpd(to, a, b);
  }
  void blend(const Ymm& to, const Ymm& otherwise, const Xbyak::Operand& then, const Ymm& mask) {
    if (program_.single_precision) vblendvps(to, otherwise, then, mask);
    else vblendvpd(to, otherwise, then, mask);
  }

  void round_to_integer(const Ymm& to, const Ymm& a, PackOp op) {
    constexpr std::uint8_t to_even = 8, down = 9, up = 10, to_zero = 11;  // and no exception that it is inexact
    const std::uint8_t how = op == PackOp::Floor   ? down
                             : op == PackOp::Ceil  ? up
                             : op == PackOp::Trunc ? to_zero
                                                   : to_even;
    if (program_.single_precision) vroundps(to, a, how);
    else vroundpd(to, a, how);
  }

  /// Operands are in registers; all are read before the result is written, which may have an operand's register.
  void emit_in_registers(std::uint32_t i, const PackInstruction& instruction) {
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

  // ---- sums

  struct SumLanes {
    std::uint32_t instruction;
    std::uint32_t stack_offset;  ///< of its lanes on the stack
  };

  void clear_sums(bool (*chosen)(PackOp)) {
    for (const SumLanes& sum : sums_) {
      if (!chosen(program_.instructions[sum.instruction].op)) continue;
      vxorps(first_, first_, first_);
      for (std::uint32_t k = 0; k < 4; ++k) vmovaps(ptr[rsp + sum.stack_offset + 32 * k], first_);
    }
  }

  void add_to_sum(std::uint32_t i, const PackInstruction& instruction) {
    const auto sum = std::find_if(sums_.begin(), sums_.end(), [&](const SumLanes& s) { return s.instruction == i; });
    const auto number = static_cast<std::size_t>(sum - sums_.begin());
    const bool in_registers = lane_ != no_lane && number < lane_registers_.size();
    Ymm x = use(instruction.a);
    if (tail_) {
      vandps(first_, x, last_mask_);
      x = first_;
    }
    if (program_.single_precision) {
      vextractf128(xmm14, x, 1);
      vcvtps2pd(first_, Xmm(x.getIdx()));
      vcvtps2pd(second_, xmm14);
      if (instruction.op == PackOp::SumSquaresAll || instruction.op == PackOp::SumSquaresRows) {
        vmulpd(first_, first_, first_);
        vmulpd(second_, second_, second_);
      }
      x = first_;
    }
    if (in_registers) {
      const int reg = lane_registers_[number] + lane_ / 4;
      vaddpd(Ymm(reg), Ymm(reg), x);
      if (program_.single_precision) vaddpd(Ymm(reg + 1), Ymm(reg + 1), second_);
      return;
    }
    mov(rax, program_.rows ? column_ : index_);
    and_(eax, lanes - 1);
    const Address low = ptr[rsp + rax * 8 + sum->stack_offset];
    const Address high = ptr[rsp + rax * 8 + sum->stack_offset + 32];
    vaddpd(first_, x, low);
    vmovaps(low, first_);
    if (!program_.single_precision) return;
    vaddpd(second_, second_, high);
    vmovaps(high, second_);
  }

  void end_sums(bool (*chosen)(PackOp)) {
    for (const SumLanes& sum : sums_) {
      const PackInstruction& instruction = program_.instructions[sum.instruction];
      if (!chosen(instruction.op)) continue;
      const auto lane = [&](std::uint32_t k) { return ptr[rsp + sum.stack_offset + 32 * k]; };
      vmovaps(first_, lane(0));
      vmovaps(second_, lane(1));
      vaddpd(first_, first_, lane(2));
      vaddpd(second_, second_, lane(3));
      vaddpd(first_, first_, second_);
      vextractf128(xmm14, first_, 1);
      vaddpd(xmm13, xmm13, xmm14);
      vpermilpd(xmm14, xmm13, 1);
      vaddsd(xmm13, xmm13, xmm14);
      mov(rax, ptr[slots_ + 8 * std::size_t{instruction.slot}]);
      const Address total = program_.rows && sums_rows(instruction.op) ? ptr[rax + row_ * 8] : ptr[rax];
      vaddsd(xmm13, xmm13, total);
      vmovsd(total, xmm13);
    }
  }

  // ---- checks

  struct Failure {
    Label label;
    int values;
    std::uint32_t check;
  };

  void check(const PackInstruction& instruction) {
    const Ymm mask = use(instruction.a);
    const Ymm values = use(instruction.b);
    if (tail_) {  // what is not there holds
      vxorps(first_, last_mask_, ptr[rip + all_bits_]);
      vorps(first_, first_, mask);
      bits_of(first_);
    } else {
      bits_of(mask);
    }
    cmp(eax, (1U << width_) - 1);
    failures_.push_back({Label(), values.getIdx(), instruction.slot});
    jne(failures_.back().label, T_NEAR);
  }

  void failures() {
    for (Failure& each : failures_) {
      L(each.label);
      vmovups(ptr[failure_], Ymm(each.values));
      mov(ptr[failure_ + 32], eax);
      mov(eax, each.check + 1);
      jmp(done_, T_NEAR);
    }
  }

  void constants() {
    const auto repeat = [&](Label& label, std::uint64_t of_double, std::uint32_t of_float) {
      L(label);
      for (int k = 0; k < 4; ++k) {
        if (program_.single_precision) dq(of_float | std::uint64_t{of_float} << 32U);
        else dq(of_double);
      }
    };
    align(32);
    L(mask_table_);
    for (int k = 0; k < 4; ++k) dq(~std::uint64_t{0});
    for (int k = 0; k < 4; ++k) dq(0);
    repeat(sign_, 0x8000000000000000U, 0x80000000U);
    repeat(magnitude_, 0x7fffffffffffffffU, 0x7fffffffU);
    repeat(one_, 0x3ff0000000000000U, 0x3f800000U);
    repeat(minus_one_, 0xbff0000000000000U, 0xbf800000U);
    repeat(all_bits_, ~std::uint64_t{0}, ~std::uint32_t{0});
  }

  const PackProgram& program_;
  const std::uint32_t width_;  ///< elements in a register
  const int element_;          ///< bytes
  std::vector<ValueLocation> values_;
  std::vector<Pointer> pointers_;
  std::vector<SumLanes> sums_;
  std::vector<Failure> failures_;
  int value_registers_ = allocated;
  std::vector<int> lane_registers_;  ///< the first of each sum that has some
  int lane_ = no_lane;  ///< the first partial sum of the pack that is being written, where they have registers
  std::array<std::uint32_t, allocated> holder_{};  ///< value in each register
  std::array<bool, allocated> pinned_{};           ///< by the instruction that is being written
  std::uint32_t current_ = 0;
  bool tail_ = false;
  bool aligned_ = false;
  std::uint32_t frame_ = 0;
  std::uint32_t saved_stack_ = 0;
  std::uint32_t rest_ = 0;
  std::size_t frame_size_at_ = 0;
  Label done_, mask_table_, sign_, magnitude_, one_, minus_one_, all_bits_;
};

/// Pages that can be run and no longer be written; null if the system does not allow it.
std::shared_ptr<const Generated> make_executable(const void* code, std::size_t size) {
  static const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t bytes = (size + page - 1) / page * page;
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return nullptr;
  std::memcpy(pages, code, size);
  if (mprotect(pages, bytes, PROT_READ | PROT_EXEC) != 0) {
    munmap(pages, bytes);
    return nullptr;
  }
  return std::make_shared<const Generated>(pages, bytes);
}

}  // namespace

Generated::~Generated() { munmap(pages_, bytes_); }

bool can_generate() {
  static const bool can = [] {
    return allows_machine_code(std::getenv("XGRAD_MACHINE_CODE")) && std::string_view(block_table().name) != "baseline";
  }();
  return can;
}

namespace {

/// Where code is written first. What is aligned in it is so in a page.
struct Code {
  alignas(64) std::byte bytes[most_code];
};

thread_local constinit xgrad::core::PerThread<Code> code_of_thread;

}  // namespace

std::shared_ptr<const Generated> generate(const PackProgram& program) {
  try {
    std::byte* buffer = code_of_thread.get().bytes;
    const std::size_t size = Assembler(program, buffer)();
    return make_executable(buffer, size);
  } catch (const Xbyak::Error&) {
    return nullptr;  // longer than the buffer
  }
}

}  // namespace xgrad::backend::cpu::kernels

#else

namespace xgrad::backend::cpu::kernels {

Generated::~Generated() = default;
bool can_generate() {
  static_cast<void>(allows_machine_code(std::getenv("XGRAD_MACHINE_CODE")));  // a wrong value is refused here too
  return false;
}
std::shared_ptr<const Generated> generate(const PackProgram&) { return nullptr; }

}  // namespace xgrad::backend::cpu::kernels

#endif
