#include "colouring.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include <xgrad/core/errors.hpp>

#include "colpack.hpp"
#include "number_table.hpp"

namespace xgrad::detail {
namespace {

using Index = IndexSets::Index;

constexpr std::size_t uncoloured = std::numeric_limits<std::size_t>::max();

/// Which colours a vertex may not have: forbidding is by the number of the vertex, so that nothing has to be cleared.
class Forbidden {
 public:
  void forbid(std::size_t colour, std::size_t vertex) {
    if (colour == uncoloured) return;
    if (last_.size() <= colour) last_.resize(colour + 1, uncoloured);
    last_[colour] = vertex;
  }
  [[nodiscard]] bool is_forbidden(std::size_t colour, std::size_t vertex) const {
    return colour < last_.size() && last_[colour] == vertex;
  }
  [[nodiscard]] std::size_t first_allowed(std::size_t vertex) const {
    std::size_t colour = 0;
    while (is_forbidden(colour, vertex)) ++colour;
    return colour;
  }

 private:
  std::vector<std::size_t> last_;
};

std::vector<std::size_t> natural_order(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

std::vector<std::size_t> fullest_first(const Structure& of_rows) {
  std::vector<std::size_t> order = natural_order(of_rows.rows());
  std::ranges::stable_sort(order,
                           [&](std::size_t a, std::size_t b) { return of_rows.row(a).size() > of_rows.row(b).size(); });
  return order;
}

Colouring colour_columns(const Structure& structure, const Structure& columns, std::span<const std::size_t> order) {
  Colouring result{std::vector(structure.columns, uncoloured), 0};
  Forbidden forbidden;
  for (const std::size_t column : order) {
    for (const Index row : columns.row(column)) {
      for (const Index other : structure.row(row)) forbidden.forbid(result.colours[other], column);
    }
    result.colours[column] = forbidden.first_allowed(column);
    result.count = std::max(result.count, result.colours[column] + 1);
  }
  return result;
}

/// How many neighbours of a vertex have a colour.
class NeighboursOfColour {
 public:
  void add(Index vertex, std::size_t colour) { ++counts_.at(key(vertex, colour)); }
  [[nodiscard]] std::uint32_t operator()(Index vertex, std::size_t colour) const {
    return counts_(key(vertex, colour));
  }

 private:
  static std::uint64_t key(Index vertex, std::size_t colour) { return (std::uint64_t{vertex} << 32U) | (colour + 1); }
  NumberTable counts_;
};

/// What is coloured last of a path of four is an end, or is in the middle of it: both are looked at.
Colouring colour_symmetric(const Structure& structure, std::span<const std::size_t> order) {
  Colouring result{std::vector(structure.columns, uncoloured), 0};
  const std::vector<std::size_t>& colours = result.colours;
  Forbidden forbidden;
  NeighboursOfColour neighbours;
  for (const std::size_t vertex : order) {
    for (const Index next : structure.row(vertex)) {
      const std::size_t colour = colours[next];
      if (next == vertex || colour == uncoloured) continue;
      forbidden.forbid(colour, vertex);
      // vertex - next - far - another of the colour of `next`; or another of that colour - vertex - next - far.
      const bool twice = neighbours(static_cast<Index>(vertex), colour) > 1;
      for (const Index far : structure.row(next)) {
        if (far == vertex || colours[far] == uncoloured || forbidden.is_forbidden(colours[far], vertex)) continue;
        if (far != next && (twice || neighbours(far, colour) > 1)) forbidden.forbid(colours[far], vertex);
      }
    }
    const std::size_t colour = forbidden.first_allowed(vertex);
    result.colours[vertex] = colour;
    result.count = std::max(result.count, colour + 1);
    for (const Index next : structure.row(vertex)) {
      if (next != vertex) neighbours.add(next, colour);
    }
  }
  return result;
}

Colouring better(Colouring a, std::optional<Colouring> b) {
  return b && b->count < a.count ? *std::move(b) : std::move(a);
}

/// For each entry whether no other of its row has its colour.
std::vector<char> alone(const Structure& structure, const Colouring& colouring) {
  std::vector<char> result(structure.entries.size(), 1);
  std::vector<std::size_t> row_of(colouring.count, uncoloured);
  std::vector<std::size_t> entry_of(colouring.count);
  for (std::size_t row = 0; row < structure.rows(); ++row) {
    for (std::size_t k = structure.starts[row]; k < structure.starts[row + 1]; ++k) {
      const std::size_t colour = colouring.colours[structure.entries[k]];
      if (row_of[colour] == row) {
        result[k] = 0;
        result[entry_of[colour]] = 0;
      } else {
        row_of[colour] = row;
        entry_of[colour] = k;
      }
    }
  }
  return result;
}

[[noreturn]] void throw_not_alone(std::string_view operation, const Structure& structure, const Colouring& colouring,
                                  std::size_t row, std::size_t column, bool symmetric, std::string_view line) {
  const std::size_t colour = colouring.colours[column];
  std::size_t other = column;
  for (const Index each : structure.row(row)) {
    if (each != column && colouring.colours[each] == colour) other = each;
  }
  const std::string name(line);
  const std::string across = name == "row" ? "column" : "row";
  throw ValueError(std::string(operation) + ": the " + name + "s " + std::to_string(std::min(column, other)) + " and " +
                   std::to_string(std::max(column, other)) + " have the colour " + std::to_string(colour) +
                   ", and both have an entry in " + across + " " + std::to_string(row) +
                   (symmetric
                        ? ", which is not to be had from the other half of the matrix either; colours must be those "
                          "of a star colouring"
                        : "; " + name + "s that meet must have different colours"));
}

}  // namespace

void Structure::add_row(std::span<const Index> ascending) {
  entries.insert(entries.end(), ascending.begin(), ascending.end());
  starts.push_back(entries.size());
}

std::size_t Structure::most_in_a_row() const {
  std::size_t most = 0;
  for (std::size_t i = 0; i < rows(); ++i) most = std::max(most, row(i).size());
  return most;
}

TransposedStructure transposed(const Structure& structure) {
  TransposedStructure result;
  result.structure.columns = structure.rows();
  std::vector<std::size_t>& starts = result.structure.starts;
  starts.assign(structure.columns + 1, 0);
  for (const Index column : structure.entries) ++starts[column + 1];
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  result.structure.entries.resize(structure.entries.size());
  result.places.resize(structure.entries.size());
  std::vector<std::size_t> next(starts.begin(), starts.end() - 1);
  for (std::size_t row = 0; row < structure.rows(); ++row) {
    for (std::size_t k = structure.starts[row]; k < structure.starts[row + 1]; ++k) {
      const std::size_t place = next[structure.entries[k]]++;
      result.structure.entries[place] = static_cast<Index>(row);
      result.places[place] = k;
    }
  }
  return result;
}

Structure symmetric_part(const Structure& structure) {
  const Structure other = transposed(structure).structure;
  Structure result;
  result.columns = structure.columns;
  for (std::size_t i = 0; i < structure.rows(); ++i) {
    std::vector<Index> both;
    std::ranges::set_intersection(structure.row(i), other.row(i), std::back_inserter(both));
    result.add_row(both);
  }
  return result;
}

Colouring colour_columns(const Structure& structure) {
  const Structure columns = transposed(structure).structure;
  const std::size_t least = structure.most_in_a_row();
  Colouring best = colour_columns(structure, columns, natural_order(structure.columns));
  if (best.count > least) best = better(std::move(best), colour_columns(structure, columns, fullest_first(columns)));
  if (best.count > least) best = better(std::move(best), colpack_columns(structure));
  return best;
}

Colouring colour_symmetric(const Structure& structure) {
  constexpr std::size_t least = 3;  // fewer do for stars alone
  Colouring best = colour_symmetric(structure, natural_order(structure.columns));
  if (best.count > least) best = better(std::move(best), colour_symmetric(structure, fullest_first(structure)));
  if (best.count > least) best = better(std::move(best), colpack_symmetric(structure));
  return best;
}

std::vector<std::int64_t> places_in_compressed(std::string_view operation, const Structure& structure,
                                               const Colouring& colouring, bool symmetric, std::string_view line) {
  const std::vector<char> is_alone = alone(structure, colouring);
  std::vector<std::int64_t> places;
  places.reserve(structure.entries.size());
  const auto place = [&](std::size_t row, std::size_t column) {
    return static_cast<std::int64_t>(colouring.colours[column] * structure.rows() + row);
  };
  for (std::size_t row = 0; row < structure.rows(); ++row) {
    for (std::size_t k = structure.starts[row]; k < structure.starts[row + 1]; ++k) {
      const Index column = structure.entries[k];
      if (is_alone[k] != 0) {
        places.push_back(place(row, column));
        continue;
      }
      const std::span<const Index> mirrored = symmetric ? structure.row(column) : std::span<const Index>();
      const auto found = std::ranges::lower_bound(mirrored, static_cast<Index>(row));
      const std::size_t at =
          structure.starts[column < structure.rows() ? column : 0] + static_cast<std::size_t>(found - mirrored.begin());
      if (found == mirrored.end() || is_alone[at] == 0) {
        throw_not_alone(operation, structure, colouring, row, column, symmetric, line);
      }
      places.push_back(place(column, row));
    }
  }
  return places;
}

}  // namespace xgrad::detail
