// Differences of neighbours along an axis, and what is made of them: integrals and derivatives of sampled functions.
#pragma once

#include <cstddef>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Differences of neighbours, x[i + 1] - x[i], taken `times` times: the axis is that much shorter, or empty. Of
/// booleans whether they differ.
/// \throws ShapeError  for a scalar, and for an axis that x does not have.
Var diff(const Var& x, std::size_t times = 1, std::ptrdiff_t axis = -1);

/// Integral by the trapezoidal rule, the sum of (y[i] + y[i + 1]) / 2 times the distance of the samples; of less than
/// two samples 0.
///
/// \param spacing  a number, the distance between neighbours; or the places of the samples, [n] or in the shape of y.
/// \throws ShapeError  unless it is one of these; for an axis that y does not have.
Var trapezoid(const Var& y, const Var& spacing = 1.0, std::ptrdiff_t axis = -1);

/// Derivative of a sampled function along one axis, in the shape of y: differences of second order, which know the
/// distances to both sides; at the ends one-sided ones of the order `edge_order`, 1 or 2. NumPy's `gradient`: the
/// derivative of a program is `grad`.
///
/// \param spacing  a number, the distance between neighbours; or the places of the samples, [n].
/// \throws ShapeError  unless it is one of these; for less than edge_order + 1 samples; for an axis that y does not have.
/// \throws ValueError  unless edge_order is 1 or 2.
Var gradient(const Var& y, const Var& spacing = 1.0, std::ptrdiff_t axis = -1, int edge_order = 1);

}  // namespace xgrad

#pragma GCC visibility pop
