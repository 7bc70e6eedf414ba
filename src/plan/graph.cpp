#include "graph.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/strides.hpp"
#include "ir/function.hpp"
#include "simplify.hpp"
#include "views.hpp"

namespace xgrad::plan {

using namespace primitives;

Known Graph::known(ValueId id) const noexcept { return is_constant(id) ? constant(id).known : Known::Nothing; }

std::uint32_t Graph::intern(const Shape& shape) {
  // Programs use few shapes, and mostly those that they used just before. A shape that is not found is entered twice,
  // which only hides that two values are equal.
  constexpr std::size_t window = 32;
  const std::size_t count = shapes_.size();
  for (std::size_t i = count; i > 0 && i + window > count; --i) {
    if (shapes_[i - 1] == shape) return static_cast<std::uint32_t>(i - 1);
  }
  shapes_.push_back(shape);
  sizes_.push_back(size_of(shape));
  return static_cast<std::uint32_t>(count);
}

Access Graph::access(ValueId id) const {
  if (is_view(values_[id].op)) return views_[values_[id].source];
  if (is_constant(id)) return {id, 0, Strides(shape(id).size(), 0)};
  return {id, 0, core::dense_strides(shape(id))};
}

ValueId Graph::append(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                      std::span<const std::int64_t> attributes) {
  const auto id = static_cast<ValueId>(values_.size());
  values_.push_back({.first_input = static_cast<std::uint32_t>(inputs_.size()),
                     .input_count = static_cast<std::uint32_t>(inputs.size()),
                     .first_attribute = static_cast<std::uint32_t>(attributes_.size()),
                     .attribute_count = static_cast<std::uint32_t>(attributes.size()),
                     .shape = shape,
                     .source = 0,
                     .op = op,
                     .dtype = dtype});
  bases_.push_back(id);
  inputs_.insert(inputs_.end(), inputs.begin(), inputs.end());
  attributes_.insert(attributes_.end(), attributes.begin(), attributes.end());
  return id;
}

ValueId Graph::leaf(DType dtype, std::uint32_t shape, std::uint32_t index) {
  const ValueId id = append(opcode<Leaf>, dtype, shape, {}, {});
  values_[id].source = index;
  return id;
}

ValueId Graph::number(DType dtype, std::uint32_t shape, const Number& constant) {
  // Numbers of which everything is known are the same wherever they come from.
  if (constant.known < Known::Nonzero) {
    const std::array<std::int64_t, 1> what{static_cast<std::int64_t>(constant.known)};
    const std::size_t before = values_.size();
    const ValueId id = add(opcode<Constant>, dtype, shape, {}, what);
    if (id == before) {
      values_[id].source = static_cast<std::uint32_t>(constants_.size());
      constants_.push_back(constant);
    }
    return id;
  }
  const ValueId id = append(opcode<Constant>, dtype, shape, {}, {});
  values_[id].source = static_cast<std::uint32_t>(constants_.size());
  constants_.push_back(constant);
  return id;
}

ValueId Graph::literal(DType dtype, std::uint32_t shape, double value) {
  const Scalar scalar =
      is_floating(dtype) ? Scalar{.real = value} : Scalar{.integer = static_cast<std::int64_t>(value)};
  return number(dtype, shape, {.literal = true, .index = 0, .value = scalar, .known = known_of(dtype, scalar)});
}

ValueId Graph::dense(ValueId id) {
  const std::array inputs{id};
  return add(op_copy, values_[id].dtype, values_[id].shape, inputs);
}

ValueId Graph::fresh_copy(ValueId id) {
  const std::array inputs{id};
  return append(op_copy, values_[id].dtype, values_[id].shape, inputs, {});
}

void Graph::replace(ValueId id, Opcode op, std::span<const ValueId> inputs, std::int64_t attribute) {
  Value& value = values_[id];
  value.op = op;
  value.first_input = static_cast<std::uint32_t>(inputs_.size());
  value.input_count = static_cast<std::uint32_t>(inputs.size());
  value.first_attribute = static_cast<std::uint32_t>(attributes_.size());
  value.attribute_count = 1;
  inputs_.insert(inputs_.end(), inputs.begin(), inputs.end());
  attributes_.push_back(attribute);
}

void Graph::read_instead(ValueId id, ValueId old_input, ValueId new_input) {
  const Value& value = values_[id];
  std::replace(inputs_.begin() + value.first_input, inputs_.begin() + value.first_input + value.input_count, old_input,
               new_input);
}

std::uint64_t Graph::hash_of(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                             std::span<const std::int64_t> attributes) const noexcept {
  // An output of an operation is one value, even where its shape was entered twice: it has one place.
  if (is_projection(op)) shape = 0;
  std::uint64_t hash = op | (static_cast<std::uint64_t>(dtype) << 8U) | (std::uint64_t{shape} << 16U);
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 31U;
  };
  if (traits_of(op).commutative) {
    mix(std::min(inputs[0], inputs[1]));
    mix(std::max(inputs[0], inputs[1]));
  } else {
    for (const ValueId input : inputs) mix(input);
  }
  for (const std::int64_t attribute : attributes) mix(static_cast<std::uint64_t>(attribute));
  mix(0x55);
  return hash;
}

