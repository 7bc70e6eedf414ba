// Var beside xtensor containers and lazy expressions, in either order.
//
// xtensor's own operators and functions are templates that would take a Var too. Those here have the same form and more
// constraints, so overload resolution prefers them.
#pragma once

#include <type_traits>

#include <xgrad/ops/activation.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/rounding.hpp>
#include <xgrad/ops/special.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {
namespace detail {

template <class T>
concept IsVar = std::same_as<std::remove_cvref_t<T>, Var>;

/// Vars, expressions and numbers, with at least one Var and one expression among them.
template <class... T>
concept Mixed = (std::is_convertible_v<T, Var> && ...) && (IsVar<T> || ...) && (Expression<T> || ...);

}  // namespace detail

#define XGRAD_MIXED_BINARY(function)                                                   \
  template <class E1, class E2>                                                        \
  requires detail::Mixed<E1, E2> Var function(E1&& a, E2&& b) {                        \
    return function(static_cast<const Var&>(Var(a)), static_cast<const Var&>(Var(b))); \
  }

#define XGRAD_MIXED_TERNARY(function)                                                 \
  template <class E1, class E2, class E3>                                             \
  requires detail::Mixed<E1, E2, E3> Var function(E1&& a, E2&& b, E3&& c) {           \
    return function(static_cast<const Var&>(Var(a)), static_cast<const Var&>(Var(b)), \
                    static_cast<const Var&>(Var(c)));                                 \
  }

XGRAD_MIXED_BINARY(operator+)
XGRAD_MIXED_BINARY(operator-)
XGRAD_MIXED_BINARY(operator*)
XGRAD_MIXED_BINARY(operator/)
XGRAD_MIXED_BINARY(operator<)
XGRAD_MIXED_BINARY(operator<=)
XGRAD_MIXED_BINARY(operator>)
XGRAD_MIXED_BINARY(operator>=)
XGRAD_MIXED_BINARY(operator&&)
XGRAD_MIXED_BINARY(operator||)
XGRAD_MIXED_BINARY(equal)
XGRAD_MIXED_BINARY(not_equal)
XGRAD_MIXED_BINARY(less)
XGRAD_MIXED_BINARY(less_equal)
XGRAD_MIXED_BINARY(greater)
XGRAD_MIXED_BINARY(greater_equal)
XGRAD_MIXED_BINARY(maximum)
XGRAD_MIXED_BINARY(minimum)
XGRAD_MIXED_BINARY(pow)
XGRAD_MIXED_BINARY(hypot)
XGRAD_MIXED_BINARY(polygamma)
XGRAD_MIXED_BINARY(operator%)
XGRAD_MIXED_BINARY(operator&)
XGRAD_MIXED_BINARY(operator|)
XGRAD_MIXED_BINARY(operator^)
XGRAD_MIXED_BINARY(operator<<)
XGRAD_MIXED_BINARY(operator>>)
XGRAD_MIXED_BINARY(remainder)
XGRAD_MIXED_BINARY(fmod)
XGRAD_MIXED_BINARY(floor_divide)
XGRAD_MIXED_BINARY(fmax)
XGRAD_MIXED_BINARY(fmin)
XGRAD_MIXED_BINARY(copysign)
XGRAD_MIXED_BINARY(heaviside)
XGRAD_MIXED_BINARY(logical_xor)
XGRAD_MIXED_BINARY(float_power)
XGRAD_MIXED_BINARY(atan2)
XGRAD_MIXED_BINARY(beta)
XGRAD_MIXED_BINARY(betaln)
XGRAD_MIXED_BINARY(gammainc)
XGRAD_MIXED_BINARY(gammaincc)
XGRAD_MIXED_BINARY(xlogy)
XGRAD_MIXED_BINARY(xlog1py)
XGRAD_MIXED_BINARY(leaky_relu)
XGRAD_MIXED_BINARY(elu)
XGRAD_MIXED_BINARY(celu)
XGRAD_MIXED_TERNARY(where)
XGRAD_MIXED_TERNARY(clip)
XGRAD_MIXED_TERNARY(lerp)

#undef XGRAD_MIXED_BINARY
#undef XGRAD_MIXED_TERNARY

}  // namespace xgrad

#pragma GCC visibility pop
