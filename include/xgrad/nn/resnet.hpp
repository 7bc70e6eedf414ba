// Blocks of residual nets. Members have the names of torchvision's, so that its files are read as they are.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include <xgrad/core/dtype.hpp>
#include <xgrad/nn/convolution.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/nn/normalisation.hpp>
#include <xgrad/nn/outline.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// relu(f(x) + x), f being two convolutions with windows of 3 and batch normalisation, relu between them:
/// [n, inputs, X...] -> [n, outputs, Y...]. Where f changes the shape, x goes through a projection.
/// \source  K. He, X. Zhang, S. Ren and J. Sun, Deep residual learning for image recognition, 2016.
struct ResNetBlock {
  Conv conv1;
  BatchNorm bn1;
  Conv conv2;
  BatchNorm bn2;
  std::optional<std::pair<Conv, BatchNorm>> downsample = {};  ///< the projection: a window of one place
  Var operator()(const Var& x) const;
  Var operator()(const Var& x, const Training& training);
  void outline(detail::Outline& outline) const;
};
XGRAD_FIELDS(ResNetBlock, conv1, bn1, conv2, bn2, downsample)

struct ResNetBlockOptions {
  OneOrMany stride = 1;
  std::size_t axes = 2;  ///< X: 1, 2 or 3
  Initialiser weights = he_normal();
  BatchNormOptions norm = {};  ///< its element type is that of the weights, too
};

/// A block with weights made of a key. It projects if the stride is not 1, or inputs and outputs are not as many.
/// \throws ValueError  for axes other than 1, 2 or 3; else as conv2d and batch_norm.
[[nodiscard]] ResNetBlock resnet_block(const random::Key& key, std::size_t inputs, std::size_t outputs,
                                       const ResNetBlockOptions& options = {});

/// A block of three convolutions, with windows of 1, 3 and 1, of which the one in the middle has fewer channels and the
/// stride, as torchvision's.
struct ResNetBottleneck {
  Conv conv1;
  BatchNorm bn1;
  Conv conv2;
  BatchNorm bn2;
  Conv conv3;
  BatchNorm bn3;
  std::optional<std::pair<Conv, BatchNorm>> downsample = {};
  Var operator()(const Var& x) const;
  Var operator()(const Var& x, const Training& training);
  void outline(detail::Outline& outline) const;
};
XGRAD_FIELDS(ResNetBottleneck, conv1, bn1, conv2, bn2, conv3, bn3, downsample)

struct ResNetBottleneckOptions {
  OneOrMany stride = 1;
  std::ptrdiff_t groups = 1;  ///< of the convolution in the middle: more than 1 makes a ResNeXt
  std::size_t axes = 2;
  Initialiser weights = he_normal();
  BatchNormOptions norm = {};
};

/// A block with weights made of a key, with so many channels between.
/// \throws ValueError, ShapeError, TypeError  as resnet_block.
[[nodiscard]] ResNetBottleneck resnet_bottleneck(const random::Key& key, std::size_t inputs, std::size_t between,
                                                 std::size_t outputs, const ResNetBottleneckOptions& options = {});

}  // namespace xgrad::nn

#pragma GCC visibility pop
