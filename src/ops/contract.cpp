#include <xgrad/ops/contract.hpp>

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/rearrange.hpp>

#include "axes.hpp"
#include "contraction.hpp"
#include "core/text.hpp"
#include "internal.hpp"

namespace xgrad {
namespace {

using detail::Factor;
using detail::IndexList;

[[noreturn]] void refuse_pair(std::string_view operation, const Var& a, const Var& b, const std::string& requirement) {
  throw ShapeError(std::string(operation) + ": the shapes " + to_string(a.shape()) + " and " + to_string(b.shape()) +
                   " do not fit; " + requirement);
}

/// Axes from the front, in the order in which they are named.
Shape named_axes(std::string_view operation, const Axes& axes, const Var& x) {
  const Shape sorted = detail::normalize_axes(operation, axes, x);
  if (axes.all()) return sorted;
  Shape result;
  for (const std::ptrdiff_t axis : axes.values()) {
    result.push_back(detail::normalize_axis(operation, axis, x.shape()));
  }
  return result;
}

/// The sum over pairs of axes; others of a, then those of b.
Var sum_over(std::string_view operation, const Var& a, const Var& b, const Shape& axes_of_a, const Shape& axes_of_b) {
  IndexList of_a(a.dimension());
  std::iota(of_a.begin(), of_a.end(), std::uint8_t{0});
  std::vector<std::size_t> extents(a.shape().begin(), a.shape().end());
  IndexList of_b(b.dimension());
  IndexList result;
  for (const std::uint8_t index : of_a) {
    if (std::find(axes_of_a.begin(), axes_of_a.end(), index) == axes_of_a.end()) result.push_back(index);
  }
  for (std::size_t axis = 0; axis < b.dimension(); ++axis) {
    const auto pair = static_cast<std::size_t>(std::find(axes_of_b.begin(), axes_of_b.end(), axis) - axes_of_b.begin());
    if (pair == axes_of_b.size()) {
      of_b[axis] = static_cast<std::uint8_t>(extents.size());
      extents.push_back(b.shape()[axis]);
      result.push_back(of_b[axis]);
      continue;
    }
    const std::size_t partner = axes_of_a[pair];
    if (a.shape()[partner] != b.shape()[axis]) {
      refuse_pair(operation, a, b,
                  "axis " + std::to_string(partner) + " of the first and axis " + std::to_string(axis) +
                      " of the second must have equal extents");
    }
    of_b[axis] = static_cast<std::uint8_t>(partner);
  }
  return detail::contract(operation, {{a, of_a}, {b, of_b}}, result, extents);
}

void require_pair(std::string_view operation, const Var& a, const Var& b) {
  detail::require_usable(a, operation);
  detail::require_usable(b, operation);
  detail::require_one_tape(operation, std::array{&a, &b});
}

}  // namespace

Var tensordot(const Var& a, const Var& b, std::ptrdiff_t axes) {
  require_pair("tensordot", a, b);
  const auto fewest = static_cast<std::ptrdiff_t>(std::min(a.dimension(), b.dimension()));
  if (axes < 0 || axes > fewest) {
    refuse_pair("tensordot", a, b,
                "the number of axes to sum over is " + std::to_string(axes) + ", and must be from 0 to " +
                    std::to_string(fewest));
  }
  const auto count = static_cast<std::size_t>(axes);
  Shape last;
  Shape first;
  for (std::size_t i = 0; i < count; ++i) {
    last.push_back(a.dimension() - count + i);
    first.push_back(i);
  }
  return sum_over("tensordot", a, b, last, first);
}

Var tensordot(const Var& a, const Var& b, const Axes& axes_of_a, const Axes& axes_of_b) {
  require_pair("tensordot", a, b);
  const Shape first = named_axes("tensordot", axes_of_a, a);
  const Shape second = named_axes("tensordot", axes_of_b, b);
  if (first.size() != second.size()) {
    refuse_pair("tensordot", a, b,
                core::count_of(first.size(), "axis", "axes") + " of the first and " + std::to_string(second.size()) +
                    " of the second are named; there must be as many of both");
  }
  return sum_over("tensordot", a, b, first, second);
}

Var inner(const Var& a, const Var& b) {
  require_pair("inner", a, b);
  if (a.dimension() == 0 || b.dimension() == 0) return a * b;
  return sum_over("inner", a, b, {a.dimension() - 1}, {b.dimension() - 1});
}

Var vecdot(const Var& a, const Var& b, std::ptrdiff_t axis) {
  require_pair("vecdot", a, b);
  const Shape shape = detail::broadcast_shape("vecdot", std::array{&a, &b});
  const std::size_t along = detail::normalize_axis("vecdot", axis, shape);
  const auto number = [](const Var& x) { return x.dtype() == DType::Bool ? cast(x, DType::Int64) : x; };
  return sum(number(a) * number(b), static_cast<std::ptrdiff_t>(along));
}

Var vdot(const Var& a, const Var& b) {
  require_pair("vdot", a, b);
  if (a.size() != b.size()) refuse_pair("vdot", a, b, "there must be as many elements in both");
  return matmul(flatten(a), flatten(b));
}

Var kron(const Var& a, const Var& b) {
  require_pair("kron", a, b);
  const std::size_t rank = std::max(a.dimension(), b.dimension());
  const auto extent = [&](const Var& x, std::size_t axis) {
    const std::size_t missing = rank - x.dimension();
    return axis < missing ? std::size_t{1} : x.shape()[axis - missing];
  };
  // Blocks, and in them elements: two axes for one, of which those of extent 1 are left out.
  std::vector<std::size_t> of_a;
  std::vector<std::size_t> of_b;
  Strides shape;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const std::size_t blocks = extent(a, axis);
    const std::size_t elements = extent(b, axis);
    const auto append = [&](std::size_t in_a, std::size_t in_b) {
      of_a.push_back(in_a);
      of_b.push_back(in_b);
    };
    if (blocks != 1) append(blocks, 1);
    if (elements != 1) append(1, elements);
    shape.push_back(static_cast<std::ptrdiff_t>(blocks * elements));
  }
  if (of_a.size() > max_dimension) {
    refuse_pair("kron", a, b,
                "extents of both that are not 1 may be " + std::to_string(max_dimension) + " in all, and are " +
                    std::to_string(of_a.size()));
  }
  return reshape(reshape(a, Strides(of_a)) * reshape(b, Strides(of_b)), shape);
}

