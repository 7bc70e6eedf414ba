#include "call.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "control.hpp"
#include "derivatives/batching.hpp"
#include "derivatives/node_context.hpp"
#include "derivatives/sweep.hpp"
#include "derivatives/taylor/taylor.hpp"
#include "linearity.hpp"
#include "primitives/arrays.hpp"
#include "var/call.hpp"
#include "var/record.hpp"

namespace xgrad::derivatives {

std::vector<Var> completed(std::span<const Var> given, std::span<const Var> like) {
  std::vector<Var> result;
  for (std::size_t k = 0; k < like.size(); ++k) {
    result.push_back(k < given.size() && given[k].defined() ? given[k] : zeros_like(like[k]));
  }
  return result;
}

namespace {

using Vars = std::span<const Var>;

std::ptrdiff_t signed_of(std::size_t count) { return static_cast<std::ptrdiff_t>(count); }

std::vector<Var> inputs_of(TapeState& tape, NodeId node) {
  std::vector<Var> result;
  for (const NodeId input : tape.inputs(node)) result.push_back(VarAccess::recorded(tape, input));
  return result;
}

/// A node of their own for each, where a sweep may begin.
std::vector<Var> fresh(TapeState& tape, Vars all) {
  std::vector<Var> result;
  for (const Var& x : all) result.push_back(VarAccess::recorded(tape, append_input(tape, x)));
  return result;
}

template <class T>
std::vector<T> chosen(std::span<const T> all, const auto& wanted) {
  std::vector<T> result;
  for (std::size_t k = 0; k < all.size(); ++k) {
    if (wanted(k)) result.push_back(all[k]);
  }
  return result;
}

std::vector<Var> defined_of(Vars all) {
  return chosen(all, [&](std::size_t k) { return all[k].defined(); });
}

/// What a rule gave must fit what it is a derivative of.
void require_fit(const CallRule& rule, std::string_view what, Vars given, Vars primals,
                 const std::function<std::string(std::size_t)>& name) {
  if (given.size() != primals.size()) {
    throw ShapeError(rule.operation + ": the rule gave " + std::to_string(given.size()) + " arrays as " +
                     std::string(what) + ", and must give " + std::to_string(primals.size()));
  }
  for (std::size_t k = 0; k < primals.size(); ++k) {
    if (!given[k].defined() || !is_floating(primals[k].dtype())) continue;
    if (given[k].shape() == primals[k].shape() && given[k].dtype() == primals[k].dtype()) continue;
    const std::string message = rule.operation + ": the rule gave a " + std::string(what) + " " + describe(given[k]) +
                                " for " + name(k) + ", which is " + describe(primals[k]) +
                                "; they must have the same shape and element type";
    if (given[k].shape() != primals[k].shape()) throw ShapeError(message);
    throw TypeError(message);
  }
}

/// A function's captured Vars have no part in its rule.
void require_not_captured(const CallRule& rule, std::size_t input) {
  if (input < rule.inputs) return;
  throw TapeError(rule.operation +
                  ": the function captured a recorded Var that is differentiated now, and its rule says nothing of it. "
                  "Pass it as an argument, or capture stop_gradient() of it");
}

/// The scope of a part of a transposition.
class Transposing {
 public:
  Transposing(TapeState& tape, TapeState::Transposition part) : tape_(tape), outer_(tape.transposition()) {
    tape.note_transposition(part);
  }
  ~Transposing() { tape_.note_transposition(outer_); }
  Transposing(const Transposing&) = delete;
  Transposing& operator=(const Transposing&) = delete;

 private:
  TapeState& tape_;
  TapeState::Transposition outer_;
};

struct RuleAt {
  const CallRule& rule;
  TapeState& tape;
  std::vector<Var> inputs;   ///< without what was captured
  std::vector<Var> outputs;  ///< with residuals

  [[nodiscard]] Vars values() const { return Vars(outputs).first(rule.outputs); }

  [[nodiscard]] std::vector<Var> on_tape(std::vector<Var> all) const {
    for (Var& x : all) {
      if (x.defined()) x = VarAccess::recorded(tape, import(tape, x, rule.operation));
    }
    return all;
  }
  [[nodiscard]] std::vector<Var> stand_ins(Vars like) const {
    std::vector<Var> result;
    for (const Var& x : like) result.push_back(opaque(tape, x.dtype(), x.shape()));
    return result;
  }

