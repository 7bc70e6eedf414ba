// Solutions as functions with derivatives: minimiser_of, least_squares_of, root_of, fixed_point_of.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/ops/reduce.hpp>
#include <xgrad/solve/constrained.hpp>
#include <xgrad/solve/least_squares.hpp>
#include <xgrad/solve/minimise.hpp>
#include <xgrad/solve/root.hpp>
#include <xgrad/transform/grad.hpp>
#include <xgrad/transform/implicit.hpp>

#pragma GCC visibility push(default)

namespace xgrad::solve {
namespace detail {

/// A solver as an operation, which runs when values are computed.
/// \param like   the start, whose shapes and element types the solution has.
/// \param given  all arrays of the arguments.
std::vector<Var> solve_later(std::string_view operation, std::span<const Var> like, std::span<const Var> given,
                             std::function<std::vector<Var>(std::span<const Var>)> solver);

/// \throws ValueError  unless the solver has converged: there are no derivatives of what is no solution.
void require_converged(std::string_view operation, const Report& report);

/// The bounds of a minimiser, which hold some of its elements: those do not move with the parameters.
class Holding {
 public:
  /// \throws TapeError  for recorded bounds: they are no parameters.
  Holding(std::string_view operation, Bound lower, Bound upper);
  [[nodiscard]] bool any() const noexcept { return lower_.given() || upper_.given(); }
  /// For each leaf which elements stand at a bound while the gradient leads out.
  [[nodiscard]] std::vector<Var> held(std::span<const Var> at, std::span<const Var> gradient) const;

 private:
  std::string operation_;
  Bound lower_, upper_;
};
Holding holding_of(std::string_view operation, const Minimiser& method, const MinimiseOptions& options);
/// where(held, x, y) for each leaf, x without derivatives.
std::vector<Var> stopped_where(std::span<const Var> held, std::span<const Var> x, std::span<const Var> y);
/// What is 0 at a minimiser: the gradient, and of what is held, x less x, which has the derivative 1.
std::vector<Var> gradient_or_rest(std::span<const Var> held, std::span<const Var> x, std::span<const Var> gradient);

/// The equation of a minimiser.
template <class Objective>
struct Stationary {
  std::string_view operation;
  Objective objective;
  Holding bounds;

