#include <xgrad/nn/pooling.hpp>

#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "ops/axes.hpp"
#include "ops/internal.hpp"

namespace xgrad::nn {
namespace {

/// All axes but those of examples and channels.
Axes places_of(std::string_view layer, const Var& x) {
  xgrad::detail::require_usable(x, layer);
  Strides axes;
  std::size_t places = 1;
  for (std::size_t axis = 2; axis < x.dimension(); ++axis) {
    axes.push_back(static_cast<std::ptrdiff_t>(axis));
    places *= x.shape()[axis];
  }
  if (axes.empty() || places == 0) {
    throw ShapeError(std::string(layer) + ": the shape " + to_string(x.shape()) +
                     "; it must be that of examples, channels, and axes with elements");
  }
  return {axes};
}

}  // namespace

Var MaxPool::operator()(const Var& x) const {
  return max_pool(x, window, {.stride = stride, .padding = padding, .dilation = dilation});
}

Var AveragePool::operator()(const Var& x) const {
  return average_pool(
      x, window, {.stride = stride, .padding = padding, .dilation = dilation, .count_include_pad = count_include_pad});
}

Var AdaptiveMaxPool::operator()(const Var& x) const { return adaptive_max_pool(x, extents); }
Var AdaptiveAveragePool::operator()(const Var& x) const { return adaptive_average_pool(x, extents); }
Var GlobalMaxPool::operator()(const Var& x) const { return amax(x, places_of("GlobalMaxPool", x), keep); }
Var GlobalAveragePool::operator()(const Var& x) const { return mean(x, places_of("GlobalAveragePool", x), keep); }

Var Flatten::operator()(const Var& x) const {
  const std::size_t from = xgrad::detail::normalize_axis("Flatten", first, x);
  const std::size_t to = xgrad::detail::normalize_axis("Flatten", last, x);
  if (from > to) {
    throw ShapeError("Flatten: from axis " + std::to_string(first) + " to axis " + std::to_string(last) +
                     " of the shape " + to_string(x.shape()) + "; the first one must not be behind the last one");
  }
  Shape shape;
  for (std::size_t axis = 0; axis < x.dimension(); ++axis) {
    if (axis > from && axis <= to) shape.back() *= x.shape()[axis];
    else shape.push_back(x.shape()[axis]);
  }
  return reshape(x, Strides(shape));
}

}  // namespace xgrad::nn
