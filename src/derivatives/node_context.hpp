// A recorded node as its derivative rules see it.
#pragma once

#include <span>
#include <vector>

#include "primitives/traits.hpp"
#include "var/access.hpp"

namespace xgrad::derivatives {

using namespace detail;
using primitives::name_of;
using primitives::opcode;
using primitives::table_of_primitives;

/// A cotangent or a tangent; an empty Var stands for zero.
struct Sensitivity {
  Var x;
  /// Whether a `where` may have set elements of it to 0, so that products must absorb.
  bool masked = false;

  [[nodiscard]] bool defined() const noexcept { return x.defined(); }
};

std::vector<Var> values_of(std::span<const Sensitivity> all);

/// The derivatives of a node along a curve through its inputs, d/dt, d^2/dt^2 ... at t = 0: a Taylor series whose
/// coefficients are not divided by factorials. Empty Vars stand for zero; if the first is empty, all are.
struct Series {
  std::vector<Var> derivatives;
  bool masked = false;  ///< see Sensitivity

  [[nodiscard]] bool defined() const noexcept { return !derivatives.empty() && derivatives[0].defined(); }
};

/// A node, and what a rule needs to know of how it is differentiated.
struct NodeContext {
  TapeState& tape;
  NodeId node;
  /// Whether a `where` may have set elements of the cotangent (or tangents) to 0, so that products must absorb.
  bool masked = false;

  [[nodiscard]] Var input(std::size_t i) const { return VarAccess::recorded(tape, tape.inputs(node)[i]); }
  [[nodiscard]] std::size_t input_count() const { return tape.inputs(node).size(); }
  [[nodiscard]] Var output() const { return VarAccess::recorded(tape, node); }
  [[nodiscard]] std::span<const std::int64_t> attributes() const { return tape.attributes(node); }
};

}  // namespace xgrad::derivatives
