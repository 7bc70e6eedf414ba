// What nodes of convolutions and of windows must be.
#include "node_at.hpp"
#include "windows.hpp"

namespace xgrad::primitives::node_rules {

Broken convolution(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  if (n.attributes().size() < convolution_head || n.attributes()[0] < 0 || n.attributes()[0] > 2) {
    return as_many_attributes;
  }
  const ConvolutionRole result = role_of_result(n.attributes());
  std::array<Shape, 3> shapes;
  shapes[static_cast<std::size_t>(result)] = n.shape();
  for (std::size_t k = 0; k < 2; ++k) shapes[static_cast<std::size_t>(role_of_input(result, k))] = n.shape(k);
  return first_of({unless(is_convolution(shapes, n.attributes()), "the arrays and the numbers of a convolution match"),
                   unless(n.type(0) == n.type() && n.type(1) == n.type() && n.type() != DType::Bool, operand_types)});
}

Broken window_argmax(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  return first_of({unless(has_windows(n.shape(0), n.shape(), n.attributes()), "each window holds an element"),
                   unless(n.type() == DType::Int64, "indices are int64")});
}

}  // namespace xgrad::primitives::node_rules
