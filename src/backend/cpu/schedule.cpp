#include "schedule.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "verify.hpp"

namespace xgrad::backend::cpu {
namespace {

using kernels::Instruction;

/// Elements of loops whose operands come from memory, or from a cache far away.
constexpr std::size_t large_loop = std::size_t{1} << 16U;

class Scheduling {
 public:
  explicit Scheduling(Draft draft) : draft_(std::move(draft)), taken_(draft_.slots.size(), false) {}

  LoweredLoop run() {
    order();
    allocate();
    find_in_place();
    find_fetched();
    verify_between_passes("schedule", loop_, std::span<const SlotInfo>(draft_.slots));
    return {std::move(loop_), std::move(in_place_)};
  }

 private:
  /// Sorts the instructions into segments: what runs once, then in each phase first what works on rows, then what works
  /// on elements.
  void order() {
    const auto before = [](const Emitted& a, const Emitted& b) { return key_of_segment(a) < key_of_segment(b); };
    if (!std::ranges::is_sorted(draft_.code, before)) std::ranges::stable_sort(draft_.code, before);
    for (std::uint32_t i = 0; i < draft_.code.size(); ++i) {
      const Emitted& each = draft_.code[i];
      if (i == 0 || key_of_segment(each) != key_of_segment(draft_.code[i - 1])) {
        loop_.segments.push_back({i, i, each.rows, each.once, {}});
      }
      loop_.segments.back().last = i + 1;
      const auto segment = static_cast<std::uint32_t>(loop_.segments.size() - 1);
      for_each_slot(each.code, [&](SlotId slot) {
        SlotInfo& info = draft_.slots[slot];
        if (info.first == ~0U) {
          info.first = i;
          info.first_segment = segment;
        }
        info.last = i;
        info.last_segment = segment;
      });
    }
    const auto never = static_cast<std::uint32_t>(loop_.segments.size());
    for (const Emitted& each : draft_.code) {
      if (each.once) draft_.slots[each.code.out].last_segment = never;  // the next block reads it, too
    }
  }

  static std::tuple<bool, std::uint32_t, bool> key_of_segment(const Emitted& each) {
    return {!each.once, each.once ? 0 : each.phase, !each.rows};
  }

  template <class F>
  void for_each_slot(const Instruction& code, F f) const {
    for_each_operand(loop_, code, f);
    for_each_result(loop_, code, f);
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
      std::vector<std::size_t>& free = free_of(bytes);
      if (!free.empty()) {
        const std::size_t offset = free.back();
        free.pop_back();
        return offset;
      }
      end_ += bytes;
      return end_ - bytes;
    }
    void give(std::size_t offset, std::size_t bytes) { free_of(bytes).push_back(offset); }

   private:
    std::vector<std::size_t>& free_of(std::size_t bytes) {
      const auto found = std::ranges::find(free_, bytes, &Free::bytes);
      return found != free_.end() ? found->offsets : free_.emplace_back(Free{bytes, {}}).offsets;
    }
    struct Free {
      std::size_t bytes;
      std::vector<std::size_t> offsets;
    };
    std::size_t& end_;
    std::vector<Free> free_;  // of few sizes: those of blocks and rows of each element type
  };

  void allocate() {
    Pool local(loop_.scratch_bytes);
    Pool lasting(loop_.scratch_bytes);
    std::vector<std::vector<SlotId>> ends(loop_.segments.size() + 1);  // lasting slots whose last segment this is
    std::uint32_t segment = 0;
    loop_.code.reserve(draft_.code.size());
    for (std::uint32_t i = 0; i < draft_.code.size(); ++i) {
      while (i >= loop_.segments[segment].last) {
        for (const SlotId slot : ends[segment]) give(lasting, slot);
        ++segment;
      }
      const Emitted& each = draft_.code[i];
      loop_.code.push_back(each.code);
      // What dies here gives its memory to the output only if elements lie at the same places.
      const auto release = [&](std::size_t element) {
        for_each_slot(each.code, [&](SlotId slot) {
          SlotInfo& info = draft_.slots[slot];
          if (!is_local_block(info) || info.last != i || info.first == i) return;
          if (element != 0 && info.element != element) return;
          give(local, slot);
          info.first = i;  // once
        });
      };
      // Machine code stores scratch before it has read all operands.
      const bool may_share = each.in_place && each.code.kind != Instruction::Kind::Generated;
      if (may_share) release(draft_.slots[each.code.out].element);
      for_each_result(loop_, each.code, [&](SlotId out) {
        SlotInfo& info = draft_.slots[out];
        if (loop_.slots[out].base != Slot::Base::Scratch || info.first != i || taken(out)) return;
        if (is_local_block(info)) {
          take(local, out);
        } else {
          take(lasting, out);
          ends[info.last_segment].push_back(out);
        }
      });
      release(0);
    }
    for (std::uint32_t slot = 0; slot < loop_.slots.size(); ++slot) {
      if (is_long(draft_.slots[slot]))
        loop_.slots[slot].column_step = static_cast<std::ptrdiff_t>(draft_.slots[slot].element);
    }
    loop_.moving_rows = slots_with(&Slot::row_step);
    loop_.moving_columns = slots_with(&Slot::column_step);
  }

