#include <xgrad/transform/checkpoint.hpp>

#include <algorithm>
#include <array>
#include <compare>
#include <optional>
#include <set>

#include <xgrad/core/errors.hpp>
#include <xgrad/debug.hpp>

#include "primitives/list.hpp"
#include "primitives/traits.hpp"
#include "program_text.hpp"
#include "var/call.hpp"
#include "var/record.hpp"

namespace xgrad {
namespace detail {
namespace {

thread_local const CheckpointCall* innermost_checkpoint = nullptr;

/// What of a function is kept.
class KeptNodes {
 public:
  KeptNodes(const TapeState& tape, const KeepPolicy& policy) : tape_(tape), policy_(policy) {}

  /// The values that a node says to keep: itself, what it marks, outputs of a call in it.
  struct Found {
    NodeId node;
    std::optional<std::size_t> output = std::nullopt;

    auto operator<=>(const Found&) const = default;  // NOLINT(modernize-use-nullptr): a false alarm
  };

  void add(NodeId id) {
    const Opcode op = tape_.node(id).op;
    const bool product = primitives::traits[op].computation == primitives::Computation::Product;
    if (policy_.what == Keep::Products && product) found.push_back({id});
    // The derivative of what made it may need the value, too.
    if (op == opcode<primitives::Identity> && is_mark(id)) found.push_back({marked(id)});
    if (op == opcode<primitives::Call> && tape_.payload(id)->recomputes) add_outputs(id);
  }

  std::vector<Found> found;
  std::vector<std::string> names;  ///< of all that have one

 private:
  bool is_mark(NodeId id) {
    const std::optional<std::string> label = label_of(tape_, id);
    if (label) names.push_back(*label);
    if (policy_.what == Keep::Marked) return primitives::are_of(primitives::Mark::Kept, tape_.attributes(id));
    return policy_.what == Keep::Named && label && std::ranges::count(policy_.names, *label) != 0;
  }
  /// What is under a mark and names.
  NodeId marked(NodeId id) const {
    while (tape_.node(id).op == opcode<primitives::Identity> && !tape_.attributes(id).empty()) id = tape_.inputs(id)[0];
    return id;
  }
  /// A function in this one has kept what is to be kept here, and gives it as further outputs.
  void add_outputs(NodeId call) {
    const std::shared_ptr<const Payload> payload = tape_.payload(call);
    const std::span<const NodeId> outputs = payload->function->outputs();
    const std::size_t results = outputs.size() - payload->kept;
    const std::span<const NodeId> kept = outputs.subspan(results);
    KeptNodes inside(payload->function->program(), policy_);
    for (NodeId id = 0; id < payload->function->program().size(); ++id) inside.add(id);
    names.insert(names.end(), inside.names.begin(), inside.names.end());
    for (const Found& each : inside.found) {
      const NodeId node = each.output ? inside.projection(each) : each.node;
      const auto place = std::ranges::find(kept, node);
      if (place == kept.end()) continue;  // an argument of the function in this one
      found.push_back({call, results + static_cast<std::size_t>(place - kept.begin())});
    }
  }
  /// An output of a call in a function that is closed.
  NodeId projection(const Found& of) const {
    NodeId id = of.node + 1;
    const auto is_it = [&] {
      return tape_.node(id).op == opcode<primitives::Projection> && tape_.inputs(id)[0] == of.node &&
             static_cast<std::size_t>(tape_.attributes(id)[0]) == *of.output;
    };
    while (id < tape_.size() && !is_it()) ++id;
    return id;
  }

  const TapeState& tape_;
  const KeepPolicy& policy_;
};

Var record_output(TapeState& tape, NodeId call, std::size_t which) {
  const Function& function = *tape.payload(call)->function;
  const NodeId inside = function.outputs()[which];
  return record_projection(tape, call, which,
                           {function.program().node(inside).dtype, function.program().shape(inside)});
}

void require_names(const KeepPolicy& policy, const std::vector<std::string>& names) {
  for (const std::string& name : policy.names) {
    if (std::ranges::count(names, name) != 0) continue;
    std::string known;
    for (const std::string& each : names) {
      if (known.find("'" + each + "'") == std::string::npos) known += (known.empty() ? "'" : ", '") + each + "'";
    }
    throw ValueError("checkpoint: no value that the result depends on is named '" + name + "'; " +
                     (known.empty() ? "none has a name" : "there are " + known) +
                     ". Names inside of loops, branches and functions with rules of their own do not count");
  }
}

}  // namespace

CheckpointCall::CheckpointCall(const KeepPolicy& policy, std::span<const Var> arguments)
    : CustomCall("checkpoint", arguments, tape_recorded_now()), policy_(policy), outer_(innermost_checkpoint) {
  innermost_checkpoint = this;
}

CheckpointCall::~CheckpointCall() { innermost_checkpoint = outer_; }

std::vector<Var> CheckpointCall::finish(std::span<const Var> results) const {
  return finish_recomputed(results, [&](std::span<const NodeId> body) {
    std::set<KeptNodes::Found> all;
    for (const CheckpointCall* each = this; each != nullptr; each = each->outer_) {
      KeptNodes nodes(tape(), each->policy_);
      for (const NodeId id : body) nodes.add(id);
      if (each == this) require_names(policy_, nodes.names);
      all.insert(nodes.found.begin(), nodes.found.end());
    }
    std::vector<Var> kept;
    for (const auto& [node, output] : all) {
      if (!std::ranges::binary_search(body, node)) continue;  // an argument, or captured
      kept.push_back(output ? record_output(tape(), node, *output) : VarAccess::recorded(tape(), node));
    }
    return kept;
  });
}

}  // namespace detail

Var keep(const Var& x) {
  detail::require_usable(x, "keep");
  if (!x.recorded()) return x;
  constexpr std::array marked{static_cast<std::int64_t>(primitives::Mark::Kept)};
  return detail::as_weak(detail::record<primitives::Identity>(x.dtype(), x.shape(), {&x}, marked),
                         VarAccess::is_weak(x));
}

Var keep(const Var& x, const std::string& name) { return keep(debug::label(x, name)); }

}  // namespace xgrad
