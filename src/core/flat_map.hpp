// A map for the passes that make plans: what std::unordered_map does, without memory of its own for each key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace xgrad::core {

/// A key of several numbers as one: different ones may be the same.
inline std::uint64_t hash_of_words(std::initializer_list<std::uint64_t> words) noexcept {
  std::uint64_t hash = 0;
  for (const std::uint64_t word : words) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32U;
  }
  return hash;
}

/// Entries stand one after another, in the order in which they were added; a table finds them by open addressing. None
/// is removed but all at once, which costs what they were and keeps the memory.
///
/// \tparam Key  has a member `hash()` and can be compared.
template <class Key, class Value>
class FlatMap {
 public:
  /// The value of a key, and whether it is new. The reference is good until the next key.
  std::pair<Value&, bool> try_emplace(const Key& key, const Value& value) {
    if (2 * (entries_.size() + 1) > table_.size()) grow();
    std::uint32_t& at = table_[place_of(key)];
    const bool fresh = at == none;
    if (fresh) {
      at = static_cast<std::uint32_t>(entries_.size());
      entries_.push_back({key, value});
    }
    return {entries_[at].value, fresh};
  }

  void clear() noexcept {
    // The last first: the way to an entry leads past earlier ones.
    for (; !entries_.empty(); entries_.pop_back()) table_[place_of(entries_.back().key)] = none;
  }

 private:
  struct Entry {
    Key key;
    Value value;
  };
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  /// Where a key's entry is noted, or would be.
  [[nodiscard]] std::size_t place_of(const Key& key) const noexcept {
    const std::size_t mask = table_.size() - 1;
    std::size_t at = key.hash() & mask;
    while (table_[at] != none && !(entries_[table_[at]].key == key)) at = (at + 1) & mask;
    return at;
  }

  void grow() {
    table_.assign(table_.empty() ? 16 : 4 * table_.size(), none);
    for (std::uint32_t k = 0; k < entries_.size(); ++k) table_[place_of(entries_[k].key)] = k;
  }

  std::vector<Entry> entries_;
  std::vector<std::uint32_t> table_;
};

}  // namespace xgrad::core
