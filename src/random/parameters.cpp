#include "parameters.hpp"

#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>

#include "var/one_tape.hpp"

namespace xgrad::random::detail {

Shape shape_of_draws(std::string_view function, const Var& keys, const Shape& shape) {
  xgrad::detail::require_usable(keys, function);
  xgrad::detail::require_rank(function, keys.dimension() + shape.size());
  Shape result = keys.shape();
  for (const std::size_t extent : shape) result.push_back(extent);
  require_addressable(result);
  return result;
}

void require_floating(std::string_view function, DType dtype) {
  if (is_floating(dtype)) return;
  throw TypeError(std::string(function) + ": the element type is " + std::string(name(dtype)) +
                  "; it must be float32 or float64");
}

void require_integer(std::string_view function, std::string_view name_of_it, const Var& x) {
  xgrad::detail::require_usable(x, function);
  if (x.dtype() == DType::Int64) return;
  throw TypeError(std::string(function) + ": " + std::string(name_of_it) + " is " + std::string(name(x.dtype())) +
                  "; it must be an integer");
}

Var standard(Distribution distribution, std::string_view function, const KeyUse& key, const Shape& shape, DType dtype) {
  return xgrad::detail::random_draw(distribution, key.bits(), shape_of_draws(function, key.bits(), shape), dtype);
}

std::vector<Var> as_floats(std::string_view function, std::initializer_list<const Var*> parameters) {
  for (const Var* each : parameters) xgrad::detail::require_usable(*each, function);
  DType dtype = xgrad::detail::common_dtype(std::span(parameters.begin(), parameters.size()));
  if (!is_floating(dtype)) dtype = DType::Float64;
  std::vector<Var> result;
  for (const Var* each : parameters) result.push_back(cast(*each, dtype));
  return result;
}

std::vector<Var> Ready::expanded(std::string_view function) const {
  std::vector<Var> result;
  for (const Var& each : values) result.push_back(xgrad::detail::broadcast_to(function, each, shape));
  return result;
}

Ready ready(std::string_view function, const Var& keys, std::vector<Var> values, const std::optional<Shape>& shape) {
  std::vector<const Var*> pointers;
  for (const Var& each : values) pointers.push_back(&each);
  const Shape common = xgrad::detail::broadcast_shape(function, pointers);
  pointers.push_back(&keys);
  xgrad::detail::require_one_tape(function, pointers);
  return {std::move(values), shape_of_draws(function, keys, shape.value_or(common))};
}

Var positive(const Var& x, const Requirement& requirement) {
  return checked(x, x > 0.0 && x < std::numeric_limits<double>::infinity(), requirement);
}

Var probability(const Var& x, const Requirement& requirement) { return checked(x, x >= 0.0 && x <= 1.0, requirement); }

}  // namespace xgrad::random::detail
