#include "straight_lines.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "arithmetic_line.hpp"
#include "backend/cpu/kernels/generated/functions.hpp"
#include "core/strides.hpp"
#include "straight.hpp"
#include "straight_moves.hpp"
#include "straight_values.hpp"

namespace xgrad::backend::cpu {
namespace {

using kernels::PackOp;
using kernels::StraightMemory;

/// A function that is a few lines, and the same ones for all numbers.
constexpr Opcode op_sigmoid = op_of_part(primitives::Part::SigmoidFrom);

/// Functions of a few packs are written out, in programs of which the code is short: a call costs as much as some
/// packs.
constexpr std::size_t most_packs_of_function = 4;
constexpr std::size_t short_program = 1024;

/// Functions that are lines. Packs that are not whole have zeros beyond their elements, for which functions with a pole
/// there would take their rare way.
bool has_lines_at_zero(Opcode op) {
  using namespace primitives;
  const bool pole = op == opcode<Log> || op == opcode<Power> || op == opcode<LogAddExp> || op == opcode<Hypot> ||
                    op == opcode<DirectionCosine> || op == op_of_part(Part::CosineFrom);
  return !pole && kernels::has_lines(op);
}

/// Single numbers of which a function is computed by one call.
constexpr std::size_t most_together = 64;

struct PackOfLoop {
  std::size_t first;
  std::uint8_t elements;
};

/// Packs are of one element type; what is of another is left to kernels.
DType type_of_run(const StepProgram& program, const StraightRun& run) {
  std::size_t floats = 0;
  std::size_t doubles = 0;
  for (std::uint32_t k = run.first; k < run.last; ++k) {
    if (program.steps[k].kind != Step::Kind::Loop) continue;
    for (const InstructionInfo& info : program.loops[program.steps[k].index].infos) {
      floats += info.kind != InstructionInfo::Kind::Other && info.dtype == DType::Float32 ? 1 : 0;
      doubles += info.kind != InstructionInfo::Kind::Other && info.dtype == DType::Float64 ? 1 : 0;
    }
  }
  return floats > doubles ? DType::Float32 : DType::Float64;
}

/// The lines of one loop.
class StraightLoop {
 public:
  /// \param writes_functions  out.
  StraightLoop(StraightValues& values, const Loop& loop, bool writes_functions)
      : values_(values),
        writes_functions_(writes_functions),
        loop_(loop),
        type_(values.type()),
        in_memory_(loop.slots.size(), false),
        lines_(loop.slots.size()),
        spread_(loop.slots.size(), no_line),
        same_(loop.slots.size(), no_slot),
        next_alike_(loop.code.size(), no_line),
        result_(loop.code.size(), no_line) {}

  void write() {
    for (const Segment& segment : loop_.segments) {
      begin(segment);
      for (std::uint32_t i = segment.first; i < segment.last; ++i) find_operands_in_memory(i);
    }
    for (const Segment& segment : loop_.segments) {
      begin(segment);
      find_functions_alike(segment);
      for (std::uint32_t i = segment.first; i < segment.last; ++i) write(i);
    }
  }

 private:
  void begin(const Segment& segment) {
    rows_ = segment.rows;
    count_ = rows_ ? loop_.rows : loop_.rows * loop_.columns;
    packs_.clear();
    const std::size_t widest = 32 / size_of(type_);
    for (std::size_t at = 0; at < count_;) {
      const std::size_t elements = std::min(widest, std::bit_floor(count_ - at));
      packs_.push_back({at, static_cast<std::uint8_t>(elements)});
      at += elements;
    }
  }

  // ---- which instructions have lines

