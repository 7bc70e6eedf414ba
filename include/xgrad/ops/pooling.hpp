// Maxima and means of windows, and other extents by interpolation.
#pragma once

#include <cstdint>
#include <vector>

#include <xgrad/ops/windows.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// How the windows of a pool move. Numbers are for all axes or for each.
struct PoolOptions {
  OneOrMany stride = std::vector<std::ptrdiff_t>{};  ///< none: that of the window, so that windows do not overlap
  WindowPadding padding = 0;
  OneOrMany dilation = 1;
  bool count_include_pad = true;  ///< of `average_pool`: whether a mean counts the zeros out of the array
};

/// The largest element of each window: [n, c, X...] -> [n, c, Y...] with 1, 2 or 3 axes X. What is out of the array
/// does not count. Of equal elements the first one gets the derivative; NaN is larger than all others.
///
///     xg::max_pool(images, 2);
///     xg::max_pool(images, 3, {.stride = 2, .padding = 1});
///
/// \param window  its extents, or one number for all axes.
/// \throws ShapeError  unless x has 3, 4 or 5 axes and the options are numbers for all axes or for each; if a window is
///                     larger than the array with its padding, or wholly out of the array.
/// \throws ValueError  for windows, strides or dilations below 1, negative paddings, and numbers above 2^30.
Var max_pool(const Var& x, const OneOrMany& window, const PoolOptions& options = {});

/// The mean of each window; shapes and errors as those of `max_pool`. Integers become float64.
Var average_pool(const Var& x, const OneOrMany& window, const PoolOptions& options = {});

/// `max_pool` with a given number of windows along each axis, which share it evenly: window i of y has the elements
/// from floor(i x / y) to ceil((i + 1) x / y) of x. As torch's adaptive pools.
/// \param extents  of the result, or one number for all axes.
/// \throws ShapeError  unless x has 3, 4 or 5 axes; if an axis without elements is to give some.
/// \throws ValueError  for negative extents.
Var adaptive_max_pool(const Var& x, const OneOrMany& extents);

/// The mean of each of these windows. Integers become float64.
Var adaptive_average_pool(const Var& x, const OneOrMany& extents);

/// How `resize` fills in.
enum class ResizeMethod : std::uint8_t {
  Nearest,  ///< element floor(i x / y)
  Linear,   ///< between two neighbours
  Cubic     ///< of four neighbours, by R. Keys' kernel (1981) with a = -0.75
};

/// Other extents of the last axes: [n, c, X...] -> [n, c, Y...] with 1, 2 or 3 axes X. Element i of y stands at
/// (i + 1/2) x / y - 1/2 among those of x; out of x, the element at the edge counts. As torch's interpolate with
/// align_corners = false and without antialiasing, which also differs from jax.image.resize in what is nearest.
/// Integers become float64, but for Nearest.
///
///     xg::resize(images, {56, 56}, xg::ResizeMethod::Cubic);
///
/// \param extents  of the result, or one number for all axes.
/// \throws ShapeError  unless x has 3, 4 or 5 axes; if an axis without elements is to give some.
/// \throws ValueError  for negative extents.
Var resize(const Var& x, const OneOrMany& extents, ResizeMethod method = ResizeMethod::Linear);

}  // namespace xgrad

#pragma GCC visibility pop
