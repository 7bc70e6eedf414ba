#include "lower.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "kernels/operand.hpp"

namespace xgrad::detail {
namespace {

using namespace primitives;
using kernels::block_table;
using kernels::BlockKernel;
using kernels::Instruction;
using kernels::Reduction;

using SlotId = std::uint32_t;
constexpr SlotId no_slot = ~SlotId{0};

/// Elements that are worked on together, so that intermediate values stay in the first-level cache.
constexpr std::size_t usual_block = 512;
constexpr std::size_t small_block = 128;
/// More scratch than this does not stay in the cache, and blocks become smaller.
constexpr std::size_t much_scratch = 96 * 1024;
/// Arrays that do not stay in a cache until somebody reads them.
constexpr std::size_t streamed_bytes = std::size_t{4} << 20U;
/// Elements that one thread works on before it takes the next chunk. Fixed, because partial sums depend on it.
constexpr std::size_t chunk_elements = 32768;
constexpr std::size_t most_column_chunks = 32;

/// Strides of a view as rows x columns, if it has such.
struct TwoDimensional {
  std::ptrdiff_t row;
  std::ptrdiff_t column;
};

std::optional<TwoDimensional> two_dimensional(const Shape& shape, const Strides& strides, std::size_t columns) {
  TwoDimensional result{0, 0};
  std::size_t i = shape.size();
  std::size_t count = 1;
  const auto collapse = [&](std::size_t wanted, std::ptrdiff_t& step) {
    bool any = false;
    std::ptrdiff_t expected = 0;
    for (; i > 0 && count < wanted; --i) {
      const std::size_t extent = shape[i - 1];
      if (extent == 1) continue;
      if (!any) step = strides[i - 1];
      else if (strides[i - 1] != expected) return false;
      any = true;
      expected = strides[i - 1] * static_cast<std::ptrdiff_t>(extent);
      count *= extent;
    }
    return count == wanted;
  };
  if (!collapse(columns, result.column)) return std::nullopt;
  const std::size_t rows = size_of(shape) / columns;
  count = 1;
  if (!collapse(rows, result.row)) return std::nullopt;
  return result;
}

bool is_single(const Shape& shape, const Strides& strides) {
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != 1 && strides[i] != 0) return false;
  }
  return true;
}

/// What an instruction reads: a slot, and whether it is one number for the whole block.
struct Operand {
  SlotId slot;
  bool single;
};

class Lowering {
 public:
  Lowering(const Graph& graph, const Groups& groups, GroupId g, const std::function<PlaceId(ValueId)>& place_of,
           std::size_t block)
      : graph_(graph), groups_(groups), id_(g), group_(groups.list[static_cast<std::size_t>(g)]), place_of_(place_of) {
    choose_form(block);
  }

  LoweredLoop operator()() {
    for (const ValueId id : group_.members) {
      lower(id);
      loop_.members.push_back({graph_[id].op, groups_.role[id]});
    }
    for (const Streamed& each : streams_) {
      emit(each.phase, false, block_table().stream[type(each.dtype)], each.place, each.from);
      loop_.streams = true;
    }
    order();
    allocate();
    find_in_place();
    choose_chunks();
    return std::move(result_);
  }

 private:
  // ---- the form of the loop

  void choose_form(std::size_t block) {
    const std::size_t size = group_.size;
    std::size_t columns = group_.columns != 0 ? group_.columns : natural_columns();
    if (columns == 0) columns = std::max<std::size_t>(size, 1);
    loop_.columns = columns;
    loop_.rows = size / columns;
    if (2 * columns <= block) {
      loop_.block_rows = std::clamp<std::size_t>(loop_.rows, 1, block / columns);
      loop_.block_columns = columns;
    } else {
      loop_.block_columns = std::min(columns, block);
    }
  }

  /// Length of the rows in which the first operand that is not dense lies in memory.
  [[nodiscard]] std::size_t natural_columns() const {
    for (const ValueId id : group_.members) {
      if (groups_.role[id] != Role::Full) continue;
      for (const ValueId input : graph_.inputs(id)) {
        if (groups_.of[graph_.base(input)] == id_ || graph_.count(input) != group_.size) continue;
        const Shape& shape = graph_.shape(input);
        const Strides strides = graph_.access(input).strides;
        if (kernels::is_dense(shape, strides) || is_single(shape, strides)) continue;
        std::size_t columns = 1;
        std::ptrdiff_t expected = 0;
        for (std::size_t i = shape.size(); i-- > 0;) {
          if (shape[i] == 1) continue;
          if (columns != 1 && strides[i] != expected) break;
          columns *= shape[i];
          expected = strides[i] * static_cast<std::ptrdiff_t>(shape[i]);
        }
        return columns;
      }
    }
    return 0;
  }

