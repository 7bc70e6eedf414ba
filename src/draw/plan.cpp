// What evaluating would do, as text.
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/draw.hpp>

#include "backend/executable.hpp"
#include "var/access.hpp"

namespace xgrad::draw {

std::string plan(std::span<const Var> outputs) {
  if (outputs.empty()) return backend::make_executable(plan::Plan())->describe({});
  std::vector<ir::NodeId> nodes;
  ir::TapeState* tape = nullptr;
  for (const Var& output : outputs) {
    detail::require_usable(output, "plan");
    if (!output.recorded()) {
      throw TapeError("plan: the Var " + detail::describe(output) + " is not recorded; its value is there already");
    }
    if (tape == nullptr) tape = &VarAccess::tape(output);
    if (tape != &VarAccess::tape(output)) throw TapeError("plan: the Vars are recorded on different tapes");
    nodes.push_back(VarAccess::node(output));
  }
  plan::Request request;
  plan::collect(request, *tape, nodes);
  return backend::make_executable(plan::make_plan(request, *tape, nodes))->describe({});
}

std::string plan(std::initializer_list<Var> outputs) {
  return plan(std::span<const Var>(outputs.begin(), outputs.size()));
}

}  // namespace xgrad::draw
