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
