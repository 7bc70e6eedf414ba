#include "node_rules.hpp"

#include <algorithm>

#include "traits.hpp"

namespace xgrad::primitives {
namespace {

using ir::ArrayType, ir::Function, ir::Node, ir::NodeId, ir::Payload, ir::TapeState;

/// A node, and what a rule looks at.
struct NodeAt {
  const TapeState& program;
  NodeId id;

  [[nodiscard]] ir::Opcode op() const { return program.node(id).op; }
  [[nodiscard]] DType type() const { return program.node(id).dtype; }
  [[nodiscard]] const Shape& shape() const { return program.shape(id); }
  [[nodiscard]] std::size_t inputs() const { return program.inputs(id).size(); }
  [[nodiscard]] NodeId input(std::size_t k) const { return program.inputs(id)[k]; }
  [[nodiscard]] DType type(std::size_t k) const { return program.node(input(k)).dtype; }
  [[nodiscard]] const Shape& shape(std::size_t k) const { return program.shape(input(k)); }
  [[nodiscard]] std::span<const std::int64_t> attributes() const { return program.attributes(id); }
  [[nodiscard]] const Payload& payload() const { return *program.payload(id); }

  [[nodiscard]] bool like_input(std::size_t k) const { return type(k) == type() && shape(k) == shape(); }
  /// Whether the first attribute is an axis.
  [[nodiscard]] bool has_axis_of(const Shape& of) const {
    return !attributes().empty() && attributes()[0] >= 0 && static_cast<std::uint64_t>(attributes()[0]) < of.size();
  }
  [[nodiscard]] std::size_t axis() const { return static_cast<std::size_t>(attributes()[0]); }
};

/// What is broken; empty if nothing is.
using Broken = std::string_view;
constexpr Broken nothing;
using Rule = Broken (*)(const NodeAt&);

Broken first_of(std::initializer_list<Broken> all) {
  const auto* found = std::ranges::find_if(all, [](Broken each) { return !each.empty(); });
  return found == all.end() ? nothing : *found;
}
Broken unless(bool holds, Broken rule) { return holds ? nothing : rule; }

constexpr Broken as_many_inputs = "it has as many inputs as its operation takes";
constexpr Broken as_many_attributes = "it has as many attributes as its operation";
constexpr Broken an_axis = "its axis is one of the array";
constexpr Broken like_its_input = "it has the shape and the element type of its input";

// ---- sources, aliases and views

Broken source(const NodeAt& n) { return unless(n.inputs() == 0, as_many_inputs); }

Broken alias(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  return first_of({unless(n.like_input(0), like_its_input), unless(n.attributes().empty(), as_many_attributes)});
}

/// One attribute marks what is kept; the second of two is the number of a name.
Broken identity(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  const auto marks = static_cast<std::int64_t>(n.attributes().size());
  return first_of({unless(n.like_input(0), like_its_input),
                   unless(marks <= 2 && (marks == 0 || n.attributes()[0] == marks), as_many_attributes)});
}

Broken view(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  return unless(n.type(0) == n.type(), "a view has the element type of its input");
}

Broken broadcast(const NodeAt& n) {
  if (const Broken broken = view(n); !broken.empty()) return broken;
  const Shape& from = n.shape(0);
  const Shape& to = n.shape();
  bool grows = from.size() == to.size();
  for (std::size_t i = 0; grows && i < to.size(); ++i) grows = from[i] == to[i] || from[i] == 1;
  return first_of({unless(grows, "only extents of 1 are broadcast, and ranks are equal"),
                   unless(n.attributes().empty(), as_many_attributes)});
}

Broken reshape(const NodeAt& n) {
  if (const Broken broken = view(n); !broken.empty()) return broken;
  return first_of({unless(size_of(n.shape(0)) == size_of(n.shape()), "a reshape keeps all elements"),
                   unless(n.attributes().empty(), as_many_attributes)});
}

Broken transpose(const NodeAt& n) {
  if (const Broken broken = view(n); !broken.empty()) return broken;
  const Shape& from = n.shape(0);
  const std::size_t rank = from.size();
  constexpr Broken rule = "a transpose has a permutation of the axes";
  if (n.shape().size() != rank || n.attributes().size() != rank) return rule;
  Dimensions<bool> met(rank, false);
  for (std::size_t i = 0; i < rank; ++i) {
    const auto axis = static_cast<std::uint64_t>(n.attributes()[i]);
    if (axis >= rank || met[axis] || from[axis] != n.shape()[i]) return rule;
    met[axis] = true;
  }
  return nothing;
}

/// Whether starts and steps choose a part of a whole. All are small enough for strides to be multiplied by them.
bool is_part(const Shape& whole, const Shape& part, std::span<const std::int64_t> starts_and_steps) {
  if (whole.size() != part.size() || starts_and_steps.size() != 2 * whole.size()) return false;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const auto extent = static_cast<std::int64_t>(whole[i]);
    const auto count = static_cast<std::int64_t>(part[i]);
    const std::int64_t start = starts_and_steps[2 * i];
    const std::int64_t step = starts_and_steps[2 * i + 1];
    const std::int64_t longest = std::max<std::int64_t>(extent, 1);
    if (step > longest || step < -longest) return false;
    if (start < 0 || start > extent || (count > 0 && start == extent)) return false;
    if (count <= 1) continue;
    const std::int64_t room = step > 0 ? extent - 1 - start : start;
    if (step == 0 || count - 1 > room / std::abs(step)) return false;
  }
  return true;
}

Broken slice(const NodeAt& n) {
  if (const Broken broken = view(n); !broken.empty()) return broken;
  return unless(is_part(n.shape(0), n.shape(), n.attributes()), "a slice lies in its input");
}

Broken embed(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  return first_of({unless(n.type(0) == n.type(), "it has the element type of its input"),
                   unless(is_part(n.shape(), n.shape(0), n.attributes()), "what is embedded lies in the result")});
}

// ---- element by element

bool takes(Operands operands, DType dtype) {
  switch (operands) {
    case Operands::Floats:
      return is_floating(dtype);
    case Operands::Numbers:
      return dtype != DType::Bool;
    case Operands::Any:
      return true;
    case Operands::Booleans:
      break;
  }
  return dtype == DType::Bool;
}

constexpr Broken same_shapes = "its operands have its shape";
constexpr Broken operand_types = "its operands have the element type that it takes";

bool all_of_its_shape(const NodeAt& n) {
  return std::ranges::all_of(n.program.inputs(n.id), [&](NodeId k) { return n.program.shape(k) == n.shape(); });
}

template <class P>
Broken scalar_function(const NodeAt& n) {
  if (n.inputs() != P::arity) return as_many_inputs;
  const DType type = n.type(0);
  bool alike = takes(P::operands, type) && n.type() == (IsPredicate<P> ? DType::Bool : type);
  for (std::size_t k = 1; k < n.inputs(); ++k) alike = alike && n.type(k) == type;
  return first_of({unless(all_of_its_shape(n), same_shapes), unless(alike, operand_types),
                   unless(n.attributes().empty(), as_many_attributes)});
}

Broken where(const NodeAt& n) {
  if (n.inputs() != 3) return as_many_inputs;
  const bool types = n.type(0) == DType::Bool && n.type(1) == n.type() && n.type(2) == n.type();
  return first_of({unless(all_of_its_shape(n), same_shapes), unless(types, operand_types),
                   unless(n.attributes().empty(), as_many_attributes)});
}

Broken absorbing_multiply(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  const bool types = is_floating(n.type()) && n.type(0) == n.type() && n.type(1) == n.type();
  return first_of({unless(all_of_its_shape(n), same_shapes), unless(types, operand_types),
                   unless(n.attributes().empty(), as_many_attributes)});
}

Broken cast(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  return first_of({unless(all_of_its_shape(n), same_shapes), unless(n.attributes().empty(), as_many_attributes)});
}

Broken checked(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  return first_of({unless(n.like_input(0), like_its_input),
                   unless(n.type(1) == DType::Bool && n.shape(1) == n.shape(), "its condition is one of truth values"),
                   unless(n.attributes().size() == 2, as_many_attributes)});
}

// ---- along axes

enum class Reduces : std::uint8_t { Sum, Extremum, Norm };

bool reduces_to(Reduces what, DType from, DType to) {
  if (what == Reduces::Sum && from == DType::Bool) return to == DType::Int64;
  return from == to && (what != Reduces::Norm || is_floating(to));
}

template <Reduces what>
Broken reduction(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  Shape reduced = n.shape(0);
  std::size_t count = 1;
  std::int64_t before = -1;
  for (const std::int64_t axis : n.attributes()) {
    if (axis <= before || static_cast<std::uint64_t>(axis) >= reduced.size())
      return "axes of a reduction ascend, and are the array's";
    std::size_t& extent = reduced[static_cast<std::size_t>(axis)];
    count = std::min(count, extent);
    extent = 1;
    before = axis;
  }
  return first_of({unless(reduced == n.shape(), "reduced axes stay with extent 1, the others as they are"),
                   unless(what != Reduces::Extremum || count != 0, "there is no extremum of nothing"),
                   unless(reduces_to(what, n.type(0), n.type()), "it has the element type that the reduction gives")});
}

/// Equal shapes, but for the axis.
bool differ_along(std::size_t axis, Shape a, const Shape& b) {
  if (a.size() != b.size() || axis >= a.size()) return false;
  a[axis] = b[axis];
  return a == b;
}

constexpr Broken element_types = "it has the element type of its elements, and int64 indices";

Broken chooses(const NodeAt& n, const Shape& whole) {
  if (n.inputs() != 2) return as_many_inputs;
  return first_of({unless(n.type(0) == n.type() && n.type(1) == DType::Int64, element_types),
                   unless(n.attributes().size() == 2, as_many_attributes), unless(n.has_axis_of(whole), an_axis),
                   unless(n.attributes().size() == 2 && n.attributes()[1] >= 0 &&
                              n.attributes()[1] <= static_cast<std::int64_t>(Chooser::TopK),
                          "it names the function whose indices choose")});
}

constexpr Broken an_index_each = "there is an index for each element that is chosen";

Broken take_along_axis(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  return first_of({chooses(n, n.shape()), unless(n.shape() == n.shape(1), an_index_each),
                   unless(!n.attributes().empty() && differ_along(n.axis(), n.shape(0), n.shape()), an_index_each)});
}

Broken scatter_add_along_axis(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  return first_of({chooses(n, n.shape()), unless(n.shape(0) == n.shape(1), an_index_each),
                   unless(!n.attributes().empty() && differ_along(n.axis(), n.shape(0), n.shape()), an_index_each)});
}

/// Whether the axes of indices stand in a part in place of the axis of the whole.
bool replaces_axis(std::size_t axis, const Shape& whole, const Shape& indices, const Shape& part) {
  if (whole.size() - 1 + indices.size() != part.size()) return false;
  Shape expected;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (i != axis) expected.push_back(whole[i]);
    else
      for (const std::size_t extent : indices) expected.push_back(extent);
  }
  return expected == part;
}

