// Branches, and loops of unknown length: cond, switch_, while_loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/transform/scan.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

namespace detail {

/// \throws ShapeError, TypeError, ValueError  unless a number is one integer or truth value, and a branch.
std::size_t known_branch(std::string_view operation, const Var& number, std::size_t count);

/// One of several functions while all of them are recorded.
class Branches {
 public:
  /// \param number  of the function; a truth value for two functions: true is 1.
  /// \throws ShapeError, TypeError  unless it is one integer or truth value.
  Branches(Trace& trace, const Var& number, std::string_view operation);
  Branches(const Branches&) = delete;
  Branches& operator=(const Branches&) = delete;
  ~Branches();

  void begin();
  /// \throws ShapeError, TypeError  unless all branches give the same shapes and element types.
  void end(std::span<const Var> outputs, const Paths& paths);
  [[nodiscard]] std::vector<Var> finish();

 private:
  void require_alike(std::span<const Var> outputs, const Paths& paths) const;
  /// Gives an output the same element type in all branches. Whether it is a number in all.
  bool settle(std::size_t k);

  Trace& trace_;
  std::string_view operation_;
  bool values_were_forbidden_;
  Var number_;
  std::vector<std::uint32_t> begins_;
  std::vector<std::vector<Var>> outputs_;
};

/// An operand as a branch gets it: recorded, so that nothing is computed at once.
template <class T>
using operand_t = std::conditional_t<tree::Tree<T>, T, const T&>;
template <class T>
operand_t<T> on_tape(Trace& trace, const T& operand) {
  if constexpr (tree::Tree<T>) {
    return tree::with_arrays(operand, trace.nodes(tree::arrays(operand)));
  } else {
    return operand;
  }
}

template <class T, class... A, class... F>
T run_branches(std::string_view operation, const Var& number, const std::tuple<const A&...>& operands,
               const F&... branches) {
  static_assert(tree::Tree<T>, "branches return trees of Vars");
  if (!number.recorded()) {  // the branch that it takes is called, and no other
    std::optional<T> result;
    std::size_t next = 0;
    const std::size_t taken = known_branch(operation, number, sizeof...(F));
    const auto call = [&](const auto& branch) {
      if (next++ == taken) result = std::apply(branch, operands);
    };
    (call(branches), ...);
    return *std::move(result);
  }
  std::vector<Var> all{number};
  const auto append = [&]<class O>(const O& operand) {
    if constexpr (tree::Tree<O>) tree::detail::visit(operand, tree::detail::appends(all, tree::detail::Visit::arrays));
  };
  std::apply([&](const auto&... each) { (append(each), ...); }, operands);
  Trace trace(all);
  std::optional<T> like;
  {
    Branches taken(trace, number, operation);
    const auto given =
        std::apply([&](const auto&... each) { return std::tuple<operand_t<A>...>(on_tape(trace, each)...); }, operands);
    const auto record = [&](const auto& branch) {
      taken.begin();
      T result = std::apply(branch, given);
      if (like) require_same_tree(operation, "the branches give different trees", *like, result);
      taken.end(tree::arrays(result), array_paths_of(result));
      if (!like) like = std::move(result);
    };
    (record(branches), ...);
    like = tree::with_arrays(*like, taken.finish());
  }
  return finished(trace, *std::move(like));
}

/// The condition and the body of a loop while they are recorded.
class WhileLoop {
 public:
  WhileLoop(Trace& trace, std::span<const Var> first, Paths paths);
  WhileLoop(const WhileLoop&) = delete;
  WhileLoop& operator=(const WhileLoop&) = delete;
  ~WhileLoop();

  [[nodiscard]] std::span<const Var> carried() const noexcept { return carried_; }
  /// Whether both must be recorded anew; see ScanBody.
  [[nodiscard]] bool accept(const Var& goes_on, std::span<const Var> next);
  [[nodiscard]] std::vector<Var> finish();

 private:
  void begin();

