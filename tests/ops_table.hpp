// One row for every public operation and variant of it: the gradient tests, the coverage check of the primitives and
// the comparison with libtorch all go through this table.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

namespace xgrad::testing {

/// Arguments of one call.
using Case = std::vector<Var>;

/// An operation on the arguments of a case. Axes, slices and constants are part of the function.
using Operation = std::function<Var(const Case&)>;

struct OpRow {
  /// Unique: the operation, and after a dot the variant, such as "sum.axis".
  std::string name;
  Operation function;
  /// float64 arguments around which the operation is smooth; arguments of other types (indices, masks) are held fixed.
  std::vector<Case> smooth = {};
  /// Kinks, zeros of both signs, infinities, NaN, very large and very small numbers: values and first gradients only.
  std::vector<Case> special = {};
  /// Primitives (by their printed names) that this row is there to test: those it records or its derivatives do.
  std::vector<std::string> primitives = {};
  /// Key of the same operation in the comparison with libtorch; empty: another row compares it already.
  std::string torch = name;
  /// Largest allowed difference to libtorch, relative to the larger of 1 and the value.
  double torch_tolerance = 1e-10;
};

/// The rows with floating-point results, which have derivatives.
const std::vector<OpRow>& ops_table();

/// Rows with boolean or integer results (comparisons, logic, argmax, one_hot, casts): values only.
const std::vector<OpRow>& ops_without_derivative();

}  // namespace xgrad::testing
