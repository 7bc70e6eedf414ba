// Searching sorted tables, and what is made of that: bins, interpolation, sets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// On which side of equal elements a value is inserted.
enum class Side : std::uint8_t { Left, Right };

/// Where values would have to be inserted into a sorted table to keep it sorted, int64: for Left the number of elements
/// less than the value, for Right that of those not greater. NaN is greater than all numbers. By binary search, after
/// one pass over the table that checks its order.
///
/// \param table   [n] in rising order; or [..., n], a table for the values at the same leading indices.
/// \param values  any shape, which is that of the result; it begins with the leading extents of the table.
/// \throws ShapeError  unless it does; for a table without axes.
/// \throws ValueError  if a table is not in rising order (raised when evaluated).
Var searchsorted(const Var& table, const Var& values, Side side = Side::Left);

/// In which bin each element of x is, int64: i where edges[i - 1] <= x < edges[i]; with `right` the upper edge belongs
/// to the bin instead, edges[i - 1] < x <= edges[i]. 0 and n are outside. Edges may fall instead; then i is where
/// edges[i - 1] > x >= edges[i], and with `right` edges[i - 1] >= x > edges[i].
/// \throws ShapeError  unless the edges have one axis.
/// \throws ValueError  if they neither rise nor fall (raised when evaluated).
Var digitize(const Var& x, const Var& edges, bool right = false);

struct InterpOptions {
  std::optional<Var> left = {};   ///< below the first place; none: the first value
  std::optional<Var> right = {};  ///< above the last place; none: the last value
  /// Places and x count modulo this: the table goes on from its end at its beginning. The places may then come in any
  /// order.
  std::optional<Var> period = {};
};

/// Linear interpolation in a table: the value at x of the broken line through the points (places[i], values[i]). Where
/// places are equal the line jumps, and the value is the last of theirs. NaN of NaN. An infinite place is infinitely
/// far away: all between it and a finite one has the value of the finite one. Derivatives go to x, the places and the
/// values; at a place, that with respect to x is the slope to the right, at the last place that to the left.
///
/// \param x       any shape, which is that of the result.
/// \param places  [n], in rising order.
/// \param values  [n].
/// \throws ShapeError  unless both have such shapes, with n > 0.
/// \throws ValueError  if the places are not in rising order; for a period that is not positive and finite (raised when
///                     evaluated). For values outside of a table that has a period.
Var interp(const Var& x, const Var& places, const Var& values, const InterpOptions& options = {});

/// How often each number from 0 to length - 1 occurs in x; or the sum of the weights where it does, in their element
/// type. NumPy's `bincount` grows with the largest number; here the length is given, because shapes do not depend on
/// values.
///
/// \param x        [n], integers.
/// \param weights  [n]; derivatives go to them.
/// \throws ShapeError  unless x, and weights, are [n].
/// \throws TypeError   unless x are integers.
/// \throws ValueError  for a number that is negative or not less than the length (raised when evaluated).
Var bincount(const Var& x, std::size_t length);
Var bincount(const Var& x, std::size_t length, const Var& weights);

struct HistogramOptions {
  /// In the shape of x; none: each element counts as 1. Derivatives go to them.
  std::optional<Var> weights = {};
  /// Whether counts are divided by their sum and the widths of the bins, so that the integral over all bins is 1.
  bool density = false;
  /// Where bins begin and end, if their number is given; none: at the smallest and largest element.
  std::optional<std::pair<double, double>> range = {};
};

/// How many elements of x are in each bin, int64, or the sum of their weights; and the edges of the bins. A bin
/// contains its lower edge, the last one both. Elements outside of all bins and NaN do not count.
///
///     auto [counts, edges] = xg::histogram(x, xt::xarray<double>{0.0, 1.0, 2.0});
///
/// \param edges  [n + 1], in rising order, of n bins.
/// \throws ShapeError  unless there are two edges, and weights in the shape of x.
/// \throws ValueError  if edges are not in rising order (raised when evaluated); for a range beside edges.
[[nodiscard]] std::pair<Var, Var> histogram(const Var& x, const Var& edges, const HistogramOptions& options = {});
/// The same with bins of one width from the smallest element to the largest, or over the range; if these are equal,
/// from 1/2 below to 1/2 above it.
/// \throws ValueError  without bins; for no elements and no range; for a range that falls or is not finite.
[[nodiscard]] std::pair<Var, Var> histogram(const Var& x, std::size_t bins, const HistogramOptions& options = {});
/// The edges of these bins, [bins + 1].
/// \throws ValueError  as histogram.
[[nodiscard]] Var histogram_bin_edges(const Var& x, std::size_t bins, const HistogramOptions& options = {});

/// Counts, or sums of weights, in the bins of a grid; and their edges along each axis. All else is as of `histogram`.
struct Histogram {
  Var counts;
  std::vector<Var> edges;
};
/// \param sample   [n, d]: a point in each row.
/// \param edges    [k + 1] for each of the d axes.
/// \param options  weights are [n].
/// \throws ShapeError  unless the shapes are such; for more than eight axes.
/// \throws ValueError  if edges are not in rising order (raised when evaluated); for a range.
[[nodiscard]] Histogram histogramdd(const Var& sample, std::span<const Var> edges,
                                    const HistogramOptions& options = {});
[[nodiscard]] Histogram histogramdd(const Var& sample, std::initializer_list<Var> edges,
                                    const HistogramOptions& options = {});
/// histogramdd of points (x, y), both [n].
[[nodiscard]] Histogram histogram2d(const Var& x, const Var& y, const Var& x_edges, const Var& y_edges,
                                    const HistogramOptions& options = {});

/// The distinct elements of an array in rising order, [k]; all NaN are one. How many there are depends on values: the
/// array must be concrete, not recorded. No derivative goes through it.
/// \throws TapeError  for a recorded array.
[[nodiscard]] Var unique(const Var& x);

/// The distinct elements, and where they are in x, which is flattened.
struct UniqueAll {
  Var values;   ///< [k], in rising order
  Var indices;  ///< [k]: where each occurs first
  Var inverse;  ///< in the shape of x: which of the values the element is
  Var counts;   ///< [k]: how often each occurs
};
[[nodiscard]] UniqueAll unique_all(const Var& x);

}  // namespace xgrad

#pragma GCC visibility pop
