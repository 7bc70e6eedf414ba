#include "lower_loop.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "backend/cpu/kernels/operand.hpp"
#include "loop_form.hpp"
#include "machine_code.hpp"
#include "schedule.hpp"

namespace xgrad::backend::cpu {
namespace {

using namespace primitives;
using kernels::block_table;
using kernels::BlockKernel;
using kernels::Reduction;

constexpr std::size_t small_block = 128;
/// More scratch than this does not stay in the cache, and blocks become smaller.
constexpr std::size_t much_scratch = 96 * 1024;
/// Arrays that do not stay in a cache until somebody reads them.
constexpr std::size_t streamed_bytes = std::size_t{4} << 20U;
/// What an instruction reads: a slot, and whether it is one number for the whole block.
struct SlotOperand {
  SlotId slot;
  bool single;
};

class Lowering {
 public:
  Lowering(const Graph& graph, const Groups& groups, GroupId g, const std::function<PlaceId(ValueId)>& place_of,
           Origin origin, LoweringTables& tables, std::size_t block)
      : graph_(graph),
        groups_(groups),
        id_(g),
        group_(groups.list[static_cast<std::size_t>(g)]),
        place_of_(place_of),
        origin_(origin),
        tables_(tables) {
    tables_.computed.resize(graph.size());
    tables_.memory_slots.clear();
    tables_.derived.clear();
    tables_.viewed.clear();
    loop_.members.reserve(group_.members.size());
    loop_.slots.reserve(2 * group_.members.size());
    draft_.slots.reserve(2 * group_.members.size());
    draft_.code.reserve(group_.members.size());
    choose_form(loop_, graph, groups, g, block);
  }

  LoweredLoop run() {
    for (const ValueId id : group_.members) {
      lower(id);
      loop_.members.push_back({graph_[id].op, groups_.role[id]});
    }
    for (const Streamed& each : streams_) {
      emit(each.phase, false, block_table().stream[type(each.dtype)], each.target, each.from, no_slot, no_slot, false,
           {InstructionInfo::Kind::Stream, 0, each.dtype});
      loop_.streams = true;
    }
    choose_chunks(loop_, group_);
    write_machine_code(draft_, origin_);
    return schedule(std::move(draft_));
  }

 private:
  [[nodiscard]] bool several_rows() const { return loop_.block_rows > 1; }

  // ---- slots

  SlotId add_slot(Store store, std::size_t element, const Slot& slot) {
    draft_.slots.push_back({store, element});
    loop_.slots.push_back(slot);
    return static_cast<SlotId>(draft_.slots.size() - 1);
  }
  SlotId scratch(Store store, DType dtype) {
    return add_slot(store, size_of(dtype), {Slot::Base::Scratch, no_place, 0, 0, 0});
  }
  SlotId memory(ValueId base, std::ptrdiff_t offset, std::ptrdiff_t row_step, std::ptrdiff_t column_step,
                std::size_t rows_alike = 1) {
    const PlaceId place = place_of_(base);
    const auto [slot, fresh] =
        tables_.memory_slots.try_emplace({place, offset, row_step, column_step, rows_alike}, no_slot);
    if (fresh) {
      const auto element = static_cast<std::ptrdiff_t>(size_of(graph_[base].dtype));
      slot = add_slot(
          Store::Memory, static_cast<std::size_t>(element),
          {Slot::Base::Memory, place, offset * element, row_step * element, column_step * element, rows_alike});
      draft_.slots.back().leaf = graph_.is_leaf(base);
    }
    return slot;
  }

  // ---- instructions

  void emit(std::uint32_t phase, bool rows, BlockKernel kernel, SlotId out, SlotId a, SlotId b = no_slot,
            SlotId c = no_slot, bool in_place = false, InstructionInfo info = {}) {
    draft_.code.push_back({{kernel, out, a, b, c}, phase, rows, in_place, info});
  }

  [[nodiscard]] bool is_local(ValueId base) const { return groups_.of[base] == id_; }

