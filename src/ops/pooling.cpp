#include <xgrad/ops/pooling.hpp>

#include <algorithm>
#include <array>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>

#include "convolve.hpp"
#include "internal.hpp"
#include "resized_axes.hpp"
#include "window_axes.hpp"

namespace xgrad {
namespace {

using detail::WindowAxesList;
using primitives::WindowArgMax;

Shape with_places(const Var& x, const Shape& places) {
  Shape shape{x.shape()[0], x.shape()[1]};
  for (const std::size_t extent : places) shape.push_back(extent);
  require_addressable(shape);
  return shape;
}

/// Windows over the last axes of x, and how many there are.
struct Windows {
  WindowAxesList axes;
  Shape counts;

  [[nodiscard]] std::vector<std::int64_t> attributes() const {
    std::vector<std::int64_t> result;
    for (const detail::WindowAxis& each : axes) {
      result.insert(result.end(), {each.window, each.stride, each.dilation, each.before});
    }
    return result;
  }
};

Windows windows_of(std::string_view operation, const Var& x, const OneOrMany& window, const PoolOptions& options) {
  const std::size_t count = detail::window_axes_of(operation, x);
  const std::vector<std::int64_t> extents = detail::for_each_axis(operation, "the window", window, count, 1);
  const OneOrMany stride = options.stride.many().empty() ? OneOrMany(extents) : options.stride;
  Windows result;
  result.axes = detail::moving(operation, extents, stride, options.dilation);
  result.counts = detail::windows_over(operation, detail::places_of(x), result.axes, options.padding);
  return result;
}

/// How many elements of an axis a window has.
std::size_t elements_of_window(const Windows& windows, const Shape& extents, std::size_t axis, std::size_t i) {
  const detail::WindowAxis& each = windows.axes[axis];
  const std::array<std::int64_t, primitives::numbers_of_window> numbers{each.window, each.stride, each.dilation,
                                                                        each.before};
  return primitives::window_part(numbers, extents[axis], windows.counts[axis], i).count;
}

/// The first window without elements is soon found; else there are not many more windows than elements.
void require_elements(std::string_view operation, const Windows& windows, const Shape& extents) {
  for (std::size_t axis = 0; axis < extents.size(); ++axis) {
    for (std::size_t i = 0; i < windows.counts[axis]; ++i) {
      if (elements_of_window(windows, extents, axis, i) != 0) continue;
      throw ShapeError(std::string(operation) + ": window " + std::to_string(i) + " of axis " +
                       std::to_string(axis + 2) + " has no element of the " + std::to_string(extents[axis]) +
                       "; the padding must leave each window some");
    }
  }
}

/// The elements that stand at the places of maxima.
Var maxima(const Var& x, const Shape& counts, std::span<const std::int64_t> attributes) {
  const Shape shape = with_places(x, counts);
  const Var places = detail::record<WindowArgMax>(DType::Int64, shape, {&x}, attributes);
  const auto flat = [](const Var& each) {
    const Shape& of = each.shape();
    return reshape(each, Strides(Shape{of[0], of[1], size_of(Shape(of.begin() + 2, of.end()))}));
  };
  return reshape(detail::take_along_axis(flat(x), flat(places), 2, primitives::Chooser::TakeAlongAxis), Strides(shape));
}

Var floating(const Var& x) { return is_floating(x.dtype()) ? x : cast(x, DType::Float64); }

/// A window without the elements that no place of it has in the array: one much larger than the array is none too large
/// a kernel.
detail::WindowAxis within_reach(const detail::WindowAxis& axis, std::size_t extent, std::size_t count) {
  detail::WindowAxis result = axis;
  result.window = 1;
  if (extent == 0 || count == 0) return result;
  const std::int64_t last_begin = static_cast<std::int64_t>(count - 1) * axis.stride - axis.before;
  const std::int64_t first = last_begin < 0 ? -last_begin / axis.dilation : 0;
  const std::int64_t last =
      std::min(axis.window - 1, (static_cast<std::int64_t>(extent) - 1 + axis.before) / axis.dilation);
  if (last < first) return result;  // none is in the array
  result.window = last - first + 1;
  result.before = axis.before - first * axis.dilation;
  return result;
}

/// Of what a kernel of ones takes.
void require_bearable(const Shape& kernel, const Var& x, const Windows& windows) {
  require_addressable(kernel);
  constexpr std::size_t bearable = std::size_t{1} << 27U;
  constexpr std::size_t times = 4;
  const std::size_t most = std::max(bearable, times * (x.size() + size_of(windows.counts)));
  if (size_of(kernel) <= most) return;
  throw ShapeError(
      "average_pool: from the first element of the array that a window reaches to the last, windows have " +
      std::to_string(size_of(kernel)) + " places; there may be " + std::to_string(most) + " at most for the shape " +
      to_string(x.shape()) + ". Pad less, or move them by smaller steps");
}

/// The sums of windows: each channel by itself with a kernel of ones.
Var sums(const Var& x, const Windows& windows) {
  Shape of_one{x.shape()[0] * x.shape()[1], 1};
  Shape kernel{1, 1};
  Shape result = of_one;
  detail::WindowMotion motion;
  for (std::size_t axis = 0; axis < windows.axes.size(); ++axis) {
    const detail::WindowAxis each = within_reach(windows.axes[axis], x.shape()[axis + 2], windows.counts[axis]);
    of_one.push_back(x.shape()[axis + 2]);
    kernel.push_back(static_cast<std::size_t>(each.window));
    result.push_back(windows.counts[axis]);
    motion.axes.push_back({each.stride, each.dilation, each.before});
  }
  require_bearable(kernel, x, windows);
  const Var channels = reshape(x, Strides(of_one));
  return reshape(detail::convolved(primitives::ConvolutionRole::Output, {channels, ones(kernel, x.dtype()), Var()},
                                   result, motion),
                 Strides(with_places(x, windows.counts)));
}

/// How many elements of x each window has, [Y...].
Var element_counts(const Windows& windows, const Shape& extents, DType dtype) {
  Var result = 1.0;
  for (std::size_t axis = 0; axis < extents.size(); ++axis) {
    const std::size_t count = windows.counts[axis];
    auto along = Array<double>::from_shape(Shape{count});
    for (std::size_t i = 0; i < count; ++i) {
      along.data()[i] = static_cast<double>(elements_of_window(windows, extents, axis, i));
    }
    Shape shape(extents.size(), 1);
    shape[axis] = count;
    result = result * reshape(Var(std::move(along)), Strides(shape));
  }
  return cast(result, dtype);
}

Shape extents_of(std::string_view operation, const Var& x, const OneOrMany& extents) {
  const std::size_t axes = detail::window_axes_of(operation, x);
  Shape result(detail::for_each_axis(operation, "an extent", extents, axes, 0));
  for (std::size_t axis = 0; axis < axes; ++axis) {
    if (x.shape()[axis + 2] == 0 && result[axis] != 0) {
      throw ShapeError(std::string(operation) + ": axis " + std::to_string(axis + 2) + " of " + to_string(x.shape()) +
                       " is empty; " + std::to_string(result[axis]) + " elements cannot be made of it");
    }
  }
  (void)with_places(x, result);
  return result;
}

}  // namespace

Var max_pool(const Var& x, const OneOrMany& window, const PoolOptions& options) {
  const Windows windows = windows_of("max_pool", x, window, options);
  require_elements("max_pool", windows, detail::places_of(x));
  return maxima(x, windows.counts, windows.attributes());
}

Var average_pool(const Var& x, const OneOrMany& window, const PoolOptions& options) {
  const Windows windows = windows_of("average_pool", x, window, options);
  const Var numbers = floating(x);
  if (options.count_include_pad) {
    double size = 1;
    for (const detail::WindowAxis& each : windows.axes) size *= static_cast<double>(each.window);
    return sums(numbers, windows) / size;
  }
  require_elements("average_pool", windows, detail::places_of(x));
  return sums(numbers, windows) / element_counts(windows, detail::places_of(x), numbers.dtype());
}

Var adaptive_max_pool(const Var& x, const OneOrMany& extents) {
  const Shape counts = extents_of("adaptive_max_pool", x, extents);
  const std::vector<std::int64_t> attributes(primitives::numbers_of_window * counts.size(), 0);
  return maxima(x, counts, attributes);
}

Var adaptive_average_pool(const Var& x, const OneOrMany& extents) {
  const Shape counts = extents_of("adaptive_average_pool", x, extents);
  Var result = floating(x);
  for (std::size_t axis = 0; axis < counts.size(); ++axis) result = detail::averaged(result, axis + 2, counts[axis]);
  return result;
}

Var resize(const Var& x, const OneOrMany& extents, ResizeMethod method) {
  const Shape places = extents_of("resize", x, extents);
  Var result = method == ResizeMethod::Nearest ? x : floating(x);
  for (std::size_t axis = 0; axis < places.size(); ++axis) {
    if (places[axis] != x.shape()[axis + 2]) result = detail::resized(result, axis + 2, places[axis], method);
  }
  return result;
}

}  // namespace xgrad
