// Sets and terms that a step of proximal gradients can deal with: projections, and the l1 norm.
#pragma once

#include <limits>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include <xgrad/solve/report.hpp>

#pragma GCC visibility push(default)

namespace xgrad::solve {

// All are of the elements of all leaves together.

/// lower <= x <= upper, for each element.
struct Interval {
  double lower = -std::numeric_limits<double>::infinity();
  double upper = std::numeric_limits<double>::infinity();  ///< >= lower
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

/// weight sum |x|, no set: added to the objective (lasso).
struct L1 {
  double weight = 1.0;  ///< >= 0
};

using Term = std::variant<Interval, Simplex, Ball, L1Ball, HalfSpace, L1>;

/// Proximal gradients: a step down the gradient of the objective, then to the nearest point of a set, or that which
/// weighs the l1 norm against the way. Accelerated (FISTA), begun anew where that leads uphill.
/// \source  A. Beck and M. Teboulle, A fast iterative shrinkage-thresholding algorithm, 2009; B. O'Donoghue and
///          E. Candès, Adaptive restart for accelerated gradient schemes, 2015.
struct ProximalGradient {
  Term term = Interval{};
  bool accelerated = true;
  double step = 1.0;  ///< the first one; halved until the objective is below its quadratic bound. > 0
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
