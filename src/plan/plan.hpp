// What to run, in which order, and when each value is last needed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tape/state.hpp"

namespace xgrad::detail {

/// Place of a value among all values of a plan.
using ValueId = std::uint32_t;

/// The executable form of a part of a tape. Steps are in the order of the tape, which is topological.
struct Plan {
  std::vector<NodeId> nodes;        ///< value i is that of nodes[i]
  std::vector<ValueId> inputs;      ///< of all steps, one after another
  std::vector<std::uint32_t> uses;  ///< of each value: by steps, and once more if it is an output
  std::vector<ValueId> outputs;
};

/// The nodes that the outputs need, without those whose values are known already beyond themselves.
Plan make_plan(const TapeState& tape, std::span<const NodeId> outputs);

}  // namespace xgrad::detail
