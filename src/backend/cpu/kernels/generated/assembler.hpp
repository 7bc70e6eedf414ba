// What writes machine code for x86-64 processors with AVX2 and FMA, or AVX-512, by Xbyak. Its functions are in
// assembler.cpp (the code as a whole), assembler_passes.cpp (which instructions run how often, and rare sections),
// assembler_values.cpp (registers and memory) and assembler_arithmetic.cpp (instructions).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <xbyak/xbyak.h>

#include "pack_program.hpp"

namespace xgrad::backend::cpu::kernels {

inline constexpr std::size_t most_code = std::size_t{1} << 16U;
inline constexpr int no_register = -1;
inline constexpr std::uint32_t not_on_stack = ~0U;
inline constexpr std::uint32_t never = ~0U;
inline constexpr int no_lane = -1;

/// Instructions of a program that is written several times for the sake of its sums.
inline constexpr std::size_t longest_unrolled = 48;

/// Is the same for all elements, or for those of a row, and comes from memory: it stays on the stack.
constexpr bool is_spread(PackOp op) { return op == PackOp::Number || op == PackOp::OfRow; }
constexpr bool reads_view(PackOp op) { return op == PackOp::OfView || op == PackOp::OneOfView; }
constexpr bool is_load(PackOp op) {
  return op == PackOp::Load || op == PackOp::LoadMask || op == PackOp::OfColumn || reads_view(op);
}
constexpr bool is_comparison(PackOp op) {
  return op == PackOp::Less || op == PackOp::LessEqual || op == PackOp::Equal || op == PackOp::NotEqual;
}
constexpr bool sums_all(PackOp op) { return op == PackOp::SumAll || op == PackOp::SumSquaresAll; }
constexpr bool sums_rows(PackOp op) { return op == PackOp::SumRows || op == PackOp::SumSquaresRows; }
constexpr bool is_store(PackOp op) { return op == PackOp::Store || op == PackOp::Stream || op == PackOp::StoreMask; }

constexpr std::size_t operand_count(PackOp op) {
  switch (op) {
    case PackOp::Load:
    case PackOp::LoadMask:
    case PackOp::Number:
    case PackOp::OfRow:
    case PackOp::OfColumn:
    case PackOp::OfView:
    case PackOp::OneOfView:
    case PackOp::Constant:
    case PackOp::Copy:
    case PackOp::Clear:
    case PackOp::Call:
      return 0;
    case PackOp::Spread:
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
    case PackOp::ShiftLeft:
    case PackOp::ShiftRight:
    case PackOp::Unless:
    case PackOp::Store:
    case PackOp::Stream:
    case PackOp::StoreMask:
    case PackOp::SumAll:
    case PackOp::SumRows:
    case PackOp::SumSquaresAll:
    case PackOp::SumSquaresRows:
      return 1;
    case PackOp::Select:
    case PackOp::MultiplyAdd:
    case PackOp::MultiplySubtract:
    case PackOp::NegativeMultiplyAdd:
      return 3;
    default:
      return 2;
  }
}

/// How often an instruction is to run. Never: nothing reads it.
enum class Rate : std::uint8_t { OncePerCall, OncePerRow, EachPack, Never };

/// An instruction with effects beside its value.
constexpr bool acts(PackOp op) {
  return is_store(op) || sums_all(op) || sums_rows(op) || op == PackOp::Check || op == PackOp::Copy ||
         op == PackOp::Clear || op == PackOp::Call;
}

/// Where a value is while the instructions are gone through.
struct ValueLocation {
  int reg = no_register;
  std::uint32_t stack_offset = not_on_stack;  ///< of a copy of it
  std::uint32_t used = 0;                     ///< of its uses
  bool reloadable = false;                    ///< can be loaded again from its slot
};

/// Writes the code of one program.
class Assembler : protected Xbyak::CodeGenerator {
 protected:
  using Address = Xbyak::Address;
  using Label = Xbyak::Label;
  using Reg64 = Xbyak::Reg64;
  using Xmm = Xbyak::Xmm;
  using Ymm = Xbyak::Ymm;

