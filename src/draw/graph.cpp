// From recorded programs to graphs.
#include <xgrad/draw/graph.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include <xgrad/core/errors.hpp>

#include "core/text.hpp"
#include "primitives/traits.hpp"
#include "transform/program_text.hpp"
#include "var/record.hpp"

namespace xgrad::detail {

namespace {

using namespace primitives;
using draw::Graph;
using Kind = Graph::Kind;
using Part = Graph::Part;

std::string number_text(const TapeState& program, NodeId id) {
  core::TextStream text;
  switch (program.node(id).dtype) {
    case DType::Bool:
      text << (program.scalar(id).integer != 0 ? "true" : "false");
      break;
    case DType::Int64:
      text << program.scalar(id).integer;
      break;
    default:
      text << program.scalar(id).real;
  }
  return text.str();
}

std::string function_text(const TapeState& program, NodeId id) {
  std::string text = operation_of(program, id);
  if (program.node(id).op == opcode<Scan>) {
    const ScanSpec& scan = program.payload(id)->scan;
    text += ", " + core::count_of(scan.length, "run", "runs");
    if (scan.reverse) text += ", from the last";
  }
  return text;
}

/// What an output of a function is to it.
std::string projection_text(const TapeState& program, NodeId id) {
  const NodeId made_by = program.inputs(id)[0];
  const auto which = static_cast<std::size_t>(program.attributes(id)[0]);
  const Opcode op = program.node(made_by).op;
  if (op == opcode<TopK>) return which == 0 ? "values" : "indices";
  if (op == opcode<Lu>) return which == 0 ? "L and U" : which == 1 ? "exchanged rows" : "order of rows";
  if (op == opcode<Qr>) return which == 0 ? "Q" : "R";
  if (op == opcode<Svd>) return which == 0 ? "U" : which == 1 ? "singular values" : "V^T";
  if (op == opcode<Eigh>) return which == 0 ? "eigenvalues" : "eigenvectors";
  if (op == opcode<Scan> || op == opcode<While>) {
    const Payload& payload = *program.payload(made_by);
    const std::size_t carried = payload.scan.carried;
    if (which < carried) return "last of carried " + std::to_string(which);
    const auto of_body = static_cast<NodeId>(which - carried);
    const TapeState& body = payload.function->program();
    if (of_body < carried) return "carried " + std::to_string(of_body) + " in all runs";
    return operation_of(body, of_body) + " in all runs";
  }
  return "output " + std::to_string(which);
}

std::vector<std::string> parameter_names(const Function& function, const ScanSpec* scan) {
  std::vector<std::string> names;
  for (std::size_t k = 0; k < function.parameters(); ++k) {
    const std::size_t carried = scan == nullptr ? 0 : scan->carried;
    const std::size_t sliced = scan == nullptr ? 0 : scan->sliced;
    if (scan == nullptr) names.push_back("operand " + std::to_string(k));
    else if (k < carried) names.push_back("carried " + std::to_string(k));
    else if (k < carried + sliced) names.push_back("element of array " + std::to_string(k - carried));
    else names.push_back("same in all runs " + std::to_string(k - carried - sliced));
  }
  return names;
}

/// Where a node is drawn.
struct InBody {
  std::size_t body = 0;
  Part part = Part::Forward;
};

class Drawing {
 public:
  Graph graph;

  /// An output of the whole program.
  void add_result(const std::string& name, const std::string& type, std::optional<std::size_t> of, Part part) {
    Graph::Node node{.kind = Kind::Output, .text = name, .type = type, .part = part};
    if (of) node.operands.push_back(*of);
    graph.nodes.push_back(std::move(node));
  }

  /// An input of a program.
  std::size_t add_input(const TapeState& program, NodeId id, const std::string& name, InBody where) {
    return places(program)[id] = add({.kind = Kind::Input,
                                      .text = name,
                                      .type = type_of(program, id),
                                      .part = where.part,
                                      .body = where.body});
  }

