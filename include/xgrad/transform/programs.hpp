// What compiled functions have recorded, as far as no type of the user's is in it.
#pragma once

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

  /// Enters the Vars of an argument.
  [[nodiscard]] tree::detail::Visitor<Var> takes_argument(bool is_donated);
  [[nodiscard]] bool has_recorded_argument() const noexcept;
  /// Puts the results in the place of the Vars of a tree, from the first on, and gives them up.
  [[nodiscard]] tree::detail::Visitor<Var> gives_results();

 private:
  bool donates_ = false;
  std::size_t given_ = 0;
};

/// A value of which only who made it knows the type.
struct Kept {
  Kept() = default;
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  virtual ~Kept();
};
template <class T>
struct KeptAs final : Kept {
  template <class... A>
  explicit KeptAs(A&&... a) : value(std::forward<A>(a)...) {}
  T value;
};
template <class T>
const T& value_of(const Kept& kept) {
  return static_cast<const KeptAs<T>&>(kept).value;
}

/// A recorded function for arguments of certain shapes and element types, whose conditions went one way.
class Program {
 public:
  explicit Program(std::unique_ptr<Kept> result) : result_(std::move(result)) {}
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  virtual ~Program();
  /// The tree that the function returned when it was recorded.
  [[nodiscard]] const Kept& result() const noexcept { return *result_; }
  /// Computes the results, after the conditions; donated arguments whose memory went into a result are left empty.
  virtual void run(CallLists& lists) const = 0;
  /// The plan as text; `names` are those of the arguments.
  [[nodiscard]] virtual std::string describe(std::span<const std::string> names) const = 0;

 private:
  std::unique_ptr<Kept> result_;
};

/// A call of a compiled function.
class CompiledCall {
 public:
  CompiledCall(const CompiledCall&) = delete;
  CompiledCall& operator=(const CompiledCall&) = delete;

  /// What tells apart calls whose arguments or results are of other types.
  [[nodiscard]] const void* types() const noexcept { return types_; }
  /// Whether the arguments have the static members, and the sizes, of those that were kept.
  /// \param where  gets the path of the first difference; may be null.
  [[nodiscard]] virtual bool has_statics_of(const Kept& arguments, std::string* where) const = 0;
  /// Appends the names of the Vars in the arguments.
  virtual void list_names(std::vector<std::string>& all) const = 0;
  struct Recorded {
    std::unique_ptr<Kept> arguments;
    std::unique_ptr<Kept> result;
    std::vector<Var> arrays;  ///< of the result
  };
  /// Calls the function with copies of the arguments that have these Vars.
  [[nodiscard]] virtual Recorded record(std::span<const Var> inputs) const = 0;

 protected:
  explicit CompiledCall(const void* types) : types_(types) {}
  ~CompiledCall() = default;

 private:
  const void* types_;
};

/// What a compiled function has recorded. Several threads may use it.
class Recordings {
 public:
  /// \throws ValueError  if no recording would be remembered.
  explicit Recordings(const CompileOptions& options);
  Recordings(const Recordings&) = delete;
  Recordings& operator=(const Recordings&) = delete;
  virtual ~Recordings();

  [[nodiscard]] const CompileOptions& options() const noexcept;
  /// The recording for such arguments: known, or made now. Its conditions have been computed.
  std::shared_ptr<const Program> program_of(CallLists& lists, const CompiledCall& call);
  /// Its plan as text.
  /// \throws TapeError  if an argument is recorded.
  std::string describe(CallLists& lists, const CompiledCall& call);

 private:
  class All;
  std::unique_ptr<All> all_;
};
/// Owned by all copies of the function; it takes over what was made by `new`.
std::shared_ptr<Recordings> shared(Recordings* recordings);

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

}  // namespace detail
}  // namespace xgrad

#pragma GCC visibility pop
