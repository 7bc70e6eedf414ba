#include <xgrad/transform/compile.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/log.hpp>

#include "backend/evaluate.hpp"
#include "core/per_thread.hpp"
#include "ir/guard.hpp"
#include "segment.hpp"
#include "var/access.hpp"
#include "var/record.hpp"

namespace xgrad::detail {

Program::~Program() = default;

namespace {

/// The bits of an array of one element.
using Outcome = std::uint64_t;

Outcome outcome_of(const Buffer& array) {
  Outcome outcome = 0;
  std::memcpy(&outcome, array.data(), size_of(array.dtype()));
  return outcome;
}

/// A condition, and how it went.
struct Step {
  std::shared_ptr<Segment> condition;  ///< its first output; the others are of use to what comes after it
  DType dtype;
  Outcome outcome;
};

class ProgramOfSteps : public Program {
 public:
  ProgramOfSteps(std::shared_ptr<const void> result, std::vector<Step> conditions, Segment computes)
      : Program(std::move(result)), steps(std::move(conditions)), results(std::move(computes)) {}

  std::vector<Step> steps;
  Segment results;
  std::atomic<std::uint64_t> used = 0;  ///< when, among others of its signature

  [[nodiscard]] bool captures_given_up() const noexcept override {
    return results.captures_given_up() ||
           std::ranges::any_of(steps, [](const Step& step) { return step.condition->captures_given_up(); });
  }

  void run(CallLists& lists) const override {
    lists.results.clear();
    results.run(lists, true, lists.results);
  }

  [[nodiscard]] std::string describe(std::span<const std::string> names) const override;

  /// Whether so many conditions went as those of another program.
  [[nodiscard]] bool begins_like(const ProgramOfSteps& other, std::size_t count) const {
    return steps.size() >= count &&
           std::equal(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(count), other.steps.begin(),
                      [](const Step& a, const Step& b) { return a.outcome == b.outcome; });
  }
};

/// Programs whose first conditions went the same way share these and have the same condition next, or all none.
class ProgramsOfSignature : public Programs {
 public:
  ProgramsOfSignature(std::vector<Argument> arguments, std::size_t most)
      : arguments_(std::move(arguments)), most_(most) {}

  [[nodiscard]] std::size_t first_unlike(std::span<Var* const> given, std::span<const char> donated) const override {
    if (given.size() != arguments_.size()) return std::min(given.size(), arguments_.size());
    for (std::size_t k = 0; k < given.size(); ++k) {
      require_usable(*given[k], "compile");
      const Argument& expected = arguments_[k];
      if (given[k]->dtype() != expected.dtype || given[k]->shape() != expected.shape ||
          (donated[k] != 0) != expected.donated || VarAccess::is_weak(*given[k]) != expected.weak) {
        return k;
      }
    }
    return alike;
  }

  [[nodiscard]] ProgramPtr choose(CallLists& lists) const override {
    lists.decided.clear();
    const std::shared_ptr<const All> all = all_now();
    std::size_t chosen = 0;  // one whose conditions went as they do now, as far as that is known
    for (std::size_t k = 0; k < (*all)[chosen]->steps.size(); ++k) {
      const std::size_t first = lists.decided.size();
      (*all)[chosen]->steps[k].condition->run(lists, false, lists.decided);
      const Outcome outcome = outcome_of(*VarAccess::buffer(lists.decided[first]).get());
      if ((*all)[chosen]->steps[k].outcome == outcome) continue;
      const auto goes_so = [&](const Ptr& each) {
        return each->begins_like(*(*all)[chosen], k) && each->steps.size() > k && each->steps[k].outcome == outcome;
      };
      const auto found = std::ranges::find_if(*all, goes_so);
      if (found == all->end()) return nullptr;
      chosen = static_cast<std::size_t>(found - all->begin());
    }
    const Ptr& program = (*all)[chosen];
    if (all->size() > 1) note_use(*program);
    return program;
  }

