// Sums of two functions of variables that are coupled: admm.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/solve/minimise.hpp>
#include <xgrad/solve/proximal.hpp>
#include <xgrad/solve/report.hpp>

#pragma GCC visibility push(default)

namespace xgrad::solve {

struct AdmmOptions {
  double penalty = 1.0;  ///< the first rho; > 0
  /// Whether rho is doubled or halved while one residual is above ten times the other, beside what they are measured
  /// by.
  bool adapt = true;
  /// What is made of a step in x before z follows it; 0 < relaxation < 2. 1.5 to 1.8 are of use.
  double relaxation = 1.6;
  /// Of residuals beside the terms that they are the difference of, and beside 1. None: the square root of the rounding
  /// error of the coarsest element type.
  std::optional<double> residual = std::nullopt;
  std::size_t iterations = 10000;
  Minimiser inner = LBFGS{};  ///< for parts that are functions
  Observer observer = nullptr;
};

/// What admm found. The value is that of both parts, the gradient the dual residual.
template <class X, class Z, class M>
struct Split : Report {
  X x;
  Z z;
  M multipliers;  ///< of the coupling, a tree like it: the Lagrangian is f + g + sum multipliers coupling
  double primal_residual = 0.0;  ///< the norm of the coupling
  double dual_residual = 0.0;    ///< that of rho A^T B (z - z before)
  double penalty = 0.0;          ///< the last rho
};

namespace detail {

/// A function, or a term with a proximal step.
struct Part {
  std::optional<Term> term;
  std::optional<LeavesFunction> function;
  Start start;
};
struct Splitted {
  std::vector<Var> x, z, multipliers;
  Report report;
  double primal_residual = 0.0;
  double dual_residual = 0.0;
  double penalty = 0.0;
};
/// \param coupling  of the leaves of x and z. \param like  what it returns at the start.
Splitted admm(const Part& f, const Part& g, const LeavesFunction& coupling, std::span<const Var> like,
              const AdmmOptions& options);

}  // namespace detail

/// The alternating direction method of multipliers: the least of f(x) + g(z) under the affine coupling
/// A x + B z + c = 0, by the least in x, the least in z, and a step of the multipliers, one after another.
///
///     // robust regression: |A x - b|_1 is that of z = A x - b
///     auto found = xg::solve::admm([](const xg::Var& x) { return 1e-3 * sum(square(x)); }, xg::solve::L1{1.0},
///                                  [&](const xg::Var& x, const xg::Var& z) { return matmul(a, x) - b - z; }, x, z);
///
/// \param f, g      (tree) -> a scalar, minimised by the inner method; or a Term, by its proximal step: then its matrix, A
///                  or B, is a multiple of one with orthonormal columns, such as that of z.
/// \param coupling  (x, z) -> a tree of floating-point arrays, affine in both.
/// x and z are trees, numbers or arrays, where it starts. Converges for convex f and g, to a part of the residuals
/// that falls by a factor each iteration.
/// \source  S. Boyd, N. Parikh, E. Chu, B. Peleato and J. Eckstein, Distributed Optimization and Statistical Learning
///          via the Alternating Direction Method of Multipliers, 2011; B. Wohlberg, ADMM penalty parameter selection by
///          residual balancing, 2017.
///
/// \throws TypeError, ShapeError  as minimise(); ShapeError if the coupling returns no numbers.
/// \throws ValueError  for options out of range; for starts that are not finite; for a coupling that is not affine; for a
///                     Term whose matrix has no orthogonal columns of one length.
template <class F, class G, class C, class X, class Z>
[[nodiscard]] auto admm(const F& f, const G& g, const C& coupling, const X& x, const Z& z,
                        const AdmmOptions& options = {}) {
  using TreeX = detail::differentiated_t<X>;
  using TreeZ = detail::differentiated_t<Z>;
  using M = detail::differentiated_t<std::invoke_result_t<const C&, const TreeX&, const TreeZ&>>;
  const TreeX at_x(x);
  const TreeZ at_z(z);
  const auto function_of = [](const auto& part, const auto& at) {
    return [&](std::span<const Var> leaves) -> std::vector<Var> {
      std::vector<Var> value;  // of a term, none is asked for
      if constexpr (!std::is_convertible_v<decltype(part), Term>) value.push_back(part(tree::with_leaves(at, leaves)));
      return value;
    };
  };
  const auto f_of_leaves = function_of(f, at_x);
  const auto g_of_leaves = function_of(g, at_z);
  const auto part_of = [](const auto& part, const auto& of_leaves, const auto& at) {
    if constexpr (std::is_convertible_v<decltype(part), Term>) {
      return detail::Part{Term(part), std::nullopt, detail::start_of(at)};
    } else {
      return detail::Part{std::nullopt, detail::LeavesFunction(of_leaves), detail::start_of(at)};
    }
  };
  const std::size_t of_x = tree::leaves(at_x).size();
  const auto coupling_of_leaves = [&](std::span<const Var> leaves) {
    return tree::leaves(
        M(coupling(tree::with_leaves(at_x, leaves.first(of_x)), tree::with_leaves(at_z, leaves.subspan(of_x)))));
  };
  const M like(coupling(at_x, at_z));
  detail::Splitted found = detail::admm(part_of(f, f_of_leaves, at_x), part_of(g, g_of_leaves, at_z),
                                        detail::LeavesFunction(coupling_of_leaves), tree::leaves(like), options);
  return Split<TreeX, TreeZ, M>{found.report,
                                tree::with_leaves(at_x, found.x),
                                tree::with_leaves(at_z, found.z),
                                tree::with_leaves(like, found.multipliers),
                                found.primal_residual,
                                found.dual_residual,
                                found.penalty};
}

}  // namespace xgrad::solve

#pragma GCC visibility pop
