// Convolutions over one, two or three axes.
#pragma once

#include <xgrad/ops/windows.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// How the kernel of a convolution moves, and into how many groups channels are divided. Numbers are for all axes or
/// for each.
struct ConvOptions {
  OneOrMany stride = 1;
  WindowPadding padding = 0;
  OneOrMany dilation = 1;
  std::ptrdiff_t groups = 1;
};

/// The convolution of layers (mathematically a correlation), channels first:
///
///     [n, g c, X...] [g o, c, K...] -> [n, g o, Y...]
///     y[n, o, j] = sum over c, k of w[o, c, k] x[n, c, j stride + k dilation - padding],   0 out of x
///     Y = floor((X + paddings - (K - 1) dilation - 1) / stride) + 1
///
/// for 1, 2 or 3 axes X. The channels of each of the g groups are those of one group of x. Element types promote as in
/// `matmul`; booleans count as int64.
///
///     xg::conv(images, kernel, {.padding = 2});
///     xg::conv(signal, kernel, {.stride = 2, .padding = "same", .groups = 4});
///
/// \throws ShapeError  unless x and the kernel have the same number of axes, 3, 4 or 5; if channels do not fit the
///                     kernel and the groups; if the kernel is larger than x with its padding; if options are numbers
///                     neither for all axes nor for each.
/// \throws ValueError  for strides, dilations or groups below 1, negative paddings, and numbers above 2^30.
Var conv(const Var& x, const Var& kernel, const ConvOptions& options = {});

/// How the kernel of a transposed convolution moves.
struct ConvTransposeOptions {
  OneOrMany stride = 1;
  WindowPadding padding = 0;
  OneOrMany dilation = 1;
  std::ptrdiff_t groups = 1;
  OneOrMany output_padding = 0;  ///< more places at the end of each axis
};

/// The transpose of `conv` with the same kernel and options, as torch's conv_transpose:
///
///     [n, g c, X...] [g c, o, K...] -> [n, g o, Y...]
///     Y = (X - 1) stride - paddings + (K - 1) dilation + 1 + output_padding
///
/// Of several extents Y that `conv` takes to X, `output_padding` chooses. The padding "same" gives X stride; nothing
/// gives nothing.
/// \throws ShapeError, ValueError  as conv; if an extent of the result were negative; if output_padding is neither
///                                 below the stride nor below the dilation, or given together with "same".
Var conv_transpose(const Var& x, const Var& kernel, const ConvTransposeOptions& options = {});

}  // namespace xgrad

#pragma GCC visibility pop
