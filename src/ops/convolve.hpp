// Convolutions as derivative rules write them.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "primitives/windows.hpp"
#include "var/record.hpp"

namespace xgrad::detail {

/// The attributes of a convolution but for the role of its result.
struct WindowMotion {
  std::size_t groups = 1;
  std::vector<primitives::WindowStep> axes;

  WindowMotion() = default;
  explicit WindowMotion(std::span<const std::int64_t> attributes);
};

/// One of the arrays of a convolution from the two others; see primitives::Convolution.
/// \param arrays  by their roles; that of the result is empty.
/// \param shape   of the result.
Var convolved(primitives::ConvolutionRole result, const std::array<Var, 3>& arrays, const Shape& shape,
              const WindowMotion& motion);

}  // namespace xgrad::detail
