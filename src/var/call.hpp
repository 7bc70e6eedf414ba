// Functions cut out of a tape, and their calls.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <xgrad/var.hpp>

#include "ir/function.hpp"

namespace xgrad::detail {

using namespace ir;

/// Part of a tape: nodes that outputs need, in the order of the tape, and what these use of others.
struct Cut {
  std::vector<NodeId> body;
  std::vector<NodeId> captured;
};

/// \param first   the body begins here at the earliest; it ends at the inputs.
/// \param inside  which of the nodes from there on belong to it.
Cut cut(const TapeState& tape, NodeId first, std::span<const NodeId> inputs, std::span<const NodeId> outputs,
        const std::function<bool(NodeId)>& inside = {});

/// The body as a function.
/// \param parameters  inputs and captured nodes in any order, each once.
std::shared_ptr<const Function> make_function(const TapeState& tape, std::span<const NodeId> parameters,
                                              std::span<const NodeId> body, std::span<const NodeId> outputs);

/// Part of a tape as a function.
struct Extracted {
  std::shared_ptr<const Function> function;
  /// The inputs that it has behind those that it was given: what it uses of the tape from before it began.
  std::vector<NodeId> captured;
};

/// Copies what outputs need of what was recorded from `first` on; it ends at the inputs.
Extracted extract(const TapeState& tape, NodeId first, std::span<const NodeId> inputs, std::span<const NodeId> outputs);

/// A node of one program appended to another, with the inputs that it has there.
NodeId copy_node(TapeState& to, const TapeState& from, NodeId id, std::span<const NodeId> inputs);

/// Functions of what they capture, which are to have the same parameters: `first`, and what any of them captures.
struct Together {
  std::vector<std::shared_ptr<const Function>> functions;
  std::vector<NodeId> captured;
};

struct Recorded {
  NodeId begin;  ///< where its recording began
  std::vector<NodeId> outputs;
};
Together make_together(const TapeState& tape, std::span<const Recorded> functions, std::span<const NodeId> first,
                       const std::function<bool(NodeId)>& inside = {});

/// Records a call.
/// \return the outputs, each a node.
std::vector<Var> record_call(TapeState& tape, std::shared_ptr<const Payload> payload, std::span<const NodeId> inputs);

/// An output of a node that has several.
Var record_projection(TapeState& tape, NodeId node, std::size_t which, const ArrayType& type);

/// More nodes for the outputs of a call.
std::vector<Var> record_projections(TapeState& tape, NodeId call);

/// Appends all of a function.
/// \return  for each of its nodes where it is now; inputs are where they were.
std::vector<NodeId> append_body(TapeState& tape, const Function& function, std::span<const Var> inputs);

/// Records the body of a function in place of a call of it.
std::vector<Var> record_body(TapeState& tape, const Function& function, std::span<const Var> inputs);

}  // namespace xgrad::detail
