// The facts about all primitives as a table by opcode.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ir/state.hpp"
#include "list.hpp"

namespace xgrad::primitives {

struct Traits {
  std::string_view name;
  Computation computation;
  Failure failure;
  Cost cost;                             ///< Function unless it is computed element by element
  std::optional<Reduction> reduction;    ///< of a reduction
  std::optional<Attributes> attributes;  ///< unless it has a batching rule, or several outputs
  bool needs_dense_inputs;               ///< its kernel over whole arrays reads dense memory only
  bool selects;                          ///< see IsSelection
  bool commutative;                      ///< its two operands may be exchanged
  bool logical;                          ///< see IsLogical
  bool predicate;                        ///< see IsPredicate
  bool gives_indices;                    ///< indices of an axis (attribute 0) of the input
  bool has_payload;                      ///< see Several
};

template <class P>
consteval Traits traits_of() {
  static_assert(
      requires { P::computation; }, "a primitive lacks `computation`: how its values come about");
  static_assert(
      requires { P::failure; }, "a primitive lacks `failure`: why computing it may fail");
  static_assert(
      requires { P::gives_indices; }, "a primitive lacks `gives_indices`: whether its elements are indices");
  Traits traits{.name = P::name,
                .computation = P::computation,
                .failure = P::failure,
                .cost = Cost::Function,
                .reduction = std::nullopt,
                .attributes = std::nullopt,
                .needs_dense_inputs = false,
                .selects = false,
                .commutative = false,
                .logical = IsLogical<P>,
                .predicate = IsPredicate<P>,
                .gives_indices = P::gives_indices,
                .has_payload = false};
  if constexpr (P::computation == Computation::Elementwise) {
    static_assert(
        requires { P::cost; }, "an elementwise primitive lacks `cost`");
    static_assert(
        requires { P::selects; }, "an elementwise primitive lacks `selects`: see Masking");
    traits.cost = P::cost;
    traits.selects = P::selects;
    if constexpr (!IsOfOneArgument<P>) {
      static_assert(
          requires { P::commutative; }, "an elementwise primitive lacks `commutative`: whether f(a, b) is f(b, a)");
      traits.commutative = P::commutative;
    }
  }
  if constexpr (P::computation == Computation::Reduction) {
    static_assert(
        requires { P::reduction; }, "a reduction lacks `reduction`: which it is");
    traits.reduction = P::reduction;
  }
  if constexpr (requires { P::attributes; }) traits.attributes = P::attributes;
  if constexpr (IsGeneral<P>) {
    static_assert(
        requires { P::masks; }, "a general primitive lacks `masks`: whether derivatives set parts to 0");
  }
  if constexpr (IsSeveral<P>) {
    static_assert(
        requires { P::has_payload; }, "a primitive with several outputs lacks `has_payload`: see Several");
    traits.has_payload = P::has_payload;
  }
  if constexpr (has_kernel(P::computation)) {
    static_assert(
        requires { P::needs_dense_inputs; }, "a primitive with a kernel lacks `needs_dense_inputs`");
    static_assert(!P::needs_dense_inputs ||
                      (P::computation != Computation::Conversion && P::computation != Computation::Reduction),
                  "conversions and reductions run in loops, too, which read any strides");
    traits.needs_dense_inputs = P::needs_dense_inputs;
  }
  if constexpr (runs_plans(P::computation)) traits.needs_dense_inputs = true;  // slices are pointers
  return traits;
}

inline constexpr auto traits = primitives::table_of_primitives<Traits>([]<class P>(Type<P>) { return traits_of<P>(); });

/// Whether a scalar function computes with an element type.
constexpr bool takes(Operands operands, DType dtype) {
  switch (operands) {
    case Operands::Floats:
      return is_floating(dtype);
    case Operands::Numbers:
      return dtype != DType::Bool;
    case Operands::Any:
      return true;
    case Operands::Integers:
      return !is_floating(dtype);
    case Operands::Booleans:
      break;
  }
  return dtype == DType::Bool;
}

static_assert(opcode<Leaf> == ir::TapeState::leaf_opcode);
static_assert(opcode<Constant> == ir::TapeState::constant_opcode);

/// Printed name of a primitive.
inline std::string_view name_of(ir::Opcode op) noexcept { return traits[op].name; }

}  // namespace xgrad::primitives
