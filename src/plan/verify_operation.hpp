// What an operation asks of its inputs.
#pragma once

#include "graph.hpp"
#include "verified.hpp"

namespace xgrad::plan {

/// Shapes, element types and attributes, for all but where a view lies in memory. What a value points to exists.
void verify_operation(const Verified& value, const Graph& graph, ValueId id);

}  // namespace xgrad::plan
