// Machine code of straight programs: the instructions are those of every program, memory lies at known places.
#include "straight_program.hpp"

#if defined(__x86_64__) && defined(XGRAD_HAS_XBYAK)
#include <bit>
#include <utility>

#include "assembler.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

class StraightAssembler : public Assembler {
 public:
  /// \param program  stays where it is as long as the code: its calls are pointed to.
  StraightAssembler(const PackProgram& lines, const std::vector<StraightMemory>& memory,
                    const std::vector<StraightCall>& calls, void* buffer, std::size_t size)
      : Assembler(lines, buffer, size, false), lines_(lines), memory_(memory), calls_(calls) {
    find_rates_of_straight();
    count_uses(Rate::EachPack);
    narrow_.resize(lines.instructions.size());
    for (std::uint32_t i = 0; i < lines.instructions.size(); ++i) {
      const PackInstruction& each = lines.instructions[i];
      const std::array<std::uint32_t, 3> operands{each.a, each.b, each.c};
      for (std::size_t k = 0; k < operand_count(each.op); ++k) narrow_[i] = narrow_[i] || narrow_[operands[k]];
      if (each.op == PackOp::Spread) narrow_[i] = false;
      if (!is_load(each.op)) continue;
      const StraightMemory& from = memory[each.slot];
      values_[i].reloadable = from.base == StraightMemory::Base::Numbers || from.base == StraightMemory::Base::Buffer;
      narrow_[i] = !from.single && from.elements * element_ <= narrow;
    }
  }

  std::size_t assemble() override {
    begin_frame();
    begin_pass(Rate::EachPack);
    mov(arena_, ptr[slots_ + offsetof(StraightBases, arena)]);
    mov(scratch_, ptr[slots_ + offsetof(StraightBases, scratch)]);
    mov(places_, ptr[slots_ + offsetof(StraightBases, places)]);
    mov(numbers_, ptr[slots_ + offsetof(StraightBases, numbers)]);
    mov(buffer_, ptr[slots_ + offsetof(StraightBases, buffer)]);
    if (!calls_.empty()) arguments_ = take_stack();
    for (std::uint32_t i = 0; i < lines_.instructions.size(); ++i) {
      begin_line(i);
      if (lines_.instructions[i].op != PackOp::Unless) {
        line(i);
        continue;
      }
      const std::uint32_t last = end_of_section(i);
      if (rates_[last] != Rate::Never) begin_section(i, last);
      in_place_ = in_other_place_ = never;  // the section may use these registers
      i = last;
    }
    end();
    sections();
    end_frame();
    constants();
    return getSize();
  }

 private:
  // The instructions themselves use rax and rbx, and calls all that a function may.
  const Reg64 arena_ = r12, scratch_ = r13, places_ = r14, numbers_ = r15, buffer_ = rbp, place_ = rdx,
              other_place_ = rsi;

  void begin_line(std::uint32_t i) {
    current_ = i;
    pinned_.fill(false);
    free_stack_.insert(free_stack_.end(), dead_stack_.begin(), dead_stack_.end());
    dead_stack_.clear();
  }

  void line(std::uint32_t i) {
    const PackInstruction& each = lines_.instructions[i];
    if (rates_[i] == Rate::Never) return;
    switch (each.op) {
      case PackOp::Load:
      case PackOp::LoadMask:
        if (!values_[i].reloadable) load(i);
        return;
      case PackOp::Constant:  // lies beside the code
        return;
      case PackOp::Copy:
        return copy(memory_[each.slot], memory_[each.a]);
      case PackOp::Clear:
        return clear(memory_[each.slot]);
      case PackOp::Call:
        return call(calls_[each.slot]);
      case PackOp::Spread: {
        const Xmm from(use(each.a).getIdx());
        release();
        if (lines_.single_precision) vbroadcastss(assign(i), from);
        else vbroadcastsd(assign(i), from);
        return;
      }
      default:
        emit(i, each);
    }
  }

  // ---- the stack: what was of values that are dead is given again; of a single number it needs no whole register

  static constexpr int narrow = 8;

  [[nodiscard]] bool is_narrow(std::uint32_t v) const override { return narrow_[v]; }

  /// What stands behind the rest runs in between: it does not know what the stack has then, and takes more of it.
  void write_section(Section& section) override {
    in_section_ = true;
    in_place_ = in_other_place_ = never;
    Assembler::write_section(section);
  }

