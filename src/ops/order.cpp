#include <xgrad/ops/order.hpp>

#include <array>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>

#include "axes.hpp"
#include "internal.hpp"

namespace xgrad {

using namespace primitives;

Var lexsort(std::span<const Var> keys, std::ptrdiff_t axis) {
  if (keys.empty()) throw ValueError("lexsort: there are no keys; there must be one at least");
  for (const Var& each : keys) detail::require_same_shape("lexsort", keys.front(), each, "first key", "other key");
  (void)detail::normalize_axis("lexsort", axis, keys.front());
  Var order = argsort(keys.front(), axis);
  for (const Var& each : keys.subspan(1))  // those that are equal keep the order of the keys before
    order = take_along_axis(order, argsort(take_along_axis(each, order, axis), axis), axis);
  return order;
}

Var lexsort(std::initializer_list<Var> keys, std::ptrdiff_t axis) {
  return lexsort(std::span<const Var>(keys.begin(), keys.size()), axis);
}

Var argsort(const Var& x, std::ptrdiff_t axis, Order order) {
  const std::size_t along = detail::normalize_axis("argsort", axis, x);
  const std::array<std::int64_t, 2> attributes{static_cast<std::int64_t>(along), order == Order::Descending ? 1 : 0};
  return detail::record<ArgSort>(DType::Int64, x.shape(), {&x}, attributes);
}

Var sort(const Var& x, std::ptrdiff_t axis, Order order) {
  const std::size_t along = detail::normalize_axis("sort", axis, x);
  return take_along_axis(x, argsort(x, axis, order), static_cast<std::ptrdiff_t>(along));
}

std::pair<Var, Var> top_k(const Var& x, std::size_t k, std::ptrdiff_t axis, Order order) {
  const std::size_t along = detail::normalize_axis("top_k", axis, x);
  if (k > x.shape()[along]) {
    throw ValueError("top_k: " + std::to_string(k) + " of " + std::to_string(x.shape()[along]) +
                     " elements along axis " + std::to_string(along) + " of " + to_string(x.shape()) +
                     "; there must be as many");
  }
  Shape shape = x.shape();
  shape[along] = k;
  const std::array<std::int64_t, 3> attributes{static_cast<std::int64_t>(along), order == Order::Descending ? 1 : 0,
                                               static_cast<std::int64_t>(k)};
  const std::array types{ir::ArrayType{x.dtype(), shape}, ir::ArrayType{DType::Int64, shape}};
  std::vector<Var> results = detail::record_several(primitives::opcode<TopK>, types, std::array{&x}, attributes);
  return {std::move(results[0]), std::move(results[1])};
}

Var cumsum(const Var& x, std::ptrdiff_t axis, Direction direction) {
  const std::size_t along = detail::normalize_axis("cumsum", axis, x);
  const Var numbers = x.dtype() == DType::Bool ? cast(x, DType::Int64) : x;
  const std::array<std::int64_t, 2> attributes{static_cast<std::int64_t>(along),
                                               direction == Direction::Backward ? 1 : 0};
  return detail::record<CumulativeSum>(numbers.dtype(), x.shape(), {&numbers}, attributes);
}

Var logcumsumexp(const Var& x, std::ptrdiff_t axis, Direction direction) {
  const std::size_t along = detail::normalize_axis("logcumsumexp", axis, x);
  const bool backward = direction == Direction::Backward;
  const std::size_t extent = x.shape()[along];
  const auto part = [&](const Var& y, std::size_t first, std::size_t count) {
    Shape shape = y.shape();
    shape[along] = count;
    std::array<std::int64_t, 2 * max_dimension> starts_and_steps{};
    for (std::size_t i = 0; i < shape.size(); ++i) starts_and_steps[2 * i + 1] = 1;
    starts_and_steps[2 * along] = static_cast<std::int64_t>(first);
    return detail::slice(y, shape, std::span(starts_and_steps.data(), 2 * shape.size()));
  };
  // Sums of 1, 2, 4, ... neighbours (W. D. Hillis and G. L. Steele, 1986): each step adds numbers in the logarithm, so
  // nothing overflows and nothing small is lost beside what came before it, and derivatives of any order follow.
  Var total = is_floating(x.dtype()) ? x : cast(x, DType::Float64);
  for (std::size_t reach = 1; reach < extent; reach *= 2) {
    const Var later = part(total, reach, extent - reach);
    const Var earlier = part(total, 0, extent - reach);
    // Two logarithms of nothing have no difference that could be differentiated.
    const Var sums = where(equal(earlier, -std::numeric_limits<double>::infinity()), later, logaddexp(later, earlier));
    const auto axis_of_parts = static_cast<std::ptrdiff_t>(along);
    total = backward ? concatenate({sums, part(total, extent - reach, reach)}, axis_of_parts)
                     : concatenate({part(total, 0, reach), sums}, axis_of_parts);
  }
  return total;
}

}  // namespace xgrad
