#include "plan.hpp"

#include <algorithm>

namespace xgrad::detail {

namespace {

constexpr ValueId unneeded = no_node;

/// place[node], kept between plans so that a small plan at the end of a long tape costs little.
std::vector<ValueId>& places(std::size_t size) {
  thread_local std::vector<ValueId> place;
  if (place.size() < size) place.resize(size, unneeded);
  return place;
}

void fill_plan(Plan& plan, std::vector<ValueId>& place, const TapeState& tape, std::span<const NodeId> outputs) {
  const NodeId last = *std::max_element(outputs.begin(), outputs.end());
  // Which nodes are needed: a loop, however deep the graph is. It looks at needed nodes only, so that evaluating now
  // and then while a long tape grows does not walk over the tape each time.
  plan.nodes.reserve(outputs.size());
  const auto ask_for = [&](NodeId id) {
    if (place[id] != unneeded) return;
    place[id] = 0;
    plan.nodes.push_back(id);
  };
  for (const NodeId output : outputs) ask_for(output);
  for (std::size_t next = 0; next < plan.nodes.size(); ++next) {  // NOLINT(modernize-loop-convert): it grows
    const NodeId id = plan.nodes[next];
    if (tape.value(id) != nullptr) continue;
    for (const NodeId input : tape.inputs(id)) ask_for(input);
  }
  const NodeId first = *std::min_element(plan.nodes.begin(), plan.nodes.end());
  if ((last - first) / 8 < plan.nodes.size()) {  // most are needed: looking at all is faster than sorting
    plan.nodes.clear();
    for (NodeId id = first; id <= last; ++id) {
      if (place[id] != unneeded) plan.nodes.push_back(id);
    }
  } else {
    std::sort(plan.nodes.begin(), plan.nodes.end());
  }

  plan.uses.assign(plan.nodes.size(), 0);
  for (ValueId value = 0; value < plan.nodes.size(); ++value) {
    const NodeId id = plan.nodes[value];
    place[id] = value;
    if (tape.value(id) != nullptr) continue;
    for (const NodeId input : tape.inputs(id)) {
      plan.inputs.push_back(place[input]);
      ++plan.uses[place[input]];
    }
  }
  for (const NodeId output : outputs) {
    plan.outputs.push_back(place[output]);
    ++plan.uses[place[output]];
  }
  for (const NodeId id : plan.nodes) place[id] = unneeded;
  // A large table goes when it costs no more than the plan did, or when the tapes have become small again.
  constexpr std::size_t kept = 1U << 16U;
  const bool rarely = plan.nodes.size() > place.size() / 16 || last < place.size() / 16;
  if (place.size() > kept && rarely) std::vector<ValueId>().swap(place);
}

}  // namespace

Plan make_plan(const TapeState& tape, std::span<const NodeId> outputs) {
  Plan plan;
  if (outputs.empty()) return plan;
  std::vector<ValueId>& place = places(std::size_t{*std::max_element(outputs.begin(), outputs.end())} + 1);
  try {
    fill_plan(plan, place, tape, outputs);
  } catch (...) {  // out of memory: a half-written table would mislead the next plan
    std::vector<ValueId>().swap(place);
    throw;
  }
  return plan;
}

}  // namespace xgrad::detail
