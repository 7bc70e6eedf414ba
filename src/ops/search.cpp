#include <xgrad/ops/search.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>

#include "axes.hpp"
#include "internal.hpp"
#include "reductions.hpp"

namespace xgrad {
namespace {

using detail::part_along;

/// Each element of the lines with the one behind it; the last with itself.
Var next_in_lines(const Var& lines) {
  const std::size_t axis = lines.dimension() - 1;
  const std::size_t count = lines.shape()[axis];
  if (count < 2) return lines;
  return concatenate({part_along(lines, axis, 1, count - 1), part_along(lines, axis, count - 1, 1)}, -1);
}

/// Lines that are checked to rise; NaN is behind all numbers.
Var rising(const Var& lines, const Requirement& requirement) {
  const Var next = next_in_lines(lines);
  return checked(lines, lines <= next || not_equal(next, next), requirement);
}

/// Both in the element type in which they meet.
std::array<Var, 2> alike(const Var& a, const Var& b) {
  const DType dtype = detail::common_dtype(std::array{&a, &b});
  return {cast(a, dtype), cast(b, dtype)};
}

void require_line(std::string_view operation, std::string_view what, const Var& x, std::size_t least) {
  detail::require_usable(x, operation);
  if (x.dimension() == 1 && x.size() >= least) return;
  throw ShapeError(std::string(operation) + ": the " + std::string(what) + " have the shape " + to_string(x.shape()) +
                   "; there must be one axis, with " + std::to_string(least) + " of them or more");
}

}  // namespace

Var detail::searchsorted(const Var& lines, const Var& values, bool equals_count) {
  const std::array<std::int64_t, 1> attributes{equals_count ? 1 : 0};
  return record<primitives::SearchSorted>(DType::Int64, values.shape(), {&lines, &values}, attributes);
}

Var searchsorted(const Var& table, const Var& values, Side side) {
  static const Requirement in_order("searchsorted: the table is not in rising order: {} is before a smaller number");
  detail::require_usable(table, "searchsorted");
  detail::require_usable(values, "searchsorted");
  const std::size_t leading = table.dimension() == 0 ? 0 : table.dimension() - 1;
  bool fits = table.dimension() > 0 && leading <= values.dimension();
  for (std::size_t i = 0; fits && i < leading; ++i) fits = table.shape()[i] == values.shape()[i];
  if (!fits) {
    throw ShapeError("searchsorted: the table " + to_string(table.shape()) + " does not fit the values " +
                     to_string(values.shape()) +
                     "; it must have one axis, or the leading extents of the values before it");
  }
  const auto [lines, numbers] = alike(table, values);
  return detail::searchsorted(rising(lines, in_order), numbers, side == Side::Right);
}

Var digitize(const Var& x, const Var& edges, bool right) {
  static const Requirement in_order("digitize: the edges neither rise nor fall all the way: {} breaks the order");
  detail::require_usable(x, "digitize");
  require_line("digitize", "edges", edges, 0);
  const std::size_t count = edges.size();
  if (count == 0) return cast(zeros_like(x), DType::Int64);
  const Var falls = part_along(edges, 0, 0, 1) > part_along(edges, 0, count - 1, 1);
  const Var upward = where(falls, part_along(edges, 0, count - 1, count, -1), edges);
  const auto [lines, numbers] = alike(rising(upward, in_order), x);
  const Var place = detail::searchsorted(lines, numbers, !right);
  return where(reshape(falls, {}), static_cast<std::int64_t>(count) - place, place);
}

namespace {

/// The broken line, of floating-point numbers of one type.
Var broken_line(const Var& x, const Var& places, const Var& values, const std::optional<Var>& left,
                const std::optional<Var>& right) {
  static const Requirement in_order("interp: the places are not in rising order: {} is before a smaller one");
  const std::size_t count = places.size();
  const auto last = static_cast<std::int64_t>(count) - 1;
  const Var table = rising(places, in_order);
  const auto end_of = [](const Var& all, std::size_t at) { return reshape(part_along(all, 0, at, 1), {}); };

  const Var above = clip(detail::searchsorted(table, x, true), std::min<std::int64_t>(1, last), last);
  const Var below = maximum(above - 1, 0);
  const Var x0 = take(table, below, 0);
  const Var y0 = take(values, below, 0);
  const Var y1 = take(values, above, 0);
  const Var x1 = take(table, above, 0);
  const Var width = offset(x1, x0);
  const Var jump = equal(width, 0.0);
  const Var way = offset(x, x0);
  // What is infinitely far from the first place is at the second, unless that is so, too.
  const Var at_second = isinf(way) && !isinf(offset(x, x1));
  const Var part = where(at_second, ones_like(way), way / where(jump, ones_like(width), width));
  const Var line = lerp(y0, y1, part);  // the values themselves at both places
  const Var inside = where(jump, y1 + 0.0 * x, line);
  const Var before = left ? cast(*left, x.dtype()) : end_of(values, 0);
  const Var behind = right ? cast(*right, x.dtype()) : end_of(values, count - 1);
  return where(x < end_of(table, 0), before, where(x > end_of(table, count - 1), behind, inside));
}

}  // namespace

Var interp(const Var& x, const Var& places, const Var& values, const InterpOptions& options) {
  detail::require_usable(x, "interp");
  require_line("interp", "places", places, 1);
  require_line("interp", "values", values, 1);
  detail::require_same_shape("interp", places, values, "array of places", "array of values");
  for (const std::optional<Var>* each : {&options.left, &options.right}) {
    if (!*each) continue;
    detail::require_usable(**each, "interp");
    if ((*each)->dimension() == 0) continue;
    throw ShapeError("interp: a value outside of the table has the shape " + to_string((*each)->shape()) +
                     "; it must be one number");
  }
  const std::array operands{&x, &places, &values};
  const DType common = detail::common_dtype(operands);
  const DType dtype = is_floating(common) ? common : DType::Float64;
  return broken_line(cast(x, dtype), cast(places, dtype), cast(values, dtype), options.left, options.right);
}

// ---- counts

namespace {

Var counted(const Var& bins, std::size_t length, const std::optional<Var>& weights) {
  if (weights) {
    const Var numbers = weights->dtype() == DType::Bool ? cast(*weights, DType::Int64) : *weights;
    return scatter_add(flatten(numbers), bins, length, 0);
  }
  return scatter_add(ones_like(bins), bins, length, 0);
}

Var bincount_of(const Var& x, std::size_t length, const std::optional<Var>& weights) {
  static const Requirement in_range("bincount: the number {} is negative or not less than the length, {}");
  require_line("bincount", "numbers", x, 0);
  if (x.dtype() != DType::Int64) {
    throw TypeError("bincount: the numbers are " + std::string(name(x.dtype())) + " " + to_string(x.shape()) +
                    "; they must be integers");
  }
  const auto end = static_cast<std::int64_t>(length);
  return counted(checked(x, x >= 0 && x < end, in_range, end), length, weights);
}

}  // namespace

Var bincount(const Var& x, std::size_t length) { return bincount_of(x, length, {}); }

Var bincount(const Var& x, std::size_t length, const Var& weights) {
  detail::require_same_shape("bincount", x, weights, "array of numbers", "array of weights");
  return bincount_of(x, length, weights);
}

std::pair<Var, Var> histogram(const Var& x, const Var& edges, const HistogramOptions& options) {
  static const Requirement in_order("histogram: the edges are not in rising order: {} is before a smaller one");
  detail::require_usable(x, "histogram");
  require_line("histogram", "edges", edges, 2);
  if (options.weights) {
    detail::require_same_shape("histogram", x, *options.weights, "array", "array of weights");
  }
  const std::size_t bins = edges.size() - 1;
  const auto [lines, numbers] = alike(rising(edges, in_order), flatten(x));
  const Var place = detail::searchsorted(lines, numbers, true);
  // What is outside of all bins goes to one behind them, which is left out; the last edge is in the last bin.
  const auto behind = static_cast<std::int64_t>(bins);
  const Var is_last = equal(numbers, part_along(lines, 0, bins, 1));
  const Var inside = place > 0 && place <= behind;
  const Var bin = where(is_last, behind - 1, where(inside, place - 1, behind));
  const Var counts = part_along(counted(bin, bins + 1, options.weights), 0, 0, bins);
  if (!options.density) return {counts, edges};
  const Var part = counts / sum(counts);
  return {part / (part_along(edges, 0, 1, bins) - part_along(edges, 0, 0, bins)), edges};
}

std::pair<Var, Var> histogram(const Var& x, std::size_t bins, const HistogramOptions& options) {
  detail::require_usable(x, "histogram");
  if (bins == 0) throw ValueError("histogram: there are 0 bins; there must be one at least");
  if (x.size() == 0) {
    throw ValueError("histogram: the array " + to_string(x.shape()) + " has no elements to find the edges of bins by");
  }
  const Var values = stop_gradient(detail::floats_of(x));
  const auto finite = [](const Var& extremum) {
    static const Requirement is_finite("histogram: the array contains {}, so bins would not end; it must be finite");
    return checked(extremum, abs(extremum) < std::numeric_limits<double>::infinity(), is_finite);
  };
  const Var smallest = finite(amin(values));
  const Var largest = finite(amax(values));
  const Var margin = where(equal(smallest, largest), full_like(smallest, 0.5), zeros_like(smallest));
  auto indices = Array<double>::from_shape(Shape{bins + 1});
  std::iota(indices.data(), indices.data() + indices.size(), 0.0);
  const Var index = cast(Var(std::move(indices)), values.dtype());
  const Var low = smallest - margin;
  const Var high = largest + margin;
  const auto count = static_cast<double>(bins);
  return histogram(x, where(equal(index, count), high, low + index * ((high - low) / count)), options);
}

}  // namespace xgrad
