// From a draft of a loop, whose instructions and slots have no order and no place yet, to the loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "program.hpp"

namespace xgrad::backend::cpu {

using SlotId = std::uint32_t;
inline constexpr SlotId no_slot = ~SlotId{0};

/// What a slot points to: memory of a place, scratch for a block or for its rows, partial results.
enum class Store : std::uint8_t { Memory, Block, Row, Partial };
struct SlotInfo {
  Store store;
  std::size_t element;
  bool leaf = false;          // memory of a leaf
  std::uint32_t first = ~0U;  // instruction that uses it first (of scratch: writes it), in the final order
  std::uint32_t last = 0;     // that uses it last
  std::uint32_t first_segment = 0;
  std::uint32_t last_segment = 0;
};

/// An instruction and when it runs.
struct Emitted {
  kernels::Instruction code;
  std::uint32_t phase;
  bool rows;
  bool in_place;  // the output may be the memory of an operand with elements of the same size
  InstructionInfo info;
  bool once = false;  // makes the same in each block, of memory that this loop does not write
};

struct Draft {
  Loop loop;                    ///< but for its code, its segments and the places of its scratch
  std::vector<SlotInfo> slots;  ///< one for each slot of the loop
  std::vector<Emitted> code;    ///< each after what it needs
};

/// A loop, and what is known of where it writes.
struct LoweredLoop {
  Loop loop;
  /// Places that it writes and leaves of the same form that it has read before, element by element: they may be the
  /// same memory.
  std::vector<std::pair<PlaceId, PlaceId>> in_place;
};

/// A kernel for operands that must be gathered (see Gathered); run by the executor.
void gather_block(const kernels::Frame& frame, std::byte* const* slots, const kernels::Instruction& instruction);

/// The loop that a frame is of.
const Loop& loop_of(const kernels::Frame& frame);

/// A kernel that looks whether a condition holds (see Check); run by the executor.
void check_block(const kernels::Frame& frame, std::byte* const* slots, const kernels::Instruction& instruction);

/// A kernel that adds lines up (see ReducedLines); run by the executor.
void lines_block(const kernels::Frame& frame, std::byte* const* slots, const kernels::Instruction& instruction);

/// A kernel that runs machine code (see GeneratedBlock); run by the executor.
void generated_block(const kernels::Frame& frame, std::byte* const* slots, const kernels::Instruction& instruction);

/// The slots that an instruction reads.
template <class F>
void for_each_operand(const Loop& loop, const kernels::Instruction& code, F f) {
  using Kind = kernels::Instruction::Kind;
  switch (code.kind) {
    case Kind::Generated:
      for (const SlotId slot : loop.generated[code.a].reads) f(slot);
      return;
    case Kind::Gather:
      return f(loop.gathered[code.a].slot);
    case Kind::Offsets:
      return;
    case Kind::Check:
      f(code.a);
      return f(code.b);
    case Kind::Lines:
      return f(code.a);
    case Kind::Plain:
      break;
  }
  for (const SlotId slot : {code.a, code.b, code.c}) {
    if (slot != no_slot) f(slot);
  }
}

/// The slots that it writes.
template <class F>
void for_each_result(const Loop& loop, const kernels::Instruction& code, F f) {
  if (code.kind == kernels::Instruction::Kind::Lines && code.b != no_slot) f(code.b);
  if (code.kind != kernels::Instruction::Kind::Generated) return f(code.out);
  for (const SlotId slot : loop.generated[code.a].writes) f(slot);
}

inline bool writes(const Loop& loop, const kernels::Instruction& code, SlotId slot) {
  bool result = false;
  for_each_result(loop, code, [&](SlotId each) { result = result || each == slot; });
  return result;
}

/// Sorts the instructions into segments and gives each slot of scratch its place.
LoweredLoop schedule(Draft draft);

}  // namespace xgrad::backend::cpu
