// What the transforms share: recording a function call, differentiating it, handing out its results.
//
// transform: functions of functions. Tracing, Tape, grad, vjp, jvp, jacobian, vmap, custom rules, scan, host calls,
// compile. It includes derivatives, ops, tree, backend and what is below; each transform is made of sweeps, traces and
// plans, and none writes a derivative.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/core/function_of.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::detail {

/// The tape onto which a transform of this thread records now; null: none.
ir::TapeState* tape_recorded_now() noexcept;

/// The scope in which a function of the user's is called that takes part in no recording.
class Outside {
 public:
  Outside() noexcept;
  Outside(const Outside&) = delete;
  Outside& operator=(const Outside&) = delete;
  ~Outside();

 private:
  ir::TapeState* inside_;
};

/// The scope in which a function is recorded.
///
/// A transform that is called while another one records goes onto the same tape: each starts from fresh nodes of its
/// own, so derivatives of derivatives need no levels and cannot be confused. The outermost trace has a tape of its own
/// and hands out concrete results.
class Trace {
 public:
  /// A recorded function that can be differentiated after its trace has ended.
  using Recording = std::shared_ptr<ir::TapeState>;

  /// \param arguments  all Vars that the function is called with.
  explicit Trace(std::span<const Var> arguments);
  /// A recording on a tape of its own, for a function of which no value is known yet: asking for one throws TapeError.
  struct Fresh {};
  explicit Trace(Fresh);
  /// Goes on where another trace ended.
  explicit Trace(const Recording& recording);
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  [[nodiscard]] ir::TapeState& tape() const noexcept { return *tape_; }
  /// Whether the tape is this trace's own, so that results are values.
  [[nodiscard]] bool is_outermost() const noexcept { return owned_ != nullptr; }
  /// A fresh node for an argument.
  Var input(const Var& argument);
  /// A concrete Var as a node, a recorded one as it is.
  Var node(const Var& x);
  [[nodiscard]] std::vector<Var> nodes(std::vector<Var> all);
  /// Makes each Var of a tree a fresh node, or a node.
  [[nodiscard]] tree::detail::Visitor<Var> makes_inputs(tree::detail::Visit what);
  [[nodiscard]] tree::detail::Visitor<Var> makes_nodes(tree::detail::Visit what);

  /// \throws TapeError  if an output is not recorded although values were read while the function ran: it was probably
  ///                    computed of these, and its derivatives would silently be 0.
  void require_recorded(std::string_view operation, std::span<const Var> outputs) const;

  /// Cotangents of inputs; an input that no output depends on gets an empty Var.
  std::vector<Var> reverse(std::span<const Var> outputs, std::span<const Var> cotangents, std::span<const Var> inputs);
  /// Tangents of outputs; an output that depends on no input gets an empty Var.
  std::vector<Var> forward(std::span<const Var> inputs, std::span<const Var> tangents, std::span<const Var> outputs);

  /// What the caller gets: recorded Vars inside another trace, otherwise values, computed together.
  std::vector<Var> results(std::span<const Var> recorded);

  /// What was recorded, to be differentiated later. Inside another trace it owns nothing: that one does.
  Recording recording();

 private:
  Recording owned_;  // null: the tape is that of another trace, or of the user
  ir::TapeState* tape_;
  ir::TapeState* outer_;
  std::size_t reads_before_ = 0;
};

/// What a function returned that read values while it ran.
/// \throws TapeError  if it is not recorded; see Trace::require_recorded.
void require_recorded(std::string_view operation, const Var& result);

/// Names of the Vars of a list, made only when an error has to name one.
class Paths {
 public:
  /// \param list  appends the names.
  explicit Paths(FunctionOf<void, std::vector<std::string>&> list) : list_(list) {}
  [[nodiscard]] std::vector<std::string> operator()() const;

 private:
  FunctionOf<void, std::vector<std::string>&> list_;
};

