// How far boxes overlap, for the losses and for the metric that is no loss.
#pragma once

#include <string_view>

#include <xgrad/ops/check.hpp>
#include <xgrad/var.hpp>

namespace xgrad::loss::detail {

/// Intersection over union, 0 of boxes without an area: [..., 4] and [..., 4] -> [...].
/// \throws ShapeError  in the name of the loss or metric, unless these are their shapes.
/// \throws ValueError  by the requirement, for a width or height that is negative.
Var intersection_over_union(std::string_view name, const Var& prediction, const Var& target,
                            const Requirement& requirement);

}  // namespace xgrad::loss::detail
