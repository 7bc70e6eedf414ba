#include "one_tape.hpp"

#include <string>

#include <xgrad/core/errors.hpp>

namespace xgrad::detail {

void require_same_tape(std::string_view operation, const Var& operand, ir::TapeState*& tape) {
  if (!operand.recorded()) return;
  ir::TapeState& own = VarAccess::tape(operand);
  if (tape != nullptr && tape != &own) {
    throw TapeError(std::string(operation) +
                    ": the operands belong to two tapes. A function that is differentiated may use recorded Vars from "
                    "outside only if they are of the same tape: pass the captured Var as an argument");
  }
  tape = &own;
}

void require_one_tape(std::string_view operation, std::span<const Var* const> operands) {
  ir::TapeState* tape = nullptr;
  for (const Var* operand : operands) require_same_tape(operation, *operand, tape);
}

void require_one_tape(std::string_view operation, std::span<const Var> operands) {
  ir::TapeState* tape = nullptr;
  for (const Var& operand : operands) require_same_tape(operation, operand, tape);
}

}  // namespace xgrad::detail
