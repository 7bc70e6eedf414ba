// Sets and terms that a step of proximal gradients can deal with: projections, and the l1 norm.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include <xgrad/solve/report.hpp>

#pragma GCC visibility push(default)

namespace xgrad::solve {

// All are of the elements of all leaves together.

/// lower <= x <= upper, for each element: a box. That of -r and r is the ball of the largest |element|.
struct Interval {
  Bound lower = {};
  Bound upper = {};  ///< >= lower
};

/// x >= 0 and sum x = sum: weights, a portfolio. \source  M. Held, P. Wolfe and H. P. Crowder, 1974.
struct Simplex {
  double sum = 1.0;  ///< > 0
};

/// |x| <= radius, in the 2-norm.
struct Ball {
  double radius = 1.0;  ///< > 0
};

/// sum |x| <= radius. \source  J. Duchi et al., Efficient projections onto the l1-ball, 2008.
struct L1Ball {
  double radius = 1.0;  ///< > 0
};

/// normal . x <= offset.
struct HalfSpace {
  Bound normal = 1.0;  ///< a tree like x, or a number for all elements; not 0
  double offset = 0.0;
};

/// normal . x = offset.
struct Hyperplane {
  Bound normal = 1.0;  ///< as of HalfSpace
  double offset = 0.0;
};

/// weight sum |x|, no set: added to the objective (lasso).
struct L1 {
  double weight = 1.0;  ///< >= 0
};

using Term = std::variant<Interval, Simplex, Ball, L1Ball, HalfSpace, L1, Hyperplane>;

/// Proximal gradients: a step down the gradient of the objective, then to the nearest point of a set, or that which
/// weighs the l1 norm against the way. Accelerated (FISTA), begun anew where that leads uphill.
/// \source  A. Beck and M. Teboulle, A fast iterative shrinkage-thresholding algorithm, 2009; B. O'Donoghue and
///          E. Candès, Adaptive restart for accelerated gradient schemes, 2015.
struct ProximalGradient {
  Term term = Interval{};
  bool accelerated = true;
  double step = 1.0;  ///< the first one; halved until the objective is below its quadratic bound. > 0
};

// ---- other methods for sets

/// Conditional gradients: towards the corner of a set to which the gradient points, without projections. In a polytope
/// the weight of that corner is taken from the corner, of those that make up x, to which the gradient points least.
/// What is left to gain is at most the duality gap, gradient . (x - corner), if the objective is convex; it stands for
/// the gradient in reports.
/// \source  M. Frank and P. Wolfe, 1956; S. Lacoste-Julien and M. Jaggi, On the global linear convergence of Frank-Wolfe
///          optimization variants, 2015.
struct FrankWolfe {
  Term set = Simplex{};  ///< one with corners: Simplex, L1Ball, Ball, an Interval with bounds
  /// Ends where the gap is so small; >= 0. None: 4500 times the rounding error of the value, or of 1.
  std::optional<double> gap = std::nullopt;
};

/// Relative entropy, on the simplex x >= 0, sum x = sum: steps multiply. The start is above 0.
struct Entropy {
  double sum = 1.0;  ///< > 0
};

/// Any convex function of the vector of all elements, on an open set that the start is in.
struct MirrorMap {
  std::function<Var(const Var&)> potential;  ///< [n] -> scalar, of operations on Vars; strictly convex
  std::function<Var(const Var&)> inverse;    ///< [n] -> [n], of the gradient of the potential
};

/// Mirror descent: the gradient is taken off the gradient of a potential, whose Bregman divergence says how far a step
/// is. Of Entropy the duality gap stands for the gradient, as of FrankWolfe.
/// \source  A. S. Nemirovsky and D. B. Yudin 1983; A. Beck and M. Teboulle, Mirror descent and nonlinear projected
///          subgradient methods, 2003; H. Lu, R. M. Freund and Y. Nesterov, Relatively smooth convex optimization,
///          2018.
struct MirrorDescent {
  std::variant<Entropy, MirrorMap> mirror = Entropy{};
  double step = 1.0;  ///< the first one; halved until the objective is below its bound by the divergence. > 0
  std::optional<double> gap = std::nullopt;  ///< of Entropy, as of FrankWolfe
};

namespace detail {
std::vector<Var> project(const Start& start, const Term& term);
}

/// The nearest point of a set, element types as they are; of L1{w} the least of w sum |z| + |z - x|^2 / 2.
/// \throws TypeError, ShapeError, ValueError  for x that is not floating-point or not finite, and settings out of range.
template <class T>
[[nodiscard]] detail::differentiated_t<T> project(const T& x, const Term& term) {
  const detail::differentiated_t<T> at(x);
  return tree::with_leaves(at, detail::project(detail::start_of(at), term));
}

}  // namespace xgrad::solve

#pragma GCC visibility pop
