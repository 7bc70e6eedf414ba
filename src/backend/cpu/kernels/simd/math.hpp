// The functions of packs: exp, expm1, log, log1p, pow, pow_uniform, sin, cos, tan, atan, sinh, cosh, tanh, erf, erfc,
// ndtr; floor, ceil, rint, trunc and copysign, which are exact.
//
// Largest errors in units in the last place, against long double functions (tests/test_vector_math.cpp asserts them):
//
//              double  float               double  float               double  float
//     exp        0.8    0.8      sin        0.95    0.95     sinh        1.7    1.7
//     expm1      1.4    1.4      cos        0.95    0.95     cosh        1.3    1.3
//     log        0.9    0.9      tan        1.2     1.2      tanh        1.9    1.9
//     log1p      1.5    1.5      atan       1.9     1.9      erf         1.5    1.5
//     pow        1.7    1.3      pow_uniform 2      2
//     sigmoid    1.8    1.8      softplus   1.8     1.8     hypot      1.3    1.3
//     erfc       1.7    1.7      ndtr       2       2
//     direction_cosine: 2.3, 2.3; log_cosh: 2, 2
//
// Denormal numbers, signed zeros, infinities and NaN come out as the C standard says. The result for a number does not
// depend on the other numbers in its pack: where a rare case takes another path, it takes it alone. Rounding must be to
// nearest, and the compiler must not contract a * b + c by itself (-ffp-contract=off). Loops over these functions
// should be marked [[gnu::flatten]]: the functions are always inlined, what calls them may not be.
#pragma once

#include "erf.hpp"
#include "erfc.hpp"
#include "exp.hpp"
#include "log.hpp"
#include "power.hpp"
#include "rounding.hpp"
#include "trig.hpp"

namespace xgrad::backend::cpu::kernels::simd {

/// exp(-|x|), from which `sigmoid_from` takes the rest of the way, and log1p that to softplus.
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> exp_neg_abs(Pack<T, Arch> x) {
  return exp(-abs(x));
}

/// The sigmoid of x, given e = exp(-|x|): that or 1 over 1 + e, corrected for what rounding took from the sum.
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> sigmoid_from(Pack<T, Arch> x, Pack<T, Arch> e) {
  using P = Pack<T, Arch>;
  const P one = P(T(1));
  const auto negative = x < P(T(0));
  const P sum = one + e;
  const P lost = e - (sum - one);
  const P quotient = select(negative, e, one) / sum;
  const P inverse = select(negative, one - quotient, quotient);  // of the sum, roughly
  return fma(-(quotient * lost), inverse, quotient);
}

namespace detail {

/// (ln(cosh(x)) - t / 2) / t^2 of t = x^2, for |x| < 1; relative error of the resulting logarithm: 2^-56.5, 2^-27.5
template <class T>
inline constexpr T log_cosh_tail[] = {-0x1.5555555555555p-4,  0x1.6c16c16c16b21p-6,   -0x1.ba1ba1ba09a16p-8,
                                      0x1.1ea5d397a0770p-9,   -0x1.833d9b79192fcp-11, 0x1.0d0b3f8ca0cdcp-12,
                                      -0x1.7da187717a8cfp-14, 0x1.12e912c66a9d6p-15,  -0x1.906e7ed5ed8e2p-17,
                                      0x1.2440217d803f8p-18,  -0x1.a1307ba3b2516p-20, 0x1.1319bfc4f54a1p-21,
                                      -0x1.2e63935c5c381p-23, 0x1.d553b8d753753p-26,  -0x1.7199d3332b32fp-29};
template <>
inline constexpr float log_cosh_tail<float>[] = {-0x1.555556p-4F,  0x1.6c16b4p-6F,  -0x1.ba170ep-8F,  0x1.1e5a80p-9F,
                                                 -0x1.7e646cp-11F, 0x1.ed4d84p-13F, -0x1.03ccf2p-14F, 0x1.30b528p-17F};

}  // namespace detail

/// ln(cosh(x)), given h = half_expm1(x): below 1 a polynomial of x^2; from there |x| - ln 2 + ln(1 + e^-2|x|), whose
/// last term is so small that its error does not count, and e^2|x| is 1 + 2 h.
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> log_cosh_from(Pack<T, Arch> x, Pack<T, Arch> h) {
  using P = Pack<T, Arch>;
  using Constants = detail::ExpConstants<T>;
  const P size = abs(x);
  const P t = x * x;
  const P small = fma(t * t, detail::polynomial<detail::log_cosh_tail<T>>(t), P(T(0.5)) * t);
  const P last = log1p(P(T(1)) / (P(T(1)) + (h + h)));
  const P large = (size - P(Constants::ln2_high)) + (last - P(Constants::ln2_low));
  return select(size < P(T(1)), small, large);
}

}  // namespace xgrad::backend::cpu::kernels::simd