  std::uint32_t phase_of_inputs(ValueId id) const {
    std::uint32_t phase = 0;
    for (const ValueId input : graph_.inputs(id)) {
      const ValueId base = graph_.base(input);
      if (is_local(base)) phase = std::max(phase, tables_.computed[base].ready);
    }
    return phase;
  }

  /// An operand with an element for each of the loop.
  SlotOperand full(ValueId input, std::uint32_t phase) {
    const ValueId base = graph_.base(input);
    const DType dtype = graph_[input].dtype;
    if (is_local(base)) {
      const SlotId slot = tables_.computed[base].slot;
      if (groups_.role[base] == Role::Full) return {slot, false};
      return several_rows() ? expanded(slot, dtype, phase) : SlotOperand{slot, true};
    }
    const auto columns = static_cast<std::ptrdiff_t>(loop_.columns);
    if (graph_.is_whole(input)) {
      const bool single = graph_.count(input) == 1;
      return {single ? memory(base, 0, 0, 0) : memory(base, 0, columns, 1), single};
    }
    const Shape& shape = graph_.shape(input);
    const Access access = graph_.access(input);
    if (is_single(shape, access.strides)) return {memory(access.base, access.offset, 0, 0), true};
    if (core::is_dense(shape, access.strides)) return {memory(access.base, access.offset, columns, 1), false};
    if (const auto form = two_dimensional(shape, access.strides, loop_.columns)) {
      if (form->column == 0) {
        if (!several_rows()) return {memory(access.base, access.offset, form->row, 0), true};
        return expanded(row_vector(access, form->row, shape, dtype, phase), dtype, phase);
      }
      if (form->column == 1 && !several_rows()) return {memory(access.base, access.offset, form->row, 1), false};
      if (form->column == 1 && form->row == 0) return tiled(memory(access.base, access.offset, 0, 0), dtype, phase);
    } else if (const auto rows = rows_alike(shape, access.strides, loop_.columns)) {
      if (!several_rows()) return {memory(access.base, access.offset, rows->row, 1, rows->alike), false};
      if (rows->alike % loop_.block_rows == 0) {
        return tiled(memory(access.base, access.offset, rows->row, 0, rows->alike), dtype, phase);
      }
    }
    const auto [slot, fresh] = tables_.viewed.try_emplace({input, phase}, no_slot);
    if (fresh) slot = gathered(access, shape, dtype, phase, false);
    return {slot, false};
  }

  /// An operand with an element for each row.
  SlotOperand row(ValueId input, std::uint32_t phase) {
    const ValueId base = graph_.base(input);
    if (is_local(base)) return {tables_.computed[base].slot, false};
    if (graph_.is_whole(input)) {
      const bool single = graph_.count(input) == 1;
      return {memory(base, 0, single ? 0 : 1, 0), single};
    }
    const Shape& shape = graph_.shape(input);
    const Access access = graph_.access(input);
    if (is_single(shape, access.strides)) return {memory(access.base, access.offset, 0, 0), true};
    const auto form = two_dimensional(shape, access.strides, 1);
    const DType dtype = graph_[input].dtype;
    if (form && (form->row == 1 || !several_rows())) return {memory(access.base, access.offset, form->row, 0), false};
    return {gathered(access, shape, dtype, phase, true), false};
  }

  /// Numbers of the rows, one after another.
  SlotId row_vector(const Access& access, std::ptrdiff_t step, const Shape& shape, DType dtype, std::uint32_t phase) {
    if (step == 1) return memory(access.base, access.offset, 1, 0);
    // The same view with one column.
    Shape rows = shape;
    std::size_t inner = 1;
    for (std::size_t i = rows.size(); i-- > 0 && inner < loop_.columns;) {
      inner *= rows[i];
      rows[i] = 1;
    }
    return gathered(access, rows, dtype, phase, true);
  }

