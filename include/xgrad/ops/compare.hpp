// Comparisons of floating-point numbers that allow for rounding, and of whole arrays. They have no derivative.
#pragma once

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// How far numbers may be apart: absolute + relative |b|.
struct CloseOptions {
  double relative = 1e-5;
  double absolute = 1e-8;
  bool equal_nan = false;  ///< whether NaN is close to NaN
};

/// Whether |a - b| <= absolute + relative |b|, element by element; infinities are close to those of their sign alone.
/// \throws ShapeError  unless both broadcast.
/// \throws ValueError  for a tolerance that is negative or NaN.
Var isclose(const Var& a, const Var& b, const CloseOptions& options = {});
/// Whether all elements are close.
/// \throws ShapeError, ValueError  as isclose.
Var allclose(const Var& a, const Var& b, const CloseOptions& options = {});

/// Whether two arrays have one shape and equal elements; `equal_nan` says whether NaN equals NaN.
Var array_equal(const Var& a, const Var& b, bool equal_nan = false);
/// Whether two arrays broadcast, and their elements are equal then.
Var array_equiv(const Var& a, const Var& b);

Var isposinf(const Var& x);  ///< whether x is infinity
Var isneginf(const Var& x);  ///< whether x is -infinity

}  // namespace xgrad

#pragma GCC visibility pop
