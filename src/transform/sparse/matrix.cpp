#include "matrix.hpp"

#include <numeric>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "var/access.hpp"

namespace xgrad {
namespace detail {
namespace {

struct Coordinates {
  std::span<const std::int64_t> rows, columns;
};

std::span<const std::int64_t> integers_of(std::string_view operation, std::string_view what, const Var& x) {
  require_usable(x, operation);
  if (x.dtype() != DType::Int64) {
    throw TypeError(std::string(operation) + ": " + std::string(what) + " are " + describe(x) + " and must be int64");
  }
  if (x.dimension() != 1) {
    throw ShapeError(std::string(operation) + ": " + std::string(what) + " are " + describe(x) +
                     " and must have one axis");
  }
  const Array<std::int64_t>& array = x.array<std::int64_t>();
  return {array.data(), array.size()};
}

void require_in_range(std::string_view operation, std::string_view what, std::span<const std::int64_t> numbers,
                      std::size_t extent) {
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    if (numbers[k] >= 0 && static_cast<std::uint64_t>(numbers[k]) < extent) continue;
    throw ValueError(std::string(operation) + ": " + std::string(what) + "[" + std::to_string(k) + "] is " +
                     std::to_string(numbers[k]) + ", but the matrix has " + std::to_string(extent) + " of them");
  }
}

/// \throws ShapeError, TypeError, ValueError  unless these are places in a matrix of that shape.
Coordinates coordinates(std::string_view operation, const SparsityPattern& pattern) {
  if (pattern.shape.size() != 2) {
    throw ShapeError(std::string(operation) + ": the pattern has the shape " + to_string(pattern.shape) +
                     " and must have that of a matrix");
  }
  const Coordinates result{integers_of(operation, "rows", pattern.rows),
                           integers_of(operation, "columns", pattern.columns)};
  if (result.rows.size() != result.columns.size()) {
    throw ShapeError(std::string(operation) + ": there are " + std::to_string(result.rows.size()) + " rows and " +
                     std::to_string(result.columns.size()) + " columns of entries; each entry has one of both");
  }
  require_in_range(operation, "rows", result.rows, pattern.shape[0]);
  require_in_range(operation, "columns", result.columns, pattern.shape[1]);
  return result;
}

/// Row by row, columns ascending; entries at one place in their order.
std::vector<std::size_t> sorted_order(const Coordinates& at) {
  std::vector<std::size_t> order(at.rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    return std::pair(at.rows[a], at.columns[a]) < std::pair(at.rows[b], at.columns[b]);
  });
  return order;
}

void require_entries(std::string_view operation, const Var& values, std::size_t count) {
  require_usable(values, operation);
  if (values.dimension() > 0 && values.shape(-1) == count) return;
  throw ShapeError(std::string(operation) + ": the values are " + describe(values) + " of " + std::to_string(count) +
                   " entries, along which their last axis must be");
}

}  // namespace

Structure structure_of(std::string_view operation, const SparsityPattern& pattern, std::size_t rows,
                       std::size_t columns) {
  const Coordinates at = coordinates(operation, pattern);
  if (pattern.shape != Shape{rows, columns}) {
    throw ShapeError(std::string(operation) + ": the pattern has the shape " + to_string(pattern.shape) +
                     ", the derivative " + to_string(Shape{rows, columns}) + "; they must be equal");
  }
  Structure result;
  result.columns = columns;
  const std::vector<std::size_t> order = sorted_order(at);
  std::vector<IndexSets::Index> line;
  std::size_t next = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    line.clear();
    for (; next < order.size() && static_cast<std::size_t>(at.rows[order[next]]) == row; ++next) {
      line.push_back(static_cast<IndexSets::Index>(at.columns[order[next]]));
    }
    line.erase(std::unique(line.begin(), line.end()), line.end());
    result.add_row(line);
  }
  return result;
}

SparsityPattern pattern_of(const Structure& structure) {
  std::vector<std::size_t> rows;
  rows.reserve(structure.entries.size());
  for (std::size_t row = 0; row < structure.rows(); ++row) rows.insert(rows.end(), structure.row(row).size(), row);
  return {Shape{structure.rows(), structure.columns}, integers(rows), integers(structure.entries)};
}

}  // namespace detail

using namespace detail;

CsrMatrix SparseMatrix::csr() const {
  const Coordinates at = coordinates("csr", pattern());
  require_entries("csr", values, at.rows.size());
  std::vector<std::int64_t> starts(shape[0] + 1, 0);
  for (const std::int64_t row : at.rows) ++starts[static_cast<std::size_t>(row) + 1];
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  const std::vector<std::size_t> order = sorted_order(at);
  if (std::ranges::is_sorted(order)) return {shape, integers(starts), columns, values};
  const Var places = integers(order);
  return {shape, integers(starts), take(columns, places, 0), take(values, places, -1)};
}

Var SparseMatrix::dense() const {
  const Coordinates at = coordinates("dense", pattern());
  require_entries("dense", values, at.rows.size());
  require_addressable(shape);
  std::vector<std::int64_t> places(at.rows.size());
  for (std::size_t k = 0; k < places.size(); ++k) {
    places[k] = at.rows[k] * static_cast<std::int64_t>(shape[1]) + at.columns[k];
  }
  Strides result(values.shape());
  result[result.size() - 1] = static_cast<std::ptrdiff_t>(shape[0]);
  result.push_back(static_cast<std::ptrdiff_t>(shape[1]));
  return reshape(scatter_add(values, integers(places), size_of(shape), -1), result);
}

SparseMatrix CsrMatrix::coo() const {
  if (shape.size() != 2) {
    throw ShapeError("coo: the shape is " + to_string(shape) + " and must be that of a matrix");
  }
  const std::span<const std::int64_t> starts = integers_of("coo", "row_starts", row_starts);
  const std::size_t count = integers_of("coo", "columns", columns).size();
  if (starts.size() != shape[0] + 1 || starts.front() != 0 || !std::ranges::is_sorted(starts) ||
      static_cast<std::size_t>(starts.back()) != count) {
    throw ValueError("coo: row_starts " + describe(row_starts) + " do not divide " + std::to_string(count) +
                     " entries into " + std::to_string(shape[0]) +
                     " rows: they must ascend from 0 to the number of entries");
  }
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < shape[0]; ++row) {
    rows.insert(rows.end(), static_cast<std::size_t>(starts[row + 1] - starts[row]), row);
  }
  require_entries("coo", values, count);
  return {shape, integers(rows), columns, values};
}

}  // namespace xgrad
