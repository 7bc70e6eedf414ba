// The derivative and batching rules of all primitives, by opcode.
//
// derivatives: how primitives are differentiated and batched, and the sweeps that apply these rules. Rules are written
// with ops on Vars, so that they are differentiated in their turn. It includes ops, var, primitives and what is below;
// never plan: when anything is computed is no concern of a rule.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "batching.hpp"
#include "node_context.hpp"
#include "primitives/list.hpp"

namespace xgrad::derivatives {

struct RulesOfSeveral {
  /// Cotangents of the inputs that are wanted from those of the outputs; there may be fewer than outputs.
  std::vector<Sensitivity> (*vjp)(const NodeContext& context, std::span<const Sensitivity> cotangents,
                                  std::span<const char> wanted);
  std::vector<Sensitivity> (*jvp)(const NodeContext& context, std::span<const Sensitivity> tangents);
  std::vector<Var> (*batch)(const BatchContext& context);
  /// Series of the outputs; null, or nothing: by the derivatives of `jvp`.
  std::optional<std::vector<Series>> (*jet)(const NodeContext& context, std::span<const Series> inputs,
                                            std::size_t order);
};

/// How the k-th derivative along a curve comes of those of the inputs.
enum class TaylorRule : std::uint8_t {
  Differential,  ///< y' = jvp(x, x') is differentiated k - 1 times more: a differential equation for y
  Linear,        ///< as the first one: jvp of the k-th derivatives of the inputs
  Bilinear,      ///< the same, and by Leibniz the primitive itself of the lower derivatives of both
  Quotient,      ///< the same, from Leibniz's rule of y b = a
};

struct Rules {
  /// Cotangent of one input, recorded; an empty Var stands for zero.
  Var (*vjp)(const NodeContext& context, std::size_t input, const Var& cotangent) = nullptr;
  /// Tangent of the output from the tangents of the inputs (empty: zero), recorded; an empty Var stands for zero.
  Var (*jvp)(const NodeContext& context, std::span<const Var> tangents) = nullptr;
  /// Whether the primitive sets parts of a cotangent or tangent to 0 (see NodeContext::masked).
  bool masks = false;
  /// The batch of outputs, recorded, from inputs of which at least one is a batch; null for sources, which have none.
  Var (*batch)(const BatchContext& context) = nullptr;
  /// The same of a primitive of several outputs.
  const RulesOfSeveral* several = nullptr;
  TaylorRule taylor = TaylorRule::Differential;
  /// Linear in all its floating-point inputs together, so that one that does not move is added.
  bool is_additive = false;
  /// Linear in each of its inputs from this one on.
  std::size_t linear_from = ~std::size_t{0};
  /// Its derivative is 0 everywhere.
  bool is_flat = false;
};

/// Null entries of vjp and jvp: no derivative.
const Rules& rules_of(Opcode op) noexcept;

}  // namespace xgrad::derivatives
