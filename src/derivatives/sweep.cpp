#include "sweep.hpp"

#include <algorithm>
#include <unordered_map>

#include <xgrad/ops/elementwise.hpp>

#include "pieces.hpp"
#include "rules.hpp"

namespace xgrad::detail {
namespace {

/// The nodes from the first input to the last output, and which of them depend on an input.
struct Range {
  NodeId first = 0;
  NodeId last = 0;
  std::vector<char> active;

  [[nodiscard]] bool contains(NodeId id) const { return id >= first && id <= last; }
  [[nodiscard]] bool is_active(NodeId id) const { return contains(id) && active[id - first] != 0; }
};

NodeId node_of(const Var& x) { return VarAccess::node(x); }

Range active_range(const TapeState& tape, std::span<const Var> inputs, std::span<const Var> outputs) {
  Range range{.first = no_node, .last = 0, .active = {}};
  for (const Var& input : inputs) range.first = std::min(range.first, node_of(input));
  for (const Var& output : outputs) range.last = std::max(range.last, node_of(output));
  if (range.first > range.last) return range;
  range.active.resize(std::size_t{range.last - range.first} + 1, 0);
  for (const Var& input : inputs) {
    if (range.contains(node_of(input))) range.active[node_of(input) - range.first] = 1;
  }
  for (NodeId id = range.first; id <= range.last; ++id) {
    if (range.active[id - range.first] != 0 || !is_floating(tape.node(id).dtype)) continue;
    const std::span<const NodeId> used = tape.inputs(id);
    const bool depends = std::any_of(used.begin(), used.end(), [&](NodeId input) { return range.is_active(input); });
    if (depends && rules_of(tape.node(id).op).vjp != nullptr) range.active[id - range.first] = 1;
  }
  return range;
}

/// Cotangents of the nodes of a range, added up as they come in.
class Cotangents {
 public:
  Cotangents(TapeState& tape, const Range& range) : tape_(tape), first_(range.first), sums_(range.active.size()) {}

  void add(NodeId id, const Var& term, bool masked) {
    sums_[id - first_].masked = sums_[id - first_].masked || masked;
    if (const auto piece = piece_of(tape_, node_of(term))) {
      pieces_[id].push_back({*piece, node_of(term)});
    } else {
      add_whole(id, node_of(term));
    }
  }
  /// The sum so far; from then on nothing may be added.
  [[nodiscard]] Var operator[](NodeId id) {
    if (const auto found = pieces_.find(id); found != pieces_.end()) {
      add_pieces(id, found->second);
      pieces_.erase(found);
    }
    const NodeId sum = sums_[id - first_].node;
    return sum == no_node ? Var() : VarAccess::recorded(tape_, sum);
  }
  [[nodiscard]] bool masked(NodeId id) const { return sums_[id - first_].masked; }

 private:
  struct Sum {
    NodeId node = no_node;
    bool masked = false;
  };
  struct Placed {
    Piece piece;
    NodeId whole;  ///< the piece in an array of the whole size
  };

  void add_whole(NodeId id, NodeId term) {
    NodeId& sum = sums_[id - first_].node;
    sum = sum == no_node ? term : node_of(VarAccess::recorded(tape_, sum) + VarAccess::recorded(tape_, term));
  }
  void add_pieces(NodeId id, const std::vector<Placed>& placed) {
    for (std::size_t axis = 0; axis < max_dimension; ++axis) {
      std::vector<Piece> pieces;
      for (const Placed& each : placed) {
        if (each.piece.axis == axis) pieces.push_back(each.piece);
      }
      if (pieces.empty()) continue;
      if (const Var all = joined(tape_, std::move(pieces), tape_.shape(id)); all.defined()) {
        add_whole(id, node_of(all));
        continue;
      }
      for (const Placed& each : placed) {
        if (each.piece.axis == axis) add_whole(id, each.whole);
      }
    }
  }

  TapeState& tape_;
  NodeId first_;
  std::vector<Sum> sums_;
  std::unordered_map<NodeId, std::vector<Placed>> pieces_;
};

}  // namespace

std::vector<Var> reverse_sweep(TapeState& tape, std::span<const Var> outputs, std::span<const Var> cotangents,
                               std::span<const Var> inputs) {
  const Range range = active_range(tape, inputs, outputs);
  Cotangents sums(tape, range);
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    if (range.is_active(node_of(outputs[k]))) sums.add(node_of(outputs[k]), cotangents[k], false);
  }
  for (std::size_t i = range.active.size(); i-- > 0;) {
    const NodeId id = range.first + static_cast<NodeId>(i);
    const Var cotangent = sums[id];
    if (!cotangent.defined()) continue;
    const Rules& rules = rules_of(tape.node(id).op);
    if (rules.vjp == nullptr) continue;
    const Site site{tape, id, sums.masked(id)};
    for (std::size_t k = 0; k < site.input_count(); ++k) {
      const NodeId input = tape.inputs(id)[k];
      if (!range.is_active(input)) continue;
      const Var term = rules.vjp(site, k, cotangent);
      if (term.defined()) sums.add(input, term, site.masked || rules.masks);
    }
  }
  std::vector<Var> result;
  for (const Var& input : inputs) {
    result.push_back(range.contains(node_of(input)) ? sums[node_of(input)] : Var());
  }
  return result;
}

std::vector<Var> forward_sweep(TapeState& tape, std::span<const Var> inputs, std::span<const Var> tangents,
                               std::span<const Var> outputs) {
  const Range range = active_range(tape, inputs, outputs);
  std::vector<Var> of_node(range.active.size());
  std::vector<bool> masked(range.active.size(), false);
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (range.contains(node_of(inputs[k]))) of_node[node_of(inputs[k]) - range.first] = tangents[k];
  }
  std::vector<Var> arguments;
  for (std::size_t i = 0; i < of_node.size(); ++i) {
    const NodeId id = range.first + static_cast<NodeId>(i);
    if (range.active[i] == 0 || of_node[i].defined()) continue;
    const Rules& rules = rules_of(tape.node(id).op);
    Site site{tape, id, false};
    arguments.clear();
    bool any = false;
    for (const NodeId input : tape.inputs(id)) {
      const bool active = range.is_active(input);
      arguments.push_back(active ? of_node[input - range.first] : Var());
      any = any || arguments.back().defined();
      site.masked = site.masked || (active && masked[input - range.first]);
    }
    if (any) of_node[i] = rules.jvp(site, arguments);
    masked[i] = site.masked || rules.masks;
  }
  std::vector<Var> result;
  for (const Var& output : outputs) {
    result.push_back(range.contains(node_of(output)) ? of_node[node_of(output) - range.first] : Var());
  }
  return result;
}

}  // namespace xgrad::detail
