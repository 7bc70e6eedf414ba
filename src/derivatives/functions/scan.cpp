// Derivatives and batches of loops. Each is a loop again, over the same runs. What it needs of the values in the runs
// are further outputs of the loop itself, so that nothing is computed twice.
#include <algorithm>
#include <unordered_map>

#include "apart.hpp"
#include "derivatives/batching.hpp"
#include "derivatives/sweep.hpp"
#include "derivatives/taylor/taylor.hpp"
#include "ops/internal.hpp"
#include "primitives/arrays.hpp"
#include "primitives/traits.hpp"
#include "var/call.hpp"
#include "var/loop.hpp"

namespace xgrad::primitives {

using namespace derivatives;

namespace {

/// Swaps the first two axes.
Var swapped(const Var& x) {
  Shape order;
  for (std::size_t i = 0; i < x.dimension(); ++i) order.push_back(i < 2 ? 1 - i : i);
  return transpose(x, Axes(order));
}

/// The body of a loop, recorded once more: of stand-ins for what is carried and sliced, and of the others themselves.
class Body {
 public:
  /// \param stands_in  whether a further input has a stand-in, too.
  Body(TapeState& tape, NodeId node, std::span<const char> stands_in = {})
      : tape_(tape),
        loop_(node),
        payload_(tape.payload(node)),
        first_(static_cast<NodeId>(tape.size())),
        varies_(tape, first_) {
    const TapeState& program = function().program();
    for (NodeId id = 0; id < function().parameters(); ++id) {
      const bool varies = id < scan().carried + scan().sliced || (id < stands_in.size() && stands_in[id] != 0);
      at.push_back(varies ? opaque(tape, program.node(id).dtype, program.shape(id))
                          : VarAccess::recorded(tape, append_input(tape, input(id))));
    }
    nodes_ = append_body(tape, function(), at);
    for (std::size_t k = 0; k < nodes_.size(); ++k) of_function_.emplace(nodes_[k], k);
    end_ = static_cast<NodeId>(tape.size());
  }

  std::vector<Var> at;  ///< the parameters

  [[nodiscard]] const ScanSpec& scan() const { return payload_->scan; }
  [[nodiscard]] const Function& function() const { return *payload_->function; }
  [[nodiscard]] Var input(std::size_t k) const { return VarAccess::recorded(tape_, tape_.inputs(loop_)[k]); }
  [[nodiscard]] Var node(NodeId of_function) const { return VarAccess::recorded(tape_, nodes_[of_function]); }
  /// What an output of the loop is in a run.
  [[nodiscard]] Var output(std::size_t which) const {
    return node(which < scan().carried ? function().outputs()[which] : static_cast<NodeId>(which - scan().carried));
  }

  /// Whether a node, of the body or recorded behind it, differs from run to run.
  [[nodiscard]] bool varies(NodeId id) { return varies_(id); }

  /// Whether a node of the body has a value in each run that can be an output of the loop.
  [[nodiscard]] bool may_be_saved(NodeId id) const {
    if (id >= end_) return false;
    const bool is_parameter = tape_.node(id).op == opcode<Parameter>;
    if (!is_parameter && tape_.shape(id).size() == max_dimension) return false;  // there is no axis left for the runs
    const Computation computation = traits[tape_.node(id).op].computation;
    return computation != Computation::View && computation != Computation::Alias &&
           computation != Computation::Function && !has_outputs(computation);
  }

  /// Whether a node that is the same in all runs is computed in each.
  [[nodiscard]] bool is_free(NodeId id) const {
    const bool further_input = id >= first_ && id - first_ < at.size();
    return !further_input && is_free_in_runs(tape_, id);
  }

  /// An array of which each run needs an element: what a node of the body is there.
  [[nodiscard]] Var values_of(NodeId id) const {
    const std::size_t of_function = of_function_.at(id);
    const bool sliced = of_function >= scan().carried && of_function < scan().carried + scan().sliced;
    if (sliced) return input(of_function);
    const Node& node = tape_.node(id);
    return record_projection(tape_, loop_, scan().carried + of_function,
                             {node.dtype, prefixed(scan().length, tape_.shape(id))});
  }

