// Gradients as transforms of functions: grad, value_and_grad.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <xgrad/transform/trace.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

struct GradOptions {
  /// Throw ValueError, naming them, if the loss does not depend on some of the arguments; otherwise these get zeros.
  bool strict = false;
  /// Throw ValueError if it depends on none of them: a loss of something else, whose gradient would be all zeros.
  bool connected = false;
};

/// What value_and_grad returns: a loss and its gradient, `auto [value, gradient] = ...`.
template <class Gradient, class Auxiliary = void>
struct ValueAndGrad {
  Var value;
  Gradient gradient;
  Auxiliary auxiliary;  ///< what the function returned beside its loss
  XGRAD_MEMBER_FIELDS(ValueAndGrad, value, gradient, auxiliary)
};

template <class Gradient>
struct ValueAndGrad<Gradient, void> {
  Var value;
  Gradient gradient;
  XGRAD_MEMBER_FIELDS(ValueAndGrad, value, gradient)
};

/// What grad returns of a function with an auxiliary result.
template <class Gradient, class Auxiliary>
struct GradAndAuxiliary {
  Gradient gradient;
  Auxiliary auxiliary;
  XGRAD_MEMBER_FIELDS(GradAndAuxiliary, gradient, auxiliary)
};

namespace detail {

template <std::size_t... positions>
using positions_or_first =
    std::conditional_t<sizeof...(positions) == 0, std::index_sequence<0>, std::index_sequence<positions...>>;

/// The loss in a function's result, and what came with it.
template <class R>
struct ResultParts {
  static_assert(std::is_convertible_v<R, Var>,
                "a function to be differentiated returns its loss, a Var, or a std::pair or std::tuple that "
                "starts with one");
  static Var loss(const R& result) {
    require_derivatives<R>();
    return result;
  }
  static constexpr bool has_auxiliary = false;
};
template <class A>
struct ResultParts<std::pair<Var, A>> {
  static Var loss(const std::pair<Var, A>& result) { return result.first; }
  static A auxiliary(const std::pair<Var, A>& result) { return result.second; }
  static constexpr bool has_auxiliary = true;
};
template <class A>
struct ResultParts<std::tuple<Var, A>> {
  static Var loss(const std::tuple<Var, A>& result) { return std::get<0>(result); }
  static A auxiliary(const std::tuple<Var, A>& result) { return std::get<1>(result); }
  static constexpr bool has_auxiliary = true;
};
template <class A, class B, class... C>
struct ResultParts<std::tuple<Var, A, B, C...>> {
  using R = std::tuple<Var, A, B, C...>;
  static Var loss(const R& result) { return std::get<0>(result); }
  static std::tuple<A, B, C...> auxiliary(const R& result) {
    return std::apply([](const Var&, const auto&... rest) { return std::tuple<A, B, C...>(rest...); }, result);
  }
  static constexpr bool has_auxiliary = true;
};

template <class R, class Held>
auto value_and_gradient(std::string_view operation, FunctionOf<R, Held&> f, Held& arguments,
                        const GradOptions& options) {
  static_assert(Held::may_hold_vars, "an argument to be differentiated holds no Var");
  const Paths paths = paths_of(arguments);
  Trace trace(arguments.arrays());
  arguments.enter(trace);
  const std::vector<Var> inputs = arguments.differentiated();
  require_differentiable(operation, inputs, paths);

  const R result = f(arguments);
  const Var returned = ResultParts<R>::loss(result);
  trace.require_recorded(operation, {&returned, 1});
  require_scalar_loss(operation, returned);
  Var loss = trace.node(returned);
  const Var seed = one_of(loss);
  std::vector<Var> derivatives = trace.reverse({&loss, 1}, {&seed, 1}, inputs);
  if (options.strict) require_complete(operation, derivatives, paths);
  if (options.connected) require_connected(operation, derivatives);
  complete(derivatives, inputs);
  auto gradient = arguments.rebuild(derivatives);

  using G = decltype(gradient);
  if constexpr (ResultParts<R>::has_auxiliary) {
    auto auxiliary = ResultParts<R>::auxiliary(result);
    finish(trace, loss, gradient, auxiliary);
    return ValueAndGrad<G, decltype(auxiliary)>{std::move(loss), std::move(gradient), std::move(auxiliary)};
  } else {
    finish(trace, loss, gradient);
    return ValueAndGrad<G>{std::move(loss), std::move(gradient)};
  }
}

template <class F, class Positions>
class ValueAndGradOf {
 public:
  /// \param operation  of which errors speak.
  ValueAndGradOf(F f, GradOptions options, std::string_view operation)
      : f_(std::move(f)), options_(options), operation_(operation) {}

