// Reductions of chosen elements, from an initial number on, and what follows from those of reduce.cpp.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/reduce.hpp>

#include "axes.hpp"
#include "internal.hpp"
#include "reductions.hpp"

namespace xgrad {
namespace {

/// x, with a number in the place of what does not count.
Var chosen_of(std::string_view operation, const Var& x, const std::optional<Var>& mask, const Var& otherwise) {
  if (!mask) return x;
  return where(detail::mask_of(operation, *mask, x), x, full_like(x, otherwise));
}

/// The initial number of a reduction of x.
const Var& checked_initial(std::string_view operation, const Var& x, const std::optional<Var>& given) {
  const Var& initial = given.value();
  detail::require_usable(initial, operation);
  detail::require_one_tape(operation, std::array{&x, &initial});
  if (initial.dimension() != 0) {
    throw ShapeError(std::string(operation) + ": the initial number has the shape " + to_string(initial.shape()) +
                     "; it must be one number");
  }
  return initial;
}

/// The least number of an element type, or the greatest.
Var extreme_of(DType dtype, bool greatest) {
  switch (dtype) {
    case DType::Bool:
      return greatest;
    case DType::Int64:
      return greatest ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
    case DType::Float32:
    case DType::Float64:
      break;
  }
  return greatest ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
}

/// What does not count is the last to be an extremum.
Var extremum_of_chosen(std::string_view operation, const Var& x, const Axes& axes, const FoldOptions& options,
                       bool greatest) {
  const Shape normal = detail::normalize_axes(operation, axes, x);
  if (options.where && !options.initial) {
    throw ValueError(std::string(operation) +
                     ": the extremum of no elements is undefined; with a mask there must be an initial number");
  }
  const auto extremum = [&](const Var& of) {
    return greatest ? amax(of, axes, options.keep) : amin(of, axes, options.keep);
  };
  if (!options.initial) return extremum(x);
  const Var& initial = checked_initial(operation, x, options.initial);
  if (detail::extent_along(x.shape(), normal) == 0) {
    const std::array operands{&x, &initial};
    const Shape shape = options.keep == KeepDims::yes ? detail::reduced_shape(x.shape(), normal)
                                                      : detail::without_axes(x.shape(), normal);
    return detail::broadcast_to(operation, cast(initial, detail::common_dtype(operands)), shape);
  }
  const Var result = extremum(chosen_of(operation, x, options.where, extreme_of(x.dtype(), !greatest)));
  if (result.dtype() == DType::Bool && initial.dtype() == DType::Bool) {
    return greatest ? result || initial : result && initial;
  }
  return greatest ? maximum(result, initial) : minimum(result, initial);
}

/// x minus its mean, 0 where it does not count; and the divisor of a variance.
struct Deviations {
  Var from_mean;
  Var divisor;  ///< of rank 0, or with the reduced axes kept
};

Deviations deviations(std::string_view operation, const Var& x, const Shape& axes, const VarianceOptions& options) {
  if (!std::isfinite(options.ddof)) {
    throw ValueError(std::string(operation) + ": ddof is " + std::to_string(options.ddof) + "; it must be finite");
  }
  const Var values = detail::floats_of(x);
  const Axes along(axes);
  if (!options.where) {
    const auto count = static_cast<double>(detail::extent_along(x.shape(), axes));
    return {values - mean(values, along, keep_dims), std::max(count - options.ddof, 0.0)};
  }
  const Var mask = detail::mask_of(operation, *options.where, x);
  const Var count = cast(sum(mask, along, keep_dims), values.dtype());
  const Var center = sum(where(mask, values, zeros_like(values)), along, keep_dims) / count;
  return {where(mask, values - center, zeros_like(values)), maximum(count - options.ddof, 0.0)};
}

}  // namespace

Var sum(const Var& x, const Axes& axes, const FoldOptions& options) {
  (void)detail::normalize_axes("sum", axes, x);
  const Var total = sum(chosen_of("sum", x, options.where, 0), axes, options.keep);
  return options.initial ? total + checked_initial("sum", x, options.initial) : total;
}

Var prod(const Var& x, const Axes& axes, const FoldOptions& options) {
  (void)detail::normalize_axes("prod", axes, x);
  const Var total = prod(chosen_of("prod", x, options.where, 1), axes, options.keep);
  return options.initial ? total * checked_initial("prod", x, options.initial) : total;
}

Var amax(const Var& x, const Axes& axes, const FoldOptions& options) {
  return extremum_of_chosen("amax", x, axes, options, true);
}

Var amin(const Var& x, const Axes& axes, const FoldOptions& options) {
  return extremum_of_chosen("amin", x, axes, options, false);
}

Var mean(const Var& x, const Axes& axes, const MeanOptions& options) {
  if (!options.where) return mean(x, axes, options.keep);
  (void)detail::normalize_axes("mean", axes, x);
  const Var values = detail::floats_of(x);
  const Var mask = detail::mask_of("mean", *options.where, x);
  const Var total = sum(where(mask, values, zeros_like(values)), axes, options.keep);
  return total / cast(sum(mask, axes, options.keep), values.dtype());
}

Var ptp(const Var& x, const Axes& axes, KeepDims keep) {
  const Shape normal = detail::normalize_axes("ptp", axes, x);
  if (detail::extent_along(x.shape(), normal) == 0) {
    throw ValueError("ptp: nothing to reduce in the shape " + to_string(x.shape()) +
                     "; the extrema of no elements are undefined");
  }
  return amax(x, axes, keep) - amin(x, axes, keep);
}

Var variance(const Var& x, const Axes& axes, KeepDims keep) { return variance(x, axes, VarianceOptions{.keep = keep}); }

Var variance(const Var& x, const Axes& axes, const VarianceOptions& options) {
  const Shape normal = detail::normalize_axes("variance", axes, x);
  const auto [from_mean, divisor] = deviations("variance", x, normal, options);
  return detail::squeezed(sum(square(from_mean), Axes(normal), keep_dims) / divisor, normal, options.keep);
}

Var stddev(const Var& x, const Axes& axes, KeepDims keep) { return stddev(x, axes, VarianceOptions{.keep = keep}); }

Var stddev(const Var& x, const Axes& axes, const VarianceOptions& options) {
  const Shape normal = detail::normalize_axes("stddev", axes, x);
  const auto [from_mean, divisor] = deviations("stddev", x, normal, options);
  return detail::squeezed(norm(from_mean, Axes(normal), keep_dims) / sqrt(divisor), normal, options.keep);
}

Var any(const Var& x, const Axes& axes, KeepDims keep) { return any(x, axes, MeanOptions{.keep = keep}); }

Var any(const Var& x, const Axes& axes, const MeanOptions& options) {
  const Shape normal = detail::normalize_axes("any", axes, x);
  const Var truth = cast(x, DType::Bool);
  const Var counts = options.where ? truth && detail::mask_of("any", *options.where, x) : truth;
  return detail::extent_along(x.shape(), normal) != 0 ? amax(counts, axes, options.keep)
                                                      : amax(counts, axes, {.keep = options.keep, .initial = false});
}

Var all(const Var& x, const Axes& axes, KeepDims keep) { return all(x, axes, MeanOptions{.keep = keep}); }

Var all(const Var& x, const Axes& axes, const MeanOptions& options) {
  const Shape normal = detail::normalize_axes("all", axes, x);
  const Var truth = cast(x, DType::Bool);
  const Var counts = options.where ? truth || !detail::mask_of("all", *options.where, x) : truth;
  return detail::extent_along(x.shape(), normal) != 0 ? amin(counts, axes, options.keep)
                                                      : amin(counts, axes, {.keep = options.keep, .initial = true});
}

Var count_nonzero(const Var& x, const Axes& axes, KeepDims keep) {
  (void)detail::normalize_axes("count_nonzero", axes, x);
  return sum(cast(x, DType::Bool), axes, keep);
}

namespace {

/// An array whose largest element is where the smallest of x is. Integers are complemented, not negated: the least one
/// has no negative.
Var in_reverse(const Var& x) {
  if (x.dtype() == DType::Bool) return !x;
  return x.dtype() == DType::Int64 ? -1 - x : -x;
}

}  // namespace

Var argmin(const Var& x) {
  detail::require_usable(x, "argmin");
  if (x.size() == 0) throw ValueError("argmin: nothing to search in the shape " + to_string(x.shape()));
  return argmax(in_reverse(x));
}

Var argmin(const Var& x, std::ptrdiff_t axis, KeepDims keep) {
  const std::size_t along = detail::normalize_axis("argmin", axis, x);
  if (x.shape()[along] == 0) {
    throw ValueError("argmin: nothing to search along axis " + std::to_string(along) + " of the shape " +
                     to_string(x.shape()));
  }
  return argmax(in_reverse(x), axis, keep);
}

}  // namespace xgrad
