// What layers of channels share: axis 1 of [n, channels, X...].
#pragma once

#include <cstddef>

#include <xgrad/core/shape.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/var.hpp>

namespace xgrad::nn::detail {

/// x as [n, channels, places], or as it is if it is [n, channels]. Places are rows of their own: what there is one
/// number of for each channel goes along with them, and sums over all but the channels are sums of sums of rows, which
/// are as fast as memory.
inline Var with_places_as_one(const Var& x) {
  if (x.dimension() < 3) return x;
  Shape shape{x.shape()[0], x.shape()[1], 1};
  for (std::size_t axis = 2; axis < x.dimension(); ++axis) shape[2] *= x.shape()[axis];
  return reshape(x, Strides(shape));
}

/// Numbers of the channels, [channels], for each row of what the function above gives.
inline Var of_each_row(const Var& numbers, const Var& x) {
  if (x.dimension() < 3) return numbers;
  return broadcast_to(expand_dims(numbers, 1), {x.shape()[0], x.shape()[1], 1});
}

}  // namespace xgrad::nn::detail
