// What layers require of their settings and of what they are called with.
#pragma once

#include <string_view>

#include <xgrad/core/dtype.hpp>
#include <xgrad/core/shape.hpp>
#include <xgrad/var.hpp>

namespace xgrad::nn {

/// \throws TypeError  unless weights of this element type can be trained.
void require_floating(std::string_view maker, DType dtype);

/// Nothing is broadcast: a bias of one element would do for all outputs.
/// \throws ShapeError  unless it has this shape.
void require_weight(std::string_view layer, std::string_view what, const Var& weight, const Shape& shape);

/// \throws ValueError  unless it is a probability, with which elements are left out.
void require_rate(std::string_view layer, double rate);

/// \throws ValueError  unless waves of places can have this base.
void require_base(std::string_view function, double base);

}  // namespace xgrad::nn
