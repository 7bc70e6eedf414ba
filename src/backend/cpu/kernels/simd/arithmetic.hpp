// What the functions are built from: the number formats, polynomials, and sums and products without rounding error.
#pragma once

#include "pack.hpp"

namespace xgrad::backend::cpu::kernels::simd::detail {

/// Facts of the two IEEE formats. Adding `round_shift` rounds to an integer, which is then in the lowest bits.
template <class T>
struct Format;

template <>
struct Format<double> {
  static constexpr int mantissa_bits = 52;
  static constexpr int exponent_bias = 1023;
  static constexpr std::uint64_t one = 0x3ff0000000000000;
  static constexpr std::uint64_t mantissa_mask = 0x000fffffffffffff;
  static constexpr std::uint64_t sqrt_half = 0x3fe6a09e667f3bcd;
  static constexpr double round_shift = 0x1.8p52;
  static constexpr double integers_from = 0x1p52;  ///< all numbers from here on are integers
  static constexpr double smallest_normal = 0x1p-1022;
  static constexpr double largest = 0x1.fffffffffffffp1023;
  static constexpr int denormal_shift = 54;
  static constexpr double denormal_scale = 0x1p54;
  static constexpr double tiny = 0x1p-60;  ///< below this, x + x^2 rounds to x
};

template <>
struct Format<float> {
  static constexpr int mantissa_bits = 23;
  static constexpr int exponent_bias = 127;
  static constexpr std::uint32_t one = 0x3f800000;
  static constexpr std::uint32_t mantissa_mask = 0x007fffff;
  static constexpr std::uint32_t sqrt_half = 0x3f3504f3;
  static constexpr float round_shift = 0x1.8p23F;
  static constexpr float integers_from = 0x1p23F;
  static constexpr float smallest_normal = 0x1p-126F;
  static constexpr float largest = 0x1.fffffep127F;
  static constexpr int denormal_shift = 25;
  static constexpr float denormal_scale = 0x1p25F;
  static constexpr float tiny = 0x1p-30F;
};

template <class P>
using FormatOf = Format<typename P::value_type>;

template <class P>
XGRAD_INLINE P infinity() {
  return typename P::value_type(__builtin_inf());
}

template <class P>
XGRAD_INLINE P not_a_number() {
  return typename P::value_type(__builtin_nan(""));
}

/// a with its sign changed where b has a sign.
template <class P>
XGRAD_INLINE P flip_sign(P a, P b) {
  return P::from_bits(to_bits(a) ^ (to_bits(b) & P::sign_bit()));
}

/// Powers of x with exponents that are powers of two.
template <class P>
struct Powers {
  P x, x2, x4, x8, x16;

  XGRAD_INLINE explicit Powers(P value) : x(value), x2(x * x), x4(x2 * x2), x8(x4 * x4), x16(x8 * x8) {}
};

template <const auto& coefficients, std::size_t first, std::size_t count, class P>
XGRAD_INLINE P polynomial_part(const Powers<P>& powers) {
  if constexpr (count == 1) return P(coefficients[first]);
  else if constexpr (count == 2) return fma(powers.x, P(coefficients[first + 1]), P(coefficients[first]));
  else if constexpr (count <= 4)
    return fma(powers.x2, polynomial_part<coefficients, first + 2, count - 2>(powers),
               polynomial_part<coefficients, first, 2>(powers));
  else if constexpr (count <= 8)
    return fma(powers.x4, polynomial_part<coefficients, first + 4, count - 4>(powers),
               polynomial_part<coefficients, first, 4>(powers));
  else if constexpr (count <= 16)
    return fma(powers.x8, polynomial_part<coefficients, first + 8, count - 8>(powers),
               polynomial_part<coefficients, first, 8>(powers));
  else
    return fma(powers.x16, polynomial_part<coefficients, first + 16, count - 16>(powers),
               polynomial_part<coefficients, first, 16>(powers));
}

/// coefficients[0] + coefficients[1] x + ..., by Estrin's scheme: its operations wait less for one another than
/// Horner's.
template <const auto& coefficients, class P>
XGRAD_INLINE P polynomial(P x) {
  constexpr std::size_t count = sizeof(coefficients) / sizeof(coefficients[0]);
  static_assert(count <= 32);
  return polynomial_part<coefficients, 0, count>(Powers<P>(x));
}

// ---- double the precision: an unevaluated sum of two numbers, the second of them a rounding error

template <class P>
struct Pair {
  P high;
  P low;
};

/// a + b without error where |a| >= |b| or a = 0.
template <class P>
XGRAD_INLINE Pair<P> fast_two_sum(P a, P b) {
  const P sum = a + b;
  return {sum, b - (sum - a)};
}

/// a + b without error.
template <class P>
XGRAD_INLINE Pair<P> two_sum(P a, P b) {
  const P sum = a + b;
  const P part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}

template <class P>
XGRAD_INLINE Pair<P> split(P a) {  // Veltkamp
  const P scaled = a * P(typename P::value_type(FormatOf<P>::mantissa_bits == 52 ? 0x1p27 + 1 : 0x1p12 + 1));
  const P high = scaled - (scaled - a);
  return {high, a - high};
}

/// a b - product, where `product` is a b rounded or nearly so.
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> product_error(Pack<T, Arch> a, Pack<T, Arch> b, Pack<T, Arch> product) {
  if constexpr (has_fma<Arch>) {
    return fma(a, b, -product);
  } else {  // Dekker
    const auto x = split(a);
    const auto y = split(b);
    return ((x.high * y.high - product) + x.high * y.low + x.low * y.high) + x.low * y.low;
  }
}

template <class P>
XGRAD_INLINE Pair<P> two_product(P a, P b) {
  const P product = a * b;
  return {product, product_error(a, b, product)};
}

/// a / b is the quotient plus rest times inverse, but for errors of second order.
template <class P>
struct Quotient {
  P quotient;
  P rest;
  P inverse;
};
template <class P>
XGRAD_INLINE Quotient<P> quotient_with_rest(Pair<P> a, Pair<P> b) {
  const P inverse = P(1) / b.high;
  const P quotient = a.high * inverse;
  return {quotient, fma(-quotient, b.low, a.low) - product_error(quotient, b.high, a.high), inverse};
}

/// a / b, rounded only once but for errors of second order.
template <class P>
XGRAD_INLINE P divide(Pair<P> a, Pair<P> b) {
  const auto [quotient, rest, inverse] = quotient_with_rest(a, b);
  return fma(rest, inverse, quotient);
}

// ---- rare numbers

/// A function of the standard library for each number: slow.
template <class P, class Function>
[[gnu::noinline]] P each_number(P x, Function function) {
  typename P::value_type numbers[P::size];
  x.store(numbers);
  for (auto& number : numbers) number = function(number);
  return P::load(numbers);
}

}  // namespace xgrad::backend::cpu::kernels::simd::detail
