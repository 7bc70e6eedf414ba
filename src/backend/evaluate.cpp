#include "evaluate.hpp"

#include <array>

#include <xgrad/core/errors.hpp>

#include "cache.hpp"
#include "core/per_thread.hpp"
#include "plan/keep.hpp"

namespace xgrad::backend {
namespace {

/// Requests of up to so many words keep their memory.
constexpr std::size_t kept_words = 1U << 18U;

/// What questions of this thread use again and again.
struct Question {
  Request request;
  std::vector<NodeId> outputs;  // those asked for, then those worth keeping
  std::vector<BufferPtr> results;
};

thread_local constinit core::PerThread<core::Lendable<Question>> question_of_thread;

void require_values_known(const TapeState& tape) {
  if (!tape.values_forbidden()) return;
  throw TapeError(
      "a value was asked for while a function is recorded by compile(), vmap() or scan(): it is not known yet. Return "
      "the Var "
      "as a result of the function, and use where() instead of if");
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

void compute(Question& question, TapeState& tape, std::span<const NodeId> asked, Later later) {
  question.outputs.assign(asked.begin(), asked.end());
  if (later == Later::possible) collect_and_keep(question.request, tape, question.outputs);
  else collect(question.request, tape, question.outputs);
  const Request& request = question.request;
  const std::shared_ptr<const Executable> executable = executable_for(request, tape, question.outputs);
  question.results.resize(question.outputs.size());
  executable->run({request.leaves, request.scalars, request.payloads}, question.results, nullptr);
  question.request.payloads.clear();  // which may hold much of the user's
  work_of_evaluations().questions += 1;
  work_of_evaluations().nodes += request.nodes.size() - request.leaves.size() - request.scalars.size();
  if (later == Later::possible) keep(tape, question, asked.size());
}

}  // namespace

WorkOfEvaluations& work_of_evaluations() noexcept {
  thread_local WorkOfEvaluations work;
  return work;
}

void evaluate(TapeState& tape, std::span<const NodeId> outputs, std::span<BufferPtr> results, Later later) {
  if (outputs.empty()) return;
  require_values_known(tape);
  const Asking asking(tape);
  core::Loan<Question> loan(question_of_thread);
  Question& question = *loan;
  try {
    compute(question, tape, outputs, later);
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
  if (Buffer* known = tape.asked_value(output)) return known;
  std::array<BufferPtr, 1> result;
  evaluate(tape, std::array{output}, result, Later::possible);
  return result[0].get();  // the tape keeps it
}

}  // namespace xgrad::backend
