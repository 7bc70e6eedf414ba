// The cotangents of all nodes of a program, with their values.
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "derivatives/node_context.hpp"

namespace xgrad::detail {

using namespace ir;
using namespace memory;

/// What goes back from a loss to some of the nodes that it is computed of.
class Flow {
 public:
  /// \param leaves  where it ends; the loss is not one of them.
  Flow(TapeState& tape, NodeId loss, std::span<const NodeId> leaves);

  /// The nodes between, in order, without the leaves.
  [[nodiscard]] std::span<const NodeId> between() const noexcept { return between_; }
  /// Whether derivatives with respect to a leaf go through a node.
  [[nodiscard]] bool is_active(NodeId id) const { return active_.contains(id); }

  /// The values of a node's cotangent; null if it has none, which stands for zeros.
  [[nodiscard]] const Buffer* cotangent(NodeId id) const;
  /// Whether it has an element that is not 0.
  [[nodiscard]] bool arrives(NodeId id) const;

  /// What a node hands on to one of its inputs; null: nothing, by its rule. Of a projection ask what it is of.
  [[nodiscard]] const Buffer* handed_on(NodeId id, std::size_t input);
  /// The same of a node with one output for a cotangent of ones: its slopes, if it is computed element by element.
  [[nodiscard]] const Buffer* slopes(NodeId id, std::size_t input);

 private:
  [[nodiscard]] derivatives::Sensitivity sensitivity(NodeId id) const;
  [[nodiscard]] Var term(NodeId id, std::size_t input);

  TapeState& tape_;
  std::vector<NodeId> between_;
  std::unordered_map<NodeId, derivatives::Sensitivity> active_;
  std::unordered_map<NodeId, std::vector<Var>> of_several_;
};

/// How many elements of an array are 0, and how many are not finite.
struct ElementCounts {
  std::size_t zeros = 0;
  std::size_t not_finite = 0;
};
ElementCounts count_elements(const Buffer& array);

}  // namespace xgrad::detail
