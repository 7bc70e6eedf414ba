#include <xgrad/ops/manipulate.hpp>

#include <array>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>

#include "axes.hpp"
#include "core/text.hpp"
#include "internal.hpp"

namespace xgrad {
namespace {

using namespace primitives;

/// Where a new axis goes, counted from the front.
std::size_t new_axis(std::string_view operation, std::ptrdiff_t axis, const Shape& shape) {
  const auto rank = static_cast<std::ptrdiff_t>(shape.size());
  if (axis < -rank - 1 || axis > rank) {
    throw ShapeError(std::string(operation) + ": the new axis " + std::to_string(axis) +
                     " is out of range for the shape " + to_string(shape));
  }
  detail::require_rank(operation, shape.size() + 1);
  return static_cast<std::size_t>(axis < 0 ? axis + rank + 1 : axis);
}

Strides signed_extents(const Shape& shape) { return {shape.begin(), shape.end()}; }

/// Casts all to their common element type.
std::vector<Var> promoted(std::string_view operation, std::span<const Var> parts) {
  if (parts.empty()) throw ValueError(std::string(operation) + ": there is nothing to join");
  std::vector<const Var*> pointers;
  for (const Var& part : parts) {
    detail::require_usable(part, operation);
    pointers.push_back(&part);
  }
  detail::require_one_tape(operation, pointers);
  const DType dtype = detail::common_dtype(pointers);
  std::vector<Var> result;
  for (const Var& part : parts) result.push_back(cast(part, dtype));
  return result;
}

}  // namespace

Var reshape(const Var& x, const Strides& shape) {
  detail::require_usable(x, Reshape::name);
  const std::size_t size = x.size();
  const auto refuse = [&](std::string_view requirement) {
    std::string wanted;
    for (const std::ptrdiff_t extent : shape) wanted += (wanted.empty() ? "" : ", ") + std::to_string(extent);
    throw ShapeError("reshape: " + to_string(x.shape()) + " does not become [" + wanted + "]; " +
                     std::string(requirement));
  };
  Shape target;
  std::size_t known = 1;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < -1 || (shape[i] == -1 && open)) refuse("extents are not negative, but for one -1");
    if (shape[i] == -1) {
      open = i;
      target.push_back(1);
    } else {
      target.push_back(static_cast<std::size_t>(shape[i]));
      known *= target.back();
    }
  }
  if (open) {
    if (known == 0 || size % known != 0) refuse("the extent -1 cannot be computed");
    target[*open] = size / known;
  }
  require_addressable(target);
  if (size_of(target) != size) refuse("the number of elements must stay the same");
  if (target == x.shape()) return x;
  return detail::record<Reshape>(x.dtype(), target, {&x});
}

Var roll(const Var& x, std::ptrdiff_t shift, std::ptrdiff_t axis) {
  const std::size_t along = detail::normalize_axis(Roll::name, axis, x);
  const auto extent = static_cast<std::ptrdiff_t>(x.shape()[along]);
  const std::ptrdiff_t forward = extent == 0 ? 0 : (shift % extent + extent) % extent;
  if (forward == 0) return x;
  const std::array<std::int64_t, 2> attributes{static_cast<std::int64_t>(along), forward};
  return detail::record<Roll>(x.dtype(), x.shape(), {&x}, attributes);
}

Var roll(const Var& x, std::ptrdiff_t shift) {
  detail::require_usable(x, Roll::name);
  return reshape(roll(flatten(x), shift, 0), Strides(x.shape()));
}

Var flatten(const Var& x) {
  detail::require_usable(x, "flatten");
  return reshape(x, {static_cast<std::ptrdiff_t>(x.size())});
}

Var transpose(const Var& x) {
  detail::require_usable(x, Transpose::name);
  Shape order;
  for (std::size_t i = x.dimension(); i > 0; --i) order.push_back(i - 1);
  return transpose(x, Axes(order));
}

Var transpose(const Var& x, const Axes& permutation) {
  if (permutation.all()) return transpose(x);
  const Shape axes = detail::normalize_axes("transpose", permutation, x);
  const Shape& shape = x.shape();
  if (axes.size() != shape.size()) {
    throw ShapeError("transpose: the permutation has " + core::count_of(axes.size(), "axis", "axes") + ", the shape " +
                     to_string(shape) + " has " + std::to_string(shape.size()));
  }
  Shape result;
  Dimensions<std::int64_t> order;
  bool moved = false;
  for (const std::ptrdiff_t axis : permutation.values()) {
    const std::size_t from = detail::normalize_axis("transpose", axis, shape);
    moved = moved || from != result.size();
    order.push_back(static_cast<std::int64_t>(from));
    result.push_back(shape[from]);
  }
  return moved ? detail::record<Transpose>(x.dtype(), result, {&x}, order) : x;
}

