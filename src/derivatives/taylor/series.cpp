// The series of one node, from those of its inputs.
//
// Few primitives have a rule for that: what is linear, products, the quotient, and what runs functions. For the others
// the rule of the first derivative, y' = jvp(x, y, x'), is a differential equation: it is recorded, and what it records
// is expanded in its turn, one order after the other, for y itself may be in it. exp(x)' = y x' is the well-known
// recurrence of exp, and 0.5 x' / y that of sqrt. An equation may use functions that are not there yet, as that of sin
// does: cos. That has an equation of its own, and so on; what is recorded twice counts as one node, so that the
// equations of sin and cos close, and the work is of second order in the number of derivatives.
#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include <xgrad/ops/elementwise.hpp>

#include "derivatives/range.hpp"
#include "derivatives/rules.hpp"
#include "ops/internal.hpp"
#include "primitives/traits.hpp"
#include "taylor.hpp"

namespace xgrad::derivatives {
namespace {

double binomial(std::size_t n, std::size_t k) {
  double result = 1.0;
  for (std::size_t i = 1; i <= k; ++i) result = result * static_cast<double>(n - k + i) / static_cast<double>(i);
  return result;
}

void add_to(Var& sum, const Var& term) {
  if (term.defined()) sum = sum.defined() ? sum + term : term;
}

/// A product of two sensitivities, either of which may be a 0 that a `where` made.
Var absorbing_product(const Var& a, const Var& b) {
  return where(equal(a, 0.0), absorbing_multiply(a, b), absorbing_multiply(b, a));
}

/// What is the same in two nodes that have the same value.
using NodeKey = std::vector<std::int64_t>;

class NodeSeries {
 public:
  NodeSeries(TapeState& tape, NodeId root, const std::function<Series(NodeId)>& known)
      : tape_(tape), root_(root), begin_(static_cast<NodeId>(tape.size())), known_(known) {
    if (may_be_same(root)) same_[key_of(root)] = root;
    analyse(root);
  }

  std::vector<Series> outputs(std::size_t order) {
    Entry* root = entry_of(root_);
    if (root == nullptr) return {};
    if (root->how != How::Outputs) return {series_of(root_, *root, order)};
    if (std::optional<std::vector<Series>> by_rule = by_jet(root_, order)) return *std::move(by_rule);
    linearise(root_, *root);
    std::vector<Series> result;
    for (const Sensitivity& first : root->tangents) {
      Series series{{first.x}, first.masked};
      for (std::size_t k = 2; k <= order; ++k) series.derivatives.push_back(further(*root, first.x, k));
      result.push_back(std::move(series));
    }
    return result;
  }

 private:
  enum class How : std::uint8_t {
    Given,         ///< by who expands
    Derivative,    ///< of another node: x' as an argument of a rule
    Linear,        ///< and the other rules, see TaylorRule
    Bilinear,      ///<
    Quotient,      ///<
    Differential,  ///<
    Outputs,       ///< it has several, and no series itself
    Output,        ///< one of them
  };
  struct Entry {
    How how;
    bool masked = false;
    std::vector<Var> known{};  ///< the derivatives so far, from the first on
    NodeId of = no_node;       ///< of Derivative and Output
    // Of a differential equation: the derivatives of the outputs, and the nodes between that move.
    bool linearised = false;
    std::vector<Sensitivity> tangents{};
    std::vector<NodeId> equation{};
    // Of Outputs with a rule of their own.
    std::vector<Series> outputs{};
    std::size_t order = 0;
  };

  // ---- nodes

  [[nodiscard]] NodeId representative(NodeId id) const {
    const auto found = representatives_.find(id);
    return found == representatives_.end() ? id : found->second;
  }

