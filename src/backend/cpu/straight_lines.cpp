#include "straight_lines.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "arithmetic_lines.hpp"
#include "core/flat_map.hpp"
#include "core/strides.hpp"

namespace xgrad::backend::cpu {
namespace {

using kernels::PackOp;
using kernels::StraightMemory;

constexpr std::uint32_t unknown = ~0U;

/// A place in memory that holds a value which is known: how many elements, or one for all.
struct KnownPack {
  PlaceId place;
  std::ptrdiff_t offset;
  std::uint32_t elements;  ///< 0: one for all
  bool operator==(const KnownPack&) const = default;
  [[nodiscard]] std::uint64_t hash() const noexcept {
    return core::hash_of_words({place, static_cast<std::uint64_t>(offset), elements});
  }
};

struct PackOfLoop {
  std::size_t first;
  std::uint8_t elements;
};

class StraightWriting {
 public:
  StraightWriting(const StepProgram& program, const StraightRun& run) : program_(program) {
    type_ = type_of_run(run);
    result_.lines.single_precision = type_ == DType::Float32;
    for (std::uint32_t k = run.first; k < run.last; ++k) {
      const Step& step = program.steps[k];
      if (step.kind == Step::Kind::Loop) write(program.loops[step.index]);
      else write(program.kernels[step.index]);
    }
  }

  kernels::StraightProgram take() { return std::move(result_); }

 private:
  /// Packs are of one element type; what is of another is left to kernels.
  [[nodiscard]] DType type_of_run(const StraightRun& run) const {
    std::size_t floats = 0;
    std::size_t doubles = 0;
    for (std::uint32_t k = run.first; k < run.last; ++k) {
      if (program_.steps[k].kind != Step::Kind::Loop) continue;
      for (const InstructionInfo& info : program_.loops[program_.steps[k].index].infos) {
        floats += info.kind != InstructionInfo::Kind::Other && info.dtype == DType::Float32 ? 1 : 0;
        doubles += info.kind != InstructionInfo::Kind::Other && info.dtype == DType::Float64 ? 1 : 0;
      }
    }
    return floats > doubles ? DType::Float32 : DType::Float64;
  }

  // ---- loops

  void write(const Loop& loop) {
    loop_ = &loop;
    find_slots_in_memory();
    for (const Segment& segment : loop.segments) {
      rows_ = segment.rows;
      count_ = rows_ ? loop.rows : loop.rows * loop.columns;
      choose_packs();
      for (std::uint32_t i = segment.first; i < segment.last; ++i) write(loop.code[i], loop.infos[i]);
    }
  }

  /// Kernels find their operands in memory.
  void find_slots_in_memory() {
    in_memory_.assign(loop_->slots.size(), false);
    values_of_slot_.assign(loop_->slots.size(), {});
    spread_of_slot_.assign(loop_->slots.size(), unknown);
    for (std::size_t i = 0; i < loop_->code.size(); ++i) {
      const kernels::Instruction& code = loop_->code[i];
      if (has_own_lines(code, loop_->infos[i])) continue;
      for_each_operand(*loop_, code, [&](SlotId slot) { in_memory_[slot] = true; });
    }
  }

  void choose_packs() {
    packs_.clear();
    const std::size_t widest = 32 / size_of(type_);
    for (std::size_t at = 0; at < count_;) {
      const std::size_t elements = std::min(widest, std::bit_floor(count_ - at));
      packs_.push_back({at, static_cast<std::uint8_t>(elements)});
      at += elements;
    }
  }

  [[nodiscard]] bool has_own_lines(const kernels::Instruction& code, const InstructionInfo& info) const {
    if (code.kind != kernels::Instruction::Kind::Plain) return false;
    if (info.kind == InstructionInfo::Kind::Splat) return info.dtype == type_;
    if (info.kind != InstructionInfo::Kind::Elementwise || !has_lines(info.op)) return false;
    if (traits_of(info.op).logical) return info.modes == 0;
    if (is_conversion(info.op)) return info.dtype == DType::Bool && info.result == type_;
    return info.dtype == type_;
  }

