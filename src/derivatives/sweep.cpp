#include "sweep.hpp"

#include <unordered_map>

#include <xgrad/ops/elementwise.hpp>

#include "range.hpp"
#include "rules.hpp"
#include "slice_cotangents.hpp"

namespace xgrad::derivatives {
namespace {

/// Cotangents of the nodes of a range, added up as they come in.
class Cotangents {
 public:
  Cotangents(TapeState& tape, const Range& range) : tape_(tape), first_(range.first), sums_(range.active.size()) {}

  void add(NodeId id, const Var& term, bool masked) {
    sums_[id - first_].masked = sums_[id - first_].masked || masked;
    if (const auto slice = slice_cotangent_of(tape_, node_of(term))) {
      slices_[id].push_back({*slice, node_of(term)});
    } else {
      add_whole(id, node_of(term));
    }
  }
  /// The sum so far; from then on nothing may be added.
  [[nodiscard]] Var operator[](NodeId id) {
    if (const auto found = slices_.find(id); found != slices_.end()) {
      add_slices(id, found->second);
      slices_.erase(found);
    }
    const NodeId sum = sums_[id - first_].node;
    return sum == no_node ? Var() : VarAccess::recorded(tape_, sum);
  }
  [[nodiscard]] bool masked(NodeId id) const { return sums_[id - first_].masked; }

 private:
  struct Total {
    NodeId node = no_node;
    bool masked = false;
  };
  struct Embedded {
    SliceCotangent slice;
    NodeId whole;  ///< the same in an array of the whole size
  };

  void add_whole(NodeId id, NodeId term) {
    NodeId& sum = sums_[id - first_].node;
    sum = sum == no_node ? term : node_of(VarAccess::recorded(tape_, sum) + VarAccess::recorded(tape_, term));
  }
  void add_slices(NodeId id, const std::vector<Embedded>& embedded) {
    for (std::size_t axis = 0; axis < max_dimension; ++axis) {
      std::vector<SliceCotangent> slices;
      for (const Embedded& each : embedded) {
        if (each.slice.axis == axis) slices.push_back(each.slice);
      }
      if (slices.empty()) continue;
      if (const Var all = joined(tape_, std::move(slices), tape_.shape(id)); all.defined()) {
        add_whole(id, node_of(all));
        continue;
      }
      for (const Embedded& each : embedded) {
        if (each.slice.axis == axis) add_whole(id, each.whole);
      }
    }
  }

  TapeState& tape_;
  NodeId first_;
  std::vector<Total> sums_;
  std::unordered_map<NodeId, std::vector<Embedded>> slices_;
};

/// Several projections may be of one output.
void add_to(Sensitivity& sum, const Sensitivity& term) {
  sum.x = sum.defined() ? sum.x + term.x : term.x;
  sum.masked = sum.masked || term.masked;
}

/// Hands the cotangents of the outputs of a node on to its inputs.
void reverse_several(TapeState& tape, const Range& range, NodeId id, std::span<const Sensitivity> of_outputs,
                     Cotangents& sums) {
  std::vector<char> wanted;
  for (const NodeId input : tape.inputs(id)) wanted.push_back(range.is_active(input) ? 1 : 0);
  const std::vector<Sensitivity> terms = rules_of(tape.node(id).op).several->vjp({tape, id}, of_outputs, wanted);
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    if (wanted[k] != 0 && terms[k].defined()) sums.add(tape.inputs(id)[k], terms[k].x, terms[k].masked);
  }
}

std::vector<Sensitivity> unmasked(std::span<const Var> all) {
  std::vector<Sensitivity> result;
  for (const Var& x : all) result.push_back({x});
  return result;
}

}  // namespace

std::vector<Var> values_of(std::span<const Sensitivity> all) {
  std::vector<Var> result;
  for (const Sensitivity& each : all) result.push_back(each.x);
  return result;
}

std::vector<Sensitivity> reverse_sweep(TapeState& tape, std::span<const Var> outputs,
                                       std::span<const Sensitivity> cotangents, std::span<const Var> inputs) {
  const Range range = active_range(tape, inputs, outputs);
  Cotangents sums(tape, range);
  OfOutputs<Sensitivity> of_outputs;
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    if (range.is_active(node_of(outputs[k]))) sums.add(node_of(outputs[k]), cotangents[k].x, cotangents[k].masked);
  }
  for (std::size_t i = range.active.size(); i-- > 0;) {
    const NodeId id = range.first + static_cast<NodeId>(i);
    const Rules& rules = rules_of(tape.node(id).op);
    if (rules.several != nullptr) {
      const std::span<const Sensitivity> all = of_outputs.all(id);
      if (range.active[i] != 0 && !all.empty()) reverse_several(tape, range, id, all, sums);
      continue;
    }
    const Var cotangent = sums[id];
    if (!cotangent.defined()) continue;
    if (is_projection_node(tape.node(id).op)) add_to(of_outputs.at(tape, id), {cotangent, sums.masked(id)});
    if (rules.vjp == nullptr) continue;
    const NodeContext context{tape, id, sums.masked(id)};
    for (std::size_t k = 0; k < context.input_count(); ++k) {
      const NodeId input = tape.inputs(id)[k];
      if (!range.is_active(input)) continue;
      const Var term = rules.vjp(context, k, cotangent);
      if (term.defined()) sums.add(input, term, context.masked || rules.masks);
    }
  }
  std::vector<Sensitivity> result;
  for (const Var& input : inputs) {
    const NodeId id = node_of(input);
    result.push_back(range.contains(id) ? Sensitivity{sums[id], sums.masked(id)} : Sensitivity());
  }
  return result;
}

