// What evaluating would do, as text.
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/draw.hpp>

#include "plan/describe.hpp"
#include "plan/plan.hpp"
#include "var/access.hpp"

namespace xgrad::draw {

std::string plan(std::span<const Var> outputs) {
  if (outputs.empty()) return detail::describe(detail::Plan());
  std::vector<detail::NodeId> nodes;
  detail::TapeState* tape = nullptr;
  for (const Var& output : outputs) {
    detail::require_usable(output, "plan");
    if (!output.recorded()) {
      throw TapeError("plan: the Var " + detail::describe(output) + " is not recorded; its value is there already");
    }
    if (tape == nullptr) tape = &VarAccess::tape(output);
    if (tape != &VarAccess::tape(output)) throw TapeError("plan: the Vars are recorded on different tapes");
    nodes.push_back(VarAccess::node(output));
  }
  detail::Request request;
  detail::collect(request, *tape, nodes);
  return detail::describe(*detail::make_plan(request, *tape, nodes));
}

std::string plan(std::initializer_list<Var> outputs) {
  return plan(std::span<const Var>(outputs.begin(), outputs.size()));
}

}  // namespace xgrad::draw