  template <class Z, class... P>
  Z operator()(const Z& z, const P&... parameters) const {
    const auto gradient = grad(
        [&](const Z& at) -> Var { return xgrad::detail::scalar_objective(operation, objective(at, parameters...)); });
    Z there = gradient(z);
    if (!bounds.any()) return there;
    const std::vector<Var> x = tree::leaves(z);
    const std::vector<Var> held = bounds.held(x, tree::leaves(there));
    there = gradient(tree::with_leaves(z, std::span<const Var>(stopped_where(held, x, x))));
    return tree::with_leaves(z, std::span<const Var>(gradient_or_rest(held, x, tree::leaves(there))));
  }
};
template <class Objective, class Solver>
auto stationary(std::string_view operation, Objective objective, const Holding& bounds, Solver solver,
                const ImplicitOptions& options) {
  using Equation = Stationary<Objective>;
  return xgrad::detail::ImplicitFunction<Equation, Solver>(operation, Equation{operation, std::move(objective), bounds},
                                                           std::move(solver), options);
}

template <class A>
void collect_arrays(std::vector<Var>& all, const A& argument) {
  if constexpr (tree::Tree<A>) {
    tree::for_each_array(argument, [&](const Var& x) { all.push_back(x); });
  }
}
template <class A>
A with_next_arrays(const A& argument, std::span<const Var>& next) {
  if constexpr (tree::Tree<A>) {
    const std::size_t count = tree::arrays(argument).size();
    A result = tree::with_arrays(argument, next.first(count));
    next = next.subspan(count);
    return result;
  } else {
    return argument;
  }
}

/// Calls run(start, parameters...) -> solution with values, when they are asked for.
/// \param like  a tree of the shapes and element types that the solution has.
template <class Run, class Solution, class Z, class... P>
Solution on_host_like(std::string_view operation, const Run& run, const Solution& like, const Z& start,
                      const P&... parameters) {
  std::vector<Var> given;
  collect_arrays(given, start);
  (collect_arrays(given, parameters), ...);
  // What is kept holds no recorded Vars: all arrays are put in when it runs.
  auto held = std::tuple<Z, P...>(start, parameters...);
  std::apply(
      [](auto&... each) {
        const auto forget = [](auto& argument) {
          if constexpr (tree::Tree<std::remove_cvref_t<decltype(argument)>>) {
            tree::for_each_array(argument, [](Var& x) { x = Var(); });
          }
        };
        (forget(each), ...);
      },
      held);
  auto solver = [run, held = std::move(held)](std::span<const Var> values) {
    std::span<const Var> next = values;
    return std::apply(
        [&](const auto&... each) {
          const std::tuple<Z, P...> filled{with_next_arrays(each, next)...};  // in order: braces
          return std::apply([&](const auto&... argument) { return tree::leaves(run(argument...)); }, filled);
        },
        held);
  };
  return tree::with_leaves(like, solve_later(operation, tree::leaves(like), given, std::move(solver)));
}
/// The same of a solution that is like the start.
template <class Run, class Z, class... P>
Z on_host(std::string_view operation, const Run& run, const Z& start, const P&... parameters) {
  return on_host_like(operation, run, start, start, parameters...);
}

/// The sum of all products of multipliers with what their constraints are above limits.
Var weighed(std::span<const Var> multipliers, std::span<const Var> above);
/// Of equalities, what they are above limits; of inequalities, the products with their multipliers.
std::vector<Var> complementary(std::span<const Var> multipliers, std::span<const Var> above,
                               std::span<const Relation> relations);
/// Products of distances from a bound with their multipliers; multipliers where there is no bound.
std::vector<Var> complementary_to_bound(std::span<const Var> multipliers, std::span<const Var> x, const Bound& bound);
/// slopes - lower + upper.
std::vector<Var> pushed(std::span<const Var> slopes, std::span<const Var> lower, std::span<const Var> upper);

/// Constraints as functions of the variables alone; as equalities, so that their values are f - limit.
template <bool as_equalities, class... F, class... P>
auto with_parameters(const Constraints<F...>& constraints, const P&... parameters) {
  const auto one = [&]<class G>(const Constraint<G>& each) {
    auto of_z = [f = each.f, parameters...](const auto& z) { return f(z, parameters...); };
    return Constraint<decltype(of_z)>{std::move(of_z), as_equalities ? Relation::Equal : each.relation, each.limit};
  };
  return std::apply([&](const auto&... each) { return subject_to(one(each)...); }, constraints.each);
}

}  // namespace detail

/// The minimiser of objective(z, parameters...) as a function of a start and the parameters, with derivatives with
/// respect to these: see implicit_minimiser(). It runs in compiled functions and, example by example, in vmap().
/// What a bound, or Interval, holds does not move with the parameters; where other terms hold a solution its gradient
/// is not 0, and that is an error.
///
///     auto ridge = xg::solve::minimiser_of(loss, xg::solve::TrustRegion{});
///     xg::Var slope = xg::grad<1>([&](const xg::Var& w, const xg::Var& penalty) {
///       return validation_loss(ridge(w, penalty));
///     })(start, penalty);
///
/// \throws HostError  when values are computed: with what minimise() throws nested, and ValueError if it did not converge.
template <class Objective>
[[nodiscard]] auto minimiser_of(Objective objective, Minimiser method = {}, MinimiseOptions options = {},
                                ImplicitOptions implicit = {.linear_solver = LinearSolve::ConjugateGradient}) {
  constexpr std::string_view operation = "solve::minimiser_of";
  auto solver = [=]<class Z>(const Z& start, const auto&... parameters) -> Z {
    const auto run = [=](const Z& from, const auto&... values) -> Z {
      const auto found = minimise([&](const Z& z) -> Var { return objective(z, values...); }, from, method, options);
      detail::require_converged(operation, found);
      return found.parameters;
    };
    return detail::on_host(operation, run, start, parameters...);
  };
  const detail::Holding bounds = detail::holding_of(operation, method, options);
  return detail::stationary(operation, std::move(objective), bounds, std::move(solver), implicit);
}

/// The same under constraints, whose functions take the parameters behind z, too. The equation is that of Karush, Kuhn
/// and Tucker: the gradient of the Lagrangian, equalities, and products of inequalities and bounds with their
/// multipliers are 0. It has derivatives where multipliers and distances to limits are not both 0, gradients of the
/// constraints that hold are linearly independent, and the minimum is a strict one. Limits and bounds are constants:
/// what has derivatives is a parameter of the functions.
///
///     auto weights = xg::solve::minimiser_of(risk, xg::solve::subject_to(xg::solve::equal(total, 1.0)));
///
/// \throws HostError  as above; ValueError when values are computed, where the linear system of a derivative is singular.
template <class Objective, class... F>
[[nodiscard]] auto minimiser_of(Objective objective, Constraints<F...> constraints, ConstrainedMethod method = {},
                                ConstrainedOptions options = {},
                                ImplicitOptions implicit = {.linear_solver = LinearSolve::Dense}) {
  constexpr std::string_view operation = "solve::minimiser_of";
  auto solver = [=]<class Z>(const Z& start, const auto&... parameters) {
    const auto values = detail::values_beyond(detail::with_parameters<true>(constraints, parameters...), start);
    const std::tuple like(start, values, start, start);
    const auto run = [=](const Z& from, const auto&... given) {
      const auto found = minimise([&](const Z& z) -> Var { return objective(z, given...); }, from,
                                  detail::with_parameters<false>(constraints, given...), method, options);
      detail::require_converged(operation, found);
      return std::tuple(found.parameters, found.multipliers, found.lower_multipliers, found.upper_multipliers);
    };
    return detail::on_host_like(operation, run, like, start, parameters...);
  };
  auto residual = [=]<class Z, class M>(const std::tuple<Z, M, Z, Z>& at, const auto&... parameters) {
    const auto& [x, multipliers, lower, upper] = at;
    const auto as_equalities = detail::with_parameters<true>(constraints, parameters...);
    const auto given = detail::leaves_of_each(multipliers);
    const Z slopes = grad([&](const Z& z) -> Var {
      return xgrad::detail::scalar_objective(operation, objective(z, parameters...)) +
             detail::weighed(given, detail::leaves_of_each(detail::values_beyond(as_equalities, z)));
    })(x);
    const M above = detail::values_beyond(as_equalities, x);
    const auto relations = detail::relations_of<Z>(detail::with_parameters<false>(constraints, parameters...), above);
    const auto x_leaves = tree::leaves(x);
    const auto lower_leaves = tree::leaves(lower);
    const auto upper_leaves = tree::leaves(upper);
    return std::tuple<Z, M, Z, Z>(
        tree::with_leaves(x, detail::pushed(tree::leaves(slopes), lower_leaves, upper_leaves)),
        detail::with_leaves_of_each(above, detail::complementary(given, detail::leaves_of_each(above), relations)),
        tree::with_leaves(x, detail::complementary_to_bound(lower_leaves, x_leaves, options.lower)),
        tree::with_leaves(x, detail::complementary_to_bound(upper_leaves, x_leaves, options.upper)));
  };
  auto solution = xgrad::implicit(std::move(residual), std::move(solver), implicit);
  return [solution = std::move(solution)](const auto& start, const auto&... parameters) {
    return std::get<0>(solution(start, parameters...));
  };
}

/// The same, bounds included, of the z for which the sum of the squares of residuals(z, parameters...) is least.
template <class Residuals>
[[nodiscard]] auto least_squares_of(Residuals residuals, LeastSquaresMethod method = {},
                                    LeastSquaresOptions options = {},
                                    ImplicitOptions implicit = {.linear_solver = LinearSolve::ConjugateGradient}) {
  constexpr std::string_view operation = "solve::least_squares_of";
  auto objective = [=](const auto& z, const auto&... parameters) -> Var {
    Var total(0.0);
    const xgrad::detail::differentiated_t<decltype(residuals(z, parameters...))> all(residuals(z, parameters...));
    tree::for_each(all, [&](const Var& each) {
      const Var costs = options.loss == nullptr ? 0.5 * square(each) : options.loss(each);
      total = total + xgrad::sum(costs);
    });
    return total;
  };
  auto solver = [=]<class Z>(const Z& start, const auto&... parameters) -> Z {
    const auto run = [=](const Z& from, const auto&... values) -> Z {
      const auto found = least_squares([&](const Z& z) { return residuals(z, values...); }, from, method, options);
      detail::require_converged(operation, found);
      return found.parameters;
    };
    return detail::on_host(operation, run, start, parameters...);
  };
  const detail::Holding bounds(operation, options.lower, options.upper);
  return detail::stationary(operation, std::move(objective), bounds, std::move(solver), implicit);
}

/// The same of the z of residual(z, parameters...) = 0: see implicit().
template <class Residual>
[[nodiscard]] auto root_of(Residual residual, RootMethod method = {}, RootOptions options = {},
                           ImplicitOptions implicit = {}) {
  constexpr std::string_view operation = "solve::root_of";
  auto solver = [=]<class Z>(const Z& start, const auto&... parameters) -> Z {
    const auto run = [=](const Z& from, const auto&... values) -> Z {
      const auto found = root([&](const Z& z) { return residual(z, values...); }, from, method, options);
      detail::require_converged(operation, found);
      return found.solution;
    };
    return detail::on_host(operation, run, start, parameters...);
  };
  return xgrad::implicit(residual, std::move(solver), implicit);
}

/// The same of the z of step(z, parameters...) = z: see implicit_fixed_point().
template <class Step>
[[nodiscard]] auto fixed_point_of(Step step, FixedPointMethod method = {}, RootOptions options = {},
                                  ImplicitOptions implicit = {}) {
  constexpr std::string_view operation = "solve::fixed_point_of";
  auto solver = [=]<class Z>(const Z& start, const auto&... parameters) -> Z {
    const auto run = [=](const Z& from, const auto&... values) -> Z {
      const auto found = fixed_point([&](const Z& z) { return step(z, values...); }, from, method, options);
      detail::require_converged(operation, found);
      return found.solution;
    };
    return detail::on_host(operation, run, start, parameters...);
  };
  return implicit_fixed_point(step, std::move(solver), implicit);
}

}  // namespace xgrad::solve

#pragma GCC visibility pop
