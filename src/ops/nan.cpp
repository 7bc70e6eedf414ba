#include <xgrad/ops/nan.hpp>

#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/associative_scan.hpp>
#include <xgrad/ops/check.hpp>

#include "axes.hpp"
#include "internal.hpp"
#include "reductions.hpp"

namespace xgrad {
namespace {

Var no_nan(std::string_view operation, const Var& x, const Axes& axes) {
  (void)detail::normalize_axes(operation, axes, x);
  return equal(x, x);
}

/// Of numbers that are counted.
VarianceOptions without_nan(std::string_view operation, const Var& x, const Axes& axes,
                            const VarianceOptions& options) {
  const Var numbers = no_nan(operation, x, axes);
  return {.keep = options.keep,
          .where = options.where ? numbers && detail::mask_of(operation, *options.where, x) : numbers,
          .ddof = options.ddof};
}

Var extremum_without_nan(std::string_view operation, const Var& x, const Axes& axes, KeepDims keep, bool greatest) {
  const Shape normal = detail::normalize_axes(operation, axes, x);
  if (detail::extent_along(x.shape(), normal) == 0) {
    throw ValueError(std::string(operation) + ": nothing to reduce in the shape " + to_string(x.shape()) +
                     "; the extremum of no elements is undefined");
  }
  if (!is_floating(x.dtype())) return greatest ? amax(x, axes, keep) : amin(x, axes, keep);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Var numbers = equal(x, x);
  const Var others = where(numbers, x, full_like(x, greatest ? -infinity : infinity));
  const Var extremum = greatest ? amax(others, axes, keep) : amin(others, axes, keep);
  return where(any(numbers, axes, keep), extremum, full_like(extremum, std::numeric_limits<double>::quiet_NaN()));
}

/// The index, if there is a number to point to.
Var index_of_number(std::string_view operation, const Var& x, std::size_t along, bool greatest) {
  static const Requirement largest("nanargmax: all elements are NaN, so none is the largest; the index would be {}");
  static const Requirement smallest("nanargmin: all elements are NaN, so none is the smallest; the index would be {}");
  const auto axis = static_cast<std::ptrdiff_t>(along);
  if (x.shape()[along] == 0) {
    throw ValueError(std::string(operation) + ": nothing to search along axis " + std::to_string(along) +
                     " of the shape " + to_string(x.shape()));
  }
  if (!is_floating(x.dtype())) return greatest ? argmax(x, axis, keep_dims) : argmin(x, axis, keep_dims);
  const Var numbers = equal(x, x);
  // An infinity that is a number comes before one that stands for NaN: numbers are searched among the extreme ones.
  const Var extremum = extremum_without_nan(operation, x, axis, keep_dims, greatest);
  const Var index = argmax(equal(x, extremum), axis, keep_dims);
  return checked(index, any(numbers, axis, keep_dims), greatest ? largest : smallest);
}

Var flat_index_of_number(std::string_view operation, const Var& x, bool greatest) {
  detail::require_usable(x, operation);
  return reshape(index_of_number(operation, flatten(x), 0, greatest), {});
}

}  // namespace

Var nansum(const Var& x, const Axes& axes, KeepDims keep) {
  return sum(x, axes, {.keep = keep, .where = no_nan("nansum", x, axes)});
}

Var nanprod(const Var& x, const Axes& axes, KeepDims keep) {
  return prod(x, axes, {.keep = keep, .where = no_nan("nanprod", x, axes)});
}

Var nanmean(const Var& x, const Axes& axes, KeepDims keep) {
  return mean(x, axes, {.keep = keep, .where = no_nan("nanmean", x, axes)});
}

Var nanmax(const Var& x, const Axes& axes, KeepDims keep) {
  return extremum_without_nan("nanmax", x, axes, keep, true);
}
Var nanmin(const Var& x, const Axes& axes, KeepDims keep) {
  return extremum_without_nan("nanmin", x, axes, keep, false);
}

Var nanvar(const Var& x, const Axes& axes, KeepDims keep) { return nanvar(x, axes, VarianceOptions{.keep = keep}); }
Var nanvar(const Var& x, const Axes& axes, const VarianceOptions& options) {
  return variance(x, axes, without_nan("nanvar", x, axes, options));
}

Var nanstd(const Var& x, const Axes& axes, KeepDims keep) { return nanstd(x, axes, VarianceOptions{.keep = keep}); }
Var nanstd(const Var& x, const Axes& axes, const VarianceOptions& options) {
  return stddev(x, axes, without_nan("nanstd", x, axes, options));
}

Var nancumsum(const Var& x, std::ptrdiff_t axis, Direction direction) {
  (void)detail::normalize_axis("nancumsum", axis, x);
  return cumsum(where(equal(x, x), x, zeros_like(x)), axis, direction);
}

Var nancumprod(const Var& x, std::ptrdiff_t axis, Direction direction) {
  (void)detail::normalize_axis("nancumprod", axis, x);
  return cumprod(where(equal(x, x), x, ones_like(x)), axis, direction);
}

Var nanargmax(const Var& x) { return flat_index_of_number("nanargmax", x, true); }
Var nanargmax(const Var& x, std::ptrdiff_t axis, KeepDims keep) {
  const std::size_t along = detail::normalize_axis("nanargmax", axis, x);
  return detail::squeezed(index_of_number("nanargmax", x, along, true), Shape{along}, keep);
}

Var nanargmin(const Var& x) { return flat_index_of_number("nanargmin", x, false); }
Var nanargmin(const Var& x, std::ptrdiff_t axis, KeepDims keep) {
  const std::size_t along = detail::normalize_axis("nanargmin", axis, x);
  return detail::squeezed(index_of_number("nanargmin", x, along, false), Shape{along}, keep);
}

}  // namespace xgrad
