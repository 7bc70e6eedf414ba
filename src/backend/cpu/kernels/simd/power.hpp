// pow, as exp(y log(x)) with log(x) and the product in about twice the precision.
#pragma once

#include "log.hpp"

namespace xgrad::backend::cpu::kernels::simd {

namespace detail {

template <class T>
struct PowConstants;

template <>
struct PowConstants<double> {
  /// (2 atanh(s) - 2 s - 2/3 s^3) / s^5 of s^2; relative error of the resulting 2 atanh(s): 2^-66
  static constexpr double tail[] = {0x1.9999999999b2fp-2, 0x1.2492492457f19p-2, 0x1.c71c722d4324dp-3,
                                    0x1.745ce9ee4e843p-3, 0x1.3b1eea40d8577p-3, 0x1.0f800f674fc83p-3,
                                    0x1.0e416ebbd8919p-3};
  static constexpr double two_thirds_high = 0x1.5555555555555p-1;
  static constexpr double two_thirds_low = 0x1.5555555555555p-55;
};

template <>
struct PowConstants<float> {
  static constexpr float tail[] = {0x1.999ap-2F, 0x1.24528p-2F, 0x1.dfa116p-3F};  ///< 2^-36
  static constexpr float two_thirds_high = 0x1.555556p-1F;
  static constexpr float two_thirds_low = -0x1.555556p-26F;
};

/// log(2^k m), with a relative error of about 2^-64 (double), 2^-34 (float).
template <class P>
XGRAD_INLINE Pair<P> precise_log(P minus_k, P m) {
  using T = typename P::value_type;
  using Constants = PowConstants<T>;
  // s = f / (2 + f), where 2 + f is d plus its rounding error.
  const P f = m - P(1);
  const P d = P(2) + f;
  const P d_error = f - (d - P(2));
  const P inverse = P(1) / d;
  const P s = f * inverse;
  const P minus_s_low = fma(s, d_error, product_error(s, d, f)) * inverse;
  // 2 s + 2/3 s^3 + s^5 tail
  const P z = s * s;
  const auto cube = two_product(z, s);
  const P z_low = fma(P(-2) * s, minus_s_low, product_error(s, s, z));
  const P cube_low = fma(z_low, s, fma(-z, minus_s_low, cube.low));
  const auto third = two_product(cube.high, P(Constants::two_thirds_high));
  const P third_low =
      fma(cube.high, P(Constants::two_thirds_low), fma(cube_low, P(Constants::two_thirds_high), third.low));
  const P rest = fma(cube.high * z, polynomial<Constants::tail>(z), third_low);
  const auto log_m = fast_two_sum(s + s, third.high);
  const P log_m_low = fma(P(-2), minus_s_low, log_m.low + rest);
  const auto sum = fast_two_sum(minus_k * P(-ExpConstants<T>::ln2_high), log_m.high);
  return fast_two_sum(sum.high, sum.low + fma(minus_k, P(-ExpConstants<T>::ln2_low), log_m_low));
}

/// y log(x) for positive normal x; `bias` is the exponent's and what x was multiplied by.
template <class P>
XGRAD_INLINE Pair<P> log_of_power(P x, P y, P bias) {
  const auto [exponent, m] = reduce_log(x);
  const auto log_x = precise_log(negated_exponent(exponent, bias), m);
  const auto product = two_product(y, log_x.high);
  return {product.high, fma(y, log_x.low, product.low)};
}

/// e^(x.high + x.low), but for the factor 2^n.
template <class P>
XGRAD_INLINE P exp_of_pair(const ReducedExp<P>& reduced, P low) {
  const P r = reduced.r + low;
  return P(1) + fma(r * r, exp_tail(r), r);
}

template <class P>
XGRAD_INLINE typename P::MaskType is_integer(P magnitude) {
  const P from = P(FormatOf<P>::integers_from);
  return magnitude >= from || (magnitude + from) - from == magnitude;
}

/// The power of x, given that of |x|. An infinite x has no sign unless y is odd.
template <class P>
XGRAD_INLINE P power_of_signed(P x, P y, P result) {
  const P exponent = abs(y);
  const auto y_integer = is_integer(exponent);
  const auto y_odd = y_integer && !is_integer(exponent * P(0.5F));
  result = select(y_odd, flip_sign(result, x), result);
  return select(x < P(0) && !y_integer && abs(x) < infinity<P>(), not_a_number<P>(), result);
}

/// The result for |x|, or what it is for x and y where that differs.
template <class P>
XGRAD_INLINE P pow_special_values(P x, P y, P result) {
  const P zero = P(0);
  const P one = P(1);
  const P a = abs(x);
  const auto vanishing = a == zero;
  const auto endless = a == infinity<P>();
  result = select((vanishing && y > zero) || (endless && y < zero), zero, result);
  result = select((vanishing && y < zero) || (endless && y > zero), infinity<P>(), result);
  result = select(a == one, one, result);
  result = power_of_signed(x, y, result);
  result = select(x != x || y != y, x + y, result);
  return select(y == zero || x == one, one, result);
}

/// x^(1/2): sqrt, but for two special cases.
template <class P>
XGRAD_INLINE P root(P x) {
  return sqrt(select(x == -infinity<P>(), infinity<P>(), x + P(0)));  // -0 becomes 0
}

/// x^(3/4), or x^(-3/4): the root of x^(3/2), which is scaled lest it overflows.
template <bool inverse, class P>
XGRAD_INLINE P three_quarters(P x) {
  using T = typename P::value_type;
  constexpr bool is_double = sizeof(T) == 8;
  const P bound = P(T(is_double ? 0x1p512 : 0x1p64));
  const P down = P(T(is_double ? 0x1p-512 : 0x1p-64));
  const P scale_root = P(T(is_double ? 0x1p384 : 0x1p48));  // bound^(3/4)
  const P scale_down = P(T(is_double ? 0x1p-384 : 0x1p-48));
  const auto large = abs(x) > bound;
  const auto small = abs(x) < down;
  const P scaled = x * select(large, down, select(small, bound, P(1)));
  const P three_halves = scaled * root(scaled);
  const P result = inverse ? sqrt(P(1) / abs(three_halves)) : sqrt(abs(three_halves));
  return result * (inverse ? select(large, scale_down, select(small, scale_root, P(1)))
                           : select(large, scale_root, select(small, scale_down, P(1))));
}

}  // namespace detail

template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> pow(Pack<T, Arch> x, Pack<T, Arch> y) {
  using P = Pack<T, Arch>;
  using Format = detail::Format<T>;
  P base = abs(x);
  const bool rare_base = !all(base >= P(Format::smallest_normal) && base <= P(Format::largest));
  P bias = P(T(Format::exponent_bias));
  if (rare_base) [[unlikely]] {
    const auto denormal = base < P(Format::smallest_normal);
    base = select(denormal, base * P(Format::denormal_scale), base);
    bias = select(denormal, P(T(Format::exponent_bias + Format::denormal_shift)), bias);
  }
  auto log = detail::log_of_power(base, y, bias);
  // The sum shows also whether the product's rounding error overflowed.
  const bool rare_result = !all(abs(log.high + log.low) <= P(detail::ExpConstants<T>::largest));
  if (rare_result) [[unlikely]] {
    log.high = detail::clamp_exponent(log.high);
    log.low = select(abs(log.low) < P(T(0x1p-10)), log.low, P(T(0)));
  }
  const auto reduced = detail::reduce_exp(log.high);
  P result = detail::exp_of_pair(reduced, log.low);
  if (rare_base || rare_result) [[unlikely]]
    return detail::pow_special_values(x, y, detail::scale(result, reduced.bits));
  result = detail::add_to_exponent(result, reduced.bits);
  const auto signed_power = [&]() __attribute__((always_inline)) { return detail::power_of_signed(x, y, result); };
  return unless(x > P(T(0)), result, signed_power);
}

/// pow with one exponent for all: products and roots where those are within 2 ulp.
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> pow_uniform(Pack<T, Arch> x, T exponent) {
  using P = Pack<T, Arch>;
  using detail::root;
  const T quarters = exponent * T(4);
  if (!(quarters >= T(-8) && quarters <= T(16))) return pow(x, P(exponent));
  const int selector = static_cast<int>(quarters);
  if (T(selector) != quarters) return pow(x, P(exponent));
  const P one = P(T(1));
  // Each order of operations is such that nothing overflows or underflows on the way to a result that does not.
  switch (selector) {
    case -8:
      return (one / x) * (one / x);
    case -6:
      return abs(one / x) / root(x);
    case -4:
      return one / x;
    case -3:
      return detail::three_quarters<true>(x);
    case -2:
      return one / root(x);
    case -1:
      return sqrt(one / root(x));
    case 0:
      return one;
    case 1:
      return sqrt(root(x));
    case 2:
      return root(x);
    case 3:
      return detail::three_quarters<false>(x);
    case 4:
      return x;
    case 5:
      return abs(x) * sqrt(root(x));
    case 6:
      return abs(x) * root(x);
    case 8:
      return x * x;
    case 10:
      return x * x * root(x);
    case 12:
      return x * x * x;
    case 16:
      return (x * x) * (x * x);
    default:
      return pow(x, P(exponent));
  }
}

}  // namespace xgrad::backend::cpu::kernels::simd