  [[nodiscard]] bool has_own_lines(std::uint32_t i) const {
    const InstructionInfo& info = loop_.infos[i];
    if (loop_.code[i].kind != kernels::Instruction::Kind::Plain) return false;
    if (info.kind == InstructionInfo::Kind::Splat) return info.dtype == type_;
    if (info.kind != InstructionInfo::Kind::Elementwise) return false;
    if (info.op == op_copy) return info.dtype == type_;
    if (info.op != op_sigmoid && !is_arithmetic(info.op) && !is_written_out(info)) return false;
    if (traits_of(info.op).logical) return info.modes == 0;
    if (is_conversion(info.op)) return info.dtype == DType::Bool && info.result == type_;
    return info.dtype == type_;
  }

  [[nodiscard]] bool is_written_out(const InstructionInfo& info) const {
    return writes_functions_ && count_ > 1 && packs_.size() <= most_packs_of_function && info.modes == 0 &&
           info.result == info.dtype && has_lines_at_zero(info.op);
  }

  /// A function of single numbers: several of a kind are computed together.
  [[nodiscard]] bool is_function(std::uint32_t i) const {
    const InstructionInfo& info = loop_.infos[i];
    return count_ == 1 && info.kind == InstructionInfo::Kind::Elementwise && !has_own_lines(i) && info.modes == 0 &&
           info.dtype == type_ && info.result == type_;
  }

  /// Kernels find their operands in memory.
  void find_operands_in_memory(std::uint32_t i) {
    if (has_own_lines(i) || is_function(i)) return;
    for_each_operand(loop_, loop_.code[i], [&](SlotId slot) { in_memory_[slot] = true; });
  }

  void find_functions_alike(const Segment& segment) {
    for (std::uint32_t i = segment.first; i < segment.last && count_ == 1; ++i) {
      if (loop_.infos[i].kind == InstructionInfo::Kind::Splat && has_own_lines(i))
        same_[loop_.code[i].out] = loop_.code[i].a;
    }
    std::vector<std::pair<kernels::BlockKernel, std::uint32_t>> next;
    for (std::uint32_t i = segment.last; i-- > segment.first;) {
      if (!is_function(i)) continue;
      const auto same = std::ranges::find(next, loop_.code[i].kernel, &decltype(next)::value_type::first);
      if (same != next.end()) next_alike_[i] = std::exchange(same->second, i);
      else next.emplace_back(loop_.code[i].kernel, i);
    }
  }

  void write(std::uint32_t i) {
    const kernels::Instruction& code = loop_.code[i];
    const InstructionInfo& info = loop_.infos[i];
    if (code.kind == kernels::Instruction::Kind::Gather) return gather(code);
    if (is_function(i)) {
      if (result_[i] == no_line) compute_together(i);
      return define(code.out, {result_[i]}, false);
    }
    if (!has_own_lines(i)) return call(code);
    std::vector<std::uint32_t> lines;
    lines.reserve(packs_.size());
    for (pack_ = 0; pack_ < packs_.size(); ++pack_) lines.push_back(line(code, info));
    const bool mask = info.kind == InstructionInfo::Kind::Elementwise && traits_of(info.op).predicate;
    define(code.out, std::move(lines), mask);
  }

  std::uint32_t line(const kernels::Instruction& code, const InstructionInfo& info) {
    if (info.kind == InstructionInfo::Kind::Splat) return read(code.a, true, false);
    if (info.op == op_copy) return read(code.a, false, false);
    const auto value = [&](SlotId slot, bool single, bool mask) { return read(slot, single, mask); };
    if (info.op == op_sigmoid || kernels::has_lines(info.op)) {
      const auto operand = [&](SlotId slot) { return slot == no_slot ? 0 : value(slot, false, false); };
      const std::uint32_t a = operand(code.a);
      const std::uint32_t b = operand(code.b);
      return values_.function(info.op, {a, b, operand(code.c)});
    }
    const auto append = [&](const kernels::PackInstruction& line) {
      return values_.append(line.op, line.a, line.b, line.c);
    };
    return arithmetic_line(info, code, value, append);
  }

  // ---- values

