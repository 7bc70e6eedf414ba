// What the functions that draw share: shapes, and parameters made ready.
#pragma once

#include <array>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include <xgrad/ops/check.hpp>
#include <xgrad/random/key.hpp>

#include "ops/axes.hpp"
#include "ops/internal.hpp"
#include "ops/random.hpp"

namespace xgrad::random::detail {

using xgrad::detail::Distribution;
using xgrad::detail::Family;

/// The axes of the keys, then those that each draws.
/// \throws ShapeError  if these are too many, or more elements than can be.
Shape shape_of_draws(std::string_view function, const Var& keys, const Shape& shape);

/// \throws TypeError  unless the element type is floating-point.
void require_floating(std::string_view function, DType dtype);
/// \throws TypeError  unless it is an integer.
void require_integer(std::string_view function, std::string_view name, const Var& x);

/// Numbers of a distribution without parameters.
Var standard(Distribution distribution, std::string_view function, const KeyUse& key, const Shape& shape, DType dtype);

/// Parameters of one floating-point type: float64 for integers.
std::vector<Var> as_floats(std::string_view function, std::initializer_list<const Var*> parameters);

/// Parameters, and the shape of what is drawn with them.
struct Ready {
  std::vector<Var> values;
  Shape shape;

  [[nodiscard]] DType dtype() const { return values[0].dtype(); }
  /// Each in the whole shape.
  [[nodiscard]] std::vector<Var> expanded(std::string_view function) const;
};

/// \param shape  without the axes of the keys; nothing: that to which the parameters broadcast.
/// \throws ShapeError  if they do not broadcast to each other or to the shape.
Ready ready(std::string_view function, const Var& keys, std::vector<Var> values, const std::optional<Shape>& shape);

/// x, checked to be positive and finite.
Var positive(const Var& x, const Requirement& requirement);
/// x, checked to be a probability.
Var probability(const Var& x, const Requirement& requirement);

}  // namespace xgrad::random::detail
