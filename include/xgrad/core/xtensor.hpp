// The one place that knows where xtensor keeps its headers: flat until 0.25, nested since 0.26.
#pragma once

#include <xgrad/core/language.hpp>

#pragma GCC visibility push(default)

#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/containers/xarray.hpp>
#include <xtensor/core/xnoalias.hpp>
#include <xtensor/views/xslice.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xslice.hpp>

// xtensor 0.24 takes a run-time sized svector shape for a std::array<T, 4> once templates of templates match loosely
// (C++20 with g++ 12), and then gives every temporary the type xtensor<T, 4>. The specialisation it has for C++17 only
// is the cure; being a partial specialisation it works even when xtensor's headers came first.
#if defined(__cpp_template_template_args) && __cplusplus > 201703L
namespace xt::detail {
template <template <class, std::size_t, class, bool> class S, class X, std::size_t N, class A, bool Init>
struct xtype_for_shape<S<X, N, A, Init> > {
  template <class T, layout_type L>
  using type = xarray<T, L>;
};
}  // namespace xt::detail
#endif
#endif

#pragma GCC visibility pop
