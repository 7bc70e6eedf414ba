// The functions of packs.
#pragma once

#include "erf.hpp"
#include "exp.hpp"
#include "log.hpp"
#include "power.hpp"
#include "trig.hpp"

namespace xgrad::kernels::simd {

/// exp(-|x|), from which `sigmoid_from` and `softplus_from` take the rest of the way.
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> exp_neg_abs(Pack<T, Arch> x) {
  return exp(-abs(x));
}

/// The sigmoid of x, given e = exp(-|x|).
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> sigmoid_from(Pack<T, Arch> x, Pack<T, Arch> e) {
  using P = Pack<T, Arch>;
  return select(x < P(T(0)), e, P(T(1))) / (P(T(1)) + e);
}

/// log(1 + exp(x)), given e = exp(-|x|).
template <class T, class Arch>
XGRAD_INLINE Pack<T, Arch> softplus_from(Pack<T, Arch> x, Pack<T, Arch> e) {
  using P = Pack<T, Arch>;
  return select(x <= P(T(0)), P(T(0)), x) + log1p(e);
}

}  // namespace xgrad::kernels::simd
