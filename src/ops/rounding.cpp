#include <xgrad/ops/rounding.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>

#include "elementwise.hpp"

namespace xgrad {
namespace {

template <class P>
Var rounded_to_integer(const Var& x) {
  detail::require_usable(x, P::name);
  if (x.dtype() == DType::Bool) return cast(x, DType::Int64);
  return x.dtype() == DType::Int64 ? x : detail::elementwise<P>(x);
}

/// Integers to multiples of a power of ten, halves to even.
Var rounded_integer(const Var& x, int zeros) {
  constexpr int most = 18;  // powers of ten that int64 holds
  if (zeros > most) return zeros_like(x);
  std::int64_t power = 1;
  for (; zeros > 0; --zeros) power *= 10;
  const Var quotient = floor_divide(x, power);
  const Var rest = x - quotient * power;
  const Var other = power - rest;  // what it is below the next multiple
  const Var up = rest > other || (equal(rest, other) && equal(quotient % 2, 1));
  return (quotient + cast(up, DType::Int64)) * power;
}

/// b, of which no element is 0 if it is an integer among integers.
Var divisor_beside(std::string_view name, const Var& a, const Var& b, const Requirement& requirement) {
  detail::require_operands(name, a, b);
  if (is_floating(a.dtype()) || is_floating(b.dtype())) return b;
  if (VarAccess::is_scalar(b) && VarAccess::scalar_as(b, DType::Int64).integer != 0) return b;
  return checked(b, not_equal(b, 0), requirement);
}

template <class P>
Var of_bits(std::string_view name, const Var& a, const Var& b) {
  detail::require_operands(name, a, b);
  for (const Var* each : {&a, &b}) {
    if (!is_floating(each->dtype())) continue;
    throw TypeError(std::string(name) + ": the operands are " + std::string(xgrad::name(a.dtype())) + " and " +
                    std::string(xgrad::name(b.dtype())) + "; only integers and booleans have bits: cast them first");
  }
  return detail::elementwise_named<P>(name, a, b);
}

template <class P>
Var shifted(std::string_view name, const Var& a, const Var& count) {
  detail::require_operands(name, a, count);
  const auto number = [](const Var& x) { return x.dtype() == DType::Bool ? cast(x, DType::Int64) : x; };
  return of_bits<P>(name, number(a), number(count));
}

}  // namespace

Var floor(const Var& x) { return rounded_to_integer<primitives::Floor>(x); }
Var ceil(const Var& x) { return rounded_to_integer<primitives::Ceil>(x); }
Var round(const Var& x) { return rounded_to_integer<primitives::Round>(x); }
Var trunc(const Var& x) { return rounded_to_integer<primitives::Trunc>(x); }

Var round(const Var& x, int decimals) {
  detail::require_usable(x, "round");
  constexpr int all = 400;  // no number has so many digits on either side of the point
  const int digits = std::clamp(decimals, -all, all);
  if (!is_floating(x.dtype())) {
    const Var integers = x.dtype() == DType::Bool ? cast(x, DType::Int64) : x;
    return digits >= 0 ? integers : rounded_integer(integers, -digits);
  }
  const double power = std::pow(10.0, std::abs(digits));
  const bool is_single = x.dtype() == DType::Float32;
  if (is_single && power > double{std::numeric_limits<float>::max()}) {
    return cast(round(cast(x, DType::Float64), digits), DType::Float32);
  }
  const auto of = [&](const Var& a) {
    const Var same = stop_gradient(a);
    if (std::isinf(power)) return digits < 0 ? where(isfinite(same), copysign(zeros_like(same), same), same) : same;
    const Var scaled = digits < 0 ? a / power : a * power;
    const Var whole = round(scaled);
    // Larger numbers, and infinities, have no such digits; those far below the power are 0.
    return where(abs(scaled) < (is_single ? 0x1p24 : 0x1p53), digits < 0 ? whole * power : whole / power, same);
  };
  return detail::computed_at_once("round", of, x);
}

Var remainder(const Var& a, const Var& b) {
  static const Requirement requirement("remainder: an integer is divided by {}");
  return detail::elementwise<primitives::Remainder>(a, divisor_beside("remainder", a, b, requirement));
}
Var fmod(const Var& a, const Var& b) {
  static const Requirement requirement("fmod: an integer is divided by {}");
  return detail::elementwise<primitives::Fmod>(a, divisor_beside("fmod", a, b, requirement));
}
Var floor_divide(const Var& a, const Var& b) {
  static const Requirement requirement("floor_divide: an integer is divided by {}");
  return detail::elementwise<primitives::FloorDivide>(a, divisor_beside("floor_divide", a, b, requirement));
}
std::pair<Var, Var> divmod(const Var& a, const Var& b) {
  detail::require_operands("divmod", a, b);
  return {floor_divide(a, b), remainder(a, b)};
}
Var operator%(const Var& a, const Var& b) { return remainder(a, b); }

Var operator&(const Var& a, const Var& b) { return of_bits<primitives::BitwiseAnd>("bitwise_and", a, b); }
Var operator|(const Var& a, const Var& b) { return of_bits<primitives::BitwiseOr>("bitwise_or", a, b); }
Var operator^(const Var& a, const Var& b) { return of_bits<primitives::BitwiseXor>("bitwise_xor", a, b); }
Var operator~(const Var& x) {
  detail::require_usable(x, "bitwise_not");
  if (x.dtype() == DType::Bool) return !x;
  return of_bits<primitives::BitwiseXor>("bitwise_not", x, Var(-1));
}
Var bitwise_count(const Var& x) {
  detail::require_usable(x, "bitwise_count");
  const auto of = [](const Var& a) {
    // Counts of pairs of bits, of four, of eight; their sum is the highest byte of a product. What is shifted in from
    // the sign of the smallest integer is masked out.
    constexpr std::int64_t pairs = 0x5555555555555555;
    constexpr std::int64_t fours = 0x3333333333333333;
    constexpr std::int64_t bytes = 0x0F0F0F0F0F0F0F0F;
    constexpr std::int64_t sum = 0x0101010101010101;
    const Var size = abs(a);
    const Var two = size - ((size >> 1) & pairs);
    const Var four = (two & fours) + ((two >> 2) & fours);
    return ((((four + (four >> 4)) & bytes) * sum) >> 56) & 0xFF;
  };
  if (is_floating(x.dtype())) return of_bits<primitives::BitwiseAnd>("bitwise_count", x, x);  // refuses them
  return detail::computed_at_once("bitwise_count", of, cast(x, DType::Int64));
}
Var operator<<(const Var& a, const Var& count) { return shifted<primitives::LeftShift>("left_shift", a, count); }
Var operator>>(const Var& a, const Var& count) { return shifted<primitives::RightShift>("right_shift", a, count); }

}  // namespace xgrad
