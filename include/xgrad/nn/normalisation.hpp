// Layers that give numbers the mean 0 and the variance 1, over examples, axes or groups of channels.
//
// y = (x - mean) / sqrt(variance + eps) weight + bias; variances are biased, as torch's: sums of squares over n. Where
// all numbers are alike, y is the bias, and derivatives are finite as long as eps > 0. Squares that overflow are
// infinite, as of torch, and y is the bias there, too: of float32 from 1e19 on. It is NaN where the sum of the numbers
// itself overflows. To divide each row by its largest number first would take half as long again. Integers become
// float64.
#pragma once

#include <cstddef>
#include <optional>

#include <xgrad/core/dtype.hpp>
#include <xgrad/core/shape.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/ops/one_or_many.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// Each channel over all examples and places: [n, channels, X...] with any number of axes X, none, too. In training,
/// mean and variance are those of the batch, and the running ones take a step towards them:
///
///     running <- (1 - momentum) running + momentum batch,
///
/// that of the variance being unbiased, over n - 1. Otherwise the running ones are taken.
/// \source  S. Ioffe and C. Szegedy, Batch normalization, 2015.
struct BatchNorm {
  std::optional<Var> weight = {};        ///< [channels]
  std::optional<Var> bias = {};          ///< [channels]
  Var running_mean;                      ///< [channels]
  Var running_var;                       ///< [channels]
  Var num_batches_tracked;               ///< how many batches there were in training, int64
  std::optional<double> momentum = 0.1;  ///< none: running ones are the averages over all batches so far
  double eps = 1e-5;

  /// \throws ShapeError  unless x has at least two axes, the second as long as there are channels.
  Var operator()(const Var& x) const;
  /// \throws ShapeError  as above; unless each channel has at least two numbers.
  Var operator()(const Var& x, const Training& training);
  [[nodiscard]] static bool differs_in_training() noexcept { return true; }
};
XGRAD_FIELDS(BatchNorm, weight, bias, state(running_mean), state(running_var), state(num_batches_tracked), momentum,
             eps)

struct BatchNormOptions {
  std::optional<double> momentum = 0.1;
  double eps = 1e-5;
  bool affine = true;  ///< with weight and bias
  DType dtype = DType::Float32;
};

/// The weight 1, the bias 0, the running mean 0 and variance 1.
/// \throws ValueError  unless eps >= 0 is finite and the momentum from 0 to 1.
/// \throws TypeError   unless the element type is a floating-point one.
[[nodiscard]] BatchNorm batch_norm(std::size_t channels, const BatchNormOptions& options = {});

/// Each example by itself, over its last axes.
/// \source  J. L. Ba, J. R. Kiros and G. E. Hinton, Layer normalization, 2016.
struct LayerNorm {
  std::optional<Var> weight = {};  ///< of the extents
  std::optional<Var> bias = {};    ///< of the extents
  Shape extents;                   ///< of the last axes
  double eps = 1e-5;
  /// \throws ShapeError  unless the last axes of x have these extents.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(LayerNorm, weight, bias, extents, eps)

struct LayerNormOptions {
  double eps = 1e-5;
  bool weight = true;
  bool bias = true;
  DType dtype = DType::Float32;
};

/// The weight 1 and the bias 0.
///
///     nn::layer_norm(64), nn::layer_norm({16, 28, 28})
///
/// \param extents  of the last axes.
/// \throws ValueError, TypeError  as batch_norm; if extents are negative. \throws ShapeError  if there are none.
[[nodiscard]] LayerNorm layer_norm(const OneOrMany& extents, const LayerNormOptions& options = {});

/// Each example by itself over its last axes, without a mean: y = x / sqrt(mean(x^2) + eps) weight.
/// \source  B. Zhang and R. Sennrich, Root mean square layer normalization, 2019.
struct RmsNorm {
  std::optional<Var> weight = {};  ///< of the extents
  Shape extents;                   ///< of the last axes
  double eps = 1e-6;
  /// \throws ShapeError  unless the last axes of x have these extents.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(RmsNorm, weight, extents, eps)

struct RmsNormOptions {
  double eps = 1e-6;
  bool weight = true;
  DType dtype = DType::Float32;
};

/// The weight 1. Errors are those of layer_norm.
[[nodiscard]] RmsNorm rms_norm(const OneOrMany& extents, const RmsNormOptions& options = {});

/// Each example by itself, over its places and the channels of a group: [n, channels, X...].
/// \source  Y. Wu and K. He, Group normalization, 2018.
struct GroupNorm {
  std::optional<Var> weight = {};  ///< [channels]
  std::optional<Var> bias = {};    ///< [channels]
  std::size_t groups = 1;
  double eps = 1e-5;
  /// \throws ShapeError  unless x has at least two axes, and the groups divide the second; unless weight and bias have
  ///                     as many elements.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(GroupNorm, weight, bias, groups, eps)

struct GroupNormOptions {
  double eps = 1e-5;
  bool affine = true;  ///< with weight and bias
  DType dtype = DType::Float32;
};

/// The weight 1 and the bias 0.
/// \throws ShapeError  unless the groups divide the channels. \throws ValueError, TypeError  as batch_norm.
[[nodiscard]] GroupNorm group_norm(std::size_t groups, std::size_t channels, const GroupNormOptions& options = {});

/// Each channel of each example by itself, over its places: [n, channels, X...] with at least one axis X. By default
/// without weight and bias, as torch's. It has no running mean and variance.
/// \source  D. Ulyanov, A. Vedaldi and V. Lempitsky, Instance normalization, 2016.
struct InstanceNorm {
  std::optional<Var> weight = {};  ///< [channels]
  std::optional<Var> bias = {};    ///< [channels]
  double eps = 1e-5;
  /// \throws ShapeError  unless x has at least three axes, and each channel at least two places; unless weight and bias
  ///                     have as many elements as there are channels.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(InstanceNorm, weight, bias, eps)

struct InstanceNormOptions {
  double eps = 1e-5;
  bool affine = false;  ///< with weight and bias
  DType dtype = DType::Float32;
};

/// The weight 1 and the bias 0, if there are any. \throws ValueError, TypeError  as batch_norm.
[[nodiscard]] InstanceNorm instance_norm(std::size_t channels, const InstanceNormOptions& options = {});

}  // namespace xgrad::nn

#pragma GCC visibility pop
