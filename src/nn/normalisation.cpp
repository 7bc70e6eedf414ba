#include <xgrad/nn/normalisation.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/transform/custom.hpp>

#include "channels.hpp"
#include "checks.hpp"
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

// ---- the numbers

/// A mean of x for each of its elements, with axes of extent 1 where it is the same for all. It is linear, and its own
/// adjoint.
using MeanOf = std::function<Var(const Var& x)>;

MeanOf over_axes(const Axes& axes) {
  return [axes](const Var& x) { return mean(x, axes, keep_dims); };
}

/// Of each channel of [n, channels] or [n, channels, places]: that of the rows, and then of the examples.
Var mean_of_channels(const Var& x) {
  if (x.dimension() == 2) return mean(x, 0, keep_dims);
  const Var of_rows = mean(x, 2, keep_dims);
  return broadcast_to(mean(of_rows, 0, keep_dims), of_rows.shape());
}

/// Of each group of channels of each example.
MeanOf over_groups(std::size_t groups) {
  return [groups](const Var& x) {
    const Var of_rows = x.dimension() == 2 ? x : mean(x, 2, keep_dims);
    const Shape apart{x.shape()[0], groups, groups == 0 ? 0 : x.shape()[1] / groups};
    const Var of_groups = mean(reshape(of_rows, Strides(apart)), 2, keep_dims);
    return reshape(broadcast_to(of_groups, apart), Strides(of_rows.shape()));
  };
}

/// (x - mean) / sqrt(variance + eps), and the mean and the variance, which have no derivatives.
struct Normalised {
  Var y;
  Var mean;
  Var variance;
};

/// The derivative needs two means in one go, where that of the formula needs four, some of them after others.
Normalised normalise(const Var& x, const MeanOf& mean_of, double eps) {
  using Three = std::tuple<Var, Var, Var>;
  const auto value = [=](const Var& z) {
    const Var center = mean_of(z);
    const Var variance = mean_of(square(z - center));
    const Var scale = rsqrt(variance + eps);
    const Var y = (z - center) * scale;
    return std::pair(Three(y, stop_gradient(center), stop_gradient(variance)), std::tuple(y, scale));
  };
  const auto rule = [=](const std::tuple<Var, Var>& kept, const Three& cotangents) {
    const auto& [y, scale] = kept;
    const Var& dy = std::get<0>(cotangents);
    return scale * (dy - mean_of(dy) - y * mean_of(dy * y));
  };
  const auto [y, center, variance] = custom_vjp(value, rule)(x);
  return {y, center, variance};
}

/// The first of these, of values computed at once.
Var normalised(std::string_view layer, const Var& x, const MeanOf& mean_of, double eps) {
  return computed_at_once(
      layer, [&](const Var& z) { return normalise(z, mean_of, eps).y; }, x);
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
    require_weight(layer, "weight", *weight, channels);
    w = detail::of_each_row(*weight, y);
  }
  if (bias) {
    require_weight(layer, "bias", *bias, channels);
    b = detail::of_each_row(*bias, y);
  }
  return weighed(y, w, b);
}

Var weighed_extents(std::string_view layer, const Var& y, const Shape& extents, const std::optional<Var>& weight,
                    const std::optional<Var>& bias) {
  if (weight) require_weight(layer, "weight", *weight, extents);
  if (bias) require_weight(layer, "bias", *bias, extents);
  return weighed(y, weight, bias);
}

}  // namespace

// ---- batches

Var BatchNorm::operator()(const Var& x) const {
  require_channels("BatchNorm", x, 2);
  const Shape channels{x.shape()[1]};
  require_weight("BatchNorm", "running mean", running_mean, channels);
  require_weight("BatchNorm", "running variance", running_var, channels);
  const Var rows = detail::with_places_as_one(floats_of(x));
  const Var from_mean = rows - detail::of_each_row(running_mean, rows);
  const Var y = from_mean * detail::of_each_row(rsqrt(running_var + eps), rows);
  return reshape(weighed_channels("BatchNorm", y, weight, bias), Strides(x.shape()));
}

namespace {

/// A step from numbers of the channels towards those of the batch, which are given for each row.
Var step_towards(const Var& running, const Var& rows, const Var& momentum) {
  const Var batch = cast(reshape(view(rows, 0), Strides(running.shape())), running.dtype());
  return running + cast(momentum, running.dtype()) * (batch - running);
}

}  // namespace

Var BatchNorm::operator()(const Var& x, const Training& /*training*/) {
  require_channels("BatchNorm", x, 2);
  const Shape channels{x.shape()[1]};
  require_weight("BatchNorm", "running mean", running_mean, channels);
  require_weight("BatchNorm", "running variance", running_var, channels);
  const Var rows = detail::with_places_as_one(floats_of(x));
  const std::size_t count = rows.shape()[0] * (rows.dimension() == 3 ? rows.shape()[2] : 1);
  if (count < 2) {
    throw ShapeError("BatchNorm: called in training with the shape " + to_string(x.shape()) +
                     "; each channel must have at least two numbers, or they have no variance");
  }
  const Normalised batch = normalise(rows, mean_of_channels, eps);
  const Var y = reshape(weighed_channels("BatchNorm", batch.y, weight, bias), Strides(x.shape()));
  // What throws has done so by now: the state is changed as a whole.
  num_batches_tracked = num_batches_tracked + std::int64_t{1};
  const Var step = momentum ? Var(*momentum) : reciprocal(cast(num_batches_tracked, DType::Float64));
  const auto n = static_cast<double>(count);
  running_mean = step_towards(running_mean, batch.mean, step);
  running_var = step_towards(running_var, batch.variance * (n / (n - 1.0)), step);
  return y;
}

BatchNorm batch_norm(std::size_t channels, const BatchNormOptions& options) {
  require_floating("batch_norm", options.dtype);
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
  return weighed_extents("LayerNorm", normalised("LayerNorm", floats_of(x), over_axes(axes), eps), extents, weight,
                         bias);
}

LayerNorm layer_norm(const OneOrMany& extents, const LayerNormOptions& options) {
  require_floating("layer_norm", options.dtype);
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
  require_floating("rms_norm", options.dtype);
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
  const Var y = normalised("GroupNorm", detail::with_places_as_one(floats_of(x)), over_groups(groups), eps);
  return reshape(weighed_channels("GroupNorm", y, weight, bias), Strides(x.shape()));
}

GroupNorm group_norm(std::size_t groups, std::size_t channels, const GroupNormOptions& options) {
  require_floating("group_norm", options.dtype);
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
  const Var y = normalised("InstanceNorm", detail::with_places_as_one(floats_of(x)), over_axes(2), eps);
  return reshape(weighed_channels("InstanceNorm", y, weight, bias), Strides(x.shape()));
}

InstanceNorm instance_norm(std::size_t channels, const InstanceNormOptions& options) {
  require_floating("instance_norm", options.dtype);
  require_eps("instance_norm", options.eps);
  return {.weight = ones_if(options.affine, {channels}, options.dtype),
          .bias = zeros_if(options.affine, {channels}, options.dtype),
          .eps = options.eps};
}

}  // namespace xgrad::nn