 public:
  Assembler(const PackProgram& program, void* buffer) : Assembler(program, buffer, most_code, is_wide(program)) {
    find_rates();
    find_reloadable();
    choose_pointers();
  }

  Assembler(const Assembler&) = delete;
  Assembler& operator=(const Assembler&) = delete;
  ~Assembler() override = default;

  /// \return how many bytes the code has.
  virtual std::size_t assemble();

 protected:
  /// \param wide  whether its packs have registers of AVX-512.
  Assembler(const PackProgram& program, void* buffer, std::size_t size, bool wide)
      : CodeGenerator(size, buffer),
        program_(program),
        wide_(wide),
        bytes_(wide_ ? 64 : 32),
        element_(program.single_precision ? 4 : 8),
        width_(bytes_ / static_cast<std::uint32_t>(element_)) {
    values_.resize(program.instructions.size());
    constant_labels_.resize(program.instructions.size());
  }

  // ---- registers: of the arguments, of the loop, two for passing use, and those for pointers

  // Those for values come first; behind them in wide code are those of sums.
  static constexpr int narrow_registers = 13, wide_registers = 22;

  /// A register of the width of the code, which may be that of AVX-512.
  [[nodiscard]] Ymm vector(int index) const { return wide_ ? Ymm(index, Xbyak::Operand::ZMM, 512) : Ymm(index); }
  /// Whether registers of AVX-512 are worth it.
  static bool is_wide(const PackProgram& program);

  const Reg64 slots_ = rdi, count_ = rsi, columns_ = rdx, failure_ = rcx;
  const Reg64 index_ = r8, end_ = r9, column_ = r10, row_ = r11;

  void choose_pointers();
  struct Pointer {
    std::uint32_t slot;
    Reg64 reg;
  };
  const Pointer* find_pointer(std::uint32_t slot) const;
  /// The address of a slot: in its register, or else in rbx.
  Reg64 pointer(std::uint32_t slot);

  // ---- frame

  /// Saves registers and makes room on the stack.
  void begin_frame();
  /// Nothing takes more of it.
  void end_frame();
  void begin();

  void begin_row();

  /// rax is the number of elements that are left.
  void begin_tail();

  void end();

  /// Room for one register.
  std::uint32_t take_stack();

  // ---- passes: the instructions that run at one rate

  void find_rates();
  /// For code that runs all of its instructions once, in their order.
  void find_rates_of_straight();
  void find_unread();
  /// Comparisons that wide code makes where their one reader is, in a register for masks.
  void find_late_masks();
  /// What an instruction reads itself or through comparisons that are made late, each once.
  struct Operands {
    std::array<std::uint32_t, 12> values;
    std::size_t count = 0;
    void add(std::uint32_t v) {
      if (std::find(values.begin(), values.begin() + count, v) == values.begin() + count) values[count++] = v;
    }
  };
  [[nodiscard]] Operands operands_of(std::uint32_t i) const;
  void add_operands(Operands& operands, const PackInstruction& instruction) const;
  /// The rate of something that reads this.
  [[nodiscard]] Rate rate_of_operands(std::uint32_t begin, std::uint32_t end) const;
  /// The EndUnless of an Unless.
  [[nodiscard]] std::uint32_t end_of_section(std::uint32_t begin) const;
  /// The uses of each value by instructions of a rate.
  void count_uses(Rate rate);
  [[nodiscard]] std::uint32_t next_use(std::uint32_t v) const;
  void begin_pass(Rate rate);
  void pass(Rate rate);
  /// One instruction, in its turn.
  void step(std::uint32_t i);
  /// Values that run less often than what reads them are kept on the stack.
  void keep_for_later(std::uint32_t i);

  // ---- sections: instructions that are rarely needed. They stand behind the rest, and leave all registers but that
  // of their result as they found them.

