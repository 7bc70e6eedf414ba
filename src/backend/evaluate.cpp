#include "evaluate.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <xgrad/core/errors.hpp>

#include "cache.hpp"
#include "core/per_thread.hpp"
#include "ir/function.hpp"
#include "ir/guard.hpp"
#include "plan/keep.hpp"
#include "primitives/traits.hpp"

namespace xgrad::backend {
namespace {

using namespace primitives;

/// Requests of up to so many words keep their memory.
constexpr std::size_t kept_words = 1U << 18U;

/// What questions of this thread use again and again.
thread_local constinit core::PerThread<core::Lendable<Question>> question_of_thread;

void require_values_known(const TapeState& tape) {
  if (!tape.values_forbidden()) return;
  throw TapeError(
      "a value was asked for while a function is recorded by vmap(), scan(), cond(), switch_() or while_loop(): it is "
      "not known yet. Return the Var as a result of the function, and use where() or cond() instead of if");
}

/// What was computed and is not kept is counted, so that it is kept when later questions need it often.
void keep(TapeState& tape, const Question& question, std::size_t asked) {
  for (std::size_t k = 0; k < question.outputs.size(); ++k) {
    const NodeId id = question.outputs[k];
    const bool spare = k >= asked;
    if (spare || tape.asked_value(id) == nullptr) {
      tape.keep_value(id, question.results[k], spare ? KeptAs::spare : KeptAs::asked);
    }
  }
  tape.count_question();
  for (const NodeId id : question.request.nodes) {
    if (tape.value(id) == nullptr) tape.count_computation(id);
  }
  // Needed nodes are those of this question; what another one has left goes first.
  if (tape.spare_bytes() > most_spare_bytes()) tape.free_spares(most_spare_bytes(), question.request.nodes);
}

/// Values of a tape are asked for one after another.
class Asking {
 public:
  explicit Asking(TapeState& tape) : tape_(tape) {
    if (tape.evaluated_now()) {
      throw TapeError(
          "evaluate: a function given to host_call() asked for a value of the tape that is being evaluated. Pass the "
          "Var as an argument of the function");
    }
    tape_.note_evaluation(true);
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
  ~Asking() { tape_.note_evaluation(false); }

 private:
  TapeState& tape_;
};

/// \param question  filled, but for the executable.
std::shared_ptr<const Executable> compute(Question& question, TapeState& tape, std::span<const NodeId> asked,
                                          Later later) {
  question.outputs.assign(asked.begin(), asked.end());
  if (later == Later::possible) collect_and_keep(question.request, tape, question.outputs);
  else collect(question.request, tape, question.outputs);
  const Request& request = question.request;
  std::shared_ptr<const Executable> executable = executable_for(request, tape, question.outputs);
  question.results.resize(question.outputs.size());
  executable->run({request.leaves, request.scalars, request.payloads}, question.results, nullptr);
  work_of_evaluations().questions += 1;
  work_of_evaluations().nodes += request.nodes.size() - request.leaves.size() - request.scalars.size();
  if (later == Later::possible) keep(tape, question, asked.size());
  return executable;
}

bool calls_user(const Function& function);

bool calls_user(const Payload& payload) {
  const auto one_does = [](const std::shared_ptr<const Function>& each) {
    return each != nullptr && calls_user(*each);
  };
  return payload.host != nullptr || one_does(payload.function) || one_does(payload.condition) ||
         std::ranges::any_of(payload.branches, one_does);
}
bool calls_user(const Function& function) {
  const TapeState& program = function.program();
  for (NodeId id = 0; id < program.size(); ++id) {
    if (traits[program.node(id).op].has_payload && calls_user(*program.payload(id))) return true;
  }
  return false;
}

/// Adds all results of those functions of the user's whose results some nodes use.
void add_results_of_users(std::vector<NodeId>& asked, const TapeState& tape, std::span<const NodeId> nodes) {
  const auto is_projection = [&](NodeId id) { return tape.node(id).op == opcode<Projection>; };
  std::vector<NodeId> calls;
  for (const NodeId id : nodes) {
    if (!is_projection(id) || tape.value(id) != nullptr) continue;
    const NodeId whole = tape.inputs(id)[0];
    if (traits[tape.node(whole).op].has_payload && calls_user(*tape.payload(whole))) calls.push_back(whole);
  }
  if (calls.empty()) return;
  std::ranges::sort(calls);
  for (NodeId id = calls.front(); id < tape.size(); ++id) {
    if (is_projection(id) && tape.value(id) == nullptr && std::ranges::binary_search(calls, tape.inputs(id)[0]) &&
        std::ranges::find(asked, id) == asked.end()) {
      asked.push_back(id);
    }
  }
}

}  // namespace

WorkOfEvaluations& work_of_evaluations() noexcept {
  thread_local WorkOfEvaluations work;
  return work;
}

void evaluate(TapeState& tape, std::span<const NodeId> outputs, std::span<BufferPtr> results, Later later) {
  if (outputs.empty()) return;
  require_values_known(tape);
  if (Guard* guard = tape.guard()) {
    for (std::size_t k = 0; k < outputs.size(); ++k) results[k] = BufferPtr::share(guard->value(outputs[k]));
    return;
  }
  const Asking asking(tape);
  core::Loan<Question> loan(question_of_thread);
  Question& question = *loan;
  try {
    compute(question, tape, outputs, later);
    question.request.payloads.clear();  // which may hold much of the user's
  } catch (...) {
    question.results.clear();
    question.request.payloads.clear();
    throw;
  }
  std::move(question.results.begin(), question.results.begin() + static_cast<std::ptrdiff_t>(outputs.size()),
            results.begin());
  question.results.clear();
  if (question.request.signature.capacity() > kept_words) question = {};
}

Buffer* evaluated(TapeState& tape, NodeId output) {
  require_values_known(tape);
  if (Guard* guard = tape.guard()) return guard->value(output);
  if (Buffer* known = tape.asked_value(output)) return known;
  std::array<BufferPtr, 1> result;
  evaluate(tape, std::array{output}, result, Later::possible);
  return result[0].get();  // the tape keeps it
}

Buffer* decide(TapeState& tape, NodeId output, Question& question) {
  const Asking asking(tape);
  std::vector<NodeId> asked{output};
  collect(question.request, tape, asked);
  if (!question.request.payloads.empty()) add_results_of_users(asked, tape, question.request.nodes);
  question.executable = compute(question, tape, asked, Later::possible);
  return tape.value(output);
}

}  // namespace xgrad::backend
