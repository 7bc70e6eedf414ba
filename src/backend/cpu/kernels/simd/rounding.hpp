// floor, ceil, rint and trunc, which are exact, and copysign.
#pragma once

#include "arithmetic.hpp"

namespace xgrad::backend::cpu::kernels::simd {

namespace detail {

/// The numbers are those of the instructions.
enum class Rounding : int { ToEven = 0, Down = 1, Up = 2, ToZero = 3 };

/// |a| with the sign of b.
template <class P>
XGRAD_INLINE P with_sign(P a, P b) {
  return P::from_bits((to_bits(a) & ~P::sign_bit()) | (to_bits(b) & P::sign_bit()));
}

/// For processors without an instruction: adding and taking off a number of which the last digit is 1 rounds to even.
template <Rounding how, class P>
XGRAD_INLINE P rounded_by_sum(P x) {
  const P one = P(typename P::value_type(1));
  const P from = P(FormatOf<P>::integers_from);
  const P size = abs(x);
  const P nearest = (size + from) - from;
  P result = with_sign(nearest, x);
  if constexpr (how == Rounding::Down) result = select(result > x, result - one, result);
  if constexpr (how == Rounding::Up) result = select(result < x, result + one, result);
  if constexpr (how == Rounding::ToZero) result = select(nearest > size, nearest - one, nearest);
  return select(size < from, with_sign(result, x), x);  // NaN, too
}

template <Rounding how, class T, class Arch>
XGRAD_INLINE Pack<T, Arch> rounded(Pack<T, Arch> x) {
  using Batch [[maybe_unused]] = typename Pack<T, Arch>::Batch;
  [[maybe_unused]] constexpr int silently = static_cast<int>(how) | 8;  // no exception that it is inexact
#if defined(__AVX512F__)
  if constexpr (sizeof(Batch) == 64) {
    if constexpr (sizeof(T) == 8) return Pack<T, Arch>(Batch(_mm512_roundscale_pd(x.batch, silently)));
    else return Pack<T, Arch>(Batch(_mm512_roundscale_ps(x.batch, silently)));
  } else
#elif defined(__AVX2__)
  if constexpr (sizeof(Batch) == 32) {
    if constexpr (sizeof(T) == 8) return Pack<T, Arch>(Batch(_mm256_round_pd(x.batch, silently)));
    else return Pack<T, Arch>(Batch(_mm256_round_ps(x.batch, silently)));
  } else
#endif
    return rounded_by_sum<how>(x);
}

}  // namespace detail

template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> floor(Pack<T, Arch> x) {
  return detail::rounded<detail::Rounding::Down>(x);
}
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> ceil(Pack<T, Arch> x) {
  return detail::rounded<detail::Rounding::Up>(x);
}
/// Halves go to the even neighbour.
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> rint(Pack<T, Arch> x) {
  return detail::rounded<detail::Rounding::ToEven>(x);
}
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> trunc(Pack<T, Arch> x) {
  return detail::rounded<detail::Rounding::ToZero>(x);
}
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> copysign(Pack<T, Arch> a, Pack<T, Arch> b) {
  return detail::with_sign(a, b);
}

}  // namespace xgrad::backend::cpu::kernels::simd
