// Functions that xtensor has, too, for programs with `using namespace xt`.
//
// xtensor's are templates that take anything, and fail inside for a Var. These are preferred, because they take a Var,
// whatever its value category, and the other arguments as xtensor's do. They are found by argument-dependent lookup
// alone, so that each name in namespace xgrad stays one function.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <utility>

#include <xgrad/ops/compare.hpp>
#include <xgrad/ops/differences.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/mask.hpp>
#include <xgrad/ops/nan.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/quantile.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/sets.hpp>
#include <xgrad/ops/signal.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::detail::preferred {

#define XGRAD_DETAIL_ONE(function, V) \
  inline Var function(V x) { return xgrad::function(static_cast<const Var&>(x)); }
#define XGRAD_DETAIL_TWO(function, V)                                       \
  template <class A>                                                        \
  Var function(V x, A&& a) {                                                \
    return xgrad::function(static_cast<const Var&>(x), std::forward<A>(a)); \
  }
#define XGRAD_DETAIL_AXES(function, V)                                                  \
  template <class I, std::size_t N>                                                     \
  Var function(V x, const I(&axes)[N]) { /* NOLINT(*-c-arrays) */                       \
    return xgrad::function(static_cast<const Var&>(x), Axes(std::span<const I>(axes))); \
  }
#define XGRAD_DETAIL_KEEP(function, V)                                                        \
  template <class A>                                                                          \
  Var function(V x, A&& a, KeepDims keep) {                                                   \
    return xgrad::function(static_cast<const Var&>(x), std::forward<A>(a), keep);             \
  }                                                                                           \
  template <class I, std::size_t N>                                                           \
  Var function(V x, const I(&axes)[N], KeepDims keep) { /* NOLINT(*-c-arrays) */              \
    return xgrad::function(static_cast<const Var&>(x), Axes(std::span<const I>(axes)), keep); \
  }
// A const Var& alone is what the function itself takes.
#define XGRAD_DETAIL_CHANGEABLE(function) XGRAD_DETAIL_ONE(function, Var&) XGRAD_DETAIL_ONE(function, Var&&)
#define XGRAD_DETAIL_EACH(what, function) what(function, Var&) what(function, const Var&) what(function, Var&&)

XGRAD_DETAIL_CHANGEABLE(square)
XGRAD_DETAIL_CHANGEABLE(nan_to_num)
XGRAD_DETAIL_CHANGEABLE(flatten)
XGRAD_DETAIL_EACH(XGRAD_DETAIL_TWO, expand_dims)
XGRAD_DETAIL_CHANGEABLE(cumsum)
XGRAD_DETAIL_EACH(XGRAD_DETAIL_TWO, cumsum)
XGRAD_DETAIL_CHANGEABLE(nancumsum)
XGRAD_DETAIL_EACH(XGRAD_DETAIL_TWO, nancumsum)
XGRAD_DETAIL_CHANGEABLE(nancumprod)
XGRAD_DETAIL_EACH(XGRAD_DETAIL_TWO, nancumprod)
XGRAD_DETAIL_CHANGEABLE(diff)
// What xtensor's templates take of two arrays, with further arguments.
#define XGRAD_DETAIL_PAIR(function, V)                                                             \
  template <class A, class... B>                                                                   \
  auto function(V x, A&& a, B&&... b) {                                                            \
    return xgrad::function(static_cast<const Var&>(x), std::forward<A>(a), std::forward<B>(b)...); \
  }
XGRAD_DETAIL_EACH(XGRAD_DETAIL_PAIR, isclose)
XGRAD_DETAIL_EACH(XGRAD_DETAIL_PAIR, allclose)
XGRAD_DETAIL_EACH(XGRAD_DETAIL_PAIR, isin)
XGRAD_DETAIL_EACH(XGRAD_DETAIL_PAIR, setdiff1d)
XGRAD_DETAIL_CHANGEABLE(trim_zeros)
#undef XGRAD_DETAIL_PAIR
#define XGRAD_DETAIL_CONVOLVE(function, V)                                           \
  template <class A>                                                                 \
  Var function(V x, A&& a, Overlap overlap) {                                        \
    return xgrad::function(static_cast<const Var&>(x), std::forward<A>(a), overlap); \
  }
XGRAD_DETAIL_EACH(XGRAD_DETAIL_CONVOLVE, convolve)
#undef XGRAD_DETAIL_CONVOLVE
#define XGRAD_DETAIL_TIMES(function, V)                                                  \
  template <std::integral A>                                                             \
  Var function(V x, A times) {                                                           \
    return xgrad::function(static_cast<const Var&>(x), static_cast<std::size_t>(times)); \
  }
XGRAD_DETAIL_EACH(XGRAD_DETAIL_TIMES, diff)
#undef XGRAD_DETAIL_TIMES

#define XGRAD_DETAIL_ROLL(V)                                                                            \
  inline Var roll(V x, std::ptrdiff_t shift) { return xgrad::roll(static_cast<const Var&>(x), shift); } \
  inline Var roll(V x, std::ptrdiff_t shift, std::ptrdiff_t axis) {                                     \
    return xgrad::roll(static_cast<const Var&>(x), shift, axis);                                        \
  }
XGRAD_DETAIL_ROLL(Var&)
XGRAD_DETAIL_ROLL(Var&&)
#undef XGRAD_DETAIL_ROLL

#define XGRAD_DETAIL_MANIPULATION(function)     \
  XGRAD_DETAIL_CHANGEABLE(function)             \
  XGRAD_DETAIL_EACH(XGRAD_DETAIL_TWO, function) \
  XGRAD_DETAIL_EACH(XGRAD_DETAIL_AXES, function)
XGRAD_DETAIL_MANIPULATION(transpose)
XGRAD_DETAIL_MANIPULATION(squeeze)

#define XGRAD_DETAIL_REDUCTION(function) \
  XGRAD_DETAIL_MANIPULATION(function)    \
  XGRAD_DETAIL_EACH(XGRAD_DETAIL_KEEP, function)
XGRAD_DETAIL_REDUCTION(sum)
XGRAD_DETAIL_REDUCTION(mean)
XGRAD_DETAIL_REDUCTION(prod)
XGRAD_DETAIL_REDUCTION(amax)
XGRAD_DETAIL_REDUCTION(amin)
XGRAD_DETAIL_REDUCTION(variance)
XGRAD_DETAIL_REDUCTION(stddev)
XGRAD_DETAIL_REDUCTION(any)
XGRAD_DETAIL_REDUCTION(all)
XGRAD_DETAIL_REDUCTION(count_nonzero)
XGRAD_DETAIL_REDUCTION(nansum)
XGRAD_DETAIL_REDUCTION(nanprod)
XGRAD_DETAIL_REDUCTION(nanmean)
XGRAD_DETAIL_REDUCTION(nanmax)
XGRAD_DETAIL_REDUCTION(nanmin)
XGRAD_DETAIL_REDUCTION(nanvar)
XGRAD_DETAIL_REDUCTION(nanstd)
XGRAD_DETAIL_REDUCTION(median)
XGRAD_DETAIL_REDUCTION(nanmedian)

#undef XGRAD_DETAIL_REDUCTION
#undef XGRAD_DETAIL_MANIPULATION
#undef XGRAD_DETAIL_EACH
#undef XGRAD_DETAIL_CHANGEABLE
#undef XGRAD_DETAIL_KEEP
#undef XGRAD_DETAIL_AXES
#undef XGRAD_DETAIL_TWO
#undef XGRAD_DETAIL_ONE

}  // namespace xgrad::detail::preferred

#pragma GCC visibility pop
