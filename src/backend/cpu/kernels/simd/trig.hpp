// sin, cos, tan and atan.
//
// Reduction of Cody and Waite: x = n pi/2 + r with |r| <= pi/4, where pi/2 is split into four parts, of which n times
// each of the first three is exact; r is a sum of two numbers, so that results next to a zero keep all digits. Huge
// arguments go to the standard library one by one.
#pragma once

#include "arithmetic.hpp"

namespace xgrad::backend::cpu::kernels::simd {

namespace detail {

template <class T>
struct TrigConstants;

template <>
struct TrigConstants<double> {
  static constexpr double two_over_pi = 0x1.45f306dc9c883p-1;
  static constexpr double half_pi_1 = 0x1.921fb54400000p+0;
  static constexpr double half_pi_2 = 0x1.0b4611a600000p-34;
  static constexpr double half_pi_3 = 0x1.3198a2e000000p-69;
  static constexpr double half_pi_4 = 0x1.b839a252049c1p-104;
  static constexpr double largest = 1.6e6;  ///< n has at most 20 bits, the parts have 33
  static constexpr double pi_over_4_high = 0x1.921fb54442d18p-1;
  static constexpr double pi_over_4_low = 0x1.1a62633145c07p-55;
  // Of x^2, up to pi/4 for sin and cos, to tan(pi/8) for atan; with the relative error of the resulting function.
  /// (sin(x) - x) / x^3; 2^-58
  static constexpr double sin_tail[] = {-0x1.5555555555548p-3, 0x1.111111110f74cp-7,  -0x1.a01a019beebd7p-13,
                                        0x1.71de355b4ef37p-19, -0x1.ae5e5114a021p-26, 0x1.5d8d1fe5b926p-33};
  /// (cos(x) - 1 + x^2/2) / x^4; 2^-64
  static constexpr double cos_tail[] = {0x1.555555555554bp-5,   -0x1.6c16c16c15009p-10, 0x1.a01a019c8d111p-16,
                                        -0x1.27e4f7ef88f7bp-22, 0x1.1ee9da20008d8p-29,  -0x1.8fa582fd0cddp-37};
  /// (atan(x) - x) / x^3; 2^-64
  static constexpr double atan_tail[] = {-0x1.5555555555554p-2, 0x1.99999999995bfp-3,  -0x1.24924924721bep-3,
                                         0x1.c71c71b5f9222p-4,  -0x1.745d14919c87bp-4, 0x1.3b136b1d3278dp-4,
                                         -0x1.110c4af13f37ep-4, 0x1.e16f469abdc99p-5,  -0x1.ab6da8aed3127p-5,
                                         0x1.70b28dd725bap-5,   -0x1.11ba2966226bp-5,  0x1.f0111d29421bep-7};
};

template <>
struct TrigConstants<float> {
  static constexpr float two_over_pi = 0x1.45f306p-1F;
  static constexpr float half_pi_1 = 0x1.921p+0F;
  static constexpr float half_pi_2 = 0x1.f6ap-13F;
  static constexpr float half_pi_3 = 0x1.11p-26F;
  static constexpr float half_pi_4 = 0x1.68c234p-39F;
  static constexpr float largest = 3200;  ///< n has at most 11 bits, the parts have 13
  static constexpr float pi_over_4_high = 0x1.921fb6p-1F;
  static constexpr float pi_over_4_low = -0x1.777a5cp-26F;
  static constexpr float sin_tail[] = {-0x1.555546p-3F, 0x1.110776p-7F, -0x1.9952dap-13F};  ///< 2^-28
  static constexpr float cos_tail[] = {0x1.55554ap-5F, -0x1.6c0c28p-10F, 0x1.99e818p-16F};  ///< 2^-33
  static constexpr float atan_tail[] = {-0x1.55554ap-2F, 0x1.9991e4p-3F, -0x1.23b9d6p-3F, 0x1.b227aep-4F,
                                        -0x1.f2f74cp-5F};  ///< 2^-30
};

/// x = n pi/2 + r.high + r.low.
template <class P>
struct ReducedAngle {
  Pair<P> r;
  typename P::BitsType n;  ///< in the two lowest bits
};

template <class P>
XGRAD_INLINE ReducedAngle<P> reduce_angle(P x) {
  using Constants = TrigConstants<typename P::value_type>;
  const P shifted = fma(x, P(Constants::two_over_pi), P(FormatOf<P>::round_shift));
  const P n = shifted - P(FormatOf<P>::round_shift);
  const P first = fma(n, P(-Constants::half_pi_1), x);
  const auto second = two_sum(first, n * P(-Constants::half_pi_2));
  const auto third = two_sum(second.high, fma(n, P(-Constants::half_pi_3), second.low));
  return {{third.high, fma(n, P(-Constants::half_pi_4), third.low)}, to_bits(shifted)};
}

/// sin(r) for |r| <= pi/4, as a sum; `low` holds more than a rounding error.
template <class P>
XGRAD_INLINE Pair<P> sin_of_reduced(Pair<P> r) {
  const P z = r.high * r.high;
  const P tail = polynomial<TrigConstants<typename P::value_type>::sin_tail>(z);
  return {r.high, fma(r.high * z, tail, r.low)};
}

/// cos(r) for |r| <= pi/4, as a sum likewise.
template <class P>
XGRAD_INLINE Pair<P> cos_of_reduced(Pair<P> r) {
  const P z = r.high * r.high;
  const P tail = polynomial<TrigConstants<typename P::value_type>::cos_tail>(z);
  const P half_square = z * P(0.5F);
  const P high = P(1) - half_square;
  return {high, ((P(1) - high) - half_square) + fma(z * z, tail, -(r.high * r.low))};
}

/// Where the lowest bit is set.
template <class P>
XGRAD_INLINE typename P::MaskType odd(typename P::BitsType n) {
  return P::from_bits((n & typename P::BitsType(1)) << (8 * sizeof(typename P::value_type) - 2)) == P(2);
}

/// 0 or -0 by the second lowest bit.
template <class P>
XGRAD_INLINE P sign_by_second_bit(typename P::BitsType n) {
  return P::from_bits(n << (8 * sizeof(typename P::value_type) - 2));
}

template <class P>
XGRAD_INLINE P sin_of_small(P x) {
  const auto [r, n] = reduce_angle(x);
  const auto s = sin_of_reduced(r);
  const auto c = cos_of_reduced(r);
  const P result = select(odd<P>(n), c.high + c.low, s.high + s.low);
  return select(abs(x) < P(FormatOf<P>::tiny), x, flip_sign(result, sign_by_second_bit<P>(n)));
}

template <class P>
XGRAD_INLINE P cos_of_small(P x) {
  const auto [r, n] = reduce_angle(x);
  const auto s = sin_of_reduced(r);
  const auto c = cos_of_reduced(r);
  const P result = select(odd<P>(n), s.high + s.low, c.high + c.low);
  return flip_sign(result, sign_by_second_bit<P>(n + typename P::BitsType(1)));
}

template <class P>
XGRAD_INLINE P tan_of_small(P x) {
  const auto [r, n] = reduce_angle(x);
  const auto s = sin_of_reduced(r);
  const auto c = cos_of_reduced(r);
  const auto sin = fast_two_sum(s.high, s.low);
  const auto cos = fast_two_sum(c.high, c.low);
  const auto swap = odd<P>(n);
  const P result = divide<P>({select(swap, cos.high, sin.high), select(swap, cos.low, sin.low)},
                             {select(swap, sin.high, cos.high), select(swap, sin.low, cos.low)});
  return select(abs(x) < P(FormatOf<P>::tiny), x, flip_sign(result, select(swap, P(-1), P(1))));
}

template <class P>
XGRAD_INLINE bool all_small(P x) {
  return all(abs(x) <= P(TrigConstants<typename P::value_type>::largest));
}

/// What the fast path gives where it is right, and the standard library's elsewhere: a result does not depend on the
/// other numbers in the pack.
template <class P, class Fast, class Exact>
[[gnu::noinline]] P angle_function_of_any(P x, Fast fast, Exact exact) {
  return select(abs(x) <= P(TrigConstants<typename P::value_type>::largest), fast(x), each_number(x, exact));
}

}  // namespace detail

template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> sin(Pack<T, Arch> x) {
  using P = Pack<T, Arch>;
  if (detail::all_small(x)) [[likely]]
    return detail::sin_of_small(x);
  const auto exact = [](T number) -> T {
    if constexpr (sizeof(T) == 8) return __builtin_sin(number);
    else return __builtin_sinf(number);
  };
  return detail::angle_function_of_any(
      x, [](P small) { return detail::sin_of_small(small); }, exact);
}

template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> cos(Pack<T, Arch> x) {
  using P = Pack<T, Arch>;
  if (detail::all_small(x)) [[likely]]
    return detail::cos_of_small(x);
  const auto exact = [](T number) -> T {
    if constexpr (sizeof(T) == 8) return __builtin_cos(number);
    else return __builtin_cosf(number);
  };
  return detail::angle_function_of_any(
      x, [](P small) { return detail::cos_of_small(small); }, exact);
}

template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> tan(Pack<T, Arch> x) {
  using P = Pack<T, Arch>;
  if (detail::all_small(x)) [[likely]]
    return detail::tan_of_small(x);
  const auto exact = [](T number) -> T {
    if constexpr (sizeof(T) == 8) return __builtin_tan(number);
    else return __builtin_tanf(number);
  };
  return detail::angle_function_of_any(
      x, [](P small) { return detail::tan_of_small(small); }, exact);
}

template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> atan(Pack<T, Arch> x) {
  using P = Pack<T, Arch>;
  using Constants = detail::TrigConstants<T>;
  // With tan(pi/8) = 0.414: atan(a) as it is below, pi/4 + atan((a - 1) / (a + 1)), or pi/2 + atan(-1 / a) above 2.414.
  const P a = abs(x);
  const auto middle = a > P(T(0x1.a8279ap-2));
  const auto large = a > P(T(0x1.3504f4p+1));
  const P numerator = select(large, P(T(-1)), select(middle, a - P(T(1)), a));
  const P divisor = select(large, a, select(middle, a + P(T(1)), P(T(1))));
  const P base_high =
      select(large, P(2 * Constants::pi_over_4_high), select(middle, P(Constants::pi_over_4_high), P(T(0))));
  const P base_low =
      select(large, P(2 * Constants::pi_over_4_low), select(middle, P(Constants::pi_over_4_low), P(T(0))));
  const P q = numerator / divisor;
  const P z = q * q;
  const P tail = detail::polynomial<Constants::atan_tail>(z);
  const auto sum = detail::fast_two_sum(base_high, q);
  return detail::flip_sign(sum.high + (sum.low + fma(q * z, tail, base_low)), x);
}

}  // namespace xgrad::backend::cpu::kernels::simd