  /// What is in a slot for the present pack.
  std::uint32_t read(SlotId slot, bool single, bool mask) {
    const Slot& each = loop_.slots[slot];
    const PackOfLoop pack = packs_[pack_];
    const bool one = single && count_ > 1;
    if (each.base == Slot::Base::Scratch) {
      const std::vector<std::uint32_t>& known = lines_[slot];
      if (!known.empty()) return one ? spread(slot, known[0]) : known[single ? 0 : pack_];
      StraightMemory from = start_of(each);
      if (!one) from.offset += bytes(pack.first, mask);
      return values_.load(from, pack.elements, one, mask);
    }
    const bool number = values_.program().places[each.place].kind == Place::Kind::Number;
    const bool all = one || number;
    return values_.read(
        {each.place, all ? each.offset : each.offset + bytes(pack.first, mask), all ? 0U : pack.elements}, mask);
  }

  std::uint32_t spread(SlotId slot, std::uint32_t value) {
    std::uint32_t& line = spread_[slot];
    if (line == no_line) line = values_.append(PackOp::Spread, value);
    return line;
  }

  /// Values go to memory, and to scratch if a kernel reads them there.
  void define(SlotId slot, std::vector<std::uint32_t> lines, bool mask) {
    const Slot& each = loop_.slots[slot];
    const bool memory = each.base == Slot::Base::Memory;
    for (std::size_t k = 0; k < lines.size() && (memory || in_memory_[slot]); ++k) {
      const std::ptrdiff_t at = each.offset + bytes(packs_[k].first, mask);
      if (memory) values_.store(KnownPack{each.place, at, packs_[k].elements}, lines[k], mask);
      else values_.store({.base = StraightMemory::Base::Scratch, .offset = at}, lines[k], packs_[k].elements, mask);
    }
    if (!memory) lines_[slot] = std::move(lines);
  }

  [[nodiscard]] std::ptrdiff_t bytes(std::size_t elements, bool mask) const {
    return static_cast<std::ptrdiff_t>(elements * (mask ? 1 : size_of(type_)));
  }

  /// Of what is read.
  [[nodiscard]] StraightMemory start_of(const Slot& slot) {
    if (slot.base == Slot::Base::Memory) return values_.at_read(slot.place, slot.offset);
    return {.base = StraightMemory::Base::Scratch, .offset = slot.offset};
  }

  // ---- kernels

  [[nodiscard]] static kernels::StraightCall call_of(kernels::BlockKernel kernel, std::size_t count,
                                                     std::size_t columns, std::size_t extent) {
    constexpr std::uint32_t none = kernels::no_memory;
    return {{.count = count,
             .columns = columns,
             .first_row = 0,
             .first_column = 0,
             .extent = extent,
             .host = nullptr,
             .bad_index = nullptr,
             .has_bad_index = nullptr},
            {kernel, 0, 1, 2, 3},
            {none, none, none, none}};
  }

  void call(const kernels::Instruction& code) {
    kernels::StraightCall each = call_of(code.kernel, count_, rows_ ? 1 : loop_.columns, loop_.columns);
    const std::array<SlotId, 4> slots{code.out, code.a, code.b, code.c};
    for (std::size_t k = 0; k < slots.size(); ++k) {
      if (slots[k] != no_slot) each.operands[k] = values_.add(start_of(loop_.slots[slots[k]]));
    }
    values_.call(each);
  }

  /// Whether an operand of a later instruction is there already.
  [[nodiscard]] bool is_known(SlotId slot, bool if_none) {
    if (slot == no_slot) return if_none;
    const Slot& each = loop_.slots[slot];
    if (each.base == Slot::Base::Scratch) return !lines_[slot].empty() || is_known(same_[slot], false);
    const Place::Kind kind = values_.program().places[each.place].kind;
    return kind == Place::Kind::Number || kind == Place::Kind::Leaf ||
           values_.line_of({each.place, each.offset, 1}) != no_line;
  }

