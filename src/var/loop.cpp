#include "loop.hpp"

#include <algorithm>

#include "primitives/traits.hpp"

namespace xgrad::detail {

using namespace primitives;

namespace {

/// Whether computing a node before a loop could be seen though no run needs it: it may fail, or runs code of the
/// user's.
bool shows(Opcode op) {
  switch (traits[op].failure) {
    case Failure::None:
    case Failure::Memory:
    case Failure::ProductSize:
      return false;
    default:
      return true;
  }
}

}  // namespace

bool Varying::operator()(NodeId id) {
  if (id < first_) return false;
  for (auto next = first_ + static_cast<NodeId>(varies_.size()); next <= id; ++next) {
    const std::span<const NodeId> inputs = tape_.inputs(next);
    const bool depends =
        std::ranges::any_of(inputs, [&](NodeId input) { return input >= first_ && varies_[input - first_] != 0; });
    const Opcode op = tape_.node(next).op;
    varies_.push_back(depends || op == opcode<Parameter> || shows(op) ? 1 : 0);
  }
  return varies_[id - first_] != 0;
}

bool is_free_in_runs(const TapeState& tape, NodeId id) {
  const Opcode op = tape.node(id).op;
  return op == opcode<Constant> || traits[op].computation == Computation::View ||
         traits[op].computation == Computation::Alias;
}

}  // namespace xgrad::detail
