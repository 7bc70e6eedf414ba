// Derivatives of higher order along curves, in one forward pass: jet, and derivative for straight lines.
#pragma once

#include <cstddef>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/transform/vjp.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// What jet returns.
template <class Y>
struct ValueAndSeries {
  Y value;
  std::vector<Y> series;  ///< the first derivative, the second, ...
  XGRAD_MEMBER_FIELDS(ValueAndSeries, value, series)
};

namespace detail {

/// The derivatives of outputs along a curve, order by order.
/// \param seeds  those of the inputs, order by order; empty Vars are zero.
std::vector<std::vector<Var>> derivatives_along(Trace& trace, std::span<const Var> inputs,
                                                std::span<const std::vector<Var>> seeds, std::span<const Var> outputs);
/// The mixed derivative of outputs along as many lines.
/// \param seeds  for each line the tangents of the inputs.
std::vector<Var> mixed_derivative(Trace& trace, std::span<const Var> inputs, std::span<const std::vector<Var>> seeds,
                                  std::vector<Var> outputs);

/// How the derivatives of a curve, or the tangents of lines, enter a trace; each a tree like the point.
template <class Primal>
class CurveAt {
 public:
  CurveAt(std::string_view operation, const Primal& point, std::span<const Primal> given)
      : operation_(operation),
        trace_(arrays_of(point, given)),
        point_(with_inputs(trace_, point)),
        inputs_(tree::leaves(point_)) {
    static_assert(tree::detail::may_hold_vars<Primal>, "the argument to be differentiated holds no Var");
    require_differentiable(operation, inputs_, paths_of(point));
    for (const Primal& each : given) seeds_.push_back(sensitivities(operation, "derivative", trace_, each, inputs_));
  }

  [[nodiscard]] Trace& trace() { return trace_; }
  [[nodiscard]] const Primal& point() const { return point_; }
  [[nodiscard]] std::span<const Var> inputs() const { return inputs_; }
  [[nodiscard]] std::vector<std::vector<Var>>& seeds() { return seeds_; }

  /// What the function gave there, on the tape.
  template <class R>
  auto outputs(R&& given) {
    return with_nodes(trace_, result_of(operation_, trace_, std::forward<R>(given)));
  }
  /// A tree of derivatives.
  template <class Y>
  Y tree_like(const Y& value, std::vector<Var> derivatives) {
    complete(derivatives, tree::leaves(value));
    return tree::with_leaves(value, derivatives);
  }

 private:
  static std::vector<Var> arrays_of(const Primal& point, std::span<const Primal> given) {
    std::vector<Var> all = tree::arrays(point);
    for (const Primal& each : given) tree::detail::visit(each, tree::detail::appends(all, tree::detail::Visit::arrays));
    return all;
  }

  std::string_view operation_;
  Trace trace_;
  Primal point_;
  std::vector<Var> inputs_;
  std::vector<std::vector<Var>> seeds_;
};

template <class R, class Primal>
auto value_and_series(FunctionOf<R, const Primal&> f, const Primal& point, std::span<const Primal> series) {
  CurveAt<Primal> curve("jet", point, series);
  auto value = curve.outputs(f(curve.point()));
  using Y = decltype(value);
  ValueAndSeries<Y> result{value, {}};
  for (std::vector<Var>& each : derivatives_along(curve.trace(), curve.inputs(), curve.seeds(), tree::leaves(value))) {
    result.series.push_back(curve.tree_like(value, std::move(each)));
  }
  return finished(curve.trace(), std::move(result));
}

template <class R, class Primal>
auto directional_derivative(FunctionOf<R, const Primal&> f, const Primal& point, const Primal& direction,
                            std::size_t order) {
  CurveAt<Primal> line("derivative", point, std::span<const Primal>(&direction, 1));
  auto value = line.outputs(f(line.point()));
  if (order == 0) return finished(line.trace(), value);
  line.seeds().resize(order, std::vector<Var>(line.inputs().size()));
  auto all = derivatives_along(line.trace(), line.inputs(), line.seeds(), tree::leaves(value));
  return finished(line.trace(), line.tree_like(value, std::move(all.back())));
}

template <class R, class Primal>
auto mixed_derivative(FunctionOf<R, const Primal&> f, const Primal& point, std::span<const Primal> directions) {
  CurveAt<Primal> lines("derivative", point, directions);
  const auto value = lines.outputs(f(lines.point()));
  std::vector<Var> mixed = mixed_derivative(lines.trace(), lines.inputs(), lines.seeds(), tree::leaves(value));
  return finished(lines.trace(), lines.tree_like(value, std::move(mixed)));
}

}  // namespace detail

