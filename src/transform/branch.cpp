#include <xgrad/transform/branch.hpp>

#include <string>

#include <xgrad/core/errors.hpp>

#include "backend/evaluate.hpp"
#include "ir/guard.hpp"
#include "var/access.hpp"

namespace xgrad {

bool branch(const Var& condition) {
  detail::require_usable(condition, "branch");
  if (condition.dtype() != DType::Bool) {
    throw TypeError("branch: the condition is " + detail::describe(condition) +
                    " and must be a truth value; compare it with something");
  }
  if (condition.size() != 1) {
    throw ShapeError("branch: the condition is " + detail::describe(condition) +
                     " and must be one truth value; compare a sum, amin() or amax() with something");
  }
  if (!condition.recorded()) return condition.item<bool>();
  ir::TapeState& tape = VarAccess::live_tape(condition);
  const ir::NodeId node = VarAccess::node(condition);
  if (tape.values_forbidden()) {
    throw TapeError(
        "branch: there is no one truth value inside of a function that is recorded once for all values, as by vmap(), "
        "scan(), cond(), switch_(), while_loop(), linear_transpose() and io::export_program(). Use where() or cond() "
        "there, or call branch() before");
  }
  if (ir::Guard* guard = tape.guard()) return guard->branch(node);
  backend::Question question;  // no read: what is computed next depends on recorded Vars as before
  return *reinterpret_cast<const bool*>(backend::decide(tape, node, question)->data());
}

}  // namespace xgrad
