// Minima of scalar functions: minimise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <xgrad/random/key.hpp>
#include <xgrad/solve/proximal.hpp>
#include <xgrad/solve/report.hpp>

#pragma GCC visibility push(default)

namespace xgrad::solve {

// ---- searches along a line

/// Steps for which the value falls by `decrease` and the slope to `curvature` of what it was: the strong conditions of
/// Wolfe. Each trial takes the gradient.
/// \source  J. J. Moré and D. J. Thuente, Line search algorithms with guaranteed sufficient decrease, 1994.
struct StrongWolfe {
  double decrease = 1e-4;   ///< 0 < decrease < curvature
  double curvature = 0.9;   ///< < 1
  std::size_t trials = 40;  ///< at most
};

/// Steps are shortened until the value falls by `decrease` of what the slope says. Trials take no gradient.
/// \source  L. Armijo, Minimization of functions having Lipschitz continuous first partial derivatives, 1966.
struct Armijo {
  double decrease = 1e-4;   ///< between 0 and 1
  double shrink = 0.5;      ///< between 0 and 1
  std::size_t trials = 60;  ///< at most
};

/// Steps for which the value falls by `decrease` and the slope rises to `curvature` of what it was, or, where values
/// have no digits left to tell, for which slopes say so: the approximate conditions of Wolfe. By secants from both ends
/// of an interval. Each trial takes the gradient.
/// \source  W. W. Hager and H. Zhang, A new conjugate gradient method with guaranteed descent and an efficient line
///          search, 2005 (CG_DESCENT).
struct HagerZhang {
  double decrease = 0.1;    ///< 0 < decrease < 0.5, and at most curvature
  double curvature = 0.9;   ///< < 1
  double rounding = 1e-6;   ///< what a value may rise, beside itself, where slopes decide; >= 0
  std::size_t trials = 50;  ///< at most
};

using LineSearch = std::variant<StrongWolfe, HagerZhang, Armijo>;

// ---- methods

/// Down the gradient; the first step of a search is that of Barzilai and Borwein 1988.
struct GradientDescent {
  LineSearch search = StrongWolfe{};
};

/// What the last direction is multiplied by, y being the change of the gradient.
enum class Conjugate : std::uint8_t {
  FletcherReeves,   ///< 1964
  PolakRibiere,     ///< 1969, not below 0
  HestenesStiefel,  ///< 1952, not below 0
  DaiYuan,          ///< 1999
  HagerZhang        ///< 2005, CG_DESCENT
};

/// Conjugate gradients, which go on from the gradient where the direction is not downhill.
struct NonlinearCG {
  Conjugate rule = Conjugate::HagerZhang;
  LineSearch search = StrongWolfe{.curvature = 0.1};
};

/// Broyden, Fletcher, Goldfarb, Shanno 1970: the inverse Hessian, n x n, from changes of the gradient.
struct BFGS {
  LineSearch search = StrongWolfe{};
};

/// The same from the last changes. \source  J. Nocedal, Updating quasi-Newton matrices with limited storage, 1980.
struct LBFGS {
  std::size_t memory = 10;  ///< > 0
  LineSearch search = StrongWolfe{};
};

/// L-BFGS within bounds: the least of the quadratic model along the projected gradient says which bounds are met, the
/// other variables go to the least of the model among them.
/// \source  R. H. Byrd, P. Lu, J. Nocedal and C. Zhu, A limited memory algorithm for bound constrained optimization,
///          1995; J. L. Morales and J. Nocedal, Remark on Algorithm 778, 2011.
struct LBFGSB {
  std::size_t memory = 10;  ///< > 0
  StrongWolfe search = {};
};

/// Newton's direction by conjugate gradients with Hessian products, as exact as the gradient is small, to the first
/// negative curvature. \source  R. S. Dembo and T. Steihaug, Truncated-Newton algorithms, 1983.
struct NewtonCG {
  LineSearch search = StrongWolfe{};
};

/// How a trust region finds the least of the quadratic model in it.
enum class Subproblem : std::uint8_t {
  Exact,     ///< the Hessian, n products, and its eigenvalues: Moré and Sorensen 1983. The region is an ellipsoid
  Steihaug,  ///< conjugate gradients to the boundary, to negative curvature, or as exact as the gradient is small: 1983
  Dogleg     ///< of gradient and Newton's step, the Hessian made positive: Powell 1970
};

/// Newton's method where the quadratic model is trusted, with exact Hessians; finds its way out of saddle points.
/// \source  A. R. Conn, N. I. M. Gould and P. L. Toint, Trust Region Methods, 2000.
struct TrustRegion {
  Subproblem subproblem = Subproblem::Exact;
  double radius = 1.0;  ///< the first one, > 0, times the scaled norm of the start or 1
};

/// A simplex that turns, stretches and shrinks; without derivatives.
/// \source  J. A. Nelder and R. Mead, A simplex method for function minimization, 1965; factors that depend on the
///          number of variables: F. Gao and L. Han, 2012.
struct NelderMead {
  double size = 0.05;  ///< of the first simplex, beside the parameters; > 0
};

/// Generations of samples of a normal distribution, whose mean and covariance follow the better half; without
/// derivatives, for objectives with many minima, noise or kinks. The same key gives the same bits.
/// \source  N. Hansen, The CMA evolution strategy: a tutorial, 2016 (arXiv:1604.00772), with negative weights.
struct CMAES {
  double size = 0.3;           ///< the first standard deviation of each parameter, > 0: a third of the way to a minimum
  std::size_t population = 0;  ///< of a generation; 0: 4 + 3 ln n; more for more minima. Else at least 4
  random::Key key = random::Key(0);
};

/// Down a gradient that two values along random signs estimate, whatever the number of parameters; without derivatives.
/// The result is the last point. Step k is a / (k + 1 + A)^0.602, where A is a tenth of the iterations allowed, and the
/// signs are times `difference` / (k + 1)^0.101. The same key gives the same bits.
/// \source  J. C. Spall, Implementation of the simultaneous perturbation algorithm for stochastic optimization, 1998.
struct SPSA {
  double size = 0.1;         ///< what the first steps change a parameter by, > 0; none changes it more
  double difference = 0.01;  ///< > 0; about the noise of the values
  random::Key key = random::Key(0);
};

using Minimiser = std::variant<LBFGS, BFGS, LBFGSB, NewtonCG, TrustRegion, NonlinearCG, GradientDescent, NelderMead,
                               ProximalGradient, FrankWolfe, MirrorDescent, CMAES, SPSA>;

struct MinimiseOptions {
  /// The largest |component| of the gradient; bounds that hold it count as 0. None: 4500 times the rounding error of
  /// the coarsest element type, 1e-12 in double.
  std::optional<double> gradient = std::nullopt;
  /// |step| / |x|. None: the rounding error; of NelderMead, which looks at its simplex, of CMAES, at its deviations,
  /// and of SPSA, at its last ten steps, the square root of that.
  std::optional<double> step = std::nullopt;
  /// What the value loses in an iteration, beside itself. None: the rounding error.
  std::optional<double> reduction = std::nullopt;
  std::size_t iterations = 10000;
  std::size_t evaluations = 100000;
  Bound lower = {};  ///< for LBFGSB
  Bound upper = {};
  Observer observer = nullptr;
};

/// What minimise found.
template <class T>
struct Minimum : Report {
  T parameters;
};

namespace detail {

struct Minimised {
  std::vector<Var> parameters;
  Report report;
};
Minimised minimise(const LeavesFunction& objective, const Start& start, const Minimiser& method,
                   const MinimiseOptions& options);

}  // namespace detail

/// The parameters for which an objective is least, from a start downhill.
///
///     auto found = xg::solve::minimise(objective, start, xg::solve::TrustRegion{});
///     std::cout << found << '\n';                                // why it ended, and what it took
///
/// \param objective  (parameters) -> a scalar, of operations on Vars. It is compiled once, with its derivatives.
/// \param start      a tree of floating-point Vars, or a number, or an array.
/// Where the objective is not finite, steps are shortened.
///
/// \throws TypeError   unless parameters and objective are floating-point.
/// \throws ShapeError  if there are no parameters; if the objective is no scalar; if bounds do not fit the parameters.
/// \throws ValueError  for options out of range; for a start that is not finite, or outside of its bounds, or where the
///                     objective is not finite; for bounds of which the lower is not below the upper; for bounds with
///                     a method that has none.
/// \throws TapeError   if the objective asks for values.
template <class F, class T>
[[nodiscard]] auto minimise(const F& objective, const T& start, const Minimiser& method = {},
                            const MinimiseOptions& options = {}) {
  using Tree = detail::differentiated_t<T>;
  static_assert(std::is_convertible_v<std::invoke_result_t<const F&, const Tree&>, Var>,
                "solve::minimise: the objective returns a Var, one number");
  const Tree at(start);
  const auto of_leaves = [&](std::span<const Var> leaves) {
    return std::vector<Var>{objective(tree::with_leaves(at, leaves))};
  };
  detail::Minimised found = detail::minimise(detail::LeavesFunction(of_leaves), detail::start_of(at), method, options);
  return Minimum<Tree>{found.report, tree::with_leaves(at, found.parameters)};
}

}  // namespace xgrad::solve

#pragma GCC visibility pop
