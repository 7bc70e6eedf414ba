// Layers that take the largest element or the mean of windows, and what stands between them and linear layers.
//
// They have no weights: their members are settings, as the arguments of the functions of their names. Arrays are
// [n, channels, X...] with 1, 2 or 3 axes X.
#pragma once

#include <cstddef>
#include <vector>

#include <xgrad/core/shape.hpp>
#include <xgrad/ops/pooling.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// `xgrad::max_pool`: `nn::MaxPool{2}`, `nn::MaxPool{.window = 3, .stride = 2, .padding = 1}`.
struct MaxPool {
  OneOrMany window = 2;
  OneOrMany stride = std::vector<std::ptrdiff_t>{};  ///< none: that of the window, so that windows do not overlap
  WindowPadding padding = 0;
  OneOrMany dilation = 1;
  /// \throws ShapeError, ValueError  as `max_pool`.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(MaxPool, static(window), static(stride), static(padding), static(dilation))

/// `xgrad::average_pool`.
struct AveragePool {
  OneOrMany window = 2;
  OneOrMany stride = std::vector<std::ptrdiff_t>{};  ///< none: that of the window
  WindowPadding padding = 0;
  OneOrMany dilation = 1;
  bool count_include_pad = true;  ///< whether a mean counts the zeros out of the array
  /// \throws ShapeError, ValueError  as `average_pool`.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(AveragePool, static(window), static(stride), static(padding), static(dilation), count_include_pad)

/// `xgrad::adaptive_max_pool`: as many windows along each axis as are asked for, whatever the extents of x.
struct AdaptiveMaxPool {
  OneOrMany extents = 1;
  /// \throws ShapeError, ValueError  as `adaptive_max_pool`.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(AdaptiveMaxPool, static(extents))

/// `xgrad::adaptive_average_pool`.
struct AdaptiveAveragePool {
  OneOrMany extents = 1;
  /// \throws ShapeError, ValueError  as `adaptive_average_pool`.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(AdaptiveAveragePool, static(extents))

/// The largest element of each channel: [n, channels, X...] -> [n, channels], or [n, channels, 1...] with
/// `{xg::keep_dims}`. Equal largest elements share the derivative. Any number of axes X.
struct GlobalMaxPool {
  KeepDims keep = KeepDims::no;
  /// \throws ShapeError  unless x has at least three axes, X of them with elements.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(GlobalMaxPool, keep)

/// The mean of each channel.
struct GlobalAveragePool {
  KeepDims keep = KeepDims::no;
  /// \throws ShapeError  unless x has at least three axes, X of them with elements.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(GlobalAveragePool, keep)

/// Some axes as one, in row-major order: by default all but that of the examples, [n, X...] -> [n, product of X].
struct Flatten {
  std::ptrdiff_t first = 1;
  std::ptrdiff_t last = -1;  ///< that one with them
  /// \throws ShapeError  unless x has both axes, in this order.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(Flatten, first, last)

}  // namespace xgrad::nn

#pragma GCC visibility pop
