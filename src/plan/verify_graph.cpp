#include <algorithm>

#include "core/strides.hpp"
#include "simplify.hpp"
#include "verified.hpp"
#include "verify.hpp"
#include "verify_operation.hpp"
#include "views.hpp"

namespace xgrad::plan {
namespace {

using namespace primitives;

bool is_type(DType dtype) { return static_cast<std::size_t>(dtype) < dtype_count; }

/// The tables that a value points to. All else relies on it.
void verify_tables(const Verified& value, const Graph& graph, ValueId id, std::size_t leaves) {
  const Opcode op = graph[id].op;
  value.require(op < operation_count, "there is no such operation");
  value.require(is_type(graph[id].dtype), "there is no such element type");
  value.require(graph[id].shape < graph.shape_count(), "it has a shape");
  for (const ValueId input : graph.inputs(id)) value.require(input < graph.size(), "its inputs exist");
  const std::uint32_t source = graph[id].source;
  if (graph.is_leaf(id)) value.require(source < leaves, "a leaf is one of the request's");
  if (graph.is_constant(id)) value.require(source < graph.constants().size(), "a constant has a number");
  if (is_view(op)) value.require(source < graph.view_count(), "a view has an access");
}

/// Bytes of the base's memory that a view shows.
void verify_access(const Verified& value, const Graph& graph, ValueId id) {
  const std::span<const ValueId> inputs = graph.inputs(id);
  value.require(inputs.size() == 1, "a view has one input");
  const ValueId input = inputs[0];
  value.require(graph[input].dtype == graph[id].dtype, "a view has its input's element type");
  const Access access = graph.access(id);
  value.require(access.base < graph.size() && !is_view(graph[access.base].op), "the base of a view is no view");
  value.require(access.base == graph.base(input), "a view shows the memory of its input");
  const Shape& shape = graph.shape(id);
  value.require(access.strides.size() == shape.size(), "a view has a stride for each axis");
  if (size_of(shape) == 0) return;
  const Reach reach = reach_of(shape, access.strides);
  value.require(access.offset + reach.first >= 0 &&
                    access.offset + reach.last < static_cast<std::ptrdiff_t>(graph.count(access.base)),
                "a view stays in the memory of its base");
}

/// That is what its operation says, too.
void verify_view(const Verified& value, const Graph& graph, ValueId id) {
  const ValueId input = graph.inputs(id)[0];
  const Access from = graph.access(input);
  const auto view = view_of(graph[id].op, graph.shape(id), graph.shape(input), from.strides, graph.attributes(id));
  const Access access = graph.access(id);
  value.require(view && access.offset == from.offset + view->offset && access.strides == view->strides,
                "a view shows what its operation says");
}

void verify_value(const Verified& value, const Graph& graph, ValueId id) {
  if (is_view(graph[id].op)) verify_access(value, graph, id);
  verify_operation(value, graph, id);
  if (is_view(graph[id].op)) verify_view(value, graph, id);
}

std::string_view name_in_message(Opcode op) {
  if (op < list_size) return op == op_copy ? "copy" : name_of(op);
  return op == op_gemm ? "product with accumulation" : "part of a function";
}

Verified value_of(std::string_view pass, const Graph& graph, ValueId id) {
  return {pass, "value", id, name_in_message(graph[id].op)};
}

}  // namespace

void verify(std::string_view pass, const Graph& graph, std::size_t leaves) {
  for (ValueId id = 0; id < graph.size(); ++id) verify_tables(value_of(pass, graph, id), graph, id, leaves);
  for (ValueId id = 0; id < graph.size(); ++id) {
    const Verified value = value_of(pass, graph, id);
    for (const ValueId input : graph.inputs(id)) value.require(input < id, "its inputs come before it");
    verify_value(value, graph, id);
  }
  for (std::size_t k = 0; k < graph.outputs.size(); ++k) {
    Verified{pass, "output", k}.require(graph.outputs[k] < graph.size(), "it is a value of the graph");
  }
}

}  // namespace xgrad::plan
