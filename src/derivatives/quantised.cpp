// Batches of products of small integers.
#include "primitives/quantised.hpp"

#include "batching.hpp"
#include "ops/internal.hpp"
#include "ops/quantised.hpp"

namespace xgrad::primitives {

using derivatives::BatchContext;

/// The same weights for the whole batch multiply one large matrix; else it is a stack, and a stack of stacks is one.
Var QuantisedMatmul::batch(const BatchContext& context) {
  const Shape shape = context.shape();
  const auto outputs = static_cast<std::size_t>(context.attributes()[1]);
  const bool one_matrix = context.input(0).dimension() == 2;
  const auto joined = [](const Var& x) {
    const Shape& of = x.shape();
    Strides merged{static_cast<std::ptrdiff_t>(of[0] * of[1])};
    for (std::size_t axis = 2; axis < of.size(); ++axis) merged.push_back(static_cast<std::ptrdiff_t>(of[axis]));
    return reshape(x, merged);
  };
  if (one_matrix && !context.batched(1) && !context.batched(2)) {
    const Var all = detail::quantised_matmul(joined(context.batch(0)), context.input(1), context.input(2), outputs);
    return reshape(all, Strides(shape.begin(), shape.end()));
  }
  if (one_matrix) return detail::quantised_matmul(context.batch(0), context.batch(1), context.batch(2), outputs);
  const Var all =
      detail::quantised_matmul(joined(context.batch(0)), joined(context.batch(1)), joined(context.batch(2)), outputs);
  return reshape(all, Strides(shape.begin(), shape.end()));
}

}  // namespace xgrad::primitives
