#include <xgrad/nn/convolution.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "channels.hpp"
#include "checks.hpp"
#include "ops/window_axes.hpp"

namespace xgrad::nn {
namespace {

/// What a maker is asked for.
struct KernelRequest {
  std::string_view maker;
  std::size_t axes;
  std::size_t inputs;
  std::size_t outputs;
  std::ptrdiff_t groups;
};

/// The shape of a kernel, [outputs, inputs / groups, window...].
Shape kernel_shape(const KernelRequest& asked, const OneOrMany& window) {
  if (asked.groups < 1) {
    throw ValueError(std::string(asked.maker) + ": there are " + std::to_string(asked.groups) +
                     " groups; there must be at least one");
  }
  const auto groups = static_cast<std::size_t>(asked.groups);
  if (asked.inputs % groups != 0 || asked.outputs % groups != 0) {
    throw ShapeError(std::string(asked.maker) + ": " + std::to_string(asked.inputs) + " inputs and " +
                     std::to_string(asked.outputs) + " outputs in " + std::to_string(groups) +
                     " groups; these must divide both");
  }
  Shape shape{asked.outputs, asked.inputs / groups};
  for (const std::int64_t extent :
       xgrad::detail::for_each_axis(asked.maker, "the window", window, asked.axes, /*least=*/1)) {
    shape.push_back(static_cast<std::size_t>(extent));
  }
  require_addressable(shape);
  return shape;
}

template <class Options>
Var kernel(const random::Key& key, const Shape& shape, const Options& options) {
  return options.weights(key.fold_in(0), shape, options.dtype);
}

template <class Options>
std::optional<Var> bias(const random::Key& key, std::size_t outputs, const Options& options) {
  if (!options.bias) return std::nullopt;
  return options.biases(key.fold_in(1), {outputs}, options.dtype);
}

Var plus_bias(std::string_view layer, const Var& y, const std::optional<Var>& bias) {
  if (!bias) return y;
  require_weight(layer, "bias", *bias, {y.shape()[1]});
  const Var rows = detail::with_places_as_one(y);
  return reshape(rows + detail::of_each_row(*bias, rows), Strides(y.shape()));
}

Conv make(const random::Key& key, const KernelRequest& asked, const OneOrMany& window,
          const ConvLayerOptions& options) {
  require_floating(asked.maker, options.dtype);
  return {.weight = kernel(key, kernel_shape(asked, window), options),
          .bias = bias(key, asked.outputs, options),
          .stride = options.stride,
          .padding = options.padding,
          .dilation = options.dilation,
          .groups = options.groups};
}

/// The axes of outputs and inputs of a kernel, exchanged within each group:
/// [g o, c, window...] -> [g c, o, window...].
Var exchanged(const Var& kernel, std::ptrdiff_t groups) {
  const Shape& shape = kernel.shape();
  const auto outputs = static_cast<std::ptrdiff_t>(shape[0]) / groups;
  const auto inputs = static_cast<std::ptrdiff_t>(shape[1]);
  Strides apart{groups, outputs, inputs};
  Strides order{0, 2, 1};
  Strides result{groups * inputs, outputs};
  for (std::size_t axis = 2; axis < shape.size(); ++axis) {
    order.push_back(static_cast<std::ptrdiff_t>(axis + 1));
    apart.push_back(static_cast<std::ptrdiff_t>(shape[axis]));
    result.push_back(static_cast<std::ptrdiff_t>(shape[axis]));
  }
  return reshape(transpose(reshape(kernel, apart), Axes(order)), result);
}

ConvTranspose make(const random::Key& key, const KernelRequest& asked, const OneOrMany& window,
                   const ConvTransposeLayerOptions& options) {
  require_floating(asked.maker, options.dtype);
  return {.weight = exchanged(kernel(key, kernel_shape(asked, window), options), asked.groups),
          .bias = bias(key, asked.outputs, options),
          .stride = options.stride,
          .padding = options.padding,
          .dilation = options.dilation,
          .groups = options.groups,
          .output_padding = options.output_padding};
}

SeparableConv make(std::string_view maker, std::size_t axes, const random::Key& key, std::size_t inputs,
                   std::size_t outputs, const OneOrMany& window, const SeparableConvOptions& options) {
  if (inputs == 0 || options.multiplier == 0) {
    throw ValueError(std::string(maker) + ": " + std::to_string(inputs) + " inputs, of which " +
                     std::to_string(options.multiplier) + " channels each are made; both must be at least 1");
  }
  require_addressable({inputs, options.multiplier});
  const std::size_t between = inputs * options.multiplier;
  const auto groups = static_cast<std::ptrdiff_t>(inputs);
  const ConvLayerOptions first{.stride = options.stride,
                               .padding = options.padding,
                               .dilation = options.dilation,
                               .groups = groups,
                               .bias = false,
                               .weights = options.weights,
                               .dtype = options.dtype};
  const ConvLayerOptions second{
      .bias = options.bias, .weights = options.weights, .biases = options.biases, .dtype = options.dtype};
  return {make(key.fold_in(0), {maker, axes, inputs, between, groups}, window, first),
          make(key.fold_in(1), {maker, axes, between, outputs, 1}, 1, second)};
}

}  // namespace

Var Conv::operator()(const Var& x) const {
  const Var y = conv(x, weight, {.stride = stride, .padding = padding, .dilation = dilation, .groups = groups});
  return plus_bias("Conv", y, bias);
}

Var ConvTranspose::operator()(const Var& x) const {
  const Var y = conv_transpose(
      x, weight,
      {.stride = stride, .padding = padding, .dilation = dilation, .groups = groups, .output_padding = output_padding});
  return plus_bias("ConvTranspose", y, bias);
}

Var SeparableConv::operator()(const Var& x) const { return pointwise(depthwise(x)); }

Conv conv1d(const random::Key& key, std::size_t inputs, std::size_t outputs, const OneOrMany& window,
            const ConvLayerOptions& options) {
  return make(key, {"conv1d", 1, inputs, outputs, options.groups}, window, options);
}
Conv conv2d(const random::Key& key, std::size_t inputs, std::size_t outputs, const OneOrMany& window,
            const ConvLayerOptions& options) {
  return make(key, {"conv2d", 2, inputs, outputs, options.groups}, window, options);
}
Conv conv3d(const random::Key& key, std::size_t inputs, std::size_t outputs, const OneOrMany& window,
            const ConvLayerOptions& options) {
  return make(key, {"conv3d", 3, inputs, outputs, options.groups}, window, options);
}

ConvTranspose conv_transpose1d(const random::Key& key, std::size_t inputs, std::size_t outputs, const OneOrMany& window,
                               const ConvTransposeLayerOptions& options) {
  return make(key, {"conv_transpose1d", 1, inputs, outputs, options.groups}, window, options);
}
ConvTranspose conv_transpose2d(const random::Key& key, std::size_t inputs, std::size_t outputs, const OneOrMany& window,
                               const ConvTransposeLayerOptions& options) {
  return make(key, {"conv_transpose2d", 2, inputs, outputs, options.groups}, window, options);
}
ConvTranspose conv_transpose3d(const random::Key& key, std::size_t inputs, std::size_t outputs, const OneOrMany& window,
                               const ConvTransposeLayerOptions& options) {
  return make(key, {"conv_transpose3d", 3, inputs, outputs, options.groups}, window, options);
}

SeparableConv separable_conv1d(const random::Key& key, std::size_t inputs, std::size_t outputs, const OneOrMany& window,
                               const SeparableConvOptions& options) {
  return make("separable_conv1d", 1, key, inputs, outputs, window, options);
}
SeparableConv separable_conv2d(const random::Key& key, std::size_t inputs, std::size_t outputs, const OneOrMany& window,
                               const SeparableConvOptions& options) {
  return make("separable_conv2d", 2, key, inputs, outputs, window, options);
}
SeparableConv separable_conv3d(const random::Key& key, std::size_t inputs, std::size_t outputs, const OneOrMany& window,
                               const SeparableConvOptions& options) {
  return make("separable_conv3d", 3, key, inputs, outputs, window, options);
}

}  // namespace xgrad::nn
