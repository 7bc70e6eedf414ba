#include <xgrad/ops/fft.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <type_traits>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/rearrange.hpp>

#include "axes.hpp"
#include "core/text.hpp"
#include "internal.hpp"
#include "reductions.hpp"

namespace xgrad::fft {
namespace {

using detail::part_along;

/// cos and sin of 2 pi numerator / denominator, with all digits for any numerator.
struct Angle {
  double cosine, sine;
  Angle(std::size_t numerator, std::size_t denominator) {
    const double turns = static_cast<double>(numerator % denominator) / static_cast<double>(denominator);
    // Of an eighth of a turn at most, so that quarters are exact.
    const double quarters = std::round(4.0 * turns);
    const double rest = 2.0 * std::numbers::pi * (turns - 0.25 * quarters);
    const double c = std::cos(rest);
    const double s = std::sin(rest);
    switch (static_cast<int>(quarters) % 4) {
      case 0:
        cosine = c, sine = s;
        return;
      case 1:
        cosine = -s, sine = c;
        return;
      case 2:
        cosine = -c, sine = -s;
        return;
      default:
        cosine = s, sine = -c;
    }
  }
};

/// e^(i sign 2 pi j k / n) for j < rows and k < columns.
Complex powers(std::size_t rows, std::size_t columns, std::size_t n, double sign, DType dtype) {
  const Shape shape{rows, columns};
  require_addressable(shape);
  auto real = Array<double>::from_shape(shape);
  auto imag = Array<double>::from_shape(shape);
  for (std::size_t j = 0; j < rows; ++j) {
    for (std::size_t k = 0; k < columns; ++k) {
      const Angle angle(j * k, n);
      real.data()[j * columns + k] = angle.cosine;
      imag.data()[j * columns + k] = sign * angle.sine;
    }
  }
  return {cast(Var(std::move(real)), dtype), cast(Var(std::move(imag)), dtype)};
}

Complex product(const Complex& a, const Complex& b) {
  return {a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real};
}

/// \param a  real, if there is no imaginary part.
Complex matrix_product(const Complex& a, const Complex& b) {
  if (!a.imag.defined()) return {matmul(a.real, b.real), matmul(a.real, b.imag)};
  return {matmul(a.real, b.real) - matmul(a.imag, b.imag), matmul(a.real, b.imag) + matmul(a.imag, b.real)};
}

template <class F>
Complex each(const Complex& x, F f) {
  return {f(x.real), x.imag.defined() ? f(x.imag) : Var()};
}

/// A divisor of n up to a bound, the largest one; 1 if there is none.
std::size_t divisor_up_to(std::size_t n, std::size_t bound) {
  for (std::size_t d = std::min(n, bound); d > 1; --d) {
    if (n % d == 0) return d;
  }
  return 1;
}

/// The first factor of the length: near 16 if there is one, for matrices of that size are multiplied fast; else the
/// least prime one.
std::size_t factor_of(std::size_t n) {
  constexpr std::size_t at_once = 32;
  constexpr std::size_t usual = 16;
  if (n <= at_once) return n;
  if (const std::size_t d = divisor_up_to(n, usual); d > 1) return d;
  for (std::size_t d = usual + 1; d * d <= n; ++d) {
    if (n % d == 0) return d;
  }
  return n;
}

/// Transforms of the rows of [rows, n], by Cooley and Tukey: with j = j1 m + j2 and k = k1 + f k2, for n = f m, first
/// the sums over j1, then a factor for j2 and k1, then the sums over j2.
Complex of_rows(const Complex& x, double sign) {
  const std::size_t n = x.real.shape()[1];
  const DType dtype = x.real.dtype();
  const std::size_t f = factor_of(n);
  if (f == n) return matrix_product(x, powers(n, n, n, sign, dtype));
  const std::size_t m = n / f;
  const auto shaped = [](const Complex& y, const Strides& shape) {
    return each(y, [&](const Var& part) { return reshape(part, shape); });
  };
  const auto turned = [](const Complex& y) { return each(y, [](const Var& part) { return swapaxes(part, -1, -2); }); };
  const Complex columns = turned(shaped(x, {-1, f, m}));  // [rows, j2, j1]
  const Complex first = shaped(matrix_product(shaped(columns, {-1, f}), powers(f, f, f, sign, dtype)), {-1, m, f});
  const Complex lines = turned(product(first, powers(m, f, n, sign, dtype)));  // [rows, k1, j2]
  const Complex second = shaped(of_rows(shaped(lines, {-1, m}), sign), {-1, f, m});
  return shaped(turned(second), {-1, n});
}

/// f of the rows along an axis, [rows, n], whose result has rows of another length.
template <class F>
auto along_axis(const Complex& x, std::size_t axis, F f) {
  const auto last = static_cast<std::ptrdiff_t>(x.real.dimension()) - 1;
  const auto at = static_cast<std::ptrdiff_t>(axis);
  const Complex moved = each(x, [&](const Var& part) { return moveaxis(part, at, last); });
  const std::size_t n = x.real.shape()[axis];
  const std::size_t rows = x.real.size() / n;
  const auto result = f(each(moved, [&](const Var& part) { return reshape(part, {rows, n}); }));
  const auto back = [&](const Var& part) {
    Shape shape = moved.real.shape();
    shape.back() = part.shape()[1];
    return moveaxis(reshape(part, Strides(shape)), last, at);
  };
  if constexpr (std::is_same_v<decltype(f(x)), Var>) return back(result);
  else return each(result, back);
}

/// The parts in a floating-point type, and the axis counted from the front.
Complex checked_parts(std::string_view operation, const Complex& x, std::ptrdiff_t axis, std::size_t* along) {
  detail::require_same_shape(operation, x.real, x.imag, "real part", "imaginary part");
  *along = detail::normalize_axis(operation, axis, x.real);
  if (x.real.shape()[*along] == 0) {
    throw ShapeError(std::string(operation) + ": there are no samples along axis " + std::to_string(*along) +
                     " of the shape " + to_string(x.real.shape()));
  }
  const DType common = detail::common_dtype(std::array{&x.real, &x.imag});
  const DType dtype = is_floating(common) ? common : DType::Float64;
  return each(x, [&](const Var& part) { return cast(part, dtype); });
}

Complex transformed(std::string_view operation, const Complex& x, std::ptrdiff_t axis, double sign) {
  std::size_t along = 0;
  const Complex parts = checked_parts(operation, x, axis, &along);
  return along_axis(parts, along, [&](const Complex& rows) { return of_rows(rows, sign); });
}

Complex inverse(std::string_view operation, const Complex& x, std::ptrdiff_t axis) {
  const Complex sums = transformed(operation, x, axis, 1.0);
  const auto n = static_cast<double>(sums.real.shape()[detail::normalize_axis(operation, axis, sums.real)]);
  return each(sums, [&](const Var& part) { return part / n; });
}

/// Axes in the order in which they are named.
Strides named(std::string_view operation, const Axes& axes, const Var& x) {
  const Shape sorted = detail::normalize_axes(operation, axes, x);
  return axes.all() ? Strides(sorted) : axes.values();
}

Strides named_with_last(std::string_view operation, const Axes& axes, const Var& x) {
  const Strides all = named(operation, axes, x);
  if (!all.empty()) return all;
  throw ShapeError(std::string(operation) + ": there are no axes to transform, of the shape " + to_string(x.shape()));
}

}  // namespace

Complex fft(const Complex& x, std::ptrdiff_t axis) { return transformed("fft", x, axis, -1.0); }
Complex ifft(const Complex& x, std::ptrdiff_t axis) { return inverse("ifft", x, axis); }

Complex rfft(const Var& x, std::ptrdiff_t axis) {
  std::size_t along = 0;
  Complex parts = checked_parts("rfft", {x, x}, axis, &along);
  parts.imag = Var();
  const std::size_t half = x.shape()[along] / 2 + 1;
  const Complex all = along_axis(parts, along, [](const Complex& rows) { return of_rows(rows, -1.0); });
  return each(all, [&](const Var& part) { return part_along(part, along, 0, half); });
}

Var irfft(const Complex& x, std::optional<std::size_t> n, std::ptrdiff_t axis) {
  std::size_t along = 0;
  const Complex parts = checked_parts("irfft", x, axis, &along);
  const std::size_t m = parts.real.shape()[along];
  const std::size_t count = n.value_or(2 * (m - 1));
  if (count == 0 || count / 2 + 1 != m) {
    throw ShapeError("irfft: there are " + std::to_string(m) + " numbers along axis " + std::to_string(along) +
                     " of the shape " + to_string(x.real.shape()) + " for " + std::to_string(count) +
                     " samples; there must be half as many, and one more");
  }
  // The others are the conjugates of those from the second on, in reverse order.
  const std::size_t others = count - m;
  const auto whole = [&](const Var& part, double sign) {
    const Var mirrored = part_along(part, along, others, others, -1);
    return concatenate({part, sign * mirrored}, static_cast<std::ptrdiff_t>(along));
  };
  const Complex all{whole(parts.real, 1.0), whole(parts.imag, -1.0)};
  return inverse("irfft", all, axis).real;
}

Complex fftn(const Complex& x, const Axes& axes) {
  Complex result = x;
  for (const std::ptrdiff_t axis : named("fftn", axes, x.real)) result = transformed("fftn", result, axis, -1.0);
  return result;
}

Complex ifftn(const Complex& x, const Axes& axes) {
  Complex result = x;
  for (const std::ptrdiff_t axis : named("ifftn", axes, x.real)) result = inverse("ifftn", result, axis);
  return result;
}

Complex rfftn(const Var& x, const Axes& axes) {
  const Strides all = named_with_last("rfftn", axes, x);
  Complex result = rfft(x, all.back());
  for (std::size_t i = 0; i + 1 < all.size(); ++i) result = transformed("rfftn", result, all[i], -1.0);
  return result;
}

Var irfftn(const Complex& x, std::optional<std::size_t> n, const Axes& axes) {
  const Strides all = named_with_last("irfftn", axes, x.real);
  Complex result = x;
  for (std::size_t i = 0; i + 1 < all.size(); ++i) result = inverse("irfftn", result, all[i]);
  return irfft(result, n, all.back());
}

namespace {

/// \param with_sign  whether those of the second half are negative.
Var frequencies(std::string_view operation, std::size_t n, std::size_t count, double spacing, bool with_sign) {
  if (n == 0) throw ValueError(std::string(operation) + ": there are no samples; there must be one at least");
  if (!std::isfinite(spacing) || spacing == 0.0) {
    throw ValueError(std::string(operation) + ": the spacing is " + core::text_of(spacing) +
                     "; it must be finite and not 0");
  }
  const auto size = static_cast<std::int64_t>(n);
  const Var number = detail::iota(count);
  const Var all = with_sign ? where(number < (size + 1) / 2, number, number - size) : number;
  return all / (static_cast<double>(n) * spacing);
}

Var shifted(std::string_view operation, const Var& x, const Axes& axes, bool inverse_one) {
  Var result = x;
  for (const std::size_t axis : detail::normalize_axes(operation, axes, x)) {
    const auto half = static_cast<std::ptrdiff_t>(x.shape()[axis] / 2);
    result = roll(result, inverse_one ? -half : half, static_cast<std::ptrdiff_t>(axis));
  }
  return result;
}

}  // namespace

Var fftfreq(std::size_t n, double spacing) { return frequencies("fftfreq", n, n, spacing, true); }
Var rfftfreq(std::size_t n, double spacing) { return frequencies("rfftfreq", n, n / 2 + 1, spacing, false); }
Var fftshift(const Var& x, const Axes& axes) { return shifted("fftshift", x, axes, false); }
Var ifftshift(const Var& x, const Axes& axes) { return shifted("ifftshift", x, axes, true); }

}  // namespace xgrad::fft