  void add(ProgramPtr recorded) override {
    const auto program = std::static_pointer_cast<ProgramOfSteps>(recorded);
    const std::scoped_lock lock(mutex_);
    auto all = std::make_shared<All>(*all_);
    const auto shares_steps = [&](const Ptr& each) { return share_steps(*program, *each); };
    std::erase_if(*all, [&](const Ptr& each) { return !shares_steps(each); });
    note_use(*program);
    if (all->size() >= most_) {
      all->erase(std::ranges::min_element(*all, {}, [](const Ptr& each) { return each->used.load(); }));
    }
    all->push_back(program);
    all_ = std::move(all);
  }

 private:
  using Ptr = std::shared_ptr<ProgramOfSteps>;
  using All = std::vector<Ptr>;

  [[nodiscard]] std::shared_ptr<const All> all_now() const {
    const std::scoped_lock lock(mutex_);
    return all_;
  }

  void note_use(ProgramOfSteps& program) const noexcept {
    program.used.store(clock_.fetch_add(1, std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  /// Puts the conditions of a known program in the place of equal ones of a new program, as far as both go the same
  /// way. Whether both can be of one function: it has changed, in what it had captured, if a condition differs, and
  /// what was recorded before is worth nothing then. A program that went the same way throughout is replaced too.
  static bool share_steps(ProgramOfSteps& program, const ProgramOfSteps& known) {
    for (std::size_t k = 0; k < std::min(program.steps.size(), known.steps.size()); ++k) {
      Step& step = program.steps[k];
      const Step& other = known.steps[k];
      if (step.condition != other.condition) {
        if (!step.condition->same_as(*other.condition)) return false;
        step.condition = other.condition;
      }
      if (step.outcome != other.outcome) return true;
    }
    return false;
  }

  std::vector<Argument> arguments_;
  std::size_t most_;
  mutable std::mutex mutex_;
  std::shared_ptr<const All> all_ = std::make_shared<const All>();  // a new list for each change
  mutable std::atomic<std::uint64_t> clock_ = 0;
};

/// As few digits as tell the value from others.
template <class T>
std::string text_of(Outcome outcome) {
  T value;
  std::memcpy(&value, &outcome, sizeof value);
  std::array<char, 32> text{};
  const char* const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

std::string text_of(const Step& step) {
  switch (step.dtype) {
    case DType::Bool:
      return step.outcome != 0 ? "true" : "false";
    case DType::Int64:
      return text_of<std::int64_t>(step.outcome);
    case DType::Float32:
      return text_of<float>(step.outcome);
    case DType::Float64:
      break;
  }
  return text_of<double>(step.outcome);
}

std::string ProgramOfSteps::describe(std::span<const std::string> names) const {
  if (steps.empty()) return results.describe(names);
  std::string text;
  for (std::size_t k = 0; k < steps.size(); ++k) {
    text += "condition " + std::to_string(k) + ", " + text_of(steps[k]) + " here: ";
    text += steps[k].condition->describe(names);
  }
  return text + "results: " + results.describe(names);
}

}  // namespace

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

  std::vector<Step> steps;
  std::vector<Var> decided;

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
      asked_.erase(id);
      throw;
    }
  }

  TapeState& tape_;
  std::size_t arguments_;
  Segment::Decided numbers_;
  std::unordered_set<NodeId> asked_;
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
      "branches, "
      "or values that it asks for, go another way each time. Use where(), cond() or while_loop(), or ask for a value "
      "that "
      "changes less often; if there are many ways, CompileOptions::recordings says how many are remembered");
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
  const Plan plan =
      outputs.empty() ? Plan() : make_plan(request, tape, outputs, std::move(may_overwrite), Origin::Compiled);
  auto program =
      std::make_shared<ProgramOfSteps>(std::move(result), std::move(conditions_->steps),
                                       conditions_->segment(request, make_executable(plan), std::move(weak)));
  decided = std::move(conditions_->decided);
  conditions_.reset();
  trace_.reset();
  for (const Step& step : program->steps) step.condition->watch();
  program->results.watch();
  return program;
}

std::unique_ptr<Programs> ProgramRecorder::programs() const {
  return std::make_unique<ProgramsOfSignature>(arguments_, most_);
}

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
