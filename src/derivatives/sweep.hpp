// The two derivative sweeps over a tape.
#pragma once

#include <span>
#include <vector>

#include "var/access.hpp"

namespace xgrad::detail {

/// Reverse: walks the nodes between inputs and outputs backwards, once, and appends cotangents. All Vars are recorded
/// on the tape, cotangents have the shapes and element types of their outputs. Inputs that no output depends on get an
/// empty Var.
std::vector<Var> reverse_sweep(TapeState& tape, std::span<const Var> outputs, std::span<const Var> cotangents,
                               std::span<const Var> inputs);

/// Forward: the same walk the other way. Outputs that depend on no input get an empty Var.
std::vector<Var> forward_sweep(TapeState& tape, std::span<const Var> inputs, std::span<const Var> tangents,
                               std::span<const Var> outputs);

}  // namespace xgrad::detail
