// The sweeps over a tape: derivatives in both directions, and batches.
#pragma once

#include <span>
#include <vector>

#include "node_context.hpp"
#include "var/access.hpp"

namespace xgrad::derivatives {

/// Reverse: walks the nodes between inputs and outputs backwards, once, and appends cotangents. All Vars are recorded
/// on the tape, cotangents have the shapes and element types of their outputs. Inputs that no output depends on get an
/// empty Var.
std::vector<Sensitivity> reverse_sweep(TapeState& tape, std::span<const Var> outputs,
                                       std::span<const Sensitivity> cotangents, std::span<const Var> inputs);
std::vector<Var> reverse_sweep(TapeState& tape, std::span<const Var> outputs, std::span<const Var> cotangents,
                               std::span<const Var> inputs);

/// Forward: the same walk the other way. Outputs that depend on no input get an empty Var.
std::vector<Sensitivity> forward_sweep(TapeState& tape, std::span<const Var> inputs,
                                       std::span<const Sensitivity> tangents, std::span<const Var> outputs);
std::vector<Var> forward_sweep(TapeState& tape, std::span<const Var> inputs, std::span<const Var> tangents,
                               std::span<const Var> outputs);

/// Outputs of a recorded function for many inputs at once, along a new first axis. Outputs that depend on no input are
/// repeated.
/// \param examples  nodes that stand for one of the inputs each.
/// \param batches   all of them, along the first axis, of the extent.
std::vector<Var> batch_sweep(TapeState& tape, std::span<const Var> examples, std::span<const Var> batches,
                             std::size_t extent, std::span<const Var> outputs);

}  // namespace xgrad::derivatives
