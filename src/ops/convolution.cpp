#include <xgrad/ops/convolution.hpp>

#include <algorithm>
#include <string>

#include <xgrad/core/errors.hpp>

#include "convolve.hpp"
#include "internal.hpp"
#include "window_axes.hpp"

namespace xgrad {
namespace detail {

using primitives::Convolution;
using primitives::ConvolutionRole;

WindowMotion::WindowMotion(std::span<const std::int64_t> attributes) : groups(primitives::groups_of(attributes)) {
  for (std::size_t axis = 0; primitives::convolution_head + 3 * axis < attributes.size(); ++axis) {
    axes.push_back(primitives::window_step(attributes, axis));
  }
}

Var convolved(ConvolutionRole result, const std::array<Var, 3>& arrays, const Shape& shape,
              const WindowMotion& motion) {
  std::vector<std::int64_t> attributes{static_cast<std::int64_t>(result), static_cast<std::int64_t>(motion.groups)};
  for (const auto& [stride, dilation, padding] : motion.axes) {
    attributes.insert(attributes.end(), {stride, dilation, padding});
  }
  const Var& first = arrays[static_cast<std::size_t>(primitives::role_of_input(result, 0))];
  const Var& second = arrays[static_cast<std::size_t>(primitives::role_of_input(result, 1))];
  return record<Convolution>(first.dtype(), shape, {&first, &second}, attributes);
}

}  // namespace detail

namespace {

using detail::WindowAxesList;
using primitives::ConvolutionRole;

[[noreturn]] void refuse_operands(std::string_view operation, const Var& x, const Var& kernel,
                                  const std::string& requirement) {
  throw ShapeError(std::string(operation) + ": the shapes " + to_string(x.shape()) + " and " +
                   to_string(kernel.shape()) + " do not fit; " + requirement);
}

/// Both, and the groups, but for the channels of each group.
void require_operands(std::string_view operation, const Var& x, const Var& kernel, std::ptrdiff_t groups) {
  detail::require_usable(x, operation);
  detail::require_usable(kernel, operation);
  detail::require_one_tape(operation, std::array{&x, &kernel});  // that comes before their shapes
  const std::size_t axes = detail::window_axes_of(operation, x);
  if (kernel.dimension() != axes + 2) refuse_operands(operation, x, kernel, "both must have the same number of axes");
  if (groups < 1 || groups > primitives::most_window_step) {
    throw ValueError(std::string(operation) + ": there are " + std::to_string(groups) +
                     " groups; there must be at least one, and at most " +
                     std::to_string(primitives::most_window_step));
  }
  const auto count = static_cast<std::size_t>(groups);
  if (x.shape()[1] % count != 0 || kernel.shape()[0] % count != 0) {
    refuse_operands(
        operation, x, kernel,
        std::to_string(groups) + " groups must divide the channels, axis 1 of the first and axis 0 of the " + "second");
  }
}

std::vector<std::int64_t> extents_of_kernel(std::string_view operation, const Var& x, const Var& kernel) {
  std::vector<std::int64_t> result;
  for (std::size_t axis = 2; axis < kernel.dimension(); ++axis) {
    if (kernel.shape()[axis] == 0) refuse_operands(operation, x, kernel, "a kernel must not be empty");
    result.push_back(static_cast<std::int64_t>(kernel.shape()[axis]));
  }
  return result;
}

detail::WindowMotion motion_of(const WindowAxesList& axes, std::ptrdiff_t groups) {
  detail::WindowMotion motion;
  motion.groups = static_cast<std::size_t>(groups);
  for (const detail::WindowAxis& each : axes) motion.axes.push_back({each.stride, each.dilation, each.before});
  return motion;
}

/// The same element type for both; booleans multiply as integers.
std::array<Var, 2> of_one_type(const Var& x, const Var& kernel) {
  DType dtype = detail::common_dtype(std::array<const Var*, 2>{&x, &kernel});
  if (dtype == DType::Bool) dtype = DType::Int64;
  return {cast(x, dtype), cast(kernel, dtype)};
}

Shape with_channels(std::size_t examples, std::size_t channels, const Shape& places) {
  Shape shape{examples, channels};
  for (const std::size_t extent : places) shape.push_back(extent);
  require_addressable(shape);
  return shape;
}

/// The extents of the result of a transposed convolution, whose padding is put in.
Shape extents_transposed(const Shape& extents, WindowAxesList& axes, const ConvTransposeOptions& options) {
  constexpr std::string_view operation = "conv_transpose";
  const std::vector<std::int64_t> more =
      detail::for_each_axis(operation, "the output_padding", options.output_padding, axes.size(), 0);
  const bool same = options.padding.kind() == WindowPadding::Kind::Same;
  std::vector<std::int64_t> totals;
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    totals.push_back(axes[axis].span() - axes[axis].stride);
    const std::int64_t below = std::max(axes[axis].stride, axes[axis].dilation);
    if (more[axis] >= below || (same && more[axis] != 0)) {
      throw ShapeError("conv_transpose: the output_padding is " + std::to_string(more[axis]) +
                       (same ? "; with the padding \"same\" it must be 0"
                             : "; it must be below the stride or the dilation, " + std::to_string(below)));
    }
  }
  detail::add_padding(operation, axes, options.padding, totals);
  Shape result;
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    const detail::WindowAxis& each = axes[axis];
    const auto extent = static_cast<std::int64_t>(extents[axis]);
    if (extent > primitives::most_window_span / each.stride) require_addressable({extents[axis], ~std::size_t{0}});
    const std::int64_t places = same || extent == 0
                                    ? extent * each.stride
                                    : (extent - 1) * each.stride - each.before - each.after + each.span() + more[axis];
    if (places < 0) {
      throw ShapeError("conv_transpose: axis " + std::to_string(axis + 2) + " of the result would have " +
                       std::to_string(places) + " places; the padding must not be larger than the result without it");
    }
    result.push_back(static_cast<std::size_t>(places));
  }
  return result;
}

}  // namespace

