// The primitives that look at windows which move over an array: convolutions, and where the maximum of a window stands.
// Their derivative rules are in src/derivatives/windows.cpp.
//
// A convolution is one sum of products of three arrays, x [n, groups c, X...], the kernel w [groups o, c, K...] and
// y [n, groups o, Y...]:
//
//     sum  y[n, o, j] w[o, c, k] x[n, c, j stride + k dilation - padding]
//
// over all channels o and c of one group, all j and k for which the place is in x. Each of the three is also what the
// sum gives to it: `conv` is what it gives to y, the transposed convolution to x, the gradient of a kernel to w. So the
// derivative of each by another is the third, with the same attributes, of every order.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <xgrad/core/shape.hpp>

#include "kinds.hpp"

namespace xgrad::primitives {

/// The arrays of a convolution, in the order of the inputs of a node. The numbers are written to files.
enum class ConvolutionRole : std::uint8_t { Input, Kernel, Output };

/// How a window moves along one axis.
struct WindowStep {
  std::int64_t stride, dilation, padding;
};

inline constexpr std::size_t most_window_axes = 3;
/// Of strides, dilations and paddings, so that places are computed without overflow.
inline constexpr std::int64_t most_window_step = std::int64_t{1} << 30U;
/// Of the places that a window spans.
inline constexpr std::int64_t most_window_span = std::int64_t{1} << 60U;

/// The sum of products as one of the three arrays. Inputs: the two others. Attributes: the role of the result, the
/// groups, and for each axis stride, dilation and padding.
struct Convolution : General {
  static constexpr std::string_view name = "convolution";
  static constexpr bool is_bilinear = true;
  static constexpr bool masks = false;
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto failure = Failure::Memory;
  static constexpr bool needs_dense_inputs = true;
  static Var vjp(const derivatives::NodeContext& context, std::size_t input, const Var& cotangent);
  static Var jvp(const derivatives::NodeContext& context, std::span<const Var> tangents);
  static Var batch(const derivatives::BatchContext& context);
};

/// Where in the last axes, counted as one, the first of the largest elements of each window stands. Attributes: for
/// each of these axes the kernel, stride, dilation and padding; with a kernel of 0, windows share the axis evenly.
struct WindowArgMax : Constantlike {
  static constexpr std::string_view name = "window_argmax";
  static constexpr auto computation = Computation::Kernel;
  static constexpr auto attributes = Attributes::NoAxes;
  static constexpr auto failure = Failure::None;
  static constexpr bool needs_dense_inputs = true;
  static constexpr bool gives_indices = false;
};

// ---- what their attributes say

inline constexpr std::size_t convolution_head = 2;
inline constexpr std::size_t numbers_of_window = 4;

inline ConvolutionRole role_of_result(std::span<const std::int64_t> attributes) {
  return static_cast<ConvolutionRole>(attributes[0]);
}
/// The role of an input of the node.
inline ConvolutionRole role_of_input(ConvolutionRole result, std::size_t input) {
  return static_cast<ConvolutionRole>(input + (input >= static_cast<std::size_t>(result) ? 1 : 0));
}
inline std::size_t groups_of(std::span<const std::int64_t> attributes) {
  return static_cast<std::size_t>(attributes[1]);
}
inline WindowStep window_step(std::span<const std::int64_t> attributes, std::size_t axis) {
  const std::size_t at = convolution_head + 3 * axis;
  return {attributes[at], attributes[at + 1], attributes[at + 2]};
}

/// The elements of one axis that a window looks at: count of them, from `first` on, each `step` further.
struct WindowPart {
  std::size_t first, count, step;
};

/// Window i of an axis that has `extent` elements, and `windows` of them; numbers: its attributes.
inline WindowPart window_part(std::span<const std::int64_t> numbers, std::size_t extent, std::size_t windows,
                              std::size_t i) {
  if (numbers[0] == 0) {  // from floor(i extent / windows) to ceil((i + 1) extent / windows), without overflow
    const std::size_t whole = extent / windows;
    const std::size_t rest = extent % windows;
    const std::size_t first = i * whole + i * rest / windows;
    const std::size_t last = (i + 1) * whole + ((i + 1) * rest + windows - 1) / windows;
    return {first, last - first, 1};
  }
  const std::int64_t dilation = numbers[2];
  const std::int64_t start = static_cast<std::int64_t>(i) * numbers[1] - numbers[3];
  const std::int64_t skipped = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
  const std::int64_t first = start + skipped * dilation;
  const auto end = static_cast<std::int64_t>(extent);
  if (first >= end || skipped >= numbers[0]) return {0, 0, 1};
  const std::int64_t count = std::min(numbers[0] - skipped, (end - 1 - first) / dilation + 1);
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(count), static_cast<std::size_t>(dilation)};
}

/// Whether arrays of these shapes, in the order of the roles, are those of a convolution with such attributes.
bool is_convolution(const std::array<Shape, 3>& shapes, std::span<const std::int64_t> attributes);

/// Whether each window of an array holds an element.
bool has_windows(const Shape& x, const Shape& windows, std::span<const std::int64_t> attributes);

}  // namespace xgrad::primitives
