// Whole Jacobians and Hessians.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/transform/grad.hpp>
#include <xgrad/transform/trace.hpp>
#include <xgrad/transform/vjp.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

enum class Mode : std::uint8_t {
  automatic,  ///< forward if there are fewer inputs than outputs, else reverse
  forward,    ///< one forward sweep, batched, for all elements of the inputs
  reverse     ///< one reverse sweep, batched, for all elements of the outputs
};

namespace detail {

/// d outputs[o] / d inputs[i], each of shape outputs[o].shape + inputs[i].shape, output by output.
std::vector<Var> jacobian(Trace& trace, std::span<const Var> outputs, std::span<const Var> inputs, Mode mode);

template <class R, class Held>
auto jacobian_at(FunctionOf<R, Held&> f, Held& arguments, Mode mode) {
  static_assert(Held::may_hold_vars, "an argument to be differentiated holds no Var");
  Trace trace(arguments.arrays());
  arguments.enter(trace);
  const std::vector<Var> inputs = arguments.differentiated();
  require_differentiable("jacobian", inputs, paths_of(arguments));
  const auto result = result_of("jacobian", trace, f(arguments));
  const std::vector<Var> outputs = leaves_on(trace, result);
  const std::vector<Var> parts = jacobian(trace, outputs, inputs, mode);
  const auto rebuild = [&](std::size_t output) {
    return arguments.rebuild(std::span(parts).subspan(output * inputs.size(), inputs.size()));
  };
  if constexpr (std::same_as<std::remove_cvref_t<decltype(result)>, Var>) {
    return finished(trace, rebuild(0));
  } else {
    std::vector<decltype(rebuild(0))> all;
    for (std::size_t output = 0; output < outputs.size(); ++output) all.push_back(rebuild(output));
    return finished(trace, std::move(all));
  }
}

template <class F, class Positions>
class JacobianOf {
 public:
  JacobianOf(F f, Mode mode) : f_(std::move(f)), mode_(mode) {}

  template <class... A>
  requires CallableWith<const F&, Positions, A...>
  [[nodiscard]] auto operator()(A&&... a) const {
    auto arguments = make_arguments(Positions(), std::forward<A>(a)...);
    using Held = decltype(arguments);
    using R = typename Held::template Result<const F>;
    const auto f = as_function_of<R, Held>(f_);
    return jacobian_at(FunctionOf<R, Held&>(f), arguments, mode_);
  }
  template <class... A>
  Misfit operator()(A&&... a) const {
    refuse_call<F>(Positions(), a...);
    return {};
  }

 private:
  F f_;
  Mode mode_;
};

}  // namespace detail

/// The function that computes a Jacobian.
///
/// Its result is like the differentiated argument (or a std::tuple for several positions), each leaf having the shape
/// of the output followed by its own. If the function returns a tree, the result is a std::vector of these, one for
/// each leaf of the output in order.
///
/// \throws TypeError  unless outputs and differentiated Vars are floating-point.
template <std::size_t... positions, class F>
[[nodiscard]] auto jacobian(F f, Mode mode = Mode::automatic) {
  return detail::JacobianOf<F, detail::positions_or_first<positions...>>(std::move(f), mode);
}

/// The function that computes the second derivatives of a scalar function, forward over reverse.
///
/// Of a Var x the result is a Var of shape x.shape + x.shape; of a tree it is a std::vector of trees, one for each
/// leaf: result[i] holds the derivatives of the gradient with respect to leaf i. For many elements, hvp costs far less.
template <class F>
[[nodiscard]] auto hessian(F f) {
  using Gradient = detail::GradOf<F, detail::positions_or_first<>>;
  return jacobian(Gradient(std::move(f), {}, "hessian"), Mode::forward);
}

}  // namespace xgrad

#pragma GCC visibility pop
