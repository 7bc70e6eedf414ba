// erfc and ndtr, with all digits in the tail.
//
// For x >= 0 both are e^-s times a function that falls as 1 / x does, where s is x^2 or x^2 / 2, of which what rounding
// takes is kept: e^-s falls so steeply that it would show. That function times 1 + slope x is close to 1 everywhere;
// what is above 1 is a polynomial of q = (x - centre) / (x + centre).
#pragma once

#include "exp.hpp"

namespace xgrad::backend::cpu::kernels::simd {

namespace detail {

template <class T>
struct ErfcConstants;
template <class T>
struct NdtrConstants;

template <>
struct ErfcConstants<double> {
  static constexpr double centre = 4;
  static constexpr double slope = 2;
  static constexpr double rate = 2;
  static constexpr double fall = 0x1.20dd750429b6dp+0;
  static constexpr double beyond = 28;       ///< erfc rounds to 0
  static constexpr double last_normal = 26;  ///< up to which it is a normal number
  /// Relative error of the resulting function: 2^-55.6
  static constexpr double tail[] = {
      0x1.dd2c8b74febf6p-3,   -0x1.1df1ad154a29cp-3,  0x1.f7f5df66fd951p-7,   0x1.16ecefcfa6077p-4,
      -0x1.9ddb23c3e98a6p-4,  0x1.7fee004df6263p-4,   -0x1.0fb06dfe46987p-4,  0x1.3079edfa1033fp-5,
      -0x1.0962388367b2fp-6,  0x1.49c671893963fp-8,   -0x1.8d4a9dc0d22f3p-11, -0x1.a1de7c6e9ac9cp-13,
      0x1.3be0b393ee921p-13,  -0x1.996ad056e530bp-16, -0x1.78a43458cca4bp-17, 0x1.7fb88e391a9fep-18,
      0x1.4392983419eddp-22,  -0x1.c05fc977974eap-21, 0x1.0d535fce28f99p-24,  0x1.ef6c0c38d1a2bp-24,
      -0x1.09198a32cd9a9p-27, -0x1.d5bb4c6d5b92dp-27, -0x1.f47207b168acdp-30};
};

template <>
struct ErfcConstants<float> {
  static constexpr float centre = 3;
  static constexpr float slope = 2;
  static constexpr float rate = 2;
  static constexpr float fall = 0x1.20dd76p+0F;
  static constexpr float beyond = 10.2F;
  static constexpr float last_normal = 9;
  static constexpr float tail[] = {0x1.03148cp-2F,  -0x1.15c08ap-3F,  -0x1.85a15ap-5F, 0x1.09842ap-3F,
                                   -0x1.e88a42p-4F, 0x1.17bacap-4F,   -0x1.85cc26p-6F, 0x1.5203bp-9F,
                                   0x1.05ab42p-9F,  -0x1.a133a8p-11F, -0x1.21d0f2p-12F};  ///< 2^-26.4
};

template <>
struct NdtrConstants<double> {
  static constexpr double centre = 5.5;
  static constexpr double slope = 1.5;
  static constexpr double rate = 1;
  static constexpr double fall = 0x1.9884533d43651p-1;
  static constexpr double beyond = 39.5;
  static constexpr double last_normal = 37;
  static constexpr double tail[] = {
      0x1.34926e4def17dp-2,  -0x1.0f1fcca39df65p-3,  -0x1.3d3f9b58b47c8p-9,  0x1.6b54a2d65d4fep-4,
      -0x1.e0ef2a3221700p-4, 0x1.a4a35515e99abp-4,   -0x1.19a6e74bfa9e5p-4,  0x1.272861ce5595dp-5,
      -0x1.d2c845e7db7fep-7, 0x1.e1859887a60c6p-9,   -0x1.8f4caf43affb4p-13, -0x1.429e52ec94a5cp-12,
      0x1.fdf65915299bdp-14, 0x1.2f6dfa1fd92e5p-20,  -0x1.fecd8702fac7ep-17, 0x1.9e1d8029a1da9p-19,
      0x1.93cd65c8bea03p-20, -0x1.5f0e52027a7a9p-21, -0x1.3fbbc5cfd5e07p-23, 0x1.ca6b675c750f9p-24,
      0x1.6753843e5b6e7p-26, -0x1.acee30317a001p-27, -0x1.f6a7973716ff9p-29};  ///< 2^-55.6
};

template <>
struct NdtrConstants<float> {
  static constexpr float centre = 4;
  static constexpr float slope = 1.5F;
  static constexpr float rate = 1;
  static constexpr float fall = 0x1.988454p-1F;
  static constexpr float beyond = 14.4F;
  static constexpr float last_normal = 12.5F;
  static constexpr float tail[] = {0x1.49789p-2F,   -0x1.ea57d6p-4F, -0x1.516e12p-4F, 0x1.429322p-3F,
                                   -0x1.0508c2p-3F, 0x1.fe792cp-5F,  -0x1.fc526cp-7F, -0x1.968eap-10F,
                                   0x1.26a9eap-9F,  -0x1.2567ap-13F, -0x1.df3036p-13F};  ///< 2^-27
};

/// e^(-high - low), but for the factor 2^n, as a sum.
template <class P>
XGRAD_INLINE Pair<P> exp_of_negative(const ReducedExp<P>& reduced, P low) {
  const P r = reduced.r - low;
  const P first = P(1) + r;
  const P ln2_low = P(ExpConstants<typename P::value_type>::ln2_low);
  const P rest = fma(reduced.n, -ln2_low, (reduced.rough - (first - P(1))) - low);
  return {first, fma(r * r, exp_tail(r), rest)};
}

/// The function above at x >= 0, where e^-s has half the square for s if `half`.
template <class Constants, bool half, class P>
XGRAD_INLINE P upper_tail(P x) {
  using T = typename P::value_type;
  x = min(P(Constants::beyond), x);
  const P from_zero = x + P(Constants::centre);
  const auto q = quotient_with_rest(two_sum(x, P(-Constants::centre)), two_sum(x, P(Constants::centre)));
  const auto factor = quotient_with_rest(fast_two_sum(P(T(1)), polynomial<Constants::tail>(q.quotient)),
                                         two_sum(P(T(1)), P(Constants::slope) * x));
  // What rounding took from q shows near 0, where the polynomial is steep: its slope follows from that of the factor,
  // which is rate x factor - fall.
  const P steepness = fma(P(Constants::rate) * x, factor.quotient, P(-Constants::fall)) +
                      P(Constants::slope) * factor.quotient * factor.inverse;
  const P correction = steepness * (q.rest * from_zero) * P(T(0.5) / Constants::centre);
  const auto square = two_product(x, x);
  const P part = P(T(half ? 0.5 : 1));
  const auto reduced = reduce_exp(-(square.high * part));
  const auto power = exp_of_negative(reduced, square.low * part);
  // Neither factor is rounded before the product is.
  const auto product = two_product(factor.quotient, power.high);
  const P small = fma(factor.quotient, power.low, fma(factor.rest, factor.inverse, correction) * power.high);
  const P value = product.high + (product.low + small);
  if (all(x <= P(Constants::last_normal))) [[likely]]
    return add_to_exponent(value, reduced.bits);
  return scale(value, reduced.bits);
}

}  // namespace detail

template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> erfc(Pack<T, Arch> x) {
  using P = Pack<T, Arch>;
  const P above = detail::upper_tail<detail::ErfcConstants<T>, false>(abs(x));
  return select(x < P(T(0)), P(T(2)) - above, above);
}

/// The distribution function of the normal distribution.
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> ndtr(Pack<T, Arch> x) {
  using P = Pack<T, Arch>;
  const P below = P(T(0.5)) * detail::upper_tail<detail::NdtrConstants<T>, true>(abs(x));
  return select(x > P(T(0)), P(T(1)) - below, below);
}

}  // namespace xgrad::backend::cpu::kernels::simd