constexpr Broken axes_of_indices = "the axes of the indices replace the axis";

Broken take(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  if (const Broken broken = chooses(n, n.shape(0)); !broken.empty()) return broken;
  return unless(replaces_axis(n.axis(), n.shape(0), n.shape(1), n.shape()), axes_of_indices);
}

Broken scatter_add(const NodeAt& n) {
  if (const Broken broken = chooses(n, n.shape()); !broken.empty()) return broken;
  return unless(replaces_axis(n.axis(), n.shape(), n.shape(1), n.shape(0)), axes_of_indices);
}

Broken concatenate(const NodeAt& n) {
  if (n.inputs() == 0) return as_many_inputs;
  if (n.attributes().size() != 1) return as_many_attributes;
  if (!n.has_axis_of(n.shape())) return an_axis;
  std::size_t left = n.shape()[n.axis()];
  for (std::size_t k = 0; k < n.inputs(); ++k) {
    if (!differ_along(n.axis(), n.shape(k), n.shape()) || n.type(k) != n.type())
      return "pieces differ along the axis only";
    const std::size_t extent = n.shape(k)[n.axis()];
    if (extent > left) return "pieces make up the whole";
    left -= extent;
  }
  return unless(left == 0, "pieces make up the whole");
}

/// What has an axis and one attribute more.
Broken along_axis(const NodeAt& n, std::int64_t most) {
  if (n.inputs() != 1) return as_many_inputs;
  if (n.attributes().size() != 2) return as_many_attributes;
  return first_of({unless(n.shape(0) == n.shape(), "it has the shape of its input"),
                   unless(n.has_axis_of(n.shape()), an_axis),
                   unless(n.attributes()[1] >= 0 && n.attributes()[1] <= most, "its second attribute is in range")});
}