  struct Section {
    std::uint32_t begin, end;
    Rate rate;
    bool tail;
    int result;
    Label rare, back;
    std::vector<ValueLocation> values;
    std::array<std::uint32_t, wide_registers> holder;
  };
  [[nodiscard]] bool is_read_after(std::uint32_t v, std::uint32_t i) const;
  /// Value `fast` in a register that becomes that of value `result`.
  int take_over(std::uint32_t fast, std::uint32_t result);
  void begin_section(std::uint32_t begin, std::uint32_t end);
  void sections();
  virtual void write_section(Section& section);

  // ---- values

  void find_reloadable();

  [[nodiscard]] bool has_home(std::uint32_t v) const;
  /// Where instructions can read it.
  [[nodiscard]] bool only_at_home(std::uint32_t v) const {
    return values_[v].reg == no_register && has_home(v) && !is_narrow(v);
  }
  /// Where a value is that has a place in memory.
  Address home(std::uint32_t v);

  /// All whole packs of a row.
  void packs(bool aligned);
  void pack(bool aligned);
  /// As many packs at a time as there are elements for all partial sums, which are in registers meanwhile: in memory
  /// each would wait for the one before.
  void whole_lanes(bool aligned);
  /// Which sums have registers: those beyond the sixteenth where there are such, else some of those for values, if the
  /// program is short enough to do without.
  void choose_lane_registers();

  /// \param aligned  whether what is stored past the caches lies at whole packs.
  void body(bool tail, bool aligned);
  /// A register for value v, in place of the one that is used last.
  Ymm assign(std::uint32_t v);

  /// Puts a value that is read later and not to be had from elsewhere on the stack.
  void leave_register(std::uint32_t v);
  virtual void spill(std::uint32_t v);
  virtual void reload(const Ymm& to, std::uint32_t v);
  /// Whether the stack has less than a register of it, which instructions cannot read there.
  [[nodiscard]] virtual bool is_narrow(std::uint32_t) const { return false; }

  /// Value v in a register.
  Ymm use(std::uint32_t v);

  /// Value v in a register, or on the stack if it is only there; `from` holds the answer.
  const Xbyak::Operand& source(std::uint32_t v, Address& from, Ymm& reg);

  /// After the current instruction its operands have had this use.
  void release();
  /// Value v needs no register any more if nothing reads it.
  void release_if_dead(std::uint32_t v);
  /// Nothing reads value v any more. The current instruction may still read it on the stack.
  virtual void give_stack(std::uint32_t) {}
  /// Value v, which becomes known now, is in a register that is free.
  void hold(std::uint32_t v, int reg);
  /// A register is free again, if it still has value v.
  void forget(std::uint32_t v, int reg);

  // ---- memory

  void broadcast(const Ymm& to, const Address& from);

  /// What has a slot, from memory.
  Ymm load(std::uint32_t v);
  virtual void load_into(std::uint32_t v, const Ymm& to);

  void load_mask(const Ymm& to, const Reg64& from);

  /// Programs that read views have no packs that are not whole.
  void load_of_view(const Ymm& to, const Reg64& from, const PackInstruction& instruction);

  virtual void store(const PackInstruction& instruction);

  void bits_of(const Ymm& mask);
  /// The same, and true for what is not there.
  void bits_of_all(const Ymm& mask);
  /// Truth values of a mask of narrow code as bytes in rax.
  void bytes_of(const Ymm& mask);
  /// And back: what is not 0 but 1 becomes all bits.
  void fill_mask(const Ymm& to);

  virtual void store_mask(const PackInstruction& instruction);

  // ---- arithmetic

  void emit(std::uint32_t i, const PackInstruction& instruction);

  void emit_binary(std::uint32_t i, const PackInstruction& instruction);
  void emit_select(std::uint32_t i, const PackInstruction& instruction);

  /// to = +-x y +- z with the operands in the order that the number of the form says.
  enum class Form : std::uint8_t { F132, F213, F231 };
  void emit_fused(std::uint32_t i, const PackInstruction& instruction);
  void fused(PackOp op, Form form, const Ymm& to, const Ymm& second, const Xbyak::Operand& third);
  /// Whether the current instruction is the last that reads value v, which is in a register.
  [[nodiscard]] bool dies(std::uint32_t v) const;