  template <class... A>
  requires CallableWith<const F&, Positions, A...>
  [[nodiscard]] auto operator()(A&&... a) const {
    auto arguments = make_arguments(Positions(), std::forward<A>(a)...);
    using Held = decltype(arguments);
    using R = typename Held::template Result<const F>;
    const auto f = as_function_of<R, Held>(f_);
    return value_and_gradient(operation_, FunctionOf<R, Held&>(f), arguments, options_);
  }
  template <class... A>
  Misfit operator()(A&&... a) const {
    refuse_call<F>(Positions(), a...);
    return {};
  }

 private:
  F f_;
  GradOptions options_;
  std::string_view operation_;
};

template <class F, class Positions>
class GradOf {
 public:
  GradOf(F f, GradOptions options, std::string_view operation) : both_(std::move(f), options, operation) {}

  template <class... A>
  requires CallableWith<const F&, Positions, A...>
  [[nodiscard]] auto operator()(A&&... a) const {
    auto result = both_(std::forward<A>(a)...);
    if constexpr (requires { result.auxiliary; }) {
      return GradAndAuxiliary<decltype(result.gradient), decltype(result.auxiliary)>{std::move(result.gradient),
                                                                                     std::move(result.auxiliary)};
    } else {
      return std::move(result.gradient);
    }
  }
  template <class... A>
  Misfit operator()(A&&... a) const {
    refuse_call<F>(Positions(), a...);
    return {};
  }

 private:
  ValueAndGradOf<F, Positions> both_;
};

}  // namespace detail

/// The function that computes a loss and its gradient.
///
///     auto [value, gradient] = xg::value_and_grad(loss)(theta);
///     auto [value, gradients] = xg::value_and_grad<0, 2>(loss)(a, x, b);  // gradients: a std::tuple of two
///     auto [value, gradient, auxiliary] = xg::value_and_grad(returns_a_pair)(theta);
///
/// \tparam positions  which arguments to differentiate with respect to; the first by default. They are trees, xtensor
///                    expressions or numbers; the gradient has the argument's type (a Var for the latter two).
/// \param f        returns a scalar Var, or a std::pair or std::tuple of one and auxiliary results (trees).
/// \throws ShapeError  unless the loss is a scalar.
/// \throws TypeError   unless the loss and all differentiated Vars are floating-point.
/// \throws TapeError   if the loss is not recorded although f read values by item() or array(): derivatives do not flow
///                     through these. Reading them, to print or to decide, is fine if the loss is computed of Vars. A
///                     loss that is constant on purpose, such as Var(1.0), has the gradient 0.
template <std::size_t... positions, class F>
[[nodiscard]] auto value_and_grad(F f, GradOptions options = {}) {
  return detail::ValueAndGradOf<F, detail::positions_or_first<positions...>>(std::move(f), options, "grad");
}

/// The function that computes the gradient of a loss; see value_and_grad. With an auxiliary result it returns both.
template <std::size_t... positions, class F>
[[nodiscard]] auto grad(F f, GradOptions options = {}) {
  return detail::GradOf<F, detail::positions_or_first<positions...>>(std::move(f), options, "grad");
}

}  // namespace xgrad

#pragma GCC visibility pop
