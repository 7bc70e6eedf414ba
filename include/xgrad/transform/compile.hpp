// Compiled functions: recorded once, replayed from then on.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/transform/programs.hpp>
#include <xgrad/tree/statics.hpp>

#pragma GCC visibility push(default)

namespace xgrad {
namespace detail {

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
  explicit Recordings(const CompileOptions& chosen) : options(chosen) {}

  CompileOptions options;
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
    std::tuple<T...> arguments;  // of what is static; the leaves are those of the recording
    std::unique_ptr<Programs> programs;
  };
  using SignaturePtr = std::shared_ptr<const Signature>;

  RecordingsOf(Recordings& all, Function function) : all_(all), function_(function) {}

  R run(CallLists& lists, const T&... arguments) const {
    const ProgramPtr program = program_of(lists, arguments...);
    if (program->captures_given_up()) all_.remarks.captures_given_up();
    // First: what fails after the program has run would take the donated arguments along.
    R result = *static_cast<const R*>(program->result());
    program->run(lists);
    std::size_t used = 0;
    tree::for_each_array(result, [&](Var& x) { x = std::move(lists.results[used++]); });
    return result;
  }

  /// The recording for these arguments: known, or made now. Its conditions have been computed.
  ProgramPtr program_of(CallLists& lists, const T&... arguments) const {
    if (const SignaturePtr known = find(lists, arguments...)) {
      if (ProgramPtr program = known->programs->choose(lists)) {
        all_.remarks.replayed();
        return program;
      }
    }
    return record(lists, arguments...);
  }

 private:
  static constexpr char types = 0;

