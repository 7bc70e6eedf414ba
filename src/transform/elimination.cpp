// Elimination, by LU factors, of the matrices that linear_solve() forms.
#include <xgrad/ops/diagonal.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "linear_methods.hpp"
#include "ops/matrices.hpp"

namespace xgrad::detail {
namespace {

/// The largest size in each row (axis 1) or column (axis 0); 1 where that is 0.
Var largest_along(const Var& matrix, std::ptrdiff_t axis) {
  const Var largest = amax(abs(matrix), axis, keep_dims);
  return where(largest > 0.0, largest, 1.0);
}

}  // namespace

Eliminated eliminate(const Var& matrix, const Var& b) {
  // So what is a small pivot does not depend on units of equations, nor on those of unknowns.
  const Var rows = largest_along(matrix, 1);
  const Var scaled = matrix / rows;
  const LuFactors factors = lu_factors(stop_gradient(scaled), Without::NaN);
  const Var pivots = abs(diagonal(factors.packed)) / squeeze(largest_along(scaled, 0), 0);
  const Var x = lu_solve(scaled, factors, expand_dims(b, 1) / rows, false, Without::NaN);
  return {squeeze(x, 1), amin(pivots)};
}

}  // namespace xgrad::detail