std::vector<Var> reverse_sweep(TapeState& tape, std::span<const Var> outputs, std::span<const Var> cotangents,
                               std::span<const Var> inputs) {
  return values_of(reverse_sweep(tape, outputs, unmasked(cotangents), inputs));
}

std::vector<Sensitivity> forward_sweep(TapeState& tape, std::span<const Var> inputs,
                                       std::span<const Sensitivity> tangents, std::span<const Var> outputs) {
  Range range = active_range(tape, inputs, outputs);
  drop_unneeded(tape, range, outputs);
  std::vector<Sensitivity> of_node(range.active.size());
  OfOutputs<Sensitivity> of_outputs;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (range.contains(node_of(inputs[k]))) of_node[node_of(inputs[k]) - range.first] = tangents[k];
  }
  std::vector<Sensitivity> all;
  std::vector<Var> arguments;
  for (std::size_t i = 0; i < of_node.size(); ++i) {
    const NodeId id = range.first + static_cast<NodeId>(i);
    if (range.active[i] == 0 || of_node[i].defined()) continue;
    const Rules& rules = rules_of(tape.node(id).op);
    if (is_projection_node(tape.node(id).op)) {
      of_node[i] = of_outputs.at(tape, id);
      continue;
    }
    NodeContext context{tape, id, false};
    all.clear();
    arguments.clear();
    bool any = false;
    for (const NodeId input : tape.inputs(id)) {
      all.push_back(range.is_active(input) ? of_node[input - range.first] : Sensitivity());
      arguments.push_back(all.back().x);
      any = any || all.back().defined();
      context.masked = context.masked || all.back().masked;
    }
    if (rules.several != nullptr) {
      if (any) of_outputs.put(id, rules.several->jvp(context, all));
      continue;
    }
    of_node[i] = {any ? rules.jvp(context, arguments) : Var(), context.masked || rules.masks};
  }
  std::vector<Sensitivity> result;
  for (const Var& output : outputs) {
    result.push_back(range.contains(node_of(output)) ? of_node[node_of(output) - range.first] : Sensitivity());
  }
  return result;
}

std::vector<Var> forward_sweep(TapeState& tape, std::span<const Var> inputs, std::span<const Var> tangents,
                               std::span<const Var> outputs) {
  return values_of(forward_sweep(tape, inputs, unmasked(tangents), outputs));
}

namespace {

/// Which nodes depend on an example, and are needed for an output.
Range batched_range(const TapeState& tape, std::span<const Var> examples, std::span<const Var> outputs) {
  Range range = range_of(examples, outputs);
  std::vector<char> depends(range.active.size(), 0);
  for (const Var& example : examples) {
    if (range.contains(node_of(example))) depends[node_of(example) - range.first] = 1;
  }
  for (std::size_t i = 0; i < depends.size(); ++i) {
    for (const NodeId input : tape.inputs(range.first + static_cast<NodeId>(i))) {
      if (input >= range.first && depends[input - range.first] != 0) depends[i] = 1;
    }
  }
  range.active = std::move(depends);
  drop_unneeded(tape, range, outputs);
  return range;
}

}  // namespace

std::vector<Var> batch_sweep(TapeState& tape, std::span<const Var> examples, std::span<const Var> batches,
                             std::size_t extent, std::span<const Var> outputs) {
  const Range range = batched_range(tape, examples, outputs);
  std::vector<Var> of_node(range.active.size());
  for (std::size_t k = 0; k < examples.size(); ++k) {
    if (range.contains(node_of(examples[k]))) of_node[node_of(examples[k]) - range.first] = batches[k];
  }
  OfOutputs<Var> of_outputs;
  std::vector<Var> arguments;
  for (std::size_t i = 0; i < of_node.size(); ++i) {
    if (range.active[i] == 0 || of_node[i].defined()) continue;
    const NodeId id = range.first + static_cast<NodeId>(i);
    if (is_projection_node(tape.node(id).op)) {
      of_node[i] = of_outputs.at(tape, id);
      continue;
    }
    arguments.clear();
    for (const NodeId input : tape.inputs(id)) {
      arguments.push_back(range.is_active(input) ? of_node[input - range.first] : Var());
    }
    const Rules& rules = rules_of(tape.node(id).op);
    if (rules.several != nullptr) of_outputs.put(id, rules.several->batch({tape, id, extent, arguments}));
    else of_node[i] = rules.batch({tape, id, extent, arguments});
  }
  std::vector<Var> result;
  for (const Var& output : outputs) {
    const NodeId id = node_of(output);
    result.push_back(range.is_active(id) ? of_node[id - range.first] : repeated(tape, id, extent));
  }
  return result;
}

}  // namespace xgrad::derivatives
