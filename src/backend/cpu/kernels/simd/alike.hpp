// Functions that give the same bits on all processors: a Pack that never fuses a product and a sum, and what random
// numbers need of it. The formulas are those of exp.hpp, log.hpp and trig.hpp.
#pragma once

#include "log.hpp"
#include "trig.hpp"

namespace xgrad::backend::cpu::kernels::simd {

/// A Pack of which every operation is one that IEEE 754 defines, rounded once.
template <class T, class Arch>
struct Alike {
  using value_type = T;
  using PackType = Pack<T, Arch>;
  using MaskType = Mask<T, Arch>;
  using BitsType = Bits<T, Arch>;

  static constexpr std::size_t size = PackType::size;

  PackType pack;

  XGRAD_INLINE Alike(PackType value) : pack(value) {}
  XGRAD_INLINE Alike(T value) : pack(value) {}
  XGRAD_INLINE static Alike load(const T* from) { return PackType::load(from); }
  XGRAD_INLINE void store(T* to) const { pack.store(to); }

  XGRAD_INLINE friend Alike operator+(Alike a, Alike b) { return a.pack + b.pack; }
  XGRAD_INLINE friend Alike operator-(Alike a, Alike b) { return a.pack - b.pack; }
  XGRAD_INLINE friend Alike operator*(Alike a, Alike b) { return a.pack * b.pack; }
  XGRAD_INLINE friend Alike operator/(Alike a, Alike b) { return a.pack / b.pack; }
  XGRAD_INLINE friend Alike operator-(Alike a) { return -a.pack; }
  XGRAD_INLINE friend MaskType operator<(Alike a, Alike b) { return a.pack < b.pack; }
  XGRAD_INLINE friend MaskType operator<=(Alike a, Alike b) { return a.pack <= b.pack; }
  XGRAD_INLINE friend MaskType operator==(Alike a, Alike b) { return a.pack == b.pack; }
  XGRAD_INLINE friend MaskType operator!=(Alike a, Alike b) { return a.pack != b.pack; }
  XGRAD_INLINE friend Alike select(MaskType mask, Alike a, Alike b) { return select(mask, a.pack, b.pack); }
  /// Not fused: other processors could not.
  XGRAD_INLINE friend Alike fma(Alike a, Alike b, Alike c) { return a * b + c; }
  XGRAD_INLINE friend Alike max(Alike a, Alike b) { return max(a.pack, b.pack); }
  XGRAD_INLINE friend Alike min(Alike a, Alike b) { return min(a.pack, b.pack); }
  XGRAD_INLINE friend Alike sqrt(Alike a) { return sqrt(a.pack); }
  XGRAD_INLINE friend Alike abs(Alike a) { return abs(a.pack); }
  XGRAD_INLINE friend BitsType to_bits(Alike a) { return to_bits(a.pack); }
  XGRAD_INLINE static Alike from_bits(BitsType bits) { return PackType::from_bits(bits); }
  static constexpr typename BitsType::Unsigned sign_bit() { return PackType::sign_bit(); }
};

namespace alike {

/// log(x) of positive normal numbers.
template <class T, class Arch>
XGRAD_INLINE Alike<T, Arch> log(Alike<T, Arch> x) {
  return detail::log_of_normal(x, Alike<T, Arch>(T(detail::Format<T>::exponent_bias)));
}

/// log(u), given v = 1 - u, of which one may be known better than the other, for u and v between 0 and 1 and normal.
template <class T, class Arch>
XGRAD_INLINE Alike<T, Arch> log_of_share(Alike<T, Arch> u, Alike<T, Arch> v) {
  using P = Alike<T, Arch>;
  const auto [exponent, m] = detail::reduce_log(u);
  const P f = select(v < P(T(0.25)), -v, m - P(T(1)));  // where u is above sqrt(1/2), the exponent is 0
  return detail::log_of_parts(detail::negated_exponent(exponent, P(T(detail::Format<T>::exponent_bias))), f);
}

/// Sine and cosine of n pi/2 + r, for |r| <= pi/4; n is in the two lowest bits.
template <class P>
struct SinCos {
  P sin, cos;
};
template <class T, class Arch>
XGRAD_INLINE SinCos<Alike<T, Arch>> sin_cos(Alike<T, Arch> r, Bits<T, Arch> n) {
  using P = Alike<T, Arch>;
  using Constants = detail::TrigConstants<T>;
  const P z = r * r;
  const P s = r + r * z * detail::polynomial<Constants::sin_tail>(z);
  const P c = (P(T(1)) - z * P(T(0.5))) + z * z * detail::polynomial<Constants::cos_tail>(z);
  const auto swap = detail::odd<P>(n);
  const P sin = detail::flip_sign(select(swap, c, s), detail::sign_by_second_bit<P>(n));
  const P cos = detail::flip_sign(select(swap, s, c), detail::sign_by_second_bit<P>(n + Bits<T, Arch>(1)));
  return {sin, cos};
}

}  // namespace alike
}  // namespace xgrad::backend::cpu::kernels::simd