  /// A node whose operands are there. Names and the starts of nested derivatives are no nodes of the graph.
  /// \param outside  it was recorded before the program began.
  std::size_t add_node(const TapeState& program, NodeId id, InBody where, bool outside) {
    const Opcode op = program.node(id).op;
    const std::span<const NodeId> inputs = program.inputs(id);
    if (op == opcode<Identity> && !outside) {
      const std::size_t named = places(program).at(inputs[0]);
      if (const auto label = label_of(program, id)) add_label(graph.nodes[named], *label);
      return places(program)[id] = named;
    }
    if (op == opcode<Projection> && !outside) {  // derivatives ask for outputs again
      const auto [known, fresh] = outputs_.try_emplace({&program, inputs[0], program.attributes(id)[0]}, id);
      if (!fresh) return places(program)[id] = places(program).at(known->second);
    }
    Graph::Node node{.type = type_of(program, id), .part = where.part, .body = where.body};
    if (op == opcode<Leaf> || op == opcode<Parameter> || outside) {
      node.kind = Kind::Captured;
      node.text = "captured";
    } else if (op == opcode<Constant>) {
      node.kind = Kind::Number;
      node.text = number_text(program, id);
      if (program.shape(id).empty()) node.type.clear();
    } else {
      for (const NodeId input : inputs) node.operands.push_back(places(program).at(input));
      node.text = op == opcode<Projection> ? projection_text(program, id) : function_text(program, id);
    }
    const bool runs_functions = node.kind == Kind::Operation && traits[op].has_payload;
    if (runs_functions) node.kind = Kind::Function;
    if (has_outputs(traits[op].computation) || runs_functions) node.type.clear();
    if (op == opcode<Projection>) node.part = graph.nodes[node.operands[0]].part;
    const std::size_t place = places(program)[id] = add(std::move(node));
    if (runs_functions) add_bodies(program, id, place);
    return place;
  }

  [[nodiscard]] const std::size_t* find(const TapeState& program, NodeId id) {
    const auto found = places(program).find(id);
    return found == places(program).end() ? nullptr : &found->second;
  }

 private:
  using Places = std::unordered_map<NodeId, std::size_t>;
  Places& places(const TapeState& program) { return places_[&program]; }

  std::size_t add(Graph::Node node) {
    graph.nodes.push_back(std::move(node));
    return graph.nodes.size() - 1;
  }
  static void add_label(Graph::Node& node, const std::string& label) {
    node.label += (node.label.empty() ? "" : ", ") + label;
  }

  void add_bodies(const TapeState& program, NodeId id, std::size_t of) {
    const Payload& payload = *program.payload(id);
    const bool loop = payload.scan.carried != 0 || payload.scan.sliced != 0;
    const std::string name = operation_of(program, id);
    const ScanSpec* const scan = loop ? &payload.scan : nullptr;
    if (payload.condition != nullptr) add_body(*payload.condition, scan, "condition of " + name, of);
    if (payload.function != nullptr) add_body(*payload.function, scan, "body of " + name, of);
    for (std::size_t k = 0; k < payload.branches.size(); ++k) {
      add_body(*payload.branches[k], nullptr, "branch " + std::to_string(k) + " of " + name, of);
    }
  }

  void add_body(const Function& function, const ScanSpec* scan, const std::string& name, std::size_t of) {
    const auto [known, fresh] = bodies_.try_emplace(&function, graph.bodies.size());
    graph.nodes[of].bodies.push_back(known->second);
    if (!fresh) return;
    const InBody where{known->second, graph.nodes[of].part};
    graph.bodies.push_back({name, graph.nodes[of].body});
    const TapeState& program = function.program();
    const std::vector<std::string> names = parameter_names(function, scan);
    for (NodeId k = 0; k < names.size(); ++k) add_input(program, k, names[k], where);
    for (auto k = static_cast<NodeId>(names.size()); k < program.size(); ++k) add_node(program, k, where, false);
    for (std::size_t k = 0; k < function.outputs().size(); ++k) {
      const bool next = scan != nullptr && k < scan->carried;
      graph.nodes.push_back({.kind = Kind::Output,
                             .text = (next ? "next carried " : "output ") + std::to_string(k),
                             .type = type_of(program, function.outputs()[k]),
                             .part = where.part,
                             .body = where.body,
                             .operands = {places(program).at(function.outputs()[k])}});
    }
  }