Broken roll(const NodeAt& n) {
  const std::size_t extent = n.has_axis_of(n.shape()) ? n.shape()[n.axis()] : 0;
  const Broken broken = along_axis(n, extent == 0 ? 0 : static_cast<std::int64_t>(extent) - 1);
  return broken.empty() ? unless(n.type(0) == n.type(), like_its_input) : broken;
}

Broken cumulative_sum(const NodeAt& n) {
  const Broken broken = along_axis(n, 1);
  return broken.empty() ? unless(n.type(0) == n.type() && n.type() != DType::Bool, operand_types) : broken;
}

Broken argsort(const NodeAt& n) {
  const Broken broken = along_axis(n, 1);
  return broken.empty() ? unless(n.type() == DType::Int64, "indices are int64") : broken;
}

Broken argmax(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  if (n.attributes().size() != 1) return as_many_attributes;
  if (!n.has_axis_of(n.shape())) return an_axis;
  return first_of(
      {unless(differ_along(n.axis(), n.shape(0), n.shape()) && n.shape()[n.axis()] == 1,
              "there is one index for each run along the axis"),
       unless(n.type() == DType::Int64, "indices are int64"),
       unless(n.axis() < n.shape(0).size() && n.shape(0)[n.axis()] != 0, "there is no extremum of nothing")});
}