  void write(const kernels::Instruction& code, const InstructionInfo& info) {
    if (code.kind == kernels::Instruction::Kind::Gather) return gather(code);
    if (!has_own_lines(code, info)) return call(code);
    const bool mask = info.kind == InstructionInfo::Kind::Elementwise && traits_of(info.op).predicate;
    std::vector<std::uint32_t> values;
    values.reserve(packs_.size());
    for (pack_ = 0; pack_ < packs_.size(); ++pack_) values.push_back(line(code, info));
    for (pack_ = 0; pack_ < packs_.size(); ++pack_) keep(code.out, values[pack_], mask);
    if (loop_->slots[code.out].base == Slot::Base::Scratch) values_of_slot_[code.out] = std::move(values);
  }

  std::uint32_t line(const kernels::Instruction& code, const InstructionInfo& info) {
    if (info.kind == InstructionInfo::Kind::Splat) return read(code.a, true, false);
    const auto value = [&](SlotId slot, bool single, bool mask) { return read(slot, single, mask); };
    const auto append_line = [&](PackOp op, std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t slot) {
      return append(op, a, b, c, slot);
    };
    return arithmetic_lines(info, code, value, append_line);
  }

  std::uint32_t append(PackOp op, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0,
                       std::uint32_t slot = 0) {
    result_.lines.instructions.push_back({op, a, b, c, slot});
    return static_cast<std::uint32_t>(result_.lines.instructions.size() - 1);
  }

  // ---- values

  /// What is in a slot for the present pack.
  std::uint32_t read(SlotId slot, bool single, bool mask) {
    const Slot& each = loop_->slots[slot];
    const PackOfLoop pack = packs_[pack_];
    const bool one = single && count_ > 1;
    if (each.base == Slot::Base::Scratch) {
      const std::vector<std::uint32_t>& known = values_of_slot_[slot];
      if (!known.empty()) return one ? spread(slot, known[0]) : known[single ? 0 : pack_];
      StraightMemory from = start_of(each);
      if (!one) from.offset += bytes(pack.first, mask);
      return load(from, pack.elements, one, mask);
    }
    const Place& place = program_.places[each.place];
    const bool number = place.kind == Place::Kind::Number;
    const std::ptrdiff_t offset = one || number ? each.offset : each.offset + bytes(pack.first, mask);
    return known_pack({each.place, offset, one || number ? 0U : pack.elements}, mask);
  }

  std::uint32_t spread(SlotId slot, std::uint32_t value) {
    std::uint32_t& line = spread_of_slot_[slot];
    if (line == unknown) line = append(PackOp::Spread, value);
    return line;
  }

  /// A value at a place in memory, loaded if it is not in a register.
  std::uint32_t known_pack(const KnownPack& pack, bool mask) {
    const auto [line, fresh] = known_.try_emplace(pack, unknown);
    if (!fresh) return line;
    const bool one = pack.elements == 0;
    std::uint32_t value = unknown;
    if (one) {
      const auto [alone, not_known] = known_.try_emplace({pack.place, pack.offset, 1}, unknown);
      if (!not_known && alone != unknown) value = append(PackOp::Spread, alone);
    }
    if (value == unknown)
      value = load(at_place(pack.place, pack.offset), static_cast<std::uint8_t>(one ? 1 : pack.elements), one, mask);
    know(pack, value);
    return value;
  }

  std::uint32_t load(StraightMemory memory, std::uint8_t elements, bool single, bool mask) {
    memory.elements = elements;
    memory.single = single;
    return append(mask ? PackOp::LoadMask : PackOp::Load, 0, 0, 0, add(memory));
  }

  /// Values go to memory, and to scratch if a kernel reads them there.
  void keep(SlotId slot, std::uint32_t value, bool mask) {
    const Slot& each = loop_->slots[slot];
    const PackOfLoop pack = packs_[pack_];
    const bool memory = each.base == Slot::Base::Memory;
    if (!memory && !in_memory_[slot]) return;
    StraightMemory to = start_of(each);
    to.offset += bytes(pack.first, mask);
    store(to, value, pack.elements, mask);
    if (memory) know({each.place, each.offset + bytes(pack.first, mask), pack.elements}, value);
  }

