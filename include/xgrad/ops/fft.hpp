// Fourier transforms of real and complex samples. There is no complex element type: a complex array is a pair of real
// ones.
//
// All are linear maps, made of products of matrices: of n samples, with n a product of factors f, they take time as n
// times the sum of f, those of a length that is a large prime as its square. They throw ShapeError for an axis that an
// array does not have, for one of extent 0, and for real and imaginary parts of different shapes.
#pragma once

#include <cstddef>
#include <optional>

#include <xgrad/core/shape.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::fft {

/// A complex array.
struct Complex {
  Var real, imag;
};

/// result[k] = sum_j x[j] e^(-2 pi i j k / n) along an axis. Integers become double.
///
///     auto [real, imag] = xg::fft::fft({x, zeros_like(x)});
///
[[nodiscard]] Complex fft(const Complex& x, std::ptrdiff_t axis = -1);
/// Its inverse, sum_k x[k] e^(2 pi i j k / n) / n.
[[nodiscard]] Complex ifft(const Complex& x, std::ptrdiff_t axis = -1);

/// The first n / 2 + 1 numbers of the transform of real samples: the others are their conjugates.
[[nodiscard]] Complex rfft(const Var& x, std::ptrdiff_t axis = -1);
/// The n real samples of which these are the transform: 2 (m - 1) of m unless n is given. Imaginary parts of the first
/// number, and of the last one for even n, count for nothing.
/// \throws ShapeError  unless there are n / 2 + 1 numbers.
[[nodiscard]] Var irfft(const Complex& x, std::optional<std::size_t> n = {}, std::ptrdiff_t axis = -1);

/// fft along several axes, all of them by default; fft2 is `fftn(x, {-2, -1})`.
[[nodiscard]] Complex fftn(const Complex& x, const Axes& axes = {});
[[nodiscard]] Complex ifftn(const Complex& x, const Axes& axes = {});
/// rfft along the last of several axes, and fft along the others.
/// \throws ShapeError  for a scalar.
[[nodiscard]] Complex rfftn(const Var& x, const Axes& axes = {});
/// Its inverse; n is of the last of the axes.
/// \throws ShapeError  as irfft.
[[nodiscard]] Var irfftn(const Complex& x, std::optional<std::size_t> n = {}, const Axes& axes = {});

/// The frequencies of the numbers of a transform, in cycles for a unit of the spacing: 0, 1, ..., and the negative
/// ones, over n spacing.
/// \throws ValueError  for no samples; for a spacing that is 0 or not finite.
[[nodiscard]] Var fftfreq(std::size_t n, double spacing = 1.0);
/// Those of rfft.
[[nodiscard]] Var rfftfreq(std::size_t n, double spacing = 1.0);
/// The frequency 0 in the middle of each of the axes, all by default.
[[nodiscard]] Var fftshift(const Var& x, const Axes& axes = {});
[[nodiscard]] Var ifftshift(const Var& x, const Axes& axes = {});

}  // namespace xgrad::fft

#pragma GCC visibility pop
