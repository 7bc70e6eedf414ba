// Functions of <cmath> that there are none of for a Var: what to write instead. Without them the compiler would
// complain that it cannot make a double of a Var.
#pragma once

#include <concepts>
#include <type_traits>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

#define XGRAD_DETAIL_MISSING(function, instead)                                     \
  template <class... A>                                                             \
  requires(std::same_as<std::remove_cvref_t<A>, Var> || ...) Var function(A&&...) { \
    static_assert(detail::mistaken<A...>, "xgrad has no " #function instead);       \
    return {};                                                                      \
  }
XGRAD_DETAIL_MISSING(floor, ": its derivative would be 0; see xt::floor for arrays")
XGRAD_DETAIL_MISSING(ceil, ": its derivative would be 0; see xt::ceil for arrays")
XGRAD_DETAIL_MISSING(round, ": its derivative would be 0; see xt::round for arrays")
XGRAD_DETAIL_MISSING(trunc, ": its derivative would be 0; see xt::trunc for arrays")
XGRAD_DETAIL_MISSING(rint, ": its derivative would be 0; see xt::rint for arrays")
XGRAD_DETAIL_MISSING(nearbyint, ": its derivative would be 0; see xt::nearbyint for arrays")
XGRAD_DETAIL_MISSING(fmod, ": see xt::fmod for arrays")
XGRAD_DETAIL_MISSING(remainder, ": see xt::remainder for arrays")
XGRAD_DETAIL_MISSING(fabs, ": write abs(x)")
XGRAD_DETAIL_MISSING(fmax, ": write maximum(a, b), which differs for NaN")
XGRAD_DETAIL_MISSING(fmin, ": write minimum(a, b), which differs for NaN")
XGRAD_DETAIL_MISSING(fdim, ": write relu(a - b)")
XGRAD_DETAIL_MISSING(fma, ": write a * b + c, which loops fuse")
XGRAD_DETAIL_MISSING(copysign, ": write where(b < 0.0, -abs(a), abs(a))")
XGRAD_DETAIL_MISSING(isnan, ": write not_equal(x, x)")
XGRAD_DETAIL_MISSING(isinf, ": write equal(abs(x), INFINITY)")
XGRAD_DETAIL_MISSING(isfinite, ": write abs(x) < INFINITY")
XGRAD_DETAIL_MISSING(asin, ": write atan(x / sqrt(1.0 - x * x))")
XGRAD_DETAIL_MISSING(acos, ": write pi / 2 - atan(x / sqrt(1.0 - x * x))")
XGRAD_DETAIL_MISSING(atan2, ": write atan(y / x) for x > 0")
XGRAD_DETAIL_MISSING(asinh, ": write sign(x) * log1p(abs(x) + x * x / (1.0 + sqrt(1.0 + x * x)))")
XGRAD_DETAIL_MISSING(acosh, ": write log(x + sqrt(x * x - 1.0))")
XGRAD_DETAIL_MISSING(atanh, ": write 0.5 * (log1p(x) - log1p(-x))")
XGRAD_DETAIL_MISSING(cbrt, ": write sign(x) * pow(abs(x), 1.0 / 3.0)")
XGRAD_DETAIL_MISSING(exp2, ": write pow(2.0, x)")
XGRAD_DETAIL_MISSING(log2, ": write log(x) / std::log(2.0)")
XGRAD_DETAIL_MISSING(log10, ": write log(x) / std::log(10.0)")
XGRAD_DETAIL_MISSING(erfc, ": write 1.0 - erf(x)")
XGRAD_DETAIL_MISSING(tgamma, ": write exp(lgamma(x)) for x > 0")
#undef XGRAD_DETAIL_MISSING

}  // namespace xgrad

#pragma GCC visibility pop
