// Which operations run together: the values of a graph gathered into loops over the data.
//
// Groups are executed in the order of their numbers. A loop covers `rows` x `columns` elements in row-major order. A
// value of it is *full* (an element for each), a *row* value (one for each row: what a reduction over a whole row
// gives, at once to be used by later stages of the same loop), or one of its
// *epilogue* (known only when the loop has ended: sums over everything or over the rows). Its *lines* are sums over a
// middle axis: a row is several lines, which are added up, and a line of sums for each row is in memory in the end.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph.hpp"

namespace xgrad::plan {

using GroupId = std::int32_t;
inline constexpr GroupId no_group = -1;

enum class Role : std::uint8_t { Memory, Full, Row, EpilogueTotal, EpilogueColumns, Lines };

/// Whether a value is there when its loop has ended, and not before.
constexpr bool is_known_afterwards(Role role) {
  return role == Role::EpilogueTotal || role == Role::EpilogueColumns || role == Role::Lines;
}

struct Group {
  bool loop;        ///< else one operation, and its projections if it has several outputs
  bool whole_rows;  ///< a block holds whole rows: some value is a row value
  std::size_t size;
  std::size_t columns;  ///< 0: not decided
  std::vector<ValueId> members;
};

struct Groups {
  std::vector<Group> list;
  std::vector<GroupId> of;         ///< group of each value; no_group for leaves, numbers, views and what nothing needs
  std::vector<Role> role;          ///< in its group
  std::vector<bool> materialised;  ///< has a place in memory
};

Groups make_groups(const Graph& graph);

/// Operations of one loop. What crosses loops is written to memory, all of it, and read again: a long chain and its
/// gradient would do so with each value of the chain. Scratch of a loop as long as this takes up to 16 MiB.
inline constexpr std::size_t most_members = 16384;

/// Largest row that is kept as a whole in the cache.
inline constexpr std::size_t longest_row = 16384;

/// Which axes a reduction takes, seen as rows x columns; of those in the middle the columns are lines x length. Axes of
/// extent 1 do not count.
struct Reduced {
  enum class Span : std::uint8_t { All, Trailing, Leading, Middle, Other };
  Span span;
  std::size_t rows;
  std::size_t columns;
  std::size_t lines = 1;
};
Reduced reduced_axes(const Shape& shape, std::span<const std::int64_t> axes);
/// Whether a loop can reduce these axes: all, the last ones, the first ones or those in the middle, and not too many
/// elements.
bool loops_reduce(const Shape& shape, std::span<const std::int64_t> axes);
/// How a view of a full or row value appears inside the loop that computes it.
bool is_in_order(const Shape& shape, const Access& access) noexcept;
/// Whether a view shows one number for each of `rows` rows of `columns` elements.
bool repeats_rows(const Shape& shape, const Access& access, std::size_t rows, std::size_t columns) noexcept;

}  // namespace xgrad::plan