  [[nodiscard]] std::vector<std::uint32_t> slots_with(std::ptrdiff_t Slot::*step) const {
    const auto moves = [&](const Slot& slot) { return slot.*step != 0; };
    std::vector<std::uint32_t> result;
    result.reserve(static_cast<std::size_t>(std::ranges::count_if(loop_.slots, moves)));
    for (std::uint32_t slot = 0; slot < loop_.slots.size(); ++slot) {
      if (moves(loop_.slots[slot])) result.push_back(slot);
    }
    return result;
  }

  [[nodiscard]] bool is_local_block(const SlotInfo& info) const {
    return info.store == Store::Block && !is_long(info) && info.first_segment == info.last_segment;
  }
  [[nodiscard]] bool taken(SlotId slot) const { return slot < taken_.size() && taken_[slot]; }
  void take(Pool& pool, SlotId slot) {
    loop_.slots[slot].offset = static_cast<std::ptrdiff_t>(pool.take(bytes_of(draft_.slots[slot])));
    if (taken_.size() <= slot) taken_.resize(loop_.slots.size(), false);
    taken_[slot] = true;
  }
  void give(Pool& pool, SlotId slot) {
    pool.give(static_cast<std::size_t>(loop_.slots[slot].offset), bytes_of(draft_.slots[slot]));
  }

  /// A result and a leaf that may be the same memory: written at an element only when nothing reads that element any
  /// more.
  void find_in_place() {
    if (std::ranges::none_of(draft_.slots, &SlotInfo::leaf)) return;
    const std::vector<Use> uses = find_uses();
    std::vector<Use> leaves;
    std::ranges::copy_if(uses, std::back_inserter(leaves), [&](const Use& use) { return draft_.slots[use.slot].leaf; });
    for (const Use& w : uses) {
      if (!w.written || loop_.slots[w.slot].column_step == 0) continue;
      for (const Use& r : leaves) {
        const Slot& a = loop_.slots[w.slot];
        const Slot& b = loop_.slots[r.slot];
        const bool alike =
            a.row_step == b.row_step && a.column_step == b.column_step && a.rows_alike == b.rows_alike && b.offset == 0;
        const bool before =
            r.last_read < w.first_write || (r.last_read == w.first_write && draft_.code[w.first_write].in_place);
        if (alike && before) in_place_.emplace_back(a.place, b.place);
      }
    }
  }

  struct Use {
    SlotId slot = no_slot;  // of memory; no_slot: nothing uses it
    bool gathered = false;
    bool written = false;
    std::uint32_t first_write = 0;
    std::uint32_t last_read = 0;
  };

  /// Of places that move alike wherever they are used: through one slot. In the order of the places.
  [[nodiscard]] std::vector<Use> find_uses() const {
    std::vector<Use> uses(loop_.slots.size());
    for (std::uint32_t i = 0; i < loop_.code.size(); ++i) {
      const Instruction& code = loop_.code[i];
      for_each_slot(code, [&](SlotId slot) {
        if (loop_.slots[slot].base != Slot::Base::Memory) return;
        Use& use = uses[slot];
        use.slot = slot;
        use.gathered = use.gathered || code.kind == Instruction::Kind::Gather;
        if (writes(loop_, code, slot)) {
          if (!use.written) use.first_write = i;
          use.written = true;
        } else {
          use.last_read = i;
        }
      });
    }
    const auto place_of = [this](const Use& use) { return loop_.slots[use.slot].place; };
    std::erase_if(uses, [](const Use& use) { return use.slot == no_slot; });
    std::ranges::sort(uses, {}, place_of);
    std::vector<Use> result;
    for (auto at = uses.begin(); at != uses.end();) {
      const auto end = std::ranges::upper_bound(at, uses.end(), place_of(*at), {}, place_of);
      if (end - at == 1 && !at->gathered) result.push_back(*at);
      at = end;
    }
    return result;
  }

  /// Consecutive elements that do not lie in a near cache.
  void find_fetched() {
    if (loop_.rows * loop_.columns < large_loop) return;
    for (std::uint32_t slot = 0; slot < loop_.slots.size(); ++slot) {
      const Slot& each = loop_.slots[slot];
      const SlotInfo& info = draft_.slots[slot];
      const auto element = static_cast<std::ptrdiff_t>(info.element);
      const bool dense = each.column_step == element && each.rows_alike == 1 &&
                         (loop_.rows == 1 || each.row_step == static_cast<std::ptrdiff_t>(loop_.columns) * element);
      if (info.store != Store::Memory || !dense || info.first == ~0U) continue;
      const bool written = writes(loop_, loop_.code[info.first], slot);
      Segment& segment = loop_.segments[info.first_segment];
      if (!written && !segment.rows) segment.fetched.push_back(slot);
    }
  }

  Draft draft_;
  Loop& loop_ = draft_.loop;
  std::vector<bool> taken_;  // slots that have their scratch
  std::vector<std::pair<PlaceId, PlaceId>> in_place_;
};

}  // namespace

LoweredLoop schedule(Draft draft) { return Scheduling(std::move(draft)).run(); }

}  // namespace xgrad::backend::cpu
