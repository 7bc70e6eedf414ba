// Sums of squares: least_squares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/solve/report.hpp>

#pragma GCC visibility push(default)

namespace xgrad::solve {

/// How a Jacobian is factorised.
enum class Factor : std::uint8_t {
  QR,       ///< by reflections, with pivoting: all digits
  Cholesky  ///< of J^T J with columns of length 1, with pivoting: less work; steps lose digits where columns nearly
            ///< agree
};

/// Steps within a trust region, an ellipsoid whose axes are the largest norms of the columns of the Jacobian so far:
/// (J^T J + lambda D^2) p = -J^T r, by rotations of the factor of J.
/// \source  J. J. Moré, The Levenberg-Marquardt algorithm: implementation and theory, 1977 (MINPACK's lmder).
struct LevenbergMarquardt {
  double radius = 1.0;  ///< the first one, times the scaled norm of the start; > 0. 0.1 to 100 are of use
  Factor factor = Factor::QR;
};

/// The step to the least |J p + r|, cut at the trust region.
struct GaussNewton {
  double radius = std::numeric_limits<double>::infinity();  ///< as of LevenbergMarquardt
  Factor factor = Factor::QR;
};

/// The step of Gauss and Newton, that of steepest descent, or one between, at the boundary of the trust region.
/// \source  M. J. D. Powell, A hybrid method for nonlinear equations, 1970.
struct Dogleg {
  double radius = 100.0;  ///< as of LevenbergMarquardt
  Factor factor = Factor::QR;
};

/// Levenberg's and Marquardt's steps without a Jacobian, for very many parameters: LSMR finds the least
/// |J p + r|^2 + lambda |D p|^2 with products of J and of J^T, as exactly as the gradient has become small. D are the
/// norms of the columns as products of J^T with random signs estimate them. There is no covariance.
/// \source  D. C.-L. Fong and M. Saunders, LSMR: an iterative algorithm for sparse least-squares problems, 2011;
///          K. Madsen, H. B. Nielsen and O. Tingleff, Methods for non-linear least squares problems, 2004 (of lambda).
struct MatrixFreeLM {
  double damping = 1e-3;    ///< the first lambda, > 0
  double accuracy = 0.1;    ///< of the equation of a step, at most; between 0 and 1
  std::size_t inner = 0;    ///< iterations of LSMR for a step, at most; 0: 10 for each parameter, and 100
  std::size_t probes = 10;  ///< for the norms of the columns; 0: D is 1
  random::Key key = random::Key(0);
};

using LeastSquaresMethod = std::variant<LevenbergMarquardt, GaussNewton, Dogleg, MatrixFreeLM>;

/// Elementwise, of a residual: about r^2 / 2 near 0, less beyond. `solve::robust(xg::loss::Huber{})`.
using Robust = std::function<Var(const Var& residual)>;

/// A loss of the catalogue, per element, of the residuals as predictions of 0.
template <class Loss>
[[nodiscard]] Robust robust(Loss loss) {
  return [loss](const Var& r) -> Var { return loss(r, r * 0.0); };
}

struct LeastSquaresOptions {
  /// The largest |cosine| between the residuals and a column of the Jacobian. None: the rounding error.
  std::optional<double> gradient = std::nullopt;
  /// |D p| / |D x|, of a step beside the parameters. None: the rounding error of the coarsest element type.
  std::optional<double> step = std::nullopt;
  /// What the sum loses, and is expected to lose, beside itself. None: the rounding error. What ends so has a few more
  /// steps as long as they get shorter, for a sum is known to half the digits of its place.
  std::optional<double> reduction = std::nullopt;
  std::size_t iterations = 1000;
  std::size_t evaluations = 5000;  ///< of the residuals
  Bound lower = {};
  Bound upper = {};
  /// The sum is that of the losses of the residuals, minimised by weights: Holland and Welsch 1977. None: squares.
  Robust loss = nullptr;
  /// Whether to compute covariance and standard deviations. MatrixFreeLM never does.
  bool covariance = true;
  Observer observer = nullptr;
};

/// What least_squares found.
template <class T>
struct LeastSquares : Report {
  T parameters;
  /// The sum of the squares (of the losses, twice).
  double sum = 0.0;
  std::size_t residuals = 0;           ///< how many
  std::size_t degrees_of_freedom = 0;  ///< residuals less parameters; 0 if there are more of these
  /// The square root of sum / degrees_of_freedom. NaN for none.
  double deviation = 0.0;
  /// Of each parameter: a tree like these. NaN where the residuals do not determine it, or without covariance.
  T deviations;
  /// sum / degrees_of_freedom (J^T J)^-1, [n, n], float64, of the parameters in the order of the leaves; [0, 0] if it
  /// was not to be computed. Bounds are not looked at.
  Var covariance;
};

namespace detail {

struct Fitted {
  std::vector<Var> parameters;
  std::vector<Var> deviations;
  Var covariance;
  Report report;
  double sum = 0.0;
  double deviation = 0.0;
  std::size_t residuals = 0;
  std::size_t degrees_of_freedom = 0;
};
Fitted least_squares(const LeavesFunction& residuals, const Start& start, const LeastSquaresMethod& method,
                     const LeastSquaresOptions& options);
void print(std::ostream& out, const Report& report, std::span<const std::string> paths, std::span<const Var> values,
           std::span<const Var> deviations);

}  // namespace detail

/// A line for each parameter, with its standard deviation, and how it ended.
template <class T>
std::ostream& operator<<(std::ostream& out, const LeastSquares<T>& fit) {
  detail::print(out, fit, tree::paths(fit.parameters), tree::leaves(fit.parameters), tree::leaves(fit.deviations));
  return out;
}

/// The parameters for which half the sum of the squares of residuals is least, from a start downhill.
///
///     auto residuals = [&](const Curve& c) { return c.height * exp(-c.rate * x) - y; };
///     auto fit = xg::solve::least_squares(residuals, Curve{500.0, 1e-4}, xg::solve::LevenbergMarquardt{});
///     std::cout << fit;                                        // with error bars
///
/// \param residuals  (parameters) -> a tree of floating-point arrays, of operations on Vars. It is compiled once, with
///                   its Jacobian.
/// \param start      a tree of floating-point Vars, or a number, or an array.
/// Parameters that stand at a bound which holds them are left out of a step, and steps are cut at bounds. Where the
/// residuals are not finite, steps are shortened.
///
/// \throws TypeError   unless parameters and residuals are floating-point.
/// \throws ShapeError  if there are no parameters or no residuals; if the residuals are one number, such as a loss; if
///                     bounds do not fit the parameters.
/// \throws ValueError  for options out of range; for a start that is not finite, or outside of its bounds, or whose
///                     residuals are not finite; for bounds of which the lower is not below the upper.
/// \throws TapeError   if residuals ask for values.
template <class F, class T>
[[nodiscard]] auto least_squares(const F& residuals, const T& start, const LeastSquaresMethod& method = {},
                                 const LeastSquaresOptions& options = {}) {
  using Tree = detail::differentiated_t<T>;
  const Tree at(start);
  const auto of_leaves = [&](std::span<const Var> leaves) {
    const detail::differentiated_t<std::invoke_result_t<const F&, const Tree&>> result(
        residuals(tree::with_leaves(at, leaves)));
    return tree::leaves(result);
  };
  detail::Fitted fitted =
      detail::least_squares(detail::LeavesFunction(of_leaves), detail::start_of(at), method, options);
  return LeastSquares<Tree>{fitted.report,
                            tree::with_leaves(at, fitted.parameters),
                            fitted.sum,
                            fitted.residuals,
                            fitted.degrees_of_freedom,
                            fitted.deviation,
                            tree::with_leaves(at, fitted.deviations),
                            std::move(fitted.covariance)};
}

}  // namespace xgrad::solve

#pragma GCC visibility pop
