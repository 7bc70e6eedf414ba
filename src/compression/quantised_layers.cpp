#include <xgrad/compression/layers.hpp>

#include <string>
#include <tuple>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/join.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/rounding.hpp>
#include <xgrad/ops/windows.hpp>
#include <xgrad/transform/custom.hpp>

#include "compression/words.hpp"
#include "ops/internal.hpp"
#include "ops/quantised.hpp"
#include "ops/window_axes.hpp"
#include "primitives/quantised.hpp"

namespace xgrad::compression {
namespace {

std::ptrdiff_t extent_of(std::size_t n) { return static_cast<std::ptrdiff_t>(n); }

/// A matrix of weights, [outputs, inputs], as a layer of 8 bits.
QuantisedLinear quantised_matrix(std::string_view operation, const Var& weight, const std::optional<Var>& bias,
                                 const Range& inputs, const QuantisedOptions& options) {
  const Shape& shape = weight.shape();
  if (shape.size() != 2 || shape[1] > primitives::most_quantised_inputs || shape[1] == 0) {
    throw ShapeError(std::string(operation) + ": a weight of the shape " + to_string(shape) +
                     "; it must be [outputs, inputs], with 1 to " + std::to_string(primitives::most_quantised_inputs) +
                     " inputs, so that sums stay in 32 bits");
  }
  QuantisedLinear result;
  result.inputs = shape[1];
  result.outputs = shape[0];
  result.input = quantisation(inputs, {.scheme = Scheme::Affine});
  result.input.scale = cast(result.input.scale, weight.dtype());
  result.input.zero = cast(result.input.zero, weight.dtype());
  result.bias = bias;
  Quantisation q = quantisation_of(weight, {.axis = 0});
  if (!options.per_channel) {
    q = quantisation_of(weight);
    result.scale = broadcast_to(q.scale, Shape{shape[0]});
  } else {
    result.scale = q.scale;
  }
  result.words = detail::packed(quantise(weight, q));
  return result;
}

}  // namespace

Var QuantisedLinear::weight() const {
  return cast(detail::unpacked(words, inputs, outputs), scale.dtype()) * expand_dims(scale, 1);
}

Var QuantisedLinear::operator()(const Var& x) const {
  xgrad::detail::require_usable(x, "QuantisedLinear");
  Shape shape = x.shape();
  if (shape.empty() || shape.back() != inputs) {
    throw ShapeError("QuantisedLinear: called with the shape " + to_string(shape) + "; the last axis must have the " +
                     std::to_string(inputs) + " inputs");
  }
  if (!is_floating(x.dtype())) {
    throw TypeError("QuantisedLinear: called with " + std::string(name(x.dtype())) + "; it must be floating-point");
  }
  const std::size_t rows = inputs == 0 ? 0 : x.size() / inputs;
  shape.back() = outputs;
  using Operands = std::tuple<Var, Var, Var, Var, Var>;  // x, words, their scale, scale and zero of inputs
  const auto multiply = custom_vjp(
      [out = outputs](const Var& a, const Var& w, const Var& of_weights, const Var& of_inputs, const Var& zero) {
        const Var numbers = cast(stack({1.0 / of_inputs, zero}), a.dtype());
        const Var sums = xgrad::detail::quantised_matmul(a, w, numbers, out);
        return std::pair{cast(sums * (of_inputs * of_weights), a.dtype()), Operands(a, w, of_weights, of_inputs, zero)};
      },
      [in = inputs, out = outputs](const Operands& operands, const Var& dy) {
        const auto& [a, w, of_weights, of_inputs, zero] = operands;
        const Var weights = cast(detail::unpacked(w, in, out), dy.dtype());
        const Var n = round(a * (1.0 / of_inputs)) + zero;
        const Var dx = matmul(dy * cast(of_weights, dy.dtype()), weights);
        return Operands(where(n >= 0.0 && n <= 255.0, dx, 0.0), Var(), Var(), Var(), Var());
      });
  const Var flat = reshape(x, {extent_of(rows), extent_of(inputs)});
  Var y = multiply(flat, words, scale, input.scale, input.zero);
  if (bias) y = y + *bias;
  return reshape(y, Strides(shape.begin(), shape.end()));
}

QuantisedLinear quantised(const nn::Linear& layer, const Range& inputs, const QuantisedOptions& options) {
  return quantised_matrix("quantised", layer.weight, layer.bias, inputs, options);
}
QuantisedLinear quantised(const Observed<nn::Linear>& layer, const QuantisedOptions& options) {
  return quantised(layer.layer, layer.observer.range(layer.seen), options);
}
QuantisedLinear quantised(const FakeQuantised<nn::Linear>& layer, const QuantisedOptions& options) {
  return quantised(layer.layer, layer.observer.range(layer.seen), options);
}

// ---- convolutions

QuantisedConv quantised_conv(const Var& weight, const std::optional<Var>& bias, const ConvOptions& convolution,
                             const Range& inputs, const QuantisedOptions& options) {
  xgrad::detail::require_usable(weight, "quantised_conv");
  const Shape& shape = weight.shape();
  const std::size_t axes = shape.size() < 2 ? 0 : shape.size() - 2;
  if (axes < 1 || axes > 3 || convolution.groups < 1 || shape[0] % static_cast<std::size_t>(convolution.groups) != 0) {
    throw ShapeError("quantised_conv: a weight of the shape " + to_string(shape) + " for " +
                     std::to_string(convolution.groups) +
                     " groups; it must be [outputs, channels of a group, window...], with 3, 4 or 5 axes and as many "
                     "outputs for each group");
  }
  if (convolution.padding.kind() == WindowPadding::Kind::Same) {
    throw ValueError("quantised_conv: the padding \"same\" depends on x; say how many places on each side");
  }
  QuantisedConv result;
  std::size_t columns = shape[1];
  for (std::size_t k = 0; k < axes; ++k) {
    result.window.push_back(extent_of(shape[k + 2]));
    columns *= shape[k + 2];
  }
  xgrad::detail::WindowAxesList windows =
      xgrad::detail::moving("quantised_conv", result.window, convolution.stride, convolution.dilation);
  xgrad::detail::add_padding("quantised_conv", windows, convolution.padding, {});
  for (const xgrad::detail::WindowAxis& axis : windows) {
    result.stride.push_back(axis.stride);
    result.dilation.push_back(axis.dilation);
    result.padding.emplace_back(axis.before, axis.after);
  }
  const std::ptrdiff_t each = extent_of(shape[0]) / convolution.groups;
  const Var matrix = reshape(weight, {extent_of(shape[0]), extent_of(columns)});
  for (std::ptrdiff_t g = 0; g < convolution.groups; ++g) {
    const auto rows = xt::range(g * each, (g + 1) * each);
    const std::optional<Var> of_group = bias ? std::optional<Var>(view(*bias, rows)) : std::nullopt;
    result.groups.push_back(
        quantised_matrix("quantised_conv", view(matrix, rows, xt::all()), of_group, inputs, options));
  }
  return result;
}

Var QuantisedConv::operator()(const Var& x) const {
  xgrad::detail::require_usable(x, "QuantisedConv");
  const std::size_t axes = window.size();
  const Shape& shape = x.shape();
  std::size_t places = 1;
  for (const std::ptrdiff_t extent : window) places *= static_cast<std::size_t>(extent);
  const std::size_t channels = groups.empty() || places == 0 ? 0 : groups[0].inputs / places;
  if (shape.size() != axes + 2 || shape[1] != channels * groups.size()) {
    throw ShapeError("QuantisedConv: called with the shape " + to_string(shape) + "; there must be " +
                     std::to_string(axes + 2) + " axes, the second with the " +
                     std::to_string(channels * groups.size()) + " channels");
  }
  const Var columns =
      unfold(x, OneOrMany(window), {.stride = OneOrMany(stride), .padding = padding, .dilation = OneOrMany(dilation)});
  const Var rows = transpose(columns, {0, 2, 1});  // [n, windows, channels window]
  std::vector<Var> parts;
  std::ptrdiff_t outputs = 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::ptrdiff_t width = extent_of(groups[g].inputs);
    const std::ptrdiff_t first = extent_of(g) * width;
    parts.push_back(groups[g](view(rows, xt::all(), xt::all(), xt::range(first, first + width))));
    outputs += extent_of(groups[g].outputs);
  }
  const Var y = transpose(parts.size() == 1 ? parts[0] : concatenate(parts, 2), {0, 2, 1});
  xgrad::detail::WindowAxesList windows =
      xgrad::detail::moving("QuantisedConv", window, OneOrMany(stride), OneOrMany(dilation));
  Strides result{extent_of(shape[0]), outputs};
  for (const std::size_t count :
       xgrad::detail::windows_over("QuantisedConv", Shape(shape.begin() + 2, shape.end()), windows, padding)) {
    result.push_back(extent_of(count));
  }
  return reshape(y, result);
}

}  // namespace xgrad::compression
