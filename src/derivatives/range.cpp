#include "range.hpp"

#include <algorithm>

#include "primitives/traits.hpp"
#include "rules.hpp"

namespace xgrad::derivatives {

bool is_projection_node(Opcode op) { return primitives::traits[op].computation == primitives::Computation::Projection; }

bool has_derivative(Opcode op) {
  const Rules& rules = rules_of(op);
  return rules.vjp != nullptr || rules.several != nullptr || is_projection_node(op);
}

Range range_of(std::span<const Var> inputs, std::span<const Var> outputs) {
  Range range{.first = no_node, .last = 0, .active = {}};
  for (const Var& input : inputs) range.first = std::min(range.first, node_of(input));
  for (const Var& output : outputs) range.last = std::max(range.last, node_of(output));
  if (range.first <= range.last) range.active.resize(std::size_t{range.last - range.first} + 1, 0);
  return range;
}

Range active_range(const TapeState& tape, std::span<const Var> inputs, std::span<const Var> outputs) {
  Range range = range_of(inputs, outputs);
  for (const Var& input : inputs) {
    if (range.contains(node_of(input))) range.active[node_of(input) - range.first] = 1;
  }
  for (std::size_t i = 0; i < range.active.size(); ++i) {
    const NodeId id = range.first + static_cast<NodeId>(i);
    if (range.active[i] != 0 || !is_floating(tape.node(id).dtype)) continue;
    const std::span<const NodeId> used = tape.inputs(id);
    const bool depends = std::any_of(used.begin(), used.end(), [&](NodeId input) { return range.is_active(input); });
    if (depends && has_derivative(tape.node(id).op)) range.active[i] = 1;
  }
  return range;
}

void drop_unneeded(const TapeState& tape, Range& range, std::span<const Var> outputs) {
  std::vector<char> needed(range.active.size(), 0);
  for (const Var& output : outputs) {
    if (range.contains(node_of(output))) needed[node_of(output) - range.first] = 1;
  }
  for (std::size_t i = needed.size(); i-- > 0;) {
    if (needed[i] == 0) {
      range.active[i] = 0;
      continue;
    }
    for (const NodeId input : tape.inputs(range.first + static_cast<NodeId>(i))) {
      if (range.contains(input)) needed[input - range.first] = 1;
    }
  }
}

}  // namespace xgrad::derivatives
