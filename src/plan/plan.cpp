#include "plan.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "accumulate.hpp"
#include "recompute.hpp"
#include "vector_products.hpp"
#include "verify.hpp"

namespace xgrad::plan {
namespace {

/// Which outputs are computed into arrays of their own; what is only a view is copied.
std::vector<PlanOutput> choose_outputs(Graph& graph, std::span<const Shape> shapes) {
  std::vector<PlanOutput> outputs;
  std::unordered_map<ValueId, std::uint32_t> first;  // output that has the value
  for (std::uint32_t k = 0; k < graph.outputs.size(); ++k) {
    ValueId value = graph.outputs[k];
    PlanOutput output{PlanOutput::Kind::Own, 0, -1, graph[value].dtype, shapes[k]};
    const ValueId base = graph.base(value);
    const bool leaf = graph.is_leaf(value);
    if (const auto same = first.find(value); same != first.end() && !leaf && outputs[same->second].shape == shapes[k]) {
      output.kind = PlanOutput::Kind::Same;
      output.index = same->second;
    } else if (leaf && graph.shape(value) == shapes[k]) {
      output.kind = PlanOutput::Kind::Leaf;
      output.index = graph[value].source;
    } else {
      const bool as_it_is = graph.is_computed(base) && graph.count(base) == graph.count(value) &&
                            !first.contains(base) && is_in_order(graph.shape(value), graph.access(value));
      const ValueId own = as_it_is ? base : graph.fresh_copy(value);
      first.emplace(own, k);
      first.emplace(value, k);
      graph.outputs[k] = own;
    }
    outputs.push_back(output);
  }
  return outputs;
}

Plan planned(Graph graph, std::span<const Shape> shapes, std::size_t leaves, std::vector<bool> donated, Origin origin);

/// Leaves to a body the outputs whose projections are needed, behind those of what is carried.
void keep_needed_projections(const Graph& graph, const Group& group, Body& body) {
  std::vector<std::uint32_t> which;
  const std::size_t first = body.graph.outputs.size() - body.projected.size();
  std::vector<ValueId> outputs(body.graph.outputs.begin(),
                               body.graph.outputs.begin() + static_cast<std::ptrdiff_t>(first));
  const std::span<const ValueId> projections = std::span(group.members).subspan(1);
  for (std::size_t k = 0; k < body.projected.size(); ++k) {
    const auto projects = [&](ValueId id) { return graph.attributes(id)[0] == std::int64_t{body.projected[k]}; };
    if (std::ranges::none_of(projections, projects)) continue;
    which.push_back(body.projected[k]);
    outputs.push_back(body.graph.outputs[first + k]);
  }
  body.projected = std::move(which);
  body.graph.outputs = std::move(outputs);
}

/// \param inputs      of the operation that runs the body.
/// \param overwrites  how many of the first of them may be written over.
Plan plan_of_body(Body& body, std::size_t inputs, std::size_t overwrites) {
  std::vector<Shape> shapes;
  for (const ValueId output : body.graph.outputs) shapes.push_back(body.graph.shape(output));
  std::vector<bool> donated(inputs + body.captured.size(), false);
  std::fill_n(donated.begin(), overwrites, true);
  const std::size_t leaves = donated.size();
  return planned(std::move(body.graph), shapes, leaves, std::move(donated), Origin::Compiled);
}

/// Plans the functions that an operation runs.
void plan_bodies(Plan& plan, const Group& group) {
  Graph& graph = plan.graph;
  const ValueId id = group.members[0];
  const std::size_t inputs = graph.inputs(id).size();
  const auto number = [&](std::size_t attribute) { return static_cast<std::size_t>(graph.attributes(id)[attribute]); };
  const auto make = [&](std::size_t body, std::size_t given, std::size_t overwrites) {
    plan.bodies[body] = plan_of_body(graph.bodies[body], given, overwrites);
  };
  switch (computation_of(graph[id].op)) {
    case primitives::Computation::Scan: {
      Body& body = graph.bodies[number(0)];
      keep_needed_projections(graph, group, body);
      return make(number(0), inputs, body.scan.carried);
    }
    case primitives::Computation::While:
      make(number(0), inputs, 0);
      return make(number(1), inputs, graph.bodies[number(1)].graph.outputs.size());
    case primitives::Computation::Switch:
      for (std::size_t k = number(0); k < number(0) + number(1); ++k) {
        keep_needed_projections(graph, group, graph.bodies[k]);
        make(k, inputs - 1, 0);
      }
      return;
    default:
      return;
  }
}

/// \param shapes  of the outputs.
Plan planned(Graph graph, std::span<const Shape> shapes, std::size_t leaves, std::vector<bool> donated, Origin origin) {
  Plan plan{.graph = std::move(graph),
            .groups = {},
            .outputs = {},
            .donated = std::move(donated),
            .leaves = leaves,
            .bodies = {},
            .origin = origin};
  verify_between_passes("make_graph", plan.graph, leaves);
  plan.graph = multiply_vectors_in_loops(std::move(plan.graph));
  verify_between_passes("multiply_vectors_in_loops", plan.graph, leaves);
  accumulate_products(plan.graph, plan.donated);
  verify_between_passes("accumulate_products", plan.graph, leaves);
  plan.outputs = choose_outputs(plan.graph, shapes);
  verify_between_passes("choose_outputs", plan.graph, leaves);
  plan.groups = make_groups(plan.graph);
  verify_between_passes("make_groups", plan.graph, plan.groups);
  recompute(plan.graph, plan.groups, plan.donated);
  verify_between_passes("recompute", plan.graph, plan.groups);
  plan.bodies.resize(plan.graph.bodies.size());
  for (const Group& group : plan.groups.list) {
    if (!group.members.empty() && !group.loop) plan_bodies(plan, group);
  }
  return plan;
}

}  // namespace

Plan make_plan(const Request& request, const TapeState& tape, std::span<const NodeId> outputs,
               std::vector<bool> donated, Origin origin) {
  std::vector<Shape> shapes;
  for (const NodeId output : outputs) shapes.push_back(tape.shape(output));
  Plan plan = planned(make_graph(request, tape, outputs), shapes, request.leaves.size(), std::move(donated), origin);
  plan.nodes = request.nodes.size();
  return plan;
}

}  // namespace xgrad::plan
