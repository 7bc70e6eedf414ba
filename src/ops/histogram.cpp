#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/rearrange.hpp>
#include <xgrad/ops/search.hpp>

#include "axes.hpp"
#include "core/text.hpp"
#include "internal.hpp"
#include "reductions.hpp"
#include "tables.hpp"

namespace xgrad {

using detail::alike;
using detail::part_along;
using detail::require_line;
using detail::rising;

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
  require_addressable({length});
  const auto end = static_cast<std::int64_t>(length);
  return counted(checked(x, x >= 0 && x < end, in_range, end), length, weights);
}

}  // namespace

Var bincount(const Var& x, std::size_t length) { return bincount_of(x, length, {}); }

Var bincount(const Var& x, std::size_t length, const Var& weights) {
  detail::require_same_shape("bincount", x, weights, "array of numbers", "array of weights");
  return bincount_of(x, length, weights);
}

// ---- bins

namespace {

Requirement rises(std::string_view operation) {
  return Requirement(std::string(operation) + ": the edges are not in rising order: {} is before a smaller one");
}

/// The bin of each number, and the number of bins for what is outside of all of them.
Var bin_of(const Var& numbers, const Var& edges, const Requirement& in_order) {
  const std::size_t bins = edges.size() - 1;
  const auto [lines, values] = alike(rising(edges, in_order), numbers);
  const Var place = detail::searchsorted(lines, values, true);
  const auto behind = static_cast<std::int64_t>(bins);
  const Var is_last = equal(values, part_along(lines, 0, bins, 1));
  const Var inside = place > 0 && place <= behind;
  return where(is_last, behind - 1, where(inside, place - 1, behind));
}

void refuse_range(std::string_view operation, const HistogramOptions& options) {
  if (!options.range) return;
  throw ValueError(std::string(operation) + ": there is a range beside edges, which say where bins begin and end");
}

/// Both ends of all bins, which differ.
std::pair<Var, Var> ends_of(std::string_view operation, const Var& values, const HistogramOptions& options) {
  const std::string name(operation);
  const Requirement is_finite(name + ": the array contains {}, so bins would not end; it must be finite");
  const Requirement is_near(
      name + ": the largest element {} is farther from the smallest one than a number can be; there must be a range");
  const auto apart = [](const Var& low, const Var& high) {
    const Var margin = where(equal(low, high), full_like(low, 0.5), zeros_like(low));
    return std::pair{low - margin, high + margin};
  };
  if (options.range) {
    const auto [low, high] = *options.range;
    const double largest = values.dtype() == DType::Float32 ? double{std::numeric_limits<float>::max()}
                                                            : std::numeric_limits<double>::max();
    if (!(low <= high) || std::max({-low, high, high - low}) > largest) {
      throw ValueError(std::string(operation) + ": the range is from " + core::text_of(low) + " to " +
                       core::text_of(high) + "; it must rise, and be finite in " +
                       std::string(xgrad::name(values.dtype())));
    }
    return apart(cast(low, values.dtype()), cast(high, values.dtype()));
  }
  if (values.size() == 0) {
    throw ValueError(std::string(operation) + ": the array " + to_string(values.shape()) +
                     " has no elements to find the edges of bins by");
  }
  const auto finite = [&](const Var& extremum) {
    return checked(extremum, abs(extremum) < std::numeric_limits<double>::infinity(), is_finite);
  };
  const Var low = finite(amin(values));
  const Var high = finite(amax(values));
  return apart(low, checked(high, high - low < std::numeric_limits<double>::infinity(), is_near));
}

Var edges_of(std::string_view operation, const Var& x, std::size_t bins, const HistogramOptions& options) {
  detail::require_usable(x, operation);
  if (bins == 0) throw ValueError(std::string(operation) + ": there are 0 bins; there must be one at least");
  require_addressable({bins});
  const Var values = stop_gradient(detail::floats_of(x));
  const auto [low, high] = ends_of(operation, values, options);
  require_addressable({bins + 1});
  const Var index = detail::iota(bins + 1, values.dtype());
  const auto count = static_cast<double>(bins);
  return where(equal(index, count), high, low + index * ((high - low) / count));
}

Var widths_of(const Var& edges) {
  const std::size_t bins = edges.size() - 1;
  return part_along(edges, 0, 1, bins) - part_along(edges, 0, 0, bins);
}

std::pair<Var, Var> histogram_in(const Var& x, const Var& edges, const HistogramOptions& options) {
  const Requirement in_order = rises("histogram");
  if (options.weights) {
    detail::require_same_shape("histogram", x, *options.weights, "array", "array of weights");
  }
  const std::size_t bins = edges.size() - 1;
  // What is outside of all bins goes to one behind them, which is left out.
  const Var bin = bin_of(flatten(x), edges, in_order);
  const Var counts = part_along(counted(bin, bins + 1, options.weights), 0, 0, bins);
  if (!options.density) return {counts, edges};
  return {counts / sum(counts) / widths_of(edges), edges};
}

}  // namespace

