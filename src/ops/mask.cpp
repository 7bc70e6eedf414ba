#include <xgrad/ops/mask.hpp>

#include <array>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>

#include "axes.hpp"
#include "core/text.hpp"
#include "internal.hpp"
#include "reductions.hpp"

namespace xgrad {
namespace {

Var truth_of(std::string_view operation, const Var& x) {
  detail::require_usable(x, operation);
  return x.dtype() == DType::Bool ? x : cast(x, DType::Bool);
}

/// The places of what is true, in row-major order.
std::vector<std::int64_t> true_places(std::string_view operation, const Var& x) {
  const Var truth = truth_of(operation, x);
  const Array<bool>& values = truth.array<bool>();
  std::vector<std::int64_t> places;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values.data()[i]) places.push_back(static_cast<std::int64_t>(i));
  }
  return places;
}

void require_axes(std::string_view operation, const Var& x) {
  detail::require_usable(x, operation);
  if (x.dimension() > 0) return;
  throw ShapeError(std::string(operation) + ": a scalar has no indices; there must be at least one axis");
}

/// Places in row-major order as one array for each axis.
std::vector<Var> indices_of(const std::vector<std::int64_t>& places, const Shape& shape) {
  std::vector<Var> result(shape.size());
  std::vector<std::int64_t> rest = places;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    const auto extent = static_cast<std::int64_t>(shape[axis]);
    std::vector<std::int64_t> along;
    along.reserve(rest.size());
    for (std::int64_t& place : rest) {
      along.push_back(place % extent);
      place /= extent;
    }
    result[axis] = Var(along);
  }
  return result;
}

}  // namespace

std::vector<Var> nonzero(const Var& x) {
  require_axes("nonzero", x);
  return indices_of(true_places("nonzero", x), x.shape());
}

std::vector<Var> nonzero(const Var& x, std::size_t size, std::int64_t fill) {
  require_axes("nonzero", x);
  const Var truth = flatten(truth_of("nonzero", x));
  const auto slots = static_cast<std::int64_t>(size);
  require_addressable({size + 1});
  // The k-th that is true goes to slot k; all others share the slot behind.
  const Var count = cumsum(truth, 0);
  const Var slot = where(truth, minimum(count - 1, slots), slots);
  const Var is_filled = detail::iota(size) < sum(truth);
  std::vector<Var> result;
  std::size_t inner = 1;
  for (std::size_t axis = x.dimension(); axis-- > 0;) {
    const std::size_t extent = x.shape()[axis];
    const std::array<std::size_t, 3> parts{inner == 0 || extent == 0 ? 0 : x.size() / (inner * extent), extent, inner};
    const Var along = flatten(broadcast_to(reshape(detail::iota(extent), {1, -1, 1}), Shape(parts)));
    const Var sent = scatter_add(along, slot, size + 1, 0);
    result.insert(result.begin(), where(is_filled, detail::slice_along(sent, 0, 0, size), Var(fill)));
    inner *= extent;
  }
  return result;
}

Var flatnonzero(const Var& x) { return Var(true_places("flatnonzero", x)); }

Var argwhere(const Var& x) {
  detail::require_usable(x, "argwhere");
  const std::vector<std::int64_t> places = true_places("argwhere", x);
  if (x.dimension() == 0) return broadcast_to(cast(0, DType::Int64), {places.size(), 0});
  return stack(indices_of(places, x.shape()), 1);
}

Var select(std::span<const Var> conditions, std::span<const Var> choices, const Var& otherwise) {
  if (conditions.empty() || conditions.size() != choices.size()) {
    throw ValueError("select: " + core::count_of(conditions.size(), "condition", "conditions") + " for " +
                     core::count_of(choices.size(), "choice", "choices") +
                     "; there must be one for each, and one at least");
  }
  std::vector<const Var*> all{&otherwise};
  for (const Var& each : conditions) all.push_back(&each);
  for (const Var& each : choices) all.push_back(&each);
  for (const Var* each : all) detail::require_usable(*each, "select");
  (void)detail::broadcast_shape("select", all);
  Var result = otherwise;
  for (std::size_t k = conditions.size(); k-- > 0;) result = where(conditions[k], choices[k], result);
  return result;
}

Var select(std::initializer_list<Var> conditions, std::initializer_list<Var> choices, const Var& otherwise) {
  return select(std::span<const Var>(conditions.begin(), conditions.size()),
                std::span<const Var>(choices.begin(), choices.size()), otherwise);
}

Var choose(const Var& index, std::span<const Var> choices) {
  static const Requirement in_range("choose: the index {} is negative or not less than the number of choices, {}");
  if (choices.empty()) throw ValueError("choose: there are no choices; there must be one at least");
  detail::require_indices("choose", index);
  std::vector<const Var*> all{&index};
  for (const Var& each : choices) all.push_back(&each);
  for (const Var* each : all) detail::require_usable(*each, "choose");
  (void)detail::broadcast_shape("choose", all);
  const auto count = static_cast<std::int64_t>(choices.size());
  const Var place = checked(index, index >= 0 && index < count, in_range, count);
  Var result = choices.back();
  for (std::size_t k = choices.size() - 1; k-- > 0;)
    result = where(equal(place, static_cast<std::int64_t>(k)), choices[k], result);
  // The last one, too, waits for the check, and takes the shape of the indices.
  return choices.size() == 1 ? where(equal(place, 0), result, result) : result;
}

Var choose(const Var& index, std::initializer_list<Var> choices) {
  return choose(index, std::span<const Var>(choices.begin(), choices.size()));
}

Var compress(const Var& condition, const Var& x, std::ptrdiff_t axis) {
  const std::size_t along = detail::normalize_axis("compress", axis, x);
  detail::require_usable(condition, "compress");
  if (condition.dimension() != 1 || condition.size() > x.shape()[along]) {
    throw ShapeError("compress: the condition " + to_string(condition.shape()) + " for axis " + std::to_string(along) +
                     " of " + to_string(x.shape()) + "; it must have one axis, not longer than that");
  }
  return take(x, Var(true_places("compress", condition)), static_cast<std::ptrdiff_t>(along));
}

Var compress(const Var& condition, const Var& x) {
  detail::require_usable(x, "compress");
  return compress(condition, flatten(x), 0);
}

Var extract(const Var& condition, const Var& x) {
  detail::require_usable(x, "extract");
  detail::require_usable(condition, "extract");
  if (condition.size() != x.size()) {
    throw ShapeError("extract: the condition " + to_string(condition.shape()) + " for " + to_string(x.shape()) +
                     "; there must be a truth value for each element");
  }
  return take(flatten(x), Var(true_places("extract", condition)), 0);
}

Var trim_zeros(const Var& x, Ends ends) {
  detail::require_usable(x, "trim_zeros");
  if (x.dimension() != 1) {
    throw ShapeError("trim_zeros: the array has the shape " + to_string(x.shape()) + "; it must have one axis");
  }
  const std::vector<std::int64_t> kept = true_places("trim_zeros", x);
  if (kept.empty()) return detail::part_along(x, 0, 0, 0);
  const auto first = static_cast<std::size_t>(kept.front());
  const auto end = static_cast<std::size_t>(kept.back()) + 1;
  const std::size_t from = ends == Ends::Back ? 0 : first;
  return detail::part_along(x, 0, from, (ends == Ends::Front ? x.size() : end) - from);
}

}  // namespace xgrad
