// Sequences of samples: convolutions of vectors, and angles that run on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numbers>
#include <optional>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Which part of a convolution is wanted, of m and n samples.
enum class Overlap : std::uint8_t {
  Full,  ///< all m + n - 1, also where they meet at one end only
  Same,  ///< the max(m, n) in the middle
  Valid  ///< the max(m, n) - min(m, n) + 1 of which the shorter one lies inside of the longer one
};

/// result[k] = sum_i x[i] y[k - i]. Each result is a product with the shorter one: this takes time and memory as m n.
/// \param x, y  [m] and [n], m and n not 0.
/// \throws ShapeError  for other shapes.
Var convolve(const Var& x, const Var& y, Overlap overlap = Overlap::Full);

/// result[k] = sum_i x[i + k] y[i], k from 1 - n on if it is Full; likewise.
/// \throws ShapeError  unless both have one axis, with elements.
Var correlate(const Var& x, const Var& y, Overlap overlap = Overlap::Valid);

struct UnwrapOptions {
  std::ptrdiff_t axis = -1;
  /// Jumps up to this remain, and up to half a period in any case; none: half a period.
  std::optional<double> discontinuity = {};
  double period = 2.0 * std::numbers::pi;
};

/// Angles that go on where they jump by periods: multiples of the period are added so that neighbours along an axis
/// differ by half a period at most. In floating point; derivative 1.
/// \throws ShapeError  for a scalar.
/// \throws ValueError  unless the period is positive and finite.
Var unwrap(const Var& x, const UnwrapOptions& options = {});

}  // namespace xgrad

#pragma GCC visibility pop
