// From recorded nodes to values.
#pragma once

#include <span>
#include <vector>

#include "tape/state.hpp"

namespace xgrad::detail {

/// Computes nodes together. The tape keeps the values, so that asking again costs nothing.
std::vector<BufferPtr> evaluate(TapeState& tape, std::span<const NodeId> outputs);

/// The value of one node; it lives as long as the tape.
Buffer* evaluated(TapeState& tape, NodeId output);

}  // namespace xgrad::detail
