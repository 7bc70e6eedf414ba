// Programs over short arrays and single numbers that lie at known places: no loop goes over their elements, each
// operation is written out for each pack, and what lies between stays in registers, from one loop of a plan to the
// next.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "backend/cpu/kernels/block/block.hpp"
#include "pack_program.hpp"

namespace xgrad::backend::cpu::kernels {

/// Where the memory lies that a straight program works on.
struct StraightBases {
  std::byte* arena;
  std::byte* scratch;
  std::byte* const* places;
  std::byte* numbers;
  std::byte* buffer;
};

/// A piece of memory. `slot` of an instruction is the number of one.
struct StraightMemory {
  enum class Base : std::uint8_t { Arena, Scratch, Numbers, Buffer, Place };
  Base base = Base::Arena;
  bool single = false;        ///< one number for all elements of a pack
  std::uint8_t elements = 0;  ///< of a pack that is loaded or stored: a power of two
  std::uint32_t place = 0;    ///< with Base::Place
  std::ptrdiff_t offset = 0;  ///< bytes
  std::uint32_t bytes = 0;    ///< that are copied or cleared
};

inline constexpr std::uint32_t no_memory = ~0U;

/// A kernel over a block, which is called with pointers to its operands in the order of an instruction's slots.
struct StraightCall {
  Frame frame;
  Instruction instruction;
  std::array<std::uint32_t, 4> operands;  ///< memory: out, a, b, c
};

/// Instructions with the slots that are memory here. Beside those of every program there are copies (from the memory
/// that `a` is), clearing, calls (`slot` is the number of one), and single values spread over a pack.
struct StraightProgram {
  PackProgram lines;
  std::vector<StraightMemory> memory;
  std::vector<StraightCall> calls;
  std::size_t buffer_bytes = 0;  ///< of the program's own; each piece is written once
};

/// Machine code of a straight program, and the calls that it points to.
struct StraightCode {
  std::vector<StraightCall> calls;
  std::shared_ptr<const Generated> code;
  std::size_t buffer_bytes;
};

/// \return nothing if the system refuses executable memory.
std::unique_ptr<const StraightCode> write_straight_code(StraightProgram program);

}  // namespace xgrad::backend::cpu::kernels