  /// The slot itself, or that of which it will be a copy.
  [[nodiscard]] SlotId known(SlotId slot) const {
    return lines_[slot].empty() && same_[slot] != no_slot ? same_[slot] : slot;
  }

  /// A function of all single numbers that there are already: operands and results stand one after another.
  void compute_together(std::uint32_t first) {
    std::vector<std::uint32_t> together{first};
    std::uint32_t seen = 1;
    for (std::uint32_t i = next_alike_[first]; i != no_line && seen < most_together; i = next_alike_[i], ++seen) {
      const kernels::Instruction& code = loop_.code[i];
      if (result_[i] == no_line && is_known(code.a, true) && is_known(code.b, true) && is_known(code.c, true))
        together.push_back(i);
    }
    pack_ = 0;
    const kernels::Instruction& code = loop_.code[first];
    kernels::StraightCall each = call_of(code.kernel, together.size(), together.size(), together.size());
    const auto take = [&] {
      return StraightMemory{.base = StraightMemory::Base::Buffer,
                            .offset = values_.take_buffer(together.size() * size_of(type_))};
    };
    const StraightMemory results = take();
    each.operands[0] = values_.add(results);
    for (std::size_t k = 0; k < 3; ++k) {
      if (operand(code, k) == no_slot) continue;
      StraightMemory operands = take();
      each.operands[k + 1] = values_.add(operands);
      for (const std::uint32_t i : together) {
        values_.store(operands, read(known(operand(loop_.code[i], k)), false, false), 1, false);
        operands.offset += bytes(1, false);
      }
    }
    values_.call(each);
    StraightMemory result = results;
    for (const std::uint32_t i : together) {
      result_[i] = values_.load(result, 1, false, false);
      result.offset += bytes(1, false);
    }
  }

  static SlotId operand(const kernels::Instruction& code, std::size_t k) {
    return k == 0 ? code.a : k == 1 ? code.b : code.c;
  }

  void gather(const kernels::Instruction& code) {
    const Gathered& source = loop_.gathered[code.a];
    const Slot& from = loop_.slots[source.slot];
    const Slot& to = loop_.slots[code.out];
    if (count_ == 1 && source.element == size_of(type_)) {
      return define(code.out, {values_.read({from.place, from.offset, 1}, false)}, false);
    }
    const PlaceId place = to.base == Slot::Base::Scratch ? no_place : to.place;
    const ArrayAt target{place, to.offset, type_, source.shape, core::dense_strides(source.shape)};
    write_move(values_, target, {from.place, from.offset, type_, source.shape, source.strides}, source.element, count_);
  }

  StraightValues& values_;
  bool writes_functions_;
  const Loop& loop_;
  DType type_;
  bool rows_ = false;
  std::size_t count_ = 0;
  std::size_t pack_ = 0;
  std::vector<PackOfLoop> packs_;
  std::vector<bool> in_memory_;                    ///< slots that kernels read
  std::vector<std::vector<std::uint32_t>> lines_;  ///< of scratch: those of its packs, if they are known
  std::vector<std::uint32_t> spread_;              ///< of scratch: its first element in all of a pack
  std::vector<SlotId> same_;                       ///< of scratch that is a copy of a single number: where that is
  std::vector<std::uint32_t> next_alike_;          ///< of a function: the next instruction that is the same
  std::vector<std::uint32_t> result_;              ///< of a function that has been computed
};

}  // namespace

kernels::StraightProgram straight_lines(const StepProgram& program, const StraightRun& run) {
  StraightValues values(program, type_of_run(program, run), run.own);
  const bool writes_functions = straight_instructions(program, run) <= short_program;
  for (std::uint32_t k = run.first; k < run.last; ++k) {
    const Step& step = program.steps[k];
    if (step.kind == Step::Kind::Loop) StraightLoop(values, program.loops[step.index], writes_functions).write();
    else write_moves(values, program.kernels[step.index]);
  }
  return values.take();
}

}  // namespace xgrad::backend::cpu
