// Programs for the tests of the planner's passes: graphs that are put together by hand, and plans of what a tape holds.
#pragma once

#include "comparing.hpp"

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/var.hpp>

#include "backend/cpu/program.hpp"
#include "plan/graph.hpp"
#include "var/access.hpp"

namespace passes {

using namespace xgrad::backend;
using namespace xgrad::backend::cpu;
using xgrad::DType;
using xgrad::Shape;
using xgrad::Var;
using xgrad::plan::opcode;

/// A graph and how many leaves it has.
struct Values {
  Graph graph;
  std::uint32_t leaves = 0;

  ValueId leaf(const Shape& shape, DType dtype = DType::Float64) {
    return graph.leaf(dtype, graph.intern(shape), leaves++);
  }
  ValueId number(double value, const Shape& shape) { return graph.literal(DType::Float64, graph.intern(shape), value); }
  template <class P>
  ValueId of(const std::vector<ValueId>& inputs, const Shape& shape, const std::vector<std::int64_t>& attributes = {}) {
    return graph.add(opcode<P>, graph[inputs[0]].dtype, graph.intern(shape), inputs, attributes);
  }
  /// Of the shape of the first input.
  template <class P>
  ValueId of(const std::vector<ValueId>& inputs) {
    return of<P>(inputs, Shape(graph.shape(inputs[0])));
  }
  /// As it is, whatever it is.
  template <class P>
  ValueId append(DType dtype, const std::vector<ValueId>& inputs, const Shape& shape,
                 const std::vector<std::int64_t>& attributes = {}) {
    return graph.append(opcode<P>, dtype, graph.intern(shape), inputs, attributes);
  }
};

/// The last value that an operation computes; no_value if there is none.
inline ValueId last_of(const Graph& graph, Opcode op) {
  for (auto id = static_cast<ValueId>(graph.size()); id-- > 0;) {
    if (graph[id].op == op) return id;
  }
  return no_value;
}
template <class P>
std::size_t count_of(const Graph& graph) {
  std::size_t count = 0;
  for (ValueId id = 0; id < graph.size(); ++id) count += graph[id].op == opcode<P> ? 1 : 0;
  return count;
}

/// What is asked of a tape.
struct Asked {
  TapeState& tape;
  std::vector<NodeId> nodes;
  Request request;

  explicit Asked(const std::vector<Var>& outputs) : tape(xgrad::VarAccess::tape(outputs[0])) {
    for (const Var& each : outputs) nodes.push_back(xgrad::VarAccess::node(each));
    collect(request, tape, nodes);
  }
};

inline Graph graph_of(const std::vector<Var>& outputs) {
  const Asked asked(outputs);
  return make_graph(asked.request, asked.tape, asked.nodes);
}

/// \param donated  recorded leaves whose arrays may be overwritten.
inline std::shared_ptr<const StepProgram> program_of(const std::vector<Var>& outputs,
                                                     const std::vector<Var>& donated = {}) {
  Asked asked(outputs);
  std::vector<bool> gives(donated.empty() ? 0 : asked.request.leaves.size(), false);
  for (const Var& each : donated) {
    for (std::size_t k = 0; k < gives.size(); ++k) {
      if (asked.request.leaf_nodes[k] == xgrad::VarAccess::node(each)) gives[k] = true;
    }
  }
  return make_program(make_plan(asked.request, asked.tape, asked.nodes, gives));
}

/// f() throws a complaint of the planner that names the pass which ran before ("this pass") and an invariant.
template <class F>
comparing::assertion_result complains(std::string_view invariant, F f) {
  try {
    f();
  } catch (const std::logic_error& error) {
    const std::string what = error.what();
    const bool right = what.find("after this pass") != std::string::npos && what.find(invariant) != std::string::npos;
    return right ? comparing::assertion_result(true) : comparing::failed(what + ", and not: " + std::string(invariant));
  }
  return comparing::failed("nothing was thrown; it should have been: " + std::string(invariant));
}

inline constexpr std::string_view this_pass = "this pass";

inline Var zeros(const Shape& shape) {
  auto array = xgrad::Array<double>::from_shape(shape);
  array.fill(0.0);
  return {std::move(array)};
}

}  // namespace passes
