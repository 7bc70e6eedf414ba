// Products with the Jacobian, without forming it: vjp (reverse) and jvp (forward), and with the Hessian: hvp.
#pragma once

#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/transform/grad.hpp>
#include <xgrad/transform/trace.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

namespace detail {

/// A result as a tree: a number or an xtensor expression becomes a Var.
template <class T>
differentiated_t<T> as_tree(T&& value) {
  return std::forward<T>(value);
}

/// The result of a function to be differentiated, as a tree.
template <class T>
auto result_of(std::string_view operation, const Trace& trace, T&& value) {
  require_derivatives<std::remove_cvref_t<T>>();
  static_assert(tree::detail::may_hold_vars<differentiated_t<T>>,
                "a function to be differentiated returned a result that holds no Var, and so no derivative");
  auto result = as_tree(std::forward<T>(value));
  trace.require_recorded(operation, tree::leaves(result));
  return result;
}

template <tree::Tree T>
std::vector<Var> leaves_on(Trace& trace, const T& value) {
  return trace.nodes(tree::leaves(value));
}

/// Leaves of tangents or cotangents, checked against their primals and on the tape of the trace.
template <tree::Tree T>
std::vector<Var> sensitivities(std::string_view operation, std::string_view what, Trace& trace, const T& given,
                               std::span<const Var> primals) {
  std::vector<Var> result = tree::leaves(given);
  tree::detail::require_same_count(primals.size(), result.size());
  const Paths paths = paths_of(given);
  require_differentiable(operation, primals, paths);
  require_like(operation, what, result, primals, paths);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = trace.node(in_type_of(primals[i], result[i]));
  }
  return result;
}

}  // namespace detail

/// The reverse derivative of a function at a point; see vjp. Several threads may call it; they take turns.
template <class Y, class Arguments>
class Pullback {
 public:
  Pullback(detail::Trace::Recording recording, Arguments arguments, std::vector<Var> inputs, Y outputs)
      : recording_(std::move(recording)),
        arguments_(std::move(arguments)),
        inputs_(std::move(inputs)),
        outputs_(std::move(outputs)) {}

  /// Cotangents of the arguments: a tree like the argument, or a std::tuple for several.
  /// \param cotangent  a tree like the value, with the same shapes.
  /// \throws ShapeError, TypeError  if it does not fit.
  template <class T>
  [[nodiscard]] auto operator()(T&& cotangent) const {
    detail::Trace trace(recording_);
    const Y given = std::forward<T>(cotangent);
    const std::vector<Var> outputs = tree::leaves(outputs_);
    const std::vector<Var> seeds = detail::sensitivities("vjp", "cotangent", trace, given, outputs);
    std::vector<Var> derivatives = trace.reverse(outputs, seeds, inputs_);
    detail::complete(derivatives, inputs_);
    return detail::finished(trace, arguments_.rebuild(derivatives));
  }

 private:
  detail::Trace::Recording recording_;
  Arguments arguments_;
  std::vector<Var> inputs_;
  Y outputs_;
};

/// What vjp returns.
template <class Y, class P>
struct ValueAndPullback {
  Y value;
  P pullback;
};

namespace detail {

template <class R, class Held>
auto value_and_pullback(FunctionOf<R, Held&> f, Held arguments) {
  static_assert(Held::may_hold_vars, "an argument to be differentiated holds no Var");
  Trace trace(arguments.arrays());
  arguments.enter(trace);
  std::vector<Var> inputs = arguments.differentiated();
  require_differentiable("vjp", inputs, paths_of(arguments));
  const auto outputs = with_nodes(trace, result_of("vjp", trace, f(arguments)));
  using Y = std::remove_cv_t<decltype(outputs)>;
  Y value = finished(trace, outputs);
  using P = Pullback<Y, Held>;
  return ValueAndPullback<Y, P>{std::move(value),
                                P(trace.recording(), std::move(arguments), std::move(inputs), outputs)};
}

}  // namespace detail

/// The value of a function and its reverse derivative, cotangent -> cotangents of the arguments.
///
///     auto [y, pullback] = xg::vjp(f, x);
///     xg::Var dx = pullback(dy);
///
/// \param f  of trees to a tree; every Var among the arguments is differentiated.
/// \throws TypeError  unless these Vars are floating-point.
/// \throws TapeError  if a result is not recorded although f read values; see value_and_grad.
template <class F, class... A>
requires detail::Fits < F&, const detail::differentiated_t<A>
&... > [[nodiscard]] auto vjp(F&& f, A&&... a) {
  auto arguments = detail::make_arguments(std::index_sequence_for<A...>(), detail::as_tree(std::forward<A>(a))...);
  using Held = decltype(arguments);
  using R = typename Held::template Result<F>;
  const auto call = detail::as_function_of<R, Held>(f);
  return detail::value_and_pullback(detail::FunctionOf<R, Held&>(call), std::move(arguments));
}