  [[nodiscard]] TapeState& tape() const { return tape_; }
  [[nodiscard]] NodeId first() const { return first_; }
  [[nodiscard]] bool contains(NodeId id) const { return id >= first_ && id < end_; }

 private:
  TapeState& tape_;
  NodeId loop_;
  std::shared_ptr<const Payload> payload_;
  NodeId first_;
  NodeId end_ = 0;
  std::vector<NodeId> nodes_;
  std::unordered_map<NodeId, std::size_t> of_function_;  // the first node of the function that one is
  Varying varies_;
};

/// A loop that is being made beside another one.
struct Making {
  struct Carried {
    Var parameter, first, next;
  };
  struct Sliced {
    Var parameter, array;
  };
  std::vector<Carried> carried;
  std::vector<Sliced> sliced;
  std::vector<Var> stacked;
};

/// The last of what is carried, and what is stacked.
struct Made {
  std::vector<Var> last;
  std::vector<Var> stacked;
};

std::vector<Var> values_of(Body& body, std::span<const NodeId> wanted);

/// \param saves  whether values of the other body are taken from its runs, or computed again.
Made make_loop(Body& body, Making making, bool reverse, bool saves) {
  TapeState& tape = body.tape();
  std::vector<NodeId> parameters;
  std::vector<NodeId> outputs;
  std::vector<NodeId> inputs;
  const auto on_tape = [&](const Var& x) { return import(tape, x); };
  for (const auto& each : making.carried) {
    parameters.push_back(VarAccess::node(each.parameter));
    outputs.push_back(on_tape(each.next));
  }
  for (const auto& each : making.sliced) parameters.push_back(VarAccess::node(each.parameter));
  for (const Var& each : making.stacked) outputs.push_back(on_tape(each));
  const auto inside = [&](NodeId id) {
    if (!body.varies(id)) return body.is_free(id);
    return !saves || !body.may_be_saved(id);
  };
  const Cut part = cut(tape, body.first(), parameters, outputs, inside);

  std::vector<Var> constants;
  std::vector<NodeId> behind;
  std::vector<NodeId> kept;
  for (const NodeId id : part.captured) {
    if (body.varies(id)) {
      kept.push_back(id);
      parameters.push_back(id);
    } else {
      constants.push_back(VarAccess::recorded(tape, id));
      behind.push_back(id);
    }
  }
  const std::vector<Var> values = values_of(body, kept);
  for (std::size_t k = 0; k < kept.size(); ++k)
    making.sliced.push_back({VarAccess::recorded(tape, kept[k]), values[k]});
  parameters.insert(parameters.end(), behind.begin(), behind.end());
  for (const auto& each : making.carried) inputs.push_back(on_tape(each.first));
  for (const auto& each : making.sliced) inputs.push_back(on_tape(each.array));
  for (const Var& each : constants) inputs.push_back(VarAccess::node(each));

  auto payload = std::make_shared<Payload>();
  payload->function = make_function(tape, parameters, part.body, outputs);
  payload->scan = {body.scan().length, making.carried.size(), making.sliced.size(), reverse};
  const NodeId loop = tape.append_with_payload(opcode<Scan>, DType::Float64, tape.intern({}), inputs, payload);
  Made made;
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const ArrayType one{tape.node(outputs[k]).dtype, tape.shape(outputs[k])};
    if (k < making.carried.size()) {
      made.last.push_back(record_projection(tape, loop, k, one));
    } else {
      made.stacked.push_back(record_projection(tape, loop, making.carried.size() + payload->function->outputs()[k],
                                               {one.dtype, prefixed(body.scan().length, one.shape)}));
    }
  }
  return made;
}

/// Which parameters of the body some of its nodes need: what is carried to where they are, and what is sliced.
std::vector<char> needed_for(Body& body, std::span<const NodeId> nodes) {
  const TapeState& tape = body.tape();
  const auto inside = [&](NodeId id) { return tape.node(id).op != opcode<Parameter>; };
  std::vector<char> needed(body.scan().carried + body.scan().sliced, 0);
  std::vector<NodeId> all(nodes.begin(), nodes.end());
  for (bool changed = true; changed;) {
    changed = false;
    const std::vector<NodeId> captured = cut(tape, body.first(), {}, all, inside).captured;
    for (std::size_t k = 0; k < needed.size(); ++k) {
      if (needed[k] != 0 || std::ranges::find(captured, VarAccess::node(body.at[k])) == captured.end()) continue;
      needed[k] = 1;
      changed = true;
      if (k < body.scan().carried) all.push_back(VarAccess::node(body.output(k)));
    }
  }
  return needed;
}

/// Arrays of which each run needs an element: what some nodes of the body are there.
std::vector<Var> values_of(Body& body, std::span<const NodeId> wanted) {
  std::vector<Var> result;
  if (body.tape().transposition() != TapeState::Transposition::Swept || wanted.empty()) {
    for (const NodeId id : wanted) result.push_back(body.values_of(id));
    return result;
  }
  // The loop takes stand-ins, which have no values. What is wanted does not depend on these, if the rule is linear: it
  // comes from a loop of its own, without what does.
  const std::vector<char> needed = needed_for(body, wanted);
  Making making;
  for (std::size_t k = 0; k < needed.size(); ++k) {
    if (needed[k] == 0) continue;
    if (k < body.scan().carried) making.carried.push_back({body.at[k], body.input(k), body.output(k)});
    else making.sliced.push_back({body.at[k], body.input(k)});
  }
  for (const NodeId id : wanted) making.stacked.push_back(VarAccess::recorded(body.tape(), id));
  return make_loop(body, std::move(making), body.scan().reverse, false).stacked;
}

/// Which inputs of a loop depend on some of them in the end: what is carried does where a run makes it so.
std::vector<char> depending(const Payload& payload, std::vector<char> inputs) {
  const TapeState& program = payload.function->program();
  for (bool changed = true; changed;) {
    changed = false;
    std::vector<char> depends(inputs.begin(), inputs.end());
    for (auto id = static_cast<NodeId>(depends.size()); id < program.size(); ++id) {
      const std::span<const NodeId> used = program.inputs(id);
      depends.push_back(std::ranges::any_of(used, [&](NodeId input) { return depends[input] != 0; }) ? 1 : 0);
    }
    for (std::size_t k = 0; k < payload.scan.carried; ++k) {
      if (inputs[k] != 0 || depends[payload.function->outputs()[k]] == 0) continue;
      inputs[k] = 1;
      changed = true;
    }
  }
  return inputs;
}

struct Linearised {
  Making making;
  std::vector<Sensitivity> sensitivities;  ///< of what is carried, and of what comes out
};

}  // namespace