/// Those of the leaves, or of all Vars, of a tree or of arguments, which must outlive what they are given to.
template <tree::detail::Visit what, class T>
Paths list_of_paths(const T& named) {
  return Paths({const_cast<T*>(&named), [](void* object, std::vector<std::string>& all) {
                  const T& tree = *static_cast<const T*>(object);
                  if constexpr (tree::Tree<T>) tree::detail::list_paths<what>(tree, all);
                  else tree.template list_paths<what>(all);
                }});
}
template <class T>
Paths paths_of(const T& named) {
  return list_of_paths<tree::detail::Visit::leaves>(named);
}
template <class T>
Paths array_paths_of(const T& named) {
  return list_of_paths<tree::detail::Visit::arrays>(named);
}

/// \throws TypeError  unless all are floating-point; the message names the culprit.
void require_differentiable(std::string_view operation, std::span<const Var> all, const Paths& paths);
void require_differentiable_outputs(std::string_view operation, std::span<const Var> outputs);
/// \throws ShapeError  unless the loss is a scalar; TypeError unless it is floating-point.
void require_scalar_loss(std::string_view operation, const Var& loss);
/// \throws ShapeError, TypeError  unless tangents or cotangents have the shapes and element types of their primals.
void require_like(std::string_view operation, std::string_view what, std::span<const Var> given,
                  std::span<const Var> primals, const Paths& paths);
/// \throws ValueError  if there are empty ones among them, naming them.
void require_complete(std::string_view operation, std::span<const Var> derivatives, const Paths& paths);
/// \throws ValueError  if there are derivatives, and all of them are missing.
void require_connected(std::string_view operation, std::span<const Var> derivatives);
/// Puts zeros in the place of empty Vars, and makes derivatives of numbers numbers.
void complete(std::vector<Var>& derivatives, std::span<const Var> primals);
/// A tangent or cotangent in the element type of its primal, if it is a number; others are in that already.
Var in_type_of(const Var& primal, const Var& x);
/// The cotangent 1 of a scalar.
Var one_of(const Var& loss);

/// Refuses results that have left the tape for good.
template <class R>
constexpr void require_derivatives() {
  static_assert(!std::is_arithmetic_v<R> && !xt::is_xexpression<R>::value,
                "a function to be differentiated returned a number or an xtensor expression, which has no derivative: "
                "return a Var computed by operations on Vars, sum(x * x) instead of sum(x * x).item<double>() or "
                "xt::sum(x.array<double>()), or Var(3.0) if it is constant on purpose");
}

// ---- arguments

template <class A>
struct Differentiated {
  static_assert(tree::Tree<A> || std::is_convertible_v<A, Var>,
                "derivatives are of trees, Vars, xtensor expressions and numbers: list the members of a struct with "
                "XGRAD_FIELDS");
  using type = std::conditional_t<tree::Tree<A>, A, Var>;
};

/// How a transform holds an argument that it differentiates: trees as they are, numbers and xtensor expressions as
/// Vars.
template <class A>
using differentiated_t = typename Differentiated<std::remove_cvref_t<A>>::type;

/// Other arguments are handed on; trees are copied, because their leaves become nodes.
template <class A>
using passed_t = std::conditional_t<tree::Tree<std::remove_cvref_t<A>>, std::remove_cvref_t<A>, A&&>;

template <std::size_t I, std::size_t... positions>
inline constexpr bool is_position = ((I == positions) || ...);

template <class A, bool differentiated>
struct Held {
  using type = passed_t<A>;
};
template <class A>
struct Held<A, true> {
  using type = differentiated_t<A>;
};
template <class A, bool differentiated>
using held_t = typename Held<A, differentiated>::type;

/// Arguments that are held as trees and Vars whether they are differentiated or not: those that hold arrays.
template <class A>
inline constexpr bool holds_arrays = tree::Tree<A> || xt::is_xexpression<A>::value;

template <class... A>
constexpr auto array_positions() {
  constexpr auto which = [] {
    std::array<std::size_t, (std::size_t{0} + ... + std::size_t{holds_arrays<A>})> positions{};
    std::size_t used = 0;
    std::size_t position = 0;
    ((holds_arrays<A> ? void(positions[used++] = position++) : void(++position)), ...);
    return positions;
  }();
  return [&]<std::size_t... I>(std::index_sequence<I...>) { return std::index_sequence<which[I]...>(); }
  (std::make_index_sequence<which.size()>());
}
template <class... A>
using array_positions_t = decltype(array_positions<std::remove_cvref_t<A>...>());