  [[nodiscard]] std::vector<Var> given_vjp(Vars cotangents) const {
    std::vector<Var> result = rule.vjp(inputs, outputs, completed(cotangents, values()));
    require_fit(rule, "cotangent", result, inputs, [&](std::size_t k) { return rule.paths()[k]; });
    return on_tape(std::move(result));
  }
  [[nodiscard]] std::vector<Var> given_jvp(Vars tangents) const {
    std::vector<Var> result = rule.jvp(inputs, outputs, tangents);
    require_fit(rule, "tangent", result, values(), [](std::size_t k) { return "output " + std::to_string(k); });
    return on_tape(std::move(result));
  }

  [[nodiscard]] std::vector<Var> vjp(Vars cotangents) const {
    if (rule.vjp) return given_vjp(cotangents);
    const std::vector<Var> stand_in = stand_ins(inputs);
    return transposed(
        stand_in, [&] { return given_jvp(stand_in); }, cotangents);
  }
  [[nodiscard]] std::vector<Var> jvp(Vars tangents) const {
    if (rule.jvp) return given_jvp(tangents);
    const std::vector<Var> stand_in = stand_ins(values());
    return transposed(
        stand_in, [&] { return given_vjp(stand_in); }, tangents);
  }

  /// The transpose of a linear rule, which is recorded of stand-ins.
  template <class Rule>
  [[nodiscard]] std::vector<Var> transposed(Vars stand_in, Rule given, Vars cotangents) const {
    std::optional<Transposing> part(std::in_place, tape, TapeState::Transposition::Recorded);
    const std::vector<Var> results = given();
    require_linear(rule.operation, "the rule", tape, stand_in, defined_of(results));
    part.emplace(tape, TapeState::Transposition::Swept);
    const auto used = [&](std::size_t k) {
      return k < results.size() && results[k].defined() && k < cotangents.size() && cotangents[k].defined() &&
             is_floating(results[k].dtype());
    };
    return reverse_sweep(tape, chosen(Vars(results), used), chosen(cotangents, used), stand_in);
  }
};

/// What the rule of a call is given.
RuleAt rule_at(TapeState& tape, NodeId node, const Payload& payload) {
  const CallRule& rule = *payload.rule;
  std::vector<Var> inputs = inputs_of(tape, node);
  std::vector<Var> outputs = record_projections(tape, node);
  // A residual that is an argument, or a result, is differentiated as such. Of a call that takes stand-ins, which have
  // no values, the others are taken from the body: there they do not depend on these, if all is linear in them.
  const std::span<const NodeId> ids = payload.function->outputs();
  if (tape.transposition() == TapeState::Transposition::Swept && ids.size() > rule.outputs) {
    const std::vector<Var> of_body = record_body(tape, *payload.function, inputs);
    std::ranges::copy(Vars(of_body).subspan(rule.outputs), outputs.begin() + signed_of(rule.outputs));
  }
  for (std::size_t k = rule.outputs; k < ids.size(); ++k) {
    const auto same = std::ranges::find(ids.first(rule.outputs), ids[k]);
    if (ids[k] < payload.function->parameters()) outputs[k] = inputs[ids[k]];
    else if (same != ids.begin() + signed_of(rule.outputs))
      outputs[k] = outputs[static_cast<std::size_t>(same - ids.begin())];
  }
  inputs.resize(rule.inputs);
  return {rule, tape, std::move(inputs), std::move(outputs)};
}

/// The derivatives of a function's outputs as its body tells.
struct Body {
  std::vector<Var> at;
  std::vector<Var> outputs;

  Body(const NodeContext& context, const Function& function)
      : at(fresh(context.tape, inputs_of(context.tape, context.node))),
        outputs(record_body(context.tape, function, at)) {}

