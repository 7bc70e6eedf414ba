// Arrays as small integers, and back.
//
// compression: nets made smaller: fewer bits, fewer weights, weights that are shared, factors of low rank, and what a
// large net teaches a small one. It includes nn, optim, linalg and what is below.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::compression {

/// The least and the largest number that are to be represented: one each, or as many as an axis has indices.
struct Range {
  Var low;
  Var high;
};
XGRAD_FIELDS(Range, state(low), state(high))

/// The extrema of an array, or those at each index of an axis.
/// \throws ValueError  of nothing.
[[nodiscard]] Range range_of(const Var& x, std::optional<std::ptrdiff_t> axis = {});

/// Symmetric: 0 is the integer 0, and integers are from -(2^(bits - 1) - 1) to 2^(bits - 1) - 1; of weights.
/// Affine: integers are from 0 to 2^bits - 1, and the one that stands for 0 is chosen; of activations, which seldom are
/// symmetric.
enum class Scheme : std::uint8_t { Symmetric, Affine };

/// How numbers are written as integers: n = clip(round(x / scale) + zero, low, high), x ~ (n - zero) scale.
struct Quantisation {
  Var scale;                           ///< [], or one for each index of the axis
  Var zero;                            ///< the integer that stands for 0, as a number in the type of the scale
  std::int64_t low = -127;             ///< the least integer
  std::int64_t high = 127;             ///< the largest integer
  std::optional<std::ptrdiff_t> axis;  ///< along which scales differ, counted from the front; none: one for all
};
XGRAD_FIELDS(Quantisation, state(scale), state(zero), low, high, axis)

struct QuantisationOptions {
  Scheme scheme = Scheme::Symmetric;
  int bits = 8;
  std::optional<std::ptrdiff_t> axis = {};
};

/// The quantisation in which a range, made to include 0, is just represented:
///
///     symmetric:  scale = max(-low, high) / (2^(bits - 1) - 1),  zero = 0
///     affine:     scale = (high - low) / (2^bits - 1),           zero = round(-low / scale)
///
/// A scale is at least 2^-120, so that it can be divided by.
/// \source  B. Jacob et al., Quantization and training of neural networks for efficient integer-arithmetic-only
///          inference, 2018; R. Krishnamoorthi, Quantizing deep convolutional networks for efficient inference, 2018.
/// \throws ValueError  unless there are 2 to 16 bits, and the axis is not negative; when evaluated: for a range that is
///                     not finite, such as that of nothing, or whose low end is above the high one.
/// \throws ShapeError  unless the range is a number, or with an axis a line of numbers.
[[nodiscard]] Quantisation quantisation(const Range& range, const QuantisationOptions& options = {});

/// The quantisation of an array by its own range.
[[nodiscard]] Quantisation quantisation_of(const Var& x, const QuantisationOptions& options = {});

/// clip(round(x / scale) + zero, low, high), int64. Halves are rounded to even; x is multiplied by 1 / scale, rounded
/// to its type, as by torch. Without a derivative: see fake_quantise.
/// \throws ShapeError  if x has no such axis, or another number of indices along it; also below.
/// \throws ValueError  when evaluated: for NaN; for a scale that is not positive and finite; the latter also below.
[[nodiscard]] Var quantise(const Var& x, const Quantisation& quantisation);

/// (n - zero) scale.
[[nodiscard]] Var dequantise(const Var& n, const Quantisation& quantisation);

/// What is left of x after quantise and dequantise, in its own type, with a derivative that passes straight through:
/// 1 where round(x / scale) + zero is from low to high, and 0 elsewhere. NaN stays NaN.
/// \source  Y. Bengio et al., Estimating or propagating gradients through stochastic neurons, 2013; torch's
///          fake_quantize_per_tensor_affine and fake_quantize_per_channel_affine.
/// \throws TypeError  unless x is floating-point.
[[nodiscard]] Var fake_quantise(const Var& x, const Quantisation& quantisation);

}  // namespace xgrad::compression

#pragma GCC visibility pop
