// Systems of linear equations whose matrix is a function: linear_solve.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/transform/scan.hpp>
#include <xgrad/transform/trace.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// How linear_solve() solves A x = b.
enum class LinearSolve : std::uint8_t {
  Gmres,              ///< any A: Saad and Schultz 1986, restarted, each basis orthogonalised twice
  BiCGStab,           ///< any A, in little memory: van der Vorst 1992
  ConjugateGradient,  ///< A symmetric and positive definite: Hestenes and Stiefel 1952
  Dense               ///< any A: its matrix is formed and eliminated with partial pivoting, n^2 numbers, n^3 / 3 steps
};

struct LinearSolveOptions {
  LinearSolve method = LinearSolve::Gmres;
  /// |b - A x| / |b| at the end, in the 2-norm; of Dense |b - A x| / (|A| |x| + |b|), the backward error. What does not
  /// get there is an error. None: 1e-10, and 1e-5 if one of the unknowns is float.
  std::optional<double> tolerance = std::nullopt;
  /// Products with A, or pairs of them (BiCGStab). None: 10 n for n unknowns, at least 100 and at most 10000.
  std::optional<std::size_t> max_iterations = std::nullopt;
  /// GMRES keeps so many vectors of n numbers before it starts again.
  std::size_t restart = 30;
};

namespace detail {

/// A function of leaves: the trees around them are the same for argument and result.
using LeavesFunction = FunctionOf<std::vector<Var>, std::span<const Var>>;

/// \param paths  names of the leaves of b.
std::vector<Var> linear_solve(Trace& trace, const LeavesFunction& matvec, std::span<const Var> b,
                              const LinearSolveOptions& options, const Paths& paths);

template <class X>
X solution_of_linear(FunctionOf<X, const X&> matvec, const X& b, const LinearSolveOptions& options) {
  static_assert(tree::detail::may_hold_vars<X>, "linear_solve: the right-hand side holds no Var");
  Trace trace(tree::arrays(b));
  const auto of_leaves = [&](std::span<const Var> leaves) {
    const X product = matvec(tree::with_leaves(b, leaves));
    require_same_tree("linear_solve", "matvec returns another tree than the right-hand side", b, product);
    return tree::leaves(product);
  };
  const std::vector<Var> x = linear_solve(trace, LeavesFunction(of_leaves), tree::leaves(b), options, paths_of(b));
  return finished(trace, tree::with_leaves(b, x));
}

}  // namespace detail

/// The solution x of matvec(x) = b, without the matrix.
///
///     xg::Var x = xg::linear_solve([&](const xg::Var& v) { return matmul(transpose(a), matmul(a, v)) + 0.1 * v; }, b,
///                                  {.method = xg::LinearSolve::ConjugateGradient});
///
/// \param matvec  v -> A v, linear: of a tree like b to one like it. It may capture what it likes.
/// \param b       a tree of floating-point Vars.
/// Derivatives of every order and in both modes, with respect to b and to all that matvec captures, are solutions
/// themselves: dx = A^-1 (db - dA x), and from a cotangent x' of x comes b' = A^-T x', A' = -b' x^T. A^T v is made of
/// matvec by transposition, as linear_transpose() does. Of a batch (vmap) all systems are iterated until the last has
/// converged.
///
/// \throws ShapeError, TypeError  if matvec's result is unlike b, with the path of the field; if b is not floating-point.
/// \throws ValueError  for options out of range. When values are computed: if the residual does not fall below the
///                     tolerance, be it that A is singular, or NaN, or not what the method is for; if matvec(0) is not
///                     0.
/// \throws TapeError   if matvec is not linear, or asks for a value.
template <class MatVec, class B>
requires std::is_invocable_r_v < detail::differentiated_t<B>,
const MatVec&,
    const detail::differentiated_t<B>& >
        [[nodiscard]] auto linear_solve(const MatVec& matvec, const B& b, const LinearSolveOptions& options = {}) {
  using X = detail::differentiated_t<B>;
  const auto call = [&](const X& v) -> X { return matvec(v); };
  return detail::solution_of_linear<X>(detail::FunctionOf<X, const X&>(call), X(b), options);
}

template <class MatVec, class B>
detail::Misfit linear_solve(const MatVec&, const B&, const LinearSolveOptions& = {}) {
  constexpr bool is_called = detail::Fits<const MatVec&, const detail::differentiated_t<B>&>;
  static_assert(is_called,
                "linear_solve: matvec is called with a tree like the right-hand side: write "
                "linear_solve([&](const xg::Var& v) { return matmul(a, v); }, b)");
  static_assert(!is_called || detail::mistaken<MatVec>, "linear_solve: matvec returns a tree like the right-hand side");
  return {};
}

}  // namespace xgrad

#pragma GCC visibility pop