  static constexpr std::uint8_t equal = 0, unordered = 3, not_equal = 4, less = 17, less_equal = 18, greater = 30;
  void compare(const Ymm& to, const Ymm& a, const Xbyak::Operand& b, std::uint8_t how);
  static std::uint8_t predicate_of(PackOp op);
  /// A mask in a register for masks, of wide code.
  void to_opmask(const Xbyak::Opmask& to, std::uint32_t mask);
  void jump_unless_all(std::uint32_t mask, Label& label);
  void multiply(const Ymm& to, const Ymm& a, const Ymm& b);
  void subtract(const Ymm& to, const Ymm& a, const Xbyak::Operand& b);
  void blend(const Ymm& to, const Ymm& otherwise, const Xbyak::Operand& then, const Ymm& mask);

  void round_to_integer(const Ymm& to, const Ymm& a, PackOp op);

  /// Operands are in registers; all are read before the result is written, which may have an operand's register.
  void emit_in_registers(std::uint32_t i, const PackInstruction& instruction);

  // ---- sums

  /// Partial sums of a run of elements, as everywhere: sixteen, whatever the width of the registers.
  static constexpr std::uint32_t lanes = 16;
  struct SumLanes {
    std::uint32_t instruction;
    std::uint32_t stack_offset;  ///< of its lanes on the stack
  };

  void clear_sums(bool (*chosen)(PackOp));

  void add_to_sum(std::uint32_t i, const PackInstruction& instruction);

  void end_sums(bool (*chosen)(PackOp));

  // ---- checks

  struct Failure {
    Label label;
    int values;
    std::uint32_t check;
  };

  void check(const PackInstruction& instruction);

  void failures();

  void constants();

  const PackProgram& program_;
  std::vector<Rate> rates_;               ///< of each instruction
  std::vector<bool> outlives_;            ///< what runs less often than something that reads it
  std::vector<bool> late_;                ///< see find_late_masks
  Rate counted_ = Rate::EachPack;         ///< of the instructions whose uses are known
  std::vector<std::uint32_t> first_use_;  ///< of each value in the list below; one more at the end
  std::vector<std::uint32_t> uses_;
  std::vector<Section> sections_;
  std::vector<Label> constant_labels_;
  const bool wide_;
  const std::uint32_t bytes_;  ///< of a register
  const int element_;          ///< bytes
  const std::uint32_t width_;  ///< elements in a register
  const Ymm first_ = vector(wide_ ? 30 : 13), second_ = vector(wide_ ? 31 : 14);
  const Ymm last_mask_ = ymm15;             ///< elements that are there, at the end of a row, in narrow code
  const Xbyak::Opmask last_elements_ = k7;  ///< the same in wide code
  std::vector<ValueLocation> values_;
  std::vector<Pointer> pointers_;
  std::vector<SumLanes> sums_;
  std::vector<Failure> failures_;
  int value_registers_ = wide_ ? wide_registers : narrow_registers;
  std::vector<int> lane_registers_;  ///< the first of each sum that has some
  int lane_ = no_lane;  ///< the first partial sum of the pack that is being written, where they have registers
  std::array<std::uint32_t, wide_registers> holder_{};  ///< value in each register
  std::array<bool, wide_registers> pinned_{};           ///< by the instruction that is being written
  std::uint32_t current_ = 0;
  bool tail_ = false;
  bool aligned_ = false;
  std::uint32_t frame_ = 0;
  std::uint32_t saved_stack_ = 0;
  std::uint32_t rest_ = 0;
  std::size_t frame_size_at_ = 0;
  Label done_, mask_table_, sign_, magnitude_, one_, minus_one_, all_bits_;
};

/// Code that is written where it stays.
/// \param write  \return how many bytes it has.
/// \return null if the system refuses executable memory, or there is not enough room.
std::shared_ptr<const Generated> write_in_pages(std::size_t room, const std::function<std::size_t(void*)>& write);

}  // namespace xgrad::backend::cpu::kernels
