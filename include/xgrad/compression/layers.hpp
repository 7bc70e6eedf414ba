// Layers that are calibrated, trained as if they had 8 bits, and layers that have 8 bits.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <xgrad/compression/calibrate.hpp>
#include <xgrad/compression/quantise.hpp>
#include <xgrad/nn/convolution.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/nn/linear.hpp>
#include <xgrad/ops/convolution.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::compression {

/// A layer whose inputs are watched when it is called as in training. It computes what the layer in it does.
template <class L>
struct Observed {
  L layer;
  Observer observer = {};
  Observation seen = {};

  Var operator()(const Var& x) const { return layer(x); }
  Var operator()(const Var& x, const nn::Training& training) {
    seen = observer.update(seen, x);
    return nn::train(layer, x, training);
  }
  XGRAD_MEMBER_FIELDS(Observed, layer, observer, seen)
};

template <class L>
[[nodiscard]] Observed<L> observed(L layer, const Observer& observer = {}) {
  const Observation nothing = observer.init(layer.weight.dtype());
  return {std::move(layer), observer, nothing};
}

/// A layer that computes with inputs and weights as they will be with 8 bits, and is trained so: gradients pass through
/// straight. Inputs are affine by the range that the observer has seen (in training, this batch with it), weights
/// symmetric, each output by its own range. The layer has a member `weight`, [outputs, inputs...].
/// \source  B. Jacob et al. 2018.
template <class L>
struct FakeQuantised {
  L layer;
  Observer observer = {.method = Calibration::MovingAverage};
  Observation seen = {};

  Var operator()(const Var& x) const {
    return with_fake_weight()(fake_quantise(x, quantisation(observer.range(seen), {.scheme = Scheme::Affine})));
  }
  Var operator()(const Var& x, const nn::Training& training) {
    seen = observer.update(seen, stop_gradient(x));
    L fake = with_fake_weight();
    const Quantisation inputs = quantisation(observer.range(seen), {.scheme = Scheme::Affine});
    return nn::train(fake, fake_quantise(x, inputs), training);
  }
  XGRAD_MEMBER_FIELDS(FakeQuantised, layer, observer, seen)

 private:
  [[nodiscard]] L with_fake_weight() const {
    L fake = layer;
    fake.weight = fake_quantise(layer.weight, quantisation_of(stop_gradient(layer.weight), {.axis = 0}));
    return fake;
  }
};

template <class L>
[[nodiscard]] FakeQuantised<L> fake_quantised(L layer,
                                              const Observer& observer = {.method = Calibration::MovingAverage}) {
  const Observation nothing = observer.init(layer.weight.dtype());
  return {std::move(layer), observer, nothing};
}

/// A linear layer of 8 bits, for inference: inputs are quantised to 0 ... 255, multiplied by weights from -127 to 127,
/// and products are added up in 32 bits, exactly:
///
///     y[o] = input.scale scale[o] sum over k of (q[k] - input.zero) w[o, k] + bias[o]
///
/// It has no leaves: nothing of it is trained. Derivatives by x are those of fake_quantise. A row of x with NaN in it
/// gives NaN.
struct QuantisedLinear {
  Var words;           ///< the weights, eight to an int64; [blocks, words]
  Var scale;           ///< [outputs], of the weights
  Quantisation input;  ///< affine, of 8 bits, one for all
  std::optional<Var> bias;
  std::size_t inputs = 0;
  std::size_t outputs = 0;

  /// \throws ShapeError  unless the last axis of x has as many elements as there are inputs.
  /// \throws TypeError   unless x is floating-point.
  Var operator()(const Var& x) const;
  /// The weights in floating point, [outputs, inputs].
  [[nodiscard]] Var weight() const;
};
XGRAD_FIELDS(QuantisedLinear, state(words), state(scale), input, state(bias), inputs, outputs)

struct QuantisedOptions {
  bool per_channel = true;  ///< each output has a scale of its own
};

/// A linear layer with weights of 8 bits.
/// \param inputs  the range of its inputs, such as an observer gives.
/// \throws ShapeError  unless the weight is a matrix with at most 65,536 inputs.
[[nodiscard]] QuantisedLinear quantised(const nn::Linear& layer, const Range& inputs,
                                        const QuantisedOptions& options = {});
[[nodiscard]] QuantisedLinear quantised(const Observed<nn::Linear>& layer, const QuantisedOptions& options = {});
[[nodiscard]] QuantisedLinear quantised(const FakeQuantised<nn::Linear>& layer, const QuantisedOptions& options = {});

/// A convolution of 8 bits, for inference: the windows of x as rows, times the kernel of each group. Windows that reach
/// out of x see 0, which has an integer of its own.
struct QuantisedConv {
  std::vector<QuantisedLinear> groups;
  std::vector<std::ptrdiff_t> window, stride, dilation;
  std::vector<std::pair<std::ptrdiff_t, std::ptrdiff_t>> padding;

  /// x [n, channels, X...] -> [n, outputs, Y...], as `conv`.
  /// \throws ShapeError  unless x has the channels of the kernel and as many axes.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(QuantisedConv, groups, window, stride, dilation, padding)

/// \param weight   [outputs, channels of a group, window...], as of `conv`.
/// \param options  as of `conv`.
/// \throws ShapeError  unless the weight has 3, 4 or 5 axes, outputs divide by the groups, and strides and so on are
///                     numbers for all axes or one for each.
/// \throws ValueError  for the padding "same" unless all strides are 1: it depends on x then, so say the numbers.
[[nodiscard]] QuantisedConv quantised_conv(const Var& weight, const std::optional<Var>& bias,
                                           const ConvOptions& convolution, const Range& inputs,
                                           const QuantisedOptions& options = {});

/// The same of a layer.
[[nodiscard]] QuantisedConv quantised(const nn::Conv& layer, const Range& inputs, const QuantisedOptions& options = {});
[[nodiscard]] QuantisedConv quantised(const Observed<nn::Conv>& layer, const QuantisedOptions& options = {});
[[nodiscard]] QuantisedConv quantised(const FakeQuantised<nn::Conv>& layer, const QuantisedOptions& options = {});

}  // namespace xgrad::compression

#pragma GCC visibility pop
