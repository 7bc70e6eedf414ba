// Solutions of equations as functions of what stands in them: implicit, implicit_fixed_point, implicit_minimiser.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/transform/grad.hpp>
#include <xgrad/transform/linear_solve.hpp>
#include <xgrad/transform/trace.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

struct ImplicitOptions {
  /// How the linear equations of the derivatives are solved.
  LinearSolve linear_solver = LinearSolve::Gmres;
  /// Of these, see LinearSolveOptions.
  std::optional<double> tolerance = std::nullopt;
  std::optional<std::size_t> max_iterations = std::nullopt;
  std::size_t restart = LinearSolveOptions{}.restart;
  /// max |residual| <= residual_tolerance (1 + max |solution|) is required of what the solver returns, for the
  /// derivatives are those of a solution. None: 1e-6 in double, 1e-3 in float; infinity: only NaN is refused,
  /// else infinite solutions, too.
  std::optional<double> residual_tolerance = std::nullopt;
};

namespace detail {

/// What a solver returned, with the derivatives that the equation gives it.
/// \param residual  of leaves like the solution.
/// \param paths     names of the leaves of the solution.
std::vector<Var> implicit_solution(std::string_view operation, Trace& trace, std::span<const Var> solution,
                                   const LeavesFunction& residual, const ImplicitOptions& options, const Paths& paths);

/// The same values without derivatives; values stay values.
std::vector<Var> stopped(std::string_view operation, std::span<const Var> all);

template <class Z>
Z with_implicit_derivatives(std::string_view operation, Trace& trace, const Z& solution,
                            FunctionOf<Z, const Z&> residual, const ImplicitOptions& options) {
  const Z found = tree::with_arrays(solution, stopped(operation, tree::arrays(solution)));
  const auto of_leaves = [&](std::span<const Var> leaves) {
    const Z result = residual(tree::with_leaves(found, leaves));
    require_same_tree(operation, "the residual is another tree than the solution", found, result);
    return tree::leaves(result);
  };
  const std::vector<Var> leaves =
      implicit_solution(operation, trace, tree::leaves(found), LeavesFunction(of_leaves), options, paths_of(found));
  return finished(trace, tree::with_leaves(found, leaves));
}

template <class Residual, class Solver>
class ImplicitFunction {
 public:
  ImplicitFunction(std::string_view operation, Residual residual, Solver solver, ImplicitOptions options)
      : operation_(operation), residual_(std::move(residual)), solver_(std::move(solver)), options_(options) {}

  template <class... A>
  requires CallableWith<const Solver&, array_positions_t<A...>, A...>
  [[nodiscard]] auto operator()(A&&... a) const {
    static_assert(sizeof...(A) > 0,
                  "the first argument is where the solver starts; give std::tuple() if it needs none");
    auto arguments = make_arguments(array_positions_t<A...>(), std::forward<A>(a)...);
    const std::vector<Var> given = arguments.arrays();
    Trace trace(given);
    arguments.assign(stopped(operation_, given));
    const auto solution = arguments.call(solver_);
    using Z = std::remove_cvref_t<decltype(solution)>;
    static_assert(tree::Tree<Z> && tree::detail::may_hold_vars<Z>, "a solver returns a tree of Vars: the solution");
    arguments.assign(given);
    const auto residual = [&](const Z& at) -> Z {
      const auto at_parameters = [&]<class... P>(const auto&, const P&... parameters) -> Z {
        static_assert(std::is_invocable_r_v<Z, const Residual&, const Z&, const P&...>,
                      "the equation is called with a solution of the type that the solver returns and the arguments of "
                      "the solver but for the first; it returns a tree of the type of the solution");
        return residual_(at, parameters...);
      };
      return arguments.call(at_parameters);
    };
    return with_implicit_derivatives<Z>(operation_, trace, solution, FunctionOf<Z, const Z&>(residual), options_);
  }
  template <class... A>
  Misfit operator()(A&&... a) const {
    refuse_call<Solver>(array_positions_t<A...>(), a...);
    return {};
  }

 private:
  std::string_view operation_;
  Residual residual_;
  Solver solver_;
  ImplicitOptions options_;
};

/// What steps return, less what they were given.
/// \throws ShapeError, TypeError  if they are unlike, with the path of the field.
std::vector<Var> differences(std::string_view operation, std::span<const Var> next, std::span<const Var> before,
                             const Paths& paths);

/// The objective itself.
/// \throws ShapeError, TypeError  unless it is a floating-point scalar.
Var scalar_objective(std::string_view operation, const Var& objective);

/// The sum of all products of constraints with their multipliers.
/// \throws ShapeError, TypeError  if they are unlike, with the path of the field.
Var paired(std::string_view operation, std::span<const Var> multipliers, std::span<const Var> constraints,
           const Paths& paths);

}  // namespace detail