  Trace& trace_;
  bool values_were_forbidden_;
  std::vector<Var> first_;
  Paths paths_;
  std::uint32_t begin_ = 0;
  std::vector<Var> carried_;
  Var goes_on_;
  std::vector<Var> next_;
};

/// Whether a condition and a body can be called with what is carried, and give a Var and the same again.
template <class Condition, class Body, class C>
concept LoopOf =
    std::is_invocable_r_v<Var, const Condition&, const C&> && std::is_invocable_r_v<C, const Body&, const C&>;

/// \throws ShapeError, TypeError  unless it is one truth value.
void require_condition(std::string_view operation, const Var& condition);
/// All of them, with an error where values are computed and the loop would go on.
std::vector<Var> ended(std::span<const Var> last, const Var& goes_on, std::size_t runs);

template <class C>
C run_while(FunctionOf<Var, const C&> condition, FunctionOf<C, const C&> body, const C& first) {
  static_assert(tree::Tree<C>, "while_loop: what is carried is a tree");
  const std::vector<Var> all = tree::arrays(first);
  Trace trace(all);
  std::optional<C> result;
  {
    WhileLoop loop(trace, all, array_paths_of(first));
    const auto record = [&] {
      const C carried = tree::with_arrays(first, loop.carried());
      const Var goes_on = condition(carried);
      result = body(carried);
      require_same_tree("while_loop", "what is carried is not the same tree before and after a run", first, *result);
      return loop.accept(goes_on, tree::arrays(*result));
    };
    if (!record() && !record()) throw_unsettled_types();
    result = tree::with_arrays(*result, loop.finish());
  }
  return finished(trace, *std::move(result));
}

}  // namespace detail

/// then_do(operands...) where the condition is true, else_do(operands...) where it is false: of the two only one is
/// computed, when values are.
///
///     xg::Var y = xg::cond(sum(x) > 0.0, [](const xg::Var& v) { return log(v); },
///                          [](const xg::Var& v) { return v - 1.0; }, x);
///
/// \param condition  one truth value. If it is no recorded Var, the function that it chooses is called, and no other.
/// \param operands   trees, Vars, numbers and xtensor expressions; functions may capture what they need as well.
/// Both functions return trees of the same type, with the same shapes and element types; a number takes the element
/// type that the other one has. Derivatives of every order are those of the function that is chosen. In a batch with a
/// condition for each example both are computed, as where() does.
///
/// \throws ShapeError, TypeError  if the condition is not one truth value, or the functions give other forms.
/// \throws TapeError  if a function asks for a value.
template <class Then, class Else, class... A>
requires detail::Fits<const Then&, const A&...> && detail::Fits<const Else&, const A&...>
[[nodiscard]] auto cond(const Var& condition, const Then& then_do, const Else& else_do, const A&... operands) {
  detail::require_condition("cond", condition);
  using T = std::remove_cvref_t<std::invoke_result_t<const Then&, const A&...>>;
  static_assert(std::same_as<T, std::remove_cvref_t<std::invoke_result_t<const Else&, const A&...>>>,
                "cond: both functions return the same type");
  return detail::run_branches<T>("cond", condition, std::tuple<const A&...>(operands...), else_do, then_do);
}

template <class Then, class Else, class... A>
detail::Misfit cond(const Var&, const Then&, const Else&, const A&...) {
  static_assert(
      detail::mistaken<Then>,
      "cond: both functions are called with the operands behind them: write cond(condition, [](const xg::Var& "
      "v) { ... }, [](const xg::Var& v) { ... }, x), with a parameter for each operand");
  return {};
}

