#include "recorder.hpp"

#include <unordered_set>
#include <utility>

#include <xgrad/core/errors.hpp>

#include "backend/evaluate.hpp"
#include "ir/guard.hpp"
#include "var/access.hpp"
#include "var/record.hpp"

namespace xgrad::detail {

/// Answers while a function is recorded, and notes what was asked and answered.
class ProgramRecorder::Conditions final : public Guard {
 public:
  Conditions(TapeState& tape, std::size_t arguments, bool guards) : tape_(tape), arguments_(arguments) {
    guards_values = guards;
    tape_.forbid_values(false);  // it is asked for them
    tape_.set_guard(this);
  }
  Conditions(const Conditions&) = delete;
  Conditions& operator=(const Conditions&) = delete;
  ~Conditions() { tape_.set_guard(nullptr); }

  bool branch(NodeId id) override { return outcome_of(*decide(id)) != 0; }

  Buffer* value(NodeId id) override {
    if (!guards_values) {
      throw TapeError(
          "a value was asked for while a function is recorded by compile(): it is not known yet. Return the Var as a "
          "result of the function; use where() or cond() instead of if, or branch(condition), which records each way; "
          "or let calls compare the value, by compile(f, {.guard_values = true})");
    }
    if (size_of(tape_.shape(id)) != 1) {
      throw TapeError("compile: with guard_values a function may ask for values of one element, not of " +
                      to_string(tape_.shape(id)) + "; return the Var as a result of it");
    }
    return decide(id);
  }

  std::vector<Decision> steps;
  std::vector<Var> decided;

  /// \throws TapeError  if the function has gone on although a condition had no value: calls with other values of the
  ///                    arguments would get what it did then.
  void require_decided() const {
    if (!failed_) return;
    throw TapeError(
        "compile: the function caught what computing a condition threw, and went on; which way that is cannot be "
        "recorded. Let the exception pass, or compare before with branch() what must hold");
  }

  /// The results of a function that has ended.
  [[nodiscard]] Segment segment(const Request& request, std::shared_ptr<const Executable> executable,
                                std::vector<char> weak_results) const {
    return {request, tape_, arguments_, numbers_, std::move(executable), std::move(weak_results)};
  }

 private:
  /// The value of a node, with a step for it unless it has one.
  Buffer* decide(NodeId id) {
    if (!asked_.insert(id).second) {
      if (Buffer* const known = tape_.value(id)) return known;  // none: it has thrown before, and throws again
    }
    try {
      Question question;
      Buffer* value = backend::decide(tape_, id, question);
      auto condition = std::make_shared<Segment>(question.request, tape_, arguments_, numbers_, question.executable,
                                                 std::vector<char>(question.outputs.size(), 0));
      steps.push_back({std::move(condition), value->dtype(), outcome_of(*value)});
      for (std::size_t k = 0; k < question.outputs.size(); ++k) {
        numbers_[question.outputs[k]] = decided.size();
        decided.push_back(VarAccess::concrete(std::move(question.results[k])));
      }
      return value;
    } catch (...) {
      failed_ = true;
      throw;
    }
  }

  TapeState& tape_;
  std::size_t arguments_;
  Segment::Decided numbers_;
  std::unordered_set<NodeId> asked_;
  bool failed_ = false;
};

ProgramRecorder::ProgramRecorder(const CallLists& lists, const CompileOptions& options)
    : trace_(std::make_unique<Trace>(Trace::Fresh())) {
  for (std::size_t k = 0; k < lists.arguments.size(); ++k) {
    require_usable(*lists.arguments[k], "compile");
    const Var& input = inputs_.emplace_back(trace_->input(*lists.arguments[k]));
    arguments_.push_back({input.dtype(), input.shape(), lists.donated[k] != 0, VarAccess::is_weak(input)});
  }
  conditions_ = std::make_unique<Conditions>(trace_->tape(), inputs_.size(), options.guard_values);
}

ProgramRecorder::~ProgramRecorder() = default;

ProgramPtr ProgramRecorder::finish(std::unique_ptr<Kept> result, std::span<const Var> arrays,
                                   std::vector<Var>& decided) {
  conditions_->require_decided();
  TapeState& tape = trace_->tape();
  std::vector<NodeId> outputs;
  std::vector<char> weak;
  for (const Var& array : arrays) {
    outputs.push_back(VarAccess::node(trace_->node(array)));
    weak.push_back(tape.node(outputs.back()).weak ? 1 : 0);
  }
  Request request;
  collect(request, tape, outputs);
  std::vector<bool> may_overwrite;
  for (const NodeId node : request.leaf_nodes)
    may_overwrite.push_back(node < inputs_.size() && arguments_[node].donated);
  request.signature.clear();  // the results of programs are compared with none
  const Plan plan =
      outputs.empty() ? Plan() : make_plan(request, tape, outputs, std::move(may_overwrite), Origin::Compiled);
  Segment computes = conditions_->segment(request, make_executable(plan), std::move(weak));
  std::vector<Decision> steps = std::move(conditions_->steps);
  decided = std::move(conditions_->decided);
  conditions_.reset();
  trace_.reset();  // which holds arrays too: they are watched without it
  return std::make_shared<ProgramOfSteps>(std::move(result), std::move(steps), std::move(computes));
}

}  // namespace xgrad::detail
