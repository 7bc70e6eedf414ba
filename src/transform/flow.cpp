#include "flow.hpp"

#include <algorithm>
#include <cmath>

#include <xgrad/ops/elementwise.hpp>

#include "backend/evaluate.hpp"
#include "derivatives/functions/apart.hpp"
#include "derivatives/rules.hpp"
#include "derivatives/sweep.hpp"
#include "program_text.hpp"
#include "var/call.hpp"

namespace xgrad::detail {

namespace {

bool hands_on(Opcode op) {
  const derivatives::Rules& rules = derivatives::rules_of(op);
  return rules.vjp != nullptr || rules.several != nullptr || op == opcode<primitives::Projection>;
}

}  // namespace

Flow::Flow(TapeState& tape, NodeId loss, std::span<const NodeId> leaves) : tape_(tape) {
  if (!leaves.empty()) {
    between_ = cut(tape, *std::ranges::min_element(leaves), leaves, std::array{loss}).body;
  }
  std::vector<Var> all;
  const auto add = [&](NodeId id) {
    active_.emplace(id, derivatives::Sensitivity());
    all.push_back(VarAccess::recorded(tape, id));
  };
  for (const NodeId leaf : leaves) add(leaf);
  for (const NodeId id : between_) {
    if (!is_floating(tape.node(id).dtype) || !hands_on(tape.node(id).op)) continue;
    if (std::ranges::any_of(tape.inputs(id), [&](NodeId input) { return is_active(input); })) add(id);
  }
  if (!is_active(loss)) return;
  const Var seed = ones_like(VarAccess::recorded(tape, loss));
  const std::vector<derivatives::Sensitivity> cotangents = derivatives::reverse_sweep(
      tape, std::array{VarAccess::recorded(tape, loss)}, std::array{derivatives::Sensitivity{seed}}, all);
  std::vector<NodeId> asked;
  for (std::size_t k = 0; k < all.size(); ++k) {
    active_[VarAccess::node(all[k])] = cotangents[k];
    if (cotangents[k].defined()) asked.push_back(VarAccess::node(cotangents[k].x));
  }
  std::vector<BufferPtr> values(asked.size());
  backend::evaluate(tape, asked, values, backend::Later::possible);  // together; the tape keeps them
}

derivatives::Sensitivity Flow::sensitivity(NodeId id) const {
  const auto found = active_.find(id);
  return found == active_.end() ? derivatives::Sensitivity() : found->second;
}

const Buffer* Flow::cotangent(NodeId id) const {
  const derivatives::Sensitivity known = sensitivity(id);
  return known.defined() ? backend::evaluated(tape_, VarAccess::node(known.x)) : nullptr;
}

bool Flow::arrives(NodeId id) const {
  const Buffer* values = cotangent(id);
  return values != nullptr && count_elements(*values).zeros < size_of(values->shape());
}

Var Flow::term(NodeId id, std::size_t input) {
  const derivatives::Rules& rules = derivatives::rules_of(tape_.node(id).op);
  if (rules.several == nullptr) {
    const derivatives::Sensitivity known = sensitivity(id);
    return known.defined() ? rules.vjp({tape_, id, known.masked}, input, known.x) : Var();
  }
  auto found = of_several_.find(id);
  if (found == of_several_.end()) {
    std::vector<derivatives::Sensitivity> of_outputs;
    for (const NodeId user : between_) {
      if (tape_.node(user).op != opcode<primitives::Projection> || tape_.inputs(user)[0] != id) continue;
      const auto which = static_cast<std::size_t>(tape_.attributes(user)[0]);
      const derivatives::Sensitivity known = sensitivity(user);
      if (of_outputs.size() <= which) of_outputs.resize(which + 1);
      derivatives::Sensitivity& sum = of_outputs[which];
      if (known.defined()) sum = {sum.defined() ? sum.x + known.x : known.x, sum.masked || known.masked};
    }
    std::vector<char> wanted;
    for (const NodeId each : tape_.inputs(id)) wanted.push_back(is_active(each) ? 1 : 0);
    found = of_several_.emplace(id, derivatives::values_of(rules.several->vjp({tape_, id}, of_outputs, wanted))).first;
  }
  return input < found->second.size() ? found->second[input] : Var();
}

const Buffer* Flow::handed_on(NodeId id, std::size_t input) {
  const Var known = term(id, input);
  return known.defined() ? backend::evaluated(tape_, VarAccess::node(known)) : nullptr;
}

const Buffer* Flow::slopes(NodeId id, std::size_t input) {
  const Var ones = ones_like(VarAccess::recorded(tape_, id));
  const Var slope = derivatives::rules_of(tape_.node(id).op).vjp({tape_, id}, input, ones);
  return slope.defined() ? backend::evaluated(tape_, VarAccess::node(slope)) : nullptr;
}

ElementCounts count_elements(const Buffer& array) {
  ElementCounts counts;
  for (std::size_t k = 0; k < size_of(array.shape()); ++k) {
    const double x = element(array, k);
    if (x == 0.0) ++counts.zeros;
    if (!std::isfinite(x)) ++counts.not_finite;
  }
  return counts;
}

}  // namespace xgrad::detail