Var conv(const Var& x, const Var& kernel, const ConvOptions& options) {
  require_operands("conv", x, kernel, options.groups);
  const auto groups = static_cast<std::size_t>(options.groups);
  if (x.shape()[1] / groups != kernel.shape()[1]) {
    refuse_operands("conv", x, kernel,
                    "axis 1 of the kernel must be the channels of a group, " + std::to_string(x.shape()[1] / groups));
  }
  WindowAxesList axes = detail::moving("conv", extents_of_kernel("conv", x, kernel), options.stride, options.dilation);
  const Shape windows = detail::windows_over("conv", detail::places_of(x), axes, options.padding);
  const auto [from, weights] = of_one_type(x, kernel);
  return detail::convolved(ConvolutionRole::Output, {from, weights, Var()},
                           with_channels(x.shape()[0], kernel.shape()[0], windows), motion_of(axes, options.groups));
}

Var conv_transpose(const Var& x, const Var& kernel, const ConvTransposeOptions& options) {
  require_operands("conv_transpose", x, kernel, options.groups);
  if (x.shape()[1] != kernel.shape()[0]) {
    refuse_operands("conv_transpose", x, kernel, "axis 0 of the kernel must be the channels");
  }
  WindowAxesList axes = detail::moving("conv_transpose", extents_of_kernel("conv_transpose", x, kernel), options.stride,
                                       options.dilation);
  const Shape places = extents_transposed(detail::places_of(x), axes, options);
  const auto [from, weights] = of_one_type(x, kernel);
  const std::size_t channels = kernel.shape()[1] * static_cast<std::size_t>(options.groups);
  return detail::convolved(ConvolutionRole::Input, {Var(), weights, from},
                           with_channels(x.shape()[0], channels, places), motion_of(axes, options.groups));
}

}  // namespace xgrad