  void store(StraightMemory to, std::uint32_t value, std::uint8_t elements, bool mask) {
    to.elements = elements;
    append(mask ? PackOp::StoreMask : PackOp::Store, value, 0, 0, add(to));
  }
  void know(const KnownPack& pack, std::uint32_t value) { known_.try_emplace(pack, value).first = value; }

  [[nodiscard]] std::ptrdiff_t bytes(std::size_t elements, bool mask) const {
    return static_cast<std::ptrdiff_t>(elements * (mask ? 1 : size_of(type_)));
  }

  // ---- what is no arithmetic

  void call(const kernels::Instruction& code) {
    kernels::StraightCall each{{.count = count_,
                                .columns = rows_ ? 1 : loop_->columns,
                                .first_row = 0,
                                .first_column = 0,
                                .extent = loop_->columns,
                                .host = nullptr,
                                .bad_index = nullptr,
                                .has_bad_index = nullptr},
                               {code.kernel, 0, 1, 2, 3},
                               {kernels::no_memory, kernels::no_memory, kernels::no_memory, kernels::no_memory}};
    const std::array<SlotId, 4> slots{code.out, code.a, code.b, code.c};
    for (std::size_t k = 0; k < slots.size(); ++k) {
      if (slots[k] != no_slot) each.operands[k] = add(start_of(loop_->slots[slots[k]]));
    }
    append(PackOp::Call, 0, 0, 0, static_cast<std::uint32_t>(result_.calls.size()));
    result_.calls.push_back(each);
  }

  void gather(const kernels::Instruction& code) {
    const Gathered& source = loop_->gathered[code.a];
    const Slot& from = loop_->slots[source.slot];
    const Slot& to = loop_->slots[code.out];
    if (count_ == 1 && source.element == size_of(type_)) {
      pack_ = 0;
      const std::uint32_t value = known_pack({from.place, from.offset, 1}, false);
      keep(code.out, value, false);
      values_of_slot_[code.out] = {value};
      return;
    }
    ArrayAt target{to.place, to.offset, DType::Float64, source.shape, core::dense_strides(source.shape)};
    if (to.base == Slot::Base::Scratch) target.place = no_place;
    const ArrayAt origin{from.place, from.offset, DType::Float64, source.shape, source.strides};
    move(target, origin, source.element, count_);
  }

  void write(const KernelStep& step) {
    const ArrayAt& output = step.outputs[0];
    const std::size_t element = size_of(output.dtype);
    ArrayAt part = output;
    if (step.op == opcode<primitives::Embed>) {
      StraightMemory all = at_place(output.place, output.offset);
      all.bytes = static_cast<std::uint32_t>(size_of(output.shape) * element);
      append(PackOp::Clear, 0, 0, 0, add(all));
      for (std::size_t i = 0; i < part.strides.size(); ++i) {
        part.offset += step.attributes[2 * i] * part.strides[i] * static_cast<std::ptrdiff_t>(element);
        part.strides[i] *= step.attributes[2 * i + 1];
      }
      return move(part, step.inputs[0], element, size_of(step.inputs[0].shape));
    }
    const auto axis = static_cast<std::size_t>(step.attributes[0]);
    for (const ArrayAt& input : step.inputs) {
      move(part, input, element, size_of(input.shape));
      part.offset += static_cast<std::ptrdiff_t>(input.shape[axis] * element) * part.strides[axis];
    }
  }

