// From a group of values to the program of a loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/flat_map.hpp"
#include "plan/group.hpp"
#include "program.hpp"
#include "schedule.hpp"

namespace xgrad::backend::cpu {

/// Elements that are worked on together, so that intermediate values stay in the first-level cache.
inline constexpr std::size_t usual_block = 1024;

/// How a slot is made from another one.
enum class Derivation : std::uint8_t { Tiled, Expanded, Splat, SplatOverRows };

/// Tables of a loop while it is lowered. The next loop of a plan uses their memory again.
struct LoweringTables {
  struct Computed {
    SlotId slot;
    std::uint32_t ready;  ///< first phase in which it can be read
  };
  struct OfMemory {
    PlaceId place;
    std::ptrdiff_t offset, row_step, column_step;
    std::size_t rows_alike;
    bool operator==(const OfMemory&) const = default;
    [[nodiscard]] std::uint64_t hash() const noexcept {
      const auto word = [](std::ptrdiff_t number) { return static_cast<std::uint64_t>(number); };
      return core::hash_of_words({place, word(offset), word(row_step), word(column_step), rows_alike});
    }
  };
  struct Derived {
    SlotId source;
    std::uint32_t phase;
    Derivation how;
    bool operator==(const Derived&) const = default;
    [[nodiscard]] std::uint64_t hash() const noexcept {
      return core::hash_of_words({source, phase, static_cast<std::uint64_t>(how)});
    }
  };

  struct Viewed {
    ValueId view;
    std::uint32_t phase;
    bool operator==(const Viewed&) const = default;
    [[nodiscard]] std::uint64_t hash() const noexcept { return core::hash_of_words({view, phase}); }
  };

  std::vector<Computed> computed;  ///< by value; of another loop if it is not of this one
  core::FlatMap<OfMemory, SlotId> memory_slots;
  core::FlatMap<Derived, SlotId> derived;
  core::FlatMap<Viewed, SlotId> viewed;  ///< gathered, with an element for each of the loop
};

/// \param place_of  the place of a leaf, a number, or a value that is materialised.
LoweredLoop lower_loop(const Graph& graph, const Groups& groups, GroupId group,
                       const std::function<PlaceId(ValueId)>& place_of, Origin origin, LoweringTables& tables);

}  // namespace xgrad::backend::cpu
