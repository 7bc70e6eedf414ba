// Columns of a sparse matrix in groups that are computed together, and how the entries are told apart again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "index_sets.hpp"

namespace xgrad::detail {

/// Where a matrix has entries: columns, row by row, ascending.
struct Structure {
  std::size_t columns = 0;
  std::vector<std::size_t> starts = {0};  ///< of each row among the entries, and the end
  std::vector<IndexSets::Index> entries;

  [[nodiscard]] std::size_t rows() const noexcept { return starts.size() - 1; }
  [[nodiscard]] std::span<const IndexSets::Index> row(std::size_t i) const {
    return std::span(entries).subspan(starts[i], starts[i + 1] - starts[i]);
  }
  void add_row(std::span<const IndexSets::Index> ascending);
  /// In the longest row: no colouring has fewer colours.
  [[nodiscard]] std::size_t most_in_a_row() const;

  friend bool operator==(const Structure&, const Structure&) = default;
};

struct TransposedStructure {
  Structure structure;
  std::vector<std::size_t> places;  ///< for each of its entries the place in the original
};
TransposedStructure transposed(const Structure& structure);
/// The entries that are also there with row and column exchanged.
Structure symmetric_part(const Structure& structure);

/// Colours of columns, from 0. The compressed matrix has a column for each colour: the sum of those that have it.
struct Colouring {
  std::vector<std::size_t> colours;
  std::size_t count = 0;
};

/// Columns that meet in a row have different colours (a distance-2 colouring of the columns in the bipartite graph).
/// Greedy, in the given order of the columns and with the fullest first, and by ColPack if it is here; the best is
/// taken.
Colouring colour_columns(const Structure& structure);

/// A star colouring of a symmetric matrix: neighbours have different colours, and every path of four vertices has three
/// or more. Then each entry is alone with its colour in its row, or that with row and column exchanged is.
Colouring colour_symmetric(const Structure& structure);

/// Where each entry is in the compressed matrix, whose rows are colours here: colour * rows + row.
/// \param symmetric  the entry may also be found as that with row and column exchanged.
/// \param line       how an error names what is coloured: "column".
/// \throws ValueError  if an entry is nowhere alone.
std::vector<std::int64_t> places_in_compressed(std::string_view operation, const Structure& structure,
                                               const Colouring& colouring, bool symmetric, std::string_view line);

}  // namespace xgrad::detail
