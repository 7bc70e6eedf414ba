// Special functions, element by element, under the names of scipy.special and jax.scipy.special: error functions, the
// normal distribution, beta and incomplete gamma functions, Bessel functions, logarithms that vanish or cancel.
// (lgamma, digamma, polygamma, erf and logaddexp are in elementwise.hpp.)
//
// Integers become double. All have derivatives of every order in both modes, but where it says otherwise.
#pragma once

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

// ---- error functions and the normal distribution

Var erfc(const Var& x);    ///< 1 - erf(x), with all digits where that is small
Var erfinv(const Var& x);  ///< inverse of erf: infinite at -1 and 1, NaN beyond
/// The distribution function of the normal distribution, erfc(-x / sqrt(2)) / 2, with all digits where that is small.
Var ndtr(const Var& x);
/// ln ndtr(x), with all digits in both tails, to -inf at -inf; so has its derivative, the density over ndtr. The second
/// derivative loses digits far below 0, as many as x^2 has, where it is close to -1.
Var log_ndtr(const Var& x);

// ---- beta and gamma

/// Gamma(a) Gamma(b) / Gamma(a + b), for a and b from 0 on; NaN elsewhere.
Var beta(const Var& a, const Var& b);
/// ln |beta(a, b)|, without the difference of large logarithms; also of negative a and b.
/// Where one argument is far larger than the other, its derivative is a difference of numbers that are nearly equal.
Var betaln(const Var& a, const Var& b);
/// The regularised lower incomplete gamma function P(a, x), for a and x from 0 on; NaN elsewhere. The derivative with
/// respect to x is the density of the gamma distribution.
/// \throws TypeError  where a derivative with respect to a is asked for: there is none. stop_gradient(a) says that none
///                    is wanted.
Var gammainc(const Var& a, const Var& x);
/// The upper one, Q(a, x) = 1 - P(a, x), with all digits where that is small.
/// \throws TypeError  as gammainc.
Var gammaincc(const Var& a, const Var& x);

// ---- Bessel

Var i0(const Var& x);   ///< I_0(x), all digits of its derivative near 0, too
Var i0e(const Var& x);  ///< e^-|x| I_0(x); derivative 0 at 0, where it has a kink
Var i1e(const Var& x);  ///< e^-|x| I_1(x)
/// sin(pi x) / (pi x), and 1 at 0; exactly 0 at all other integers. Derivatives keep their digits near 0.
Var sinc(const Var& x);

// ---- logarithms

/// x log(y), and 0 where x is 0, whatever number y is. There, the derivative with respect to x is log(y) if y is
/// positive and finite, else 0, and that with respect to y is 0.
Var xlogy(const Var& x, const Var& y);
/// x log1p(y), and 0 where x is 0, likewise.
Var xlog1py(const Var& x, const Var& y);
/// ln(1 - e^-x), for x from 0 on, exact near 0 and far from it; NaN below. (Maechler 2012)
Var log1mexp(const Var& x);
Var logit(const Var& x);  ///< ln(x / (1 - x)), inverse of sigmoid, exact near 1/2; infinite at 0 and 1, NaN beyond

}  // namespace xgrad

#pragma GCC visibility pop
