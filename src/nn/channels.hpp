// What layers of channels share: axis 1 of [n, channels, X...].
#pragma once

#include <string>
#include <string_view>

#include <xgrad/core/dtype.hpp>
#include <xgrad/core/errors.hpp>
#include <xgrad/core/shape.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/var.hpp>

namespace xgrad::nn::detail {

/// \throws TypeError  unless weights of this element type can be trained.
inline void require_floating(std::string_view maker, DType dtype) {
  if (is_floating(dtype)) return;
  throw TypeError(std::string(maker) + ": weights of " + std::string(name(dtype)) + "; they must be floating-point");
}

/// Nothing is broadcast: a weight of one element would do for all channels.
/// \throws ShapeError  unless it has this shape.
inline void require_weight(std::string_view layer, std::string_view what, const Var& weight, const Shape& shape) {
  if (weight.shape() == shape) return;
  throw ShapeError(std::string(layer) + ": its " + std::string(what) + " has the shape " + to_string(weight.shape()) +
                   "; it must be " + to_string(shape));
}

/// Numbers of the channels, [channels], as those of an array of some axes.
inline Var along_channels(const Var& numbers, std::size_t axes) {
  Strides shape(axes, 1);
  shape[1] = static_cast<std::ptrdiff_t>(numbers.size());
  return reshape(numbers, shape);
}

}  // namespace xgrad::nn::detail