Broken one_hot(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  Shape rows = n.shape();
  if (rows.empty()) return "classes are an axis";
  rows.resize(rows.size() - 1);
  return first_of({unless(rows == n.shape(0) && n.type(0) == DType::Int64, "there is a row for each label"),
                   unless(n.attributes().empty(), as_many_attributes)});
}

Broken balance(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  return first_of({unless(n.like_input(0) && n.like_input(1), like_its_input),
                   unless(n.shape().size() == 2, "factors stand in rows"), unless(is_floating(n.type()), operand_types),
                   unless(n.attributes().empty(), as_many_attributes)});
}

Broken matmul(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  const std::size_t rank = n.shape().size();
  constexpr Broken rule = "factors of a product are stacks of matrices that match";
  if (rank < 2 || n.shape(0).size() != rank || n.shape(1).size() != rank) return rule;
  Shape left = n.shape(0);
  Shape right = n.shape(1);
  if (left[rank - 1] != right[rank - 2]) return rule;
  left[rank - 1] = right[rank - 1];
  right[rank - 2] = n.shape(0)[rank - 2];
  return first_of({unless(left == n.shape() && right == n.shape(), rule),
                   unless(n.type(0) == n.type() && n.type(1) == n.type() && n.type() != DType::Bool, operand_types),
                   unless(n.attributes().empty(), as_many_attributes)});
}

// ---- several outputs

/// It has no value itself, and is given this type.
Broken several(const NodeAt& n) {
  return unless(n.type() == DType::Float64 && n.shape().empty(), "what has several outputs has no type itself");
}