  [[nodiscard]] bool several_rows() const { return loop_.block_rows > 1; }

  // ---- slots

  enum class Store : std::uint8_t { Memory, Block, Row, Partial };
  struct SlotInfo {
    Store store;
    std::size_t element;
    std::uint32_t first = ~0U;  // instruction that writes it first, in the final order
    std::uint32_t last = 0;     // that uses it last
    std::uint32_t first_segment = 0;
    std::uint32_t last_segment = 0;
  };

  SlotId add_slot(Store store, std::size_t element, const Slot& slot) {
    info_.push_back({store, element});
    loop_.slots.push_back(slot);
    return static_cast<SlotId>(info_.size() - 1);
  }
  SlotId scratch(Store store, DType dtype) {
    return add_slot(store, size_of(dtype), {Slot::Base::Scratch, no_place, 0, 0, 0});
  }
  SlotId memory(ValueId base, std::ptrdiff_t offset, std::ptrdiff_t row_step, std::ptrdiff_t column_step) {
    const PlaceId place = place_of_(base);
    const auto key = std::tuple{place, offset, row_step, column_step};
    const auto [found, fresh] = memory_slots_.try_emplace(key, no_slot);
    if (fresh) {
      const auto element = static_cast<std::ptrdiff_t>(size_of(graph_[base].dtype));
      found->second =
          add_slot(Store::Memory, static_cast<std::size_t>(element),
                   {Slot::Base::Memory, place, offset * element, row_step * element, column_step * element});
    }
    return found->second;
  }

  // ---- instructions

  struct Emitted {
    Instruction code;
    std::uint32_t phase;
    bool rows;
    bool in_place;  // the output may be the memory of an operand with elements of the same size
  };

  void emit(std::uint32_t phase, bool rows, BlockKernel kernel, SlotId out, SlotId a, SlotId b = no_slot,
            SlotId c = no_slot, bool in_place = false) {
    emitted_.push_back({{kernel, out, a, b, c}, phase, rows, in_place});
  }

  struct Computed {
    SlotId slot;
    std::uint32_t ready;  // first phase in which it can be read
  };

  [[nodiscard]] bool is_local(ValueId base) const { return groups_.of[base] == id_; }

  std::uint32_t phase_of_inputs(ValueId id) const {
    std::uint32_t phase = 0;
    for (const ValueId input : graph_.inputs(id)) {
      const ValueId base = graph_.base(input);
      if (is_local(base)) phase = std::max(phase, computed_.at(base).ready);
    }
    return phase;
  }

  /// An operand with an element for each of the loop.
  Operand full(ValueId input, std::uint32_t phase) {
    const ValueId base = graph_.base(input);
    const DType dtype = graph_[input].dtype;
    if (is_local(base)) {
      const SlotId slot = computed_.at(base).slot;
      if (groups_.role[base] == Role::Full) return {slot, false};
      return several_rows() ? expanded(slot, dtype, phase) : Operand{slot, true};
    }
    const Shape& shape = graph_.shape(input);
    const Access access = graph_.access(input);
    const auto columns = static_cast<std::ptrdiff_t>(loop_.columns);
    if (is_single(shape, access.strides)) return {memory(access.base, access.offset, 0, 0), true};
    if (kernels::is_dense(shape, access.strides)) return {memory(access.base, access.offset, columns, 1), false};
    if (const auto form = two_dimensional(shape, access.strides, loop_.columns)) {
      if (form->column == 0) {
        if (!several_rows()) return {memory(access.base, access.offset, form->row, 0), true};
        return expanded(row_vector(access, form->row, shape, dtype, phase), dtype, phase);
      }
      if (form->column == 1 && !several_rows()) return {memory(access.base, access.offset, form->row, 1), false};
      if (form->column == 1 && form->row == 0) {
        const SlotId source = memory(access.base, access.offset, 0, 0);
        return {derived(source, phase, 't', dtype, Store::Block,
                        [&](SlotId out) { emit(phase, false, block_table().tile[type(dtype)], out, source); }),
                false};
      }
    }
    return {gathered(access, shape, dtype, phase, false), false};
  }