  /// A slot made once from another, in a phase.
  template <class Make>
  SlotId derived(SlotId source, std::uint32_t phase, Derivation how, DType dtype, Store store, Make make) {
    const auto [slot, fresh] = tables_.derived.try_emplace({source, phase, how}, no_slot);
    if (!fresh) return slot;
    const SlotId out = scratch(store, dtype);
    slot = out;
    make(out);
    return out;
  }

  SlotOperand expanded(SlotId rows, DType dtype, std::uint32_t phase) {
    return {derived(rows, phase, Derivation::Expanded, dtype, Store::Block,
                    [&](SlotId out) {
                      emit(phase, false, block_table().expand[type(dtype)], out, rows, no_slot, no_slot, false,
                           {InstructionInfo::Kind::Expand, 0, dtype});
                    }),
            false};
  }

  /// An operand with an element for each column.
  SlotOperand tiled(SlotId columns, DType dtype, std::uint32_t phase) {
    return {derived(columns, phase, Derivation::Tiled, dtype, Store::Block,
                    [&](SlotId out) {
                      emit(phase, false, block_table().tile[type(dtype)], out, columns, no_slot, no_slot, false,
                           {InstructionInfo::Kind::Tile, 0, dtype});
                      draft_.code.back().once = loop_.slots[columns].row_step == 0;
                    }),
            false};
  }

  /// Whether each block of a view has the same elements: those of its first rows again.
  [[nodiscard]] bool begins_again(const Gathered& view) const {
    const std::size_t period = period_of(view.shape, view.strides);
    return period != 0 && loop_.block_columns >= loop_.columns && loop_.block_rows * loop_.columns % period == 0;
  }

  SlotId gathered(const Access& access, const Shape& shape, DType dtype, std::uint32_t phase, bool rows) {
    const SlotId source = memory(access.base, access.offset, 0, 0);
    const SlotId out = scratch(rows ? Store::Row : Store::Block, dtype);
    emit(phase, rows, gather_block, out, static_cast<SlotId>(loop_.gathered.size()));
    draft_.code.back().code.kind = kernels::Instruction::Kind::Gather;
    Gathered view{source, size_of(dtype), rows ? 1 : loop_.columns, {}, {}};
    merge_axes(shape, access.strides, view.shape, view.strides);
    draft_.code.back().once = !rows && begins_again(view);
    draft_.code.back().info = {rows ? InstructionInfo::Kind::Other : InstructionInfo::Kind::View, 0, dtype};
    loop_.gathered.push_back(view);
    return out;
  }

  /// One number in every element.
  SlotId as_vector(const SlotOperand& x, DType dtype, std::uint32_t phase, bool rows) {
    if (!x.single) return x.slot;
    return derived(x.slot, phase, rows ? Derivation::SplatOverRows : Derivation::Splat, dtype,
                   rows ? Store::Row : Store::Block, [&](SlotId out) {
                     emit(phase, rows, block_table().splat[type(dtype)], out, x.slot, no_slot, no_slot, false,
                          {InstructionInfo::Kind::Splat, 0, dtype});
                   });
  }

  static std::size_t type(DType dtype) { return static_cast<std::size_t>(dtype); }

  /// Where a value goes: to its place in memory, or to scratch.
  SlotId target(ValueId id) {
    const bool rows = groups_.role[id] == Role::Row;
    if (!groups_.materialised[id]) return scratch(rows ? Store::Row : Store::Block, graph_[id].dtype);
    if (rows) return memory(id, 0, 1, 0);
    return memory(id, 0, static_cast<std::ptrdiff_t>(loop_.columns), 1);
  }

  /// Where the value of an elementwise operation goes. What is too large for the caches is written past them.
  SlotId target_in_phase(ValueId id, std::uint32_t phase) {
    const DType dtype = graph_[id].dtype;
    const bool large = graph_.count(id) * size_of(dtype) >= streamed_bytes;
    if (!groups_.materialised[id] || groups_.role[id] != Role::Full || !large) return target(id);
    const SlotId out = scratch(Store::Block, dtype);
    streams_.push_back({memory(id, 0, static_cast<std::ptrdiff_t>(loop_.columns), 1), out, phase, dtype});
    return out;
  }

