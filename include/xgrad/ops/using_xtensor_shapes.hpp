// As using_xtensor.hpp, of functions that cut, join and turn arrays.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <utility>

#include <xgrad/ops/diagonal.hpp>
#include <xgrad/ops/join.hpp>
#include <xgrad/ops/rearrange.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::detail::preferred {

#define XGRAD_DETAIL_OF_ALONE(function)                                                \
  inline auto function(Var& x) { return xgrad::function(static_cast<const Var&>(x)); } \
  inline auto function(Var&& x) { return xgrad::function(static_cast<const Var&>(x)); }
// What xtensor takes of one type, a number or a list, is taken of that type here, too, so that neither fits better.
#define XGRAD_DETAIL_OF_FIRST(function, Number, V)                                                 \
  template <class A, class... B>                                                                   \
  [[nodiscard]] auto function(V x, A&& a, B&&... b) {                                              \
    return xgrad::function(static_cast<const Var&>(x), std::forward<A>(a), std::forward<B>(b)...); \
  }                                                                                                \
  template <class I, class... B>                                                                   \
  [[nodiscard]] auto function(V x, std::initializer_list<I> a, B&&... b) {                         \
    return xgrad::function(static_cast<const Var&>(x), a, std::forward<B>(b)...);                  \
  }                                                                                                \
  [[nodiscard]] inline auto function(V x, Number a) { return xgrad::function(static_cast<const Var&>(x), a); }
#define XGRAD_DETAIL_OF_SECOND(function, V)                                                \
  [[nodiscard]] inline auto function(V x, std::size_t a, std::size_t b) {                  \
    return xgrad::function(static_cast<const Var&>(x), a, static_cast<std::ptrdiff_t>(b)); \
  }
#define XGRAD_DETAIL_OF_ANY(what, ...) what(__VA_ARGS__, Var&) what(__VA_ARGS__, const Var&) what(__VA_ARGS__, Var&&)

XGRAD_DETAIL_OF_ALONE(ravel)
XGRAD_DETAIL_OF_ALONE(atleast_1d)
XGRAD_DETAIL_OF_ALONE(atleast_2d)
XGRAD_DETAIL_OF_ALONE(atleast_3d)
XGRAD_DETAIL_OF_ALONE(flip)
XGRAD_DETAIL_OF_ALONE(diag)
XGRAD_DETAIL_OF_ALONE(diagonal)
XGRAD_DETAIL_OF_ALONE(tril)
XGRAD_DETAIL_OF_ALONE(triu)
XGRAD_DETAIL_OF_ANY(XGRAD_DETAIL_OF_FIRST, flip, std::size_t)
XGRAD_DETAIL_OF_ANY(XGRAD_DETAIL_OF_FIRST, tile, std::size_t)
XGRAD_DETAIL_OF_ANY(XGRAD_DETAIL_OF_FIRST, hsplit, std::size_t)
XGRAD_DETAIL_OF_ANY(XGRAD_DETAIL_OF_FIRST, vsplit, std::size_t)
XGRAD_DETAIL_OF_ANY(XGRAD_DETAIL_OF_FIRST, split, std::size_t)
XGRAD_DETAIL_OF_ANY(XGRAD_DETAIL_OF_SECOND, split)
XGRAD_DETAIL_OF_ANY(XGRAD_DETAIL_OF_FIRST, repeat, std::size_t)
XGRAD_DETAIL_OF_ANY(XGRAD_DETAIL_OF_SECOND, repeat)
XGRAD_DETAIL_OF_ANY(XGRAD_DETAIL_OF_FIRST, diag, int)
XGRAD_DETAIL_OF_ANY(XGRAD_DETAIL_OF_FIRST, diagonal, int)
XGRAD_DETAIL_OF_ANY(XGRAD_DETAIL_OF_FIRST, tril, int)
XGRAD_DETAIL_OF_ANY(XGRAD_DETAIL_OF_FIRST, triu, int)

#undef XGRAD_DETAIL_OF_ANY
#undef XGRAD_DETAIL_OF_SECOND
#undef XGRAD_DETAIL_OF_FIRST
#undef XGRAD_DETAIL_OF_ALONE

}  // namespace xgrad::detail::preferred

#pragma GCC visibility pop
