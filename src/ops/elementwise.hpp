// How element-by-element operations are recorded.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "internal.hpp"
#include "primitives/traits.hpp"

namespace xgrad::detail {

using primitives::opcode;
using primitives::Operands;
using primitives::takes;

/// Any operands: cast, broadcast, on a tape of their own if they are concrete.
Var record_elementwise(std::string_view name, ir::Opcode op, Operands operands, bool predicate,
                       std::span<const Var* const> args);

/// The usual case, which needs no rules: recorded arrays of one tape, shape and element type, and numbers that take
/// that type. The first recorded one, which stands for them; null if it is another case.
template <class... V>
const Var* model_of(Operands operands, const V&... args) {
  const Var* first = nullptr;
  ((first = first == nullptr && args.recorded() ? &args : first), ...);
  if (first == nullptr || !VarAccess::is_live(*first)) return nullptr;
  const ir::TapeState& tape = VarAccess::live_tape(*first);
  const ir::Node& node = tape.node(VarAccess::node(*first));
  if (!takes(operands, node.dtype) || node.weak) return nullptr;
  const auto alike = [&](const Var& x) {
    if (&x == first) return true;
    if (VarAccess::is_scalar(x)) {
      return is_floating(node.dtype) || (node.dtype == DType::Int64 && !is_floating(VarAccess::dtype(x)));
    }
    if (!x.recorded() || !VarAccess::is_live(x) || &VarAccess::live_tape(x) != &tape) return false;
    const ir::Node& other = tape.node(VarAccess::node(x));
    return other.dtype == node.dtype && other.shape == node.shape;
  };
  return (alike(args) && ...) ? first : nullptr;
}

/// \param name  the function's, for errors, where it is not that of the primitive.
template <class P, class... V>
Var elementwise_named(std::string_view name, const V&... args) {
  static_assert(sizeof...(V) == P::arity);
  const Var* model = model_of(P::operands, args...);
  if (model == nullptr) {
    return record_elementwise(name, opcode<P>, P::operands, primitives::IsPredicate<P>,
                              std::array<const Var*, sizeof...(V)>{&args...});
  }
  ir::TapeState& tape = VarAccess::live_tape(*model);
  const ir::Node node = tape.node(VarAccess::node(*model));
  const auto input = [&](const Var& x) {
    return x.recorded() ? VarAccess::node(x)
                        : tape.append_constant(node.dtype, node.shape, VarAccess::scalar_as(x, node.dtype));
  };
  const std::array<ir::NodeId, sizeof...(V)> inputs{input(args)...};
  const DType dtype = primitives::IsPredicate<P> ? DType::Bool : node.dtype;
  return VarAccess::recorded(tape, tape.append(opcode<P>, dtype, node.shape, inputs));
}

template <class P, class... V>
Var elementwise(const V&... args) {
  return elementwise_named<P>(P::name, args...);
}

/// Of a function that is composed: all operands can be used and broadcast, in the function's own name.
template <class... V>
void require_operands(std::string_view operation, const V&... args) {
  (require_usable(args, operation), ...);
  if constexpr (sizeof...(V) > 1) (void)broadcast_shape(operation, std::array<const Var*, sizeof...(V)>{&args...});
}

}  // namespace xgrad::detail