  // ---- values

  void lower(ValueId id) {
    const Opcode op = graph_[id].op;
    const std::uint32_t phase = phase_of_inputs(id);
    if (is_reduction(op)) return lower_reduction(id, phase);
    if (is_gather_or_scatter(op)) return lower_gather_or_scatter(id, phase);
    if (computation_of(op) == Computation::Check) return lower_check(id, phase);
    lower_elementwise(id, phase);
  }

  void lower_check(ValueId id, std::uint32_t phase) {
    const bool rows = groups_.role[id] == Role::Row;
    const std::span<const ValueId> inputs = graph_.inputs(id);
    const DType dtype = graph_[id].dtype;
    const auto operand = [&](std::size_t k, DType type) {
      return as_vector(rows ? row(inputs[k], phase) : full(inputs[k], phase), type, phase, rows);
    };
    const SlotId x = operand(0, dtype);
    const SlotId condition = operand(1, DType::Bool);
    const SlotId out = target_in_phase(id, phase);
    emit(phase, rows, check_block, out, x, condition, static_cast<SlotId>(loop_.checks.size()), true,
         {InstructionInfo::Kind::Check, 0, dtype});
    draft_.code.back().code.kind = kernels::Instruction::Kind::Check;
    loop_.checks.push_back({graph_.attributes(id)[0], graph_.attributes(id)[1], dtype});
    tables_.computed[id] = {out, phase};
  }

  void lower_elementwise(ValueId id, std::uint32_t phase) {
    const Opcode op = graph_[id].op;
    const bool rows = groups_.role[id] == Role::Row;
    const std::span<const ValueId> inputs = graph_.inputs(id);
    std::array<SlotOperand, 3> operands{};
    for (std::size_t k = 0; k < inputs.size(); ++k) operands[k] = rows ? row(inputs[k], phase) : full(inputs[k], phase);
    const DType from = graph_[inputs.back()].dtype;
    if (op == op_copy && operands[0].single) {
      const SlotId out = target(id);
      emit(phase, rows, block_table().splat[type(from)], out, operands[0].slot, no_slot, no_slot, false,
           {InstructionInfo::Kind::Splat, 0, from});
      tables_.computed[id] = {out, phase};
      return;
    }
    const std::size_t mode = choose_mode(op, inputs, operands, phase, rows);
    const SlotId out = target_in_phase(id, phase);
    std::array<SlotId, 3> slots{no_slot, no_slot, no_slot};
    for (std::size_t k = 0; k < inputs.size(); ++k) slots[k] = operands[k].slot;
    const bool same_size = size_of(from) == size_of(graph_[id].dtype);
    InstructionInfo info{InstructionInfo::Kind::Elementwise, op, from, graph_[id].dtype,
                         static_cast<kernels::OperandModes>(mode)};
    if (op == opcode<Power> && graph_.is_constant(inputs[1])) {
      info.known = graph_.known(inputs[1]);
      info.number = graph_.constant(inputs[1]).value.real;
    }
    emit(phase, rows, kernel_of(op, id, from, mode), out, slots[0], slots[1], slots[2], same_size, info);
    tables_.computed[id] = {out, phase};
  }

  /// Which operands are single numbers; those that no kernel takes so are spread out.
  std::size_t choose_mode(Opcode op, std::span<const ValueId> inputs, std::array<SlotOperand, 3>& operands,
                          std::uint32_t phase, bool rows) {
    const auto spread = [&](std::size_t k) {
      operands[k] = {as_vector(operands[k], graph_[inputs[k]].dtype, phase, rows), false};
    };
    if (traits_of(op).selects) {
      spread(0);
      return (operands[1].single ? 1U : 0U) | (operands[2].single ? 2U : 0U);
    }
    if (inputs.size() == 1 || is_part(op)) {
      for (std::size_t k = 0; k < inputs.size(); ++k) spread(k);
      return 0;
    }
    if (operands[0].single && operands[1].single) spread(0);
    return (operands[0].single ? 1U : 0U) | (operands[1].single ? 2U : 0U);
  }