  std::unordered_map<const TapeState*, Places> places_;
  std::map<std::tuple<const TapeState*, NodeId, std::int64_t>, NodeId> outputs_;
  std::unordered_map<const Function*, std::size_t> bodies_;
};

NodeId id_of(const Var& x) { return VarAccess::node(x); }

/// The nodes that some need, in order, back to the inputs and what was recorded before them.
class Needed {
 public:
  Needed(const TapeState& tape, std::span<const Var> inputs) : tape_(tape) {
    for (const Var& input : inputs) {
      first_ = std::min(first_, id_of(input));
      known_.insert(id_of(input));
    }
  }
  /// What they need and was not needed before.
  std::vector<NodeId> ask(std::span<const Var> outputs) {
    std::vector<NodeId> open;
    for (const Var& output : outputs) open.push_back(id_of(output));
    std::vector<NodeId> result;
    while (!open.empty()) {
      const NodeId id = open.back();
      open.pop_back();
      if (!known_.insert(id).second) continue;
      result.push_back(id);
      if (is_outside(id)) continue;
      open.insert(open.end(), tape_.inputs(id).begin(), tape_.inputs(id).end());
    }
    std::ranges::sort(result);
    return result;
  }
  [[nodiscard]] bool is_outside(NodeId id) const { return id < first_; }

 private:
  const TapeState& tape_;
  NodeId first_ = no_node;
  std::unordered_set<NodeId> known_;  // inputs, and what was asked for
};

void mark_residuals(Graph& graph) {
  for (const Graph::Node& node : graph.nodes) {
    if (node.part != Part::Backward || node.body != 0) continue;
    for (const std::size_t operand : node.operands) {
      Graph::Node& read = graph.nodes[operand];
      const bool value = read.kind != Kind::Number && read.kind != Kind::Function;
      if (read.part == Part::Forward && value) read.residual = true;
    }
  }
}

std::string name_of_result(std::string_view what, const std::string& path) {
  return path.empty() ? std::string(what) : std::string(what) + ", " + path;
}

Drawing drawing_of(const TapeState& tape, const Named& inputs, std::string_view title) {
  Drawing drawing;
  drawing.graph.title = title;
  drawing.graph.bodies.emplace_back();
  for (std::size_t k = 0; k < inputs.all.size(); ++k) {
    drawing.add_input(tape, id_of(inputs.all[k]), inputs.names[k], {});
  }
  return drawing;
}

}  // namespace

draw::Graph graph_of(Trace& trace, const Named& inputs, const Named& results) {
  const TapeState& tape = trace.tape();
  std::vector<Var> outputs;
  for (const Var& x : results.all) outputs.push_back(trace.node(x));
  Drawing drawing = drawing_of(tape, inputs, "");
  Needed needed(tape, inputs.all);
  for (const NodeId id : needed.ask(outputs)) drawing.add_node(tape, id, {}, needed.is_outside(id));
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const NodeId id = id_of(outputs[k]);
    drawing.add_result(name_of_result("result", results.names[k]), type_of(tape, id), *drawing.find(tape, id),
                       Part::Forward);
  }
  return std::move(drawing.graph);
}

draw::Graph gradient_graph_of(Trace& trace, const Named& inputs, const Var& loss, const Named& leaves) {
  constexpr std::string_view operation = "draw::gradient_graph";
  trace.require_recorded(operation, {&loss, 1});
  require_scalar_loss(operation, loss);
  const Var value = trace.node(loss);
  const Var seed = one_of(value);
  const std::vector<Var> gradients = trace.reverse({&value, 1}, {&seed, 1}, leaves.all);
  std::vector<Var> defined;
  std::ranges::copy_if(gradients, std::back_inserter(defined), [](const Var& x) { return x.defined(); });

  const TapeState& tape = trace.tape();
  Drawing drawing =
      drawing_of(tape, inputs, "loss: blue; gradient: orange; values of the loss that the gradient reads: thick");
  Needed needed(tape, inputs.all);
  const auto add = [&](std::span<const Var> outputs, Part part) {
    for (const NodeId id : needed.ask(outputs)) drawing.add_node(tape, id, {0, part}, needed.is_outside(id));
  };
  add({&value, 1}, Part::Forward);
  add(defined, Part::Backward);
  drawing.add_result("loss", type_of(tape, id_of(value)), *drawing.find(tape, id_of(value)), Part::Forward);
  for (std::size_t k = 0; k < gradients.size(); ++k) {
    const std::string type = type_of(tape, id_of(leaves.all[k]));
    const std::string name = "gradient of " + leaves.names[k];
    if (!gradients[k].defined())
      drawing.add_result(name + ": zero, the loss does not depend on it", type, {}, Part::Backward);
    else drawing.add_result(name, type, *drawing.find(tape, id_of(gradients[k])), Part::Backward);
  }
  mark_residuals(drawing.graph);
  return std::move(drawing.graph);
}

}  // namespace xgrad::detail
