// Numbers of calls that several programs make in the same order.
#pragma once

#include "ir/linear_host.hpp"
#include "record.hpp"

namespace xgrad::detail {

/// The order that the next call of a sequence has on a tape (see ir::LinearRules::sequence).
[[nodiscard]] inline std::size_t next_order(const TapeState& tape, const void* sequence) {
  for (auto id = static_cast<NodeId>(tape.size()); sequence != nullptr && id-- > 0;) {
    if (tape.node(id).op != opcode<primitives::HostCall>) continue;
    const LinearRules* rules = linear_rules(*tape.payload(id)->host);
    if (rules != nullptr && rules->sequence == sequence) return rules->order + 1;
  }
  return 0;
}

}  // namespace xgrad::detail
