#include <xgrad/ops/search.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>

#include "axes.hpp"
#include "internal.hpp"
#include "reductions.hpp"
#include "tables.hpp"

namespace xgrad {

using detail::alike;
using detail::part_along;
using detail::require_line;
using detail::rising;

namespace {

/// Each element of the lines with the one behind it; the last with itself.
Var next_in_lines(const Var& lines) {
  const std::size_t axis = lines.dimension() - 1;
  const std::size_t count = lines.shape()[axis];
  if (count < 2) return lines;
  return concatenate({part_along(lines, axis, 1, count - 1), part_along(lines, axis, count - 1, 1)}, -1);
}

}  // namespace

Var detail::rising(const Var& lines, const Requirement& requirement) {
  const Var next = next_in_lines(lines);
  return checked(lines, lines <= next || not_equal(next, next), requirement);
}

std::array<Var, 2> detail::alike(const Var& a, const Var& b) {
  const DType dtype = detail::common_dtype(std::array{&a, &b});
  return {cast(a, dtype), cast(b, dtype)};
}

void detail::require_line(std::string_view operation, std::string_view what, const Var& x, std::size_t least) {
  detail::require_usable(x, operation);
  if (x.dimension() == 1 && x.size() >= least) return;
  throw ShapeError(std::string(operation) + ": the " + std::string(what) + " have the shape " + to_string(x.shape()) +
                   "; there must be one axis, with " + std::to_string(least) + " of them or more");
}

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

/// The same of a table that goes on periodically: its places come in order, and one more at either end.
Var periodic_line(const Var& x, const Var& places, const Var& values, const Var& given) {
  static const Requirement is_length("interp: the period is {}; it must be positive and finite");
  const Var period = checked(given, given > 0.0 && given < std::numeric_limits<double>::infinity(), is_length);
  const std::size_t count = places.size();
  const Var inside = remainder(places, period);
  const Var order = argsort(stop_gradient(inside));
  const Var table = take(inside, order, 0);
  const Var sorted = take(values, order, 0);
  const auto last = [&](const Var& all) { return part_along(all, 0, count - 1, 1); };
  const auto first = [&](const Var& all) { return part_along(all, 0, 0, 1); };
  return broken_line(remainder(x, period), concatenate({last(table) - period, table, first(table) + period}),
                     concatenate({last(sorted), sorted, first(sorted)}), {}, {});
}

void require_number_of_interp(const std::optional<Var>& x, std::string_view what) {
  if (!x) return;
  detail::require_usable(*x, "interp");
  if (x->dimension() == 0) return;
  throw ShapeError("interp: " + std::string(what) + " has the shape " + to_string(x->shape()) +
                   "; it must be one number");
}

}  // namespace

Var interp(const Var& x, const Var& places, const Var& values, const InterpOptions& options) {
  detail::require_usable(x, "interp");
  require_line("interp", "places", places, 1);
  require_line("interp", "values", values, 1);
  detail::require_same_shape("interp", places, values, "array of places", "array of values");
  require_number_of_interp(options.left, "the value below the table");
  require_number_of_interp(options.right, "the value above the table");
  require_number_of_interp(options.period, "the period");
  if (options.period && (options.left || options.right)) {
    throw ValueError("interp: a table with a period has no outside; there must be no values below or above it");
  }
  const std::array operands{&x, &places, &values};
  const DType common = detail::common_dtype(operands);
  const DType dtype = is_floating(common) ? common : DType::Float64;
  if (options.period) {
    return periodic_line(cast(x, dtype), cast(places, dtype), cast(values, dtype), cast(*options.period, dtype));
  }
  return broken_line(cast(x, dtype), cast(places, dtype), cast(values, dtype), options.left, options.right);
}

}  // namespace xgrad