  BlockKernel kernel_of(Opcode op, ValueId id, DType from, std::size_t mode) const {
    const kernels::BlockTable& table = block_table();
    if (is_conversion(op)) return table.cast[type(graph_[id].dtype)][type(from)];
    if (is_part(op)) return table.parts[op - list_size][type(from)];
    return table.elementwise[op][type(from)][mode];
  }

  /// What machine code can do of a reduction: sums, also of squares.
  static InstructionInfo info_of(Reduction reduction, DType dtype, InstructionInfo::Kind kind) {
    if (reduction == Reduction::Sum) return {kind, 0, dtype};
    if (sums_squares(reduction, dtype)) return {kind, opcode<Square>, dtype};
    return {};
  }

  /// A row's sum of what was scattered over it: what there was of it.
  bool lower_sum_of_scattered(ValueId id, std::uint32_t phase) {
    const ValueId input = graph_.inputs(id)[0];
    const bool scattered = is_local(input) && computation_of(graph_[input].op) == Computation::Scatter;
    if (!scattered || reduction_of(graph_[id].op) != Reduction::Sum) return false;
    if (groups_.role[id] != Role::Row || groups_.materialised[id]) return false;
    const SlotOperand source = row(graph_.inputs(input)[0], phase);
    tables_.computed[id] = {as_vector(source, graph_[id].dtype, phase, true), phase};
    return true;
  }

  void lower_reduction(ValueId id, std::uint32_t phase) {
    if (lower_sum_of_scattered(id, phase)) return;
    const kernels::BlockTable& table = block_table();
    const Reduction reduction = reduction_of(graph_[id].op);
    const auto r = static_cast<std::size_t>(reduction);
    const ValueId input = graph_.inputs(id)[0];
    const DType dtype = graph_[id].dtype;
    const DType wide = kernels::is_wide(reduction) && dtype == DType::Float32 ? DType::Float64 : dtype;
    const Role role = groups_.role[id];
    if (role == Role::EpilogueTotal || role == Role::EpilogueColumns) return lower_epilogue(id, phase, reduction, wide);
    if (role == Role::Lines) return lower_lines(id, phase, reduction, wide);
    const SlotId x = as_vector(full(input, phase), dtype, phase, false);
    const BlockKernel complete = table.complete[r][type(dtype)];
    const SlotId total = complete == nullptr ? target(id) : scratch(Store::Row, wide);
    emit(phase, true, table.start[r][type(dtype)], total, total);
    const InstructionInfo info = info_of(reduction, dtype, InstructionInfo::Kind::SumRows);
    emit(phase, false, table.reduce_rows[r][type(dtype)], total, x, no_slot, no_slot, false, info);
    SlotId out = total;
    if (complete != nullptr) {
      out = target(id);
      emit(phase + 1, true, complete, out, total);
    }
    tables_.computed[id] = {out, phase + 1};
  }

  void lower_lines(ValueId id, std::uint32_t phase, Reduction reduction, DType wide) {
    const ValueId input = graph_.inputs(id)[0];
    const DType dtype = graph_[id].dtype;
    const std::size_t length = graph_.count(id) / loop_.rows;
    const SlotId x = as_vector(full(input, phase), dtype, phase, false);
    const bool apart = block_table().complete[static_cast<std::size_t>(reduction)][type(dtype)] != nullptr;
    const SlotId partial =
        apart ? add_slot(Store::Row, length * size_of(wide), {Slot::Base::Scratch, no_place, 0, 0, 0}) : no_slot;
    const SlotId out = memory(id, 0, static_cast<std::ptrdiff_t>(length), 0);
    emit(phase, false, lines_block, out, x, partial, static_cast<SlotId>(loop_.lines.size()));
    draft_.code.back().code.kind = kernels::Instruction::Kind::Lines;
    loop_.lines.push_back({reduction, dtype, wide, length});
  }

