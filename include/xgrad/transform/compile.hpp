// Compiled functions: recorded once, replayed from then on.
#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/transform/trace.hpp>
#include <xgrad/tree/statics.hpp>

#pragma GCC visibility push(default)

namespace xgrad {
namespace detail {

/// A recorded function for arguments of certain shapes and element types.
class Program {
 public:
  virtual ~Program() = default;
  /// Whether the arguments are like those that it was recorded for.
  [[nodiscard]] bool serves(std::span<Var* const> arguments, std::span<const char> donated) const {
    return first_unlike(arguments, donated) == alike;
  }
  /// The first argument that is not.
  [[nodiscard]] virtual std::size_t first_unlike(std::span<Var* const> arguments,
                                                 std::span<const char> donated) const = 0;
  static constexpr std::size_t alike = ~std::size_t{0};
  /// Whether somebody has given up an array that was captured: the Var that held it has another one now, or is no more.
  [[nodiscard]] virtual bool captures_given_up() const noexcept = 0;
  /// Computes the results; donated arguments whose memory went into a result are left empty.
  virtual void run(std::span<Var* const> arguments, std::span<const char> donated, std::vector<Var>& results) const = 0;
  /// The plan as text; `names` are those of the arguments.
  [[nodiscard]] virtual std::string describe(std::span<const std::string> names) const = 0;
};

/// Records a program: makes the inputs, lets the function run, takes what it returns.
class ProgramRecorder {
 public:
  ProgramRecorder(std::span<Var* const> arguments, std::span<const char> donated);
  ~ProgramRecorder();
  ProgramRecorder(const ProgramRecorder&) = delete;
  ProgramRecorder& operator=(const ProgramRecorder&) = delete;

  [[nodiscard]] const std::vector<Var>& inputs() const noexcept { return inputs_; }
  [[nodiscard]] std::unique_ptr<const Program> finish(std::span<const Var> results);

 private:
  std::vector<Var> inputs_;
  std::vector<char> donated_;
  std::unique_ptr<Trace> trace_;
};

/// Lists that calls use again and again, so that a call allocates nothing.
struct CallLists {
  std::vector<Var*> arguments;
  std::vector<char> donated;
  std::vector<Var> results;

  CallLists();
  ~CallLists();
  CallLists(const CallLists&) = delete;
  CallLists& operator=(const CallLists&) = delete;
};

/// What a compiled function says once: that it does not do what its author may think, or only slowly.
class Remarks {
 public:
  void captures_given_up() noexcept;
  /// Counts calls; to be guarded by a mutex.
  void replayed() noexcept {
    if (recordings_ > 0) --recordings_;
  }
  /// Whether recording again and again is to be said now.
  [[nodiscard]] bool recorded() noexcept {
    recordings_ += 2;
    return recordings_ >= 16 && !std::exchange(said_recordings_, true);
  }
  static void changing_static(std::string_view path);
  static void changing_shape(std::string_view path, const Var& now);

 private:
  std::atomic<bool> said_captures_ = false;
  bool said_recordings_ = false;
  std::size_t recordings_ = 0;  // more than calls that replayed, twice
};

/// For a plan of recorded arguments: they have none of their own.
[[noreturn]] void throw_recorded_argument();

/// Signatures that a compiled function remembers; the oldest go first.
inline constexpr std::size_t most_signatures = 256;

/// An argument whose leaves can be reached: a tree as it is, anything else as a Var. Rvalues are donated.
template <class K, bool lent, bool donated>
struct Argument {
  std::conditional_t<lent, K&, K> value;
  static constexpr bool is_donated = donated;
  using Type = K;
};
template <class A>
auto argument_of(std::remove_reference_t<A>& argument) {
  using K = differentiated_t<A>;
  constexpr bool donated = !std::is_reference_v<A> && !std::is_const_v<std::remove_reference_t<A>>;
  if constexpr (std::same_as<std::remove_cvref_t<A>, K>) {
    return Argument<K, true, donated>{const_cast<K&>(argument)};
  } else {
    return Argument<K, false, false>{K(argument)};
  }
}

/// Enters the Vars of an argument; returns whether one of them is recorded.
template <class K>
bool list_leaves(K& held, CallLists& lists) {
  bool recorded = false;
  tree::for_each_array(held.value, [&](Var& leaf) {
    recorded = recorded || leaf.recorded();
    lists.arguments.push_back(&leaf);
    lists.donated.push_back(K::is_donated ? 1 : 0);
  });
  return recorded;
}

/// Names of the Vars in the arguments.
template <class... T>
std::vector<std::string> names_of_leaves(const T&... arguments) {
  std::vector<std::string> names;
  std::size_t index = 0;
  [[maybe_unused]] const auto add_names = [&](const auto& tree) {
    const std::string argument = "argument " + std::to_string(index++);
    for (const std::string& path : tree::array_paths(tree)) {
      names.push_back(path.empty() ? argument : argument + "." + path);
    }
  };
  (add_names(arguments), ...);
  return names;
}

/// What a compiled function has recorded.
struct Recordings {
  struct Any {
    const void* types;  ///< of which arguments and which result
    std::shared_ptr<const void> signature;
  };
  Remarks remarks;
  std::mutex mutex;
  std::vector<Any> signatures;
};

/// The recordings of a function R(const T&...): all that does not depend on which function it is, so that many
/// functions of the same arguments compile once.
template <class R, class... T>
class RecordingsOf {
 public:
  using Function = FunctionOf<R, const T&...>;

