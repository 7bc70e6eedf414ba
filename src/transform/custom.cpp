#include <xgrad/transform/custom.hpp>

#include <algorithm>

#include <xgrad/core/errors.hpp>

#include "core/text.hpp"
#include "derivatives/functions/call.hpp"
#include "primitives/traits.hpp"
#include "var/call.hpp"
#include "var/record.hpp"

namespace xgrad::detail {

CustomCall::CustomCall(std::string_view operation, std::span<const Var> arguments, TapeState* tape)
    : operation_(operation), tape_(tape) {
  for (const Var& argument : arguments) {
    require_usable(argument, operation);
    if (argument.recorded()) tape_ = &VarAccess::tape(argument);
  }
  if (tape_ == nullptr) {
    inputs_.assign(arguments.begin(), arguments.end());
    return;
  }
  // Values that are known beforehand are not part of the function.
  std::vector<Var> nodes;
  for (const Var& argument : arguments)
    nodes.push_back(VarAccess::recorded(*tape_, import(*tape_, argument, operation_)));
  first_ = static_cast<NodeId>(tape_->size());
  reads_before_ = tape_->reads();
  for (const Var& node : nodes) inputs_.push_back(VarAccess::recorded(*tape_, append_input(*tape_, node)));
}

std::vector<Var> CustomCall::finish_recomputed(
    std::span<const Var> results, const std::function<std::vector<Var>(std::span<const NodeId>)>& kept) const {
  std::vector<NodeId> inputs;
  std::vector<NodeId> outputs;
  for (const Var& input : inputs_) inputs.push_back(VarAccess::node(input));
  for (const Var& result : results) {
    require_usable(result, operation_);
    if (tape_->reads() != reads_before_) require_recorded(operation_, result);
    outputs.push_back(import(*tape_, result, operation_));
  }
  for (const Var& also : kept(cut(*tape_, first_, inputs, outputs).body)) outputs.push_back(VarAccess::node(also));
  Extracted extracted = extract(*tape_, first_, inputs, outputs);
  inputs.insert(inputs.end(), extracted.captured.begin(), extracted.captured.end());
  auto payload = std::make_shared<Payload>();
  payload->function = std::move(extracted.function);
  payload->recomputes = true;
  payload->kept = outputs.size() - results.size();
  std::vector<Var> all = record_call(*tape_, std::move(payload), inputs);
  all.resize(results.size());
  return all;
}

std::vector<Var> CustomCall::finish_batched(std::span<const Var> results,
                                            std::function<std::vector<Var>(std::span<const Var>)> rule) const {
  std::vector<NodeId> inputs;
  std::vector<NodeId> outputs;
  for (const Var& input : inputs_) inputs.push_back(VarAccess::node(input));
  for (const Var& result : results) {
    require_usable(result, operation_);
    if (tape_->reads() != reads_before_) require_recorded(operation_, result);
    outputs.push_back(import(*tape_, result, operation_));
  }
  auto batch = std::make_shared<derivatives::BatchRule>();
  batch->operation = operation_;
  batch->inputs = inputs.size();
  batch->rule = std::move(rule);
  Extracted extracted = extract(*tape_, first_, inputs, outputs);
  inputs.insert(inputs.end(), extracted.captured.begin(), extracted.captured.end());
  auto payload = std::make_shared<Payload>();
  payload->function = std::move(extracted.function);
  payload->batch = std::move(batch);
  return record_call(*tape_, std::move(payload), inputs);
}

std::vector<Var> CustomCall::finish(std::span<const Var> outputs, std::size_t results, CustomRules rules) const {
  std::vector<NodeId> inputs;
  std::vector<NodeId> nodes;
  for (const Var& input : inputs_) inputs.push_back(VarAccess::node(input));
  for (const Var& output : outputs) {
    require_usable(output, operation_);
    nodes.push_back(import(*tape_, output, operation_));
  }
  Extracted extracted = extract(*tape_, first_, inputs, nodes);
  inputs.insert(inputs.end(), extracted.captured.begin(), extracted.captured.end());
  auto rule = std::make_shared<CallRule>();
  rule->operation = operation_;
  rule->inputs = inputs_.size();
  rule->outputs = results;
  if (rules.vjp) {
    rule->vjp = [of_user = std::move(rules.vjp)](CallRule::Vars, CallRule::Vars all, CallRule::Vars cotangents) {
      return of_user(all, cotangents);
    };
  }
  if (rules.jvp) {
    rule->jvp = [of_user = std::move(rules.jvp)](CallRule::Vars given, CallRule::Vars, CallRule::Vars tangents) {
      return of_user(given, derivatives::completed(tangents, given));
    };
  }
  rule->paths = std::move(rules.paths);
  auto payload = std::make_shared<Payload>(Payload{std::move(extracted.function), std::move(rule)});
  std::vector<Var> all = record_call(*tape_, std::move(payload), inputs);
  all.resize(results);
  return all;
}

void require_same_arrays(std::string_view operation, std::string_view what, const std::vector<std::string>& given,
                         const std::vector<std::string>& expected) {
  if (given == expected) return;
  const std::string begin = std::string(operation) + ": the rule gave a " + std::string(what);
  if (given.size() != expected.size()) {
    throw ShapeError(begin + " of " + core::count_of(given.size(), "array", "arrays") + ", and must give one of " +
                     std::to_string(expected.size()));
  }
  const auto [other, one] = std::ranges::mismatch(given, expected);
  throw ShapeError(begin + " with the array " + *other + " where it must have " + *one);
}

std::vector<Var> at_leaves(std::span<const char> is_leaf, std::span<const Var> derivatives) {
  std::vector<Var> result;
  std::size_t used = 0;
  for (const char leaf : is_leaf) {
    const bool there = leaf != 0 && used < derivatives.size();
    result.push_back(there ? derivatives[used] : Var());
    used += leaf != 0 ? 1 : 0;
  }
  tree::detail::require_same_count(used, derivatives.size());
  return result;
}

std::vector<Var> those_of_leaves(std::span<const char> is_leaf, std::span<const Var> all) {
  std::vector<Var> result;
  for (std::size_t k = 0; k < is_leaf.size(); ++k) {
    if (is_leaf[k] != 0) result.push_back(all[k]);
  }
  return result;
}

}  // namespace xgrad::detail