template <class F, class... A>
detail::Misfit vjp(F&&, A&&... a) {
  detail::refuse_call<F>(std::index_sequence<>(), a...);
  return {};
}

namespace detail {

/// Where a jvp starts: one argument, or a std::tuple of several, each held as if it stood alone.
template <class X>
struct PrimalOf {
  using type = differentiated_t<X>;
};
template <class... X>
struct PrimalOf<std::tuple<X...>> {
  using type = std::tuple<differentiated_t<X>...>;
};
template <class X>
using primal_t = typename PrimalOf<std::remove_cvref_t<X>>::type;

/// Whether a function takes a primal as it is, or the elements of one that is a std::tuple.
template <class F, class Primal>
inline constexpr bool fits_primal = Fits<F, const Primal&>;
template <class F, class... X>
inline constexpr bool fits_primal<F, std::tuple<X...>> = Fits<F, const X&...>;
template <class F, class... X>
requires Fits < F, const std::tuple<X...>
& > inline constexpr bool fits_primal<F, std::tuple<X...>> = true;

}  // namespace detail

/// What jvp returns.
template <class Y>
struct ValueAndTangent {
  Y value;
  Y tangent;
  XGRAD_MEMBER_FIELDS(ValueAndTangent, value, tangent)
};

namespace detail {

template <class R, class Primal>
auto value_and_tangent(FunctionOf<R, const Primal&> f, const Primal& point, const Primal& direction) {
  static_assert(tree::detail::may_hold_vars<Primal>, "the argument to be differentiated holds no Var");
  std::vector<Var> all = tree::arrays(point);
  tree::detail::visit(direction, tree::detail::appends(all, tree::detail::Visit::arrays));
  Trace trace(all);
  const Primal entered = with_inputs(trace, point);
  const std::vector<Var> inputs = tree::leaves(entered);
  const std::vector<Var> seeds = sensitivities("jvp", "tangent", trace, direction, inputs);
  auto value = with_nodes(trace, result_of("jvp", trace, f(entered)));
  const std::vector<Var> outputs = tree::leaves(value);
  std::vector<Var> derivatives = trace.forward(inputs, seeds, outputs);
  complete(derivatives, outputs);
  auto tangent = tree::with_leaves(value, derivatives);
  finish(trace, value, tangent);
  return ValueAndTangent<decltype(value)>{std::move(value), std::move(tangent)};
}

/// A function of a primal, which may be a std::tuple of several arguments.
template <class Primal, class F>
auto at_primal(F& f) {
  return [&f](const Primal& at) -> decltype(auto) {
    if constexpr (Fits<F&, const Primal&>) return f(at);
    else return std::apply(f, at);
  };
}

}  // namespace detail

/// The value of a function and its derivative in a direction.
///
///     auto [y, dy] = xg::jvp(f, x, dx);
///     auto [y, dy] = xg::jvp(f, std::tuple{a, b}, std::tuple{da, db});  // a function of two arguments
///
/// \param primals   the argument, or a std::tuple of several.
/// \param tangents  the direction: a tree like primals, with the same shapes.
/// \throws ShapeError, TypeError  if tangents do not fit, or a primal is not floating-point.
template <class F, class X, class V>
requires detail::fits_primal<F&, detail::primal_t<X>>
[[nodiscard]] auto jvp(F&& f, X&& primals, V&& tangents) {
  using Primal = detail::primal_t<X>;
  const auto call = detail::at_primal<Primal>(f);
  using R = std::remove_cvref_t<std::invoke_result_t<decltype(call), const Primal&>>;
  const Primal point = std::forward<X>(primals);
  const Primal direction = std::forward<V>(tangents);
  return detail::value_and_tangent(detail::FunctionOf<R, const Primal&>(call), point, direction);
}

template <class F, class X, class V>
detail::Misfit jvp(F&&, X&& primals, V&&) {
  detail::refuse_call<F>(std::index_sequence<>(), primals);
  return {};
}

/// Hessian of a scalar function times a vector: forward over reverse, at a small multiple of the cost of a gradient.
///
/// \param x  a tree; v is one like it.
/// \return   a tree like x.
template <class F, class X, class V>
requires detail::Fits < const F&, const detail::differentiated_t<X>
& > [[nodiscard]] auto hvp(F f, X&& x, V&& v) {
  using Gradient = detail::GradOf<F, detail::positions_or_first<>>;
  return jvp(Gradient(std::move(f), {}, "hvp"), std::forward<X>(x), std::forward<V>(v)).tangent;
}

template <class F, class X, class V>
detail::Misfit hvp(F, X&&, V&&) {
  static_assert(detail::mistaken<F>, "hvp takes a function of one argument: put several into one tree");
  return {};
}

}  // namespace xgrad

#pragma GCC visibility pop
