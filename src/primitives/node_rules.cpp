#include "node_rules.hpp"

#include <algorithm>

#include "node_at.hpp"
#include "traits.hpp"

namespace xgrad::primitives {

using namespace node_rules;

namespace {

// ---- sources, aliases and views

Broken source(const NodeAt& n) { return unless(n.inputs() == 0, as_many_inputs); }

Broken alias(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  return first_of({unless(n.like_input(0), like_its_input), unless(n.attributes().empty(), as_many_attributes)});
}

Broken identity(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  const std::size_t count = n.attributes().size();
  const bool known = count == 0 || (count == 1 && are_of(Mark::Kept, n.attributes())) ||
                     (count == 2 && are_of(Mark::Named, n.attributes()));
  return first_of({unless(n.like_input(0), like_its_input), unless(known, as_many_attributes)});
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

constexpr Broken same_shapes = "its operands have its shape";

bool all_of_its_shape(const NodeAt& n) {
  return std::ranges::all_of(n.form.inputs, [&](const ArrayForm& each) { return *each.shape == n.shape(); });
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

// ---- the table

constexpr NodeRequirement rule_for(Type<Leaf>) { return source; }
constexpr NodeRequirement rule_for(Type<Constant>) { return source; }
constexpr NodeRequirement rule_for(Type<Parameter>) { return source; }
constexpr NodeRequirement rule_for(Type<Identity>) { return identity; }
constexpr NodeRequirement rule_for(Type<StopGradient>) { return alias; }
constexpr NodeRequirement rule_for(Type<Broadcast>) { return broadcast; }
constexpr NodeRequirement rule_for(Type<Reshape>) { return reshape; }
constexpr NodeRequirement rule_for(Type<Transpose>) { return transpose; }
constexpr NodeRequirement rule_for(Type<Slice>) { return slice; }
constexpr NodeRequirement rule_for(Type<Cast>) { return cast; }
constexpr NodeRequirement rule_for(Type<Embed>) { return embed; }
constexpr NodeRequirement rule_for(Type<Concatenate>) { return concatenate; }
constexpr NodeRequirement rule_for(Type<Roll>) { return roll; }
constexpr NodeRequirement rule_for(Type<Sum>) { return reduction<Reduces::Sum>; }
constexpr NodeRequirement rule_for(Type<MaxReduce>) { return reduction<Reduces::Extremum>; }
constexpr NodeRequirement rule_for(Type<MinReduce>) { return reduction<Reduces::Extremum>; }
constexpr NodeRequirement rule_for(Type<Norm>) { return reduction<Reduces::Floats>; }
constexpr NodeRequirement rule_for(Type<SumButOne>) { return reduction<Reduces::Floats>; }
constexpr NodeRequirement rule_for(Type<Take>) { return take; }
constexpr NodeRequirement rule_for(Type<ScatterAdd>) { return scatter_add; }
constexpr NodeRequirement rule_for(Type<TakeAlongAxis>) { return take_along_axis; }
constexpr NodeRequirement rule_for(Type<ScatterAddAlongAxis>) { return scatter_add_along_axis; }
constexpr NodeRequirement rule_for(Type<ScatterExtremum>) { return scatter_extremum; }
constexpr NodeRequirement rule_for(Type<CumulativeSum>) { return cumulative_sum; }
constexpr NodeRequirement rule_for(Type<Matmul>) { return matmul; }
constexpr NodeRequirement rule_for(Type<ArgMax>) { return argmax; }
constexpr NodeRequirement rule_for(Type<ArgSort>) { return argsort; }
constexpr NodeRequirement rule_for(Type<SearchSorted>) { return searchsorted; }
constexpr NodeRequirement rule_for(Type<OneHot>) { return one_hot; }
constexpr NodeRequirement rule_for(Type<Balance>) { return balance; }
constexpr NodeRequirement rule_for(Type<Checked>) { return checked; }
constexpr NodeRequirement rule_for(Type<Cholesky>) { return square_matrices; }
constexpr NodeRequirement rule_for(Type<CholeskyTangent>) { return cholesky_derivative; }
constexpr NodeRequirement rule_for(Type<CholeskyCotangent>) { return cholesky_derivative; }
constexpr NodeRequirement rule_for(Type<TriangularSolve>) { return triangular_solve; }
constexpr NodeRequirement rule_for(Type<Lu>) { return factorisation; }
constexpr NodeRequirement rule_for(Type<LuSolve>) { return lu_solve; }
constexpr NodeRequirement rule_for(Type<LogAbsDet>) { return log_abs_det; }
constexpr NodeRequirement rule_for(Type<Det>) { return det; }
constexpr NodeRequirement rule_for(Type<Cofactor>) { return square_matrices; }
constexpr NodeRequirement rule_for(Type<Qr>) { return factorisation; }
constexpr NodeRequirement rule_for(Type<Svd>) { return factorisation; }
constexpr NodeRequirement rule_for(Type<Eigh>) { return factorisation; }
constexpr NodeRequirement rule_for(Type<SymmetricFunction>) { return symmetric_function; }
constexpr NodeRequirement rule_for(Type<MatrixExp>) { return matrix_exp; }
constexpr NodeRequirement rule_for(Type<Convolution>) { return convolution; }
constexpr NodeRequirement rule_for(Type<WindowArgMax>) { return window_argmax; }
constexpr NodeRequirement rule_for(Type<QuantisedMatmul>) { return quantised_matmul; }
constexpr NodeRequirement rule_for(Type<DeriveKey>) { return derive_key; }
constexpr NodeRequirement rule_for(Type<RandomDraw>) { return random_draw; }
constexpr NodeRequirement rule_for(Type<RandomSample>) { return random_sample; }
constexpr NodeRequirement rule_for(Type<GammaSlope>) { return gamma_slope; }
constexpr NodeRequirement rule_for(Type<TruncatedNormal>) { return truncated_normal; }
constexpr NodeRequirement rule_for(Type<TopK>) { return top_k; }
constexpr NodeRequirement rule_for(Type<Call>) { return call; }
constexpr NodeRequirement rule_for(Type<HostCall>) { return host_call; }
constexpr NodeRequirement rule_for(Type<Scan>) { return scan; }
constexpr NodeRequirement rule_for(Type<While>) { return while_loop; }
constexpr NodeRequirement rule_for(Type<Switch>) { return switch_; }
constexpr NodeRequirement rule_for(Type<Projection>) { return projection; }
constexpr NodeRequirement rule_for(Type<Where>) { return where; }
constexpr NodeRequirement rule_for(Type<AbsorbingMultiply>) { return absorbing_multiply; }
template <class P>
requires IsScalarFunction<P>
constexpr NodeRequirement rule_for(Type<P>) { return scalar_function<P>; }

constexpr auto rules = table_of_primitives<NodeRequirement>([]<class P>(Type<P> primitive) -> NodeRequirement {
  constexpr bool has_line = requires { rule_for(primitive); };
  static_assert(has_line, "a primitive lacks its rule in the table above");
  return rule_for(primitive);
});

}  // namespace

std::string_view broken_rule(const TapeState& program, NodeId id) {
  const NodeOf node(program, id);
  const NodeAt n = node.look();
  if (program.node(id).weak && !n.shape().empty()) return "a number has no axes";
  const bool of_values = traits[n.op()].computation != Computation::Projection;
  for (const NodeId input : program.inputs(id)) {
    if (of_values && !has_value(program, input)) return "an input has a value";
  }
  return rules[n.op()](n);
}

std::string_view broken_rule(const NodeForm& node) { return rules[node.op](NodeAt{node}); }

}  // namespace xgrad::primitives