void Graph::reserve(std::size_t count) {
  values_.reserve(count);
  bases_.reserve(count);
  inputs_.reserve(2 * count);
  grow_table(count);
}

void Graph::grow_table(std::size_t entries) {
  if (2 * entries < table_.size()) return;
  std::vector<ValueId> old(std::max<std::size_t>(64, std::bit_ceil(2 * entries + 1)), no_value);
  old.swap(table_);
  for (const ValueId id : old) {
    if (id == no_value) continue;
    const Value& value = values_[id];
    table_[entry_of(value.op, value.dtype, value.shape, inputs(id), attributes(id))] = id;
  }
}

namespace {

/// Whether an operation gives the same of these inputs as of those.
bool same_operands(Opcode op, std::span<const ValueId> a, std::span<const ValueId> b) {
  if (std::ranges::equal(a, b)) return true;
  return traits_of(op).commutative && a[0] == b[1] && a[1] == b[0];
}

}  // namespace

std::size_t Graph::entry_of(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                            std::span<const std::int64_t> attributes) const {
  const auto ends_search = [&](std::size_t at) {
    const ValueId id = table_[at];
    if (id == no_value) return true;
    const Value& value = values_[id];
    const bool same_shape = value.shape == shape || is_projection(op);
    if (value.op != op || value.dtype != dtype || !same_shape) return false;
    return same_operands(op, this->inputs(id), inputs) && std::ranges::equal(this->attributes(id), attributes);
  };
  const std::uint64_t hash = hash_of(op, dtype, shape, inputs, attributes);
  const std::size_t mask = table_.size() - 1;
  // What reads values that stand together is together, as long as there is room: programs go on where they were, and
  // those lines of the table are in the cache.
  constexpr std::size_t line = 16;
  constexpr std::size_t inputs_of_line = 8;
  const ValueId last = inputs.empty() ? 0 : *std::ranges::max_element(inputs);
  const std::size_t first = last / inputs_of_line * line & mask;
  for (std::size_t k = 0; k < line; ++k) {
    const std::size_t at = first + (hash + k) % line;
    if (ends_search(at)) return at;
  }
  std::size_t at = hash & mask;
  while (!ends_search(at)) at = (at + 1) & mask;
  return at;
}

ValueId Graph::find(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                    std::span<const std::int64_t> attributes) const {
  return table_.empty() ? no_value : table_[entry_of(op, dtype, shape, inputs, attributes)];
}

ValueId Graph::add(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                   std::span<const std::int64_t> attributes) {
  const ValueId simpler = simplified({*this, op, dtype, shape, inputs, attributes});
  if (simpler != no_value) return simpler;
  std::optional<Access> where;
  if (is_view(op)) {
    const ValueId from = inputs[0];
    where = access(from);
    const std::optional<View> view = view_of(op, shapes_[shape], this->shape(from), where->strides, attributes);
    if (!view) {  // a reshape of an array with gaps: the elements move
      const std::array moved{dense(from)};
      return add(op, dtype, shape, moved, attributes);
    }
    where->offset += view->offset;
    where->strides = view->strides;
  }
  if (2 * (entries_ + 1) >= table_.size()) grow_table(2 * (entries_ + 1));
  const std::size_t at = entry_of(op, dtype, shape, inputs, attributes);
  if (table_[at] != no_value) return table_[at];
  const ValueId id = append(op, dtype, shape, inputs, attributes);
  table_[at] = id;
  ++entries_;
  if (where) {
    bases_[id] = where->base;
    values_[id].source = static_cast<std::uint32_t>(views_.size());
    views_.push_back(*where);
  }
  return id;
}

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