  void spill(std::uint32_t v) override {
    if (!narrow_[v]) {
      values_[v].stack_offset = take_whole();
      vmovaps(ptr[rsp + values_[v].stack_offset], Ymm(values_[v].reg));
      return;
    }
    if (in_section_) {
      values_[v].stack_offset = take_stack();
      return vmovsd(ptr[rsp + values_[v].stack_offset], Xmm(values_[v].reg));
    }
    if (free_narrow_.empty()) {
      const std::uint32_t whole = take_whole();
      for (std::uint32_t at = 32; at > 0; at -= narrow) free_narrow_.push_back(whole + at - narrow);
    }
    values_[v].stack_offset = free_narrow_.back();
    free_narrow_.pop_back();
    vmovsd(ptr[rsp + values_[v].stack_offset], Xmm(values_[v].reg));
  }
  void reload(const Ymm& to, std::uint32_t v) override {
    if (!narrow_[v]) return Assembler::reload(to, v);
    vmovsd(Xmm(to.getIdx()), ptr[rsp + values_[v].stack_offset]);
  }
  void give_stack(std::uint32_t v) override {
    if (in_section_) return;
    // No instruction reads narrow ones there, but the current one may read others.
    (narrow_[v] ? free_narrow_ : dead_stack_).push_back(std::exchange(values_[v].stack_offset, not_on_stack));
  }
  std::uint32_t take_whole() {
    if (free_stack_.empty() || in_section_) return take_stack();
    const std::uint32_t offset = free_stack_.back();
    free_stack_.pop_back();
    return offset;
  }

  /// Where memory begins, as an address can have it; its place's address is read into `reg`, unless it is there.
  Xbyak::RegExp start(const StraightMemory& memory, const Reg64& reg, std::uint32_t& in_reg) {
    const auto offset = static_cast<std::size_t>(memory.offset);
    switch (memory.base) {
      case StraightMemory::Base::Arena:
        return arena_ + offset;
      case StraightMemory::Base::Scratch:
        return scratch_ + offset;
      case StraightMemory::Base::Numbers:
        return numbers_ + offset;
      case StraightMemory::Base::Buffer:
        return buffer_ + offset;
      case StraightMemory::Base::Place:
        break;
    }
    if (in_reg != memory.place) mov(reg, ptr[places_ + 8 * std::size_t{memory.place}]);
    in_reg = memory.place;
    return reg + offset;
  }
  Xbyak::RegExp start(const StraightMemory& memory) { return start(memory, place_, in_place_); }

  // ---- packs

  void load_into(std::uint32_t v, const Ymm& to) override {
    const PackInstruction& instruction = lines_.instructions[v];
    const StraightMemory& memory = memory_[instruction.slot];
    const Address from = ptr[start(memory)];
    if (instruction.op == PackOp::LoadMask) load_truth(to, memory, from);
    else if (memory.single) broadcast(to, from);
    else load_bytes(to, memory.elements * static_cast<std::uint32_t>(element_), from);
  }

  void load_bytes(const Ymm& to, std::uint32_t bytes, const Address& from) {
    const Xmm low(to.getIdx());
    if (bytes == 32) vmovups(to, from);
    else if (bytes == 16) vmovups(low, from);
    else if (bytes == 8) vmovsd(low, from);
    else vmovss(low, from);
  }

  void load_truth(const Ymm& to, const StraightMemory& memory, const Address& from) {
    const Xmm low(to.getIdx());
    if (memory.elements == 8) vmovq(low, from);
    else if (memory.elements == 4) vmovd(low, from);
    else load_few(low, memory.elements == 2 ? 2 : 1, from);
    if (lines_.single_precision) vpmovzxbd(to, low);
    else vpmovzxbq(to, low);
    fill_mask(to);
  }
  void load_few(const Xmm& to, int bytes, const Address& from) {
    if (bytes == 2) movzx(eax, word[from.getRegExp()]);
    else movzx(eax, byte[from.getRegExp()]);
    vmovd(to, eax);
  }

  void store(const PackInstruction& instruction) override {
    const StraightMemory& memory = memory_[instruction.slot];
    const Ymm value = use(instruction.a);
    store_bytes(start(memory), memory.elements * static_cast<std::uint32_t>(element_), value);
  }

  void store_bytes(const Xbyak::RegExp& to, std::uint32_t bytes, const Ymm& value) {
    const Xmm low(value.getIdx());
    if (bytes == 32) vmovups(ptr[to], value);
    else if (bytes == 16) vmovups(ptr[to], low);
    else if (bytes == 8) vmovsd(ptr[to], low);
    else vmovss(ptr[to], low);
  }

