// Reductions that take no notice of NaN: of the other elements alone. Integers have none.
//
// Of nothing but NaN, sums are 0, products 1, and all others NaN. The derivative of an element that is NaN is 0.
#pragma once

#include <xgrad/core/shape.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/quantile.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

Var nansum(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
Var nanprod(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
Var nanmean(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
/// \throws ValueError  if there is nothing to reduce.
Var nanmax(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
/// \throws ValueError  if there is nothing to reduce.
Var nanmin(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
/// See variance.
Var nanvar(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
Var nanvar(const Var& x, const Axes& axes, const VarianceOptions& options);
/// See stddev.
Var nanstd(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
Var nanstd(const Var& x, const Axes& axes, const VarianceOptions& options);
/// See median.
/// \throws ValueError  if there is nothing to reduce.
Var nanmedian(const Var& x, const Axes& axes = {}, KeepDims keep = KeepDims::no);
/// See quantile.
Var nanquantile(const Var& x, const Var& q, const Axes& axes = {}, const QuantileOptions& options = {});
/// See percentile.
Var nanpercentile(const Var& x, const Var& percents, const Axes& axes = {}, const QuantileOptions& options = {});
/// Running sums and products in which NaN counts as 0 or 1; see cumsum and cumprod.
Var nancumsum(const Var& x, std::ptrdiff_t axis = -1, Direction direction = Direction::Forward);
Var nancumprod(const Var& x, std::ptrdiff_t axis = -1, Direction direction = Direction::Forward);

/// Position of the first largest element that is not NaN, int64; of the flattened array, or along one axis.
/// \throws ValueError  if there is nothing to search; if all is NaN (raised when evaluated).
Var nanargmax(const Var& x);
Var nanargmax(const Var& x, std::ptrdiff_t axis, KeepDims keep = KeepDims::no);
/// Position of the first smallest element that is not NaN, as nanargmax.
Var nanargmin(const Var& x);
Var nanargmin(const Var& x, std::ptrdiff_t axis, KeepDims keep = KeepDims::no);

}  // namespace xgrad

#pragma GCC visibility pop
