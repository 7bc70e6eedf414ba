#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/log.hpp>
#include <xgrad/transform/programs.hpp>

#include "programs.hpp"
#include "recorder.hpp"
#include "var/record.hpp"

namespace xgrad::detail {

namespace {

/// Signatures that a compiled function remembers; the oldest go first.
constexpr std::size_t most_signatures = 256;

// What a compiled function says once: that it does not do what its author may think, or only slowly.

void say_captures_given_up() {
  log("compile: an array that the function captured belongs to nobody else any more, as if the captured Var had been "
      "given a new value; calls go on with the array that was recorded. Pass what changes as an argument");
}

void say_changing_static(std::string_view path) {
  log("compile: the function is recorded anew at nearly every call, which takes longer than to replay it: argument " +
      std::string(path) + " differs each time and is no Var. Make it a Var");
}

void say_changing_shape(std::string_view path, const Var& now) {
  log("compile: the function is recorded anew at nearly every call, which takes longer than to replay it: " +
      std::string(path) + " has another shape or element type each time, " + describe(now) +
      " now. Pad it to a few shapes");
}

void say_changing_condition() {
  log("compile: the function is recorded anew at nearly every call, which takes longer than to replay it: its "
      "branches, or values that it asks for, go another way each time. Use where(), cond() or while_loop(), or ask for "
      "a value that changes less often; if there are many ways, CompileOptions::recordings says how many are "
      "remembered");
}

}  // namespace

class Recordings::All {
 public:
  explicit All(const CompileOptions& chosen) : options(chosen) {}

  const CompileOptions options;

  ProgramPtr program_of(CallLists& lists, const CompiledCall& call) {
    if (const SignaturePtr known = find(lists, call)) {
      if (ProgramPtr program = known->programs.choose(lists)) {
        note_replay();
        return program;
      }
    }
    return record(lists, call);
  }

  void note_captures(const ProgramOfSteps& program) noexcept {
    if (!program.captures_given_up()) return;
    if (said_captures_.load(std::memory_order_relaxed) || said_captures_.exchange(true)) return;
    say_captures_given_up();
  }

 private:
  struct Signature {
    const void* types;
    std::unique_ptr<Kept> arguments;  // of what is static; the leaves are those of the recording
    Programs programs;
  };
  using SignaturePtr = std::shared_ptr<Signature>;

  /// Says why a function is recorded again and again: how a call differs from the one that was recorded before it.
  static void say_what_changes(const Signature& last, const CallLists& lists, const CompiledCall& call) {
    std::string where;
    if (!call.has_statics_of(*last.arguments, &where)) return say_changing_static(where);
    const std::size_t k = last.programs.first_unlike(lists);
    if (k == Programs::alike) return say_changing_condition();
    if (k >= lists.arguments.size()) return;
    std::vector<std::string> names;
    call.list_names(names);
    say_changing_shape(names[k], *lists.arguments[k]);
  }

  SignaturePtr find(const CallLists& lists, const CompiledCall& call) {
    const std::scoped_lock lock(mutex_);
    return find_locked(lists, call);
  }
  [[nodiscard]] SignaturePtr find_locked(const CallLists& lists, const CompiledCall& call) const {
    for (const SignaturePtr& each : signatures_) {
      if (each->types == call.types() && call.has_statics_of(*each->arguments, nullptr) &&
          each->programs.serves(lists)) {
        return each;
      }
    }
    return nullptr;
  }
  /// The signature that was recorded last.
  [[nodiscard]] SignaturePtr last_recorded(const void* types) const {
    const auto last = std::find_if(signatures_.rbegin(), signatures_.rend(),
                                   [types](const SignaturePtr& each) { return each->types == types; });
    return last == signatures_.rend() ? nullptr : *last;
  }

  ProgramPtr record(CallLists& lists, const CompiledCall& call) {
    ProgramRecorder recorder(lists, options);
    CompiledCall::Recorded recorded = call.record(recorder.inputs());
    ProgramPtr made = recorder.finish(std::move(recorded.result), recorded.arrays, lists.decided);
    SignaturePtr last;
    {
      const std::scoped_lock lock(mutex_);
      const SignaturePtr known = find_locked(lists, call);  // another thread may have made it
      if (note_recording()) last = known ? known : last_recorded(call.types());
      if (known) known->programs.add(made);
      else add(call.types(), std::move(recorded.arguments), recorder.arguments(), made);
    }
    if (last) say_what_changes(*last, lists, call);
    return made;
  }

  void add(const void* types, std::unique_ptr<Kept> arguments, const std::vector<ArgumentType>& argument_types,
           const ProgramPtr& program) {
    SignaturePtr signature(new Signature{types, std::move(arguments), Programs(argument_types, options.recordings)});
    signature->programs.add(program);
    if (signatures_.size() >= most_signatures) signatures_.erase(signatures_.begin());
    signatures_.push_back(std::move(signature));
  }

  /// Counts calls; one that gets lost among threads is no matter.
  void note_replay() noexcept {
    const std::size_t count = recordings_.load(std::memory_order_relaxed);
    if (count > 0) recordings_.store(count - 1, std::memory_order_relaxed);
  }
  /// Whether recording again and again is to be said now.
  bool note_recording() noexcept {
    return recordings_.fetch_add(2, std::memory_order_relaxed) + 2 >= 16 && !std::exchange(said_recordings_, true);
  }

  std::mutex mutex_;
  std::vector<SignaturePtr> signatures_;
  std::atomic<bool> said_captures_ = false;
  bool said_recordings_ = false;
  std::atomic<std::size_t> recordings_ = 0;  // more than calls that replayed, twice
};

Recordings::Recordings(const CompileOptions& options) : all_(std::make_unique<All>(options)) {
  if (options.recordings == 0) {
    throw ValueError("compile: CompileOptions::recordings is 0; a function that is to be replayed needs one at least");
  }
}

Recordings::~Recordings() = default;

const CompileOptions& Recordings::options() const noexcept { return all_->options; }

std::shared_ptr<const Program> Recordings::program_of(CallLists& lists, const CompiledCall& call) {
  ProgramPtr program = all_->program_of(lists, call);
  all_->note_captures(*program);
  return program;
}

std::string Recordings::describe(CallLists& lists, const CompiledCall& call) {
  if (lists.has_recorded_argument()) {
    throw TapeError(
        "plan: an argument is recorded; the function is then part of that recording, which draw::plan can show");
  }
  const ProgramPtr program = all_->program_of(lists, call);
  std::vector<std::string> names;
  call.list_names(names);
  return program->describe(names);
}

std::shared_ptr<Recordings> shared(Recordings* recordings) { return std::shared_ptr<Recordings>(recordings); }

}  // namespace xgrad::detail