  struct Signature {
    std::tuple<T...> arguments;  // of what rides along; the leaves are those of the recording
    R result;
    std::unique_ptr<const Program> program;
  };
  using SignaturePtr = std::shared_ptr<const Signature>;

  RecordingsOf(Recordings& all, Function function) : all_(all), function_(function) {}

  R run(CallLists& lists, const T&... arguments) const {
    const SignaturePtr signature = signature_of(lists, arguments...);
    if (signature->program->captures_given_up()) all_.remarks.captures_given_up();
    R result = signature->result;  // first: what fails after the program has run would take the donated arguments along
    signature->program->run(lists.arguments, lists.donated, lists.results);
    std::size_t used = 0;
    tree::for_each_array(result, [&](Var& x) { x = std::move(lists.results[used++]); });
    return result;
  }

  /// The recording for these arguments: known, or made now.
  SignaturePtr signature_of(const CallLists& lists, const T&... arguments) const {
    SignaturePtr known = find(lists, arguments...);
    return known ? known : record(lists, arguments...);
  }

 private:
  static constexpr char types = 0;

  SignaturePtr find(const CallLists& lists, const T&... arguments) const {
    const std::scoped_lock lock(all_.mutex);
    for (const Recordings::Any& each : all_.signatures) {
      if (each.types != &types) continue;
      const auto* known = static_cast<const Signature*>(each.signature.get());
      if (same_arguments(*known, nullptr, arguments...) && known->program->serves(lists.arguments, lists.donated)) {
        all_.remarks.replayed();
        return std::static_pointer_cast<const Signature>(each.signature);
      }
    }
    return nullptr;
  }

  static bool same_arguments(const Signature& known, std::string* where, const T&... arguments) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      using tree::detail::same_at, tree::detail::same_statics;
      return (same_at(same_statics(std::get<I>(known.arguments), arguments, where), I, where) && ...);
    }
    (std::index_sequence_for<T...>());
  }

  /// The last signature before one that is recorded now, if this was said of neither and is to be said.
  SignaturePtr last_recorded() const {
    if (!all_.remarks.recorded()) return nullptr;
    const auto last = std::find_if(all_.signatures.rbegin(), all_.signatures.rend(),
                                   [](const Recordings::Any& each) { return each.types == &types; });
    return last == all_.signatures.rend() ? nullptr : std::static_pointer_cast<const Signature>(last->signature);
  }

  /// Says why the function is recorded again and again.
  static void remark(const Signature& last, const CallLists& lists, const T&... arguments) {
    std::string where;
    if (!same_arguments(last, &where, arguments...)) return Remarks::changing_static(where);
    const std::size_t k = last.program->first_unlike(lists.arguments, lists.donated);
    if (k < lists.arguments.size()) Remarks::changing_shape(names_of_leaves(arguments...)[k], *lists.arguments[k]);
  }

  SignaturePtr record(const CallLists& lists, const T&... given) const {
    ProgramRecorder recorder(lists.arguments, lists.donated);
    std::tuple<T...> arguments(given...);
    std::size_t used = 0;
    const auto enter = [&](auto& argument) {
      tree::for_each_array(argument, [&](Var& x) { x = recorder.inputs()[used++]; });
    };
    std::apply([&](auto&... each) { (enter(each), ...); }, arguments);
    R result = std::apply([&](const auto&... each) -> R { return function_(each...); }, arguments);
    auto made = std::make_shared<Signature>(Signature{std::move(arguments), std::move(result), nullptr});
    made->program = recorder.finish(tree::arrays(made->result));
    SignaturePtr last;
    {
      const std::scoped_lock lock(all_.mutex);
      last = last_recorded();
      if (all_.signatures.size() >= most_signatures) all_.signatures.erase(all_.signatures.begin());
      all_.signatures.push_back({&types, made});
    }
    if (last) remark(*last, lists, given...);
    return made;
  }

