#include <map>

#include "plan/verified.hpp"
#include "verify.hpp"

namespace xgrad::backend::cpu {
namespace {

/// Runs the instructions of a loop without computing: what is followed is whose values lie where in scratch.
class Scratch {
 public:
  Scratch(std::string_view pass, const Loop& loop, std::span<const SlotInfo> slots)
      : pass_(pass), loop_(loop), slots_(slots), written_(slots.size(), false) {}

  /// Two blocks: what is made once is there in the second one. Segments that go over parts of rows run twice in each:
  /// the second time, what is there is that of another part.
  void verify_all() {
    const bool in_parts = loop_.block_columns < loop_.columns;
    for (int block = 0; block < 2; ++block) {
      for (const Segment& segment : loop_.segments) {
        if (segment.once && block != 0) continue;
        for (int part = 0; part < (in_parts && !segment.rows ? 2 : 1); ++part) run(segment);
      }
    }
  }

 private:
  [[nodiscard]] bool is_scratch(SlotId slot) const { return loop_.slots[slot].base == Slot::Base::Scratch; }

  [[nodiscard]] std::size_t bytes_of(SlotId slot) const {
    const SlotInfo& info = slots_[slot];
    if (info.store == Store::Row) return loop_.block_rows * info.element;
    const bool whole_rows = loop_.slots[slot].column_step != 0;
    return info.element * (whole_rows ? loop_.columns : loop_.block_rows * loop_.block_columns);
  }

  void run(const Segment& segment) {
    for (std::uint32_t i = segment.first; i < segment.last; ++i) {
      const kernels::Instruction& code = loop_.code[i];
      const Verified here{pass_, "instruction", i};
      for_each_operand(loop_, code, [&](SlotId slot) {
        if (is_scratch(slot) && !writes(loop_, code, slot)) read(here, slot);
      });
      for_each_result(loop_, code, [&](SlotId slot) {
        if (is_scratch(slot)) write(here, slot);
      });
      for_each_operand(loop_, code, [&](SlotId slot) {
        if (is_scratch(slot) && !is_whole(slot)) {
          here.require(in_place(code, slot), "an operand is overwritten element by element only");
        }
      });
    }
  }

  /// Whether the value of a slot was not overwritten.
  [[nodiscard]] bool is_whole(SlotId slot) const {
    const auto found = owners_.find(loop_.slots[slot].offset);
    return found != owners_.end() && found->second == slot;
  }

  /// Whether an instruction writes elements where they lie in a slot. Machine code stores some before it reads others.
  [[nodiscard]] bool in_place(const kernels::Instruction& code, SlotId slot) const {
    if (code.kind == kernels::Instruction::Kind::Generated) return false;
    const bool same_place = loop_.slots[code.out].offset == loop_.slots[slot].offset;
    return same_place && slots_[code.out].element == slots_[slot].element;
  }

  void read(const Verified& here, SlotId slot) const {
    here.require(written_[slot], "scratch is written before it is read");
    here.require(is_whole(slot), "scratch is not used again before it was read");
  }

  void write(const Verified& here, SlotId slot) {
    const std::ptrdiff_t first = loop_.slots[slot].offset;
    const auto last = first + static_cast<std::ptrdiff_t>(bytes_of(slot));
    here.require(first >= 0 && last <= static_cast<std::ptrdiff_t>(loop_.scratch_bytes), "scratch has room");
    auto at = owners_.lower_bound(first);
    while (at != owners_.begin() && end_of(std::prev(at)) > first) --at;
    while (at != owners_.end() && at->first < last) at = owners_.erase(at);
    owners_[first] = slot;
    written_[slot] = true;
  }

  [[nodiscard]] std::ptrdiff_t end_of(std::map<std::ptrdiff_t, SlotId>::const_iterator at) const {
    return at->first + static_cast<std::ptrdiff_t>(bytes_of(at->second));
  }

  std::string_view pass_;
  const Loop& loop_;
  std::span<const SlotInfo> slots_;
  std::vector<bool> written_;
  std::map<std::ptrdiff_t, SlotId> owners_;  // slots whose values are whole, by where they lie
};

}  // namespace

void verify(std::string_view pass, const Loop& loop, std::span<const SlotInfo> slots) {
  Scratch(pass, loop, slots).verify_all();
}

}  // namespace xgrad::backend::cpu