  /// An operand with an element for each row.
  Operand row(ValueId input, std::uint32_t phase) {
    const ValueId base = graph_.base(input);
    if (is_local(base)) return {computed_.at(base).slot, false};
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
  SlotId derived(SlotId source, std::uint32_t phase, char how, DType dtype, Store store, Make make) {
    const auto [found, fresh] = derived_.try_emplace(std::tuple{source, phase, how}, no_slot);
    if (fresh) {
      const SlotId out = scratch(store, dtype);
      found->second = out;
      make(out);
      return out;
    }
    return found->second;
  }

  Operand expanded(SlotId rows, DType dtype, std::uint32_t phase) {
    return {derived(rows, phase, 'e', dtype, Store::Block,
                    [&](SlotId out) { emit(phase, false, block_table().expand[type(dtype)], out, rows); }),
            false};
  }

  SlotId gathered(const Access& access, const Shape& shape, DType dtype, std::uint32_t phase, bool rows) {
    const SlotId source = memory(access.base, access.offset, 0, 0);
    const SlotId out = scratch(rows ? Store::Row : Store::Block, dtype);
    emit(phase, rows, gather_block, out, static_cast<SlotId>(loop_.gathered.size()));
    loop_.gathered.push_back({source, size_of(dtype), rows ? 1 : loop_.columns, shape, access.strides});
    return out;
  }

  /// One number in every element.
  SlotId as_vector(const Operand& x, DType dtype, std::uint32_t phase, bool rows) {
    if (!x.single) return x.slot;
    return derived(x.slot, phase, rows ? 'r' : 's', dtype, rows ? Store::Row : Store::Block,
                   [&](SlotId out) { emit(phase, rows, block_table().splat[type(dtype)], out, x.slot); });
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
    if (op == opcode<Sum> || op == opcode<MaxReduce> || op == opcode<MinReduce>) return lower_reduction(id, phase);
    if (op == opcode<TakeAlongAxis> || op == opcode<ScatterAddAlongAxis>) return lower_choice(id, phase);
    lower_elementwise(id, phase);
  }

  void lower_elementwise(ValueId id, std::uint32_t phase) {
    const Opcode op = graph_[id].op;
    const bool rows = groups_.role[id] == Role::Row;
    const std::span<const ValueId> inputs = graph_.inputs(id);
    std::array<Operand, 3> operands{};
    for (std::size_t k = 0; k < inputs.size(); ++k) operands[k] = rows ? row(inputs[k], phase) : full(inputs[k], phase);
    const DType from = graph_[inputs.back()].dtype;
    if (op == op_copy && operands[0].single) {
      const SlotId out = target(id);
      emit(phase, rows, block_table().splat[type(from)], out, operands[0].slot);
      computed_[id] = {out, phase};
      return;
    }
    const std::size_t mode = choose_mode(op, inputs, operands, phase, rows);
    const SlotId out = target_in_phase(id, phase);
    std::array<SlotId, 3> slots{no_slot, no_slot, no_slot};
    for (std::size_t k = 0; k < inputs.size(); ++k) slots[k] = operands[k].slot;
    const bool same_size = size_of(from) == size_of(graph_[id].dtype);
    emit(phase, rows, kernel_of(op, id, from, mode), out, slots[0], slots[1], slots[2], same_size);
    computed_[id] = {out, phase};
  }

  /// Which operands are single numbers; those that no kernel takes so are spread out.
  std::size_t choose_mode(Opcode op, std::span<const ValueId> inputs, std::array<Operand, 3>& operands,
                          std::uint32_t phase, bool rows) {
    const auto spread = [&](std::size_t k) {
      operands[k] = {as_vector(operands[k], graph_[inputs[k]].dtype, phase, rows), false};
    };
    if (op == opcode<Where>) {
      spread(0);
      return (operands[1].single ? 1U : 0U) | (operands[2].single ? 2U : 0U);
    }
    if (inputs.size() == 1 || op == op_sigmoid_from || op == op_softplus_from) {
      for (std::size_t k = 0; k < inputs.size(); ++k) spread(k);
      return 0;
    }
    if (operands[0].single && operands[1].single) spread(0);
    return (operands[0].single ? 1U : 0U) | (operands[1].single ? 2U : 0U);
  }

  BlockKernel kernel_of(Opcode op, ValueId id, DType from, std::size_t mode) const {
    const kernels::BlockTable& table = block_table();
    if (op == opcode<Cast>) return table.cast[type(graph_[id].dtype)][type(from)];
    if (op == op_exp_neg_abs) return table.exp_neg_abs[type(from)];
    if (op == op_sigmoid_from) return table.sigmoid_from[type(from)];
    if (op == op_softplus_from) return table.softplus_from[type(from)];
    return table.elementwise[op][type(from)][mode];
  }

  static Reduction reduction_of(Opcode op) {
    if (op == opcode<Sum>) return Reduction::Sum;
    return op == opcode<MaxReduce> ? Reduction::Max : Reduction::Min;
  }

  void lower_reduction(ValueId id, std::uint32_t phase) {
    const kernels::BlockTable& table = block_table();
    const Reduction reduction = reduction_of(graph_[id].op);
    const auto r = static_cast<std::size_t>(reduction);
    const ValueId input = graph_.inputs(id)[0];
    const DType dtype = graph_[id].dtype;
    const DType wide = reduction == Reduction::Sum && dtype == DType::Float32 ? DType::Float64 : dtype;
    const Role role = groups_.role[id];
    if (role == Role::LateAll || role == Role::LateColumns) return lower_late(id, phase, reduction, wide);
    const SlotId x = as_vector(full(input, phase), dtype, phase, false);
    const SlotId total = wide == dtype ? target(id) : scratch(Store::Row, wide);
    emit(phase, true, table.start[r][type(dtype)], total, total);
    emit(phase, false, table.reduce_rows[r][type(dtype)], total, x);
    SlotId out = total;
    if (wide != dtype) {
      out = target(id);
      emit(phase + 1, true, table.cast[type(dtype)][type(wide)], out, total);
    }
    computed_[id] = {out, phase + 1};
  }

  void lower_late(ValueId id, std::uint32_t phase, Reduction reduction, DType wide) {
    const kernels::BlockTable& table = block_table();
    const auto r = static_cast<std::size_t>(reduction);
    const ValueId input = graph_.inputs(id)[0];
    const DType dtype = graph_[id].dtype;
    const bool columns = groups_.role[id] == Role::LateColumns;
    const bool rows = !columns && graph_.count(input) != group_.size;
    const Operand operand = rows ? row(input, phase) : full(input, phase);
    const SlotId x = as_vector(operand, dtype, phase, rows);
    const std::size_t count = columns ? loop_.columns : 1;
    const auto element = static_cast<std::ptrdiff_t>(size_of(wide));
    const SlotId total = add_slot(
        Store::Partial, size_of(wide),
        {Slot::Base::Partials, no_place, static_cast<std::ptrdiff_t>(loop_.partial_bytes), 0, columns ? element : 0});
    const auto kernel = columns ? table.reduce_columns[r][type(dtype)] : table.reduce_all[r][type(dtype)];
    emit(phase, rows, kernel, total, x);
    loop_.late.push_back({reduction, wide, loop_.partial_bytes, count, place_of_(id), dtype});
    loop_.partial_bytes += (count * size_of(wide) + 63) / 64 * 64;
  }

  void lower_choice(ValueId id, std::uint32_t phase) {
    const kernels::BlockTable& table = block_table();
    const std::span<const ValueId> inputs = graph_.inputs(id);
    const DType dtype = graph_[id].dtype;
    loop_.chooses = "take_along_axis";
    const SlotId index = as_vector(row(inputs[1], phase), DType::Int64, phase, true);
    if (graph_[id].op == opcode<TakeAlongAxis>) {
      const SlotId x = as_vector(full(inputs[0], phase), dtype, phase, false);
      const SlotId out = target(id);
      emit(phase, false, table.pick[type(dtype)], out, x, index);
      computed_[id] = {out, phase + 1};
    } else {
      const SlotId x = as_vector(row(inputs[0], phase), dtype, phase, true);
      const SlotId out = target(id);
      emit(phase, false, table.place[type(dtype)], out, x, index);
      computed_[id] = {out, phase};
    }
  }

  // ---- order and memory

  /// Sorts the instructions into segments: in each phase first what works on rows, then what works on elements.
  void order() {
    std::stable_sort(emitted_.begin(), emitted_.end(), [](const Emitted& a, const Emitted& b) {
      return std::tuple{a.phase, !a.rows} < std::tuple{b.phase, !b.rows};
    });
    for (std::uint32_t i = 0; i < emitted_.size(); ++i) {
      const Emitted& each = emitted_[i];
      if (i == 0 || each.phase != emitted_[i - 1].phase || each.rows != emitted_[i - 1].rows) {
        loop_.segments.push_back({i, i, each.rows});
      }
      loop_.segments.back().last = i + 1;
      const auto segment = static_cast<std::uint32_t>(loop_.segments.size() - 1);
      for_each_slot(each.code, [&](SlotId slot) {
        SlotInfo& info = info_[slot];
        if (info.first == ~0U) {
          info.first = i;
          info.first_segment = segment;
        }
        info.last = i;
        info.last_segment = segment;
      });
    }
  }

  /// The slots of an instruction (a gather names what it gathers in place of its operand).
  template <class F>
  void for_each_slot(const Instruction& code, F f) const {
    if (code.kernel == gather_block) {
      f(loop_.gathered[code.a].slot);
    } else {
      for (const SlotId slot : {code.a, code.b, code.c}) {
        if (slot != no_slot) f(slot);
      }
    }
    f(code.out);
  }

  /// A full value that a later phase reads while blocks are parts of rows: the whole row is kept.
  [[nodiscard]] bool is_long(const SlotInfo& info) const {
    return info.store == Store::Block && info.first_segment != info.last_segment && loop_.block_columns < loop_.columns;
  }

  [[nodiscard]] std::size_t bytes_of(const SlotInfo& info) const {
    std::size_t count = loop_.block_rows * loop_.block_columns;
    if (info.store == Store::Row) count = loop_.block_rows;
    else if (is_long(info)) count = loop_.columns;
    return (count * info.element + 63) / 64 * 64;
  }

  /// Memory that is used again as soon as what it held is dead. What outlives its segment keeps to memory of its own
  /// kind and for whole segments, because these are repeated for each part of a row.
  class Pool {
   public:
    explicit Pool(std::size_t& end) : end_(end) {}
    std::size_t take(std::size_t bytes) {
      std::vector<std::size_t>& free = free_[bytes];
      if (!free.empty()) {
        const std::size_t offset = free.back();
        free.pop_back();
        return offset;
      }
      end_ += bytes;
      return end_ - bytes;
    }
    void give(std::size_t offset, std::size_t bytes) { free_[bytes].push_back(offset); }

   private:
    std::size_t& end_;
    std::unordered_map<std::size_t, std::vector<std::size_t>> free_;
  };

  void allocate() {
    Pool local(loop_.scratch_bytes);
    Pool lasting(loop_.scratch_bytes);
    std::vector<std::vector<SlotId>> ends(loop_.segments.size());  // lasting slots whose last segment this is
    std::uint32_t segment = 0;
    for (std::uint32_t i = 0; i < emitted_.size(); ++i) {
      while (i >= loop_.segments[segment].last) {
        for (const SlotId slot : ends[segment]) give(lasting, slot);
        ++segment;
      }
      const Emitted& each = emitted_[i];
      loop_.code.push_back(each.code);
      // What dies here gives its memory to the output only if elements lie at the same places.
      const std::size_t element = info_[each.code.out].element;
      const auto release = [&](bool all) {
        for_each_slot(each.code, [&](SlotId slot) {
          SlotInfo& info = info_[slot];
          if (!is_local_block(info) || info.last != i || info.first == i) return;
          if (!all && info.element != element) return;
          give(local, slot);
          info.first = i;  // once
        });
      };
      if (each.in_place) release(false);
      const SlotId out = each.code.out;
      SlotInfo& info = info_[out];
      if (loop_.slots[out].base == Slot::Base::Scratch && info.first == i && !placed(out)) {
        if (is_local_block(info)) {
          place(local, out);
        } else {
          place(lasting, out);
          ends[info.last_segment].push_back(out);
        }
      }
      release(true);
    }
    for (std::uint32_t slot = 0; slot < loop_.slots.size(); ++slot) {
      if (is_long(info_[slot])) loop_.slots[slot].column_step = static_cast<std::ptrdiff_t>(info_[slot].element);
      if (loop_.slots[slot].row_step != 0) loop_.moving_rows.push_back(slot);
      if (loop_.slots[slot].column_step != 0) loop_.moving_columns.push_back(slot);
    }
  }

  [[nodiscard]] bool is_local_block(const SlotInfo& info) const {
    return info.store == Store::Block && !is_long(info) && info.first_segment == info.last_segment;
  }
  [[nodiscard]] bool placed(SlotId slot) const { return slot < placed_.size() && placed_[slot]; }
  void place(Pool& pool, SlotId slot) {
    loop_.slots[slot].offset = static_cast<std::ptrdiff_t>(pool.take(bytes_of(info_[slot])));
    if (placed_.size() <= slot) placed_.resize(loop_.slots.size(), false);
    placed_[slot] = true;
  }
  void give(Pool& pool, SlotId slot) {
    pool.give(static_cast<std::size_t>(loop_.slots[slot].offset), bytes_of(info_[slot]));
  }

  /// Pairs of memory that may be the same: written at an element only when nothing reads that element any more.
  void find_in_place() {
    struct Use {
      bool written = false;
      bool uniform = true;  // all slots of the place move alike
      SlotId slot = no_slot;
      std::uint32_t first_write = 0;
      std::uint32_t last_read = 0;
      bool read = false;
    };
    std::map<PlaceId, Use> uses;
    for (std::uint32_t i = 0; i < emitted_.size(); ++i) {
      const Instruction& code = loop_.code[i];
      for_each_slot(code, [&](SlotId slot) {
        const Slot& each = loop_.slots[slot];
        if (each.base != Slot::Base::Memory) return;
        Use& use = uses[each.place];
        if (use.slot == no_slot) use.slot = slot;
        use.uniform = use.uniform && use.slot == slot && code.kernel != gather_block;
        if (slot == code.out) {
          if (!use.written) use.first_write = i;
          use.written = true;
        } else {
          use.read = true;
          use.last_read = i;
        }
      });
    }
    for (const auto& [out, w] : uses) {
      if (!w.written || !w.uniform || loop_.slots[w.slot].column_step == 0) continue;
      for (const auto& [in, r] : uses) {
        if (r.written || !r.read || !r.uniform) continue;
        const Slot& a = loop_.slots[w.slot];
        const Slot& b = loop_.slots[r.slot];
        const bool alike = a.row_step == b.row_step && a.column_step == b.column_step && b.offset == 0;
        const bool before =
            r.last_read < w.first_write || (r.last_read == w.first_write && emitted_[w.first_write].in_place);
        if (alike && before) result_.in_place.emplace_back(out, in);
      }
    }
  }

  void choose_chunks() {
    Loop& loop = loop_;
    const bool columns_late =
        std::any_of(loop.late.begin(), loop.late.end(), [](const Late& each) { return each.count > 1; });
    if (loop.rows == 1 && !group_.whole_rows) {
      loop.chunk_rows = 1;
      loop.chunk_columns = chunk_elements;
      loop.chunks = (loop.columns + chunk_elements - 1) / chunk_elements;
    } else {
      const auto whole = [&](std::size_t rows) {
        return std::max(loop.block_rows, (rows + loop.block_rows - 1) / loop.block_rows * loop.block_rows);
      };
      loop.chunk_columns = loop.columns;
      loop.chunk_rows = whole(chunk_elements / loop.columns);
      if (columns_late) loop.chunk_rows = std::max(loop.chunk_rows, whole(loop.rows / most_column_chunks));
      loop.chunks = (loop.rows + loop.chunk_rows - 1) / loop.chunk_rows;
    }
    loop.chunks = std::max<std::size_t>(loop.chunks, 1);
  }

  const Graph& graph_;
  const Groups& groups_;
  GroupId id_;
  const Group& group_;
  const std::function<PlaceId(ValueId)>& place_of_;
  LoweredLoop result_;
  Loop& loop_ = result_.loop;
  std::vector<SlotInfo> info_;
  std::vector<bool> placed_;
  std::vector<Emitted> emitted_;
  struct Streamed {
    SlotId place;
    SlotId from;
    std::uint32_t phase;
    DType dtype;
  };
  std::vector<Streamed> streams_;
  std::unordered_map<ValueId, Computed> computed_;
  std::map<std::tuple<PlaceId, std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t>, SlotId> memory_slots_;
  std::map<std::tuple<SlotId, std::uint32_t, char>, SlotId> derived_;
};

}  // namespace

LoweredLoop lower_loop(const Graph& graph, const Groups& groups, GroupId group,
                       const std::function<PlaceId(ValueId)>& place_of) {
  LoweredLoop result = Lowering(graph, groups, group, place_of, usual_block)();
  const bool blocks_matter = groups.list[static_cast<std::size_t>(group)].size > usual_block;
  if (result.loop.scratch_bytes > much_scratch && blocks_matter) {
    return Lowering(graph, groups, group, place_of, small_block)();
  }
  return result;
}

}  // namespace xgrad::detail
