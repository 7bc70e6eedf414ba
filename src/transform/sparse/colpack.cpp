#include "colpack.hpp"

#ifdef XGRAD_HAS_COLPACK
#include <limits>
#include <vector>

#include <ColPack/ColPackHeaders.h>
#endif

namespace xgrad::detail {

#ifdef XGRAD_HAS_COLPACK

namespace {

/// Rows as ADOL-C has them: the number of columns, and then these.
class ColPackRows {
 public:
  ColPackRows(const Structure& structure, bool symmetric) {
    for (std::size_t i = 0; i < structure.rows(); ++i) {
      std::vector<unsigned int>& row = rows_.emplace_back(1, 0U);
      for (const IndexSets::Index column : structure.row(i)) {
        if (!symmetric || column != i) row.push_back(column);  // a graph has no loops
      }
      row[0] = static_cast<unsigned int>(row.size() - 1);
    }
    for (std::vector<unsigned int>& row : rows_) pointers_.push_back(row.data());
  }
  [[nodiscard]] unsigned int** pointers() { return pointers_.data(); }

 private:
  std::vector<std::vector<unsigned int>> rows_;
  std::vector<unsigned int*> pointers_;
};

/// ColPack counts with int, and takes no empty matrix.
bool suits_colpack(const Structure& structure) {
  constexpr auto most = static_cast<std::size_t>(std::numeric_limits<int>::max());
  return !structure.entries.empty() && structure.entries.size() < most && structure.columns < most &&
         structure.rows() < most;
}

std::optional<Colouring> colouring_from(const std::vector<int>& colours, std::size_t columns) {
  if (colours.size() != columns) return std::nullopt;
  Colouring result;
  for (const int colour : colours) {
    result.colours.push_back(colour < 0 ? 0 : static_cast<std::size_t>(colour));  // of a column without entries
    result.count = std::max(result.count, result.colours.back() + 1);
  }
  return result;
}

}  // namespace

std::optional<Colouring> colpack_columns(const Structure& structure) {
  if (!suits_colpack(structure)) return std::nullopt;
  ColPackRows rows(structure, false);
  ColPack::BipartiteGraphPartialColoringInterface graph(
      SRC_MEM_ADOLC, rows.pointers(), static_cast<int>(structure.rows()), static_cast<int>(structure.columns));
  graph.PartialDistanceTwoColoring("SMALLEST_LAST", "COLUMN_PARTIAL_DISTANCE_TWO");
  std::vector<int> colours;
  graph.GetVertexPartialColors(colours);
  return colouring_from(colours, structure.columns);
}

std::optional<Colouring> colpack_symmetric(const Structure& structure) {
  if (!suits_colpack(structure)) return std::nullopt;
  ColPackRows rows(structure, true);
  ColPack::GraphColoringInterface graph(SRC_MEM_ADOLC, rows.pointers(), static_cast<int>(structure.rows()));
  graph.Coloring("SMALLEST_LAST", "STAR");
  std::vector<int> colours;
  graph.GetVertexColors(colours);
  return colouring_from(colours, structure.columns);
}

#else

std::optional<Colouring> colpack_columns(const Structure&) { return std::nullopt; }
std::optional<Colouring> colpack_symmetric(const Structure&) { return std::nullopt; }

#endif

}  // namespace xgrad::detail
