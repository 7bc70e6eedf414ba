#include "call.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

#include "access.hpp"
#include "primitives/traits.hpp"

namespace xgrad::detail {

using namespace primitives;

Cut cut(const TapeState& tape, NodeId first, std::span<const NodeId> inputs, std::span<const NodeId> outputs,
        const std::function<bool(NodeId)>& inside) {
  Cut result;
  std::vector<char> needed;
  std::unordered_set<NodeId> known(inputs.begin(), inputs.end());  // inputs, and what is captured so far
  const auto belongs = [&](NodeId id) { return id >= first && (!inside || inside(id)); };
  // A node of several outputs is no value: of one outside, it is the outputs that are captured, wherever they stand.
  const auto is_output_of_outside = [&](NodeId id) {
    return tape.node(id).op == opcode<Projection> && !belongs(tape.inputs(id)[0]);
  };
  const auto ask_for = [&](NodeId id) {
    if (known.contains(id)) return;
    if (belongs(id) && !is_output_of_outside(id)) {
      if (needed.size() <= id - first) needed.resize(std::size_t{id - first} + 1, 0);
      needed[id - first] = 1;
    } else {
      known.insert(id);
      result.captured.push_back(id);
    }
  };
  for (const NodeId output : outputs) ask_for(output);
  for (std::size_t i = needed.size(); i-- > 0;) {
    if (needed[i] == 0) continue;
    result.body.push_back(first + static_cast<NodeId>(i));
    for (const NodeId input : tape.inputs(result.body.back())) ask_for(input);
  }
  std::ranges::reverse(result.body);
  return result;
}

NodeId copy_node(TapeState& to, const TapeState& from, NodeId id, std::span<const NodeId> inputs) {
  const Node& node = from.node(id);
  const ShapeId shape = to.intern(from.shape(id));
  NodeId copy = no_node;
  if (node.op == opcode<Leaf>) {
    copy = to.append_leaf(BufferPtr::share(from.value(id)));
  } else if (node.op == opcode<Constant>) {
    copy = to.append_constant(node.dtype, shape, from.scalar(id));
  } else if (traits[node.op].has_payload) {
    copy = to.append_with_payload(node.op, node.dtype, shape, inputs, from.payload(id));
  } else {
    copy = to.append(node.op, node.dtype, shape, inputs, from.attributes(id));
  }
  to.set_weak(copy, node.weak);
  return copy;
}

std::shared_ptr<const Function> make_function(const TapeState& tape, std::span<const NodeId> parameters,
                                              std::span<const NodeId> body, std::span<const NodeId> outputs) {
  auto function = std::make_shared<Function>(parameters.size());
  TapeState& program = function->program_being_made();
  std::unordered_map<NodeId, NodeId> copies;
  for (const NodeId parameter : parameters) {
    const Node& node = tape.node(parameter);
    const NodeId id = program.append(opcode<Parameter>, node.dtype, program.intern(tape.shape(parameter)), {});
    program.set_weak(id, node.weak);
    copies.emplace(parameter, id);
  }
  std::vector<NodeId> operands;
  for (const NodeId id : body) {
    operands.clear();
    for (const NodeId input : tape.inputs(id)) operands.push_back(copies.at(input));
    copies.emplace(id, copy_node(program, tape, id, operands));
  }
  for (const NodeId output : outputs) function->add_output(copies.at(output));
  return function;
}

Extracted extract(const TapeState& tape, NodeId first, std::span<const NodeId> inputs,
                  std::span<const NodeId> outputs) {
  Cut part = cut(tape, first, inputs, outputs);
  std::vector<NodeId> parameters(inputs.begin(), inputs.end());
  parameters.insert(parameters.end(), part.captured.begin(), part.captured.end());
  return {make_function(tape, parameters, part.body, outputs), std::move(part.captured)};
}

Together make_together(const TapeState& tape, std::span<const Recorded> functions, std::span<const NodeId> first,
                       const std::function<bool(NodeId)>& inside) {
  Together result;
  std::vector<Cut> parts;
  std::unordered_set<NodeId> captured;
  for (const Recorded& each : functions) {
    parts.push_back(cut(tape, each.begin, first, each.outputs, inside));
    for (const NodeId id : parts.back().captured) {
      if (captured.insert(id).second) result.captured.push_back(id);
    }
  }
  std::vector<NodeId> parameters(first.begin(), first.end());
  parameters.insert(parameters.end(), result.captured.begin(), result.captured.end());
  for (std::size_t k = 0; k < functions.size(); ++k) {
    result.functions.push_back(make_function(tape, parameters, parts[k].body, functions[k].outputs));
  }
  return result;
}

std::vector<Var> record_call(TapeState& tape, std::shared_ptr<const Payload> payload, std::span<const NodeId> inputs) {
  return record_projections(
      tape, tape.append_with_payload(opcode<Call>, DType::Float64, tape.intern({}), inputs, std::move(payload)));
}

Var record_projection(TapeState& tape, NodeId node, std::size_t which, const ArrayType& type) {
  const std::array inputs{node};
  const std::array attributes{static_cast<std::int64_t>(which)};
  return VarAccess::recorded(tape,
                             tape.append(opcode<Projection>, type.dtype, tape.intern(type.shape), inputs, attributes));
}

std::vector<Var> record_projections(TapeState& tape, NodeId node) {
  const std::shared_ptr<const Payload> payload = tape.payload(node);
  const Function& function = *payload->function;
  const TapeState& program = function.program();
  std::vector<Var> results;
  for (const NodeId output : function.outputs()) {
    const DType dtype = program.node(output).dtype;
    results.push_back(record_projection(tape, node, results.size(), {dtype, program.shape(output)}));
    tape.set_weak(VarAccess::node(results.back()), program.node(output).weak);
  }
  return results;
}

std::vector<NodeId> append_body(TapeState& tape, const Function& function, std::span<const Var> inputs) {
  const TapeState& program = function.program();
  std::vector<NodeId> copies;
  std::vector<NodeId> operands;
  for (NodeId id = 0; id < program.size(); ++id) {
    if (id < function.parameters()) {
      copies.push_back(VarAccess::node(inputs[id]));
      continue;
    }
    operands.clear();
    for (const NodeId input : program.inputs(id)) operands.push_back(copies[input]);
    copies.push_back(copy_node(tape, program, id, operands));
  }
  return copies;
}

std::vector<Var> record_body(TapeState& tape, const Function& function, std::span<const Var> inputs) {
  const std::vector<NodeId> copies = append_body(tape, function, inputs);
  std::vector<Var> results;
  for (const NodeId output : function.outputs()) results.push_back(VarAccess::recorded(tape, copies[output]));
  return results;
}

}  // namespace xgrad::detail