  /// Nothing for inputs that are not wanted.
  [[nodiscard]] std::vector<Sensitivity> vjp(const NodeContext& context, std::span<const Sensitivity> cotangents,
                                             std::span<const char> wanted) const {
    const auto used = [&](std::size_t k) { return k < cotangents.size() && cotangents[k].defined(); };
    const auto is_wanted = [&](std::size_t k) { return wanted[k] != 0; };
    const std::vector<Sensitivity> terms =
        reverse_sweep(context.tape, chosen(Vars(outputs), used), chosen(cotangents, used), chosen(Vars(at), is_wanted));
    std::vector<Sensitivity> result(wanted.size());
    std::size_t next = 0;
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      if (is_wanted(k)) result[k] = terms[next++];
    }
    return result;
  }
  /// \param first  of the outputs whose tangents are wanted.
  [[nodiscard]] std::vector<Sensitivity> jvp(const NodeContext& context, std::span<const Sensitivity> tangents,
                                             std::size_t first) const {
    const auto used = [&](std::size_t k) { return tangents[k].defined(); };
    return forward_sweep(context.tape, chosen(Vars(at), used), chosen(tangents, used), Vars(outputs).subspan(first));
  }
};

/// Sweeps ask for outputs of calls again: where a function ends at one, it ends at all nodes of the same output.
void end_at_same_outputs(TapeState& tape, NodeId begin, std::vector<NodeId>& ends, std::vector<Replaced>& replaced) {
  std::map<std::pair<NodeId, std::int64_t>, Var> outputs;
  const auto output = [&](NodeId id) { return std::pair{tape.inputs(id)[0], tape.attributes(id)[0]}; };
  const auto is_output = [&](NodeId id) { return tape.node(id).op == opcode<primitives::Projection>; };
  for (const Replaced& each : replaced) {
    const NodeId id = VarAccess::node(each.parameter);
    if (id >= begin && is_output(id)) outputs.emplace(output(id), each.given);
  }
  if (outputs.empty()) return;
  for (auto id = begin; id < tape.size(); ++id) {
    if (!is_output(id) || std::ranges::find(ends, id) != ends.end()) continue;
    const auto found = outputs.find(output(id));
    if (found == outputs.end()) continue;
    ends.push_back(id);
    replaced.push_back({VarAccess::recorded(tape, id), found->second});
  }
}

/// The derivatives of a function that is computed again: apart, so that the planner does not merge both, and nothing of
/// it is kept but for what shall be.
std::vector<Sensitivity> recomputed(const NodeContext& context, const Payload& payload,
                                    std::span<const Sensitivity> cotangents, std::span<const char> wanted) {
  TapeState& tape = context.tape;
  const Function& function = *payload.function;
  const std::size_t results = function.outputs().size() - payload.kept;
  const std::vector<Var> at = stand_ins(tape, function);
  std::vector<Replaced> replaced;
  for (std::size_t k = 0; k < at.size(); ++k) replaced.push_back({at[k], context.input(k)});
  std::vector<std::size_t> used;
  std::vector<Sensitivity> seeds;
  for (std::size_t which = 0; which < cotangents.size(); ++which) {
    if (!cotangents[which].defined()) continue;
    used.push_back(which);
    const Var& x = cotangents[which].x;
    replaced.push_back({opaque(tape, x.dtype(), x.shape()), x});
    seeds.push_back({replaced.back().parameter, cotangents[which].masked});
  }
  Recorded recorded{static_cast<NodeId>(tape.size()), {}};
  const std::vector<NodeId> nodes = append_body(tape, function, at);
  const auto output = [&](std::size_t which) { return VarAccess::recorded(tape, nodes[function.outputs()[which]]); };
  std::vector<Var> outputs;
  for (const std::size_t which : used) outputs.push_back(output(which));
  const auto is_wanted = [&](std::size_t k) { return wanted[k] != 0; };
  const std::vector<Var> inputs = chosen(Vars(at), is_wanted);
  const std::vector<Sensitivity> terms = reverse_sweep(tape, outputs, seeds, inputs);
  std::vector<NodeId> ends;
  for (std::size_t which = results; which < function.outputs().size(); ++which) {
    const Var kept = output(which);
    if (std::ranges::find(ends, VarAccess::node(kept)) != ends.end()) continue;
    ends.push_back(VarAccess::node(kept));
    replaced.push_back({kept, record_projection(tape, context.node, which, {kept.dtype(), kept.shape()})});
  }
  end_at_same_outputs(tape, recorded.begin, ends, replaced);
  std::vector<Var> all;
  bool masked = false;
  for (std::size_t k = 0; k < terms.size(); ++k) {
    all.push_back(terms[k].defined() ? terms[k].x : zeros_like(inputs[k]));
    masked = masked || terms[k].masked;
  }
  recorded.outputs = imported(tape, all);
  const std::vector<Var> found =
      record_switch(tape, Var(std::int64_t{0}), std::array{std::move(recorded)}, replaced, ends);
  std::vector<Sensitivity> result(wanted.size());
  std::size_t next = 0;
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    if (is_wanted(k)) result[k] = {found[next++], masked};
  }
  return result;
}

bool any_defined(std::span<const Sensitivity> all) {
  return std::ranges::any_of(all, [](const Sensitivity& each) { return each.defined(); });
}

/// Where a rule is recorded for one example, to be batched then. What is batched has a stand-in.
class OneExample {
 public:
  OneExample(TapeState& tape, std::size_t extent) : tape_(tape), extent_(extent) {}

