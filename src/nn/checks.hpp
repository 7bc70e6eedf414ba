// What layers require of their settings and of what they are called with.
#pragma once

#include <string_view>

#include <xgrad/core/dtype.hpp>

namespace xgrad::nn {

/// \throws TypeError  unless weights of this element type can be trained.
void require_floating(std::string_view maker, DType dtype);

}  // namespace xgrad::nn
