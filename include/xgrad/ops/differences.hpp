// Differences of neighbours along an axis, and what is made of them: integrals and derivatives of sampled functions.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include <xgrad/core/shape.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Differences of neighbours, x[i + 1] - x[i], taken `times` times: the axis is that much shorter, or empty. Of
/// booleans whether they differ.
/// \throws ShapeError  for a scalar, and for an axis that x does not have.
Var diff(const Var& x, std::size_t times = 1, std::ptrdiff_t axis = -1);

struct EndsOfDifferences {
  std::optional<Var> to_begin = {};  ///< what is put before them
  std::optional<Var> to_end = {};    ///< what is put behind them
};
/// Differences of neighbours in the row-major order of all elements, and what is put before and behind them, in the
/// element type of all together: one axis.
Var ediff1d(const Var& x, const EndsOfDifferences& ends = {});

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

/// The derivatives along several axes, in their order; along all axes if none is named.
///
///     auto slopes = xg::gradient(y, {0.1, places}, {0, 1});
///
/// \param spacings  one for each axis, or one for all of them: numbers or places, as above.
/// \throws ShapeError  unless there are as many; for an axis that is named twice; as above.
[[nodiscard]] std::vector<Var> gradient(const Var& y, std::span<const Var> spacings, const Axes& axes = {},
                                        int edge_order = 1);
[[nodiscard]] std::vector<Var> gradient(const Var& y, std::initializer_list<Var> spacings, const Axes& axes = {},
                                        int edge_order = 1);

}  // namespace xgrad

#pragma GCC visibility pop
