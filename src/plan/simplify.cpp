#include "simplify.hpp"

#include "group.hpp"
#include "rewrites.hpp"

namespace xgrad::plan {

using namespace primitives;

bool is_row_gather_or_scatter(const Graph& graph, Opcode op, std::uint32_t shape, std::span<const ValueId> inputs,
                              std::span<const std::int64_t> attributes) {
  if (!is_gather_or_scatter(op)) return false;
  const Shape& full = computation_of(op) == Computation::Gather ? graph.shape(inputs[0]) : graph.shape_at(shape);
  const Shape& index = graph.shape(inputs[1]);
  const auto axis = static_cast<std::size_t>(attributes[0]);
  const std::size_t columns = full[axis];
  for (std::size_t i = axis + 1; i < full.size(); ++i) {
    if (full[i] != 1) return false;
  }
  if (index[axis] != 1 || columns < 2 || columns > longest_row || graph.is_constant(inputs[1])) return false;
  return size_of(full) != 0 && size_of(index) * columns == size_of(full) && graph[inputs[0]].dtype != DType::Bool;
}

ValueId simplified(const Operation& o) {
  if (o.op == op_copy || o.op == op_gemm) return no_value;
  ValueId result = rewritten(o, algebra_of(o.op));
  if (result == no_value) result = rewritten(o, rewrites_of(computation_of(o.op)));
  if (result == no_value && is_floating(o.dtype)) result = rewritten(o, splits_of(o.op));
  return result;
}

}  // namespace xgrad::plan
