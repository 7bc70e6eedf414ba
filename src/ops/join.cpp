#include <xgrad/ops/join.hpp>

#include <algorithm>
#include <numeric>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/rearrange.hpp>

#include "axes.hpp"
#include "core/text.hpp"
#include "internal.hpp"

namespace xgrad {
namespace {

std::span<const Var> span_of(std::initializer_list<Var> parts) { return {parts.begin(), parts.size()}; }

// ---- parts

/// Where parts begin, and where the last one ends.
std::vector<std::size_t> bounds_of_equal(std::size_t extent, std::size_t count) {
  std::vector<std::size_t> bounds{0};
  for (std::size_t i = 0; i < count; ++i)
    bounds.push_back(bounds.back() + extent / count + (i < extent % count ? 1 : 0));
  return bounds;
}

std::vector<Var> parts_of(std::string_view operation, const Var& x, const OneOrMany& where, std::size_t axis,
                          bool may_differ) {
  const std::size_t extent = x.shape()[axis];
  const std::string place = " of axis " + std::to_string(axis) + " of the shape " + to_string(x.shape());
  std::vector<Var> parts;
  if (where.is_one()) {
    if (where.one() <= 0) {
      throw ValueError(std::string(operation) + ": " + std::to_string(where.one()) + " parts" + place +
                       "; there must be at least one");
    }
    const auto count = static_cast<std::size_t>(where.one());
    if (!may_differ && extent % count != 0) {
      throw ValueError(std::string(operation) + ": " + std::to_string(count) + " parts" + place +
                       " are not equal; array_split allows that");
    }
    const std::vector<std::size_t> bounds = bounds_of_equal(extent, count);
    for (std::size_t i = 0; i < count; ++i)
      parts.push_back(detail::slice_along(x, axis, bounds[i], bounds[i + 1] - bounds[i]));
    return parts;
  }
  const auto bound = [&](std::ptrdiff_t number) {
    const auto most = static_cast<std::ptrdiff_t>(extent);
    return static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(number < 0 ? number + most : number, 0, most));
  };
  std::size_t start = 0;
  for (std::size_t i = 0; i <= where.many().size(); ++i) {
    const std::size_t end = i < where.many().size() ? bound(where.many()[i]) : extent;
    parts.push_back(detail::slice_along(x, axis, start, std::max(start, end) - start));
    start = end;
  }
  return parts;
}

/// The axis that a function of a fixed axis works on.
std::size_t axis_at_least(std::string_view operation, const Var& x, std::size_t axis) {
  detail::require_usable(x, operation);
  if (x.dimension() > axis) return axis;
  throw ShapeError(std::string(operation) + ": the shape " + to_string(x.shape()) + " has no axis " +
                   std::to_string(axis));
}

// ---- joining

template <class F>
Var joined(std::string_view operation, std::span<const Var> parts, F prepared, std::ptrdiff_t axis) {
  if (parts.empty()) throw ValueError(std::string(operation) + ": there is nothing to join");
  std::vector<Var> all;
  for (const Var& part : parts) {
    detail::require_usable(part, operation);
    all.push_back(prepared(part));
  }
  return detail::concatenate_named(operation, all, axis);
}

Var with_leading_axes(const Var& x, std::size_t rank) {
  Strides shape;
  for (std::size_t i = x.dimension(); i < rank; ++i) shape.push_back(1);
  for (const std::size_t extent : x.shape()) shape.push_back(static_cast<std::ptrdiff_t>(extent));
  return reshape(x, shape);
}

// ---- places

std::size_t place_in(std::string_view operation, std::ptrdiff_t place, std::size_t axis, const Shape& shape,
                     std::size_t places) {
  const auto extent = static_cast<std::ptrdiff_t>(shape[axis]);
  if (place < -extent || place >= static_cast<std::ptrdiff_t>(places)) {
    throw ValueError(std::string(operation) + ": place " + std::to_string(place) + " is out of range for axis " +
                     std::to_string(axis) + " of the shape " + to_string(shape));
  }
  return static_cast<std::size_t>(place < 0 ? place + extent : place);
}

Var slices_at(const Var& x, const std::vector<std::int64_t>& places, std::size_t axis) {
  return take(x, Var(places), static_cast<std::ptrdiff_t>(axis));
}

/// What insert puts in, as a part of the result.
Var inserted(const Var& x, const Var& values, std::size_t axis, std::size_t count) {
  Shape shape = x.shape();
  shape[axis] = count;
  return detail::broadcast_to("insert", values, shape);
}

Var inserted_at_places(const Var& x, const std::vector<std::size_t>& places, const Var& values, std::size_t axis) {
  std::vector<std::size_t> order(places.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t k) { return places[k]; });
  const std::size_t extent = x.shape()[axis];
  std::vector<std::int64_t> sources;  // in x, and behind it in the values
  std::size_t next = 0;
  for (std::size_t i = 0; i <= extent; ++i) {
    for (; next < order.size() && places[order[next]] == i; ++next)
      sources.push_back(static_cast<std::int64_t>(extent + order[next]));
    if (i < extent) sources.push_back(static_cast<std::int64_t>(i));
  }
  return slices_at(concatenate({x, values}, static_cast<std::ptrdiff_t>(axis)), sources, axis);
}

