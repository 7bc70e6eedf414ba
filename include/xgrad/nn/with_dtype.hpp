// Models in other element types.
#pragma once

#include <xgrad/core/dtype.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {
namespace detail {

void require_target(DType dtype);
Var in_dtype(const Var& x, DType dtype);

}  // namespace detail

/// A copy of a model with all of its floating-point arrays, states with them, in another element type. Integers, such
/// as keys and counters, stay.
///
///     const auto exact = nn::with_dtype(model, xg::DType::Float64);
///
/// \throws TypeError  unless the element type is a floating-point one.
template <tree::Tree T>
[[nodiscard]] T with_dtype(const T& model, DType dtype) {
  detail::require_target(dtype);
  T result = model;
  tree::for_each_array(result, [dtype](Var& array) { array = detail::in_dtype(array, dtype); });
  return result;
}

}  // namespace xgrad::nn

#pragma GCC visibility pop
