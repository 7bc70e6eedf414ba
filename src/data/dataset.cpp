#include <xgrad/data/dataset.hpp>

#include <algorithm>
#include <cstdint>
#include <numeric>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/random/discrete.hpp>

#include "core/text.hpp"
#include "row_numbers.hpp"

namespace xgrad::data::detail {

void Length::add(const Var& x) {
  const Shape& shape = x.shape();
  if (shape.empty() || (!is_first_ && shape[0] != value_)) is_one_ = false;
  if (is_first_ && !shape.empty()) value_ = shape[0];
  is_first_ = false;
}

void throw_no_length(std::span<const std::string> paths, std::span<const Var> arrays) {
  const auto name_of = [&](std::size_t k) { return paths[k].empty() ? std::string("it") : "'" + paths[k] + "'"; };
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    if (arrays[k].dimension() == 0) {
      throw ShapeError("length: " + name_of(k) +
                       " is a number; the arrays of a dataset have rows along their first axis");
    }
    const std::size_t first = arrays[0].shape()[0];
    const std::size_t other = arrays[k].shape()[0];
    if (other != first) {
      throw ShapeError("length: " + name_of(0) + " has " + core::count_of(first, "row", "rows") + ", " + name_of(k) +
                       " has " + std::to_string(other) + "; all arrays of a dataset have as many");
    }
  }
  throw ValueError("length: the dataset has no arrays; it needs one at least");
}

std::size_t length_of(std::span<const std::size_t> parts) {
  for (std::size_t k = 1; k < parts.size(); ++k) {
    if (parts[k] != parts[0]) {
      throw ShapeError("length: part 0 has " + core::count_of(parts[0], "row", "rows") + ", part " + std::to_string(k) +
                       " has " + std::to_string(parts[k]) + "; all parts of a dataset have as many");
    }
  }
  return parts[0];
}

void require_row_numbers(const Var& which) {
  if (which.dtype() != DType::Int64) {
    throw TypeError("rows: the numbers of rows are " + std::string(name(which.dtype())) + "; they must be int64");
  }
  if (which.dimension() != 1) {
    throw ShapeError("rows: the numbers of rows have the shape " + to_string(which.shape()) +
                     "; they must have one axis");
  }
}

std::vector<std::int64_t> ordered_rows(std::size_t count, const std::optional<random::Key>& key) {
  std::vector<std::int64_t> result(count);
  if (key) {
    std::ranges::copy(random::permutation(*key, static_cast<std::int64_t>(count)).array<std::int64_t>(),
                      result.begin());
  } else {
    std::iota(result.begin(), result.end(), 0);
  }
  return result;
}

Var rows_of(const Var& x, const Var& which) {
  require_row_numbers(which);
  return take(x, which, 0);
}

Var rows_of(const io::NpyFile& file, const Var& which) {
  require_row_numbers(which);
  const Array<std::int64_t>& numbers = which.array<std::int64_t>();
  return file.take({numbers.data(), numbers.size()});
}

}  // namespace xgrad::data::detail