/// What the function gets of such an argument: trees are lent, because they are needed again; anything else goes on as
/// it came.
template <class K>
using handed_t = std::conditional_t<std::is_reference_v<K>, K, const K&>;

/// What a call that does not fit would give, if the compiler did not stop at its message.
struct Misfit {};

/// Whether a function can be called with these arguments, and is no transform that would only say that they do not fit.
template <class F, class... A>
concept Fits = std::is_invocable_v<F, A...> && !std::same_as<std::invoke_result_t<F, A...>, Misfit>;

/// Says what is wrong with the arguments of a call of a function F.
template <class F, std::size_t... positions, class... A>
constexpr void refuse_call(std::index_sequence<positions...>, const A&...) {
  constexpr bool given = ((positions < sizeof...(A)) && ...);
  static_assert(given,
                "an argument to be differentiated is not given: positions count from 0, so grad<1> is of a function of "
                "two arguments or more");
  static_assert(!given || mistaken<F, A...>,
                "the function of this transform cannot be called with these arguments: give as many as it has, each a "
                "tree of the type that it takes, or a number or array where it takes a const xg::Var&");
}

template <class F, class Positions, class Indices, class... A>
inline constexpr bool is_callable = false;
template <class F, std::size_t... positions, std::size_t... I, class... A>
requires((positions < sizeof...(A)) && ...)  //
    inline constexpr bool is_callable<F, std::index_sequence<positions...>, std::index_sequence<I...>, A...> =
        Fits<F, handed_t<held_t<A, is_position<I, positions...>>>...>;

/// Whether the function of a transform can be called with these arguments. Transforms say so, because others (jvp) ask.
template <class F, class Positions, class... A>
concept CallableWith = is_callable<F, Positions, std::index_sequence_for<A...>, A...>;

/// One of several values, found by its number. (std::tuple takes longer to compile.)
template <std::size_t I, class K>
struct HeldAt {
  K value;
};
template <std::size_t I, class K>
K& held_at(HeldAt<I, K>& in) {
  return in.value;
}
template <std::size_t I, class K>
const K& held_at(const HeldAt<I, K>& in) {
  return in.value;
}

/// The arguments of a call, as they are held; those at the given positions are ready to be differentiated.
template <class Positions, class Indices, class... K>
struct Arguments;

template <std::size_t... positions, std::size_t... I, class... K>
struct Arguments<std::index_sequence<positions...>, std::index_sequence<I...>, K...> : HeldAt<I, K>... {
  template <class... A>
  explicit Arguments(std::in_place_t, A&&... arguments) : HeldAt<I, K>{std::forward<A>(arguments)}... {}

  /// All Vars among the arguments.
  [[nodiscard]] std::vector<Var> arrays() const {
    std::vector<Var> result;
    (visit(held_at<I>(*this), tree::detail::appends(result, tree::detail::Visit::arrays)), ...);
    return result;
  }
  /// How many each argument has.
  [[nodiscard]] std::vector<std::size_t> array_counts() const {
    std::vector<Var> all;
    std::vector<std::size_t> result;
    const auto count = [&](const auto& argument) {
      const std::size_t before = all.size();
      visit(argument, tree::detail::appends(all, tree::detail::Visit::arrays));
      result.push_back(all.size() - before);
    };
    (count(held_at<I>(*this)), ...);
    return result;
  }
  /// Puts others in their place.
  void assign(std::span<const Var> arrays) {
    tree::detail::Replacement replacement{arrays};
    (visit(held_at<I>(*this), replacement.visitor(tree::detail::Visit::arrays)), ...);
  }
  /// The Vars to differentiate with respect to.
  [[nodiscard]] std::vector<Var> differentiated() const {
    std::vector<Var> result;
    (visit(held_at<positions>(*this), tree::detail::appends(result, tree::detail::Visit::leaves)), ...);
    return result;
  }
  static constexpr bool may_hold_vars =
      (tree::detail::may_hold_vars<std::tuple_element_t<positions, std::tuple<K...>>> && ...);
  /// Their names, position and path; or those of all Vars, if those at all positions that hold some are differentiated.
  template <tree::detail::Visit what>
  void list_paths(std::vector<std::string>& all) const {
    tree::detail::PathList list(all);
    (tree::detail::visit(held_at<positions>(*this), list.appends(what, positions, ", ")), ...);
  }
  /// Makes every Var a fresh node.
  void enter(Trace& trace) { (visit(held_at<I>(*this), trace.makes_inputs(tree::detail::Visit::arrays)), ...); }

