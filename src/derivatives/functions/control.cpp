// Derivatives and batches of branches, and of loops of unknown length.
#include <algorithm>
#include <array>
#include <unordered_map>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>

#include "apart.hpp"
#include "control.hpp"
#include "derivatives/batching.hpp"
#include "derivatives/sweep.hpp"
#include "derivatives/taylor/taylor.hpp"
#include "primitives/arrays.hpp"
#include "var/call.hpp"
#include "var/loop.hpp"

namespace xgrad::derivatives {

std::vector<Var> record_switch(TapeState& tape, const Var& number, std::span<const Recorded> branches,
                               std::span<const Replaced> replaced, std::span<const NodeId> ends) {
  Together together = make_together(tape, branches, ends);
  // What no branch uses is not given to any: it may be a stand-in, which has no value.
  std::vector<NodeId> inputs{import(tape, number)};
  std::unordered_map<NodeId, const Var*> given;
  for (const Replaced& each : replaced) given.emplace(VarAccess::node(each.parameter), &each.given);
  const auto given_for = [&](NodeId id) {
    const auto found = given.find(id);
    return found == given.end() ? id : import(tape, *found->second);
  };
  for (const NodeId id : ends) inputs.push_back(given_for(id));
  for (const NodeId id : together.captured) inputs.push_back(given_for(id));
  auto payload = std::make_shared<Payload>();
  payload->branches = std::move(together.functions);
  const Function& like = *payload->branches[0];
  const NodeId node =
      tape.append_with_payload(opcode<primitives::Switch>, DType::Float64, tape.intern({}), inputs, payload);
  std::vector<Var> results;
  for (const NodeId output : like.outputs()) {
    const ArrayType type{like.program().node(output).dtype, like.program().shape(output)};
    results.push_back(record_projection(tape, node, results.size(), type));
  }
  return results;
}

std::vector<Var> record_while(TapeState& tape, Together functions, std::span<const Var> first) {
  std::vector<NodeId> inputs;
  for (const Var& x : first) inputs.push_back(import(tape, x));
  inputs.insert(inputs.end(), functions.captured.begin(), functions.captured.end());
  auto payload = std::make_shared<Payload>();
  payload->condition = std::move(functions.functions[0]);
  payload->function = std::move(functions.functions[1]);
  payload->scan.carried = first.size();
  const Function& body = *payload->function;
  const NodeId node =
      tape.append_with_payload(opcode<primitives::While>, DType::Float64, tape.intern({}), inputs, payload);
  std::vector<Var> results;
  for (const NodeId output : body.outputs()) {
    const ArrayType type{body.program().node(output).dtype, body.program().shape(output)};
    results.push_back(record_projection(tape, node, results.size(), type));
  }
  return results;
}

std::vector<NodeId> imported(TapeState& tape, std::span<const Var> all) {
  std::vector<NodeId> nodes;
  for (const Var& x : all) nodes.push_back(import(tape, x));
  return nodes;
}

std::vector<Var> make_while(TapeState& tape, NodeId begin, std::span<const Var> carried, std::span<const Var> first,
                            const Var& goes_on, std::span<const Var> next) {
  Varying varying(tape, begin);
  const std::vector<NodeId> parameters = imported(tape, carried);
  const std::vector<Recorded> recorded{{begin, imported(tape, std::array{goes_on})}, {begin, imported(tape, next)}};
  return record_while(
      tape,
      make_together(tape, recorded, parameters, [&](NodeId id) { return varying(id) || is_free_in_runs(tape, id); }),
      first);
}

std::vector<Var> stand_ins(TapeState& tape, const Function& function) {
  std::vector<Var> result;
  for (NodeId id = 0; id < function.parameters(); ++id) {
    result.push_back(opaque(tape, function.program().node(id).dtype, function.program().shape(id)));
  }
  return result;
}

}  // namespace xgrad::derivatives

namespace xgrad::primitives {

using namespace derivatives;

namespace {

Var zeros_unless(const Var& x, const Var& like) { return x.defined() ? x : zeros_like(like); }

/// The branches of a switch, each recorded once more of the same stand-ins and turned into another function of these
/// and of some more.
struct Branches {
  TapeState& tape;
  std::shared_ptr<const Payload> payload;
  std::vector<Var> at;
  std::vector<Recorded> recorded;
  std::vector<Replaced> replaced;  // what the other functions are of

  Branches(TapeState& state, NodeId node)
      : tape(state), payload(state.payload(node)), at(stand_ins(state, *payload->branches[0])) {}

