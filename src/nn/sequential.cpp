#include <xgrad/nn/sequential.hpp>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>

namespace xgrad::nn {

Var detail::added(const Var& x, const Var& branch) {
  if (x.shape() != branch.shape()) {
    throw ShapeError("Residual: the layer makes " + to_string(branch.shape()) + ", to be added to " +
                     to_string(x.shape()) + "; the shapes must be alike: give it a projection");
  }
  return x + branch;
}

}  // namespace xgrad::nn
