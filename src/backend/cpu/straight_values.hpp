// The lines of a straight program and the memory that they read and write: what is known to be in a register is not
// loaded again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "backend/cpu/kernels/generated/functions.hpp"
#include "backend/cpu/kernels/generated/straight_program.hpp"
#include "core/flat_map.hpp"
#include "program.hpp"

namespace xgrad::backend::cpu {

inline constexpr std::uint32_t no_line = ~0U;

/// A piece of memory whose value is that of a line.
struct KnownPack {
  PlaceId place;
  std::ptrdiff_t offset;
  std::uint32_t elements;  ///< 0: one for all
  bool operator==(const KnownPack&) const = default;
  [[nodiscard]] std::uint64_t hash() const noexcept {
    return core::hash_of_words({place, static_cast<std::uint64_t>(offset), elements});
  }
};

class StraightValues {
 public:
  using PackOp = kernels::PackOp;
  using Memory = kernels::StraightMemory;

  /// \param type  of the numbers in packs.
  /// \param own  places that nothing else reads: what is known of them need not be stored.
  StraightValues(const StepProgram& program, DType type, const std::vector<PlaceId>& own)
      : program_(program), type_(type), unread_(program.places.size(), false) {
    writer_.begin(type == DType::Float32);
    for (const PlaceId place : own) unread_[place] = true;
  }

  kernels::StraightProgram take() {
    for (const StoreToOwn& store : stores_to_own_) {
      if (unread_[store.place]) lines().instructions[store.line] = {.op = PackOp::Load};  // which nothing uses
    }
    result_.lines = std::move(lines());
    return std::move(result_);
  }

  [[nodiscard]] const StepProgram& program() const noexcept { return program_; }
  [[nodiscard]] DType type() const noexcept { return type_; }

  std::uint32_t append(PackOp op, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0,
                       std::uint32_t slot = 0) {
    return writer_.append({op, a, b, c, slot});
  }
  std::uint32_t function(Opcode op, const std::array<std::uint32_t, 3>& operands) {
    return kernels::write_lines(op, operands, writer_);
  }
  std::uint32_t add(const Memory& memory) {
    result_.memory.push_back(memory);
    return static_cast<std::uint32_t>(result_.memory.size() - 1);
  }
  void call(const kernels::StraightCall& each) {
    append(PackOp::Call, 0, 0, 0, static_cast<std::uint32_t>(result_.calls.size()));
    result_.calls.push_back(each);
  }
  /// Memory of the program's own, in bytes.
  std::ptrdiff_t take_buffer(std::size_t bytes) {
    return static_cast<std::ptrdiff_t>(
        std::exchange(result_.buffer_bytes, result_.buffer_bytes + (bytes + 63) / 64 * 64));
  }

  std::uint32_t load(Memory memory, std::uint8_t elements, bool single, bool mask) {
    memory.elements = elements;
    memory.single = single;
    return append(mask ? PackOp::LoadMask : PackOp::Load, 0, 0, 0, add(memory));
  }
  void store(Memory to, std::uint32_t value, std::uint8_t elements, bool mask) {
    to.elements = elements;
    append(mask ? PackOp::StoreMask : PackOp::Store, value, 0, 0, add(to));
  }

  void store(const KnownPack& to, std::uint32_t value, bool mask) {
    store(at(to.place, to.offset), value, static_cast<std::uint8_t>(to.elements), mask);
    if (unread_[to.place]) stores_to_own_.push_back({to.place, last_line()});
    know(to, value);
  }

  /// A value at a place in memory, loaded if it is not known.
  std::uint32_t read(const KnownPack& pack, bool mask) {
    if (const std::uint32_t line = line_of(pack); line != no_line) return line;
    std::uint32_t value = no_line;
    if (pack.elements == 0) {
      const std::uint32_t alone = line_of({pack.place, pack.offset, 1});
      value = alone != no_line ? append(PackOp::Spread, alone) : load(at_read(pack.place, pack.offset), 1, true, mask);
    } else {
      value = load(at_read(pack.place, pack.offset), static_cast<std::uint8_t>(pack.elements), false, mask);
    }
    know(pack, value);
    return value;
  }
  std::uint32_t line_of(const KnownPack& pack) { return known_.try_emplace(pack, no_line).first; }
  void know(const KnownPack& pack, std::uint32_t value) { known_.try_emplace(pack, value).first = value; }

  /// Memory that is read there.
  [[nodiscard]] Memory at_read(PlaceId id, std::ptrdiff_t offset) {
    unread_[id] = false;
    return at(id, offset);
  }
  [[nodiscard]] Memory at(PlaceId id, std::ptrdiff_t offset) const {
    const Place& place = program_.places[id];
    if (place.kind == Place::Kind::Arena) {
      return {.base = Memory::Base::Arena, .offset = static_cast<std::ptrdiff_t>(place.offset) + offset};
    }
    if (place.kind == Place::Kind::Number) {
      return {.base = Memory::Base::Numbers,
              .offset = static_cast<std::ptrdiff_t>(place.index * sizeof(Scalar)) + offset};
    }
    return {.base = Memory::Base::Place, .place = id, .offset = offset};
  }

 private:
  struct StoreToOwn {
    PlaceId place;
    std::uint32_t line;
  };
  [[nodiscard]] kernels::PackProgram& lines() { return writer_.program(); }
  [[nodiscard]] std::uint32_t last_line() { return static_cast<std::uint32_t>(lines().instructions.size() - 1); }

  const StepProgram& program_;
  DType type_;
  std::vector<bool> unread_;  ///< places that nothing is seen to read from memory
  std::vector<StoreToOwn> stores_to_own_;
  kernels::PackWriter writer_;       ///< of the lines
  kernels::StraightProgram result_;  ///< but for its lines
  core::FlatMap<KnownPack, std::uint32_t> known_;
};

}  // namespace xgrad::backend::cpu
