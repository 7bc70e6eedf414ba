#include "scattered.hpp"

#include "internal.hpp"

namespace xgrad::detail {

Var last_sent(const Var& places, std::size_t rows) {
  const Var numbers = expand_dims(iota(places.size()), 1);
  const Var nobody = broadcast_to("at", cast(-1, DType::Int64), {rows, 1});
  return squeeze(scatter_extremum(numbers, places, nobody, Chooser::At, false, false), 1);
}

Var scattered_product(const Var& values, const Var& places, std::size_t rows) {
  const std::size_t count = places.size();
  if (count == 0) return broadcast_to("at", cast(1, values.dtype()), {rows, values.shape()[1]});
  // In the order of their places, products of 1, 2, 4, ... neighbours that belong together (W. D. Hillis and
  // G. L. Steele, 1986): no division, so that factors of 0 are nothing special, to any order of derivative.
  const Var order = argsort(places);
  const Var sorted = take(places, order, 0, Chooser::At);
  Var product = take(values, order, 0, Chooser::At);
  for (std::size_t reach = 1; reach < count; reach *= 2) {
    const std::size_t later = count - reach;
    const Var together = equal(slice_along(sorted, 0, reach, later), slice_along(sorted, 0, 0, later));
    const Var before = slice_along(product, 0, 0, later);
    const Var factor = where(expand_dims(together, 1), before, ones_like(before));
    product = concatenate({slice_along(product, 0, 0, reach), slice_along(product, 0, reach, later) * factor}, 0);
  }
  const Var last = last_sent(sorted, rows);
  const Var complete = take(product, maximum(last, 0), 0, Chooser::At);
  return where(expand_dims(last, 1) >= 0, complete, ones_like(complete));
}

}  // namespace xgrad::detail