  Var operator()(const Var& x, bool batched) {
    if (!batched) return x;
    examples_.push_back(opaque(tape_, x.dtype(), Shape(x.shape().begin() + 1, x.shape().end())));
    batches_.push_back(x);
    return examples_.back();
  }
  std::vector<Var> all(Vars batches) {
    std::vector<Var> result;
    for (const Var& x : batches) result.push_back((*this)(x, true));
    return result;
  }
  std::vector<Var> some(Vars all, std::span<const char> batched) {
    std::vector<Var> result;
    for (std::size_t k = 0; k < all.size(); ++k) result.push_back((*this)(all[k], batched[k] != 0 && all[k].defined()));
    return result;
  }
  /// Results for all examples; empty Vars stay empty.
  [[nodiscard]] std::vector<Var> batch(Vars results) const {
    std::vector<Var> defined;
    for (const Var& x : results) {
      if (x.defined()) defined.push_back(VarAccess::recorded(tape_, import(tape_, x)));
    }
    const std::vector<Var> batches = batch_sweep(tape_, examples_, batches_, extent_, defined);
    std::vector<Var> result;
    std::size_t used = 0;
    for (const Var& x : results) result.push_back(x.defined() ? batches[used++] : Var());
    return result;
  }

 private:
  TapeState& tape_;
  std::size_t extent_;
  std::vector<Var> examples_;
  std::vector<Var> batches_;
};

/// The rule of a function of batches: that of one example, batched.
std::shared_ptr<const CallRule> batched_rule(const std::shared_ptr<const CallRule>& one, std::size_t extent,
                                             const std::vector<char>& batched) {
  auto rule = std::make_shared<CallRule>(*one);
  rule->recorded = nullptr;  // that is of one example
  if (one->vjp) {
    rule->vjp = [one, extent, batched](Vars inputs, Vars outputs, Vars cotangents) {
      OneExample example(VarAccess::tape(cotangents[0]), extent);
      const std::vector<Var> at = example.some(inputs, batched);
      const std::vector<Var> values = example.all(outputs);
      std::vector<Var> result = example.batch(one->vjp(at, values, example.all(cotangents)));
      // What is the same for all gets the sum of all cotangents.
      for (std::size_t k = 0; k < result.size(); ++k) {
        if (result[k].defined() && batched[k] == 0) result[k] = sum(result[k], 0);
      }
      return result;
    };
  }
  if (one->jvp) {
    rule->jvp = [one, extent, batched](Vars inputs, Vars outputs, Vars tangents) {
      OneExample example(VarAccess::tape(inputs[0]), extent);
      const std::vector<Var> at = example.some(inputs, batched);
      const std::vector<Var> values = example.all(outputs);
      return example.batch(one->jvp(at, values, example.some(tangents, batched)));
    };
  }
  return rule;
}

/// The batch of outputs as the user's rule tells.
std::vector<Var> batch_by_rule(const BatchContext& context, const BatchRule& rule, const Function& function) {
  TapeState& tape = context.tape;
  std::vector<Var> inputs;
  for (std::size_t k = 0; k < context.batches.size(); ++k) {
    if (k >= rule.inputs && context.batched(k)) {
      throw TapeError(rule.operation +
                      ": the function captured a recorded Var that differs from example to example, and its rule says "
                      "nothing of it. Pass it as an argument");
    }
    if (k < rule.inputs) {
      Shape shape = context.input(k).shape();
      shape.insert(0, context.extent);
      inputs.push_back(context.batched(k) ? context.batches[k] : broadcast_to(context.input(k), shape));
    }
  }
  std::vector<Var> results = rule.rule(inputs);
  for (std::size_t k = 0; k < results.size(); ++k) {
    const NodeId one = function.outputs()[k];
    Shape shape = function.program().shape(one);
    shape.insert(0, context.extent);
    const DType dtype = function.program().node(one).dtype;
    if (results[k].shape() != shape || results[k].dtype() != dtype) {
      const std::string message = rule.operation + ": the rule gave " + describe(results[k]) + " for output " +
                                  std::to_string(k) + ", and must give " + std::string(name(dtype)) + " " +
                                  to_string(shape) + ", the examples along the first axis";
      if (results[k].shape() != shape) throw ShapeError(message);
      throw TypeError(message);
    }
    results[k] = VarAccess::recorded(tape, import(tape, results[k], rule.operation));
  }
  return results;
}

}  // namespace
}  // namespace xgrad::derivatives