  /// Null: it does not move.
  Entry* entry_of(NodeId id) {
    id = representative(id);
    if (const auto found = entries_.find(id); found != entries_.end()) return &found->second;
    if (id >= begin_ && !is_projection_node(tape_.node(id).op)) return nullptr;
    if (is_projection_node(tape_.node(id).op) && (tape_.inputs(id)[0] == root_ || tape_.inputs(id)[0] >= begin_)) {
      return analyse(id);
    }
    Series given = known_(id);
    if (!given.defined()) return nullptr;
    return &(entries_[id] = {.how = How::Given, .masked = given.masked, .known = std::move(given.derivatives)});
  }

  /// How the series of a node comes about; null: it does not move.
  Entry* analyse(NodeId id) {
    const Opcode op = tape_.node(id).op;
    const Rules& rules = rules_of(op);
    if (!has_derivative(op) || (rules.several == nullptr && !is_floating(tape_.node(id).dtype))) return nullptr;
    Entry entry{.how = How::Differential};
    bool moves = false;
    for (const NodeId input : tape_.inputs(id)) {
      const Entry* of_input = entry_of(input);
      moves = moves || of_input != nullptr;
      entry.masked = entry.masked || (of_input != nullptr && of_input->masked);
    }
    if (!moves) return nullptr;
    if (is_projection_node(op)) {
      entry.how = How::Output;
      entry.of = representative(tape_.inputs(id)[0]);
      entry.masked = true;  // whether it is shows when it is computed; who takes it must know before
    } else if (rules.several != nullptr) {
      entry.how = How::Outputs;
    } else {
      entry.masked = entry.masked || rules.masks;
      switch (rules.taylor) {
        case TaylorRule::Linear:
          entry.how = How::Linear;
          break;
        case TaylorRule::Bilinear:
          entry.how = How::Bilinear;
          break;
        case TaylorRule::Quotient:
          entry.how = How::Quotient;
          break;
        case TaylorRule::Differential:
          break;
      }
    }
    return &(entries_[id] = std::move(entry));
  }

  /// Not what has a value from outside, or runs code.
  [[nodiscard]] bool may_be_same(NodeId id) const {
    const primitives::Traits& traits = primitives::traits[tape_.node(id).op];
    const bool constant = tape_.node(id).op == TapeState::constant_opcode;
    return constant || (traits.computation != primitives::Computation::Source && !traits.has_payload);
  }
  [[nodiscard]] NodeKey key_of(NodeId id) const {
    const Node& node = tape_.node(id);
    NodeKey result{node.op, static_cast<std::int64_t>(node.dtype), node.shape, node.weak ? 1 : 0};
    for (const NodeId input : tape_.inputs(id)) result.push_back(representative(input));
    result.push_back(-1);
    if (node.op == TapeState::constant_opcode) {
      result.push_back(tape_.scalar(id).integer);
    } else {
      const auto attributes = tape_.attributes(id);
      result.insert(result.end(), attributes.begin(), attributes.end());
    }
    return result;
  }

  /// Looks at what a rule has recorded, as far as its results need it.
  /// \return  what of it has a series, in the order of the tape.
  std::vector<NodeId> analyse_recorded(NodeId first, std::span<const Sensitivity> results) {
    std::vector<char> needed(tape_.size() - first, 0);
    for (const Sensitivity& each : results) {
      if (each.defined() && node_of(each.x) >= first) needed[node_of(each.x) - first] = 1;
    }
    for (std::size_t i = needed.size(); i-- > 0;) {
      if (needed[i] == 0) continue;
      for (const NodeId input : tape_.inputs(first + static_cast<NodeId>(i))) {
        if (input >= first) needed[input - first] = 1;
      }
    }
    std::vector<NodeId> moving;
    for (std::size_t i = 0; i < needed.size(); ++i) {
      const NodeId id = first + static_cast<NodeId>(i);
      if (needed[i] == 0) continue;
      if (may_be_same(id)) {
        const auto [found, is_new] = same_.try_emplace(key_of(id), id);
        if (!is_new) {
          representatives_[id] = found->second;
          continue;
        }
      }
      if (analyse(id) != nullptr) moving.push_back(id);
    }
    return moving;
  }

