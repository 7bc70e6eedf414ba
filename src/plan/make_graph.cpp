// From the nodes of a request to a graph.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "graph.hpp"
#include "ir/function.hpp"

namespace xgrad::plan {

using namespace primitives;

namespace {

/// Turns the nodes of a request into values. A call becomes the body of its function.
class Builder {
 public:
  Builder(const Request& request, const TapeState& tape) : request_(request), tape_(tape) {}

  Graph build(std::span<const NodeId> outputs) {
    const std::vector<NodeId>& nodes = request_.nodes;
    // Those in between have places of their own, unless most of them are not needed.
    constexpr std::size_t most_between = 8;
    const std::size_t all = nodes.back() - nodes.front() + std::size_t{1};
    const bool near = all <= most_between * nodes.size();
    const auto position_of = [&](NodeId id) {
      if (near) return static_cast<std::size_t>(id - nodes.front());
      return static_cast<std::size_t>(std::lower_bound(nodes.begin(), nodes.end(), id) - nodes.begin());
    };
    Part part{tape_, nodes, std::vector<ValueId>(near ? all : nodes.size(), no_value), {}, {}, {}};
    graph_.reserve(nodes.size());
    for (const NodeId id : nodes) part.values[position_of(id)] = build_node(part, id, position_of);
    for (const NodeId output : outputs) graph_.outputs.push_back(part.values[position_of(output)]);
    return std::move(graph_);
  }

 private:
  /// What is known of the program at hand: the request's, or that of a function.
  struct Part {
    const TapeState& program;
    std::span<const NodeId> nodes;                             // empty: all
    std::vector<ValueId> values;                               // by position
    std::vector<std::uint32_t> shapes;                         // in the graph, by those in the program
    std::unordered_map<NodeId, std::vector<ValueId>> outputs;  // of calls
    std::map<NodeId, std::set<std::uint32_t>> projected;       // of each node which outputs are used; made when needed
  };

  /// Which outputs of a node are used.
  static const std::set<std::uint32_t>& projected(Part& part, NodeId node) {
    if (part.projected.empty()) {
      const auto add = [&](NodeId id) {
        if (!is_projection(part.program.node(id).op)) return;
        part.projected[part.program.inputs(id)[0]].insert(static_cast<std::uint32_t>(part.program.attributes(id)[0]));
      };
      for (const NodeId id : part.nodes) add(id);
      if (part.nodes.empty()) {
        for (NodeId id = 0; id < part.program.size(); ++id) add(id);
      }
    }
    return part.projected[node];
  }

  std::uint32_t shape_of(Part& part, NodeId id) {
    const ShapeId shape = part.program.node(id).shape;
    if (part.shapes.size() <= shape) part.shapes.resize(std::size_t{shape} + 1, ~0U);
    if (part.shapes[shape] == ~0U) part.shapes[shape] = graph_.intern(part.program.shape_of(shape));
    return part.shapes[shape];
  }

  template <class F>
  ValueId build_node(Part& part, NodeId id, const F& position_of) {
    const TapeState& program = part.program;
    const Node& node = program.node(id);
    if (program.value(id) != nullptr) return build_leaf(node.dtype, shape_of(part, id));
    if (node.op == opcode<Constant>) {
      const Scalar scalar = program.scalar(id);
      return graph_.number(
          node.dtype, shape_of(part, id),
          {.literal = false, .index = constants_++, .value = scalar, .known = known_of(node.dtype, scalar)});
    }
    const std::span<const NodeId> inputs = program.inputs(id);
    if (is_projection(node.op) && part.outputs.contains(inputs[0])) {
      return part.outputs.at(inputs[0])[static_cast<std::size_t>(program.attributes(id)[0])];
    }
    inputs_.clear();
    for (const NodeId input : inputs) inputs_.push_back(part.values[position_of(input)]);
    if (traits[node.op].computation == Computation::Alias) return inputs_[0];
    if (traits[node.op].computation == Computation::Function) {
      part.outputs[id] = build_body(*program.payload(id)->function);
      return no_value;
    }
    if (runs_plans(traits[node.op].computation)) return build_nested(part, id);
    if (traits[node.op].has_payload) {  // which makes it unlike any other
      const std::array which{static_cast<std::int64_t>(payloads_++)};
      return graph_.add(node.op, node.dtype, shape_of(part, id), inputs_, which);
    }
    return graph_.add(node.op, node.dtype, shape_of(part, id), inputs_, program.attributes(id));
  }