// ---- repetition

/// Along one axis, each of n slices `inner` times and all of them `outer` times.
Var repeated_along(const Var& x, std::size_t axis, std::size_t each, std::size_t all) {
  Shape shape = x.shape();
  std::size_t before = 1;
  std::size_t behind = 1;
  for (std::size_t i = 0; i < axis; ++i) before *= shape[i];
  for (std::size_t i = axis + 1; i < shape.size(); ++i) behind *= shape[i];
  const auto n = [](std::size_t extent) { return static_cast<std::ptrdiff_t>(extent); };
  const Var apart = reshape(x, {n(before), 1, n(shape[axis]), 1, n(behind)});
  const Var repeated = broadcast_to(apart, {before, all, shape[axis], each, behind});
  shape[axis] *= each * all;
  return reshape(repeated, Strides(shape));
}

std::size_t count_of_repetitions(std::string_view operation, std::int64_t count) {
  if (count < 0) {
    throw ValueError(std::string(operation) + ": " + std::to_string(count) +
                     " repetitions; the number must not be negative");
  }
  return static_cast<std::size_t>(count);
}

/// \throws ShapeError  if an axis would become too long.
void require_repeatable(const Shape& shape, std::size_t axis, std::size_t times) {
  require_addressable({std::max(size_of(shape), shape[axis]), times});
}

}  // namespace

std::vector<Var> split(const Var& x, const OneOrMany& where, std::ptrdiff_t axis) {
  return parts_of("split", x, where, detail::normalize_axis("split", axis, x), false);
}

std::vector<Var> array_split(const Var& x, const OneOrMany& where, std::ptrdiff_t axis) {
  return parts_of("array_split", x, where, detail::normalize_axis("array_split", axis, x), true);
}

std::vector<Var> hsplit(const Var& x, const OneOrMany& where) {
  detail::require_usable(x, "hsplit");
  return parts_of("hsplit", x, where, axis_at_least("hsplit", x, x.dimension() == 1 ? 0 : 1), false);
}

std::vector<Var> vsplit(const Var& x, const OneOrMany& where) {
  (void)axis_at_least("vsplit", x, 1);
  return parts_of("vsplit", x, where, 0, false);
}

std::vector<Var> dsplit(const Var& x, const OneOrMany& where) {
  return parts_of("dsplit", x, where, axis_at_least("dsplit", x, 2), false);
}

std::vector<Var> unstack(const Var& x, std::ptrdiff_t axis) {
  const std::size_t along = detail::normalize_axis("unstack", axis, x);
  std::vector<Var> slices;
  for (std::size_t i = 0; i < x.shape()[along]; ++i)
    slices.push_back(squeeze(detail::slice_along(x, along, i, 1), static_cast<std::ptrdiff_t>(along)));
  return slices;
}

Var hstack(std::span<const Var> parts) {
  if (!parts.empty()) detail::require_usable(parts[0], "hstack");
  const bool vectors = !parts.empty() && parts[0].dimension() < 2;
  return joined("hstack", parts, atleast_1d, vectors ? 0 : 1);
}
Var hstack(std::initializer_list<Var> parts) { return hstack(span_of(parts)); }

Var vstack(std::span<const Var> parts) { return joined("vstack", parts, atleast_2d, 0); }
Var vstack(std::initializer_list<Var> parts) { return vstack(span_of(parts)); }

Var dstack(std::span<const Var> parts) { return joined("dstack", parts, atleast_3d, 2); }
Var dstack(std::initializer_list<Var> parts) { return dstack(span_of(parts)); }

Var column_stack(std::span<const Var> parts) {
  const auto column = [](const Var& x) { return x.dimension() < 2 ? expand_dims(atleast_1d(x), 1) : x; };
  return joined("column_stack", parts, column, 1);
}
Var column_stack(std::initializer_list<Var> parts) { return column_stack(span_of(parts)); }

Var block(std::span<const std::vector<Var>> rows) {
  std::size_t rank = 2;
  for (const std::vector<Var>& row : rows) {
    for (const Var& each : row) {
      detail::require_usable(each, "block");
      rank = std::max(rank, each.dimension());
    }
  }
  const auto prepared = [&](const Var& x) { return with_leading_axes(x, rank); };
  std::vector<Var> joined_rows;
  for (const std::vector<Var>& row : rows) joined_rows.push_back(joined("block", row, prepared, -1));
  return joined(
      "block", joined_rows, [](const Var& x) { return x; }, -2);
}