std::vector<Sensitivity> Scan::vjp(const NodeContext& context, std::span<const Sensitivity> cotangents,
                                   std::span<const char> wanted) {
  TapeState& tape = context.tape;
  Body body(tape, context.node);
  const std::size_t carried = body.scan().carried;
  const std::size_t sliced = body.scan().sliced;
  const std::vector<char> active = depending(*tape.payload(context.node), {wanted.begin(), wanted.end()});
  std::vector<std::size_t> moving;  // of what is carried, that which has a derivative
  for (std::size_t k = 0; k < carried; ++k) {
    if (active[k] != 0 && is_floating(body.at[k].dtype())) moving.push_back(k);
  }
  std::vector<std::size_t> others;  // of the further inputs
  for (std::size_t k = carried; k < wanted.size(); ++k) {
    if (wanted[k] != 0) others.push_back(k);
  }

  const auto run = [&](bool masked) {
    Linearised result;
    std::vector<Var> outputs;
    std::vector<Sensitivity> seeds;
    std::vector<Var> inputs;
    for (const std::size_t k : moving) {
      const bool given = k < cotangents.size() && cotangents[k].defined();
      const Var parameter = stand_in(tape, body.at[k]);
      outputs.push_back(body.output(k));
      seeds.push_back({parameter, masked});
      inputs.push_back(body.at[k]);
      result.making.carried.push_back({parameter, given ? cotangents[k].x : zeros_like(body.at[k]), Var()});
    }
    for (std::size_t which = carried; which < cotangents.size(); ++which) {
      if (!cotangents[which].defined()) continue;
      outputs.push_back(body.output(which));
      const Var parameter = stand_in(tape, outputs.back());
      seeds.push_back({parameter, masked});
      result.making.sliced.push_back({parameter, cotangents[which].x});
    }
    for (const std::size_t k : others) inputs.push_back(body.at[k]);
    result.sensitivities = reverse_sweep(tape, outputs, seeds, inputs);
    return result;
  };
  Linearised all = with_masks(any_masked(cotangents), run);

  std::vector<std::size_t> stacked;
  std::vector<std::size_t> summed;
  for (std::size_t k = 0; k < all.sensitivities.size(); ++k) {
    const Var& term = all.sensitivities[k].x;
    if (k < moving.size()) {
      all.making.carried[k].next = term.defined() ? term : zeros_like(body.at[moving[k]]);
    } else if (!term.defined()) {
      continue;
    } else if (const std::size_t input = others[k - moving.size()]; input < carried + sliced) {
      stacked.push_back(input);
      all.making.stacked.push_back(term);
    } else {
      summed.push_back(input);
      const Var sum = stand_in(tape, body.at[input]);
      all.making.carried.push_back({sum, zeros_like(body.at[input]), sum + term});
    }
  }
  const bool masked = any_masked(all.sensitivities);
  const Made made = make_loop(body, std::move(all.making), !body.scan().reverse, true);
  std::vector<Sensitivity> result(wanted.size());
  for (std::size_t k = 0; k < moving.size(); ++k) result[moving[k]] = {made.last[k], masked};
  for (std::size_t k = 0; k < summed.size(); ++k) result[summed[k]] = {made.last[moving.size() + k], masked};
  for (std::size_t k = 0; k < stacked.size(); ++k) result[stacked[k]] = {made.stacked[k], masked};
  return result;
}

