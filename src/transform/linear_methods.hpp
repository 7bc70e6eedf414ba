// Methods that solve systems of linear equations, as recorded programs.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include <xgrad/transform/linear_solve.hpp>

namespace xgrad::detail {

/// What LinearSolveOptions say, for a system of known size and element type.
struct LinearMethod {
  std::string operation;  ///< for messages
  LinearSolve method;
  double tolerance;
  std::size_t max_iterations;
  std::size_t restart;
  bool is_linear;  ///< known to be: matvec(0) need not be looked at
};

/// \param precision  the element type with the least digits among those of the unknowns.
/// \throws ValueError  for options out of range.
LinearMethod make_linear_method(std::string operation, const LinearSolveOptions& options, std::size_t unknowns,
                                DType precision, bool is_linear);

/// The distance from 1 to the next larger number of a floating-point type.
double epsilon_of(DType dtype);

/// v -> A v, of vectors.
using MatVec = std::function<Var(const Var&)>;

/// x of A x = b, with the requirement that it is one.
Var solved(const MatVec& apply, const Var& b, const LinearMethod& how);

/// What an iterative method adds to x to make a residual small, and how many iterations it took.
struct Correction {
  Var x;
  Var iterations;
};

/// From a residual r with the norm |r| > target, with at most so many iterations (int64).
Correction conjugate_gradient(const MatVec& apply, const Var& r, const Var& target, const Var& at_most);
Correction bicgstab(const MatVec& apply, const Var& r, const Var& target, const Var& at_most);
Correction gmres(const MatVec& apply, const Var& r, const Var& target, const Var& at_most, std::size_t restart);

/// What elimination with partial pivoting makes of a matrix [n, n] and a vector [n].
struct Eliminated {
  Var x;
  Var pivot;  ///< the smallest |pivot|, where rows and columns have 1 as their largest element
};
Eliminated eliminate(const Var& matrix, const Var& b);

}  // namespace xgrad::detail
