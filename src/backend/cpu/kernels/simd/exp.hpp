// exp, expm1 and the hyperbolic functions.
//
// Reduction of Cody and Waite: x = n ln 2 + r with |r| <= ln 2 / 2, where ln 2 is split so that n times its first part
// is exact; e^r is a minimax polynomial, multiplied by 2^n in the exponent field.
#pragma once

#include "arithmetic.hpp"

namespace xgrad::backend::cpu::kernels::simd {

namespace detail {

template <class T>
struct ExpConstants;

template <>
struct ExpConstants<double> {
  static constexpr double log2_e = 0x1.71547652b82fep+0;
  static constexpr double ln2_high = 0x1.62e42fee00000p-1;
  static constexpr double ln2_low = 0x1.a39ef35793c76p-33;
  /// (e^r - 1 - r) / r^2; relative error of the resulting e^r - 1: 2^-55.5
  static constexpr double tail[] = {
      0x1.0000000000005p-1, 0x1.555555555553ap-3,  0x1.55555555520e5p-5,  0x1.1111111118c59p-7,  0x1.6c16c17f3e4e4p-10,
      0x1.a01a01768d84p-13, 0x1.a019a66921a64p-16, 0x1.71de840506befp-19, 0x1.28a2cf355dd91p-22, 0x1.ae7310f773367p-26};
  static constexpr double largest = 708;        ///< exp(+-largest) is a normal number
  static constexpr double lowest = -746;        ///< exp rounds to 0
  static constexpr double highest = 711;        ///< exp(x) / 2 is infinite
  static constexpr double lowest_expm1 = -40;   ///< expm1 rounds to -1
  static constexpr double highest_expm1 = 710;  ///< expm1 is infinite
  static constexpr double highest_tanh = 20;    ///< tanh rounds to 1
  /// (sinh(x) - x) / x^3 of x^2, for |x| < 1; relative error of the resulting sinh: 2^-61
  static constexpr double sinh_tail[] = {0x1.5555555555556p-3,  0x1.111111111104p-7,   0x1.a01a01a0318d8p-13,
                                         0x1.71de3a40565e2p-19, 0x1.ae646b4d5f194p-26, 0x1.6118df7177367p-33,
                                         0x1.b52ebddfb4fbp-41};
};

template <>
struct ExpConstants<float> {
  static constexpr float log2_e = 0x1.715476p+0F;
  static constexpr float ln2_high = 0x1.62e4p-1F;
  static constexpr float ln2_low = 0x1.7f7d1cp-20F;
  static constexpr float tail[] = {0x1.fffffep-2F, 0x1.5554bp-3F, 0x1.555718p-5F, 0x1.1227b8p-7F, 0x1.6b7182p-10F};
  static constexpr float largest = 87;
  static constexpr float lowest = -105;
  static constexpr float highest = 90;
  static constexpr float lowest_expm1 = -18;
  static constexpr float highest_expm1 = 89;
  static constexpr float highest_tanh = 10;
  static constexpr float sinh_tail[] = {0x1.555556p-3F, 0x1.1110eap-7F, 0x1.a01c22p-13F, 0x1.76771ep-19F};
};

/// x = n ln 2 + r, where r is `rough` - n ln2_low, rounded.
template <class P>
struct ReducedExp {
  P r;
  P rough;
  P n;
  typename P::BitsType bits;  ///< n in the lowest bits; the others are 0 but for some of the exponent field
};

template <class P>
XGRAD_INLINE ReducedExp<P> reduce_exp(P x) {
  using Constants = ExpConstants<typename P::value_type>;
  const P shifted = fma(x, P(Constants::log2_e), P(FormatOf<P>::round_shift));
  const P n = shifted - P(FormatOf<P>::round_shift);
  const P rough = fma(n, P(-Constants::ln2_high), x);
  return {fma(n, P(-Constants::ln2_low), rough), rough, n, to_bits(shifted)};
}

template <class P>
XGRAD_INLINE P exp_tail(P r) {
  return polynomial<ExpConstants<typename P::value_type>::tail>(r);
}

/// e^r, but for the factor 2^n.
template <class P>
XGRAD_INLINE P exp_of_reduced(const ReducedExp<P>& reduced) {
  const P first = P(1) + reduced.r;
  // What is left of `rough` - n ln2_low when first - 1 is taken off.
  const P rest = fma(reduced.n, P(-ExpConstants<typename P::value_type>::ln2_low), reduced.rough - (first - P(1)));
  return first + fma(reduced.r * reduced.r, exp_tail(reduced.r), rest);
}

/// power e^r - offset, where power is 2^n or half of it: a sum of a large part, what rounding took from that, and a
/// small part, so that nothing is lost where power - offset cancels the rest.
template <class P>
XGRAD_INLINE P expm1_of_reduced(const ReducedExp<P>& reduced, P power, P offset) {
  const P difference = power - offset;
  const P large = fma(power, reduced.r, difference);
  const P rest = fma(power, reduced.rough, difference - large);
  const P small =
      fma(reduced.r * reduced.r, exp_tail(reduced.r), reduced.n * P(-ExpConstants<typename P::value_type>::ln2_low));
  return large + fma(power, small, rest);
}

/// 2^n; `one` can be the bits of another power of two as well, which then is a factor.
template <class P>
XGRAD_INLINE P power_of_two(typename P::BitsType n, typename P::BitsType::Unsigned one = FormatOf<P>::one) {
  return P::from_bits((n << FormatOf<P>::mantissa_bits) + one);
}

/// value 2^n, where that is a normal number.
template <class P>
XGRAD_INLINE P add_to_exponent(P value, typename P::BitsType n) {
  return P::from_bits(to_bits(value) + (n << FormatOf<P>::mantissa_bits));
}

/// value 2^n factor. Two multiplications, as 2^n may lie outside of the range that the product still has.
template <class P>
XGRAD_INLINE P scale(P value, typename P::BitsType n, typename P::BitsType::Unsigned factor = FormatOf<P>::one) {
  const auto half = n >> 1;
  return value * power_of_two<P>(half) * power_of_two<P>(n - half, factor);
}

template <class P>
constexpr typename P::BitsType::Unsigned half_bits = FormatOf<P>::one -
                                                     (typename P::BitsType::Unsigned{1} << FormatOf<P>::mantissa_bits);

/// Into the range beyond which e^x is 0 or infinite.
template <class P>
XGRAD_INLINE P clamp_exponent(P x) {
  using Constants = ExpConstants<typename P::value_type>;
  return max(P(Constants::lowest), min(P(Constants::highest), x));
}

/// e^x / 2.
template <class P>
XGRAD_INLINE P half_exp(P x) {
  const auto reduced = reduce_exp(clamp_exponent(x));
  return scale(exp_of_reduced(reduced), reduced.bits, half_bits<P>);
}

}  // namespace detail

template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> exp(Pack<T, Arch> x) {
  using P = Pack<T, Arch>;
  const bool rare = !all(abs(x) <= P(detail::ExpConstants<T>::largest));
  if (rare) [[unlikely]]
    x = detail::clamp_exponent(x);
  const auto reduced = detail::reduce_exp(x);
  const P result = detail::exp_of_reduced(reduced);
  if (rare) [[unlikely]]
    return detail::scale(result, reduced.bits);
  return detail::add_to_exponent(result, reduced.bits);
}

template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> expm1(Pack<T, Arch> x) {
  using P = Pack<T, Arch>;
  using Constants = detail::ExpConstants<T>;
  const auto reduced = detail::reduce_exp(max(P(Constants::lowest_expm1), min(P(Constants::highest_expm1), x)));
  // Half of the result first, as 2^n may overflow where the result does not.
  const P power = detail::power_of_two<P>(reduced.bits, detail::half_bits<P>);
  const P half = detail::expm1_of_reduced(reduced, power, P(T(0.5)));
  return select(abs(x) < P(detail::Format<T>::tiny), x, half + half);
}

/// (e^2|x| - 1) / 2, from which `tanh_from` takes the rest of the way; as of |x| where tanh is 1, beyond that.
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> half_expm1(Pack<T, Arch> x) {
  using P = Pack<T, Arch>;
  const P magnitude = min(P(detail::ExpConstants<T>::highest_tanh), abs(x));
  const auto reduced = detail::reduce_exp(magnitude + magnitude);
  const P power = detail::power_of_two<P>(reduced.bits, detail::half_bits<P>);
  return detail::expm1_of_reduced(reduced, power, P(T(0.5)));
}

/// tanh(x), given h = half_expm1(x).
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> tanh_from(Pack<T, Arch> x, Pack<T, Arch> h) {
  using P = Pack<T, Arch>;
  const P quotient = h / (P(T(1)) + h);
  // The rounding error of 1 + h counts for small h, where this other form of h / (1 + h) makes less of it.
  const P result = select(h < P(T(0.35)), fma(-h, quotient, h), quotient);
  return detail::flip_sign(result, x);
}

template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> tanh(Pack<T, Arch> x) {
  return tanh_from(x, half_expm1(x));
}

template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> cosh(Pack<T, Arch> x) {
  using P = Pack<T, Arch>;
  const P half = detail::half_exp(abs(x));
  return half + P(T(0.25)) / half;
}

template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> sinh(Pack<T, Arch> x) {
  using P = Pack<T, Arch>;
  const P magnitude = abs(x);
  const P half = detail::half_exp(magnitude);
  const P large = half - P(T(0.25)) / half;
  const P z = x * x;
  const P small = fma(magnitude * z, detail::polynomial<detail::ExpConstants<T>::sinh_tail>(z), magnitude);
  return detail::flip_sign(select(magnitude < P(T(1)), small, large), x);
}

}  // namespace xgrad::backend::cpu::kernels::simd
