// Options of windows as users give them, made plain.
#pragma once

#include <string_view>
#include <vector>

#include <xgrad/ops/windows.hpp>

#include "primitives/windows.hpp"

namespace xgrad::detail {

/// How windows move along one axis.
struct WindowAxis {
  std::int64_t window = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t before = 0;
  std::int64_t after = 0;

  /// The places that a window spans.
  [[nodiscard]] std::int64_t span() const { return (window - 1) * dilation + 1; }
};
using WindowAxesList = std::vector<WindowAxis>;

/// \throws ShapeError  unless x is [n, c, X...] with 1, 2 or 3 axes X.
std::size_t window_axes_of(std::string_view operation, const Var& x);
/// \return X.
inline Shape places_of(const Var& x) { return {x.shape().begin() + 2, x.shape().end()}; }

/// One number for each axis.
/// \throws ShapeError  unless there is one for all or one for each.
/// \throws ValueError  unless they are from `least` to 2^30.
std::vector<std::int64_t> for_each_axis(std::string_view operation, std::string_view what, const OneOrMany& numbers,
                                        std::size_t axes, std::int64_t least);

/// All but the padding; see with_padding.
WindowAxesList moving(std::string_view operation, const std::vector<std::int64_t>& window, const OneOrMany& stride,
                      const OneOrMany& dilation);

/// \param totals  the places that "same" has to add along each axis.
void add_padding(std::string_view operation, WindowAxesList& axes, const WindowPadding& padding,
                 const std::vector<std::int64_t>& totals);

/// Puts the padding of windows over an array in, and gives the number of windows along each axis.
/// \throws ShapeError  if a window is larger than the array with its padding.
Shape windows_over(std::string_view operation, const Shape& extents, WindowAxesList& axes,
                   const WindowPadding& padding);

}  // namespace xgrad::detail