Broken top_k(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  if (n.attributes().size() != 3) return as_many_attributes;
  if (!n.has_axis_of(n.shape(0))) return an_axis;
  const auto k = static_cast<std::uint64_t>(n.attributes()[2]);
  return first_of({several(n), unless(k <= n.shape(0)[n.axis()], "there are as many elements as are taken"),
                   unless(n.attributes()[1] == 0 || n.attributes()[1] == 1, "its second attribute is in range")});
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

constexpr Broken given_what_it_takes = "a function is given what it takes";

Broken call(const NodeAt& n) {
  const Payload& payload = n.payload();
  if (payload.function == nullptr) return "a call has a function";
  return first_of({several(n), unless(takes_inputs(n, *payload.function, 0), given_what_it_takes),
                   unless(payload.kept <= payload.function->outputs().size(), "what is kept are outputs")});
}

Broken host_call(const NodeAt& n) {
  return first_of({several(n), unless(n.payload().host != nullptr, "a call of the user's C++ has a function")});
}

/// Whether what is carried keeps its form.
bool carries(const NodeAt& n, const Function& body, std::size_t carried) {
  if (carried > n.inputs() || carried > body.outputs().size()) return false;
  for (std::size_t k = 0; k < carried; ++k) {
    if (!is(type_in(body, body.outputs()[k]), n.type(k), n.shape(k))) return false;
  }
  return true;
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
  if (has_value(n.program, n.input(0))) return "a projection is of what has several outputs";
  const auto which = output_of(n.program, n.input(0), static_cast<std::size_t>(n.attributes()[0]));
  if (!which) return "there is no such output";
  return unless(is(*which, n.type(), n.shape()), "a projection has the type of its output");
}

// ---- the table

constexpr Rule rule_for(Type<Leaf>) { return source; }
constexpr Rule rule_for(Type<Constant>) { return source; }
constexpr Rule rule_for(Type<Parameter>) { return source; }
constexpr Rule rule_for(Type<Identity>) { return identity; }
constexpr Rule rule_for(Type<StopGradient>) { return alias; }
constexpr Rule rule_for(Type<Broadcast>) { return broadcast; }
constexpr Rule rule_for(Type<Reshape>) { return reshape; }
constexpr Rule rule_for(Type<Transpose>) { return transpose; }
constexpr Rule rule_for(Type<Slice>) { return slice; }
constexpr Rule rule_for(Type<Cast>) { return cast; }
constexpr Rule rule_for(Type<Embed>) { return embed; }
constexpr Rule rule_for(Type<Concatenate>) { return concatenate; }
constexpr Rule rule_for(Type<Roll>) { return roll; }
constexpr Rule rule_for(Type<Sum>) { return reduction<Reduces::Sum>; }
constexpr Rule rule_for(Type<MaxReduce>) { return reduction<Reduces::Extremum>; }
constexpr Rule rule_for(Type<MinReduce>) { return reduction<Reduces::Extremum>; }
constexpr Rule rule_for(Type<Norm>) { return reduction<Reduces::Norm>; }
constexpr Rule rule_for(Type<Take>) { return take; }
constexpr Rule rule_for(Type<ScatterAdd>) { return scatter_add; }
constexpr Rule rule_for(Type<TakeAlongAxis>) { return take_along_axis; }
constexpr Rule rule_for(Type<ScatterAddAlongAxis>) { return scatter_add_along_axis; }
constexpr Rule rule_for(Type<CumulativeSum>) { return cumulative_sum; }
constexpr Rule rule_for(Type<Matmul>) { return matmul; }
constexpr Rule rule_for(Type<ArgMax>) { return argmax; }
constexpr Rule rule_for(Type<ArgSort>) { return argsort; }
constexpr Rule rule_for(Type<OneHot>) { return one_hot; }
constexpr Rule rule_for(Type<Balance>) { return balance; }
constexpr Rule rule_for(Type<Checked>) { return checked; }
constexpr Rule rule_for(Type<TopK>) { return top_k; }
constexpr Rule rule_for(Type<Call>) { return call; }
constexpr Rule rule_for(Type<HostCall>) { return host_call; }
constexpr Rule rule_for(Type<Scan>) { return scan; }
constexpr Rule rule_for(Type<While>) { return while_loop; }
constexpr Rule rule_for(Type<Switch>) { return switch_; }
constexpr Rule rule_for(Type<Projection>) { return projection; }
constexpr Rule rule_for(Type<Where>) { return where; }
constexpr Rule rule_for(Type<AbsorbingMultiply>) { return absorbing_multiply; }
template <class P>
requires IsScalarFunction<P>
constexpr Rule rule_for(Type<P>) { return scalar_function<P>; }

constexpr auto rules = table_of_primitives<Rule>([]<class P>(Type<P> primitive) -> Rule {
  constexpr bool has_line = requires { rule_for(primitive); };
  static_assert(has_line, "a primitive lacks its rule in the table above");
  return rule_for(primitive);
});

}  // namespace

bool has_value(const TapeState& program, NodeId id) {
  const Computation computation = traits[program.node(id).op].computation;
  return !has_outputs(computation) && computation != Computation::Function;
}

std::optional<ArrayType> output_of(const TapeState& program, NodeId id, std::size_t which) {
  const NodeAt n{program, id};
  if (n.op() == opcode<TopK>) {
    if (which > 1) return std::nullopt;
    Shape shape = n.shape(0);
    shape[n.axis()] = static_cast<std::size_t>(n.attributes()[2]);
    return ArrayType{which == 0 ? n.type(0) : DType::Int64, shape};
  }
  const Payload& payload = n.payload();
  if (n.op() == opcode<HostCall>) {
    return which < payload.host->results.size() ? std::optional(payload.host->results[which]) : std::nullopt;
  }
  const Function& function = n.op() == opcode<Switch> ? *payload.branches[0] : *payload.function;
  if (n.op() != opcode<Scan> || which < payload.scan.carried) {
    return which < function.outputs().size() ? std::optional(type_in(function, function.outputs()[which]))
                                             : std::nullopt;
  }
  const std::size_t node = which - payload.scan.carried;
  if (node >= function.program().size() || !has_value(function.program(), static_cast<NodeId>(node))) {
    return std::nullopt;
  }
  ArrayType type = type_in(function, static_cast<NodeId>(node));
  if (type.shape.size() == max_dimension) return std::nullopt;
  type.shape.insert(0, payload.scan.length);
  return type;
}

std::string_view broken_rule(const TapeState& program, NodeId id) {
  const NodeAt n{program, id};
  if (program.node(id).weak && !n.shape().empty()) return "a number has no axes";
  for (std::size_t k = 0; n.op() != opcode<Projection> && k < n.inputs(); ++k) {
    if (!has_value(program, n.input(k))) return "an input has a value";
  }
  return rules[n.op()](n);
}

}  // namespace xgrad::primitives
