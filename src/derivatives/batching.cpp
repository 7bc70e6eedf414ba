#include "batching.hpp"

#include "ops/axes.hpp"
#include "ops/internal.hpp"
#include "primitives/list.hpp"

namespace xgrad::derivatives {
namespace {

Shape with_first(std::size_t extent, const Shape& shape) {
  require_rank("vmap", shape.size() + 1);
  Shape result = shape;
  result.insert(0, extent);
  return result;
}

}  // namespace

Var repeated(TapeState& tape, NodeId node, std::size_t extent) {
  const Shape shape = with_first(extent, tape.shape(node));
  const DType dtype = tape.node(node).dtype;
  if (tape.node(node).op == TapeState::constant_opcode) {
    return VarAccess::recorded(tape, tape.append_constant(dtype, tape.intern(shape), tape.scalar(node)));
  }
  const Var x = VarAccess::recorded(tape, node);
  return expand_to(reshape(x, Strides(with_first(1, x.shape()))), shape);
}

Var BatchContext::batch(std::size_t i) const {
  return batched(i) ? batches[i] : repeated(tape, tape.inputs(node)[i], extent);
}

Shape BatchContext::shape() const { return with_first(extent, tape.shape(node)); }

Var BatchContext::again(std::span<const std::int64_t> attributes) const {
  std::vector<NodeId> inputs;
  for (std::size_t i = 0; i < batches.size(); ++i) inputs.push_back(VarAccess::node(batch(i)));
  const Node like = tape.node(node);
  return VarAccess::recorded(tape, tape.append(like.op, like.dtype, tape.intern(shape()), inputs, attributes));
}

}  // namespace xgrad::derivatives