/// Taylor mode: the derivatives of a function along a curve, up to any order, in one forward pass.
///
///     auto [y, series] = xg::jet(f, x, {x1, x2, x3});
///     auto [y, series] = xg::jet(f, std::tuple{a, b}, {std::tuple{a1, b1}});  // a function of two arguments
///
/// Where the argument moves along the curve x(t) = x + t x1 + t^2/2! x2 + t^3/3! x3, series[k - 1] is d^k/dt^k f(x(t))
/// at t = 0. Both sides hold *derivatives*, not divided by factorials, as in JAX. With x1 = v and zeros behind it they
/// are derivatives along a line: v, H[v, v], ... (see derivative). The work grows with the square of the order; nested
/// jvp's doubles with each.
///
/// What runs functions is run once with all orders (scan, while_loop, cond, switch, checkpoint); functions with rules
/// of their own (custom_vjp, custom_jvp) are differentiated by these. At kinks derivatives are those of jvp.
///
/// \param f        of trees to a tree; every Var among the arguments moves.
/// \param primals  the argument, or a std::tuple of several.
/// \param series   the derivatives of the curve, from the first on, each a tree like primals; as many as are wanted.
/// \throws ShapeError, TypeError  if these do not fit, or a primal is not floating-point.
/// \throws TapeError  for what has no derivative (host_call without a rule); if a result is not recorded although f read
///                    values.
/// \source  A. Griewank and A. Walther, Evaluating Derivatives, 2nd ed. (2008), chapter 13; J. Bettencourt, M. J. Johnson
///          and D. Duvenaud, Taylor-mode automatic differentiation for higher-order derivatives in JAX (2019).
template <class F, class X>
requires detail::fits_primal<F&, detail::primal_t<X>>
[[nodiscard]] auto jet(F&& f, X&& primals, const std::vector<detail::primal_t<X>>& series) {
  using Primal = detail::primal_t<X>;
  const auto call = detail::at_primal<Primal>(f);
  using R = std::remove_cvref_t<std::invoke_result_t<decltype(call), const Primal&>>;
  const Primal point = std::forward<X>(primals);
  return detail::value_and_series(detail::FunctionOf<R, const Primal&>(call), point, std::span<const Primal>(series));
}

template <class F, class X>
requires(!detail::fits_primal<F&, detail::primal_t<X>>)  //
    detail::Misfit jet(F&&, X&& primals, const std::vector<detail::primal_t<X>>&) {
  detail::refuse_call<F>(std::index_sequence<>(), primals);
  return {};
}

/// The derivative of some order along a line: d^order/dt^order f(x + t v) at t = 0, by jet.
///
///     xg::Var u_xx = xg::derivative(u, x, v, 2);
///
/// \param primals    the argument, or a std::tuple of several.
/// \param direction  a tree like primals.
/// \param order      0 is the value.
/// \throws ShapeError, TypeError, TapeError  as jet.
template <class F, class X>
requires detail::fits_primal<F&, detail::primal_t<X>>
[[nodiscard]] auto derivative(F&& f, X&& primals, const detail::primal_t<X>& direction, std::size_t order) {
  using Primal = detail::primal_t<X>;
  const auto call = detail::at_primal<Primal>(f);
  using R = std::remove_cvref_t<std::invoke_result_t<decltype(call), const Primal&>>;
  const Primal point = std::forward<X>(primals);
  return detail::directional_derivative(detail::FunctionOf<R, const Primal&>(call), point, direction, order);
}

template <class F, class X>
requires(!detail::fits_primal<F&, detail::primal_t<X>>)  //
    detail::Misfit derivative(F&&, X&& primals, const detail::primal_t<X>&, std::size_t) {
  detail::refuse_call<F>(std::index_sequence<>(), primals);
  return {};
}

/// The mixed derivative along several lines: d^n/(dt_1 ... dt_n) f(x + t_1 v_1 + ... + t_n v_n) at 0. Each direction is
/// one more forward pass over what the one before has computed, which is exact, where sums of derivatives along other
/// lines (polarisation) would cancel digits.
///
///     xg::Var u_xt = xg::derivative(u, std::tuple{x, t}, {std::tuple{one, zero}, std::tuple{zero, one}});
///
/// \param primals     the argument, or a std::tuple of several.
/// \param directions  trees like primals; the order of the derivative is how many there are.
/// \throws ShapeError, TypeError, TapeError  as jet.
template <class F, class X>
requires detail::fits_primal<F&, detail::primal_t<X>>
[[nodiscard]] auto derivative(F&& f, X&& primals, const std::vector<detail::primal_t<X>>& directions) {
  using Primal = detail::primal_t<X>;
  const auto call = detail::at_primal<Primal>(f);
  using R = std::remove_cvref_t<std::invoke_result_t<decltype(call), const Primal&>>;
  const Primal point = std::forward<X>(primals);
  return detail::mixed_derivative(detail::FunctionOf<R, const Primal&>(call), point,
                                  std::span<const Primal>(directions));
}

template <class F, class X>
requires(!detail::fits_primal<F&, detail::primal_t<X>>)  //
    detail::Misfit derivative(F&&, X&& primals, const std::vector<detail::primal_t<X>>&) {
  detail::refuse_call<F>(std::index_sequence<>(), primals);
  return {};
}

}  // namespace xgrad

#pragma GCC visibility pop
