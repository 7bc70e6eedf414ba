#include "rules.hpp"

#include <utility>

#include <xgrad/ops/elementwise.hpp>

#include "ops/internal.hpp"

namespace xgrad::derivatives {
namespace {

using namespace primitives;

/// sensitivity x partial, absorbing where it must.
Var product(const NodeContext&, const Var&, Zero) { return {}; }
Var product(const NodeContext&, const Var& sensitivity, One) { return sensitivity; }
Var product(const NodeContext&, const Var& sensitivity, MinusOne) { return -sensitivity; }
Var product(const NodeContext& context, const Var& sensitivity, const Var& partial) {
  return context.masked ? absorbing_multiply(sensitivity, partial) : sensitivity * partial;
}

template <class P, std::size_t I>
auto partial(const NodeContext& context) {
  return [&]<std::size_t... J>(std::index_sequence<J...>) {
    return P::partial(Arg<I>(), context.input(J)..., context.output());
  }
  (std::make_index_sequence<P::arity>());
}

template <class P>
Var scalar_vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  Var result;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (void)((input == I && (result = product(context, cotangent, partial<P, I>(context)), true)) || ...);
  }
  (std::make_index_sequence<P::arity>());
  return result;
}

template <class P>
Var scalar_jvp(const NodeContext& context, std::span<const Var> tangents) {
  Var result;
  const auto add = [&](const Var& term) {
    if (term.defined()) result = result.defined() ? result + term : term;
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    ((tangents[I].defined() ? add(product(context, tangents[I], partial<P, I>(context))) : void()), ...);
  }
  (std::make_index_sequence<P::arity>());
  return result;
}

/// A linear primitive applied to tangents: floating-point inputs are replaced, indices stay.
Var linear_jvp(const NodeContext& context, std::span<const Var> tangents) {
  std::vector<NodeId> inputs;
  for (std::size_t i = 0; i < tangents.size(); ++i) {
    const Var input = context.input(i);
    if (tangents[i].defined()) {
      inputs.push_back(VarAccess::node(tangents[i]));
    } else {
      inputs.push_back(VarAccess::node(is_floating(input.dtype()) ? zeros_like(input) : input));
    }
  }
  const Node node = context.tape.node(context.node);
  const std::vector<std::int64_t> attributes(context.attributes().begin(), context.attributes().end());
  return VarAccess::recorded(context.tape, context.tape.append(node.op, node.dtype, node.shape, inputs, attributes));
}

template <class P>
constexpr Rules derivatives_for() {
  if constexpr (IsGeneral<P>) {
    return {P::vjp, P::jvp, P::masks};
  } else if constexpr (IsLinear<P>) {
    return {P::transpose, linear_jvp, false};
  } else if constexpr (IsScalarFunction<P>) {
    return {scalar_vjp<P>, scalar_jvp<P>, false};
  } else {
    return {};
  }
}

/// The primitive itself, one axis further.
template <Attributes kind>
Var shifted_batch(const BatchContext& context) {
  std::vector<std::int64_t> attributes(context.attributes().begin(), context.attributes().end());
  constexpr bool all = kind == Attributes::Axes || kind == Attributes::Permutation;
  const std::size_t axes = kind == Attributes::Axis ? 1 : all ? attributes.size() : 0;
  for (std::size_t i = 0; i < axes; ++i) ++attributes[i];
  if constexpr (kind == Attributes::Permutation) attributes.insert(attributes.begin(), 0);
  if constexpr (kind == Attributes::StartsAndSteps) attributes.insert(attributes.begin(), {0, 1});
  return context.again(attributes);
}

template <class P>
constexpr auto batch_for() -> Var (*)(const BatchContext&) {
  if constexpr (P::computation == Computation::Source || P::computation == Computation::Projection || IsSeveral<P>) {
    return nullptr;  // a projection is one of what the rule of its input gives
  } else if constexpr (HasBatchingRule<P>) {
    return P::batch;
  } else {
    static_assert(
        requires { P::attributes; }, "a primitive says what its attributes are, or has a rule `batch`");
    return shifted_batch<P::attributes>;
  }
}

/// Whether a partial derivative depends on nothing.
template <class Partial>
constexpr bool is_constant =
    std::is_same_v<Partial, Zero> || std::is_same_v<Partial, One> || std::is_same_v<Partial, MinusOne>;

template <class P, std::size_t... I>
constexpr bool has_constant_partials(std::index_sequence<I...>) {
  return (is_constant<decltype(partial<P, I>(std::declval<const NodeContext&>()))> && ...);
}

template <class P, std::size_t... I>
constexpr bool has_zero_partials(std::index_sequence<I...>) {
  return (std::is_same_v<decltype(partial<P, I>(std::declval<const NodeContext&>())), Zero> && ...);
}

template <class P>
constexpr TaylorRule taylor_rule_for() {
  if constexpr (IsBilinear<P>) return TaylorRule::Bilinear;
  else if constexpr (IsQuotient<P>) return TaylorRule::Quotient;
  else if constexpr (IsLinear<P> || HasConstantDerivative<P>) return TaylorRule::Linear;
  else if constexpr (IsScalarFunction<P>) {
    return has_constant_partials<P>(std::make_index_sequence<P::arity>()) ? TaylorRule::Linear
                                                                          : TaylorRule::Differential;
  } else return TaylorRule::Differential;
}

template <IsSeveral P>
std::vector<Sensitivity> jvp_of_several(const NodeContext& context, std::span<const Sensitivity> tangents) {
  if constexpr (requires { P::jvp(context, tangents); }) {
    return P::jvp(context, tangents);
  } else {
    std::vector<Series> series;
    for (const Sensitivity& each : tangents) series.push_back({{each.x}, each.masked});
    const std::optional<std::vector<Series>> outputs = P::jet(context, series, 1);
    std::vector<Sensitivity> result;
    for (const Series& each : outputs.value()) {
      result.push_back({each.defined() ? each.derivatives[0] : Var(), each.masked});
    }
    return result;
  }
}

template <IsSeveral P>
constexpr auto jet_for() -> decltype(RulesOfSeveral::jet) {
  if constexpr (requires { &P::jet; }) return P::jet;
  else return nullptr;
}

template <IsSeveral P>
constexpr RulesOfSeveral rules_of_several{P::vjp, jvp_of_several<P>, P::batch, jet_for<P>()};

template <class P>
constexpr Rules rules_for() {
  Rules rules = derivatives_for<P>();
  rules.batch = batch_for<P>();
  rules.taylor = taylor_rule_for<P>();
  rules.is_additive = IsLinear<P> || IsSelection<P>;
  if constexpr (IsLinearInEachFrom<P>) rules.linear_from = P::linear_from;
  if constexpr (IsScalarFunction<P>) {
    using Indices = std::make_index_sequence<P::arity>;
    rules.is_flat = has_zero_partials<P>(Indices());
    rules.is_additive = !rules.is_flat && has_constant_partials<P>(Indices());
  }
  if constexpr (IsSeveral<P>) {
    rules.several = &rules_of_several<P>;
  }
  return rules;
}

}  // namespace

const Rules& rules_of(Opcode op) noexcept {
  static constexpr auto table =
      table_of_primitives<Rules>([]<class P>(boost::hana::basic_type<P>) { return rules_for<P>(); });
  return table[op];
}

}  // namespace xgrad::derivatives
