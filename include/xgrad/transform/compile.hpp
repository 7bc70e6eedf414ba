// Compiled functions: recorded once, replayed from then on.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
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

/// A call of a function R(const T&...): all that does not depend on which function it is, so that many functions of the
/// same arguments compile once.
template <class R, class... T>
class CallOf final : public CompiledCall {
 public:
  using Function = FunctionOf<R, const T&...>;

  CallOf(Function function, const T&... arguments)
      : CompiledCall(&types), function_(function), arguments_{std::addressof(arguments)...} {}

  [[nodiscard]] bool has_statics_of(const Kept& arguments, std::string* where) const override {
    return has_statics_of(value_of<Copies>(arguments), where, std::index_sequence_for<T...>());
  }
  void list_names(std::vector<std::string>& all) const override { list_names(all, std::index_sequence_for<T...>()); }
  [[nodiscard]] Recorded record(std::span<const Var> inputs) const override {
    return record(inputs, std::index_sequence_for<T...>());
  }

 private:
  using Copies = Arguments<std::index_sequence<>, std::index_sequence_for<T...>, T...>;
  static constexpr char types = 0;

  template <std::size_t I>
  [[nodiscard]] const auto& argument() const {
    return *static_cast<const std::tuple_element_t<I, std::tuple<T...>>*>(arguments_[I]);
  }

  template <std::size_t... I>
  [[nodiscard]] bool has_statics_of([[maybe_unused]] const Copies& known, [[maybe_unused]] std::string* where,
                                    std::index_sequence<I...>) const {
    using tree::detail::same_at, tree::detail::same_statics;
    return (same_at(same_statics(held_at<I>(known), argument<I>(), where), I, where) && ...);
  }
  template <std::size_t... I>
  void list_names(std::vector<std::string>& all, std::index_sequence<I...>) const {
    tree::detail::PathList list(all);
    (tree::detail::visit(argument<I>(), list.appends(tree::detail::Visit::arrays, I, ".")), ...);
  }
  template <std::size_t... I>
  [[nodiscard]] Recorded record(std::span<const Var> inputs, std::index_sequence<I...>) const {
    Recorded recorded;
    auto* const copies = new KeptAs<Copies>(std::in_place, argument<I>()...);
    recorded.arguments.reset(copies);
    copies->value.assign(inputs);
    auto* const result = new KeptAs<R>(function_(std::as_const(held_at<I>(copies->value))...));
    recorded.result.reset(result);
    tree::detail::visit(std::as_const(result->value),
                        tree::detail::appends(recorded.arrays, tree::detail::Visit::arrays));
    return recorded;
  }

  Function function_;
  std::array<const void*, sizeof...(T)> arguments_;
};

template <class F>
class Compiled {
 public:
  Compiled(F f, const CompileOptions& options)
      : recordings_(shared(new FunctionAndRecordings(std::move(f), options))) {}

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
  struct FunctionAndRecordings final : Recordings {
    FunctionAndRecordings(F function, const CompileOptions& chosen) : Recordings(chosen), f(std::move(function)) {}
    F f;
  };
  [[nodiscard]] F& function() const { return static_cast<FunctionAndRecordings&>(*recordings_).f; }

  template <class... K>
  using Result = std::remove_cvref_t<std::invoke_result_t<F&, const typename K::Type&...>>;
  template <class... K>
  using Call = CallOf<Result<K...>, typename K::Type...>;

  template <class... K>
  static void list_arguments(CallLists& lists, K&... held) {
    (tree::detail::visit(held.value, lists.takes_argument(K::is_donated)), ...);
  }

  template <class... K>
  auto call(K... held) const {
    using R = Result<K...>;
    static_assert(tree::Tree<R>, "a compiled function returns a tree of Vars");
    CallLists lists;
    list_arguments(lists, held...);
    if (lists.has_recorded_argument()) {
      const PartOfRecording part(lists.arguments, recordings_->options());
      return R(function()(std::as_const(held.value)...));
    }
    const Call<K...> call(typename Call<K...>::Function(function()), held.value...);
    const std::shared_ptr<const Program> program = recordings_->program_of(lists, call);
    // First: what fails after the program has run would take the donated arguments along.
    R result = value_of<R>(program->result());
    program->run(lists);
    tree::detail::visit(result, lists.gives_results());
    return result;
  }

  template <class... K>
  std::string describe(K... held) const {
    CallLists lists;
    list_arguments(lists, held...);
    return recordings_->describe(lists, Call<K...>(typename Call<K...>::Function(function()), held.value...));
  }

  std::shared_ptr<Recordings> recordings_;
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
  return detail::Compiled<F>(std::move(f), options);
}

}  // namespace xgrad

#pragma GCC visibility pop
