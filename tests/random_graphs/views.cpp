// Random programs: views, and views of views.
#include <numeric>

#include "builder.hpp"

namespace random_graphs {
namespace {

using InstructionId = Builder::InstructionId;
using A = Arguments;
using xgrad::Axes;
using xgrad::Strides;

InstructionId any_viewable(Builder& b) {
  if (b.random.chance(0.1)) return b.any();
  return b.any_with_axes();
}

void add_slice(Builder& b, InstructionId x) {
  using xgrad::detail::Slice;
  std::vector<Slice> slices;
  std::string text = "view";
  std::size_t new_axes = 0;
  for (const std::size_t size : b.shape(x)) {
    const auto extent = static_cast<std::int64_t>(size);
    Slice slice{.kind = Slice::Kind::Range, .start = 0, .step = 1, .count = extent};
    if (extent > 0 && b.random.chance(0.15)) {
      slice = {.kind = Slice::Kind::Index, .start = b.random.between(-extent, extent - 1)};
    } else if (extent > 0 && b.random.chance(0.7)) {
      const bool down = b.random.chance(0.4);
      const std::int64_t skipped = b.random.between(0, b.random.chance(0.6) ? (extent - 1) / 2 : extent - 1);
      slice.start = down ? extent - 1 - skipped : skipped;
      const std::int64_t room_above = extent - 1 - slice.start;
      slice.step = b.random.between(1, 3) * (down ? -1 : 1);
      const std::int64_t most = (down ? slice.start : room_above) / std::abs(slice.step) + 1;
      slice.count = b.random.chance(0.6) ? most : b.random.between(b.random.chance(0.1) ? 0 : 1, most);
    }
    if (b.random.chance(0.05) && b.rank(x) + new_axes < xgrad::max_dimension) {
      slices.push_back({.kind = Slice::Kind::NewAxis});
      ++new_axes;
    }
    slices.push_back(slice);
    text += slice.kind == Slice::Kind::Index
                ? " [" + std::to_string(slice.start) + "]"
                : " [" + std::to_string(slice.start) + " step " + std::to_string(slice.step) + " count " +
                      std::to_string(slice.count) + "]";
  }
  b.add(text, {x}, b.magnitude(x), [slices](const A& a) { return xgrad::detail::view(a[0], slices); });
}

/// Another shape with the same number of elements.
Strides another_shape(Builder& b, const Shape& shape) {
  std::size_t left = size_of(shape);
  Strides result;
  if (left == 0) return Strides(shape);
  while (result.size() < 3 && left > 1) {
    std::vector<std::size_t> divisors;
    for (std::size_t d = 2; d <= left && d < 2000; ++d) {
      if (left % d == 0) divisors.push_back(d);
    }
    if (divisors.empty() || b.random.chance(0.2)) break;
    const std::size_t chosen = b.random.one_of(divisors);
    result.push_back(static_cast<std::ptrdiff_t>(chosen));
    left /= chosen;
  }
  if (left > 1 || result.empty()) result.push_back(static_cast<std::ptrdiff_t>(left));
  if (b.random.chance(0.15)) result.insert(b.random.below(result.size()), 1);
  return result;
}

void add_broadcast(Builder& b, InstructionId x) {
  Shape shape = b.shape(x);
  static const std::vector<std::size_t> extents{2, 3, 7, 17};
  for (std::size_t& extent : shape) {
    if (extent == 1) extent = b.random.one_of(extents);
  }
  if (shape.size() < 4 && b.random.chance(0.6)) shape.insert(0, b.random.one_of(extents));
  if (size_of(shape) > b.size_limit) return;
  b.add("broadcast_to " + to_string(shape), {x}, b.magnitude(x),
        [shape](const A& a) { return broadcast_to(a[0], shape); });
}

void add_transpose(Builder& b, InstructionId x) {
  if (b.random.chance(0.4)) {
    b.add("transpose", {x}, b.magnitude(x), [](const A& a) { return transpose(a[0]); });
    return;
  }
  Strides order(b.rank(x), 0);
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[b.random.below(i)]);
  b.add("transpose " + listed(order), {x}, b.magnitude(x),
        [order](const A& a) { return transpose(a[0], Axes(order)); });
}

void add_top_k(Builder& b, InstructionId x) {
  if (b.rank(x) == 0) return;
  const std::ptrdiff_t axis = b.random.between(0, static_cast<std::ptrdiff_t>(b.rank(x)) - 1);
  const std::size_t extent = b.shape(x)[static_cast<std::size_t>(axis)];
  const std::size_t k = b.random.below(std::min<std::size_t>(extent, 5) + 1);
  const auto order = b.random.chance(0.5) ? xgrad::Order::Ascending : xgrad::Order::Descending;
  const bool places = b.random.chance(0.2);
  const double magnitude = places ? static_cast<double>(extent) : b.magnitude(x);
  b.add("top_k " + std::to_string(k) + " axis " + std::to_string(axis) + (places ? " places" : ""), {x}, magnitude,
        [=](const A& a) {
          const auto [first, second] = xgrad::top_k(a[0], k, axis, order);
          return places ? second : first;
        });
}

void add_one_view(Builder& b, InstructionId x) {
  const double m = b.magnitude(x);
  switch (b.random.below(12)) {
    case 0:
    case 1:
      return add_transpose(b, x);
    case 2:
    case 3:
    case 4:
      return add_slice(b, x);
    case 5: {
      const Strides shape = another_shape(b, b.shape(x));
      b.add("reshape " + listed(shape), {x}, m, [shape](const A& a) { return reshape(a[0], shape); });
      return;
    }
    case 6:
      if (b.rank(x) < 4) {
        const std::ptrdiff_t axis = b.random.between(0, static_cast<std::ptrdiff_t>(b.rank(x)));
        b.add("expand_dims " + std::to_string(axis), {x}, m, [axis](const A& a) { return expand_dims(a[0], axis); });
      }
      return;
    case 7:
      b.add("squeeze", {x}, m, [](const A& a) { return squeeze(a[0]); });
      return;
    case 8:
      b.add("flatten", {x}, m, [](const A& a) { return flatten(a[0]); });
      return;
    case 9: {
      if (b.rank(x) == 0) return;
      const std::ptrdiff_t axis = b.random.between(0, static_cast<std::ptrdiff_t>(b.rank(x)) - 1);
      const std::ptrdiff_t shift = b.random.between(-5, 5);
      b.add("roll " + std::to_string(shift) + " axis " + std::to_string(axis), {x}, m,
            [=](const A& a) { return roll(a[0], shift, axis); });
      return;
    }
    case 10:
      return add_top_k(b, x);
    default:
      return add_broadcast(b, x);
  }
}

}  // namespace

/// Views of views are where strides and offsets go wrong.
void add_view(Builder& b) {
  add_one_view(b, any_viewable(b));
  while (b.random.chance(0.5)) {
    const InstructionId last = b.length() - 1;
    add_one_view(b, last);
  }
}

}  // namespace random_graphs
