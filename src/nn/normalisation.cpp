#include <xgrad/nn/normalisation.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "channels.hpp"
#include "core/text.hpp"
#include "ops/internal.hpp"
#include "ops/reductions.hpp"

namespace xgrad::nn {
namespace {

using xgrad::detail::computed_at_once;
using xgrad::detail::floats_of;

// ---- what is asked for

void require_eps(std::string_view maker, double eps) {
  if (std::isfinite(eps) && eps >= 0.0) return;
  throw ValueError(std::string(maker) + ": eps is " + core::text_of(eps) + "; it must be finite and not negative");
}

std::optional<Var> ones_if(bool wanted, const Shape& shape, DType dtype) {
  return wanted ? std::optional(ones(shape, dtype)) : std::nullopt;
}
std::optional<Var> zeros_if(bool wanted, const Shape& shape, DType dtype) {
  return wanted ? std::optional(zeros(shape, dtype)) : std::nullopt;
}

Shape extents_of(std::string_view maker, const OneOrMany& extents) {
  for (const std::ptrdiff_t each : extents.many()) {
    if (each < 0) {
      throw ValueError(std::string(maker) + ": an extent is " + std::to_string(each) + "; it must not be negative");
    }
  }
  if (extents.many().empty()) throw ShapeError(std::string(maker) + ": no extents; there must be one or more");
  return {extents.many()};
}

// ---- what is called with what

void require_channels(std::string_view layer, const Var& x, std::size_t least_axes) {
  xgrad::detail::require_usable(x, layer);
  if (x.dimension() >= least_axes) return;
  throw ShapeError(std::string(layer) + ": called with the shape " + to_string(x.shape()) + "; it must have at least " +
                   std::to_string(least_axes) + " axes, those of examples and channels first");
}

/// The last axes, as many as there are extents.
Axes last_axes(std::string_view layer, const Var& x, const Shape& extents) {
  xgrad::detail::require_usable(x, layer);
  const Shape& shape = x.shape();
  if (extents.empty() || shape.size() < extents.size() ||
      !std::equal(extents.begin(), extents.end(), shape.end() - extents.size())) {
    throw ShapeError(std::string(layer) + ": called with the shape " + to_string(shape) +
                     "; its last axes must have the extents " + to_string(extents));
  }
  Strides axes;
  for (std::size_t axis = shape.size() - extents.size(); axis < shape.size(); ++axis) {
    axes.push_back(static_cast<std::ptrdiff_t>(axis));
  }
  return {axes};
}

Axes all_but(std::size_t first, std::size_t last, std::size_t axes) {
  Strides result;
  for (std::size_t axis = 0; axis < axes; ++axis) {
    if (axis < first || axis >= last) result.push_back(static_cast<std::ptrdiff_t>(axis));
  }
  return {result};
}

// ---- the numbers

/// The mean, and the mean square of what is left, kept as axes of extent 1.
struct Moments {
  Var mean;
  Var variance;
};

Moments moments_of(const Var& x, const Axes& axes) {
  const Var center = mean(x, axes, keep_dims);
  return {center, mean(square(x - center), axes, keep_dims)};
}

Var scaled(const Var& x, const Moments& moments, double eps) {
  return (x - moments.mean) * rsqrt(moments.variance + eps);
}

Var normalised(std::string_view layer, const Var& x, const Axes& axes, double eps) {
  return computed_at_once(
      layer, [&](const Var& y) { return scaled(y, moments_of(y, axes), eps); }, x);
}

/// y weight + bias, of which each channel, or the last axes, have their own.
Var weighed(const Var& y, const std::optional<Var>& weight, const std::optional<Var>& bias) {
  const Var product = weight ? y * *weight : y;
  return bias ? product + *bias : product;
}

Var weighed_channels(std::string_view layer, const Var& y, const std::optional<Var>& weight,
                     const std::optional<Var>& bias) {
  std::optional<Var> w;
  std::optional<Var> b;
  const Shape channels{y.shape()[1]};
  if (weight) {
    detail::require_weight(layer, "weight", *weight, channels);
    w = detail::along_channels(*weight, y.dimension());
  }
  if (bias) {
    detail::require_weight(layer, "bias", *bias, channels);
    b = detail::along_channels(*bias, y.dimension());
  }
  return weighed(y, w, b);
}

Var weighed_extents(std::string_view layer, const Var& y, const Shape& extents, const std::optional<Var>& weight,
                    const std::optional<Var>& bias) {
  if (weight) detail::require_weight(layer, "weight", *weight, extents);
  if (bias) detail::require_weight(layer, "bias", *bias, extents);
  return weighed(y, weight, bias);
}

/// Each group of channels of each example by itself.
Var normalised_groups(std::string_view layer, const Var& x, std::size_t groups, double eps) {
  const Shape& shape = x.shape();
  Shape apart{shape[0], groups, groups == 0 ? 0 : shape[1] / groups};
  for (std::size_t axis = 2; axis < shape.size(); ++axis) apart[2] *= shape[axis];
  return reshape(normalised(layer, reshape(floats_of(x), Strides(apart)), 2, eps), Strides(shape));
}

}  // namespace

// ---- batches

Var BatchNorm::operator()(const Var& x) const {
  require_channels("BatchNorm", x, 2);
  const Shape channels{x.shape()[1]};
  detail::require_weight("BatchNorm", "running mean", running_mean, channels);
  detail::require_weight("BatchNorm", "running variance", running_var, channels);
  const std::size_t axes = x.dimension();
  const Moments moments{detail::along_channels(running_mean, axes), detail::along_channels(running_var, axes)};
  return weighed_channels("BatchNorm", scaled(floats_of(x), moments, eps), weight, bias);
}

namespace {

/// A step towards a number of the batch, in the element type that it has.
void step_towards(Var& running, const Var& batch, const Var& momentum) {
  const Var next = cast(reshape(stop_gradient(batch), Strides(running.shape())), running.dtype());
  running = running + cast(momentum, running.dtype()) * (next - running);
}

}  // namespace

Var BatchNorm::operator()(const Var& x, const Training& /*training*/) {
  require_channels("BatchNorm", x, 2);
  const Shape channels{x.shape()[1]};
  detail::require_weight("BatchNorm", "running mean", running_mean, channels);
  detail::require_weight("BatchNorm", "running variance", running_var, channels);
  std::size_t count = x.shape()[0];
  for (std::size_t axis = 2; axis < x.dimension(); ++axis) count *= x.shape()[axis];
  if (count < 2) {
    throw ShapeError("BatchNorm: called in training with the shape " + to_string(x.shape()) +
                     "; each channel must have at least two numbers, or they have no variance");
  }
  const Var values = floats_of(x);
  const Moments moments = moments_of(values, all_but(1, 2, x.dimension()));
  num_batches_tracked = num_batches_tracked + std::int64_t{1};
  const Var step = momentum ? Var(*momentum) : reciprocal(cast(num_batches_tracked, DType::Float64));
  step_towards(running_mean, moments.mean, step);
  const auto n = static_cast<double>(count);
  step_towards(running_var, moments.variance * (n / (n - 1.0)), step);
  return weighed_channels("BatchNorm", scaled(values, moments, eps), weight, bias);
}

BatchNorm batch_norm(std::size_t channels, const BatchNormOptions& options) {
  detail::require_floating("batch_norm", options.dtype);
  require_eps("batch_norm", options.eps);
  if (options.momentum && !(*options.momentum >= 0.0 && *options.momentum <= 1.0)) {
    throw ValueError("batch_norm: the momentum is " + core::text_of(*options.momentum) + "; it must be from 0 to 1");
  }
  const Shape shape{channels};
  return {.weight = ones_if(options.affine, shape, options.dtype),
          .bias = zeros_if(options.affine, shape, options.dtype),
          .running_mean = zeros(shape, options.dtype),
          .running_var = ones(shape, options.dtype),
          .num_batches_tracked = zeros({}, DType::Int64),
          .momentum = options.momentum,
          .eps = options.eps};
}

// ---- the last axes

Var LayerNorm::operator()(const Var& x) const {
  const Axes axes = last_axes("LayerNorm", x, extents);
  return weighed_extents("LayerNorm", normalised("LayerNorm", floats_of(x), axes, eps), extents, weight, bias);
}

LayerNorm layer_norm(const OneOrMany& extents, const LayerNormOptions& options) {
  detail::require_floating("layer_norm", options.dtype);
  require_eps("layer_norm", options.eps);
  const Shape shape = extents_of("layer_norm", extents);
  return {.weight = ones_if(options.weight, shape, options.dtype),
          .bias = zeros_if(options.bias, shape, options.dtype),
          .extents = shape,
          .eps = options.eps};
}

Var RmsNorm::operator()(const Var& x) const {
  const Axes axes = last_axes("RmsNorm", x, extents);
  const Var y = computed_at_once(
      "RmsNorm", [&](const Var& z) { return z * rsqrt(mean(square(z), axes, keep_dims) + eps); }, floats_of(x));
  return weighed_extents("RmsNorm", y, extents, weight, std::nullopt);
}

RmsNorm rms_norm(const OneOrMany& extents, const RmsNormOptions& options) {
  detail::require_floating("rms_norm", options.dtype);
  require_eps("rms_norm", options.eps);
  const Shape shape = extents_of("rms_norm", extents);
  return {.weight = ones_if(options.weight, shape, options.dtype), .extents = shape, .eps = options.eps};
}

// ---- channels of each example

Var GroupNorm::operator()(const Var& x) const {
  require_channels("GroupNorm", x, 2);
  if (groups == 0 || x.shape()[1] % groups != 0) {
    throw ShapeError("GroupNorm: called with the shape " + to_string(x.shape()) + "; " + std::to_string(groups) +
                     " groups must divide the channels, axis 1");
  }
  return weighed_channels("GroupNorm", normalised_groups("GroupNorm", x, groups, eps), weight, bias);
}

GroupNorm group_norm(std::size_t groups, std::size_t channels, const GroupNormOptions& options) {
  detail::require_floating("group_norm", options.dtype);
  require_eps("group_norm", options.eps);
  if (groups == 0 || channels % groups != 0) {
    throw ShapeError("group_norm: " + std::to_string(channels) + " channels in " + std::to_string(groups) +
                     " groups; these must divide the channels");
  }
  return {.weight = ones_if(options.affine, {channels}, options.dtype),
          .bias = zeros_if(options.affine, {channels}, options.dtype),
          .groups = groups,
          .eps = options.eps};
}

Var InstanceNorm::operator()(const Var& x) const {
  require_channels("InstanceNorm", x, 3);
  std::size_t places = 1;
  for (std::size_t axis = 2; axis < x.dimension(); ++axis) places *= x.shape()[axis];
  if (places < 2) {
    throw ShapeError("InstanceNorm: called with the shape " + to_string(x.shape()) +
                     "; each channel must have at least two places, or they have no variance");
  }
  return weighed_channels("InstanceNorm", normalised_groups("InstanceNorm", x, x.shape()[1], eps), weight, bias);
}

InstanceNorm instance_norm(std::size_t channels, const InstanceNormOptions& options) {
  detail::require_floating("instance_norm", options.dtype);
  require_eps("instance_norm", options.eps);
  return {.weight = ones_if(options.affine, {channels}, options.dtype),
          .bias = zeros_if(options.affine, {channels}, options.dtype),
          .eps = options.eps};
}

}  // namespace xgrad::nn