/// One of several functions, chosen by a number; see cond().
///
///     xg::Var y = xg::switch_(kind, std::tuple{relu_of, tanh_of, identity}, x);
///
/// \param number    of the function, an integer, from 0.
/// \param branches  a std::tuple of functions.
/// \throws ValueError  when values are computed, if there is no such function.
template <class... F, class... A>
requires(detail::Fits<const F&, const A&...>&&...)  //
    [[nodiscard]] auto switch_(                     // NOLINT(readability-identifier-naming): `switch` is taken
        const Var& number, const std::tuple<F...>& branches, const A&... operands) {
  static_assert(sizeof...(F) > 0, "switch_: there must be a function");
  using T = std::remove_cvref_t<std::invoke_result_t<const std::tuple_element_t<0, std::tuple<F...>>&, const A&...>>;
  static_assert((std::same_as<T, std::remove_cvref_t<std::invoke_result_t<const F&, const A&...>>> && ...),
                "switch_: all functions return the same type");
  return std::apply(
      [&](const F&... each) {
        return detail::run_branches<T>("switch_", number, std::tuple<const A&...>(operands...), each...);
      },
      branches);
}

template <class... F, class... A>
detail::Misfit switch_(const Var&, const std::tuple<F...>&, const A&...) {  // NOLINT(readability-identifier-naming)
  static_assert(detail::mistaken<F...>,
                "switch_: all functions are called with the operands: write switch_(number, std::tuple{first, second}, "
                "x), with functions that have a parameter for each operand");
  return {};
}

/// How while_loop() runs.
struct WhileOptions {
  /// More runs than this are an error when values are computed; with it the loop has derivatives in reverse mode too,
  /// for which it keeps memory for so many runs.
  std::optional<std::size_t> at_most = std::nullopt;
};

/// Runs the body while the condition holds: `for (c = first; condition(c); c = body(c));`, recorded once.
///
///     auto [x, step] = xg::while_loop([](const State& s) { return abs(s.step) > 1e-12; }, newton, start);
///
/// \param condition  carried -> one truth value.
/// \param body       carried -> carried: trees of the same type, shapes and element types.
/// Derivatives in forward mode, of every order; in reverse mode with WhileOptions::at_most. In a batch the loop runs
/// until it has ended for all examples, of which each keeps what it had when it ended: the body runs for these as well,
/// and what it checks must hold there.
///
/// \throws ShapeError, TypeError  if the condition is not one truth value, or what is carried changes its form.
/// \throws TapeError   if a function asks for a value; if it is differentiated in reverse mode without at_most.
/// \throws ValueError  when values are computed, if there would be more than at_most runs.
template <class Condition, class Body, class C>
requires detail::LoopOf<Condition, Body, detail::differentiated_t<C>>
[[nodiscard]] auto while_loop(const Condition& condition, const Body& body, const C& first,
                              const WhileOptions& options = {}) {
  using Carried = detail::differentiated_t<C>;
  const Carried start(first);  // NOLINT(*-unnecessary-copy-initialization): first may be of another type
  const auto goes_on = [&](const Carried& carried) -> Var { return condition(carried); };
  const auto next = [&](const Carried& carried) -> Carried { return body(carried); };
  if (!options.at_most) {
    return detail::run_while<Carried>(detail::FunctionOf<Var, const Carried&>(goes_on),
                                      detail::FunctionOf<Carried, const Carried&>(next), start);
  }
  using State = std::pair<Carried, Var>;
  const auto step = [&](const State& state, const std::tuple<>&) {
    return std::pair{cond(
                         state.second,
                         [&] {
                           Carried carried = next(state.first);
                           const Var again = goes_on(carried);
                           return State{std::move(carried), again};
                         },
                         [&] { return state; }),
                     std::tuple<>()};
  };
  const State last = scan(step, State{start, goes_on(start)}, std::tuple<>(), {.length = *options.at_most}).first;
  return tree::with_arrays(last.first, detail::ended(tree::arrays(last.first), last.second, *options.at_most));
}

template <class Condition, class Body, class C>
detail::Misfit while_loop(const Condition&, const Body&, const C&, const WhileOptions& = {}) {
  static_assert(
      detail::mistaken<Condition>,
      "while_loop: the condition is a Var, of what is carried; the body returns what is carried, of the same "
      "type: write while_loop([](const xg::Var& v) { return v < 9.0; }, [](const xg::Var& v) { return v * 2.0; "
      "}, first)");
  return {};
}

}  // namespace xgrad

#pragma GCC visibility pop