std::optional<std::vector<Series>> Scan::jet(const NodeContext& context, std::span<const Series> given,
                                             std::size_t order) {
  TapeState& tape = context.tape;
  Body body(tape, context.node);
  const std::size_t carried = body.scan().carried;
  const std::size_t sliced = body.scan().sliced;
  std::vector<char> moves;
  for (const Series& each : given) moves.push_back(each.defined() ? 1 : 0);
  const std::vector<char> active = depending(*tape.payload(context.node), std::move(moves));
  std::vector<std::size_t> moving;
  for (std::size_t k = 0; k < carried; ++k) {
    if (active[k] != 0 && is_floating(body.at[k].dtype())) moving.push_back(k);
  }
  std::vector<std::size_t> wanted;  // outputs
  for (const std::size_t which : used_outputs(tape, context.node)) {
    if (which >= carried && is_floating(body.output(which).dtype())) wanted.push_back(which);
  }

  struct Pushed {
    Making making;
    std::vector<Series> sensitivities;  ///< of what is carried, and of what comes out
  };
  const auto run = [&](bool masked) {
    Pushed result;
    std::vector<Var> inputs;
    std::vector<Series> seeds;
    std::vector<Var> outputs;
    for (const std::size_t k : moving) {
      inputs.push_back(body.at[k]);
      outputs.push_back(body.output(k));
      seeds.push_back(stand_in_series(tape, body.at[k], order, masked));
      for (std::size_t i = 0; i < order; ++i) {
        result.making.carried.push_back(
            {seeds.back().derivatives[i], derivative_or_zeros(given[k], i, body.at[k]), Var()});
      }
    }
    for (std::size_t k = carried; k < given.size(); ++k) {
      if (!given[k].defined()) continue;
      inputs.push_back(body.at[k]);
      if (k < carried + sliced) {
        seeds.push_back(stand_in_series(tape, body.at[k], order, masked));
        for (std::size_t i = 0; i < order; ++i) {
          result.making.sliced.push_back(
              {seeds.back().derivatives[i], derivative_or_zeros(given[k], i, body.input(k))});
        }
      } else {
        seeds.push_back({given[k].derivatives, masked});
      }
    }
    for (const std::size_t which : wanted) outputs.push_back(body.output(which));
    result.sensitivities = taylor_sweep(tape, inputs, seeds, outputs, order);
    return result;
  };
  Pushed all = with_masks(any_masked(given), run);

  std::vector<std::size_t> stacked;
  for (std::size_t k = 0; k < all.sensitivities.size(); ++k) {
    const Series& series = all.sensitivities[k];
    if (k < moving.size()) {
      for (std::size_t i = 0; i < order; ++i) {
        all.making.carried[k * order + i].next = derivative_or_zeros(series, i, body.at[moving[k]]);
      }
    } else if (series.defined()) {
      stacked.push_back(wanted[k - moving.size()]);
      const Var like = body.output(stacked.back());
      for (std::size_t i = 0; i < order; ++i) all.making.stacked.push_back(derivative_or_zeros(series, i, like));
    }
  }
  const bool masked = any_masked(all.sensitivities);
  const Made made = make_loop(body, std::move(all.making), body.scan().reverse, true);
  std::vector<Series> result(wanted.empty() ? carried : std::max(carried, wanted.back() + 1));
  const auto part = [&](const std::vector<Var>& parts, std::size_t k) {
    const auto first = parts.begin() + static_cast<std::ptrdiff_t>(k * order);
    return Series{{first, first + static_cast<std::ptrdiff_t>(order)}, masked};
  };
  for (std::size_t k = 0; k < moving.size(); ++k) result[moving[k]] = part(made.last, k);
  for (std::size_t k = 0; k < stacked.size(); ++k) result[stacked[k]] = part(made.stacked, k);
  return result;
}

