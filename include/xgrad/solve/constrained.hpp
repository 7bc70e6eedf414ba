// Minima of scalar functions under constraints: equal, at_most, at_least, minimise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <xgrad/solve/minimise.hpp>
#include <xgrad/solve/report.hpp>

#pragma GCC visibility push(default)

namespace xgrad::solve {

// ---- constraints

/// How values of a constraint are to be beside its limit.
enum class Relation : std::uint8_t { Equal, AtMost, AtLeast };

/// f(parameters) beside a limit, which is a number or an array of the shape of what f returns.
template <class F>
struct Constraint {
  F f;
  Relation relation;
  Var limit;
};

/// f(parameters) = to. \param f  (parameters) -> a tree of floating-point arrays, of operations on Vars.
template <class F>
[[nodiscard]] Constraint<F> equal(F f, Var to = 0.0) {
  return {std::move(f), Relation::Equal, std::move(to)};
}
/// f(parameters) <= limit, for each element.
template <class F>
[[nodiscard]] Constraint<F> at_most(F f, Var limit = 0.0) {
  return {std::move(f), Relation::AtMost, std::move(limit)};
}
/// f(parameters) >= limit, for each element.
template <class F>
[[nodiscard]] Constraint<F> at_least(F f, Var limit = 0.0) {
  return {std::move(f), Relation::AtLeast, std::move(limit)};
}

template <class... F>
struct Constraints {
  std::tuple<Constraint<F>...> each;
};
/// All of these.
template <class... F>
[[nodiscard]] Constraints<F...> subject_to(Constraint<F>... constraints) {
  return {std::tuple<Constraint<F>...>(std::move(constraints)...)};
}

// ---- methods

/// When the barrier's weight mu falls, after each barrier problem is solved to ten times mu.
enum class Barrier : std::uint8_t {
  FiaccoMcCormick,  ///< to the less of mu / 5 and mu^1.5
  Mehrotra          ///< at least so far, and further where a step without barrier would reach: (mu there / mu)^3 mu
};

/// A primal-dual interior point method: Newton's method on the conditions of Karush, Kuhn and Tucker with x - lower,
/// upper - x and the slacks of inequalities kept positive by a logarithmic barrier; exact Hessians of the Lagrangian,
/// to which a multiple of the identity is added where the inertia of the system tells that it is not convex; a filter
/// of violation and barrier decides on steps, with second-order corrections; where it refuses all, the violation alone
/// is reduced. Dense: for up to some hundred parameters and constraints.
/// \source  A. Wächter and L. T. Biegler, On the implementation of an interior-point filter line-search algorithm for
///          large-scale nonlinear programming, 2006; J. Nocedal and S. J. Wright, Numerical Optimization, 2006,
///          chapter 19.
struct InteriorPoint {
  Barrier barrier = Barrier::FiaccoMcCormick;
  double weight = 0.1;  ///< the first mu; > 0
};

/// Minima of f + rho/2 sum (h + m/rho)^2 + rho/2 sum max(0, g + m/rho)^2, one after another: multipliers m become rho
/// times what is in the brackets; rho grows where the violation does not fall to a half.
/// \source  M. J. D. Powell 1969, M. R. Hestenes 1969, R. T. Rockafellar 1973; E. G. Birgin and J. M. Martínez,
///          Practical Augmented Lagrangian Methods for Constrained Optimization, 2014.
struct AugmentedLagrangian {
  Minimiser inner = LBFGSB{};  ///< any; bounds are for LBFGSB alone
  /// The first rho; > 0. None: one that balances objective and violation, from 1e-6 to 10.
  std::optional<double> penalty = std::nullopt;
  double growth = 10.0;  ///< of rho; > 1
};

using ConstrainedMethod = std::variant<InteriorPoint, AugmentedLagrangian>;

struct ConstrainedOptions {
  /// The largest |component| of the gradient of the Lagrangian, and of a product of a multiplier with its distance to
  /// the bound, where the objective and constraints are scaled so that no first slope is above 100. None: the square
  /// root of the rounding error of the coarsest element type.
  std::optional<double> gradient = std::nullopt;
  /// The largest violation of a constraint, as it is given. None: the same.
  std::optional<double> violation = std::nullopt;
  std::size_t iterations = 3000;  ///< of an augmented Lagrangian, all those of its inner method
  std::size_t evaluations = 100000;
  Bound lower = {};
  Bound upper = {};
  Observer observer = nullptr;
};

/// What solvers under constraints say.
struct ConstrainedReport : Report {
  double violation = 0.0;        ///< the largest of a constraint
  double complementarity = 0.0;  ///< the largest |multiplier x (value - limit)| of inequalities and bounds
};
std::ostream& operator<<(std::ostream& out, const ConstrainedReport& report);

/// What minimise found under constraints. Its gradient is that of the Lagrangian
/// objective + sum multiplier (f - limit) over all constraints - lower_multipliers (x - lower) - upper_multipliers
/// (upper - x).
/// \tparam M  a std::tuple of trees, each like what a constraint returns.
template <class T, class M>
struct ConstrainedMinimum : ConstrainedReport {
  T parameters;
  /// What the objective would gain if a limit moved (its slope, with the sign turned): of at_most not below 0, of
  /// at_least not above.
  M multipliers;
  T lower_multipliers;  ///< of bounds, not below 0; 0 where there is none
  T upper_multipliers;
};

namespace detail {

/// All leaves of all constraints.
struct ConstraintLeaves {
  LeavesFunction values;   ///< less their limits; of at_least, with the sign turned
  std::vector<Var> start;  ///< what it returns there
  std::vector<Relation> relations;
};

struct ConstrainedMinimised {
  std::vector<Var> parameters, multipliers, lower, upper;
  ConstrainedReport report;
};
ConstrainedMinimised minimise(const LeavesFunction& objective, const Start& start, const ConstraintLeaves& constraints,
                              const ConstrainedMethod& method, const ConstrainedOptions& options);

/// f - limit, or limit - f, of each leaf.
/// \throws ShapeError  unless a limit is a number or has the shape of the leaf.
std::vector<Var> beyond(std::span<const Var> values, Relation relation, const Var& limit);

template <class T, class... F>
using ConstraintTrees = std::tuple<differentiated_t<std::invoke_result_t<const F&, const T&>>...>;

/// The values of constraints at parameters, as beyond() has them.
template <class T, class... F>
ConstraintTrees<T, F...> values_beyond(const Constraints<F...>& constraints, const T& at) {
  return std::apply(
      [&](const auto&... each) {
        [[maybe_unused]] const auto one = [&]<class G>(const Constraint<G>& constraint) {
          const differentiated_t<std::invoke_result_t<const G&, const T&>> value(constraint.f(at));
          return tree::with_leaves(value, beyond(tree::leaves(value), constraint.relation, constraint.limit));
        };
        return ConstraintTrees<T, F...>{one(each)...};
      },
      constraints.each);
}

template <class T, class... F>
std::vector<Relation> relations_of(const Constraints<F...>& constraints, const ConstraintTrees<T, F...>& values) {
  std::vector<Relation> result;
  [&]<std::size_t... k>(std::index_sequence<k...>) {
    (result.insert(result.end(), tree::leaves(std::get<k>(values)).size(), std::get<k>(constraints.each).relation),
     ...);
  }
  (std::index_sequence_for<F...>());
  return result;
}

template <class M>
std::vector<Var> leaves_of_each(const M& trees) {
  std::vector<Var> result;
  const auto append_all = [&](const auto& each) {
    for (const Var& leaf : tree::leaves(each)) result.push_back(leaf);
  };
  std::apply([&](const auto&... each) { (append_all(each), ...); }, trees);
  return result;
}
template <class M>
M with_leaves_of_each(M trees, std::span<const Var> leaves) {
  const auto take = [&](auto& each) {
    const std::size_t count = tree::leaves(each).size();
    each = tree::with_leaves(each, leaves.first(count));
    leaves = leaves.subspan(count);
  };
  std::apply([&](auto&... each) { (take(each), ...); }, trees);
  return trees;
}

}  // namespace detail

/// The parameters for which an objective is least under constraints.
///
///     auto found = xg::solve::minimise(risk, weights, xg::solve::subject_to(xg::solve::equal(total, 1.0),
///                                                                           xg::solve::at_least(gain, 0.05)),
///                                      xg::solve::InteriorPoint{}, {.lower = 0.0});
///     auto [price_of_budget, price_of_gain] = found.multipliers;
///
/// \param objective    (parameters) -> a scalar, of operations on Vars. It is compiled once, with its derivatives.
/// \param start        a tree of floating-point Vars, or a number, or an array, within the bounds. It may violate
///                     constraints.
/// \param constraints  compiled once, with their Jacobian and the Hessian of the Lagrangian.
/// What is found is a point where, to first order, nothing is to be gained. Constraints that contradict each other, as
/// far as steps from this start tell, end in Ended::Infeasible, with the violation that is left.
///
/// \throws TypeError   unless parameters, objective and constraints are floating-point.
/// \throws ShapeError  if there are no parameters; if the objective is no scalar; if a constraint returns no numbers, or
///                     its limit or bounds do not fit.
/// \throws ValueError  for options out of range; for neither constraints nor bounds; for a start that is not finite, or
///                     outside of its bounds, or where objective or constraints are not finite; for bounds of which the
///                     lower is not below the upper, or with an inner method that has none; for limits that are NaN.
/// \throws TapeError   if the objective or a constraint asks for values.
template <class F, class T, class... C>
[[nodiscard]] auto minimise(const F& objective, const T& start, const Constraints<C...>& constraints,
                            const ConstrainedMethod& method = {}, const ConstrainedOptions& options = {}) {
  using Tree = detail::differentiated_t<T>;
  static_assert(std::is_convertible_v<std::invoke_result_t<const F&, const Tree&>, Var>,
                "solve::minimise: the objective returns a Var, one number");
  const Tree at(start);
  const auto of_leaves = [&](std::span<const Var> leaves) {
    return std::vector<Var>{objective(tree::with_leaves(at, leaves))};
  };
  const auto constraints_of_leaves = [&](std::span<const Var> leaves) {
    return detail::leaves_of_each(detail::values_beyond(constraints, tree::with_leaves(at, leaves)));
  };
  const auto like = detail::values_beyond(constraints, at);
  detail::ConstrainedMinimised found =
      detail::minimise(detail::LeavesFunction(of_leaves), detail::start_of(at),
                       {detail::LeavesFunction(constraints_of_leaves), detail::leaves_of_each(like),
                        detail::relations_of<Tree>(constraints, like)},
                       method, options);
  return ConstrainedMinimum<Tree, std::remove_const_t<decltype(like)>>{
      found.report, tree::with_leaves(at, found.parameters), detail::with_leaves_of_each(like, found.multipliers),
      tree::with_leaves(at, found.lower), tree::with_leaves(at, found.upper)};
}

}  // namespace xgrad::solve

#pragma GCC visibility pop