  SignaturePtr find(const CallLists& lists, const T&... arguments) const {
    const std::scoped_lock lock(all_.mutex);
    return find_locked(lists, arguments...);
  }
  SignaturePtr find_locked(const CallLists& lists, const T&... arguments) const {
    for (const Recordings::Any& each : all_.signatures) {
      if (each.types != &types) continue;
      const auto* known = static_cast<const Signature*>(each.signature.get());
      if (same_arguments(*known, nullptr, arguments...) && known->programs->serves(lists.arguments, lists.donated)) {
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

  /// The signature that was recorded last before one that is new.
  SignaturePtr last_recorded() const {
    const auto last = std::find_if(all_.signatures.rbegin(), all_.signatures.rend(),
                                   [](const Recordings::Any& each) { return each.types == &types; });
    return last == all_.signatures.rend() ? nullptr : std::static_pointer_cast<const Signature>(last->signature);
  }

  /// Says why the function is recorded again and again.
  static void remark(const Signature& last, const CallLists& lists, const T&... arguments) {
    std::string where;
    if (!same_arguments(last, &where, arguments...)) return Remarks::changing_static(where);
    const std::size_t k = last.programs->first_unlike(lists.arguments, lists.donated);
    if (k == Programs::alike) return Remarks::changing_condition();
    if (k < lists.arguments.size()) Remarks::changing_shape(names_of_leaves(arguments...)[k], *lists.arguments[k]);
  }

  ProgramPtr record(CallLists& lists, const T&... given) const {
    ProgramRecorder recorder(lists, all_.options);
    std::tuple<T...> arguments(given...);
    std::size_t used = 0;
    const auto enter = [&](auto& argument) {
      tree::for_each_array(argument, [&](Var& x) { x = recorder.inputs()[used++]; });
    };
    std::apply([&](auto&... each) { (enter(each), ...); }, arguments);
    auto result =
        std::make_shared<const R>(std::apply([&](const auto&... each) -> R { return function_(each...); }, arguments));
    const std::vector<Var> arrays = tree::arrays(*result);
    const ProgramPtr made = recorder.finish(std::move(result), arrays, lists.decided);
    SignaturePtr last;
    {
      const std::scoped_lock lock(all_.mutex);
      const SignaturePtr known = find_locked(lists, given...);  // another thread may have made it
      if (all_.remarks.recorded()) last = known ? known : last_recorded();
      if (known) {
        known->programs->add(made);
      } else {
        auto signature = std::make_shared<Signature>(Signature{std::move(arguments), recorder.programs()});
        signature->programs->add(made);
        if (all_.signatures.size() >= most_signatures) all_.signatures.erase(all_.signatures.begin());
        all_.signatures.push_back({&types, std::move(signature)});
      }
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
  Compiled(F f, const CompileOptions& options) : state_(std::make_shared<State>(std::move(f), options)) {}

  template <class... A>
  requires Fits < F&, const differentiated_t<A>
  &... > [[nodiscard]] auto operator()(A&&... arguments) const { return call(argument_of<A>(arguments)...); }
  template <class... A>
  Misfit operator()(A&&... arguments) const {
    refuse_call<F>(std::index_sequence<>(), arguments...);
    return {};
  }

  /// What a call with these arguments does, as draw::plan shows it; recorded, if it was not yet, but not run: of
  /// conditions it says how they go for these arguments, for which they are computed.
  /// \throws TapeError  if an argument is recorded.
  template <class... A>
  [[nodiscard]] std::string plan(A&&... arguments) const {
    return describe(argument_of<A>(arguments)...);
  }

 private:
  struct State : Recordings {
    State(F function, const CompileOptions& chosen) : Recordings(chosen), f(std::move(function)) {}
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
    if (recorded) {
      const PartOfRecording part(lists.arguments, state_->options);
      return R(state_->f(std::as_const(held.value)...));
    }
    return recordings<K...>().run(lists, held.value...);
  }

  template <class... K>
  std::string describe(K... held) const {
    CallLists lists;
    bool recorded = false;
    ((recorded = list_leaves(held, lists) || recorded), ...);
    if (recorded) throw_recorded_argument();
    return recordings<K...>().program_of(lists, held.value...)->describe(names_of_leaves(held.value...));
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
/// and numbers, and which way an `if` went that does not ask branch(). A captured model that is given other arrays
/// between calls has no effect: pass it as an argument. This is said in the log, once, when nobody but the recording
/// holds a captured array any more; a captured C++ number, or an array of which somebody keeps a copy, changes unseen.
/// A function that is recorded at nearly every call, because a number member or a shape changes each time or conditions
/// go new ways, says so in the log too (set_log_handler).
///
/// Which way the program goes may depend on values by branch(condition), and with CompileOptions::guard_values by
/// item(): these are *conditions* of the recording. A call computes the conditions before anything else, in the order
/// in which they were asked, each with what the conditions before it have left, and then what is recorded for the way
/// that they went; f is called again to record a way that is new. So a result is never that of another way. What a
/// function of the user's (host_call) gave for a condition, the results get too; otherwise what results share with a
/// single condition may be computed once more for them. A loop whose condition is a branch() is recorded run by run:
/// use while_loop() if it is long.
///
/// Arguments are trees, xtensor expressions and numbers; f gets them as trees and Vars. Those handed over with
/// std::move are *donated*: their arrays may be overwritten by results, if nobody else shares them, and they are left
/// empty then. A call that throws, because of values (a label out of range, a condition of `checked`) or for want of
/// memory, leaves every argument as it was. Called with recorded Vars (inside another transform) the function simply
/// runs. Several threads may call it.
///
/// \param f  returns a tree; it is called with const references, for each recording once. What it does beside computing
/// its result, it does only then.
/// \throws ValueError  if CompileOptions::recordings is 0.
/// \throws TapeError   when it is called, if f asks for the value of a Var, which is not known while it is recorded,
///                     unless values are guarded.
template <class F>
[[nodiscard]] auto compile(F f, const CompileOptions& options = {}) {
  detail::require_options(options);
  return detail::Compiled<F>(std::move(f), options);
}

}  // namespace xgrad

#pragma GCC visibility pop
