#include "simplify.hpp"

#include <array>

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

namespace {

/// f(broadcast(a), broadcast(b)) is broadcast(f(a, b)): computed once for each number instead of each copy.
ValueId hoisted(const Operation& o) {
  Graph& graph = o.graph;
  const Shape full = graph.shape_at(o.shape);
  if (size_of(full) <= 1) return no_value;
  Shape joint(full.size(), 1);
  for (const ValueId each : o.inputs) {
    if (graph.is_constant(each)) continue;
    if (!o.is<Broadcast>(each)) return no_value;
    const Shape& source = graph.shape(o.input_of(each));
    if (source.size() != full.size()) return no_value;
    for (std::size_t i = 0; i < full.size(); ++i) {
      if (source[i] != 1) joint[i] = full[i];
    }
  }
  if (joint == full) return no_value;
  const std::uint32_t small = graph.intern(joint);
  std::array<ValueId, 3> sources{};
  for (std::size_t k = 0; k < o.inputs.size(); ++k) {
    const ValueId each = o[k];
    const DType type = graph[each].dtype;
    if (graph.is_constant(each)) sources[k] = graph.number(type, small, Number(graph.constant(each)));
    else sources[k] = graph.add(opcode<Broadcast>, type, small, std::array{o.input_of(each)});
  }
  const std::span<const ValueId> inputs(sources.data(), o.inputs.size());
  return o.make<Broadcast>({graph.add(o.op, o.dtype, small, inputs)});
}

ValueId simplified_elementwise(const Operation& o) {
  if (is_conversion(o.op) && o.graph[o[0]].dtype == o.dtype) return o[0];
  ValueId result = rewritten(o, algebra_of(o.op));
  if (result == no_value) result = hoisted(o);
  if (result == no_value && is_floating(o.dtype)) result = rewritten(o, splits_of(o.op));
  return result;
}

}  // namespace

ValueId simplified(const Operation& o) {
  if (o.op == op_copy || o.op == op_gemm) return no_value;
  if (is_elementwise(o.op) || is_conversion(o.op)) return simplified_elementwise(o);
  return rewritten(o, array_rewrites_of(computation_of(o.op)));
}

}  // namespace xgrad::plan
