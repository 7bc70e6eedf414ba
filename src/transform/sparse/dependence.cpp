#include "dependence.hpp"

#include <algorithm>
#include <array>

#include <xgrad/core/errors.hpp>

#include "backend/evaluate.hpp"
#include "primitives/traits.hpp"
#include "var/call.hpp"

namespace xgrad::detail {

using primitives::Computation;

FollowedProgram::FollowedProgram(const TapeState& tape, std::span<const Var> arguments) : tape_(tape) {
  for (const Var& x : arguments) arguments_.push_back(VarAccess::node(x));
  std::ranges::sort(arguments_);
}

FollowedProgram::FollowedProgram(const Function& function, const FollowedProgram& caller, NodeId call,
                                 std::size_t same_from, std::size_t shift)
    : tape_(function.program()), caller_(&caller), call_(call), same_from_(same_from), shift_(shift) {}

NodeId FollowedProgram::given_by_caller(NodeId parameter) const {
  if (caller_ == nullptr || parameter < same_from_) return no_node;
  return caller_->tape().inputs(call_)[parameter + shift_];
}

bool FollowedProgram::varies(NodeId id) const {
  for (auto next = static_cast<NodeId>(varies_.size()); next <= id; ++next) {
    const Opcode op = tape_.node(next).op;
    bool varying = false;
    if (op == opcode<primitives::Parameter>) {
      const NodeId given = given_by_caller(next);
      varying = given == no_node || caller_->varies(given);
    } else {
      const bool before = op == TapeState::leaf_opcode && !arguments_.empty() && next < arguments_.front();
      varying = before || op == opcode<primitives::HostCall> ||  // which is not called at other times than others are
                std::ranges::binary_search(arguments_, next) ||
                std::ranges::any_of(tape_.inputs(next), [&](NodeId input) { return varies_[input] != 0; });
    }
    varies_.push_back(varying ? 1 : 0);
  }
  return varies_[id] != 0;
}

Var FollowedProgram::value(NodeId id) const {
  if (varies(id)) return {};
  const auto [known, is_new] = values_.try_emplace(id);
  if (is_new) known->second = computed(id);
  return known->second;
}

/// On a tape of its own: that of the program may be in the course of being recorded.
Var FollowedProgram::computed(NodeId id) const {
  if (tape_.node(id).op == TapeState::leaf_opcode) return VarAccess::concrete(BufferPtr::share(tape_.value(id)));
  struct Release {
    void operator()(TapeState* tape) const noexcept { tape->release(); }
  };
  const std::unique_ptr<TapeState, Release> own(TapeState::acquire());
  std::unordered_map<NodeId, NodeId> copies;
  std::vector<NodeId> inputs;
  for (const NodeId each : cut(tape_, 0, {}, {&id, 1}).body) {
    inputs.clear();
    for (const NodeId input : tape_.inputs(each)) inputs.push_back(copies.at(input));
    if (tape_.node(each).op == opcode<primitives::Parameter>) {
      const Var given = caller_->value(given_by_caller(each));
      if (!given.defined()) return {};
      copies.emplace(each, own->append_leaf(VarAccess::buffer(given)));
    } else {
      copies.emplace(each, copy_node(*own, tape_, each, inputs));
    }
  }
  std::array<BufferPtr, 1> result;
  try {
    backend::evaluate(*own, std::array{copies.at(id)}, result, backend::Later::none);
  } catch (const Error&) {
    return {};  // it fails when, and if, the program needs it
  }
  return VarAccess::concrete(std::move(result[0]));
}

SetArray united(IndexSets& sets, const SetArray& a, const SetArray& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  SetArray result(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) result[i] = sets.united(a[i], b[i]);
  return result;
}

Walk::Walk(const FollowedProgram& program, NodeId first, std::span<const NodeId> from, std::span<const NodeId> outputs)
    : program_(program), from_(from.begin(), from.end()), outputs_(outputs.begin(), outputs.end()) {
  const TapeState& tape = program.tape();
  NodeId end = first;
  for (const NodeId output : outputs) end = std::max(end, output + 1);
  std::vector<char> is_needed(end - first, 0);
  const auto ask_for = [&](NodeId id) {
    if (id >= first) is_needed[id - first] = 1;
  };
  for (const NodeId output : outputs) ask_for(output);
  std::vector<char> is_given(end - first, 0);
  for (const NodeId id : from) {
    if (id >= first && id < end) is_given[id - first] = 1;
  }
  for (NodeId id = end; id-- > first;) {
    if (is_needed[id - first] == 0 || is_given[id - first] != 0) continue;
    needed_.push_back(id);
    for (const NodeId input : tape.inputs(id)) ask_for(input);
  }
  std::ranges::reverse(needed_);
}

std::vector<SetArray> Walk::run(IndexSets& sets, std::span<const SetArray> given) const {
  const TapeState& tape = program_.tape();
  std::unordered_map<NodeId, std::vector<SetArray>> known;  // of what depends on something
  const SetArray nothing;
  const auto of = [&](NodeId id) -> const SetArray& {
    const auto found = known.find(id);
    return found == known.end() ? nothing : found->second[0];
  };
  for (std::size_t k = 0; k < from_.size(); ++k) {
    if (!given[k].empty()) known.emplace(from_[k], std::vector<SetArray>{given[k]});
  }
  std::vector<const SetArray*> inputs;
  for (const NodeId id : needed_) {
    const Opcode op = tape.node(id).op;
    if (primitives::traits[op].computation == Computation::Projection) {
      const auto which = static_cast<std::size_t>(tape.attributes(id)[0]);
      const auto found = known.find(tape.inputs(id)[0]);
      if (found == known.end() || found->second.size() <= which || found->second[which].empty()) continue;
      SetArray copy = found->second[which];
      known.emplace(id, std::vector<SetArray>{std::move(copy)});
      continue;
    }
    inputs.clear();
    for (const NodeId input : tape.inputs(id)) inputs.push_back(&of(input));
    if (std::ranges::all_of(inputs, [](const SetArray* each) { return each->empty(); })) continue;
    known.emplace(id, dependence_rule_of(op)({sets, program_, id, inputs}));
  }
  std::vector<SetArray> result;
  for (const NodeId output : outputs_) result.push_back(of(output));
  return result;
}

}  // namespace xgrad::detail
