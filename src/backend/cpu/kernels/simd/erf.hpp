// erf: a minimax polynomial below 1; from there 1 - exp(-x^2) P(1 / (x + c)), where P is a minimax polynomial, which
// matters less and less as exp(-x^2) shrinks.
#pragma once

#include "exp.hpp"

namespace xgrad::backend::cpu::kernels::simd {

namespace detail {

template <class T>
struct ErfConstants;

template <>
struct ErfConstants<double> {
  /// erf(a) / a - 1 of a^2, for a < 1; relative error of the resulting erf: 2^-56
  static constexpr double small[] = {0x1.06eba8214db68p-3,  -0x1.812746b0379b2p-2,  0x1.ce2f21a0408d1p-4,
                                     -0x1.b82ce311ee09bp-6, 0x1.565bccf7e2856p-8,   -0x1.c02db0149d904p-11,
                                     0x1.f9a2b75531772p-14, -0x1.f4ca204c771c5p-17, 0x1.b97e44280cfb9p-20,
                                     -0x1.5bfe76384472p-23, 0x1.d6e3ddfeb1f49p-27,  -0x1.ab15c51d2ebebp-31};
  /// (1 - erf(a)) exp(a^2) / q of q = 1 / (a + offset), from 1 to 6.1; absolute error of the resulting erf: 2^-57
  static constexpr double offset = 2;
  static constexpr double large[] = {0x1.20e379f741b7dp-1,  0x1.204ee1ad2d69ep0,  0x1.02c84b46d39e1p1,
                                     0x1.1a7a68e47c352p1,   0x1.0156a27f2c7dep3,  -0x1.08e25e4b94978p5,
                                     0x1.0f91dd3e86682p7,   -0x1.c40e8ab7ccd0cp8, 0x1.c14443a05149fp9,
                                     -0x1.05ba4edcbdf1dp10, 0x1.52a74518744e5p9,  -0x1.7d31bb6350f45p7};
  static constexpr double largest = 6;  ///< erf rounds to 1
};

template <>
struct ErfConstants<float> {
  static constexpr float small[] = {0x1.06eba8p-3F, -0x1.81273ep-2F,  0x1.ce2cf2p-4F, -0x1.b7f88cp-6F,
                                    0x1.540172p-8F, -0x1.a3d812p-11F, 0x1.4917a4p-14F};
  static constexpr float offset = 1.5F;
  static constexpr float large[] = {0x1.203f78p-1F, 0x1.c00bb2p-1F, 0x1.6988fcp-1F,
                                    0x1.08004ap1F,  -0x1.17907ep2F, 0x1.1cce7p1F};
  static constexpr float largest = 4;
};

}  // namespace detail

/// exp(-x^2), from which `erf_from` takes the rest of the way; the derivative of erf has it too.
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> exp_neg_square(Pack<T, Arch> x) {
  return exp(-(x * x));
}

/// erf(x), given e = exp(-x^2).
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> erf_from(Pack<T, Arch> x, Pack<T, Arch> e) {
  using P = Pack<T, Arch>;
  using Constants = detail::ErfConstants<T>;
  const P a = min(P(Constants::largest), abs(x));
  const P small = fma(a, detail::polynomial<Constants::small>(a * a), a);
  const P q = P(T(1)) / (a + P(Constants::offset));
  const P large = P(T(1)) - e * (q * detail::polynomial<Constants::large>(q));
  return detail::flip_sign(select(a < P(T(1)), small, large), x);
}

template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> erf(Pack<T, Arch> x) {
  return erf_from(x, exp_neg_square(x));
}

}  // namespace xgrad::backend::cpu::kernels::simd
