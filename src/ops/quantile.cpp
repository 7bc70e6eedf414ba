#include <xgrad/ops/quantile.hpp>
#include <xgrad/ops/rounding.hpp>

#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/nan.hpp>

#include "axes.hpp"
#include "internal.hpp"
#include "reductions.hpp"

namespace xgrad {
namespace {

/// Where a quantile lies: at `below`, or the part `weight` of the way to the next one.
struct Place {
  Var below;   ///< int64
  Var weight;  ///< float64, in [0, 1]
};

/// The largest integer that is not larger than x.
Var rounded_down(const Var& x) { return cast(floor(stop_gradient(x)), DType::Int64); }

Var as_number_of(const Var& index) { return cast(index, DType::Float64); }

/// Hyndman and Fan's m is a + q (1 - a - b).
Var interpolated_place(const Var& count, const Var& q, double a, double b) {
  return count * q + (a + q * (1.0 - a - b)) - 1.0;
}

/// The place h of a quantile, between -1 and the number of elements.
Var place_of(Quantile method, const Var& count, const Var& q) {
  switch (method) {
    case Quantile::InvertedCdf:
    case Quantile::AveragedInvertedCdf:
    case Quantile::InterpolatedInvertedCdf:
      return count * q - 1.0;
    case Quantile::ClosestObservation:
      return count * q - 1.5;
    case Quantile::Hazen:
      return interpolated_place(count, q, 0.5, 0.5);
    case Quantile::Weibull:
      return interpolated_place(count, q, 0.0, 0.0);
    case Quantile::MedianUnbiased:
      return interpolated_place(count, q, 1.0 / 3.0, 1.0 / 3.0);
    case Quantile::NormalUnbiased:
      return interpolated_place(count, q, 3.0 / 8.0, 3.0 / 8.0);
    case Quantile::Linear:
    case Quantile::Lower:
    case Quantile::Higher:
    case Quantile::Midpoint:
    case Quantile::Nearest:
      break;
  }
  return (count - 1.0) * q;
}

/// How much of the element above there is in a quantile that jumps, from how far h is above the element below.
Var jumping_weight(Quantile method, const Var& fraction, const Var& below) {
  const auto if_true = [](const Var& condition) { return as_number_of(condition); };
  const Var odd = not_equal(as_number_of(below) * 0.5, as_number_of(cast(as_number_of(below) * 0.5, DType::Int64)));
  switch (method) {
    case Quantile::InvertedCdf:
    case Quantile::Higher:
      return if_true(fraction > 0.0);
    case Quantile::AveragedInvertedCdf:
      return where(fraction > 0.0, 1.0, full_like(fraction, 0.5));
    case Quantile::ClosestObservation:  // counted from 0, as here, the even ones have odd numbers
      return if_true(!(equal(fraction, 0.0) && odd));
    case Quantile::Midpoint:
      return 0.5 * if_true(fraction > 0.0);
    case Quantile::Nearest:
      return if_true(fraction > 0.5 || (equal(fraction, 0.5) && odd));
    default:  // Lower
      return zeros_like(fraction);
  }
}

/// Whether the quantile jumps with q.
bool jumps(Quantile method) {
  switch (method) {
    case Quantile::InterpolatedInvertedCdf:
    case Quantile::Hazen:
    case Quantile::Weibull:
    case Quantile::Linear:
    case Quantile::MedianUnbiased:
    case Quantile::NormalUnbiased:
      return false;
    default:
      return true;
  }
}

/// \param count  how many elements there are, float64; 0 counts as 1.
Place find_place(Quantile method, const Var& count, const Var& q) {
  const Var last = maximum(cast(count, DType::Int64) - 1, 0);
  const Var before_last = maximum(last - 1, 0);
  const Var place = place_of(method, count, q);
  if (!jumps(method)) {
    // At the end the last two are taken, with all the weight on the last: so there is a derivative with respect to q.
    const Var inside = clip(place, 0.0, as_number_of(last));
    const Var below = minimum(rounded_down(inside), before_last);
    return {below, inside - as_number_of(below)};
  }
  const Var inside = stop_gradient(clip(place, -1.0, as_number_of(last)));
  const Var below = rounded_down(inside);
  const Var weight = jumping_weight(method, inside - as_number_of(below), below);
  const Var outside = below < 0 || below > before_last;
  return {clip(below, 0, before_last), where(outside, as_number_of(below > before_last), weight)};
}

/// A part of the way from a to b, exact at both ends, and right between numbers that are infinite or far apart.
Var between(const Var& a, const Var& b, const Var& weight) {
  const Var difference = offset(b, a);
  const Var usual = where(weight < 0.5, a + weight * difference, b - (1.0 - weight) * difference);
  const Var parts = where(equal(weight, 0.0), a, where(equal(weight, 1.0), b, (1.0 - weight) * a + weight * b));
  return where(abs(difference) < std::numeric_limits<double>::infinity(), usual, parts);
}

/// The elements at some places of the sorted rows, [rows, places], from the indices that would sort them.
Var sorted_at(const Var& rows, const Var& order, const Var& places) {
  return take_along_axis(rows, take_along_axis(order, places, 1), 1);
}

Var checked_probability(std::string_view operation, const Var& q, bool percents) {
  const Requirement inside(std::string(operation) +
                           (percents ? ": {} is not in [0, 100]" : ": the probability {} is not in [0, 1]"));
  const Var number = cast(q, DType::Float64);
  const Var checked_number = checked(number, number >= 0.0 && number <= (percents ? 100.0 : 1.0), inside);
  return percents ? checked_number / 100.0 : checked_number;
}

struct Asked {
  bool percents = false;
  bool skip_nan = false;
};

/// Quantiles of rows, [quantiles, rows], from probabilities, [1, quantiles].
Var quantiles_of_rows(const Var& rows, const Var& probability, Quantile method, bool skip_nan) {
  const Var order = argsort(rows, 1);
  const Var numbers = equal(rows, rows);
  const Var count = skip_nan ? as_number_of(sum(numbers, 1, keep_dims)) : Var(static_cast<double>(rows.shape()[1]));
  const Place place = find_place(method, count, probability);
  const Var above = minimum(place.below + 1, maximum(cast(count, DType::Int64) - 1, 0));
  const Var result =
      between(sorted_at(rows, order, place.below), sorted_at(rows, order, above), cast(place.weight, rows.dtype()));
  const Var known = skip_nan ? any(numbers, 1, keep_dims) : all(numbers, 1, keep_dims);
  return transpose(where(known, result, full_like(result, std::numeric_limits<double>::quiet_NaN())));
}

Var quantile_of(std::string_view operation, const Var& x, const Var& q, const Axes& axes,
                const QuantileOptions& options, Asked asked) {
  const Shape normal = detail::normalize_axes(operation, axes, x);
  detail::require_usable(q, operation);
  detail::require_one_tape(operation, std::array{&x, &q});
  if (detail::extent_along(x.shape(), normal) == 0) {
    throw ValueError(std::string(operation) + ": nothing to reduce in the shape " + to_string(x.shape()) +
                     "; a quantile of no elements is undefined");
  }
  const Shape kept = options.keep == KeepDims::yes ? detail::reduced_shape(x.shape(), normal)
                                                   : detail::without_axes(x.shape(), normal);
  detail::require_rank(operation, q.dimension() + kept.size());
  Strides shape(q.shape());
  for (const std::size_t each : kept) shape.push_back(static_cast<std::ptrdiff_t>(each));
  return detail::computed_at_once(
      operation,
      [&](const Var& y, const Var& probability) {
        const Var rows = detail::rows_along(detail::floats_of(y), normal);
        const Var in_a_row = reshape(checked_probability(operation, probability, asked.percents), {1, -1});
        return reshape(quantiles_of_rows(rows, in_a_row, options.method, asked.skip_nan), shape);
      },
      x, q);
}

}  // namespace

Var quantile(const Var& x, const Var& q, const Axes& axes, const QuantileOptions& options) {
  return quantile_of("quantile", x, q, axes, options, {});
}

Var percentile(const Var& x, const Var& percents, const Axes& axes, const QuantileOptions& options) {
  return quantile_of("percentile", x, percents, axes, options, {.percents = true});
}

Var median(const Var& x, const Axes& axes, KeepDims keep) {
  return quantile_of("median", x, 0.5, axes, {.keep = keep}, {});
}

Var nanquantile(const Var& x, const Var& q, const Axes& axes, const QuantileOptions& options) {
  return quantile_of("nanquantile", x, q, axes, options, {.skip_nan = true});
}

Var nanpercentile(const Var& x, const Var& percents, const Axes& axes, const QuantileOptions& options) {
  return quantile_of("nanpercentile", x, percents, axes, options, {.percents = true, .skip_nan = true});
}

Var nanmedian(const Var& x, const Axes& axes, KeepDims keep) {
  return quantile_of("nanmedian", x, 0.5, axes, {.keep = keep}, {.skip_nan = true});
}

}  // namespace xgrad
