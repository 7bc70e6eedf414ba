// A pass over the nodes of a program, from inputs to outputs, that carries something with each.
#pragma once

#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "derivatives/range.hpp"
#include "derivatives/rules.hpp"

namespace xgrad::derivatives {

/// What is carried with the nodes that depend on some inputs; each node is passed once.
/// \tparam Carried  an empty one stands for zero.
template <class Carried>
class ForwardPass {
 public:
  /// What the outputs of a node get.
  using Rule = std::function<std::vector<Carried>(ForwardPass& pass, NodeId id)>;

  /// \param given  for each input.
  ForwardPass(TapeState& tape, std::span<const Var> inputs, std::span<const Carried> given,
              std::span<const Var> outputs, Rule rule)
      : tape_(tape),
        range_(active_range(tape, inputs, outputs)),
        rule_(std::move(rule)),
        of_node_(range_.active.size()),
        done_(range_.active.size(), 0) {
    for (std::size_t k = 0; k < inputs.size(); ++k) give(node_of(inputs[k]), given[k]);
  }

  std::vector<Carried> run(std::span<const Var> outputs) {
    // What no output needs is passed if a rule of the user's asks for it, because it captured it.
    Range needed = range_;
    drop_unneeded(tape_, needed, outputs);
    for (std::size_t i = 0; i < needed.active.size(); ++i) {
      if (needed.active[i] != 0) pass(needed.first + static_cast<NodeId>(i));
    }
    std::vector<Carried> result;
    for (const Var& output : outputs) result.push_back(at(node_of(output)));
    return result;
  }

  Carried at(NodeId id) {
    if (!range_.is_active(id)) return {};
    if (done_[id - range_.first] == 0) pass(id);
    return of_node_[id - range_.first];
  }

 private:
  void give(NodeId id, const Carried& given) {
    if (!range_.contains(id)) return;
    of_node_[id - range_.first] = given;
    done_[id - range_.first] = 1;
  }

  void pass(NodeId id) {
    const std::size_t i = id - range_.first;
    if (done_[i] != 0) return;
    done_[i] = 1;
    if (is_projection_node(tape_.node(id).op)) {
      const NodeId node = tape_.inputs(id)[0];
      if (range_.is_active(node)) pass(node);
      of_node_[i] = of_outputs_.at(tape_, id);
      return;
    }
    std::vector<Carried> outputs = rule_(*this, id);
    if (rules_of(tape_.node(id).op).several != nullptr) of_outputs_.put(id, std::move(outputs));
    else if (!outputs.empty()) of_node_[i] = std::move(outputs[0]);
  }

  TapeState& tape_;
  Range range_;
  Rule rule_;
  std::vector<Carried> of_node_;
  std::vector<char> done_;
  OfOutputs<Carried> of_outputs_;
};

}  // namespace xgrad::derivatives
