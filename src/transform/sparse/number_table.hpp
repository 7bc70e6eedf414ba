// A hash table of plain numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace xgrad::detail {

/// Numbers by keys that are not 0, in one array (open addressing). Patterns of some thousand entries are looked up here
/// many thousand times, where a node of std::unordered_map for each key takes most of the time.
class NumberTable {
 public:
  NumberTable() : slots_(1024) {}

  /// 0 if it was not set.
  [[nodiscard]] std::uint32_t operator()(std::uint64_t key) const { return slots_[slot_of(slots_, key)].number; }

  /// The number of a key, to be set: 0 at first. Valid until another one is asked for.
  [[nodiscard]] std::uint32_t& at(std::uint64_t key) {
    std::size_t slot = slot_of(slots_, key);
    if (slots_[slot].key == 0) {
      if (4 * ++used_ > 3 * slots_.size()) {
        grow();
        slot = slot_of(slots_, key);
      }
      slots_[slot].key = key;
    }
    return slots_[slot].number;
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t number = 0;
  };

  /// That of the key, or the free one where it belongs.
  static std::size_t slot_of(const std::vector<Slot>& slots, std::uint64_t key) {
    std::uint64_t mixed = key * 0x9e3779b97f4a7c15U;
    mixed ^= mixed >> 32U;
    std::size_t slot = mixed & (slots.size() - 1);
    while (slots[slot].key != 0 && slots[slot].key != key) slot = (slot + 1) & (slots.size() - 1);
    return slot;
  }
  void grow() {
    std::vector<Slot> larger(2 * slots_.size());
    for (const Slot& each : slots_) {
      if (each.key != 0) larger[slot_of(larger, each.key)] = each;
    }
    slots_ = std::move(larger);
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace xgrad::detail