Var cross(const Var& a, const Var& b, std::ptrdiff_t axis) {
  const std::size_t along_a = detail::normalize_axis("cross", axis, a);
  const std::size_t along_b = detail::normalize_axis("cross", axis, b);
  const auto is_vector = [](std::size_t extent) { return extent == 2 || extent == 3; };
  if (!is_vector(a.shape()[along_a]) || !is_vector(b.shape()[along_b])) {
    refuse_pair("cross", a, b, "axis " + std::to_string(axis) + " of both must have 2 or 3 elements");
  }
  const auto last = [&](const Var& x, std::size_t along) {
    return moveaxis(x, static_cast<std::ptrdiff_t>(along), -1);
  };
  const Var u = last(a, along_a);
  const Var v = last(b, along_b);
  const auto element = [](const Var& x, std::size_t i) { return view(x, xt::ellipsis(), static_cast<int>(i)); };
  const std::array both{element(u, 0), element(v, 0)};
  (void)detail::broadcast_shape("cross", std::array<const Var*, 2>{&both[0], &both[1]});
  const auto times = [&](std::size_t i, std::size_t j) { return element(u, i) * element(v, j); };
  const Var third = times(0, 1) - times(1, 0);
  const bool flat_u = u.shape().back() == 2;
  const bool flat_v = v.shape().back() == 2;
  if (flat_u && flat_v) return third;
  const Var first = flat_u ? times(1, 2) : flat_v ? -times(2, 1) : times(1, 2) - times(2, 1);
  const Var second = flat_u ? -times(0, 2) : flat_v ? times(2, 0) : times(2, 0) - times(0, 2);
  return stack({first, second, third}, axis);
}

}  // namespace xgrad