  // ---- derivatives

  /// The k-th derivative, k from 1 on; empty: zero.
  Var derivative(NodeId id, std::size_t k) {
    id = representative(id);
    Entry* entry = entry_of(id);
    if (entry == nullptr) return {};
    while (entry->known.size() < k && entry->how != How::Given) {
      entry->known.push_back(next(id, *entry, entry->known.size() + 1));
    }
    return k <= entry->known.size() ? entry->known[k - 1] : Var();
  }

  Series series_of(NodeId id, const Entry& entry, std::size_t order) {
    Series result{{}, entry.masked};
    for (std::size_t k = 1; k <= order; ++k) result.derivatives.push_back(derivative(id, k));
    return result;
  }

  Var next(NodeId id, Entry& entry, std::size_t k) {
    switch (entry.how) {
      case How::Given:
      case How::Outputs:
        return {};
      case How::Derivative:
        return derivative(entry.of, k + 1);
      case How::Output:
        return of_output(id, entry, k);
      case How::Differential:
        linearise(id, entry);
        return k == 1 ? entry.tangents[0].x : further(entry, entry.tangents[0].x, k);
      case How::Linear:
      case How::Bilinear:
      case How::Quotient:
        break;
    }
    const NodeContext context{tape_, id, entry.masked};
    std::vector<Var> tangents;
    bool any = false;
    for (const NodeId input : inputs_of(id)) {
      tangents.push_back(derivative(input, k));
      any = any || tangents.back().defined();
    }
    Var result = any ? rules_of(tape_.node(id).op).jvp(context, tangents) : Var();
    if (entry.how == How::Bilinear) add_to(result, bilinear_terms(context, k));
    if (entry.how == How::Quotient) add_to(result, quotient_terms(context, k));
    return result;
  }

  /// Copied: recording moves what the tape holds.
  [[nodiscard]] std::vector<NodeId> inputs_of(NodeId id) const {
    const auto inputs = tape_.inputs(id);
    return {inputs.begin(), inputs.end()};
  }

  /// sum_{0 < j < k} (k choose j) a^(j) b^(k-j): what is not in the rule of the first derivative.
  template <class Product>
  Var between(NodeId a, NodeId b, std::size_t k, Product product) {
    Var sum;
    for (std::size_t j = 1; j < k; ++j) {
      const Var left = derivative(a, j);
      const Var right = derivative(b, k - j);
      if (left.defined() && right.defined()) add_to(sum, binomial(k, j) * product(left, right));
    }
    return sum;
  }

  Var bilinear_terms(const NodeContext& context, std::size_t k) {
    const std::vector<NodeId> inputs = inputs_of(context.node);
    return between(inputs[0], inputs[1], k, [&](const Var& a, const Var& b) {
      const Node node = tape_.node(context.node);
      if (node.op == opcode<primitives::AbsorbingMultiply>) {
        return context.masked ? absorbing_product(a, b) : absorbing_multiply(a, b);
      }
      if (node.op == opcode<primitives::Multiply> && context.masked) return absorbing_product(a, b);
      const std::vector<std::int64_t> attributes(context.attributes().begin(), context.attributes().end());
      const std::array<NodeId, 2> factors{node_of(a), node_of(b)};
      return VarAccess::recorded(tape_, tape_.append(node.op, node.dtype, node.shape, factors, attributes));
    });
  }

  /// From y b = a.
  Var quotient_terms(const NodeContext& context, std::size_t k) {
    const Var sum = between(inputs_of(context.node)[1], context.node, k, [&](const Var& b, const Var& y) {
      return context.masked ? absorbing_product(b, y) : b * y;
    });
    if (!sum.defined()) return {};
    const Var inverse = 1.0 / context.input(1);
    return -(context.masked ? absorbing_multiply(sum, inverse) : sum * inverse);
  }

  // ---- differential equations

