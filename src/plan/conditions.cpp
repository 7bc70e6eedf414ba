#include "conditions.hpp"

#include <algorithm>
#include <limits>

namespace xgrad::plan {

using namespace primitives;

bool Conditions::may_fail(const Graph& graph, const Group& group) {
  bool result = false;
  for (const ValueId id : group.members) result = may_fail(graph, id, group.loop) || result;  // looks at all
  return result;
}

bool Conditions::may_fail(const Graph& graph, ValueId id, bool loop) {
  const std::span<const ValueId> inputs = graph.inputs(id);
  const auto extent = [&](ValueId of) { return graph.shape(of)[static_cast<std::size_t>(graph.attributes(id)[0])]; };
  switch (traits_of(graph[id].op).failure) {
    case Failure::None:
      return false;
    case Failure::Condition:
      return true_.insert(inputs[1]).second;
    case Failure::IndexOfInput:
      return may_be_out_of_range(graph, inputs[1], extent(inputs[0]));
    case Failure::IndexOfResult:  // which takes memory for sums, too
      return may_be_out_of_range(graph, inputs[1], extent(id)) || !loop;
    case Failure::Label: {
      const std::size_t classes = graph.shape(id).back();
      in_range_.emplace(inputs[0], classes);
      return labels_.emplace(inputs[0], classes).second;
    }
    case Failure::Conversion:
      return graph[id].dtype == DType::Int64 && is_floating(graph[inputs[0]].dtype);
    case Failure::ProductSize: {
      const auto large = [&](ValueId of) { return graph.count(of) > std::numeric_limits<std::int32_t>::max(); };
      return large(id) || std::ranges::any_of(inputs, large);
    }
    case Failure::Memory:
      return !loop;
    case Failure::Matrix:
    case Failure::Host:
      return true;
  }
  return true;
}

bool Conditions::may_be_out_of_range(const Graph& graph, ValueId indices, std::size_t extent) {
  const ValueId from = graph.base(indices);
  if (traits_of(graph[from].op).gives_indices) {
    const ValueId of = graph.inputs(from)[0];
    if (graph.shape(of)[static_cast<std::size_t>(graph.attributes(from)[0])] <= extent) return false;
  }
  return in_range_.emplace(indices, extent).second;
}

}  // namespace xgrad::plan