Var expand_dims(const Var& x, std::ptrdiff_t axis) {
  detail::require_usable(x, "expand_dims");
  Strides shape = signed_extents(x.shape());
  shape.insert(new_axis("expand_dims", axis, x.shape()), 1);
  return reshape(x, shape);
}

Var squeeze(const Var& x, const Axes& axes) {
  detail::require_usable(x, "squeeze");
  const Shape& shape = x.shape();
  Shape gone;
  if (axes.all()) {
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] == 1) gone.push_back(i);
    }
  } else {
    gone = detail::normalize_axes("squeeze", axes, x);
    for (const std::size_t axis : gone) {
      if (shape[axis] != 1) {
        throw ShapeError("squeeze: axis " + std::to_string(axis) + " of the shape " + to_string(shape) +
                         " has not the extent 1");
      }
    }
  }
  return reshape(x, signed_extents(detail::without_axes(shape, gone)));
}

bool detail::broadcasts_to(const Shape& from, const Shape& to) {
  bool fits = from.size() <= to.size();
  for (std::size_t i = 1; fits && i <= from.size(); ++i) {
    const std::size_t extent = from[from.size() - i];
    fits = extent == 1 || extent == to[to.size() - i];
  }
  return fits;
}

Var broadcast_to(const Var& x, const Shape& shape) { return detail::broadcast_to("broadcast_to", x, shape); }

Var detail::broadcast_to(std::string_view operation, const Var& x, const Shape& shape) {
  require_usable(x, operation);
  const Shape& source = x.shape();
  if (!broadcasts_to(source, shape)) {
    throw ShapeError(std::string(operation) + ": " + to_string(source) + " does not broadcast to " + to_string(shape) +
                     "; only extents of 1 and new leading axes can grow");
  }
  Strides padded(shape.size() - source.size(), 1);
  for (const std::size_t extent : source) padded.push_back(static_cast<std::ptrdiff_t>(extent));
  return detail::expand_to(reshape(x, padded), shape);
}

Var concatenate(std::span<const Var> parts, std::ptrdiff_t axis) {
  return detail::concatenate_named("concatenate", parts, axis);
}

Var detail::concatenate_named(std::string_view operation, std::span<const Var> parts, std::ptrdiff_t axis) {
  const std::vector<Var> same = promoted(operation, parts);
  Shape shape = same[0].shape();
  const std::size_t along = normalize_axis(operation, axis, shape);
  std::vector<const Var*> pointers;
  shape[along] = 0;
  for (const Var& part : same) {
    Shape expected = shape;
    if (part.dimension() == shape.size()) expected[along] = part.shape()[along];
    if (part.shape() != expected) {
      throw ShapeError(std::string(operation) + ": " + to_string(same[0].shape()) + " and " + to_string(part.shape()) +
                       " do not join along axis " + std::to_string(along) + "; all other extents must be equal");
    }
    if (shape[along] > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) - expected[along]) {
      throw ShapeError(std::string(operation) + ": the joined extent of axis " + std::to_string(along) +
                       " does not fit a number; " + to_string(part.shape()) + " would come after " +
                       std::to_string(shape[along]));
    }
    shape[along] += expected[along];
    pointers.push_back(&part);
  }
  if (same.size() == 1) return same[0];
  const std::array attributes{static_cast<std::int64_t>(along)};
  return record(primitives::opcode<Concatenate>, same[0].dtype(), shape, pointers, attributes);
}

Var concatenate(std::initializer_list<Var> parts, std::ptrdiff_t axis) {
  return concatenate(std::span<const Var>(parts.begin(), parts.size()), axis);
}

Var stack(std::span<const Var> parts, std::ptrdiff_t axis) {
  std::vector<Var> grown;
  const std::vector<Var> same = promoted("stack", parts);
  const auto along = static_cast<std::ptrdiff_t>(new_axis("stack", axis, same[0].shape()));
  for (const Var& part : same) {
    if (part.shape() != parts[0].shape()) {
      throw ShapeError("stack: " + to_string(parts[0].shape()) + " and " + to_string(part.shape()) +
                       " do not stack; all shapes must be equal");
    }
    grown.push_back(expand_dims(part, along));
  }
  return concatenate(grown, along);
}

Var stack(std::initializer_list<Var> parts, std::ptrdiff_t axis) {
  return stack(std::span<const Var>(parts.begin(), parts.size()), axis);
}