  /// x' as an argument of a rule: a node whose derivatives are the further ones of x.
  Var derivative_node(NodeId id) {
    id = representative(id);
    if (const auto found = derivatives_.find(id); found != derivatives_.end()) return found->second;
    const Var node = VarAccess::recorded(tape_, append_input(tape_, derivative(id, 1)));
    entries_[node_of(node)] = {.how = How::Derivative, .masked = entry_of(id)->masked, .of = id};
    return derivatives_[id] = node;
  }

  /// Records the rule of the first derivative.
  void linearise(NodeId id, Entry& entry) {
    if (entry.linearised) return;
    std::vector<Sensitivity> all;
    for (const NodeId input : inputs_of(id)) {
      const bool moves = derivative(input, 1).defined();
      all.push_back(moves ? Sensitivity{derivative_node(input), entry_of(input)->masked} : Sensitivity());
    }
    const Rules& rules = rules_of(tape_.node(id).op);
    const NodeContext context{tape_, id, entry.masked};
    const auto first = static_cast<NodeId>(tape_.size());
    const bool any = std::ranges::any_of(all, [](const Sensitivity& each) { return each.defined(); });
    if (rules.several != nullptr) {
      if (any) entry.tangents = rules.several->jvp(context, all);
    } else {
      entry.tangents = {{any ? rules.jvp(context, values_of(all)) : Var(), entry.masked}};
    }
    entry.linearised = true;
    entry.equation = analyse_recorded(first, entry.tangents);
  }

  /// The k-th derivative of an output, of whose differential equation `first` is the right side.
  Var further(const Entry& entry, const Var& first, std::size_t k) {
    if (!first.defined()) return {};
    // In the order of the tape: a rule may be long, and recursion that goes through it would be as deep.
    for (const NodeId id : entry.equation) static_cast<void>(derivative(id, k - 1));
    return derivative(node_of(first), k - 1);
  }

  // ---- several outputs

  /// By the rule of what runs functions; nothing: it has none.
  std::optional<std::vector<Series>> by_jet(NodeId id, std::size_t order) {
    const auto jet = rules_of(tape_.node(id).op).several->jet;
    if (jet == nullptr) return std::nullopt;
    std::vector<Series> inputs;
    for (const NodeId input : inputs_of(id)) {
      const Entry* of_input = entry_of(input);
      inputs.push_back(of_input != nullptr ? series_of(input, *of_input, order) : Series());
    }
    return jet({tape_, id, false}, inputs, order);
  }

  Var of_output(NodeId id, const Entry& entry, std::size_t k) {
    Entry& outputs = *entry_of(entry.of);
    const auto which = static_cast<std::size_t>(tape_.attributes(id)[0]);
    // As an equation's part it is asked for one order after the other, because what it takes is known no further.
    if (outputs.order < k) {
      if (std::optional<std::vector<Series>> by_rule = by_jet(entry.of, k)) outputs.outputs = *std::move(by_rule);
      else linearise(entry.of, outputs);
      outputs.order = k;
    }
    if (!outputs.linearised) {
      if (which >= outputs.outputs.size() || !outputs.outputs[which].defined()) return {};
      return outputs.outputs[which].derivatives[k - 1];
    }
    if (which >= outputs.tangents.size()) return {};
    const Var first = outputs.tangents[which].x;
    return k == 1 ? first : further(outputs, first, k);
  }

  TapeState& tape_;
  NodeId root_;
  NodeId begin_;
  const std::function<Series(NodeId)>& known_;
  std::unordered_map<NodeId, Entry> entries_;
  std::unordered_map<NodeId, Var> derivatives_;
  std::map<NodeKey, NodeId> same_;
  std::unordered_map<NodeId, NodeId> representatives_;
};

}  // namespace

std::vector<Series> series_of_outputs(TapeState& tape, NodeId node, std::size_t order,
                                      const std::function<Series(NodeId)>& known) {
  return NodeSeries(tape, node, known).outputs(order);
}

}  // namespace xgrad::derivatives