  /// \param make  from the nodes of a branch to the outputs of the other function.
  template <class Make>
  void turn(const Function& branch, Make make) {
    Recorded result{static_cast<NodeId>(tape.size()), {}};
    const std::vector<NodeId> nodes = append_body(tape, branch, at);
    result.outputs = imported(tape, make(nodes));
    recorded.push_back(std::move(result));
  }
};

Var output_of(TapeState& tape, const Function& branch, const std::vector<NodeId>& nodes, std::size_t which) {
  return VarAccess::recorded(tape, nodes[branch.outputs()[which]]);
}

}  // namespace

std::vector<Sensitivity> Switch::vjp(const NodeContext& context, std::span<const Sensitivity> cotangents,
                                     std::span<const char> wanted) {
  TapeState& tape = context.tape;
  Branches branches(tape, context.node);
  std::vector<std::size_t> used;  // outputs
  for (std::size_t k = 0; k < branches.at.size(); ++k)
    branches.replaced.push_back({branches.at[k], context.input(k + 1)});
  std::vector<Sensitivity> seeds;
  for (std::size_t which = 0; which < cotangents.size(); ++which) {
    if (!cotangents[which].defined()) continue;
    used.push_back(which);
    branches.replaced.push_back({stand_in(tape, cotangents[which].x), cotangents[which].x});
    seeds.push_back({branches.replaced.back().parameter, cotangents[which].masked});
  }
  std::vector<std::size_t> sought;  // inputs
  std::vector<Var> inputs;
  for (std::size_t k = 1; k < wanted.size(); ++k) {
    if (wanted[k] == 0) continue;
    sought.push_back(k);
    inputs.push_back(branches.at[k - 1]);
  }
  bool masked = any_masked(cotangents);
  for (const auto& branch : branches.payload->branches) {
    branches.turn(*branch, [&](const std::vector<NodeId>& nodes) {
      std::vector<Var> outputs;
      for (const std::size_t which : used) outputs.push_back(output_of(tape, *branch, nodes, which));
      const std::vector<Sensitivity> terms = reverse_sweep(tape, outputs, seeds, inputs);
      masked = masked || any_masked(terms);
      std::vector<Var> all;
      for (std::size_t k = 0; k < terms.size(); ++k) all.push_back(zeros_unless(terms[k].x, inputs[k]));
      return all;
    });
  }
  const std::vector<Var> results = record_switch(tape, context.input(0), branches.recorded, branches.replaced);
  std::vector<Sensitivity> result(wanted.size());
  for (std::size_t k = 0; k < sought.size(); ++k) result[sought[k]] = {results[k], masked};
  return result;
}

std::optional<std::vector<Series>> Switch::jet(const NodeContext& context, std::span<const Series> given,
                                               std::size_t order) {
  TapeState& tape = context.tape;
  Branches branches(tape, context.node);
  for (std::size_t k = 0; k < branches.at.size(); ++k)
    branches.replaced.push_back({branches.at[k], context.input(k + 1)});
  std::vector<Var> inputs;
  std::vector<Series> seeds;
  for (std::size_t k = 1; k < given.size(); ++k) {
    if (!given[k].defined()) continue;
    inputs.push_back(branches.at[k - 1]);
    seeds.push_back(stand_in_series(tape, inputs.back(), order, given[k].masked));
    for (std::size_t i = 0; i < order; ++i) {
      branches.replaced.push_back({seeds.back().derivatives[i], derivative_or_zeros(given[k], i, inputs.back())});
    }
  }
  std::vector<std::size_t> moving;  // outputs
  const Function& like = *branches.payload->branches[0];
  for (std::size_t which = 0; which < like.outputs().size(); ++which) {
    if (is_floating(like.program().node(like.outputs()[which]).dtype)) moving.push_back(which);
  }
  bool masked = any_masked(given);
  for (const auto& branch : branches.payload->branches) {
    branches.turn(*branch, [&](const std::vector<NodeId>& nodes) {
      std::vector<Var> outputs;
      for (const std::size_t which : moving) outputs.push_back(output_of(tape, *branch, nodes, which));
      const std::vector<Series> series = taylor_sweep(tape, inputs, seeds, outputs, order);
      masked = masked || any_masked(series);
      std::vector<Var> all;
      for (std::size_t k = 0; k < series.size(); ++k) {
        for (std::size_t i = 0; i < order; ++i) all.push_back(derivative_or_zeros(series[k], i, outputs[k]));
      }
      return all;
    });
  }
  const std::vector<Var> results = record_switch(tape, context.input(0), branches.recorded, branches.replaced);
  std::vector<Series> result(like.outputs().size());
  for (std::size_t k = 0; k < moving.size(); ++k) {
    const auto first = results.begin() + static_cast<std::ptrdiff_t>(k * order);
    result[moving[k]] = {{first, first + static_cast<std::ptrdiff_t>(order)}, masked};
  }
  return result;
}

namespace {

/// The branches of all examples.
struct BatchedBranches : Branches {
  explicit BatchedBranches(const BatchContext& context) : Branches(context.tape, context.node) {
    std::vector<Var> examples;
    std::vector<Var> batches;
    for (std::size_t k = 1; k < context.batches.size(); ++k) {
      const Var& one = at[k - 1];
      const Var given = context.batched(k) ? context.batches[k] : context.input(k);
      replaced.push_back({context.batched(k) ? stand_in(tape, given) : one, given});
      if (!context.batched(k)) continue;
      examples.push_back(one);
      batches.push_back(replaced.back().parameter);
    }
    for (const auto& branch : payload->branches) {
      turn(*branch, [&](const std::vector<NodeId>& nodes) {
        std::vector<Var> outputs;
        for (std::size_t which = 0; which < branch->outputs().size(); ++which) {
          outputs.push_back(output_of(tape, *branch, nodes, which));
        }
        return batch_sweep(tape, examples, batches, context.extent, outputs);
      });
    }
  }
};

/// A number for each example: all branches are computed, and each example takes its own.
std::vector<Var> chosen_each(const BatchContext& context, std::span<const std::vector<Var>> of_branches) {
  static const Requirement requirement("switch: there is no branch {} of {}");
  const auto count = static_cast<double>(of_branches.size());
  const Var& asked = context.batches[0];
  const Var number =
      checked(asked, (asked >= 0.0) && (asked < count), requirement, static_cast<std::int64_t>(of_branches.size()));
  std::vector<Var> results = of_branches[0];
  for (std::size_t branch = 1; branch < of_branches.size(); ++branch) {
    const Var here = equal(number, static_cast<double>(branch));
    for (std::size_t k = 0; k < results.size(); ++k) {
      Strides shape(results[k].dimension(), 1);
      shape[0] = static_cast<std::ptrdiff_t>(context.extent);
      results[k] = where(reshape(here, shape), of_branches[branch][k], results[k]);
    }
  }
  return results;
}

}  // namespace

std::vector<Var> Switch::batch(const BatchContext& context) {
  TapeState& tape = context.tape;
  const BatchedBranches branches(context);
  if (!context.batched(0)) return record_switch(tape, context.input(0), branches.recorded, branches.replaced);
  std::vector<std::vector<Var>> all;
  for (const Recorded& branch : branches.recorded) {  // each as if it were the only one
    all.push_back(record_switch(tape, Var(std::int64_t{0}), std::array{branch}, branches.replaced));
  }
  return chosen_each(context, all);
}

// ---- loops of unknown length

namespace {

/// Both functions of a loop, recorded once more.
struct BothOf {
  std::shared_ptr<const Payload> payload;
  NodeId begin;
  std::vector<Var> at;
  Var goes_on;
  std::vector<Var> next;

