// Classes that have an order, such as ratings: one score, and thresholds between the classes.
#pragma once

#include <string_view>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Negative log-likelihood of the cumulative logit model (proportional odds); element by element, not reduced.
///
///     -ln(sigmoid(c_{y+1} - s) - sigmoid(c_y - s)),   c_0 = -infinity, c_1 < ... < c_{K-1} the thresholds, c_K =
///     infinity
///
/// \param score   s, any shape.
/// \param labels  y, int64 in [0, K), of the same shape.
/// \return        the shape of the score, nats, >= 0.
/// \throws ShapeError  unless both shapes are equal and the thresholds are [K - 1] or a number.
/// \throws TypeError   for labels that are not int64.
/// \throws ValueError  unless the thresholds increase, and for a label out of range (raised when evaluated).
/// \derivative  sigmoid(s - c_{y+1}) - sigmoid(c_y - s) with respect to s; smooth to every order, also for thresholds.
///              To keep trained thresholds in order, make them of a first one and the cumsum of softplus of free
///              numbers.
/// \source  P. McCullagh, Regression models for ordinal data, 1980.
struct Ordinal {
  static constexpr std::string_view name = "Ordinal";
  Var thresholds = 0.0;  ///< [K - 1], increasing; a number if K = 2. May be trained.
  bool check_targets = true;
  Var operator()(const Var& score, const Var& labels) const;
};
XGRAD_FIELDS(Ordinal, thresholds, check_targets)

}  // namespace xgrad::loss

#pragma GCC visibility pop
