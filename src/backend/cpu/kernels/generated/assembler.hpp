// What writes machine code for x86-64 processors with AVX2 and FMA, by Xbyak. Its functions are in assembler.cpp (the
// code as a whole), assembler_values.cpp (registers and memory) and assembler_arithmetic.cpp (instructions).
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

/// Is the same for all elements, or for those of a row: it stays on the stack.
constexpr bool is_loop_invariant(PackOp op) {
  return op == PackOp::Number || op == PackOp::OfRow || op == PackOp::Constant;
}
constexpr bool is_load(PackOp op) { return op == PackOp::Load || op == PackOp::LoadMask || op == PackOp::OfColumn; }
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

/// Writes the code of one program.
class Assembler : protected Xbyak::CodeGenerator {
 protected:
  using Address = Xbyak::Address;
  using Label = Xbyak::Label;
  using Reg64 = Xbyak::Reg64;
  using Xmm = Xbyak::Xmm;
  using Ymm = Xbyak::Ymm;

 public:
  Assembler(const PackProgram& program, void* buffer, std::size_t size = most_code)
      : CodeGenerator(size, buffer),
        program_(program),
        width_(program.single_precision ? 8 : 4),
        element_(program.single_precision ? 4 : 8) {
    count_uses();
    choose_pointers();
  }

  Assembler(const Assembler&) = delete;
  Assembler& operator=(const Assembler&) = delete;
  virtual ~Assembler() = default;

  /// \return how many bytes the code has.
  virtual std::size_t assemble();

 protected:
  // ---- registers: of the arguments, of the loop, two for passing use, and those for pointers

  static constexpr int allocated = 13;  ///< registers for values; two more are for passing use

  const Reg64 slots_ = rdi, count_ = rsi, columns_ = rdx, failure_ = rcx;
  const Reg64 index_ = r8, end_ = r9, column_ = r10, row_ = r11;
  const Ymm first_ = ymm13, second_ = ymm14, last_mask_ = ymm15;

  void choose_pointers();
  struct Pointer {
    std::uint32_t slot;
    Reg64 reg;
  };
  const Pointer* find_pointer(std::uint32_t slot) const;
  /// The address of a slot: in its register, or else in rbx.
  Reg64 pointer(std::uint32_t slot);

  // ---- frame

  void begin();

  void begin_row();

  /// rax is the number of elements that are left.
  void begin_tail();

  void end();

  /// Room for one register. What a value had that is dead is given again once the instruction that was the last to
  /// read it is written, where free_stack is called between instructions.
  std::uint32_t take_stack();
  void free_stack();
  virtual void give_stack(std::uint32_t v);

  // ---- values

  void count_uses();

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
  void release(const PackInstruction& instruction);

  // ---- memory

  void broadcast(const Ymm& to, const Address& from);

  virtual Ymm load(std::uint32_t v);

  void load_mask(const Ymm& to, const Reg64& from);

  virtual void store(const PackInstruction& instruction);

  void bits_of(const Ymm& mask);
  /// Truth values of a mask as bytes in rax.
  void bytes_of(const Ymm& mask);
  /// And back: what is not 0 but 1 becomes all bits.
  void fill_mask(const Ymm& to);

  virtual void store_mask(const PackInstruction& instruction);

  // ---- arithmetic

  void emit(std::uint32_t i, const PackInstruction& instruction);

  void emit_binary(std::uint32_t i, const PackInstruction& instruction);

  static constexpr std::uint8_t equal = 0, unordered = 3, not_equal = 4, less = 17, less_equal = 18, greater = 30;
  void compare(const Ymm& to, const Ymm& a, const Xbyak::Operand& b, std::uint8_t how);
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
  std::vector<std::uint32_t> dead_stack_, free_stack_;
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