std::vector<Var> Scan::batch(const BatchContext& context) {
  TapeState& tape = context.tape;
  std::vector<char> given;
  for (std::size_t k = 0; k < context.batches.size(); ++k) given.push_back(context.batched(k) ? 1 : 0);
  const std::vector<char> batched = depending(*tape.payload(context.node), std::move(given));
  Body body(tape, context.node, batched);
  const std::size_t carried = body.scan().carried;
  const std::size_t sliced = body.scan().sliced;
  Making making;
  std::vector<Var> examples;
  std::vector<Var> batches;
  for (std::size_t k = 0; k < batched.size(); ++k) {
    Var parameter = body.at[k];
    if (batched[k] != 0) {
      examples.push_back(body.at[k]);
      const bool constant = k >= carried + sliced;
      parameter =
          constant ? context.batch(k) : opaque(tape, body.at[k].dtype(), prefixed(context.extent, body.at[k].shape()));
      batches.push_back(parameter);
    }
    if (k < carried)
      making.carried.push_back({parameter, batched[k] != 0 ? context.batch(k) : context.input(k), Var()});
    else if (k < carried + sliced)
      making.sliced.push_back({parameter, batched[k] != 0 ? swapped(context.batch(k)) : context.input(k)});
  }
  std::vector<std::size_t> wanted;
  std::vector<Var> outputs;
  for (std::size_t k = 0; k < carried; ++k) outputs.push_back(body.output(k));
  for (const std::size_t which : used_outputs(tape, context.node)) {
    if (which < carried) continue;
    wanted.push_back(which);
    outputs.push_back(body.output(which));
  }
  const std::vector<Var> all = batch_sweep(tape, examples, batches, context.extent, outputs);
  for (std::size_t k = 0; k < carried; ++k) making.carried[k].next = batched[k] != 0 ? all[k] : outputs[k];
  making.stacked.assign(all.begin() + static_cast<std::ptrdiff_t>(carried), all.end());
  const Made made = make_loop(body, std::move(making), body.scan().reverse, false);
  std::vector<Var> result(wanted.empty() ? carried : std::max(carried, wanted.back() + 1));
  for (std::size_t k = 0; k < carried; ++k) {
    result[k] = batched[k] != 0 ? made.last[k] : repeated(tape, VarAccess::node(made.last[k]), context.extent);
  }
  for (std::size_t k = 0; k < wanted.size(); ++k) result[wanted[k]] = swapped(made.stacked[k]);
  return result;
}

}  // namespace xgrad::primitives
