#include "keep.hpp"

#include <algorithm>

#include "graph.hpp"
#include "ir/function.hpp"

namespace xgrad::plan {
namespace {

using namespace primitives;

/// What an operation costs beside its elements, in elements.
constexpr std::size_t overhead = 32;
/// An array of its own costs so many times what an operation does, of which many run in one loop.
constexpr std::size_t price_of_keeping = 4;
/// What a user's function costs nobody knows: rather much.
constexpr std::size_t price_of_user = std::size_t{1} << 20U;

/// Nothing is computed for it: what reads it reads its input, if it has one.
bool is_free(Opcode op) {
  const Computation computation = traits[op].computation;
  return computation == Computation::Source || computation == Computation::View ||
         computation == Computation::Function || has_outputs(computation) || computation == Computation::Alias;
}

/// Candidates of a question.
class Keeping {
 public:
  Keeping(const TapeState& tape, std::span<const NodeId> nodes, std::span<std::uint32_t> marks,
          std::span<const NodeId> outputs)
      : tape_(tape), nodes_(nodes), marks_(marks), outputs_(outputs) {
    for (const NodeId id : nodes_) {
      if (is_old(id)) paid_ += paid_for(id);
    }
  }

  [[nodiscard]] bool nothing_is_old() const noexcept { return paid_ == 0; }

  /// Where what is new meets what is old.
  void add_border(std::vector<NodeId>& chosen) {
    const auto is_new = [&](NodeId id) { return tape_.node(id).computed == 0; };
    add_if(chosen, paid_, cut(is_new));
  }

  /// In the midst of what is old, for questions that go back in time. It costs little beside what it halves.
  void add_middle(std::vector<NodeId>& chosen) {
    constexpr std::size_t small_part = 16;
    std::size_t sum = 0;
    NodeId middle = 0;
    for (const NodeId id : nodes_) {
      if (is_old(id)) sum += paid_for(id);
      middle = id;
      if (sum >= paid_ / 2) break;
    }
    add_if(chosen, paid_ / small_part, cut([middle](NodeId id) { return id > middle; }));
  }

 private:
  enum Mark : std::uint32_t { unmarked, read, output };

  struct Cut {
    std::vector<NodeId> nodes;
    std::size_t price = 0;
    std::size_t bytes = 0;
  };

  [[nodiscard]] std::size_t cost_of(NodeId id) const {
    if (traits[tape_.node(id).op].computation != Computation::Projection) return cost_in(tape_, id);
    const NodeId whole = tape_.inputs(id)[0];
    const Traits& of_whole = traits[tape_.node(whole).op];
    if (of_whole.computation == Computation::Function) return cost_of(*tape_.payload(whole)->function);
    if (runs_plans(of_whole.computation)) {
      return cost_of_nested(*tape_.payload(whole));
    }
    if (of_whole.failure == Failure::Host) return price_of_user;
    return cost_in(tape_, id) + cost_of_inputs(whole);
  }
  [[nodiscard]] std::size_t cost_of_inputs(NodeId id) const {
    std::size_t cost = 0;
    for (const NodeId input : tape_.inputs(id)) cost += size_of(tape_.shape(input));
    return cost;
  }
  static std::size_t cost_in(const TapeState& program, NodeId id) { return overhead + size_of(program.shape(id)); }
  /// Of all that one output of a function needs, at most.
  static std::size_t cost_of(const Function& function) {
    std::size_t cost = 0;
    for (NodeId id = 0; id < function.program().size(); ++id) cost += cost_in(function.program(), id);
    return cost;
  }
  /// Of a loop of unknown length as if it ran once.
  static std::size_t cost_of_nested(const Payload& payload) {
    std::size_t cost = 0;
    if (payload.function != nullptr) cost += cost_of(*payload.function) * std::max(payload.scan.length, std::size_t{1});
    if (payload.condition != nullptr) cost += cost_of(*payload.condition);
    for (const auto& branch : payload.branches) cost = std::max(cost, cost_of(*branch));
    return cost;
  }
  [[nodiscard]] std::size_t paid_for(NodeId id) const { return tape_.node(id).computed * cost_of(id); }
  [[nodiscard]] bool is_old(NodeId id) const {
    const Node& node = tape_.node(id);
    return node.computed != 0 && !is_free(node.op) && tape_.value(id) == nullptr;
  }

  /// The old nodes that nodes of one side read.
  template <class F>
  Cut cut(F on_this_side) {
    for (const NodeId id : nodes_) marks_[id] = unmarked;
    for (const NodeId id : outputs_) marks_[id] = output;
    Cut result;
    for (std::size_t k = nodes_.size(); k-- > 0;) {
      const NodeId id = nodes_[k];
      if (tape_.value(id) != nullptr) continue;
      if (on_this_side(id) || (is_free(tape_.node(id).op) && marks_[id] == read)) {
        for (const NodeId input : tape_.inputs(id)) {
          if (marks_[input] == unmarked) marks_[input] = read;
        }
      } else if (is_old(id) && marks_[id] == read) {
        result.nodes.push_back(id);
        result.price += price_of_keeping * cost_in(tape_, id);
        result.bytes += size_of(tape_.shape(id)) * size_of(tape_.node(id).dtype);
      }
    }
    return result;
  }

  void add_if(std::vector<NodeId>& chosen, std::size_t most, const Cut& cut) const {
    if (cut.price > most || cut.bytes > most_spare_bytes()) return;
    chosen.insert(chosen.end(), cut.nodes.begin(), cut.nodes.end());
  }

  const TapeState& tape_;
  std::span<const NodeId> nodes_;
  std::span<std::uint32_t> marks_;
  std::span<const NodeId> outputs_;
  std::size_t paid_ = 0;
};

}  // namespace

std::size_t& most_spare_bytes() noexcept {
  static std::size_t bytes = std::size_t{512} << 20U;
  return bytes;
}

void add_worth_keeping(const TapeState& tape, std::span<const NodeId> nodes, std::span<std::uint32_t> marks,
                       std::vector<NodeId>& outputs) {
  Keeping keeping(tape, nodes, marks, outputs);
  if (keeping.nothing_is_old()) return;
  std::vector<NodeId> chosen;
  keeping.add_border(chosen);
  keeping.add_middle(chosen);
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  outputs.insert(outputs.end(), chosen.begin(), chosen.end());
}

}  // namespace xgrad::plan
