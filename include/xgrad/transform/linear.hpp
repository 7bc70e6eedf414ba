// Linear maps that belong to functions: linearize, linear_transpose; and the Laplacian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <xgrad/transform/vjp.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// The forward derivative of a function at a point; see linearize. Several threads may call it; they take turns.
template <class Y, class Primal>
class Pushforward {
 public:
  Pushforward(detail::Trace::Recording recording, std::vector<Var> inputs, Y outputs)
      : recording_(std::move(recording)), inputs_(std::move(inputs)), outputs_(std::move(outputs)) {}

  /// The tangent of the value: a tree like it.
  /// \param tangent  a tree like the argument, with the same shapes.
  /// \throws ShapeError, TypeError  if it does not fit.
  [[nodiscard]] Y operator()(const Primal& tangent) const {
    detail::Trace trace(recording_);
    const std::vector<Var> seeds = detail::sensitivities("linearize", "tangent", trace, tangent, inputs_);
    const std::vector<Var> outputs = tree::leaves(outputs_);
    std::vector<Var> derivatives = trace.forward(inputs_, seeds, outputs);
    detail::complete(derivatives, outputs);
    return detail::finished(trace, tree::with_leaves(outputs_, derivatives));
  }

 private:
  detail::Trace::Recording recording_;
  std::vector<Var> inputs_;
  Y outputs_;
};

/// What linearize returns.
template <class Y, class P>
struct ValueAndPushforward {
  Y value;
  P pushforward;
};

namespace detail {

template <class R, class Primal>
auto value_and_pushforward(FunctionOf<R, const Primal&> f, const Primal& point) {
  static_assert(tree::detail::may_hold_vars<Primal>, "the argument to be differentiated holds no Var");
  Trace trace(tree::arrays(point));
  const Primal entered = with_inputs(trace, point);
  std::vector<Var> inputs = tree::leaves(entered);
  require_differentiable("linearize", inputs, paths_of(point));
  const auto outputs = with_nodes(trace, result_of("linearize", trace, f(entered)));
  using Y = std::remove_cv_t<decltype(outputs)>;
  Y value = finished(trace, outputs);
  using P = Pushforward<Y, Primal>;
  return ValueAndPushforward<Y, P>{std::move(value), P(trace.recording(), std::move(inputs), outputs)};
}

/// What stands for the arguments of a function that is transposed: they have no values.
std::vector<Var> without_values(Trace& trace, std::span<const Var> like);

/// The scope in which a function is transposed: recorded of stand-ins, and then swept.
class TransposedScope {
 public:
  explicit TransposedScope(Trace& trace);
  TransposedScope(const TransposedScope&) = delete;
  TransposedScope& operator=(const TransposedScope&) = delete;
  ~TransposedScope();
  /// \throws TapeError  if the function is not linear, as far as that is seen in what it recorded.
  void sweep(std::span<const Var> inputs, std::span<const Var> outputs);

 private:
  Trace& trace_;
  std::uint8_t outer_;
};

template <class R, class Primal>
class Transposed {
 public:
  Transposed(std::function<R(const Primal&)> f, Primal like) : f_(std::move(f)), like_(std::move(like)) {}

  /// A tree like the argument of the function.
  /// \param cotangent  a tree like its result.
  [[nodiscard]] Primal operator()(const R& cotangent) const {
    std::vector<Var> all = tree::arrays(like_);
    const std::size_t arguments = all.size();
    tree::detail::visit(cotangent, tree::detail::appends(all, tree::detail::Visit::arrays));
    Trace trace(all);
    const Primal stand_in = tree::with_arrays(like_, without_values(trace, std::span<const Var>(all).first(arguments)));
    const std::vector<Var> inputs = tree::leaves(stand_in);
    require_differentiable("linear_transpose", inputs, paths_of(like_));
    TransposedScope scope(trace);
    const R outputs = with_nodes(trace, f_(stand_in));
    const std::vector<Var> leaves = tree::leaves(outputs);
    const std::vector<Var> seeds = sensitivities("linear_transpose", "cotangent", trace, cotangent, leaves);
    scope.sweep(inputs, leaves);
    std::vector<Var> derivatives = trace.reverse(leaves, seeds, inputs);
    complete(derivatives, inputs);
    return finished(trace, tree::with_leaves(like_, derivatives));
  }

