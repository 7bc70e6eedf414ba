// The nodes that a sweep goes over, and what it knows of those with several outputs.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "var/access.hpp"

namespace xgrad::derivatives {

using namespace detail;

/// The nodes from the first input to the last output, and which of them depend on an input.
struct Range {
  NodeId first = 0;
  NodeId last = 0;
  std::vector<char> active;

  [[nodiscard]] bool contains(NodeId id) const { return id >= first && id <= last; }
  [[nodiscard]] bool is_active(NodeId id) const { return contains(id) && active[id - first] != 0; }
};

inline NodeId node_of(const Var& x) { return VarAccess::node(x); }

bool is_projection_node(Opcode op);

/// Whether a sensitivity goes through the primitive.
bool has_derivative(Opcode op);

/// From the first input to the last output; nothing is active.
Range range_of(std::span<const Var> inputs, std::span<const Var> outputs);

/// Which nodes carry derivatives with respect to the inputs.
Range active_range(const TapeState& tape, std::span<const Var> inputs, std::span<const Var> outputs);

/// Those that no output needs are not active.
void drop_unneeded(const TapeState& tape, Range& range, std::span<const Var> outputs);

/// What belongs to the outputs of nodes that have several: sensitivities or batches; empty where there are none.
template <class T>
class OfOutputs {
 public:
  T& at(const TapeState& tape, NodeId projection) {
    std::vector<T>& all = known_[tape.inputs(projection)[0]];
    const auto which = static_cast<std::size_t>(tape.attributes(projection)[0]);
    if (all.size() <= which) all.resize(which + 1);
    return all[which];
  }
  void put(NodeId node, std::vector<T> all) { known_[node] = std::move(all); }
  [[nodiscard]] std::span<const T> all(NodeId node) const {
    const auto found = known_.find(node);
    return found == known_.end() ? std::span<const T>() : found->second;
  }

 private:
  std::unordered_map<NodeId, std::vector<T>> known_;
};

}  // namespace xgrad::derivatives
