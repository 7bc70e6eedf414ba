#include <xgrad/ops/index.hpp>

#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>

#include "axes.hpp"
#include "internal.hpp"

namespace xgrad {

using namespace primitives;

void detail::require_indices(std::string_view operation, const Var& indices, std::string_view what) {
  require_usable(indices, operation);
  if (indices.dtype() != DType::Int64) {
    throw TypeError(std::string(operation) + ": the " + std::string(what) + " are " +
                    std::string(name(indices.dtype())) + " " + to_string(indices.shape()) + "; they must be integers");
  }
}

Var take(const Var& x, const Var& indices, std::ptrdiff_t axis) {
  detail::require_indices("take", indices);
  const std::size_t along = detail::normalize_axis("take", axis, x);
  detail::require_rank("take", x.dimension() - 1 + indices.dimension());
  return detail::take(x, indices, along, Chooser::Take);
}

Var detail::take(const Var& x, const Var& indices, std::size_t along, Chooser chooser) {
  Shape shape(x.shape().begin(), x.shape().begin() + along);
  for (const std::size_t extent : indices.shape()) shape.push_back(extent);
  for (std::size_t i = along + 1; i < x.dimension(); ++i) shape.push_back(x.shape()[i]);
  const std::array attributes{static_cast<std::int64_t>(along), static_cast<std::int64_t>(chooser)};
  return detail::record<Take>(x.dtype(), shape, {&x, &indices}, attributes);
}

Var take(const Var& x, const Var& indices) {
  detail::require_usable(x, "take");
  return take(flatten(x), indices, 0);
}

Var take_along_axis(const Var& x, const Var& indices, std::ptrdiff_t axis) {
  detail::require_indices("take_along_axis", indices);
  const std::size_t along = detail::normalize_axis("take_along_axis", axis, x);
  if (x.dimension() != indices.dimension()) {
    throw ShapeError("take_along_axis: the shapes " + to_string(x.shape()) + " and (indices) " +
                     to_string(indices.shape()) + " must have the same number of axes");
  }
  Shape values = x.shape();
  Shape index_shape = indices.shape();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i == along || values[i] == index_shape[i]) continue;
    if (values[i] != 1 && index_shape[i] != 1) {
      throw ShapeError("take_along_axis: the shapes " + to_string(x.shape()) + " and (indices) " +
                       to_string(indices.shape()) + " do not broadcast beside axis " + std::to_string(along));
    }
    values[i] = index_shape[i] = values[i] == 1 ? index_shape[i] : values[i];
  }
  return detail::take_along_axis(detail::expand_to(x, values), detail::expand_to(indices, index_shape), along,
                                 Chooser::TakeAlongAxis);
}

Var detail::take_along_axis(const Var& x, const Var& indices, std::size_t axis, Chooser chooser) {
  const std::array attributes{static_cast<std::int64_t>(axis), static_cast<std::int64_t>(chooser)};
  return record<TakeAlongAxis>(x.dtype(), indices.shape(), {&x, &indices}, attributes);
}

Var scatter_add(const Var& x, const Var& indices, std::size_t extent, std::ptrdiff_t axis) {
  detail::require_indices("scatter_add", indices);
  detail::require_usable(x, "scatter_add");
  const std::size_t taken = indices.dimension();
  const bool enough = x.dimension() >= taken;
  Shape shape(enough ? x.dimension() - taken + 1 : 1, extent);
  const std::size_t along = detail::normalize_axis("scatter_add", axis, shape);
  bool fits = enough;
  for (std::size_t i = 0; fits && i < x.dimension(); ++i) {
    const bool inside = i >= along && i < along + taken;
    if (inside) fits = x.shape()[i] == indices.shape()[i - along];
    else shape[i < along ? i : i - taken + 1] = x.shape()[i];
  }
  if (!fits) {
    throw ShapeError("scatter_add: " + to_string(x.shape()) + " and the indices " + to_string(indices.shape()) +
                     " do not fit; the shape of the indices must stand in that of x at axis " + std::to_string(along));
  }
  return detail::scatter_add(x, indices, shape, along, Chooser::ScatterAdd);
}

Var scatter_add_along_axis(const Var& x, const Var& indices, std::size_t extent, std::ptrdiff_t axis) {
  detail::require_indices("scatter_add_along_axis", indices);
  const std::size_t along = detail::normalize_axis("scatter_add_along_axis", axis, x);
  if (x.shape() != indices.shape()) {
    throw ShapeError("scatter_add_along_axis: " + to_string(x.shape()) + " and the indices " +
                     to_string(indices.shape()) + " must have the same shape");
  }
  Shape shape = x.shape();
  shape[along] = extent;
  return detail::scatter_add_along_axis(x, indices, shape, along, Chooser::ScatterAddAlongAxis);
}

Var one_hot(const Var& labels, std::size_t classes, DType dtype) {
  detail::require_indices("one_hot", labels, "labels");
  detail::require_rank("one_hot", labels.dimension() + 1);
  Shape shape = labels.shape();
  shape.push_back(classes);
  return detail::record<OneHot>(dtype, shape, {&labels});
}

namespace detail {

Var scatter_add(const Var& x, const Var& indices, const Shape& shape, std::size_t axis, Chooser chooser) {
  const std::array attributes{static_cast<std::int64_t>(axis), static_cast<std::int64_t>(chooser)};
  return record<ScatterAdd>(x.dtype(), shape, {&x, &indices}, attributes);
}

Var places(const Var& indices, std::size_t extent, Chooser chooser) {
  static const std::vector<Requirement> requirements = [] {
    std::vector<Requirement> all;
    for (const std::string_view name : names_of_choosers)
      all.emplace_back(std::string(name) + ": index {} is out of range for an axis of extent {}");
    return all;
  }();
  const auto most = static_cast<std::int64_t>(extent);
  const Var in_range = indices >= -most && indices < most;
  const Var known = checked(indices, in_range, requirements[static_cast<std::size_t>(chooser)], most);
  return where(known < 0, known + most, known);
}

Var scatter_extremum(const Var& values, const Var& indices, const Var& rows, Chooser chooser, bool smallest,
                     bool only_values) {
  const std::array<std::int64_t, 4> attributes{0, static_cast<std::int64_t>(chooser), smallest ? 1 : 0,
                                               only_values ? 1 : 0};
  return record<ScatterExtremum>(rows.dtype(), rows.shape(), {&values, &indices, &rows}, attributes);
}

Var scatter_add_along_axis(const Var& x, const Var& indices, const Shape& shape, std::size_t axis, Chooser chooser) {
  const std::array attributes{static_cast<std::int64_t>(axis), static_cast<std::int64_t>(chooser)};
  return record<ScatterAddAlongAxis>(x.dtype(), shape, {&x, &indices}, attributes);
}

}  // namespace detail
}  // namespace xgrad
