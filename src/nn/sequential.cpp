#include <xgrad/nn/sequential.hpp>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "ops/axes.hpp"

namespace xgrad::nn {

Var detail::added(const Var& x, const Var& branch) {
  if (x.shape() != branch.shape()) {
    throw ShapeError("Residual: the layer makes " + to_string(branch.shape()) + ", to be added to " +
                     to_string(x.shape()) + "; the shapes must be alike: give it a projection");
  }
  return x + branch;
}

Var Flatten::operator()(const Var& x) const {
  const std::size_t begin = xgrad::detail::normalize_axis("Flatten", first, x);
  const std::size_t end = xgrad::detail::normalize_axis("Flatten", last, x);
  if (begin > end) {
    throw ShapeError("Flatten: called with the shape " + to_string(x.shape()) + ", to join the axes " +
                     std::to_string(begin) + " to " + std::to_string(end) + "; the first must not be behind the last");
  }
  Shape shape;
  for (std::size_t axis = 0; axis < x.dimension(); ++axis) {
    if (axis > begin && axis <= end) shape.back() *= x.shape()[axis];
    else shape.push_back(x.shape()[axis]);
  }
  return reshape(x, shape);
}

}  // namespace xgrad::nn