Var block(std::initializer_list<std::initializer_list<Var>> rows) {
  const std::vector<std::vector<Var>> copied(rows.begin(), rows.end());
  return block(copied);
}

Var append(const Var& x, const Var& values) {
  detail::require_usable(x, "append");
  detail::require_usable(values, "append");
  return append(flatten(x), flatten(values), 0);
}

Var append(const Var& x, const Var& values, std::ptrdiff_t axis) {
  return detail::concatenate_named("append", std::array{x, values}, axis);
}

Var insert(const Var& x, const OneOrMany& places, const Var& values, std::ptrdiff_t axis) {
  const std::size_t along = detail::normalize_axis("insert", axis, x);
  detail::require_usable(values, "insert");
  detail::require_one_tape("insert", std::array{&x, &values});
  const std::size_t extent = x.shape()[along];
  if (!places.is_one()) {
    std::vector<std::size_t> all;
    for (const std::ptrdiff_t place : places.many())
      all.push_back(place_in("insert", place, along, x.shape(), extent + 1));
    return inserted_at_places(x, all, inserted(x, values, along, all.size()), along);
  }
  const std::size_t place = place_in("insert", places.one(), along, x.shape(), extent + 1);
  const Var wide = with_leading_axes(values, x.dimension());
  const Var turned = moveaxis(wide, 0, static_cast<std::ptrdiff_t>(along));
  const Var between = inserted(x, turned, along, turned.shape()[along]);
  return concatenate(
      {detail::slice_along(x, along, 0, place), between, detail::slice_along(x, along, place, extent - place)},
      static_cast<std::ptrdiff_t>(along));
}

Var delete_(const Var& x, const OneOrMany& places, std::ptrdiff_t axis) {
  const std::size_t along = detail::normalize_axis("delete_", axis, x);
  const std::size_t extent = x.shape()[along];
  std::vector<bool> gone(extent, false);
  for (const std::ptrdiff_t place : places.many()) gone[place_in("delete_", place, along, x.shape(), extent)] = true;
  std::vector<std::int64_t> kept;
  for (std::size_t i = 0; i < extent; ++i) {
    if (!gone[i]) kept.push_back(static_cast<std::int64_t>(i));
  }
  return kept.size() == extent ? x : slices_at(x, kept, along);
}

Var tile(const Var& x, const OneOrMany& times) {
  detail::require_usable(x, "tile");
  const std::vector<std::ptrdiff_t>& numbers = times.many();
  detail::require_rank("tile", numbers.size());
  Var result = with_leading_axes(x, numbers.size());
  for (std::size_t i = numbers.size(); i > 0; --i) {  // short axes first: what is copied is smaller
    const std::size_t axis = result.dimension() - numbers.size() + i - 1;
    const std::size_t count = count_of_repetitions("tile", numbers[i - 1]);
    require_repeatable(result.shape(), axis, count);
    if (count != 1) result = repeated_along(result, axis, 1, count);
  }
  return result;
}

Var repeat(const Var& x, const Var& counts, std::ptrdiff_t axis) {
  const std::size_t along = detail::normalize_axis("repeat", axis, x);
  detail::require_usable(counts, "repeat");
  const std::size_t extent = x.shape()[along];
  if (counts.dtype() != DType::Int64) {
    throw TypeError("repeat: the numbers of repetitions are " + std::string(name(counts.dtype())) +
                    "; they must be integers");
  }
  if (counts.dimension() > 1 || (counts.size() != 1 && counts.size() != extent)) {
    throw ShapeError("repeat: " + to_string(counts.shape()) + " numbers of repetitions for axis " +
                     std::to_string(along) + " of " + to_string(x.shape()) + "; there must be one or one for each");
  }
  if (counts.size() == 1) {
    const std::size_t each = count_of_repetitions("repeat", counts.item<std::int64_t>());
    require_repeatable(x.shape(), along, each);
    return each == 1 ? x : repeated_along(x, along, each, 1);
  }
  std::vector<std::int64_t> sources;
  for (std::size_t i = 0; i < extent; ++i) {
    const std::size_t each = count_of_repetitions("repeat", counts.array<std::int64_t>().data()[i]);
    require_addressable({sources.size() + 1, each});
    sources.insert(sources.end(), each, static_cast<std::int64_t>(i));
  }
  return slices_at(x, sources, along);
}

Var repeat(const Var& x, const Var& counts) {
  detail::require_usable(x, "repeat");
  return repeat(flatten(x), counts, 0);
}

}  // namespace xgrad
