// A recorded node as its batching rule sees it.
#pragma once

#include <initializer_list>
#include <span>

#include "node_context.hpp"

namespace xgrad::derivatives {

/// A node of which inputs come in batches: many of them, along a new first axis. A rule records the batch of results.
struct BatchContext {
  TapeState& tape;
  NodeId node;
  std::size_t extent;
  /// The batches; empty Vars where an input is the same for all.
  std::span<const Var> batches;

  [[nodiscard]] Var input(std::size_t i) const { return VarAccess::recorded(tape, tape.inputs(node)[i]); }
  [[nodiscard]] bool batched(std::size_t i) const { return batches[i].defined(); }
  /// An input as a batch, repeated if it is the same for all.
  [[nodiscard]] Var batch(std::size_t i) const;
  [[nodiscard]] std::span<const std::int64_t> attributes() const { return tape.attributes(node); }
  /// The shape of the batch of results.
  /// \throws ShapeError  if that is one axis too many.
  [[nodiscard]] Shape shape() const;
  /// The primitive of the node for batches of all inputs.
  [[nodiscard]] Var again(std::span<const std::int64_t> attributes) const;
};

/// A Var that is the same for all, along a new first axis.
Var repeated(TapeState& tape, NodeId node, std::size_t extent);

}  // namespace xgrad::derivatives