  Recordings& all_;
  Function function_;
};

template <class F>
class Compiled {
 public:
  explicit Compiled(F f) : state_(std::make_shared<State>(std::move(f))) {}

  template <class... A>
  requires Fits < F&, const differentiated_t<A>
  &... > [[nodiscard]] auto operator()(A&&... arguments) const { return call(argument_of<A>(arguments)...); }
  template <class... A>
  Misfit operator()(A&&... arguments) const {
    refuse_call<F>(std::index_sequence<>(), arguments...);
    return {};
  }

  /// What a call with these arguments does, as draw::plan shows it; recorded, if it was not yet, but not run.
  /// \throws TapeError  if an argument is recorded.
  template <class... A>
  [[nodiscard]] std::string plan(A&&... arguments) const {
    return describe(argument_of<A>(arguments)...);
  }

 private:
  struct State : Recordings {
    explicit State(F function) : f(std::move(function)) {}
    F f;
  };

  template <class... K>
  using Result = std::remove_cvref_t<std::invoke_result_t<F&, const typename K::Type&...>>;

  template <class... K>
  [[nodiscard]] auto recordings() const {
    using R = Result<K...>;
    using Of = RecordingsOf<R, typename K::Type...>;
    return Of(*state_, typename Of::Function(state_->f));
  }

  template <class... K>
  auto call(K... held) const {
    using R = Result<K...>;
    static_assert(tree::Tree<R>, "a compiled function returns a tree of Vars");
    CallLists lists;
    bool recorded = false;
    ((recorded = list_leaves(held, lists) || recorded), ...);
    if (recorded) return R(state_->f(std::as_const(held.value)...));  // part of another recording
    return recordings<K...>().run(lists, held.value...);
  }

  template <class... K>
  std::string describe(K... held) const {
    CallLists lists;
    bool recorded = false;
    ((recorded = list_leaves(held, lists) || recorded), ...);
    if (recorded) throw_recorded_argument();
    return recordings<K...>().signature_of(lists, held.value...)->program->describe(names_of_leaves(held.value...));
  }

  std::shared_ptr<State> state_;
};

}  // namespace detail

/// The function that records f once for each signature of its arguments and replays the recording: one plan for all
/// that f does, gradients and updates included. Replaying allocates no memory once results that are not needed any more
/// have been given back.
///
///     auto step = xg::compile([](const Mlp& model, const xg::Var& x, const xg::Var& y) {
///       auto [loss, gradient] = xg::value_and_grad(objective)(model, x, y);
///       return std::pair{xg::tree::map(model, gradient, [](auto& w, auto& g) { return w - 0.1 * g; }), loss};
///     });
///     std::tie(model, loss) = step(std::move(model), x, y);
///
/// A signature is the shapes and element types of all Vars in the arguments, which of them are numbers, the sizes of
/// their containers, and all members of reflected structs that are no Vars or are marked static, compared by operator==
/// (Vars by identity: do they share one array). What else f depends on is fixed when it is recorded: captured Vars
/// and numbers, and which way an `if` went. A captured model that is given other arrays between calls has no effect:
/// pass it as an argument. This is said in the log, once, when nobody but the recording holds a captured array any
/// more; a captured C++ number, or an array of which somebody keeps a copy, changes unseen. A function that is recorded
/// at nearly every call, because a number member or a shape changes each time, says so in the log too
/// (set_log_handler).
///
/// Arguments are trees, xtensor expressions and numbers; f gets them as trees and Vars. Those handed over with
/// std::move are *donated*: their arrays may be overwritten by results, if nobody else shares them, and they are left
/// empty then. A call that throws, because of values (a label out of range, a condition of `checked`) or for want of
/// memory, leaves every argument as it was. Called with recorded Vars (inside another transform) the function simply
/// runs. Several threads may call it.
///
/// \param f  returns a tree; it is called with const references.
/// \throws TapeError  if f asks for the value of a Var, which is not known while it is recorded.
template <class F>
[[nodiscard]] auto compile(F f) {
  return detail::Compiled<F>(std::move(f));
}

}  // namespace xgrad

#pragma GCC visibility pop
