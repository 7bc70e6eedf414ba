#include <xgrad/transform/compile.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_set>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/log.hpp>

#include "backend/evaluate.hpp"
#include "core/per_thread.hpp"
#include "ir/guard.hpp"
#include "programs.hpp"
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
    if (!asked_.insert(id).second) return tape_.value(id);
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

void Remarks::captures_given_up() noexcept {
  if (said_captures_.load(std::memory_order_relaxed) || said_captures_.exchange(true)) return;
  log("compile: an array that the function captured belongs to nobody else any more, as if the captured Var had been "
      "given a new value; calls go on with the array that was recorded. Pass what changes as an argument");
}

void Remarks::changing_static(std::string_view path) {
  log("compile: the function is recorded anew at nearly every call, which takes longer than to replay it: argument " +
      std::string(path) + " differs each time and is no Var. Make it a Var");
}

void Remarks::changing_shape(std::string_view path, const Var& now) {
  log("compile: the function is recorded anew at nearly every call, which takes longer than to replay it: " +
      std::string(path) + " has another shape or element type each time, " + describe(now) +
      " now. Pad it to a few shapes");
}

void Remarks::changing_condition() {
  log("compile: the function is recorded anew at nearly every call, which takes longer than to replay it: its "
      "branches, or values that it asks for, go another way each time. Use where(), cond() or while_loop(), or ask for "
      "a value that changes less often; if there are many ways, CompileOptions::recordings says how many are "
      "remembered");
}

void throw_recorded_argument() {
  throw TapeError(
      "plan: an argument is recorded; the function is then part of that recording, which draw::plan can show");
}

void require_options(const CompileOptions& options) {
  if (options.recordings == 0) {
    throw ValueError("compile: CompileOptions::recordings is 0; a function that is to be replayed needs one at least");
  }
}

PartOfRecording::PartOfRecording(std::span<Var* const> arguments, const CompileOptions& options) {
  if (!options.guard_values) return;
  const auto recorded = std::ranges::find_if(arguments, [](const Var* x) { return x->recorded(); });
  Guard* guard = VarAccess::tape(**recorded).guard();
  if (guard == nullptr) return;
  guards_values_ = &guard->guards_values;
  before_ = std::exchange(*guards_values_, true);
}

PartOfRecording::~PartOfRecording() {
  if (guards_values_ != nullptr) *guards_values_ = before_;
}

ProgramRecorder::ProgramRecorder(const CallLists& lists, const CompileOptions& options)
    : most_(options.recordings), trace_(std::make_unique<Trace>(Trace::Fresh())) {
  for (std::size_t k = 0; k < lists.arguments.size(); ++k) {
    require_usable(*lists.arguments[k], "compile");
    const Var& input = inputs_.emplace_back(trace_->input(*lists.arguments[k]));
    arguments_.push_back({input.dtype(), input.shape(), lists.donated[k] != 0, VarAccess::is_weak(input)});
  }
  conditions_ = std::make_unique<Conditions>(trace_->tape(), inputs_.size(), options.guard_values);
}

ProgramRecorder::~ProgramRecorder() = default;

ProgramPtr ProgramRecorder::finish(std::shared_ptr<const void> result, std::span<const Var> arrays,
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
  return make_program(std::move(result), std::move(steps), std::move(computes));
}

std::unique_ptr<Programs> ProgramRecorder::programs() const { return make_programs(arguments_, most_); }

namespace {

/// Lists of calls that have ended, for the calls to come; nested calls take one each.
struct SpareLists {
  struct Lists {
    std::vector<Var*> arguments;
    std::vector<char> donated;
    std::vector<Var> decided;
    std::vector<Var> results;
  };
  std::array<Lists, 8> all;
  std::size_t count = 0;
};

thread_local constinit core::PerThread<SpareLists> spare_lists_of_thread;

}  // namespace

CallLists::CallLists() {
  SpareLists& spare = spare_lists_of_thread.get();
  if (spare.count == 0) return;
  SpareLists::Lists& last = spare.all[--spare.count];
  arguments.swap(last.arguments);
  donated.swap(last.donated);
  decided.swap(last.decided);
  results.swap(last.results);
}

CallLists::~CallLists() {
  arguments.clear();
  donated.clear();
  decided.clear();
  results.clear();
  SpareLists* spare = spare_lists_of_thread.get_or_null();
  if (spare == nullptr || spare->count == spare->all.size()) return;
  SpareLists::Lists& next = spare->all[spare->count++];
  next.arguments.swap(arguments);
  next.donated.swap(donated);
  next.decided.swap(decided);
  next.results.swap(results);
}

}  // namespace xgrad::detail