 private:
  std::function<R(const Primal&)> f_;
  Primal like_;
};

/// The sum of the second derivatives of an output along each element of an input.
Var laplacian(Trace& trace, const Var& input, const Var& output);

template <class R>
Var laplacian(FunctionOf<R, const Var&> f, const Var& x) {
  static_assert(std::is_same_v<differentiated_t<R>, Var>, "laplacian: the function returns an array");
  Trace trace({&x, 1});
  const Var input = trace.input(x);
  require_differentiable(
      "laplacian", {&input, 1},
      Paths({nullptr, [](void*, std::vector<std::string>& all) { all.emplace_back("the argument"); }}));
  const Var output = trace.node(result_of("laplacian", trace, f(input)));
  return finished(trace, laplacian(trace, input, output));
}

template <class F>
class LaplacianOf {
 public:
  explicit LaplacianOf(F f) : f_(std::move(f)) {}

  template <class X>
  requires std::convertible_to<const X&, Var> && Fits<const F&, const Var&>
  [[nodiscard]] Var operator()(const X& x) const {
    using R = std::remove_cvref_t<std::invoke_result_t<const F&, const Var&>>;
    const auto call = [&](const Var& at) -> R { return f_(at); };
    return laplacian(FunctionOf<R, const Var&>(call), x);
  }
  template <class... A>
  Misfit operator()(const A&... a) const {
    refuse_call<F>(std::index_sequence<>(), a...);
    return {};
  }

 private:
  F f_;
};

}  // namespace detail

/// The value of a function and its forward derivative as a linear function, tangent -> tangent of the value, for many
/// directions: the function runs once.
///
///     auto [y, pushforward] = xg::linearize(f, x);
///     xg::Var dy = pushforward(dx);
///
/// \param f  of one tree to a tree; every Var of it is differentiated.
/// \throws TypeError  unless these are floating-point.
template <class F, class X>
requires detail::Fits < const F&, const detail::differentiated_t<X>
& > [[nodiscard]] auto linearize(const F& f, const X& x) {
  using Primal = detail::differentiated_t<X>;
  using R = std::remove_cvref_t<std::invoke_result_t<const F&, const Primal&>>;
  const auto call = [&](const Primal& at) -> R { return f(at); };
  return detail::value_and_pushforward(detail::FunctionOf<R, const Primal&>(call), Primal(x));
}

template <class F, class X>
detail::Misfit linearize(const F&, const X& x) {
  detail::refuse_call<F>(std::index_sequence<>(), x);
  return {};
}

/// The transpose of a linear function: cotangent of its result -> cotangent of its argument.
///
///     auto integrate = xg::linear_transpose([](const xg::Var& x) { return cumsum(x); }, x);
///
/// \param f     linear, of one tree to a tree.
/// \param like  says the shapes and element types of the argument; its values are not looked at.
/// \throws TapeError  when it is called, if f is not linear.
template <class F, class X>
requires detail::Fits < const F&, const detail::differentiated_t<X>
& > [[nodiscard]] auto linear_transpose(F f, const X& like) {
  using Primal = detail::differentiated_t<X>;
  using R = std::remove_cvref_t<std::invoke_result_t<const F&, const Primal&>>;
  static_assert(tree::Tree<R>, "linear_transpose: the function returns a tree of Vars");
  return detail::Transposed<R, Primal>(std::move(f), Primal(like));
}

template <class F, class X>
detail::Misfit linear_transpose(F, const X& like) {
  detail::refuse_call<F>(std::index_sequence<>(), like);
  return {};
}

/// The sum of the second derivatives along each element of the argument, sum_i d^2 f / dx_i^2, in one forward pass that
/// carries with each array its derivatives along all x_i and the *sum* of the second ones: what is linear (the layers
/// of a net) is applied once to the sum, not once for each i.
///
///     auto field = [&](const xg::Var& x) { return net(x); };                       // [3] -> []
///     xg::Var of_all = xg::vmap(xg::laplacian(field))(points);                     // [n, 3] -> [n]
///
/// \param f  of one floating-point array to an array.
/// \throws TypeError  unless the argument is floating-point.
/// \throws TapeError  for what has no derivative (host_call without a rule); if a result is not recorded although f read
///                    values.
/// \source  R. Li, H. Ye, D. Jiang et al., A computational framework for neural network-based variational Monte Carlo
///          with Forward Laplacian, Nature Machine Intelligence 6 (2024).
template <class F>
[[nodiscard]] auto laplacian(F f) {
  return detail::LaplacianOf<F>(std::move(f));
}

}  // namespace xgrad

#pragma GCC visibility pop
