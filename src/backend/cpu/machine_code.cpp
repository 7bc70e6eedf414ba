#include "machine_code.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include "arithmetic_line.hpp"
#include "backend/cpu/kernels/generated/functions.hpp"
#include "views_in_place.hpp"

namespace xgrad::backend::cpu {
namespace {

using namespace primitives;
using kernels::PackInstruction;
using kernels::PackOp;
using kernels::PackProgram;

/// Fewer elements than there are partial sums are added up in another order, by kernels.
constexpr std::size_t fewest_summed = 16;

/// Rows of fewer elements than this are not gone through one by one.
constexpr std::size_t fewest_in_row = 16;

/// Operations that wait for one another in one program. A processor begins the next packs while a pack waits, as far as
/// it sees: of programs much longer than this it sees one pack, and waits. Where there are so many operations for each
/// that waits, it has enough to do.
constexpr std::uint32_t longest_chain = 16;
constexpr std::uint32_t enough_beside = 8;

constexpr std::uint32_t no_writer = ~0U;
constexpr std::uint32_t no_further_reader = ~0U;
constexpr std::uint32_t no_instruction = ~0U;
constexpr std::uint32_t no_number = ~0U;

bool is_written(Opcode op) { return kernels::has_lines(op) || is_arithmetic(op); }
bool has_one_exponent(const InstructionInfo& info) { return info.op == opcode<Power> && (info.modes & 2U) != 0; }

/// Roughly, beside one of arithmetic.
std::size_t length_of(const Emitted& each) {
  constexpr std::size_t of_function = 24;
  return each.info.kind == InstructionInfo::Kind::Elementwise && kernels::has_lines(each.info.op) ? of_function : 1;
}
bool is_logical(Opcode op) { return traits_of(op).logical; }
bool is_float(DType type) { return type == DType::Float32 || type == DType::Float64; }

class Writing {
 public:
  explicit Writing(Draft& draft)
      : draft_(draft),
        loop_(draft.loop),
        first_reader_(draft.slots.size(), no_further_reader),
        writer_(draft.slots.size(), no_writer),
        chain_(draft.code.size(), 0),
        value_(draft.slots.size(), no_instruction),
        number_(draft.slots.size(), no_number) {}

