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
//     direction_cosine: 2.3, 2.3; log_cosh: 4.5, 4.5
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

/// ln(cosh(x)), given h = half_expm1(x): cosh(x)^2 is 1 + h^2 / (1 + 2 h), with all digits of what is above 1. Where
/// tanh is 1, the logarithm grows as |x| does.
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> log_cosh_from(Pack<T, Arch> x, Pack<T, Arch> h) {
  using P = Pack<T, Arch>;
  const P size = abs(x);
  const P beyond = size - min(P(detail::ExpConstants<T>::highest_tanh), size);
  return fma(P(T(0.5)), log1p(h * h / (P(T(1)) + (h + h))), beyond);
}

}  // namespace xgrad::backend::cpu::kernels::simd
