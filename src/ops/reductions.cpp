#include "reductions.hpp"

#include <algorithm>
#include <array>

#include "axes.hpp"
#include "internal.hpp"

namespace xgrad::detail {

Var floats_of(const Var& x) { return is_floating(x.dtype()) ? x : cast(x, DType::Float64); }

Var mask_of(std::string_view operation, const Var& mask, const Var& x) {
  require_usable(mask, operation);
  require_one_tape(operation, std::array{&mask, &x});
  return broadcast_to(operation, mask.dtype() == DType::Bool ? mask : cast(mask, DType::Bool), x.shape());
}

Var squeezed(const Var& x, const Shape& axes, KeepDims keep) {
  return keep == KeepDims::yes || axes.empty() ? x : reshape(x, without_axes(x.shape(), axes));
}

Var rows_along(const Var& x, const Shape& axes) {
  Shape order;
  for (std::size_t i = 0; i < x.dimension(); ++i) {
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) order.push_back(i);
  }
  for (const std::size_t axis : axes) order.push_back(axis);
  const std::size_t rows = size_of(without_axes(x.shape(), axes));
  return reshape(transpose(x, Axes(order)), {rows, extent_along(x.shape(), axes)});
}

Var part_along(const Var& x, std::size_t axis, std::size_t first, std::size_t count, std::ptrdiff_t step) {
  Shape shape = x.shape();
  shape[axis] = count;
  std::array<std::int64_t, 2 * max_dimension> starts_and_steps{};
  for (std::size_t i = 0; i < shape.size(); ++i) starts_and_steps[2 * i + 1] = 1;
  starts_and_steps[2 * axis] = static_cast<std::int64_t>(first);
  if (count > 1) starts_and_steps[2 * axis + 1] = step;
  return slice(x, shape, std::span(starts_and_steps.data(), 2 * shape.size()));
}

}  // namespace xgrad::detail
