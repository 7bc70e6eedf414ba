// What is to be computed, and what of it together: what a back end makes an executable of.
//
// plan: from recorded nodes to groups of operations. Request, graph, rewrites, groups, what is computed again. It
// includes primitives and what is below: no kernel, no memory, no processor. It knows primitives by their traits; a
// pass that names one says why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "graph.hpp"
#include "group.hpp"
#include "request.hpp"

namespace xgrad::plan {

/// What a caller gets for an output.
struct PlanOutput {
  enum class Kind : std::uint8_t { Own, Leaf, Same };
  Kind kind;                ///< an array of its own: that of the graph's output; a leaf's; the one of another output
  std::uint32_t index;      ///< of a leaf, or of the output that is the same
  std::int32_t donor = -1;  ///< leaf whose array this may be, if nobody else has it: the back end says which
  DType dtype;
  Shape shape;
};

/// Of a compiled function, which runs its plan again and again; of what is recorded each time, perhaps never again.
enum class Origin : std::uint8_t { Recorded, Compiled };

struct Plan {
  Graph graph;  ///< its outputs are the caller's; those of kind Own have values that are not views
  Groups groups;
  std::vector<PlanOutput> outputs;
  std::vector<bool> donated;  ///< for each leaf whether its array may be overwritten; empty: none
  std::size_t leaves = 0;
  std::size_t nodes = 0;     ///< recorded nodes that it stands for
  std::vector<Plan> bodies;  ///< of the graph's bodies; they have the graphs of these
  Origin origin = Origin::Recorded;
};

/// \param donated  for each leaf whether its array may be overwritten; empty: none.
Plan make_plan(const Request& request, const TapeState& tape, std::span<const NodeId> outputs,
               std::vector<bool> donated = {}, Origin origin = Origin::Recorded);

}  // namespace xgrad::plan
