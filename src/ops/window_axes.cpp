#include "window_axes.hpp"

#include <algorithm>
#include <string>

#include <xgrad/core/errors.hpp>

#include "core/text.hpp"
#include "var/record.hpp"

namespace xgrad {

WindowPadding::WindowPadding(std::string_view name) : kind_(name == "same" ? Kind::Same : Kind::Valid) {
  if (name != "same" && name != "valid") {
    throw ValueError("padding: \"" + std::string(name) + "\" is neither \"same\" nor \"valid\"");
  }
}

namespace detail {
namespace {

std::string named(std::string_view operation, std::string_view what) {
  return std::string(operation) + ": " + std::string(what);
}

void require_small(std::string_view operation, std::string_view what, std::int64_t number, std::int64_t least) {
  if (number >= least && number <= primitives::most_window_step) return;
  throw ValueError(named(operation, what) + " is " + std::to_string(number) + "; it must be from " +
                   std::to_string(least) + " to " + std::to_string(primitives::most_window_step));
}

}  // namespace

std::size_t window_axes_of(std::string_view operation, const Var& x) {
  require_usable(x, operation);
  const std::size_t rank = x.dimension();
  if (rank < 3 || rank > 2 + primitives::most_window_axes) {
    throw ShapeError(std::string(operation) + ": the shape " + to_string(x.shape()) +
                     "; it must be that of examples, channels, and 1, 2 or 3 axes");
  }
  return rank - 2;
}

std::vector<std::int64_t> for_each_axis(std::string_view operation, std::string_view what, const OneOrMany& numbers,
                                        std::size_t axes, std::int64_t least) {
  const std::vector<std::ptrdiff_t>& all = numbers.many();
  if (!numbers.is_one() && all.size() != axes) {
    throw ShapeError(named(operation, what) + " is given as " + core::count_of(all.size(), "number", "numbers") +
                     "; there must be one for all axes or one for each of the " + std::to_string(axes));
  }
  for (const std::ptrdiff_t each : all) require_small(operation, what, each, least);
  return numbers.is_one() ? std::vector<std::int64_t>(axes, numbers.one())
                          : std::vector<std::int64_t>(all.begin(), all.end());
}

WindowAxesList moving(std::string_view operation, const std::vector<std::int64_t>& window, const OneOrMany& stride,
                      const OneOrMany& dilation) {
  const std::vector<std::int64_t> strides = for_each_axis(operation, "the stride", stride, window.size(), 1);
  const std::vector<std::int64_t> dilations = for_each_axis(operation, "the dilation", dilation, window.size(), 1);
  WindowAxesList result;
  for (std::size_t axis = 0; axis < window.size(); ++axis) {
    result.push_back({.window = window[axis], .stride = strides[axis], .dilation = dilations[axis]});
    if (window[axis] - 1 > primitives::most_window_span / dilations[axis]) {
      throw ShapeError(std::string(operation) + ": a window of " + std::to_string(window[axis]) +
                       " with the dilation " + std::to_string(dilations[axis]) + " spans more than there can be");
    }
  }
  return result;
}

void add_padding(std::string_view operation, WindowAxesList& axes, const WindowPadding& padding,
                 const std::vector<std::int64_t>& totals) {
  if (padding.kind() == WindowPadding::Kind::Valid) return;
  if (padding.kind() == WindowPadding::Kind::Same) {
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      const std::int64_t total = std::max<std::int64_t>(totals[axis], 0);
      require_small(operation, "the padding", total, 0);
      axes[axis].before = total / 2;
      axes[axis].after = total - total / 2;
    }
    return;
  }
  const std::vector<WindowPadding::Pair>& pairs = padding.pairs();
  const bool for_all = pairs.size() == 1 && !padding.for_each();
  if (!for_all && pairs.size() != axes.size()) {
    throw ShapeError(std::string(operation) + ": the padding is given for " +
                     core::count_of(pairs.size(), "axis", "axes") + "; there must be one for all axes or one for each" +
                     " of the " + std::to_string(axes.size()));
  }
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    const auto [before, after] = pairs[for_all ? 0 : axis];
    require_small(operation, "the padding", before, 0);
    require_small(operation, "the padding", after, 0);
    axes[axis].before = before;
    axes[axis].after = after;
  }
}

Shape windows_over(std::string_view operation, const Shape& extents, WindowAxesList& axes,
                   const WindowPadding& padding) {
  std::vector<std::int64_t> totals;
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    const auto extent = static_cast<std::int64_t>(extents[axis]);
    const WindowAxis& each = axes[axis];
    const std::int64_t windows = (extent + each.stride - 1) / each.stride;
    totals.push_back(windows == 0 ? 0 : (windows - 1) * each.stride + each.span() - extent);
  }
  add_padding(operation, axes, padding, totals);
  Shape result;
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    const WindowAxis& each = axes[axis];
    const std::int64_t whole = static_cast<std::int64_t>(extents[axis]) + each.before + each.after;
    if (padding.kind() == WindowPadding::Kind::Same && extents[axis] == 0) {
      result.push_back(0);
    } else if (each.span() > whole) {
      throw ShapeError(std::string(operation) + ": a window of " + std::to_string(each.window) + " with the dilation " +
                       std::to_string(each.dilation) + " spans " + std::to_string(each.span()) + " places of axis " +
                       std::to_string(axis + 2) + ", which has " + std::to_string(whole) +
                       " with its padding; a window must not be larger than the array");
    } else {
      result.push_back(static_cast<std::size_t>((whole - each.span()) / each.stride + 1));
    }
  }
  return result;
}

}  // namespace detail
}  // namespace xgrad
