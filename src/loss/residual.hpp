// What the losses of residuals share.
#pragma once

#include <string_view>

#include <xgrad/var.hpp>

namespace xgrad::loss::detail {

/// prediction - target, in floating point. An integer takes the type of the other argument: a float32 prediction of
/// counts has a float32 loss.
/// \throws ShapeError  unless both have one shape.
Var residual(std::string_view loss, const Var& prediction, const Var& target);

/// \throws ValueError  unless the setting is positive and finite.
void require_positive(std::string_view loss, std::string_view setting, double value);

}  // namespace xgrad::loss::detail