namespace detail {

Var expand_to(const Var& x, const Shape& shape) {
  return x.shape() == shape ? x : record<Broadcast>(x.dtype(), shape, {&x});
}

Var matrix_transpose(const Var& x) {
  Shape order;
  for (std::size_t i = 0; i < x.dimension(); ++i) order.push_back(i);
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return transpose(x, Axes(order));
}

Var slice(const Var& x, const Shape& shape, std::span<const std::int64_t> starts_and_steps) {
  return record<primitives::Slice>(x.dtype(), shape, {&x}, starts_and_steps);
}

Var embed(const Var& x, const Shape& shape, std::span<const std::int64_t> starts_and_steps) {
  return record<Embed>(x.dtype(), shape, {&x}, starts_and_steps);
}

std::size_t sliced_extent(const Var& x, std::size_t axis) {
  require_usable(x, "view");
  return axis < x.dimension() ? x.shape()[axis] : 0;
}

void throw_bad_drop(std::size_t extent) {
  throw ValueError("view: drop() names an index twice or one that is out of range for an axis of extent " +
                   std::to_string(extent));
}

namespace {

std::int64_t checked_index(std::int64_t index, std::size_t axis, const Shape& shape) {
  const auto extent = static_cast<std::int64_t>(shape[axis]);
  if (index < -extent || index >= extent) {
    throw ValueError("view: index " + std::to_string(index) + " is out of range for axis " + std::to_string(axis) +
                     " of the shape " + to_string(shape));
  }
  return index < 0 ? index + extent : index;
}

/// The slices with the ellipsis written out and whole axes at the end.
std::vector<Slice> completed(const Shape& shape, std::span<const Slice> slices) {
  std::size_t acting = 0;
  bool dots = false;
  for (const Slice& each : slices) {
    acting += each.kind != Slice::Kind::NewAxis && each.kind != Slice::Kind::Ellipsis ? 1U : 0U;
    dots = dots || each.kind == Slice::Kind::Ellipsis;
  }
  if (acting > shape.size()) {
    throw ShapeError("view: " + core::count_of(acting, "slice", "slices") + " for the shape " + to_string(shape) +
                     ", which has " + core::count_of(shape.size(), "axis", "axes"));
  }
  std::vector<Slice> result;
  std::size_t axis = 0;
  const auto add_whole = [&] {
    result.push_back({.kind = Slice::Kind::Range, .count = static_cast<std::int64_t>(shape[axis])});
    ++axis;
  };
  for (const Slice& each : slices) {
    if (each.kind == Slice::Kind::Ellipsis) {
      for (std::size_t i = acting; i < shape.size(); ++i) add_whole();
    } else {
      result.push_back(each);
      axis += each.kind == Slice::Kind::NewAxis ? 0U : 1U;
    }
  }
  while (axis < shape.size()) add_whole();
  return result;
}

}  // namespace

Var view(const Var& x, std::span<const Slice> slices) {
  require_usable(x, "view");
  const Shape shape = x.shape();
  Shape part;
  Strides result;
  std::vector<std::int64_t> starts_and_steps;
  std::vector<std::pair<std::ptrdiff_t, const std::vector<std::int64_t>*>> gathers;
  bool whole = true;
  const std::vector<Slice> all = completed(shape, slices);
  require_rank("view", static_cast<std::size_t>(std::ranges::count_if(
                           all, [](const Slice& each) { return each.kind != Slice::Kind::Index; })));
  for (const Slice& each : all) {
    if (each.kind == Slice::Kind::NewAxis) {
      result.push_back(1);
      continue;
    }
    const std::size_t axis = part.size();
    const auto extent = static_cast<std::int64_t>(shape[axis]);
    std::int64_t start = 0;
    std::int64_t step = 1;
    std::int64_t count = extent;
    if (each.kind == Slice::Kind::Index) {
      start = checked_index(each.start, axis, shape);
      count = 1;
    } else if (each.kind == Slice::Kind::Range) {
      count = std::max<std::int64_t>(each.count, 0);
      start = count > 0 ? checked_index(each.start, axis, shape) : 0;
      step = count > 1 ? each.step : 1;
      if (count > 1) checked_index(start + (count - 1) * step, axis, shape);
    } else {
      for (const std::int64_t index : each.indices) checked_index(index, axis, shape);
      gathers.emplace_back(static_cast<std::ptrdiff_t>(axis), &each.indices);
    }
    whole = whole && count == extent && step == 1;
    part.push_back(static_cast<std::size_t>(count));
    starts_and_steps.push_back(start);
    starts_and_steps.push_back(step);
    if (each.kind == Slice::Kind::Indices) {
      result.push_back(static_cast<std::ptrdiff_t>(each.indices.size()));
    } else if (each.kind == Slice::Kind::Range) {
      result.push_back(count);
    }
  }
  Var sliced = whole ? x : slice(x, part, starts_and_steps);
  for (const auto& [axis, indices] : gathers) {
    auto values = Array<std::int64_t>::from_shape(Shape{indices->size()});
    std::copy(indices->begin(), indices->end(), values.data());
    sliced = take(sliced, Var(std::move(values)), axis);
  }
  return reshape(sliced, result);
}

}  // namespace detail
}  // namespace xgrad
