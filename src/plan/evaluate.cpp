#include "evaluate.hpp"

#include <array>

#include <xgrad/core/errors.hpp>

#include "cache.hpp"
#include "core/per_thread.hpp"
#include "execute.hpp"

namespace xgrad::detail {
namespace {

/// Requests of up to so many words keep their memory.
constexpr std::size_t kept_words = 1U << 18U;

thread_local constinit PerThread<Request> request_of_thread;

void require_values_known(const TapeState& tape) {
  if (!tape.values_forbidden()) return;
  throw TapeError(
      "a value was asked for while a function is recorded by compile(): it is not known yet. Return the Var as a "
      "result "
      "of the function, and use where() instead of if");
}

void evaluate_into(TapeState& tape, std::span<const NodeId> outputs, std::span<BufferPtr> results) {
  if (outputs.empty()) return;
  require_values_known(tape);
  Request& request = request_of_thread.get();
  collect(request, tape, outputs);
  const std::shared_ptr<const Plan> plan = plan_for(request, tape, outputs);
  execute(*plan, request.leaves, request.scalars, results);
  if (request.signature.capacity() > kept_words) request = {};
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    if (tape.value(outputs[k]) == nullptr) tape.keep_value(outputs[k], results[k]);
  }
}

}  // namespace

std::vector<BufferPtr> evaluate(TapeState& tape, std::span<const NodeId> outputs) {
  std::vector<BufferPtr> results(outputs.size());
  evaluate_into(tape, outputs, results);
  return results;
}

Buffer* evaluated(TapeState& tape, NodeId output) {
  require_values_known(tape);
  if (Buffer* known = tape.value(output)) return known;
  std::array<BufferPtr, 1> result;
  evaluate_into(tape, std::array{output}, result);
  return result[0].get();  // the tape keeps it
}

}  // namespace xgrad::detail
