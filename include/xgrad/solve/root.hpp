// Roots and fixed points: root, scalar_root, fixed_point.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <xgrad/solve/report.hpp>

#pragma GCC visibility push(default)

namespace xgrad::solve {

/// Newton's method; steps are halved until the norm of the residual falls.
struct Newton {};

/// Newton's method with one Jacobian for as many steps as halve the residual.
struct Chord {};

/// Newton's method with a Jacobian that is corrected by each step, and taken anew where that fails.
/// \source  C. G. Broyden, A class of methods for solving nonlinear simultaneous equations, 1965.
struct Broyden {};

using RootMethod = std::variant<Newton, Chord, Broyden>;

/// Halves an interval at whose ends the function has different signs.
struct Bisection {};

/// The same by secants and inverse parabolas, where these are faster.
/// \source  R. P. Brent, Algorithms for Minimization without Derivatives, 1973, chapter 4.
struct Brent {};

using ScalarRootMethod = std::variant<Brent, Bisection>;

/// Steps one after another: z = step(z).
struct Picard {};

/// Of the last steps the combination of the least change.
/// \source  D. G. Anderson, Iterative procedures for nonlinear integral equations, 1965; H. F. Walker and P. Ni, 2011.
struct Anderson {
  std::size_t memory = 5;  ///< > 0
  double mixing = 1.0;     ///< the part of a step that is made; 0 < mixing <= 1
};

using FixedPointMethod = std::variant<Anderson, Picard>;

struct RootOptions {
  /// The largest |residual|; of a fixed point, of the change in a step. None: 0, so that steps decide.
  std::optional<double> residual = std::nullopt;
  /// |step| / |x|; of an interval, its width. None: 4 times the rounding error of the coarsest element type.
  std::optional<double> step = std::nullopt;
  std::size_t iterations = 1000;
  Observer observer = nullptr;
};

/// What root and fixed_point found.
template <class T>
struct Root : Report {
  T solution;
};

/// What scalar_root found, and the interval in which the root is.
struct ScalarRoot : Report {
  double solution = 0.0;
  double lower = 0.0;
  double upper = 0.0;
};

namespace detail {

struct Rooted {
  std::vector<Var> solution;
  Report report;
};
Rooted root(const LeavesFunction& residual, const Start& start, const RootMethod& method, const RootOptions& options);
Rooted fixed_point(const LeavesFunction& step, const Start& start, const FixedPointMethod& method,
                   const RootOptions& options);
ScalarRoot scalar_root(const LeavesFunction& f, double lower, double upper, const ScalarRootMethod& method,
                       const RootOptions& options);

}  // namespace detail

/// The z of residual(z) = 0, from a start.
///
///     auto found = xg::solve::root([&](const xg::Var& z) { return matmul(a, z) + z * z * z - b; }, start);
///
/// \param residual  (z) -> a tree of floating-point arrays, as many numbers as z has.
/// See root_of for roots with derivatives.
///
/// \throws TypeError   unless z and the residual are floating-point.
/// \throws ShapeError  if z is empty; if the residual has another number of elements.
/// \throws ValueError  for options out of range; for a start that is not finite, or whose residual is not.
/// \throws TapeError   if the residual asks for values.
template <class F, class T>
[[nodiscard]] auto root(const F& residual, const T& start, const RootMethod& method = {},
                        const RootOptions& options = {}) {
  using Tree = detail::differentiated_t<T>;
  const Tree at(start);
  const auto of_leaves = [&](std::span<const Var> leaves) {
    const detail::differentiated_t<std::invoke_result_t<const F&, const Tree&>> result(
        residual(tree::with_leaves(at, leaves)));
    return tree::leaves(result);
  };
  detail::Rooted found = detail::root(detail::LeavesFunction(of_leaves), detail::start_of(at), method, options);
  return Root<Tree>{found.report, tree::with_leaves(at, found.solution)};
}

/// The z of step(z) = z, from a start. See fixed_point_of for those with derivatives.
/// \param step  (z) -> a tree like z.
/// \throws TypeError, ShapeError, ValueError, TapeError  as root().
template <class F, class T>
[[nodiscard]] auto fixed_point(const F& step, const T& start, const FixedPointMethod& method = {},
                               const RootOptions& options = {}) {
  using Tree = detail::differentiated_t<T>;
  const Tree at(start);
  const auto of_leaves = [&](std::span<const Var> leaves) {
    const detail::differentiated_t<std::invoke_result_t<const F&, const Tree&>> result(
        step(tree::with_leaves(at, leaves)));
    return tree::leaves(result);
  };
  detail::Rooted found = detail::fixed_point(detail::LeavesFunction(of_leaves), detail::start_of(at), method, options);
  return Root<Tree>{found.report, tree::with_leaves(at, found.solution)};
}

/// The x between two numbers at which f is 0 or changes its sign.
/// \param f  (x) -> a scalar, of operations on Vars.
/// \throws ValueError  unless the bounds are finite, the lower one below the upper one, and f has different signs at
///                     them; if f is NaN.
template <class F>
[[nodiscard]] ScalarRoot scalar_root(const F& f, double lower, double upper, const ScalarRootMethod& method = {},
                                     const RootOptions& options = {}) {
  const auto of_leaves = [&](std::span<const Var> leaves) { return std::vector<Var>{f(leaves[0])}; };
  return detail::scalar_root(detail::LeavesFunction(of_leaves), lower, upper, method, options);
}

}  // namespace xgrad::solve

#pragma GCC visibility pop
