// Layers of convolutions over one, two or three axes.
#pragma once

#include <cstddef>
#include <optional>

#include <xgrad/core/dtype.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/ops/convolution.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// `xgrad::conv` with weights of its own, and a bias for each channel: [n, inputs, X...] -> [n, outputs, Y...] with 1,
/// 2 or 3 axes X, as many as the weight has.
///
///     nn::Conv layer = nn::conv2d(key, 3, 16, 5, {.stride = 2, .padding = "same"});
struct Conv {
  Var weight;                    ///< [outputs, inputs / groups, window...], as torch's
  std::optional<Var> bias = {};  ///< [outputs]
  OneOrMany stride = 1;
  WindowPadding padding = 0;
  OneOrMany dilation = 1;
  std::ptrdiff_t groups = 1;
  /// \throws ShapeError, ValueError  as `conv`; if the bias has another shape.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(Conv, weight, bias, static(stride), static(padding), static(dilation), groups)

struct ConvLayerOptions {
  OneOrMany stride = 1;
  WindowPadding padding = 0;
  OneOrMany dilation = 1;
  std::ptrdiff_t groups = 1;
  bool bias = true;
  Initialiser weights = lecun_normal();
  Initialiser biases = constant(0.0);
  DType dtype = DType::Float32;
};

/// A convolution over one axis with weights made of a key.
/// \param window  its extents, or one number for all axes.
/// \throws TypeError   unless the element type is a floating-point one.
/// \throws ShapeError  unless the groups divide inputs and outputs, and there is one extent for all axes or one for
///                     each.
/// \throws ValueError  for extents and groups below 1.
[[nodiscard]] Conv conv1d(const random::Key& key, std::size_t inputs, std::size_t outputs, const OneOrMany& window,
                          const ConvLayerOptions& options = {});
/// The same over two axes.
[[nodiscard]] Conv conv2d(const random::Key& key, std::size_t inputs, std::size_t outputs, const OneOrMany& window,
                          const ConvLayerOptions& options = {});
/// The same over three axes.
[[nodiscard]] Conv conv3d(const random::Key& key, std::size_t inputs, std::size_t outputs, const OneOrMany& window,
                          const ConvLayerOptions& options = {});

/// `xgrad::conv_transpose` with weights of its own, and a bias for each channel: what makes images larger again.
struct ConvTranspose {
  Var weight;                    ///< [inputs, outputs / groups, window...], as torch's
  std::optional<Var> bias = {};  ///< [outputs]
  OneOrMany stride = 1;
  WindowPadding padding = 0;
  OneOrMany dilation = 1;
  std::ptrdiff_t groups = 1;
  OneOrMany output_padding = 0;
  /// \throws ShapeError, ValueError  as `conv_transpose`; if the bias has another shape.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(ConvTranspose, weight, bias, static(stride), static(padding), static(dilation), groups,
             static(output_padding))

struct ConvTransposeLayerOptions {
  OneOrMany stride = 1;
  WindowPadding padding = 0;
  OneOrMany dilation = 1;
  std::ptrdiff_t groups = 1;
  OneOrMany output_padding = 0;
  bool bias = true;
  /// They are given the shape [outputs, inputs / groups, window...], so that their fans are those of `conv`.
  Initialiser weights = lecun_normal();
  Initialiser biases = constant(0.0);
  DType dtype = DType::Float32;
};

/// A transposed convolution over one axis with weights made of a key. Errors are those of `conv1d`.
[[nodiscard]] ConvTranspose conv_transpose1d(const random::Key& key, std::size_t inputs, std::size_t outputs,
                                             const OneOrMany& window, const ConvTransposeLayerOptions& options = {});
/// The same over two axes.
[[nodiscard]] ConvTranspose conv_transpose2d(const random::Key& key, std::size_t inputs, std::size_t outputs,
                                             const OneOrMany& window, const ConvTransposeLayerOptions& options = {});
/// The same over three axes.
[[nodiscard]] ConvTranspose conv_transpose3d(const random::Key& key, std::size_t inputs, std::size_t outputs,
                                             const OneOrMany& window, const ConvTransposeLayerOptions& options = {});

/// A convolution of each channel by itself, then one of all channels with a window of one place.
/// \source  F. Chollet, Xception: deep learning with depthwise separable convolutions, 2017.
struct SeparableConv {
  Conv depthwise;
  Conv pointwise;
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(SeparableConv, depthwise, pointwise)

struct SeparableConvOptions {
  OneOrMany stride = 1;
  WindowPadding padding = 0;
  OneOrMany dilation = 1;
  std::size_t multiplier = 1;  ///< how many channels the first convolution makes of each
  bool bias = true;            ///< of the second one; the first has none
  Initialiser weights = lecun_normal();
  Initialiser biases = constant(0.0);
  DType dtype = DType::Float32;
};

/// A separable convolution over one axis with weights made of a key. Errors are those of `conv1d`.
[[nodiscard]] SeparableConv separable_conv1d(const random::Key& key, std::size_t inputs, std::size_t outputs,
                                             const OneOrMany& window, const SeparableConvOptions& options = {});
/// The same over two axes.
[[nodiscard]] SeparableConv separable_conv2d(const random::Key& key, std::size_t inputs, std::size_t outputs,
                                             const OneOrMany& window, const SeparableConvOptions& options = {});
/// The same over three axes.
[[nodiscard]] SeparableConv separable_conv3d(const random::Key& key, std::size_t inputs, std::size_t outputs,
                                             const OneOrMany& window, const SeparableConvOptions& options = {});

}  // namespace xgrad::nn

#pragma GCC visibility pop