std::pair<Var, Var> histogram(const Var& x, const Var& edges, const HistogramOptions& options) {
  detail::require_usable(x, "histogram");
  require_line("histogram", "edges", edges, 2);
  detail::require_one_tape("histogram", std::array{&x, &edges});
  refuse_range("histogram", options);
  return histogram_in(x, edges, options);
}

std::pair<Var, Var> histogram(const Var& x, std::size_t bins, const HistogramOptions& options) {
  return histogram_in(x, edges_of("histogram", x, bins, options), options);
}

Var histogram_bin_edges(const Var& x, std::size_t bins, const HistogramOptions& options) {
  return edges_of("histogram_bin_edges", x, bins, options);
}

// ---- grids

namespace {

void require_points(std::string_view operation, const Var& sample, std::span<const Var> edges,
                    const HistogramOptions& options) {
  detail::require_usable(sample, operation);
  std::vector<const Var*> all{&sample};
  for (const Var& each : edges) {
    detail::require_usable(each, operation);
    all.push_back(&each);
  }
  if (options.weights) {
    detail::require_usable(*options.weights, operation);
    all.push_back(&*options.weights);
  }
  detail::require_one_tape(operation, all);
  if (sample.dimension() != 2 || sample.shape()[1] != edges.size() || edges.empty()) {
    throw ShapeError(std::string(operation) + ": the sample " + to_string(sample.shape()) + " for " +
                     core::count_of(edges.size(), "axis", "axes") +
                     " of bins; it must have a row for each point, and a column for each axis");
  }
  detail::require_rank(operation, edges.size());
  for (const Var& each : edges) require_line(operation, "edges", each, 2);
  refuse_range(operation, options);
  if (!options.weights || options.weights->shape() == Shape{sample.shape()[0]}) return;
  throw ShapeError(std::string(operation) + ": the weights have the shape " + to_string(options.weights->shape()) +
                   "; there must be one for each of " + std::to_string(sample.shape()[0]) + " points");
}

Histogram grid_of(std::string_view operation, const Var& sample, std::span<const Var> edges,
                  const HistogramOptions& options) {
  const Requirement in_order = rises(operation);
  require_points(operation, sample, edges, options);
  Shape shape;
  for (const Var& each : edges) shape.push_back(each.size() - 1);
  require_addressable(shape);
  const auto outside = static_cast<std::int64_t>(size_of(shape));
  Var place = detail::iota(1) * 0;
  Var is_inside = true;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const auto bins = static_cast<std::int64_t>(shape[axis]);
    const Var bin = bin_of(flatten(part_along(sample, 1, axis, 1)), edges[axis], in_order);
    place = place * bins + bin;
    is_inside = is_inside && bin < bins;
  }
  const Var bin = where(is_inside, place, outside);
  const Var flat = part_along(counted(bin, size_of(shape) + 1, options.weights), 0, 0, size_of(shape));
  Var counts = reshape(flat, Strides(shape));
  if (options.density) {
    counts = counts / sum(counts);
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      Strides along(shape.size(), 1);
      along[axis] = static_cast<std::ptrdiff_t>(shape[axis]);
      counts = counts / reshape(widths_of(edges[axis]), along);
    }
  }
  return {counts, {edges.begin(), edges.end()}};
}

}  // namespace

Histogram histogramdd(const Var& sample, std::span<const Var> edges, const HistogramOptions& options) {
  return grid_of("histogramdd", sample, edges, options);
}

Histogram histogramdd(const Var& sample, std::initializer_list<Var> edges, const HistogramOptions& options) {
  return grid_of("histogramdd", sample, std::span<const Var>(edges.begin(), edges.size()), options);
}

Histogram histogram2d(const Var& x, const Var& y, const Var& x_edges, const Var& y_edges,
                      const HistogramOptions& options) {
  require_line("histogram2d", "coordinates x", x, 0);
  require_line("histogram2d", "coordinates y", y, 0);
  detail::require_same_shape("histogram2d", x, y, "array of x", "array of y");
  const std::array<Var, 2> edges{x_edges, y_edges};
  return grid_of("histogram2d", stack({x, y}, 1), edges, options);
}

}  // namespace xgrad
