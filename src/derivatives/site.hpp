// A recorded node as its derivative rules see it.
#pragma once

#include <span>

#include "var/access.hpp"

namespace xgrad::detail {

struct Site {
  TapeState& tape;
  NodeId node;
  /// Whether a `where` may have set elements of the cotangent (or tangents) to 0, so that products must absorb.
  bool masked = false;

  [[nodiscard]] Var input(std::size_t i) const { return VarAccess::recorded(tape, tape.inputs(node)[i]); }
  [[nodiscard]] std::size_t input_count() const { return tape.inputs(node).size(); }
  [[nodiscard]] Var output() const { return VarAccess::recorded(tape, node); }
  [[nodiscard]] std::span<const std::int64_t> attributes() const { return tape.attributes(node); }
};

}  // namespace xgrad::detail
