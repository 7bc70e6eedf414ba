// What has several outputs, and runs functions.
#include "node_at.hpp"
#include "primitives/traits.hpp"

namespace xgrad::primitives::node_rules {

namespace {

constexpr Broken given_what_it_takes = "a function is given what it takes";

/// It has no value itself, and is given this type.
Broken several(const NodeAt& n) {
  return unless(n.type() == DType::Float64 && n.shape().empty(), "what has several outputs has no type itself");
}

ArrayType type_in(const Function& function, NodeId node) {
  return {function.program().node(node).dtype, function.program().shape(node)};
}

bool is(const ArrayType& type, DType dtype, const Shape& shape) { return type.dtype == dtype && type.shape == shape; }

/// Whether a function takes inputs of a node as they are.
bool takes_inputs(const NodeAt& n, const Function& function, std::size_t first_input, std::size_t first_parameter = 0) {
  if (function.parameters() - first_parameter != n.inputs() - first_input) return false;
  for (std::size_t k = first_parameter; k < function.parameters(); ++k) {
    const std::size_t input = first_input + k - first_parameter;
    if (!is(type_in(function, static_cast<NodeId>(k)), n.type(input), n.shape(input))) return false;
  }
  return true;
}

/// Whether what is carried keeps its form.
bool carries(const NodeAt& n, const Function& body, std::size_t carried) {
  if (carried > n.inputs() || carried > body.outputs().size()) return false;
  for (std::size_t k = 0; k < carried; ++k) {
    if (!is(type_in(body, body.outputs()[k]), n.type(k), n.shape(k))) return false;
  }
  return true;
}

}  // namespace

Broken top_k(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  if (n.attributes().size() != 3) return as_many_attributes;
  if (!n.has_axis_of(n.shape(0))) return an_axis;
  const auto k = static_cast<std::uint64_t>(n.attributes()[2]);
  return first_of({several(n), unless(k <= n.shape(0)[n.axis()], "there are as many elements as are taken"),
                   unless(n.attributes()[1] == 0 || n.attributes()[1] == 1, "its second attribute is in range")});
}

Broken call(const NodeAt& n) {
  const Payload& payload = n.payload();
  if (payload.function == nullptr) return "a call has a function";
  return first_of({several(n), unless(takes_inputs(n, *payload.function, 0), given_what_it_takes),
                   unless(payload.kept <= payload.function->outputs().size(), "what is kept are outputs")});
}

Broken host_call(const NodeAt& n) {
  return first_of({several(n), unless(n.payload().host != nullptr, "a call of the user's C++ has a function")});
}

Broken scan(const NodeAt& n) {
  const Payload& payload = n.payload();
  if (payload.function == nullptr) return "a loop has a body";
  const Function& body = *payload.function;
  const ir::ScanSpec& spec = payload.scan;
  constexpr Broken rule = "a body is given what is carried, elements of arrays, and what is the same for all runs";
  if (spec.carried > n.inputs() || spec.sliced > n.inputs() - spec.carried) return rule;
  if (body.parameters() != n.inputs()) return rule;
  for (std::size_t k = 0; k < n.inputs(); ++k) {
    Shape shape = n.shape(k);
    if (k >= spec.carried && k < spec.carried + spec.sliced) {
      if (shape.empty() || shape[0] != spec.length) return "arrays have an element for each run";
      shape = Shape(shape.begin() + 1, shape.end());
    }
    if (!is(type_in(body, static_cast<NodeId>(k)), n.type(k), shape)) return rule;
  }
  return first_of({several(n), unless(carries(n, body, spec.carried), "what is carried keeps its form")});
}

Broken while_loop(const NodeAt& n) {
  const Payload& payload = n.payload();
  if (payload.function == nullptr || payload.condition == nullptr) return "a loop has a condition and a body";
  const Function& condition = *payload.condition;
  const Function& body = *payload.function;
  const bool decides =
      condition.outputs().size() == 1 && is(type_in(condition, condition.outputs()[0]), DType::Bool, {});
  return first_of({several(n), unless(decides, "a condition gives one truth value"),
                   unless(takes_inputs(n, condition, 0) && takes_inputs(n, body, 0), given_what_it_takes),
                   unless(body.outputs().size() == payload.scan.carried && carries(n, body, payload.scan.carried),
                          "what is carried keeps its form")});
}

Broken switch_(const NodeAt& n) {
  const Payload& payload = n.payload();
  if (payload.branches.empty()) return "a switch has branches";
  if (n.inputs() == 0 || n.type(0) != DType::Int64 || !n.shape(0).empty())
    return "the number of a branch is one integer";
  const Function& first = *payload.branches[0];
  for (const auto& branch : payload.branches) {
    if (!takes_inputs(n, *branch, 1)) return given_what_it_takes;
    bool alike = branch->outputs().size() == first.outputs().size();
    for (std::size_t k = 0; alike && k < first.outputs().size(); ++k) {
      const ArrayType type = type_in(first, first.outputs()[k]);
      alike = is(type_in(*branch, branch->outputs()[k]), type.dtype, type.shape);
    }
    if (!alike) return "branches give arrays of the same types";
  }
  return several(n);
}

Broken projection(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  if (n.attributes().size() != 1) return as_many_attributes;
  const NodeId whole = n.program->inputs(n.id)[0];
  if (has_value(*n.program, whole)) return "a projection is of what has several outputs";
  const auto which = output_of(*n.program, whole, static_cast<std::size_t>(n.attributes()[0]));
  if (!which) return "there is no such output";
  return unless(is(*which, n.type(), n.shape()), "a projection has the type of its output");
}

}  // namespace xgrad::primitives::node_rules

namespace xgrad::primitives {

using namespace node_rules;

bool has_value(const TapeState& program, NodeId id) {
  const Computation computation = traits[program.node(id).op].computation;
  return !has_outputs(computation) && computation != Computation::Function;
}

std::optional<ArrayType> output_of(const TapeState& program, NodeId id, std::size_t which) {
  const NodeOf node(program, id);
  const NodeAt n = node.look();
  if (n.op() == opcode<TopK>) {
    if (which > 1) return std::nullopt;
    Shape shape = n.shape(0);
    shape[n.axis()] = static_cast<std::size_t>(n.attributes()[2]);
    return ArrayType{which == 0 ? n.type(0) : DType::Int64, shape};
  }
  if (const auto factor = output_of_factorisation(n, which)) return factor;
  if (!traits[n.op()].has_payload) return std::nullopt;
  const Payload& payload = n.payload();
  if (n.op() == opcode<HostCall>) {
    return which < payload.host->results.size() ? std::optional(payload.host->results[which]) : std::nullopt;
  }
  const Function& function = n.op() == opcode<Switch> ? *payload.branches[0] : *payload.function;
  if (n.op() != opcode<Scan> || which < payload.scan.carried) {
    return which < function.outputs().size() ? std::optional(type_in(function, function.outputs()[which]))
                                             : std::nullopt;
  }
  const std::size_t inside = which - payload.scan.carried;
  if (inside >= function.program().size() || !has_value(function.program(), static_cast<NodeId>(inside))) {
    return std::nullopt;
  }
  ArrayType type = type_in(function, static_cast<NodeId>(inside));
  if (type.shape.size() == max_dimension) return std::nullopt;
  type.shape.insert(0, payload.scan.length);
  return type;
}

}  // namespace xgrad::primitives