namespace xgrad::primitives {

using namespace derivatives;

std::vector<Sensitivity> Call::vjp(const NodeContext& context, std::span<const Sensitivity> cotangents,
                                   std::span<const char> wanted) {
  const std::shared_ptr<const Payload> held = context.tape.payload(context.node);
  const Payload& payload = *held;
  if (payload.recomputes) return recomputed(context, payload, cotangents, wanted);
  if (payload.rule == nullptr) return Body(context, *payload.function).vjp(context, cotangents, wanted);
  const CallRule& rule = *payload.rule;
  std::vector<Sensitivity> of_residuals(cotangents.begin(), cotangents.end());
  std::fill_n(of_residuals.begin(), std::min(rule.outputs, of_residuals.size()), Sensitivity());
  std::vector<Sensitivity> result(wanted.size());
  if (any_defined(of_residuals)) result = Body(context, *payload.function).vjp(context, of_residuals, wanted);
  const std::span<const Sensitivity> of_results = cotangents.first(std::min(rule.outputs, cotangents.size()));
  if (!any_defined(of_results)) return result;
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    if (wanted[k] != 0) require_not_captured(rule, k);
  }
  const std::vector<Var> terms = rule_at(context.tape, context.node, payload).vjp(values_of(of_results));
  for (std::size_t k = 0; k < terms.size(); ++k) {
    if (wanted[k] == 0 || !terms[k].defined()) continue;
    // What a rule does is not looked at: it may set elements to 0.
    result[k] = {result[k].defined() ? result[k].x + terms[k] : terms[k], true};
  }
  return result;
}

std::vector<Sensitivity> Call::jvp(const NodeContext& context, std::span<const Sensitivity> tangents) {
  const Payload& payload = *context.tape.payload(context.node);
  if (payload.rule == nullptr) return Body(context, *payload.function).jvp(context, tangents, 0);
  const CallRule& rule = *payload.rule;
  for (std::size_t k = 0; k < tangents.size(); ++k) {
    if (tangents[k].defined()) require_not_captured(rule, k);
  }
  std::vector<Sensitivity> result;
  for (const Var& x : rule_at(context.tape, context.node, payload).jvp(values_of(tangents.first(rule.inputs)))) {
    result.push_back({x, true});
  }
  if (payload.function->outputs().size() == rule.outputs) return result;
  const std::vector<Sensitivity> all = Body(context, *payload.function).jvp(context, tangents, rule.outputs);
  result.insert(result.end(), all.begin(), all.end());
  return result;
}

/// A body that is swept is swept once. A rule of the user's says the first derivative, from which the others come.
std::optional<std::vector<Series>> Call::jet(const NodeContext& context, std::span<const Series> given,
                                             std::size_t order) {
  const std::shared_ptr<const Payload> payload = context.tape.payload(context.node);
  if (payload->rule != nullptr) return std::nullopt;
  const Body body(context, *payload->function);
  const auto used = [&](std::size_t k) { return given[k].defined(); };
  return taylor_sweep(context.tape, chosen(Vars(body.at), used), chosen(given, used), body.outputs, order);
}

std::vector<Var> Call::batch(const BatchContext& context) {
  const std::shared_ptr<const Payload> payload = context.tape.payload(context.node);
  if (payload->batch != nullptr) return batch_by_rule(context, *payload->batch, *payload->function);
  const NodeId first = static_cast<NodeId>(context.tape.size());
  std::vector<char> batched;
  std::vector<Var> whole;
  for (std::size_t k = 0; k < context.batches.size(); ++k) {
    batched.push_back(context.batched(k) ? 1 : 0);
    whole.push_back(context.batched(k) ? context.batches[k] : context.input(k));
  }
  const std::vector<Var> at = fresh(context.tape, whole);
  OneExample example(context.tape, context.extent);
  const std::vector<Var> one = example.some(at, batched);
  const std::vector<Var> outputs = example.batch(record_body(context.tape, *payload->function, one));
  if (payload->rule == nullptr && !payload->recomputes) return outputs;
  std::vector<NodeId> inputs;
  std::vector<NodeId> results;
  for (const Var& x : at) inputs.push_back(VarAccess::node(x));
  for (const Var& x : outputs) results.push_back(VarAccess::node(x));
  Extracted all = extract(context.tape, first, inputs, results);
  inputs.insert(inputs.end(), all.captured.begin(), all.captured.end());
  auto call = std::make_shared<Payload>();
  call->function = std::move(all.function);
  if (payload->rule != nullptr) call->rule = batched_rule(payload->rule, context.extent, batched);
  call->recomputes = payload->recomputes;
  call->kept = payload->kept;
  return record_call(context.tape, std::move(call), inputs);
}

}  // namespace xgrad::primitives
