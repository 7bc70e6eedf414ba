// Programs over packs of numbers, for which machine code is written while a plan is made: the arithmetic of a loop
// runs once through its operands, and what lies between stays in registers.
//
// generated: such programs, and the assembler that writes them as machine code. It includes block (whose memory it
// reads) and primitives; it knows no loops and no plans, and Xbyak is included by assembler.hpp alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace xgrad::backend::cpu::kernels {

/// Bytes of a pack; a program's packs are whole where it reads views.
inline constexpr std::size_t pack_bytes = 32;

/// What an instruction of a program does. Operands are the numbers of earlier instructions.
enum class PackOp : std::uint8_t {
  Load,       ///< elements of a slot
  LoadMask,   ///< truth values of a slot
  Number,     ///< the one number in a slot
  OfRow,      ///< the element of a slot that belongs to the row
  OfColumn,   ///< the elements of a slot that belong to the columns
  OfView,     ///< elements side by side, so far from where a slot points as the pack's number in slot `a` says
  OneOfView,  ///< the one element there
  Constant,   ///< the number, or the bits, of which a are the lower half and b the upper one
  Add,
  Subtract,
  Multiply,
  Divide,
  Negate,
  Absolute,
  Sign,
  Relu,
  Sqrt,
  Floor,
  Ceil,
  Round,  ///< halves to even
  Trunc,
  CopySign,
  Maximum,
  Minimum,
  AbsorbingMultiply,
  Offset,               ///< a - b, and 0 where they are equal
  MultiplyAdd,          ///< a b + c, rounded once
  MultiplySubtract,     ///< a b - c, rounded once
  NegativeMultiplyAdd,  ///< c - a b, rounded once
  Larger,               ///< b where either is NaN, unlike Maximum
  Smaller,
  Less,
  LessEqual,
  Equal,
  NotEqual,
  And,
  Or,
  Xor,
  Not,
  AddBits,  ///< of operands as integers
  SubtractBits,
  ShiftLeft,  ///< bits by the number that `slot` is
  ShiftRight,
  Select,     ///< b where the mask a is true, else c
  FromMask,   ///< 1 where the mask is true, else 0
  Unless,     ///< what follows up to its EndUnless is skipped where the mask a is true for the whole pack
  EndUnless,  ///< a if that was skipped, else b
  Function,   ///< of a, b and c: the operation whose number `slot` is. Written out as the instructions above
  Power,      ///< the power of a with so many quarters as `slot` is, which may be negative; written out, too
  Store,
  Stream,  ///< stores past the caches
  StoreMask,
  SumAll,          ///< slot[0] += a
  SumRows,         ///< slot[row] += a[row, :]
  SumSquaresAll,   ///< slot[0] += a a, of floats as doubles
  SumSquaresRows,  ///< slot[row] += a[row, :] a[row, :], of floats as doubles
  Check,  ///< ends the program where the mask a is false; b are the values that are reported, `slot` says which check
  // Of straight programs only, see straight_program.hpp:
  Spread,  ///< the first element of a, for all
  Copy,    ///< bytes of memory
  Clear,   ///< bytes of memory that become 0
  Call,    ///< a kernel
};

struct PackInstruction {
  PackOp op;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  std::uint32_t slot = 0;
  bool operator==(const PackInstruction&) const = default;
};

/// Instructions in the order in which they run. Stores to memory that may be that of an operand come last.
struct PackProgram {
  bool single_precision = false;
  bool rows = false;  ///< a block has several rows, and that matters to an instruction
  std::vector<PackInstruction> instructions;
  bool operator==(const PackProgram&) const = default;
};

/// Values of which one did not meet a condition.
struct CheckFailure {
  alignas(64) std::byte values[64];  ///< of a pack
  std::uint32_t holds;               ///< a bit for each of them
};

struct StraightBases;

/// Machine code of a program.
class Generated {
 public:
  /// \param pages  executable memory of so many bytes, which is given back in the end.
  Generated(void* pages, std::size_t bytes) noexcept : pages_(pages), bytes_(bytes) {}
  Generated(const Generated&) = delete;
  Generated& operator=(const Generated&) = delete;
  ~Generated();

  /// \return 0, or the number of the check that failed, counted from 1.
  std::uint32_t operator()(std::byte* const* slots, std::size_t count, std::size_t columns,
                           CheckFailure& failure) const {
    return reinterpret_cast<Function>(pages_)(slots, count, columns, &failure);
  }
  /// Of a straight program.
  void operator()(const StraightBases& bases) const { reinterpret_cast<StraightFunction>(pages_)(&bases); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  using StraightFunction = void (*)(const StraightBases*);
  using Function = std::uint32_t (*)(std::byte* const*, std::size_t, std::size_t, CheckFailure*);
  void* pages_;
  std::size_t bytes_;
};

/// Whether this machine can run such code, and it is not forbidden (XGRAD_MACHINE_CODE=off).
/// \throws ValueError  if XGRAD_MACHINE_CODE is anything else than on or off.
bool can_generate();
/// What a value of that variable says; null or empty: yes.
bool allows_machine_code(const char* setting);

/// The code of a program, which equal ones share.
/// \return nothing if the system refuses executable memory or the program is too long.
std::shared_ptr<const Generated> generate(const PackProgram& program);
/// The same, written anew.
std::shared_ptr<const Generated> write_code(const PackProgram& program);

}  // namespace xgrad::backend::cpu::kernels
