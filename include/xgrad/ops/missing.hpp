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
XGRAD_DETAIL_MISSING(rint, ": write round(x), which takes halves to even, too")
XGRAD_DETAIL_MISSING(nearbyint, ": write round(x), which takes halves to even, too")
XGRAD_DETAIL_MISSING(fabs, ": write abs(x)")
XGRAD_DETAIL_MISSING(fdim, ": write relu(a - b)")
XGRAD_DETAIL_MISSING(fma, ": write a * b + c, which loops fuse")
XGRAD_DETAIL_MISSING(tgamma, ": write exp(lgamma(x)) for x > 0")
#undef XGRAD_DETAIL_MISSING

}  // namespace xgrad

#pragma GCC visibility pop