  void lower_epilogue(ValueId id, std::uint32_t phase, Reduction reduction, DType wide) {
    const kernels::BlockTable& table = block_table();
    const auto r = static_cast<std::size_t>(reduction);
    const ValueId input = graph_.inputs(id)[0];
    const DType dtype = graph_[id].dtype;
    const bool columns = groups_.role[id] == Role::EpilogueColumns;
    const bool rows = !columns && graph_.count(input) != group_.size;
    const SlotOperand operand = rows ? row(input, phase) : full(input, phase);
    const SlotId x = as_vector(operand, dtype, phase, rows);
    const std::size_t count = columns ? loop_.columns : 1;
    const auto element = static_cast<std::ptrdiff_t>(size_of(wide));
    const SlotId total = add_slot(
        Store::Partial, size_of(wide),
        {Slot::Base::Partials, no_place, static_cast<std::ptrdiff_t>(loop_.partial_bytes), 0, columns ? element : 0});
    const auto kernel = columns ? table.reduce_columns[r][type(dtype)] : table.reduce_all[r][type(dtype)];
    const InstructionInfo info = columns ? InstructionInfo{} : info_of(reduction, dtype, InstructionInfo::Kind::SumAll);
    emit(phase, rows, kernel, total, x, no_slot, no_slot, false, info);
    loop_.epilogues.push_back({reduction, wide, loop_.partial_bytes, count, place_of_(id), dtype});
    loop_.partial_bytes += (count * size_of(wide) + 63) / 64 * 64;
  }

  void lower_gather_or_scatter(ValueId id, std::uint32_t phase) {
    const kernels::BlockTable& table = block_table();
    const std::span<const ValueId> inputs = graph_.inputs(id);
    const DType dtype = graph_[id].dtype;
    const bool gathers = computation_of(graph_[id].op) == Computation::Gather;
    loop_.chooses = name_of(static_cast<Chooser>(graph_.attributes(id)[1]));
    const SlotId index = as_vector(row(inputs[1], phase), DType::Int64, phase, true);
    if (gathers) {
      const SlotId x = as_vector(full(inputs[0], phase), dtype, phase, false);
      const SlotId out = target(id);
      emit(phase, false, table.row_gather[type(dtype)], out, x, index);
      tables_.computed[id] = {out, phase + 1};
    } else {
      const SlotId x = as_vector(row(inputs[0], phase), dtype, phase, true);
      const SlotId out = target(id);
      emit(phase, false, table.row_scatter[type(dtype)], out, x, index);
      tables_.computed[id] = {out, phase};
    }
  }

  const Graph& graph_;
  const Groups& groups_;
  GroupId id_;
  const Group& group_;
  const std::function<PlaceId(ValueId)>& place_of_;
  Origin origin_;
  Draft draft_;
  Loop& loop_ = draft_.loop;
  struct Streamed {
    SlotId target;
    SlotId from;
    std::uint32_t phase;
    DType dtype;
  };
  std::vector<Streamed> streams_;
  LoweringTables& tables_;
};

}  // namespace

LoweredLoop lower_loop(const Graph& graph, const Groups& groups, GroupId group,
                       const std::function<PlaceId(ValueId)>& place_of, Origin origin, LoweringTables& tables) {
  LoweredLoop result = Lowering(graph, groups, group, place_of, origin, tables, usual_block).run();
  const bool blocks_matter = groups.list[static_cast<std::size_t>(group)].size > usual_block;
  if (result.loop.scratch_bytes > much_scratch && blocks_matter) {
    return Lowering(graph, groups, group, place_of, origin, tables, small_block).run();
  }
  return result;
}

}  // namespace xgrad::backend::cpu