  void store_mask(const PackInstruction& instruction) override {
    const StraightMemory& memory = memory_[instruction.slot];
    bytes_of(use(instruction.a));
    const Xbyak::RegExp to = start(memory);
    if (memory.elements == 8) mov(qword[to], rax);
    else if (memory.elements == 4) mov(dword[to], eax);
    else if (memory.elements == 2) mov(word[to], ax);
    else mov(byte[to], al);
  }

  // ---- memory

  /// Calls move(offset, bytes) for the largest powers of two that make up so many bytes.
  template <class F>
  static void in_parts(std::uint32_t bytes, F move) {
    for (std::uint32_t at = 0; at < bytes;) {
      const std::uint32_t part = std::min<std::uint32_t>(32, std::bit_floor(bytes - at));
      move(std::size_t{at}, part);
      at += part;
    }
  }

  void copy(const StraightMemory& to, const StraightMemory& from) {
    const Xbyak::RegExp source = start(from, other_place_, in_other_place_);
    const Xbyak::RegExp target = start(to);
    in_parts(to.bytes, [&](std::size_t at, std::uint32_t part) {
      if (part >= 4) {
        load_bytes(first_, part, ptr[source + at]);
        store_bytes(target + at, part, first_);
      } else if (part == 2) {
        mov(ax, word[source + at]);
        mov(word[target + at], ax);
      } else {
        mov(al, byte[source + at]);
        mov(byte[target + at], al);
      }
    });
  }

  void clear(const StraightMemory& to) {
    const Xbyak::RegExp target = start(to);
    vxorps(first_, first_, first_);
    in_parts(to.bytes, [&](std::size_t at, std::uint32_t part) {
      if (part >= 4) store_bytes(target + at, part, first_);
      else if (part == 2) mov(word[target + at], 0);
      else mov(byte[target + at], 0);
    });
  }

  // ---- calls

  void call(const StraightCall& each) {
    leave_registers();
    for (std::uint32_t k = 0; k < each.operands.size(); ++k) {
      if (each.operands[k] == no_memory) continue;
      lea(rax, ptr[start(memory_[each.operands[k]])]);
      mov(ptr[rsp + arguments_ + 8 * std::size_t{k}], rax);
    }
    mov(rdi, reinterpret_cast<std::uintptr_t>(&each.frame));
    lea(rsi, ptr[rsp + arguments_]);
    mov(rdx, reinterpret_cast<std::uintptr_t>(&each.instruction));
    mov(rax, reinterpret_cast<std::uintptr_t>(each.instruction.kernel));
    vzeroupper();
    CodeGenerator::call(rax);
    in_place_ = in_other_place_ = never;
  }

  /// A function may use them.
  void leave_registers() {
    for (std::uint32_t& held : holder_) {
      if (held == never) continue;
      leave_register(held);
      held = never;
    }
  }

  const PackProgram& lines_;
  const std::vector<StraightMemory>& memory_;
  const std::vector<StraightCall>& calls_;
  std::vector<bool> narrow_;  ///< lines of which the first element counts
  std::vector<std::uint32_t> free_narrow_, free_stack_, dead_stack_;
  bool in_section_ = false;
  std::uint32_t arguments_ = 0;                              ///< of calls, on the stack
  std::uint32_t in_place_ = never, in_other_place_ = never;  ///< places whose addresses are in those registers
};

}  // namespace

std::unique_ptr<const StraightCode> write_straight_code(StraightProgram program) {
  auto result = std::make_unique<StraightCode>();
  result->calls = std::move(program.calls);
  result->buffer_bytes = program.buffer_bytes;
  // Most instructions of ours are one of the processor, of eight or nine bytes, and some a few; few are many.
  std::size_t room = most_code + 64 * program.lines.instructions.size() + 128 * result->calls.size();
  for (int tries = 0; tries < 3 && result->code == nullptr; ++tries, room *= 4) {
    result->code = write_in_pages(room, [&](void* pages) {
      return StraightAssembler(program.lines, program.memory, result->calls, pages, room).assemble();
    });
  }
  return result->code != nullptr ? std::move(result) : nullptr;
}

}  // namespace xgrad::backend::cpu::kernels

#else

namespace xgrad::backend::cpu::kernels {

std::unique_ptr<const StraightCode> write_straight_code(StraightProgram) { return nullptr; }

}  // namespace xgrad::backend::cpu::kernels

#endif
