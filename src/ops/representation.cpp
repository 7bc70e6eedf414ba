#include <xgrad/ops/representation.hpp>

#include <array>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>

#include "elementwise.hpp"
#include "reductions.hpp"

namespace xgrad {
namespace {

/// 2^e for integers from -1074 to 1023, exactly.
Var power_of_two(const Var& e) { return exp2(cast(e, DType::Float64)); }

/// Of a number: 1/2 <= |mantissa| < 1, and how often that is to be doubled.
struct Parts {
  Var scale, subnormal_scale;  ///< the mantissa is x times both
  Var exponent;
  Var other;  ///< whether x is 0, infinite or NaN, of which the rest says nothing
};

/// \param x  float64.
Parts parts_of(const Var& x) {
  const Var size = abs(x);
  const Var other = equal(x, 0.0) || !isfinite(x);
  const Var subnormal = size < std::numeric_limits<double>::min();
  const Var subnormal_scale = where(subnormal, 0x1p64, ones_like(x));
  const Var number = where(other, 1.0, size * subnormal_scale);
  // The logarithm is rounded: it may be an integer where it is a little more or less.
  const Var guess = cast(floor(log2(number)), DType::Int64) + 1;
  const Var mantissa = number * power_of_two(-guess);
  const Var correction = where(mantissa >= 1.0, 1, where(mantissa < 0.5, -1, cast(zeros_like(x), DType::Int64)));
  const Var exponent = guess + correction;
  return {stop_gradient(power_of_two(-exponent)), subnormal_scale, exponent - where(subnormal, 64, 0), other};
}

struct Format {
  std::int64_t digits, lowest;
  double largest;
};

Format format_of(DType dtype) {
  if (dtype == DType::Float32) return {24, -149, double{std::numeric_limits<float>::max()}};
  return {53, -1074, std::numeric_limits<double>::max()};
}

/// The size of the last digit of x, in float64; of what is no number anything.
Var last_digit(const Parts& parts, const Format& format) {
  return where(parts.other, power_of_two(Var(format.lowest)),
               power_of_two(maximum(parts.exponent - format.digits, format.lowest)));
}

Var spacing_of(const Var& x) {
  const Format format = format_of(x.dtype());
  const Var number = stop_gradient(cast(x, DType::Float64));
  const Var digit = last_digit(parts_of(number), format);
  const Var distance = where(equal(abs(number), format.largest), std::numeric_limits<double>::infinity(), digit);
  const Var of_infinity = where(isfinite(number), distance, std::numeric_limits<double>::quiet_NaN());
  return cast(where(number < 0.0, -of_infinity, of_infinity), x.dtype());
}

/// What must be added to x to get its neighbour, above or below; x is finite.
Var step_to(const Var& x, const Var& above, const Format& format) {
  const Parts parts = parts_of(x);
  const Var digit = last_digit(parts, format);
  const Var outward = equal(x > 0.0, above) || equal(x, 0.0);
  const Var is_power = equal(abs(x) * parts.subnormal_scale * parts.scale, 0.5);
  const Var inner = maximum(digit * where(is_power, 0.5, ones_like(x)), power_of_two(Var(format.lowest)));
  const Var size = where(outward, digit, inner);
  return where(above, size, -size);
}

Var next_of(const Var& x, const Var& towards) {
  const Format format = format_of(x.dtype());
  const Var from = stop_gradient(cast(x, DType::Float64));
  const Var to = stop_gradient(cast(towards, DType::Float64));
  const Var finite = isfinite(from);
  const Var step = step_to(where(finite, from, 0.0), to > from, format);
  const Var moved = x + cast(where(finite, step, 0.0), x.dtype());
  // From the smallest number to 0 the sign stays; from an infinity there is no finite step.
  const Var zero = equal(moved, 0.0) && !equal(from, 0.0);
  const Var signed_zero = cast(where(from < 0.0, -0.0, zeros_like(from)), x.dtype());
  const Var finite_end = cast(where(from < 0.0, -format.largest, full_like(from, format.largest)), x.dtype());
  const Var next = where(isinf(from), finite_end, where(zero, signed_zero, moved));
  const Var same = where(equal(from, 0.0), cast(to, x.dtype()), x);
  const Var nan = isnan(from) || isnan(to);
  return where(nan, cast(from + to, x.dtype()), where(equal(from, to), same, next));
}

}  // namespace

std::pair<Var, Var> modf(const Var& x) {
  detail::require_usable(x, "modf");
  const Var number = detail::floats_of(x);
  const auto fraction = [](const Var& a) {
    // fmod has the slope 1 everywhere.
    return where(isinf(a), copysign(zeros_like(a), a), fmod(where(isinf(a), 0.0, a), 1.0));
  };
  return {detail::computed_at_once("modf", fraction, number), trunc(number)};
}

std::pair<Var, Var> frexp(const Var& x) {
  detail::require_usable(x, "frexp");
  const Var number = detail::floats_of(x);
  const auto mantissa = [](const Var& a) {
    const Var wide = cast(a, DType::Float64);
    const Parts parts = parts_of(wide);
    return cast(where(parts.other, wide, wide * parts.subnormal_scale * parts.scale), a.dtype());
  };
  const auto exponent = [](const Var& a) {
    const Parts parts = parts_of(cast(a, DType::Float64));
    return where(parts.other, 0, parts.exponent);
  };
  return {detail::computed_at_once("frexp", mantissa, number), detail::computed_at_once("frexp", exponent, number)};
}

Var ldexp(const Var& x, const Var& exponent) {
  detail::require_operands("ldexp", x, exponent);
  if (is_floating(exponent.dtype())) {
    throw TypeError("ldexp: the exponents are " + std::string(name(exponent.dtype())) + " " +
                    to_string(exponent.shape()) + "; they must be integers");
  }
  const auto of = [](const Var& a, const Var& e) {
    // A factor has no exponents of this size. On the way down, no product but the last one is subnormal, if the result
    // is not 0: so there is one rounding.
    constexpr std::int64_t highest = 1023;
    constexpr std::int64_t lowest = -1022;
    constexpr std::int64_t down = -969;
    const Var zero = zeros_like(e);
    Var result = cast(a, DType::Float64);
    Var left = e;
    for (int i = 0; i < 2; ++i) {
      const Var part = where(left > highest, highest, where(left < lowest, down, zero));
      result = result * power_of_two(part);
      left = left - part;
    }
    return cast(result * power_of_two(clip(left, lowest, highest)), a.dtype());
  };
  return detail::computed_at_once("ldexp", of, detail::floats_of(x), cast(exponent, DType::Int64));
}

Var spacing(const Var& x) {
  detail::require_usable(x, "spacing");
  return detail::computed_at_once("spacing", spacing_of, detail::floats_of(x));
}

Var nextafter(const Var& x, const Var& towards) {
  detail::require_operands("nextafter", x, towards);
  const DType common = detail::common_dtype(std::array{&x, &towards});
  const DType dtype = is_floating(common) ? common : DType::Float64;
  return detail::computed_at_once("nextafter", next_of, cast(x, dtype), cast(towards, dtype));
}

}  // namespace xgrad
