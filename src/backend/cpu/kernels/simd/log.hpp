// log and log1p.
//
// x = 2^k m with m between sqrt(1/2) and sqrt(2); with f = m - 1 and s = f / (2 + f), log(m) = 2 atanh(s) is a minimax
// polynomial in s. The terms are added as in fdlibm, which keeps the error of each below the last digit of the sum.
#pragma once

#include "exp.hpp"

namespace xgrad::backend::cpu::kernels::simd {

namespace detail {

template <class T>
struct LogConstants;

template <>
struct LogConstants<double> {
  /// (2 atanh(s) - 2 s) / s^3 of s^2; relative error of the resulting 2 atanh(s): 2^-59
  static constexpr double tail[] = {0x1.5555555555592p-1, 0x1.999999997ff41p-2, 0x1.24924941de7bap-2,
                                    0x1.c71c5216a7e96p-3, 0x1.74663c7d6ef07p-3, 0x1.39a1f25dee41dp-3,
                                    0x1.2f036e03f92d6p-3};
};

template <>
struct LogConstants<float> {
  static constexpr float tail[] = {0x1.55557ap-1F, 0x1.995ed8p-2F, 0x1.31e044p-2F};  ///< 2^-30
};

template <class P>
struct ReducedLog {
  typename P::BitsType exponent;  ///< k + bias
  P m;
};

/// x = 2^k m, for positive normal x.
template <class P>
XGRAD_INLINE ReducedLog<P> reduce_log(P x) {
  using Format = FormatOf<P>;
  using Bits = typename P::BitsType;
  const Bits bits = to_bits(x) + Bits(Format::one - Format::sqrt_half);
  return {bits >> Format::mantissa_bits, P::from_bits((bits & Format::mantissa_mask) + Bits(Format::sqrt_half))};
}

/// `bias` less the exponent's value. The negative of k, for the sake of zeros: adding -0 ln 2 leaves a result -0.
template <class P>
XGRAD_INLINE P negated_exponent(typename P::BitsType exponent, P bias) {
  const P first = P(FormatOf<P>::integers_from);
  return (first + bias) - P::from_bits(exponent | to_bits(first));
}

/// k ln 2 + log(1 + f).
template <class P>
XGRAD_INLINE P log_of_parts(P minus_k, P f) {
  using Constants = ExpConstants<typename P::value_type>;
  const P s = f / (P(2) + f);
  const P z = s * s;
  const P half_square = P(0.5F) * f * f;
  const P low = fma(s, fma(z, polynomial<LogConstants<typename P::value_type>::tail>(z), half_square),
                    minus_k * P(-Constants::ln2_low));
  return fma(minus_k, P(-Constants::ln2_high), f - (half_square - low));
}

/// log for positive normal x; `bias` is the exponent's and what x was multiplied by.
template <class P>
XGRAD_INLINE P log_of_normal(P x, P bias) {
  const auto [exponent, m] = reduce_log(x);
  return log_of_parts(negated_exponent(exponent, bias), m - P(1));
}

/// log(1 + x) for x > -1 that are not huge; `bias` is the exponent's and what x was multiplied by.
template <class P>
XGRAD_INLINE P log1p_of_ordinary(P x, P bias) {
  using Format = FormatOf<P>;
  const P u = P(1) + x;
  const P error = x - (u - P(1));
  const auto [exponent, m] = reduce_log(u);
  // What u lacks is added to m in its scale: where k = 0, that gives f = x.
  const auto inverse_scale =
      P::from_bits((typename P::BitsType(2 * Format::exponent_bias) - exponent) << Format::mantissa_bits);
  return log_of_parts(negated_exponent(exponent, bias), error * inverse_scale - (P(1) - m));
}

/// The result, or what it is for x that is infinite, NaN, `zero` (where log is infinite) or less.
template <class P>
XGRAD_INLINE P log_special_values(P x, P zero, P result) {
  result = select(x < infinity<P>(), result, x);
  return select(x <= zero, select(x == zero, -infinity<P>(), not_a_number<P>()), result);
}

}  // namespace detail

template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> log(Pack<T, Arch> x) {
  using P = Pack<T, Arch>;
  using Format = detail::Format<T>;
  const bool rare = !all(x >= P(Format::smallest_normal) && x <= P(Format::largest));
  P normal = x;
  P bias = P(T(Format::exponent_bias));
  if (rare) [[unlikely]] {
    const auto denormal = x < P(Format::smallest_normal);
    normal = select(denormal, x * P(Format::denormal_scale), x);
    bias = select(denormal, P(T(Format::exponent_bias + Format::denormal_shift)), bias);
  }
  const P result = detail::log_of_normal(normal, bias);
  if (rare) [[unlikely]]
    return detail::log_special_values(x, P(T(0)), result);
  return result;
}

template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> log1p(Pack<T, Arch> x) {
  using P = Pack<T, Arch>;
  using Format = detail::Format<T>;
  const P limit = P(T(0x1p100));
  const bool rare = !all(x > P(T(-1)) && x <= limit);
  P ordinary = x;
  P bias = P(T(Format::exponent_bias));
  if (rare) [[unlikely]] {
    const auto huge = x > limit;
    ordinary = select(huge, x * P(T(0x1p-30)), x);
    bias = select(huge, P(T(Format::exponent_bias - 30)), bias);
  }
  const P result = detail::log1p_of_ordinary(ordinary, bias);
  if (rare) [[unlikely]]
    return detail::log_special_values(x, P(T(-1)), result);
  return result;
}

}  // namespace xgrad::backend::cpu::kernels::simd
