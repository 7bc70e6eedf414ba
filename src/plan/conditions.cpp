#include "conditions.hpp"

#include <limits>

namespace xgrad::detail {

using namespace primitives;

bool Conditions::may_fail(const Graph& graph, const Group& group) {
  bool result = false;
  for (const ValueId id : group.members) result = may_fail(graph, id, group.loop) || result;  // looks at all
  return result;
}

bool Conditions::may_fail(const Graph& graph, ValueId id, bool loop) {
  const Opcode op = graph[id].op;
  const std::span<const ValueId> inputs = graph.inputs(id);
  const auto axis = [&] { return static_cast<std::size_t>(graph.attributes(id)[0]); };
  if (op == opcode<Checked>) return true_.insert(inputs[1]).second;
  if (op == opcode<Take> || op == opcode<TakeAlongAxis>) {
    return may_be_out_of_range(graph, inputs[1], graph.shape(inputs[0])[axis()]);
  }
  if (op == opcode<ScatterAdd> || op == opcode<ScatterAddAlongAxis>) {
    return may_be_out_of_range(graph, inputs[1], graph.shape(id)[axis()]);
  }
  if (op == opcode<OneHot>) {
    const std::size_t classes = graph.shape(id).back();
    in_range_.emplace(inputs[0], classes);
    return labels_.emplace(inputs[0], classes).second;
  }
  if (op == opcode<Cast>) return graph[id].dtype == DType::Int64 && is_floating(graph[inputs[0]].dtype);
  if (op == opcode<Matmul> || op == op_gemm) {  // BLAS may count with 32 bits
    for (const ValueId input : inputs) {
      if (graph.count(input) > std::numeric_limits<std::int32_t>::max()) return true;
    }
    return graph.count(id) > std::numeric_limits<std::int32_t>::max();
  }
  // Kernels that take memory of their own.
  return !loop && (op == opcode<ArgSort> || op == opcode<Balance> || is_reduction(op));
}

bool Conditions::may_be_out_of_range(const Graph& graph, ValueId indices, std::size_t extent) {
  const ValueId from = graph.base(indices);
  if (const Opcode op = graph[from].op; op == opcode<ArgSort> || op == opcode<ArgMax>) {
    const ValueId sorted = graph.inputs(from)[0];
    if (graph.shape(sorted)[static_cast<std::size_t>(graph.attributes(from)[0])] <= extent) return false;
  }
  return in_range_.emplace(indices, extent).second;
}

}  // namespace xgrad::detail
