#include <xgrad/ops/pad.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>

#include "axes.hpp"
#include "core/text.hpp"
#include "internal.hpp"

namespace xgrad {
namespace {

struct Width {
  std::size_t before, after;
};

std::vector<Width> widths_of(const Var& x, const PadWidths& widths) {
  const std::vector<PadWidths::Pair>& pairs = widths.pairs();
  const Shape& shape = x.shape();
  if (pairs.size() != 1 && pairs.size() != shape.size()) {
    throw ShapeError("pad: " + core::count_of(pairs.size(), "pair", "pairs") + " of widths for the shape " +
                     to_string(shape) + "; there must be one for all axes or one for each");
  }
  std::vector<Width> result;
  Shape padded = shape;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const auto [before, after] = pairs[pairs.size() == 1 ? 0 : axis];
    if (before < 0 || after < 0) {
      throw ValueError("pad: the widths " + std::to_string(before) + " and " + std::to_string(after) + " of axis " +
                       std::to_string(axis) + " of " + to_string(shape) + "; they must not be negative");
    }
    result.push_back({static_cast<std::size_t>(before), static_cast<std::size_t>(after)});
    const std::size_t outside = result.back().before + result.back().after;  // of two that are positive: no overflow
    const auto most = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());
    padded[axis] = outside > most - std::min(most, padded[axis]) ? most : padded[axis] + outside;
  }
  require_addressable(padded);
  return result;
}

/// The place in an axis of the element that stands at a place in or out of it.
std::int64_t source_of(std::int64_t place, std::int64_t extent, Padding padding) {
  const auto within = [&](std::int64_t period) { return (place % period + period) % period; };
  switch (padding) {
    case Padding::Edge:
      return std::clamp<std::int64_t>(place, 0, extent - 1);
    case Padding::Reflect: {
      if (extent == 1) return 0;
      const std::int64_t there = within(2 * (extent - 1));
      return std::min(there, 2 * (extent - 1) - there);
    }
    case Padding::Symmetric: {
      const std::int64_t there = within(2 * extent);
      return std::min(there, 2 * extent - 1 - there);
    }
    default:
      return within(extent);
  }
}

Var padded_with_elements(const Var& x, std::size_t axis, Width width, Padding padding) {
  const std::size_t extent = x.shape()[axis];
  if (extent == 0) {
    throw ShapeError("pad: axis " + std::to_string(axis) + " of " + to_string(x.shape()) +
                     " is empty; only a constant value can stand outside of it");
  }
  auto places = Array<std::int64_t>::from_shape(Shape{width.before + extent + width.after});
  for (std::size_t i = 0; i < places.size(); ++i) {
    places.data()[i] = source_of(static_cast<std::int64_t>(i) - static_cast<std::int64_t>(width.before),
                                 static_cast<std::int64_t>(extent), padding);
  }
  return take(x, Var(std::move(places)), static_cast<std::ptrdiff_t>(axis));
}

Var padded_with_value(const Var& x, std::size_t axis, Width width, const Var& value) {
  const auto outside = [&](std::size_t count) {
    Shape shape = x.shape();
    shape[axis] = count;
    return broadcast_to(value, shape);
  };
  return concatenate({outside(width.before), x, outside(width.after)}, static_cast<std::ptrdiff_t>(axis));
}

/// Whether a value is a number 0 that zeros stand for.
bool is_plain_zero(const Var& value) {
  if (!VarAccess::is_scalar(value)) return false;
  const double number = VarAccess::scalar_as(value, DType::Float64).real;
  return number == 0.0 && !std::signbit(number);
}

Var padded_with_zeros(const Var& x, const std::vector<Width>& widths) {
  Shape shape = x.shape();
  std::vector<std::int64_t> starts_and_steps;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    shape[axis] += widths[axis].before + widths[axis].after;
    starts_and_steps.push_back(x.shape()[axis] == 0 ? 0 : static_cast<std::int64_t>(widths[axis].before));
    starts_and_steps.push_back(1);
  }
  return shape == x.shape() ? x : detail::embed(x, shape, starts_and_steps);
}

}  // namespace

Var pad(const Var& x, const PadWidths& widths, Padding padding, const Var& value) {
  detail::require_usable(x, "pad");
  detail::require_usable(value, "pad");
  const std::vector<Width> all = widths_of(x, widths);
  Var result = x;
  if (padding == Padding::Constant) {
    if (value.dimension() != 0) {
      throw ShapeError("pad: the value is " + to_string(value.shape()) + "; it must be a single number");
    }
    const DType dtype = detail::common_dtype(std::array<const Var*, 2>{&x, &value});
    result = cast(x, dtype);
    if (is_plain_zero(value)) return padded_with_zeros(result, all);
  }
  for (std::size_t axis = 0; axis < all.size(); ++axis) {
    if (all[axis].before + all[axis].after == 0) continue;
    result = padding == Padding::Constant ? padded_with_value(result, axis, all[axis], cast(value, result.dtype()))
                                          : padded_with_elements(result, axis, all[axis], padding);
  }
  return result;
}

}  // namespace xgrad