  BothOf(TapeState& tape, NodeId node, std::span<const char> stands_in)
      : payload(tape.payload(node)), begin(static_cast<NodeId>(tape.size())) {
    const TapeState& program = payload->function->program();
    for (NodeId id = 0; id < payload->function->parameters(); ++id) {
      const bool varies = id < payload->scan.carried || (id < stands_in.size() && stands_in[id] != 0);
      const Var input = VarAccess::recorded(tape, tape.inputs(node)[id]);
      at.push_back(varies ? opaque(tape, program.node(id).dtype, program.shape(id))
                          : VarAccess::recorded(tape, append_input(tape, input)));
    }
    goes_on = record_body(tape, *payload->condition, at)[0];
    next = record_body(tape, *payload->function, at);
  }
};

}  // namespace

std::vector<Sensitivity> While::vjp(const NodeContext&, std::span<const Sensitivity>, std::span<const char>) {
  throw TapeError(
      "while_loop: the number of runs is not known, so that there is no derivative in reverse mode. Use forward mode "
      "(jvp, jacobian with Mode::forward), scan(), or say how many runs there are at most: WhileOptions::at_most");
}

std::optional<std::vector<Series>> While::jet(const NodeContext& context, std::span<const Series> given,
                                              std::size_t order) {
  TapeState& tape = context.tape;
  const BothOf both(tape, context.node, {});
  const std::size_t carried = both.payload->scan.carried;
  std::vector<std::size_t> moving;
  for (std::size_t k = 0; k < carried; ++k) {
    if (is_floating(both.at[k].dtype())) moving.push_back(k);
  }
  struct Run {
    std::vector<Series> parameters;
    std::vector<Series> sensitivities;
  };
  const Run run = with_masks(any_masked(given), [&](bool masked) {
    Run result;
    std::vector<Var> inputs;
    std::vector<Series> seeds;
    std::vector<Var> outputs;
    for (const std::size_t k : moving) {
      inputs.push_back(both.at[k]);
      seeds.push_back(stand_in_series(tape, both.at[k], order, masked));
      result.parameters.push_back(seeds.back());
      outputs.push_back(both.next[k]);
    }
    for (std::size_t k = carried; k < given.size(); ++k) {
      if (!given[k].defined()) continue;
      inputs.push_back(both.at[k]);
      seeds.push_back({given[k].derivatives, masked});
    }
    result.sensitivities = taylor_sweep(tape, inputs, seeds, outputs, order);
    return result;
  });
  std::vector<Var> parameters(both.at.begin(), both.at.begin() + static_cast<std::ptrdiff_t>(carried));
  std::vector<Var> first;
  for (std::size_t k = 0; k < carried; ++k) first.push_back(context.input(k));
  std::vector<Var> next = both.next;
  for (std::size_t k = 0; k < moving.size(); ++k) {
    const Var& primal = both.at[moving[k]];
    for (std::size_t i = 0; i < order; ++i) {
      parameters.push_back(run.parameters[k].derivatives[i]);
      first.push_back(derivative_or_zeros(given[moving[k]], i, primal));
      next.push_back(derivative_or_zeros(run.sensitivities[k], i, primal));
    }
  }
  const std::vector<Var> last = make_while(tape, both.begin, parameters, first, both.goes_on, next);
  std::vector<Series> result(carried);
  for (std::size_t k = 0; k < moving.size(); ++k) {
    const auto of_this = last.begin() + static_cast<std::ptrdiff_t>(carried + k * order);
    result[moving[k]] = {{of_this, of_this + static_cast<std::ptrdiff_t>(order)}, any_masked(run.sensitivities)};
  }
  return result;
}

namespace {

/// Whether anything that comes in a batch reaches what decides.
bool decides_by_example(const Payload& payload, std::span<const char> batched) {
  const TapeState& program = payload.condition->program();
  std::vector<char> depends(batched.begin(), batched.end());
  for (auto id = static_cast<NodeId>(depends.size()); id < program.size(); ++id) {
    const std::span<const NodeId> inputs = program.inputs(id);
    depends.push_back(std::ranges::any_of(inputs, [&](NodeId input) { return depends[input] != 0; }) ? 1 : 0);
  }
  return depends[payload.condition->outputs()[0]] != 0;
}

}  // namespace

/// All of what is carried becomes a batch. Examples that have ended keep what they have.
std::vector<Var> While::batch(const BatchContext& context) {
  TapeState& tape = context.tape;
  const std::size_t carried = tape.payload(context.node)->scan.carried;
  std::vector<char> batched;
  for (std::size_t k = 0; k < context.batches.size(); ++k) batched.push_back(k < carried || context.batched(k) ? 1 : 0);
  std::vector<Var> first;
  for (std::size_t k = 0; k < carried; ++k) first.push_back(context.batch(k));
  const BothOf both(tape, context.node, batched);
  std::vector<Var> examples;
  std::vector<Var> batches;
  std::vector<Var> parameters;
  for (std::size_t k = 0; k < batched.size(); ++k) {
    if (batched[k] == 0) continue;
    examples.push_back(both.at[k]);
    batches.push_back(k < carried ? opaque(tape, both.at[k].dtype(), prefixed(context.extent, both.at[k].shape()))
                                  : context.batches[k]);
    if (k < carried) parameters.push_back(batches.back());
  }
  std::vector<Var> outputs = both.next;
  outputs.push_back(both.goes_on);
  std::vector<Var> next = batch_sweep(tape, examples, batches, context.extent, outputs);
  const Var goes_on = next.back();
  next.pop_back();
  for (std::size_t k = 0; k < carried && decides_by_example(*both.payload, batched); ++k) {
    Strides shape(next[k].dimension(), 1);
    shape[0] = static_cast<std::ptrdiff_t>(context.extent);
    next[k] = where(reshape(goes_on, shape), next[k], parameters[k]);
  }
  return make_while(tape, both.begin, parameters, first, sum(goes_on) > 0.0, next);
}

}  // namespace xgrad::primitives
