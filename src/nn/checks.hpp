// What layers require of their settings and of what they are called with.
#pragma once

#include <string_view>

#include <xgrad/core/dtype.hpp>

namespace xgrad::nn {

/// \throws TypeError  unless weights of this element type can be trained.
void require_floating(std::string_view maker, DType dtype);

/// \throws ValueError  unless it is a probability, with which elements are left out.
void require_rate(std::string_view layer, double rate);

/// \throws ValueError  unless waves of places can have this base.
void require_base(std::string_view function, double base);

}  // namespace xgrad::nn