  /// The first elements, of the shape that `from` has, in pieces without gaps.
  /// \param to  in no place: in scratch.
  void move(const ArrayAt& to, const ArrayAt& from, std::size_t element, std::size_t count) {
    const std::size_t rank = from.shape.size();
    Shape index(rank, 0);
    std::ptrdiff_t source = 0;  // both in elements
    std::ptrdiff_t target = 0;
    std::ptrdiff_t piece_source = 0;
    std::ptrdiff_t piece_target = 0;
    std::size_t piece = 0;
    for (std::size_t k = 0; k < count; ++k) {
      const auto length = static_cast<std::ptrdiff_t>(piece);
      if (piece != 0 && (source != piece_source + length || target != piece_target + length)) {
        move_piece(to, piece_target, from, piece_source, piece, element);
        piece = 0;
      }
      if (piece++ == 0) {
        piece_source = source;
        piece_target = target;
      }
      for (std::size_t i = rank; i-- > 0;) {
        source += from.strides[i];
        target += to.strides[i];
        if (++index[i] < from.shape[i]) break;
        source -= static_cast<std::ptrdiff_t>(index[i]) * from.strides[i];
        target -= static_cast<std::ptrdiff_t>(index[i]) * to.strides[i];
        index[i] = 0;
      }
    }
    if (piece != 0) move_piece(to, piece_target, from, piece_source, piece, element);
  }

  void move_piece(const ArrayAt& to, std::ptrdiff_t target, const ArrayAt& from, std::ptrdiff_t source,
                  std::size_t count, std::size_t element) {
    const auto size = static_cast<std::ptrdiff_t>(element);
    const std::ptrdiff_t read_at = from.offset + source * size;
    const std::ptrdiff_t write_at = to.offset + target * size;
    StraightMemory memory = to.place == no_place
                                ? StraightMemory{.base = StraightMemory::Base::Scratch, .offset = write_at}
                                : at_place(to.place, write_at);
    if (count == 1 && element == size_of(type_)) {
      const std::uint32_t value = known_pack({from.place, read_at, 1}, false);
      store(memory, value, 1, false);
      if (to.place != no_place) know({to.place, write_at, 1}, value);
      return;
    }
    memory.bytes = static_cast<std::uint32_t>(count * element);
    const std::uint32_t origin = add(at_place(from.place, read_at));
    append(PackOp::Copy, origin, 0, 0, add(memory));
  }

  // ---- memory

  std::uint32_t add(const StraightMemory& memory) {
    result_.memory.push_back(memory);
    return static_cast<std::uint32_t>(result_.memory.size() - 1);
  }

  [[nodiscard]] StraightMemory at_place(PlaceId id, std::ptrdiff_t offset) const {
    const Place& place = program_.places[id];
    if (place.kind == Place::Kind::Arena) {
      return {.base = StraightMemory::Base::Arena, .offset = static_cast<std::ptrdiff_t>(place.offset) + offset};
    }
    if (place.kind == Place::Kind::Number) {
      return {.base = StraightMemory::Base::Numbers,
              .offset = static_cast<std::ptrdiff_t>(place.index * sizeof(Scalar)) + offset};
    }
    return {.base = StraightMemory::Base::Place, .place = id, .offset = offset};
  }

  [[nodiscard]] StraightMemory start_of(const Slot& slot) const {
    if (slot.base == Slot::Base::Memory) return at_place(slot.place, slot.offset);
    return {.base = StraightMemory::Base::Scratch, .offset = slot.offset};
  }

  const StepProgram& program_;
  const Loop* loop_ = nullptr;
  kernels::StraightProgram result_;
  DType type_ = DType::Float64;
  bool rows_ = false;
  std::size_t count_ = 0;
  std::size_t pack_ = 0;
  std::vector<PackOfLoop> packs_;
  std::vector<bool> in_memory_;                             ///< slots of the loop that kernels read
  std::vector<std::vector<std::uint32_t>> values_of_slot_;  ///< of the loop: the lines of its packs, if they are known
  std::vector<std::uint32_t> spread_of_slot_;
  core::FlatMap<KnownPack, std::uint32_t> known_;
};

}  // namespace

bool moves_straight(const KernelStep& step) {
  return step.op == opcode<primitives::Embed> || step.op == opcode<primitives::Concatenate>;
}

kernels::StraightProgram straight_lines(const StepProgram& program, const StraightRun& run) {
  return StraightWriting(program, run).take();
}

}  // namespace xgrad::backend::cpu