  /// A leaf of the request. Of a function apart it becomes one behind its parameters.
  ValueId build_leaf(DType dtype, std::uint32_t shape) {
    const std::uint32_t index = leaves_++;
    if (apart_ == nullptr) return graph_.leaf(dtype, shape, index);
    apart_->captured.push_back(index);
    return graph_.leaf(dtype, shape, static_cast<std::uint32_t>(parameters_ + apart_->captured.size() - 1));
  }

  /// An operation that runs functions, of `inputs_`.
  ValueId build_nested(Part& part, NodeId id) {
    const TapeState& program = part.program;
    const Node& node = program.node(id);
    const std::vector<ValueId> arguments = inputs_;
    const std::set<std::uint32_t> used = projected(part, id);
    const Payload& payload = *program.payload(id);
    std::vector<std::int64_t> attributes;
    const auto add = [&](const Function& function, const std::vector<NodeId>& outputs,
                         const std::vector<std::uint32_t>& which) {
      attributes.push_back(static_cast<std::int64_t>(graph_.bodies.size()));
      Body body = build_apart(function, outputs);
      body.scan = payload.scan;
      body.projected = which;
      graph_.bodies.push_back(std::move(body));
    };
    const auto outputs_of = [](const Function& function) {
      return std::vector<NodeId>(function.outputs().begin(), function.outputs().end());
    };
    if (traits[node.op].computation == Computation::Scan) {
      std::vector<NodeId> outputs = outputs_of(*payload.function);
      outputs.resize(payload.scan.carried);
      const std::vector<std::uint32_t> which(used.lower_bound(static_cast<std::uint32_t>(outputs.size())), used.end());
      for (const std::uint32_t each : which) outputs.push_back(each - static_cast<std::uint32_t>(payload.scan.carried));
      add(*payload.function, outputs, which);
    } else if (traits[node.op].computation == Computation::While) {
      add(*payload.condition, outputs_of(*payload.condition), {});
      add(*payload.function, outputs_of(*payload.function), {});
    } else {
      const std::vector<std::uint32_t> which(used.begin(), used.end());
      for (const auto& branch : payload.branches) {
        std::vector<NodeId> outputs;
        for (const std::uint32_t each : which) outputs.push_back(branch->outputs()[each]);
        add(*branch, outputs, which);
      }
      attributes = {attributes[0], static_cast<std::int64_t>(attributes.size())};
    }
    return graph_.add(node.op, node.dtype, shape_of(part, id), arguments, attributes);
  }

  /// A function as a graph of its own.
  /// \param outputs  any of its nodes.
  Body build_apart(const Function& function, std::span<const NodeId> outputs) {
    Body body{.graph = {}, .scan = {}, .captured = {}, .projected = {}};
    Graph outside = std::exchange(graph_, Graph());
    Body* const outer = std::exchange(apart_, &body);
    const std::size_t outer_parameters = std::exchange(parameters_, function.parameters());
    inputs_.clear();
    for (NodeId id = 0; id < function.parameters(); ++id) {
      const TapeState& program = function.program();
      inputs_.push_back(graph_.leaf(program.node(id).dtype, graph_.intern(program.shape(id)), id));
    }
    const Part part = build_part(function);
    for (const NodeId output : outputs) graph_.outputs.push_back(part.values[output]);
    body.graph = std::exchange(graph_, std::move(outside));
    apart_ = outer;
    parameters_ = outer_parameters;
    return body;
  }

  /// The outputs of a function of `inputs_`.
  std::vector<ValueId> build_body(const Function& function) {
    const Part part = build_part(function);
    std::vector<ValueId> outputs;
    for (const NodeId output : function.outputs()) outputs.push_back(part.values[output]);
    return outputs;
  }

  /// All of a function of `inputs_`.
  Part build_part(const Function& function) {
    Part part{function.program(), {}, inputs_, {}, {}, {}};
    part.values.resize(part.program.size());
    for (NodeId id = static_cast<NodeId>(function.parameters()); id < part.program.size(); ++id) {
      part.values[id] = build_node(part, id, [](NodeId each) { return static_cast<std::size_t>(each); });
    }
    return part;
  }

  const Request& request_;
  const TapeState& tape_;
  Graph graph_;
  std::vector<ValueId> inputs_;
  std::uint32_t leaves_ = 0;
  std::uint32_t constants_ = 0;
  std::uint32_t payloads_ = 0;
  Body* apart_ = nullptr;       // what is built as a graph of its own
  std::size_t parameters_ = 0;  // of that
};

}  // namespace

Graph make_graph(const Request& request, const TapeState& tape, std::span<const NodeId> outputs) {
  return Builder(request, tape).build(outputs);
}

}  // namespace xgrad::plan
