// What compiled functions record: programs, one for each way that conditions go.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/transform/trace.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// How a function is compiled.
struct CompileOptions {
  /// Whether the function may ask for values of one element by item(): it gets the value of the call for which it is
  /// recorded, and a call in which it is another one, in any bit, is recorded anew. Otherwise asking is an error.
  bool guard_values = false;
  /// How many recordings of one signature are remembered, one for each way that conditions and guarded values went; of
  /// more the least recently used goes.
  std::size_t recordings = 64;
};

namespace detail {

/// Lists that calls use again and again, so that a call allocates nothing.
struct CallLists {
  std::vector<Var*> arguments;
  std::vector<char> donated;
  std::vector<Var> decided;  ///< what conditions were computed to be, and what was computed with them
  std::vector<Var> results;

  CallLists();
  ~CallLists();
  CallLists(const CallLists&) = delete;
  CallLists& operator=(const CallLists&) = delete;
};

/// A recorded function for arguments of certain shapes and element types, whose conditions went one way.
class Program {
 public:
  explicit Program(std::shared_ptr<const void> result) : result_(std::move(result)) {}
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  virtual ~Program();
  /// The tree that the function returned when it was recorded; whoever recorded it knows the type.
  [[nodiscard]] const void* result() const noexcept { return result_.get(); }
  /// Whether somebody has given up an array that was captured: the Var that held it has another one now, or is no more.
  [[nodiscard]] virtual bool captures_given_up() const noexcept = 0;
  /// Computes the results, after the conditions; donated arguments whose memory went into a result are left empty.
  virtual void run(CallLists& lists) const = 0;
  /// The plan as text; `names` are those of the arguments.
  [[nodiscard]] virtual std::string describe(std::span<const std::string> names) const = 0;

 private:
  std::shared_ptr<const void> result_;
};
using ProgramPtr = std::shared_ptr<Program>;

/// The programs of a function for arguments of certain shapes and element types: one for each way that its conditions
/// went. Several threads may use it.
class Programs {
 public:
  /// What an argument must be like.
  struct Argument {
    DType dtype;
    Shape shape;
    bool donated;
    bool weak;
  };

  virtual ~Programs() = default;
  /// Whether the arguments are like those that it was recorded for.
  [[nodiscard]] bool serves(std::span<Var* const> arguments, std::span<const char> donated) const {
    return first_unlike(arguments, donated) == alike;
  }
  /// The first argument that is not.
  [[nodiscard]] virtual std::size_t first_unlike(std::span<Var* const> arguments,
                                                 std::span<const char> donated) const = 0;
  static constexpr std::size_t alike = ~std::size_t{0};
  /// Computes conditions, one after another, until they say which program serves; null: it was not recorded. Arguments
  /// stay as they are.
  [[nodiscard]] virtual ProgramPtr choose(CallLists& lists) const = 0;
  /// Takes in a program that was recorded for such arguments.
  virtual void add(ProgramPtr program) = 0;
};

/// Records a program: makes the inputs, lets the function run, takes what it returns.
class ProgramRecorder {
 public:
  ProgramRecorder(const CallLists& lists, const CompileOptions& options);
  ~ProgramRecorder();
  ProgramRecorder(const ProgramRecorder&) = delete;
  ProgramRecorder& operator=(const ProgramRecorder&) = delete;

  [[nodiscard]] const std::vector<Var>& inputs() const noexcept { return inputs_; }
  /// Ends the recording.
  /// \param result   of the function; `arrays` are those in it.
  /// \param decided  what the program goes on with, as if its conditions had been computed by Programs::choose().
  [[nodiscard]] ProgramPtr finish(std::shared_ptr<const void> result, std::span<const Var> arrays,
                                  std::vector<Var>& decided);
  /// For such arguments, without a program yet.
  [[nodiscard]] std::unique_ptr<Programs> programs() const;

 private:
  class Conditions;

  std::vector<Var> inputs_;
  std::vector<Programs::Argument> arguments_;
  std::size_t most_;
  std::unique_ptr<Trace> trace_;
  std::unique_ptr<Conditions> conditions_;
};

/// The scope in which a compiled function is part of another recording: what it may ask for, it may ask for there.
class PartOfRecording {
 public:
  PartOfRecording(std::span<Var* const> arguments, const CompileOptions& options);
  PartOfRecording(const PartOfRecording&) = delete;
  PartOfRecording& operator=(const PartOfRecording&) = delete;
  ~PartOfRecording();

 private:
  bool* guards_values_ = nullptr;
  bool before_ = false;
};

/// \throws ValueError  if no recording would be remembered.
void require_options(const CompileOptions& options);

/// What a compiled function says once: that it does not do what its author may think, or only slowly.
class Remarks {
 public:
  void captures_given_up() noexcept;
  /// Counts calls; one that gets lost among threads is no matter.
  void replayed() noexcept {
    const std::size_t count = recordings_.load(std::memory_order_relaxed);
    if (count > 0) recordings_.store(count - 1, std::memory_order_relaxed);
  }
  /// Whether recording again and again is to be said now; to be guarded by a mutex.
  [[nodiscard]] bool recorded() noexcept {
    return recordings_.fetch_add(2, std::memory_order_relaxed) + 2 >= 16 && !std::exchange(said_recordings_, true);
  }
  static void changing_condition();
  static void changing_static(std::string_view path);
  static void changing_shape(std::string_view path, const Var& now);

 private:
  std::atomic<bool> said_captures_ = false;
  bool said_recordings_ = false;
  std::atomic<std::size_t> recordings_ = 0;  // more than calls that replayed, twice
};

/// For a plan of recorded arguments: they have none of their own.
[[noreturn]] void throw_recorded_argument();

}  // namespace detail
}  // namespace xgrad

#pragma GCC visibility pop
