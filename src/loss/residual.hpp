// What the losses of residuals share.
#pragma once

#include <string_view>

#include <xgrad/var.hpp>

#include "ops/internal.hpp"

namespace xgrad::loss::detail {

using xgrad::detail::residual;

/// \throws ValueError  unless the setting is positive and finite.
void require_positive(std::string_view loss, std::string_view setting, double value);

}  // namespace xgrad::loss::detail