/// z(parameters), the solution of residual(z, parameters...) = 0 that a solver finds, as a function with derivatives.
///
///     auto root = xg::implicit([](const xg::Var& z, const xg::Var& a) { return z * z * z + a * z - 1.0; }, newton,
///                              {.linear_solver = xg::LinearSolve::Dense});
///     xg::Var z = root(start, a);                                     // newton(start, a)
///     xg::Var dz = xg::jacobian<1>(root)(start, a);
///
/// \param residual  (solution, parameters...) -> a tree like the solution, of operations on Vars.
/// \param solver    (start, parameters...) -> solution, a tree of floating-point Vars. It may be a loop, ask for values where
///                  a transform allows that, or call host code by host_call(). It is not differentiated.
/// Derivatives are those of the equation (implicit function theorem): dz = -(dR/dz)^-1 dR/dp dp, at z, by a
/// linear_solve() with products dR/dz v; of every order, in both modes, with respect to parameters and all that the
/// residual captures. The start has none, nor has what only the solver uses: they choose a solution, and do not move
/// it. dR/dz is regular at z, so that z is one of isolated solutions. In a batch (vmap) the solver is batched, and so
/// is the linear solve.
///
/// \throws ShapeError, TypeError  if the residual is unlike the solution, with the path of the field; if the solution
///                     is not floating-point.
/// \throws ValueError  for options out of range; if the residual does not depend on the solution. When values are
///                     computed: if the residual is not small, or NaN, or the solution infinite; if the linear solve of
///                     a derivative does not converge, as where dR/dz is singular.
/// \throws TapeError   if the residual asks for a value.
/// Krantz and Parks, The Implicit Function Theorem, 2002; Blondel et al., Efficient and Modular Implicit
/// Differentiation, 2022; jax.lax.custom_root.
template <class Residual, class Solver>
[[nodiscard]] auto implicit(Residual residual, Solver solver, ImplicitOptions options = {}) {
  return detail::ImplicitFunction<Residual, Solver>("implicit", std::move(residual), std::move(solver), options);
}

/// The same of z = step(z, parameters...): a layer that is iterated until it rests, a steady state. Derivatives take as
/// many products with dstep/dz as the linear solve needs, and no memory for the iterations.
///
/// Bai, Kolter and Koltun, Deep Equilibrium Models, 2019.
template <class Step, class Solver>
[[nodiscard]] auto implicit_fixed_point(Step step, Solver solver, ImplicitOptions options = {}) {
  auto residual = [step = std::move(step)]<class Z>(const Z& z, const auto&... parameters) -> Z {
    const Z next = step(z, parameters...);
    detail::require_same_tree("implicit_fixed_point", "a step returns another tree than the solution", z, next);
    return tree::with_leaves(
        next, detail::differences("implicit_fixed_point", tree::leaves(next), tree::leaves(z), detail::paths_of(z)));
  };
  return detail::ImplicitFunction<decltype(residual), Solver>("implicit_fixed_point", std::move(residual),
                                                              std::move(solver), options);
}

/// The same of a minimiser z of objective(z, parameters...), a scalar: the residual is its gradient, and dR/dz its
/// Hessian, symmetric and, at a minimum that is one, positive definite: LinearSolve::ConjugateGradient is for it.
/// Maxima and saddle points, where the gradient is 0 as well, have the same derivatives.
///
///     auto ridge = xg::implicit_minimiser(loss, lbfgs, {.linear_solver = xg::LinearSolve::ConjugateGradient});
///     xg::Var slope = xg::grad<1>([&](const xg::Var& w, const xg::Var& penalty) {
///       return validation_loss(ridge(w, penalty));
///     })(start, penalty);
template <class Objective, class Solver>
[[nodiscard]] auto implicit_minimiser(Objective objective, Solver solver, ImplicitOptions options = {}) {
  auto residual = [objective = std::move(objective)]<class Z>(const Z& z, const auto&... parameters) -> Z {
    return grad([&](const Z& at) -> Var {
      return detail::scalar_objective("implicit_minimiser", objective(at, parameters...));
    })(z);
  };
  return detail::ImplicitFunction<decltype(residual), Solver>("implicit_minimiser", std::move(residual),
                                                              std::move(solver), options);
}

/// The same of a minimiser x under the constraints h(x, parameters...) = 0, with its multipliers m: the stationary
/// point of the Lagrangian L(x, m) = objective + sum m h. The residual is (grad objective + (dh/dx)^T m, h), and dR/dz
/// the matrix of Karush, Kuhn and Tucker, which is symmetric and indefinite, and regular if the rows of dh/dx are
/// linearly independent.
///
/// \param constraints  (x, parameters...) -> a tree, which should be 0.
/// \param solver       (start, parameters...) -> std::pair of x and m, a tree like what constraints return.
template <class Objective, class Constraints, class Solver>
[[nodiscard]] auto implicit_constrained_minimiser(Objective objective, Constraints constraints, Solver solver,
                                                  ImplicitOptions options = {}) {
  auto residual = [objective = std::move(objective), constraints = std::move(constraints)]<class X, class M>(
                      const std::pair<X, M>& z, const auto&... parameters) -> std::pair<X, M> {
    constexpr std::string_view operation = "implicit_constrained_minimiser";
    return grad([&](const std::pair<X, M>& at) -> Var {
      const M h = constraints(at.first, parameters...);
      detail::require_same_tree(operation, "the constraints are another tree than their multipliers", at.second, h);
      return detail::scalar_objective(operation, objective(at.first, parameters...)) +
             detail::paired(operation, tree::leaves(at.second), tree::leaves(h), detail::paths_of(at.second));
    })(z);
  };
  return detail::ImplicitFunction<decltype(residual), Solver>("implicit_constrained_minimiser", std::move(residual),
                                                              std::move(solver), options);
}

}  // namespace xgrad

#pragma GCC visibility pop