  template <class F>
  decltype(auto) call(F& f) {
    return f(handed_on<I>()...);
  }
  /// What such a call gives, without reference.
  template <class F>
  using Result = std::remove_cvref_t<std::invoke_result_t<F&, handed_t<K>...>>;

  /// The differentiated arguments: the tree itself for one position, a tuple for several.
  [[nodiscard]] auto held() const {
    if constexpr (sizeof...(positions) == 1) return held_at<(positions, ...)>(*this);
    else return std::tuple{held_at<positions>(*this)...};
  }
  /// Trees like the differentiated arguments, with other leaves: the tree itself for one position, a tuple for several.
  [[nodiscard]] auto rebuild(std::span<const Var> leaves) const {
    tree::detail::Replacement replacement{leaves};
    const auto next = [&](auto result) {
      visit(result, replacement.visitor(tree::detail::Visit::leaves));
      return result;
    };
    if constexpr (sizeof...(positions) == 1) {
      return next(held_at<(positions, ...)>(*this));
    } else {
      return std::tuple{next(held_at<positions>(*this))...};
    }
  }

 private:
  template <std::size_t P>
  decltype(auto) handed_on() {
    return static_cast<handed_t<std::tuple_element_t<P, std::tuple<K...>>>>(held_at<P>(*this));
  }
  template <class T, class V>
  static void visit(T& value, const tree::detail::Visitor<V>& visitor) {
    if constexpr (tree::Tree<std::remove_const_t<T>>) tree::detail::visit(value, visitor);
  }
};

template <std::size_t... positions, class... A>
auto make_arguments(std::index_sequence<positions...> which, A&&... arguments) {
  return [&]<std::size_t... I>(std::index_sequence<I...> indices) {
    using Made = Arguments<decltype(which), decltype(indices), held_t<A, is_position<I, positions...>>...>;
    return Made(std::in_place, std::forward<A>(arguments)...);
  }
  (std::index_sequence_for<A...>());
}

/// A function as one of its held arguments.
template <class R, class Held, class F>
auto as_function_of(F& f) {
  return [&f](Held& arguments) -> R { return arguments.call(f); };
}

/// Puts what the caller gets in the place of recorded results (trees, or static values): all are computed together.
template <class... T>
void finish(Trace& trace, T&... results) {
  std::vector<Var> recorded;
  (tree::detail::visit(std::as_const(results), tree::detail::appends(recorded, tree::detail::Visit::arrays)), ...);
  const std::vector<Var> done = trace.results(recorded);
  tree::detail::Replacement replacement{done};
  (tree::detail::visit(results, replacement.visitor(tree::detail::Visit::arrays)), ...);
}
template <class T>
T finished(Trace& trace, T result) {
  finish(trace, result);
  return result;
}

/// A copy of a tree whose leaves are fresh nodes, or nodes.
template <class T>
T with_inputs(Trace& trace, T tree) {
  tree::detail::visit(tree, trace.makes_inputs(tree::detail::Visit::leaves));
  return tree;
}
template <class T>
T with_nodes(Trace& trace, T tree) {
  tree::detail::visit(tree, trace.makes_nodes(tree::detail::Visit::leaves));
  return tree;
}

}  // namespace xgrad::detail

#pragma GCC visibility pop
