// Whole Jacobians and Hessians.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
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

/// How jacobian() goes about it.
struct JacobianOptions {
  Mode mode = Mode::automatic;
  /// Sweeps that are batched; a last batch may have fewer. More are faster, until intermediate arrays, of which each
  /// sweep has its own, leave the caches. None: as many as keep the largest of these at 2^22 elements.
  std::optional<std::size_t> chunk_size = std::nullopt;
};

namespace detail {

/// d outputs[o] / d inputs[i], each of shape outputs[o].shape + inputs[i].shape, output by output.
std::vector<Var> jacobian(Trace& trace, std::span<const Var> outputs, std::span<const Var> inputs,
                          const JacobianOptions& options);

/// \throws ValueError  for options out of range.
const JacobianOptions& checked_options(std::string_view operation, const JacobianOptions& options);

template <class R, class Held>
auto jacobian_at(FunctionOf<R, Held&> f, Held& arguments, const JacobianOptions& options) {
  static_assert(Held::may_hold_vars, "an argument to be differentiated holds no Var");
  Trace trace(arguments.arrays());
  arguments.enter(trace);
  const std::vector<Var> inputs = arguments.differentiated();
  require_differentiable("jacobian", inputs, paths_of(arguments));
  const auto result = result_of("jacobian", trace, f(arguments));
  const std::vector<Var> outputs = leaves_on(trace, result);
  const std::vector<Var> parts = jacobian(trace, outputs, inputs, options);
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
  JacobianOf(F f, const JacobianOptions& options) : f_(std::move(f)), options_(options) {}

  template <class... A>
  requires CallableWith<const F&, Positions, A...>
  [[nodiscard]] auto operator()(A&&... a) const {
    auto arguments = make_arguments(Positions(), std::forward<A>(a)...);
    using Held = decltype(arguments);
    using R = typename Held::template Result<const F>;
    const auto f = as_function_of<R, Held>(f_);
    return jacobian_at(FunctionOf<R, Held&>(f), arguments, options_);
  }
  template <class... A>
  Misfit operator()(A&&... a) const {
    refuse_call<F>(Positions(), a...);
    return {};
  }

 private:
  F f_;
  JacobianOptions options_;
};

}  // namespace detail

/// The function that computes a Jacobian.
///
/// Its result is like the differentiated argument (or a std::tuple for several positions), each leaf having the shape
/// of the output followed by its own. If the function returns a tree, the result is a std::vector of these, one for
/// each leaf of the output in order.
///
///     auto slopes = xg::jacobian(f, {.mode = xg::Mode::reverse, .chunk_size = 16});
///
/// \throws TypeError   unless outputs and differentiated Vars are floating-point.
/// \throws ValueError  if chunk_size is 0.
template <std::size_t... positions, class F>
[[nodiscard]] auto jacobian(F f, const JacobianOptions& options) {
  using Jacobian = detail::JacobianOf<F, detail::positions_or_first<positions...>>;
  return Jacobian(std::move(f), detail::checked_options("jacobian", options));
}
template <std::size_t... positions, class F>
[[nodiscard]] auto jacobian(F f, Mode mode = Mode::automatic) {
  return jacobian<positions...>(std::move(f), JacobianOptions{.mode = mode});
}

/// The function that computes the second derivatives of a scalar function, forward over reverse.
///
/// Of a Var x the result is a Var of shape x.shape + x.shape; of a tree it is a std::vector of trees, one for each
/// leaf: result[i] holds the derivatives of the gradient with respect to leaf i. For many elements, hvp costs far less.
///
/// \param chunk_size  how many rows are computed at once; see JacobianOptions.
/// \throws ValueError  if it is 0.
template <class F>
[[nodiscard]] auto hessian(F f, std::optional<std::size_t> chunk_size = std::nullopt) {
  using Gradient = detail::GradOf<F, detail::positions_or_first<>>;
  return jacobian(Gradient(std::move(f), {}, "hessian"), {.mode = Mode::forward, .chunk_size = chunk_size});
}

}  // namespace xgrad

#pragma GCC visibility pop
