#include "expansion.hpp"

#include <algorithm>

#include <xgrad/ops/manipulate.hpp>

#include "backend/evaluate.hpp"
#include "derivatives/functions/apart.hpp"
#include "var/call.hpp"

namespace xgrad::detail {

using namespace primitives;

namespace {

Var var_of(TapeState& tape, NodeId id) { return VarAccess::recorded(tape, id); }

}  // namespace

std::optional<NodeId> Expansion::in_place_of(NodeId projection) {
  const NodeId whole = tape_.inputs(projection)[0];
  if (!traits[tape_.node(whole).op].has_payload) return std::nullopt;
  const auto which = static_cast<std::size_t>(tape_.attributes(projection)[0]);
  auto found = known_.find(whole);
  if (found == known_.end()) {
    const Nodes inputs(tape_.inputs(whole).begin(), tape_.inputs(whole).end());
    found = known_.emplace(whole, run(tape_, whole, inputs)).first;
  }
  return found->second ? std::optional(found->second->at(which)) : std::nullopt;
}

std::vector<NodeId> Expansion::replace(std::span<const NodeId> inputs, std::span<const NodeId> outputs) {
  if (inputs.empty()) return {outputs.begin(), outputs.end()};
  std::unordered_map<NodeId, NodeId> moved;
  std::unordered_map<NodeId, Outputs> replaced;
  const auto now = [&](NodeId id) {
    const auto found = moved.find(id);
    return found == moved.end() ? id : found->second;
  };
  for (const NodeId id : cut(tape_, *std::ranges::min_element(inputs), inputs, outputs).body) {
    Nodes operands;
    for (const NodeId input : tape_.inputs(id)) operands.push_back(now(input));
    if (tape_.node(id).op == opcode<Projection> && replaced.contains(tape_.inputs(id)[0])) {
      moved[id] = replaced.at(tape_.inputs(id)[0]).at(static_cast<std::size_t>(tape_.attributes(id)[0]));
      continue;
    }
    if (traits[tape_.node(id).op].has_payload) {
      if (auto results = run(tape_, id, operands)) {
        replaced.emplace(id, std::move(*results));
        continue;
      }
    }
    if (!std::ranges::equal(operands, tape_.inputs(id))) moved[id] = copy_node(tape_, tape_, id, operands);
  }
  Nodes result;
  for (const NodeId output : outputs) result.push_back(now(output));
  return result;
}

std::string Expansion::place(NodeId id) const {
  std::string text;
  for (const Part& part : parts_) {
    if (id < part.begin || id >= part.end || part.where.empty()) continue;
    text += (text.empty() ? "" : ", in ") + part.where;
  }
  return text;
}

Expansion::Nodes Expansion::append(const Function& function, const Nodes& inputs, const std::string& where) {
  const TapeState& program = function.program();
  const auto begin = static_cast<NodeId>(tape_.size());
  Nodes copies = inputs;
  std::unordered_map<NodeId, Outputs> replaced;
  for (auto id = static_cast<NodeId>(function.parameters()); id < program.size(); ++id) {
    Nodes operands;
    for (const NodeId input : program.inputs(id)) operands.push_back(copies[input]);
    if (program.node(id).op == opcode<Projection> && replaced.contains(program.inputs(id)[0])) {
      const auto which = static_cast<std::size_t>(program.attributes(id)[0]);
      copies.push_back(replaced.at(program.inputs(id)[0]).at(which));
      continue;
    }
    if (traits[program.node(id).op].has_payload) {
      if (auto results = run(program, id, operands)) {
        replaced.emplace(id, std::move(*results));
        copies.push_back(no_node);  // only its outputs are used
        continue;
      }
    }
    copies.push_back(copy_node(tape_, program, id, operands));
  }
  parts_.push_back({begin, static_cast<NodeId>(tape_.size()), where});
  return copies;
}

std::optional<Expansion::Outputs> Expansion::run(const TapeState& program, NodeId id, const Nodes& inputs) {
  // A copy: appending may move what it is in.
  const std::shared_ptr<const Payload> payload = program.payload(id);  // NOLINT(*-unnecessary-copy-initialization)
  switch (traits[program.node(id).op].computation) {
    case Computation::Scan:
      return run_scan(program, id, inputs);
    case Computation::While:
      return run_while(*payload, inputs);
    case Computation::Switch:
      return run_switch(*payload, inputs);
    case Computation::Function:
      break;
    default:
      return std::nullopt;
  }
  if (payload->rule != nullptr && rules_ == Rules::Kept) return std::nullopt;
  const Nodes nodes = append(*payload->function, inputs, "");
  Outputs outputs;
  for (std::size_t k = 0; k < payload->function->outputs().size(); ++k) {
    outputs[k] = nodes[payload->function->outputs()[k]];
  }
  return outputs;
}

std::optional<Expansion::Outputs> Expansion::run_scan(const TapeState& program, NodeId id, const Nodes& inputs) {
  const std::shared_ptr<const Payload> payload = program.payload(id);  // NOLINT(*-unnecessary-copy-initialization)
  const Function& body = *payload->function;
  const ScanSpec& scan = payload->scan;
  if (scan.length == 0 || !has_room(scan.length * (body.program().size() + 2 * scan.sliced))) return std::nullopt;
  std::map<std::size_t, std::vector<Var>> stacked;
  for (const std::size_t which : derivatives::used_outputs(program, id)) {
    if (which >= scan.carried) stacked[which].resize(scan.length);
  }
  Nodes parameters = inputs;
  for (std::size_t k = 0; k < scan.length; ++k) {
    const std::size_t at = scan.reverse ? scan.length - 1 - k : k;
    for (std::size_t i = scan.carried; i < scan.carried + scan.sliced; ++i) {
      parameters[i] = VarAccess::node(view(var_of(tape_, inputs[i]), at));
    }
    const Nodes nodes = append(body, parameters, "run [" + std::to_string(at) + "] of scan");
    for (auto& [which, all] : stacked) all[at] = var_of(tape_, nodes[which - scan.carried]);
    for (std::size_t i = 0; i < scan.carried; ++i) parameters[i] = nodes[body.outputs()[i]];
  }
  Outputs outputs;
  for (std::size_t i = 0; i < scan.carried; ++i) outputs[i] = parameters[i];
  for (const auto& [which, all] : stacked) outputs[which] = VarAccess::node(stack(all));
  return outputs;
}

std::optional<Expansion::Outputs> Expansion::run_while(const Payload& payload, const Nodes& inputs) {
  const Function& condition = *payload.condition;
  const Function& body = *payload.function;
  Nodes parameters = inputs;
  for (std::size_t k = 0;; ++k) {
    if (!has_room(condition.program().size() + body.program().size())) return std::nullopt;
    const std::string where = "run [" + std::to_string(k) + "] of while_loop";
    const NodeId goes_on = append(condition, parameters, "the condition before " + where)[condition.outputs()[0]];
    if (!*reinterpret_cast<const bool*>(backend::evaluated(tape_, goes_on)->data())) break;
    const Nodes nodes = append(body, parameters, where);
    for (std::size_t i = 0; i < payload.scan.carried; ++i) parameters[i] = nodes[body.outputs()[i]];
  }
  Outputs outputs;
  for (std::size_t i = 0; i < payload.scan.carried; ++i) outputs[i] = parameters[i];
  return outputs;
}

std::optional<Expansion::Outputs> Expansion::run_switch(const Payload& payload, const Nodes& inputs) {
  const auto number = *reinterpret_cast<const std::int64_t*>(backend::evaluated(tape_, inputs[0])->data());
  if (number < 0 || static_cast<std::size_t>(number) >= payload.branches.size()) return std::nullopt;
  const Function& branch = *payload.branches[static_cast<std::size_t>(number)];
  const Nodes nodes =
      append(branch, Nodes(inputs.begin() + 1, inputs.end()), "branch " + std::to_string(number) + " of switch");
  Outputs outputs;
  for (std::size_t k = 0; k < branch.outputs().size(); ++k) outputs[k] = nodes[branch.outputs()[k]];
  return outputs;
}

}  // namespace xgrad::detail