  void run() {
    find_readers();
    for (std::uint32_t i = 0; i < draft_.code.size(); ++i) consider(i);
    for (std::size_t i = draft_.code.size(); i > 0; --i) defer(static_cast<std::uint32_t>(i - 1));
    std::vector<Emitted> ordered;
    ordered.reserve(draft_.code.size());
    // Programs of one depth first, then what is no arithmetic at that depth.
    std::vector<std::uint32_t> order(draft_.code.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
    for (std::size_t k = 0; k < order.size();) {
      const bool generated = type_[order[k]].has_value();
      const std::span rest = std::span<const std::uint32_t>(order).subspan(k);
      const std::size_t length = generated ? length_of_program(rest) : 1;
      const std::size_t end = k + length;
      const std::span members = rest.first(length);
      std::optional<Emitted> program;
      if (generated && members.size() > 1) program = write(members);
      if (program) ordered.push_back(*program);
      else
        for (const std::uint32_t i : members) ordered.push_back(draft_.code[i]);
      k = end;
    }
    draft_.code = std::move(ordered);
  }

 private:
  using Key = std::tuple<std::uint32_t, bool, std::uint32_t, int>;
  [[nodiscard]] Key key(std::uint32_t i) const {
    const Emitted& each = draft_.code[i];
    return {each.phase, !each.rows, depth_[i], type_[i] ? static_cast<int>(*type_[i]) : 1000};
  }

  struct Reader {
    std::uint32_t instruction;
    std::uint32_t next;  // reader of the same slot
  };

  void find_readers() {
    readers_.reserve(2 * draft_.code.size());
    for (std::uint32_t i = 0; i < draft_.code.size(); ++i) {
      for_each_operand(loop_, draft_.code[i].code, [&](SlotId slot) {
        const auto number = static_cast<std::uint32_t>(readers_.size());
        readers_.push_back({i, std::exchange(first_reader_[slot], number)});
      });
    }
  }

  // ---- which instructions belong together

  /// The element type of the program that instruction i may belong to.
  [[nodiscard]] std::optional<DType> type_of(std::uint32_t i) const {
    const Emitted& each = draft_.code[i];
    const InstructionInfo& info = each.info;
    const bool several_rows = loop_.block_rows > 1 && !each.rows;
    switch (info.kind) {
      case InstructionInfo::Kind::Other:
        return std::nullopt;
      case InstructionInfo::Kind::Splat:
        return is_float(info.dtype) ? std::optional(info.dtype) : std::nullopt;
      case InstructionInfo::Kind::Expand:
      case InstructionInfo::Kind::Tile:
        return is_float(info.dtype) && several_rows && loop_.columns >= fewest_in_row ? std::optional(info.dtype)
                                                                                      : std::nullopt;
      case InstructionInfo::Kind::View:
        return loop_.gathered[each.code.a].start != no_slot ? std::optional(info.dtype) : std::nullopt;
      case InstructionInfo::Kind::SumRows:
        return is_float(info.dtype) && sums_enough() ? std::optional(info.dtype) : std::nullopt;
      case InstructionInfo::Kind::SumAll:
        return is_float(info.dtype) && loop_.block_rows == 1 && !each.rows && sums_enough() ? std::optional(info.dtype)
                                                                                            : std::nullopt;
      case InstructionInfo::Kind::Check:
      case InstructionInfo::Kind::Stream:
        return is_float(info.dtype) ? std::optional(info.dtype) : std::nullopt;
      case InstructionInfo::Kind::Elementwise:
        break;
    }
    if (!is_written(info.op)) return std::nullopt;
    // One exponent for all elements that nothing is known of: the kernel looks what it is.
    if (has_one_exponent(info) && info.known == Known::Nothing) return std::nullopt;
    if (is_logical(info.op)) return info.modes == 0 ? type_of_masks(i) : std::nullopt;  // no single truth values
    if (is_conversion(info.op)) {
      return info.dtype == DType::Bool && is_float(info.result) ? std::optional(info.result) : std::nullopt;
    }
    return is_float(info.dtype) ? std::optional(info.dtype) : std::nullopt;
  }

  /// Truth values belong to the comparison that they come from.
  [[nodiscard]] std::optional<DType> type_of_masks(std::uint32_t i) const {
    std::optional<DType> result;
    for_each_operand(loop_, draft_.code[i].code, [&](SlotId slot) {
      const std::uint32_t writer = writer_in_segment(i, slot);
      if (!result && writer != no_writer) result = type_[writer];
    });
    return result;
  }

  /// No run of elements is shorter than its partial sums.
  [[nodiscard]] bool sums_enough() const {
    const std::size_t rest = loop_.columns % loop_.block_columns;
    return loop_.block_columns >= fewest_summed && (rest == 0 || rest >= fewest_summed);
  }

  [[nodiscard]] std::uint32_t writer_in_segment(std::uint32_t reader, SlotId slot) const {
    if (writer_[slot] == no_writer) return no_writer;
    const Emitted& a = draft_.code[writer_[slot]];
    const Emitted& b = draft_.code[reader];
    return a.phase == b.phase && a.rows == b.rows ? writer_[slot] : no_writer;
  }

  void consider(std::uint32_t i) {
    type_.push_back(type_of(i));
    std::uint32_t depth = moves_memory(i) ? 0 : 1;
    for_each_operand(loop_, draft_.code[i].code, [&](SlotId slot) {
      const std::uint32_t writer = writer_in_segment(i, slot);
      if (writer == no_writer) return;
      const bool apart = type_[i] && type_[writer] != type_[i] && depth_[writer] != 0;
      depth = std::max(depth, depth_[writer] + (apart ? 1U : 0U));
    });
    depth_.push_back(depth);
    writer_[draft_.code[i].code.out] = i;
  }

  /// Brings elements of memory to where kernels and programs read them: all of them can do so before any of these.
  [[nodiscard]] bool moves_memory(std::uint32_t i) const {
    using Kind = InstructionInfo::Kind;
    const Emitted& each = draft_.code[i];
    if (each.code.kind == kernels::Instruction::Kind::Gather) return !type_[i];
    const bool repeats = each.info.kind == Kind::Expand || each.info.kind == Kind::Tile;
    return repeats && !type_[i] && writer_in_segment(i, each.code.a) == no_writer;
  }

  /// What only a later program of its segment reads belongs to that one: it is not stored and read again.
  void defer(std::uint32_t i) {
    const Emitted& each = draft_.code[i];
    const SlotId out = each.code.out;
    const bool value = each.info.kind == InstructionInfo::Kind::Elementwise ||
                       each.info.kind == InstructionInfo::Kind::Splat ||
                       each.info.kind == InstructionInfo::Kind::Expand ||
                       each.info.kind == InstructionInfo::Kind::Tile || each.info.kind == InstructionInfo::Kind::View;
    if (!value || !type_[i] || draft_.slots[out].store == Store::Memory || writer_[out] != i) return;
    std::uint32_t depth = ~0U;
    for (std::uint32_t at = first_reader_[out]; at != no_further_reader; at = readers_[at].next) {
      const std::uint32_t r = readers_[at].instruction;
      const Emitted& reader = draft_.code[r];
      if (r < i || reader.phase != each.phase || reader.rows != each.rows || type_[r] != type_[i]) return;
      depth = std::min(depth, depth_[r]);
    }
    if (depth != ~0U) depth_[i] = depth;
  }

  /// How many of the first instructions become one program: those of one key, unless they would wait for one another.
  [[nodiscard]] std::size_t length_of_program(std::span<const std::uint32_t> order) {
    std::size_t length = 0;
    std::size_t lines = 0;
    for (; length < order.size() && key(order[length]) == key(order[0]); ++length) {
      const std::uint32_t i = order[length];
      lines += length_of(draft_.code[i]);
      if (length > 0 && lines > most_generated) break;
      std::uint32_t chain = 0;
      for_each_operand(loop_, draft_.code[i].code, [&](SlotId slot) {
        const std::uint32_t writer = writer_in_segment(i, slot);
        if (writer != no_writer) chain = std::max(chain, chain_[writer]);
      });
      chain += draft_.code[i].info.kind == InstructionInfo::Kind::Elementwise ? 1U : 0U;
      if (chain > longest_chain && length < std::size_t{enough_beside} * longest_chain) break;
      chain_[i] = chain;
    }
    for (const std::uint32_t i : order.first(length)) chain_[i] = 0;  // to the next program it is there
    return length;
  }

  // ---- one program

  /// \param members  in their order.
  std::optional<Emitted> write(std::span<const std::uint32_t> members) {
    begin(*type_[members.front()] == DType::Float32);
    for (const std::uint32_t i : members) {
      const InstructionInfo::Kind kind = draft_.code[i].info.kind;
      program_.rows = program_.rows || ((kind == InstructionInfo::Kind::Expand || kind == InstructionInfo::Kind::Tile ||
                                         kind == InstructionInfo::Kind::SumRows) &&
                                        loop_.block_rows > 1);
    }
    for (const std::uint32_t i : members) {
      add(draft_.code[i]);
      store_if_read(i, members);
    }
    for (const PackInstruction& each : last_stores_) append(each);
    auto code = kernels::generate(program_);
    if (code == nullptr) return std::nullopt;
    const Emitted& first = draft_.code[members.front()];
    Emitted result{{generated_block, no_slot, static_cast<std::uint32_t>(loop_.generated.size()), no_slot, no_slot,
                    kernels::Instruction::Kind::Generated},
                   first.phase,
                   first.rows,
                   true,
                   {}};
    std::ranges::sort(reads_);
    std::ranges::sort(writes_);
    loop_.generated.push_back({std::move(code), slots_, reads_, writes_});
    return result;
  }

  /// Another program.
  void begin(bool single_precision) {
    program_ = {.single_precision = single_precision, .rows = false, .instructions = {}};
    for (const SlotId slot : known_) value_[slot] = no_instruction;
    for (const SlotId slot : slots_) number_[slot] = no_number;
    for (std::vector<SlotId>* each : {&known_, &slots_, &reads_, &writes_}) each->clear();
    last_stores_.clear();
  }

  /// What the program calls a slot. The names do not depend on the loop: steps that are alike share their code.
  std::uint32_t number_of(SlotId slot) {
    if (number_[slot] == no_number) {
      number_[slot] = static_cast<std::uint32_t>(slots_.size());
      slots_.push_back(slot);
    }
    return number_[slot];
  }

  std::uint32_t append(const PackInstruction& instruction) {
    program_.instructions.push_back(instruction);
    return static_cast<std::uint32_t>(program_.instructions.size() - 1);
  }

  /// The value in a slot, or the one number that is there.
  std::uint32_t value(SlotId slot, PackOp load) {
    if (value_[slot] == no_instruction) {
      set_value(slot, append({load, 0, 0, 0, number_of(slot)}));
      reads_.push_back(slot);
    }
    return value_[slot];
  }
  void set_value(SlotId slot, std::uint32_t instruction) {
    value_[slot] = instruction;
    known_.push_back(slot);
  }

  void add(const Emitted& each) {
    const kernels::Instruction& code = each.code;
    switch (each.info.kind) {
      case InstructionInfo::Kind::Splat:
        set_value(code.out, value(code.a, PackOp::Number));
        return;
      case InstructionInfo::Kind::Expand:
        set_value(code.out, value(code.a, PackOp::OfRow));
        return;
      case InstructionInfo::Kind::Tile:
        set_value(code.out, value(code.a, PackOp::OfColumn));
        return;
      case InstructionInfo::Kind::View:
        return set_value(code.out, in_place(loop_.gathered[code.a]));
      case InstructionInfo::Kind::SumAll:
      case InstructionInfo::Kind::SumRows:
        append({sum_of(each.info), value(code.a, PackOp::Load), 0, 0, number_of(code.out)});
        writes_.push_back(code.out);
        return;
      case InstructionInfo::Kind::Check: {
        const std::uint32_t x = value(code.a, PackOp::Load);
        append({PackOp::Check, value(code.b, PackOp::LoadMask), x, 0, code.c});
        set_value(code.out, x);
        return;
      }
      case InstructionInfo::Kind::Stream:
        last_stores_.push_back({PackOp::Stream, value(code.a, PackOp::Load), 0, 0, number_of(code.out)});
        writes_.push_back(code.out);
        return;
      default:
        set_value(code.out, arithmetic(each));
    }
  }

  /// Elements of a view where they lie.
  std::uint32_t in_place(const Gathered& view) {
    reads_.insert(reads_.end(), {view.start, view.offsets});
    const PackOp load = view.strides.back() == 0 ? PackOp::OneOfView : PackOp::OfView;
    return append({load, number_of(view.offsets), 0, 0, number_of(view.start)});
  }

  static PackOp sum_of(const InstructionInfo& info) {
    const bool all = info.kind == InstructionInfo::Kind::SumAll;
    if (info.op == opcode<Square>) return all ? PackOp::SumSquaresAll : PackOp::SumSquaresRows;
    return all ? PackOp::SumAll : PackOp::SumRows;
  }

  std::uint32_t arithmetic(const Emitted& each) {
    const auto read = [&](SlotId slot, bool single, bool mask) {
      return value(slot, mask ? PackOp::LoadMask : single ? PackOp::Number : PackOp::Load);
    };
    const kernels::Instruction& code = each.code;
    const auto number = [&](SlotId slot, unsigned bit) { return read(slot, (each.info.modes & bit) != 0, false); };
    if (has_one_exponent(each.info) && each.info.known < Known::Nonzero) {
      const auto quarters = static_cast<std::int32_t>(4 * each.info.number);
      return append({PackOp::Power, number(code.a, 1U), 0, 0, static_cast<std::uint32_t>(quarters)});
    }
    if (kernels::has_lines(each.info.op)) {
      const auto operand = [&](SlotId slot, unsigned bit) { return slot == no_slot ? 0 : number(slot, bit); };
      const std::uint32_t a = operand(code.a, 1U);
      const std::uint32_t b = operand(code.b, 2U);
      return append({PackOp::Function, a, b, operand(code.c, 4U), each.info.op});
    }
    return arithmetic_line(each.info, code, read, [&](const PackInstruction& line) { return append(line); });
  }

  /// Stores what is read outside of the program.
  void store_if_read(std::uint32_t i, std::span<const std::uint32_t> members) {
    const Emitted& each = draft_.code[i];
    const InstructionInfo::Kind kind = each.info.kind;
    if (kind == InstructionInfo::Kind::SumAll || kind == InstructionInfo::Kind::SumRows ||
        kind == InstructionInfo::Kind::Stream)
      return;
    const SlotId out = each.code.out;
    const bool in_memory = draft_.slots[out].store == Store::Memory;
    bool read = false;
    for (std::uint32_t at = first_reader_[out]; at != no_further_reader && !read; at = readers_[at].next) {
      read = !std::ranges::binary_search(members, readers_[at].instruction);
    }
    if (!in_memory && !read) return;
    writes_.push_back(out);
    const bool mask = kind == InstructionInfo::Kind::Elementwise && traits_of(each.info.op).predicate;
    const PackInstruction store{mask ? PackOp::StoreMask : PackOp::Store, value_[out], 0, 0, number_of(out)};
    if (in_memory) last_stores_.push_back(store);  // it may be an operand's memory
    else append(store);
  }

  Draft& draft_;
  Loop& loop_;
  std::vector<Reader> readers_;
  std::vector<std::uint32_t> first_reader_;  ///< of each slot
  std::vector<std::optional<DType>> type_;   ///< of the program that an instruction may belong to
  std::vector<std::uint32_t> depth_;         ///< how often programs and other instructions have taken turns
  std::vector<std::uint32_t> writer_;        ///< of each slot
  std::vector<std::uint32_t> chain_;         ///< operations of a program that wait for one another, up to this one
  PackProgram program_;
  std::vector<std::uint32_t> value_;   ///< in each slot: the number of its instruction in the program
  std::vector<std::uint32_t> number_;  ///< of each slot in the program
  std::vector<SlotId> known_;          ///< that have a value
  std::vector<SlotId> slots_;          ///< that have a number
  std::vector<SlotId> reads_;
  std::vector<SlotId> writes_;
  std::vector<PackInstruction> last_stores_;
};

}  // namespace

MachineCodeLimits& machine_code_limits() {
  static MachineCodeLimits limits;
  return limits;
}

void write_machine_code(Draft& draft, Origin origin) {
  if (!kernels::can_generate()) return;
  const MachineCodeLimits& limits = machine_code_limits();
  const std::size_t elements = draft.loop.rows * draft.loop.columns;
  if (origin == Origin::Compiled ? elements < limits.elements : elements * draft.code.size() < limits.work) return;
  place_views(draft);
  Writing(draft).run();
}

}  // namespace xgrad::backend::cpu
