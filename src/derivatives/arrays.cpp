// Derivative rules of the primitives that are no scalar functions, and the batching rules that do not follow from their
// attributes.
#include "primitives/arrays.hpp"

#include <algorithm>
#include <limits>

#include "batching.hpp"
#include "node_context.hpp"
#include "ops/internal.hpp"
#include "primitives/scalar_functions.hpp"
#include "var/loop.hpp"

namespace xgrad::primitives {

using derivatives::BatchContext;
using derivatives::NodeContext;

// ---- views and linear primitives

Var Identity::transpose(const NodeContext&, std::size_t, const Var& cotangent) { return cotangent; }

Var Broadcast::transpose(const NodeContext& context, std::size_t, const Var& cotangent) {
  return detail::sum_to(cotangent, context.input(0).shape());
}

Var Reshape::transpose(const NodeContext& context, std::size_t, const Var& cotangent) {
  return reshape(cotangent, Strides(context.input(0).shape()));
}

Var Transpose::transpose(const NodeContext& context, std::size_t, const Var& cotangent) {
  Shape inverse(cotangent.dimension(), 0);
  for (std::size_t i = 0; i < inverse.size(); ++i) inverse[static_cast<std::size_t>(context.attributes()[i])] = i;
  return xgrad::transpose(cotangent, Axes(inverse));
}

Var Slice::transpose(const NodeContext& context, std::size_t, const Var& cotangent) {
  const std::vector<std::int64_t> starts_and_steps(context.attributes().begin(), context.attributes().end());
  return detail::embed(cotangent, context.input(0).shape(), starts_and_steps);
}

Var Embed::transpose(const NodeContext& context, std::size_t, const Var& cotangent) {
  const std::vector<std::int64_t> starts_and_steps(context.attributes().begin(), context.attributes().end());
  return detail::slice(cotangent, context.input(0).shape(), starts_and_steps);
}

Var Cast::transpose(const NodeContext& context, std::size_t, const Var& cotangent) {
  return cast(cotangent, context.input(0).dtype());
}

Var Concatenate::transpose(const NodeContext& context, std::size_t input, const Var& cotangent) {
  const auto axis = static_cast<std::size_t>(context.attributes()[0]);
  const Shape shape = context.input(input).shape();
  std::vector<std::int64_t> starts_and_steps;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    starts_and_steps.push_back(0);
    starts_and_steps.push_back(1);
  }
  for (std::size_t i = 0; i < input; ++i) {
    starts_and_steps[2 * axis] +=
        static_cast<std::int64_t>(context.tape.shape(context.tape.inputs(context.node)[i])[axis]);
  }
  return detail::slice(cotangent, shape, starts_and_steps);
}

Var Roll::transpose(const NodeContext& context, std::size_t, const Var& cotangent) {
  return roll(cotangent, -context.attributes()[1], context.attributes()[0]);
}

Var Sum::transpose(const NodeContext& context, std::size_t, const Var& cotangent) {
  return detail::expand_to(cotangent, context.input(0).shape());
}

namespace {

std::size_t axis_of(const auto& context) { return static_cast<std::size_t>(context.attributes()[0]); }

Chooser chooser_of(const auto& context) { return static_cast<Chooser>(context.attributes()[1]); }

/// Some axes at another position, in their order.
Var with_axes_at(const Var& x, std::size_t first, std::size_t count, std::size_t position) {
  if (first == position || count == 0) return x;
  Shape order;
  for (std::size_t i = 0; i < x.dimension(); ++i) {
    if (i < first || i >= first + count) order.push_back(i);
  }
  for (std::size_t i = 0; i < count; ++i) order.insert(position + i, first + i);
  return xgrad::transpose(x, Axes(order));
}

/// What is chosen in each of a batch by indices of its own: all indices are one axis, which is the second of x and of
/// the result, and what they choose is the third.
struct RowsOfBatch {
  std::size_t extent, chosen, width;

  [[nodiscard]] Var flat(const Var& x, std::size_t count) const {
    return reshape(x, {static_cast<std::ptrdiff_t>(extent), static_cast<std::ptrdiff_t>(count),
                       static_cast<std::ptrdiff_t>(width)});
  }
  [[nodiscard]] Var wide(const Var& indices) const {
    return detail::expand_to(
        reshape(indices, {static_cast<std::ptrdiff_t>(extent), static_cast<std::ptrdiff_t>(chosen), 1}),
        {extent, chosen, width});
  }
};

}  // namespace

Var Take::transpose(const NodeContext& context, std::size_t, const Var& cotangent) {
  return detail::scatter_add(cotangent, context.input(1), context.input(0).shape(), axis_of(context),
                             chooser_of(context));
}

Var Take::batch(const BatchContext& context) {
  const std::size_t axis = axis_of(context);
  const Chooser chooser = chooser_of(context);
  if (!context.batched(1)) return detail::take(context.batches[0], context.input(1), axis + 1, chooser);
  const Var indices = context.batches[1];
  const std::size_t rank = indices.dimension() - 1;
  if (!context.batched(0)) return with_axes_at(detail::take(context.input(0), indices, axis, chooser), axis, 1, 0);
  const Var x = with_axes_at(context.batches[0], axis + 1, 1, 1);
  const std::size_t extent = x.shape()[1];
  std::size_t width = 1;
  for (std::size_t i = 2; i < x.dimension(); ++i) width *= x.shape()[i];
  const RowsOfBatch rows{context.extent, size_of(context.input(1).shape()), width};
  const Var taken = detail::take_along_axis(rows.flat(x, extent), rows.wide(indices), 1, chooser);
  Shape shape = indices.shape();
  for (std::size_t i = 2; i < x.dimension(); ++i) shape.push_back(x.shape()[i]);
  return with_axes_at(reshape(taken, Strides(shape)), 1, rank, axis + 1);
}

Var ScatterAdd::transpose(const NodeContext& context, std::size_t, const Var& cotangent) {
  return detail::take(cotangent, context.input(1), axis_of(context), chooser_of(context));
}

Var ScatterAdd::batch(const BatchContext& context) {
  const std::size_t axis = axis_of(context);
  const Chooser chooser = chooser_of(context);
  if (!context.batched(1))
    return detail::scatter_add(context.batches[0], context.input(1), context.shape(), axis + 1, chooser);
  const std::size_t rank = context.batches[1].dimension() - 1;
  const Var x = with_axes_at(context.batch(0), axis + 1, rank, 1);
  const std::size_t extent = context.shape()[axis + 1];
  std::size_t width = 1;
  for (std::size_t i = 1 + rank; i < x.dimension(); ++i) width *= x.shape()[i];
  const RowsOfBatch rows{context.extent, size_of(context.input(1).shape()), width};
  const Var sums = detail::scatter_add_along_axis(rows.flat(x, rows.chosen), rows.wide(context.batches[1]),
                                                  {context.extent, extent, width}, 1, chooser);
  Shape shape{context.extent, extent};
  for (std::size_t i = 1 + rank; i < x.dimension(); ++i) shape.push_back(x.shape()[i]);
  return with_axes_at(reshape(sums, Strides(shape)), 1, 1, axis + 1);
}

Var TakeAlongAxis::transpose(const NodeContext& context, std::size_t, const Var& cotangent) {
  return detail::scatter_add_along_axis(cotangent, context.input(1), context.input(0).shape(), axis_of(context),
                                        chooser_of(context));
}

Var ScatterAddAlongAxis::transpose(const NodeContext& context, std::size_t, const Var& cotangent) {
  return detail::take_along_axis(cotangent, context.input(1), axis_of(context), chooser_of(context));
}

Var CumulativeSum::transpose(const NodeContext& context, std::size_t, const Var& cotangent) {
  const bool backward = context.attributes()[1] != 0;
  return cumsum(cotangent, context.attributes()[0], backward ? Direction::Forward : Direction::Backward);
}

// ---- choice

Var Checked::vjp(const NodeContext&, std::size_t, const Var& cotangent) { return cotangent; }
Var Checked::jvp(const NodeContext&, std::span<const Var> tangents) { return tangents[0]; }

Var Where::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  const Var zeros = zeros_like(cotangent);
  return input == 1 ? where(context.input(0), cotangent, zeros) : where(context.input(0), zeros, cotangent);
}

Var Where::jvp(const NodeContext& context, std::span<const Var> tangents) {
  const Var zeros = zeros_like(context.output());
  return where(context.input(0), tangents[1].defined() ? tangents[1] : zeros,
               tangents[2].defined() ? tangents[2] : zeros);
}

namespace {

/// Whether a rule may be recorded that is linear in x: the transposed rule must not ask what x is.
bool may_be_stand_in(const ir::TapeState& tape, const Var& x) {
  return tape.transposition() == ir::TapeState::Transposition::Recorded && detail::Varying(tape, 0)(VarAccess::node(x));
}

/// Its first factor times a sensitivity of its second. Either may be a 0 that a `where` made, and absorbs. Which of
/// them is seen by the factor alone: rules are linear in the sensitivity, and a condition on it would not be.
Var first_factor_times(const NodeContext& context, const Var& sensitivity) {
  const Var factor = context.input(0);
  const Var by_factor = absorbing_multiply(factor, sensitivity);
  if (!context.masked || may_be_stand_in(context.tape, factor)) return by_factor;
  return where(equal(factor, 0.0), by_factor, absorbing_multiply(sensitivity, factor));
}

}  // namespace

Var AbsorbingMultiply::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  if (input == 1) return first_factor_times(context, cotangent);
  return context.masked ? absorbing_multiply(cotangent, context.input(1)) : cotangent * context.input(1);
}

Var AbsorbingMultiply::jvp(const NodeContext& context, std::span<const Var> tangents) {
  Var result;
  if (tangents[0].defined()) result = absorbing_multiply(tangents[0], context.input(1));
  if (tangents[1].defined()) {
    const Var term = first_factor_times(context, tangents[1]);
    result = result.defined() ? result + term : term;
  }
  return result;
}

namespace {

/// 1 / (how many) at each extreme element, else 0.
Var share_of_extremum(const NodeContext& context) {
  const Var x = context.input(0);
  const Var chosen = one_where(equal(x, detail::expand_to(context.output(), x.shape())), x);
  return chosen / detail::expand_to(detail::sum_to(chosen, context.output().shape()), x.shape());
}

Var extremum_vjp(const NodeContext& context, const Var& cotangent) {
  const Var share = share_of_extremum(context);
  const Var spread = detail::expand_to(cotangent, share.shape());
  return context.masked ? absorbing_multiply(spread, share) : spread * share;
}

Var extremum_jvp(const NodeContext& context, std::span<const Var> tangents) {
  return detail::sum_to(tangents[0] * share_of_extremum(context), context.output().shape());
}

}  // namespace

Var MaxReduce::vjp(const NodeContext& context, std::size_t, const Var& cotangent) {
  return extremum_vjp(context, cotangent);
}
Var MaxReduce::jvp(const NodeContext& context, std::span<const Var> tangents) {
  return extremum_jvp(context, tangents);
}
Var MinReduce::vjp(const NodeContext& context, std::size_t, const Var& cotangent) {
  return extremum_vjp(context, cotangent);
}
Var MinReduce::jvp(const NodeContext& context, std::span<const Var> tangents) {
  return extremum_jvp(context, tangents);
}

namespace {

/// Norm's derivative x / norm(x), each row times a weight; 0 where the norm is 0 or infinite.
Var weighted_direction(const NodeContext& context, const Var& weights) {
  const Var x = context.input(0);
  const Var norm = context.output();
  const Var flat = equal(norm, 0.0) || equal(norm, std::numeric_limits<double>::infinity());
  const Var weights_or_0 = where(flat, zeros_like(norm), weights);
  // Two products for each element, no division. The constant is about 1 / norm, so that nothing overflows or vanishes.
  const double least = x.dtype() == DType::Float32 ? 0x1p-126 : 0x1p-1022;  // normal number
  const Var one = ones_like(norm);                                          // of the type of a number, too
  const Var scale = one / maximum(stop_gradient(norm), full_like(norm, least));
  const Var scaled_weights = absorbing_multiply(weights_or_0, one / (norm * scale));
  return absorbing_multiply(detail::expand_to(scaled_weights, x.shape()), x * detail::expand_to(scale, x.shape()));
}

}  // namespace

Var Norm::vjp(const NodeContext& context, std::size_t, const Var& cotangent) {
  return weighted_direction(context, cotangent);
}
Var Norm::jvp(const NodeContext& context, std::span<const Var> tangents) {
  return detail::sum_to(tangents[0] * weighted_direction(context, ones_like(context.output())),
                        context.output().shape());
}

Var SumButOne::vjp(const NodeContext& context, std::size_t, const Var& cotangent) {
  return detail::expand_to(cotangent, context.input(0).shape());
}
Var SumButOne::jvp(const NodeContext& context, std::span<const Var> tangents) {
  return detail::sum_to(tangents[0], context.output().shape());
}
Var Balance::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  return input == 0 ? detail::balance(cotangent, context.input(1)) : Var();
}
Var Balance::jvp(const NodeContext& context, std::span<const Var> tangents) {
  return tangents[0].defined() ? detail::balance(tangents[0], context.input(1)) : Var();
}

Var Balance::batch(const BatchContext& context) {
  const Shape shape = context.shape();
  const Strides rows{static_cast<std::ptrdiff_t>(shape[0] * shape[1]), static_cast<std::ptrdiff_t>(shape[2])};
  return reshape(detail::balance(reshape(context.batch(0), rows), reshape(context.batch(1), rows)), Strides(shape));
}

/// One line for the whole batch serves all values.
Var SearchSorted::batch(const BatchContext& context) {
  const bool one_line = !context.batched(0) && context.input(0).dimension() == 1;
  if (!one_line) return context.again(context.attributes());
  return detail::searchsorted(context.input(0), context.batches[1], context.attributes()[0] != 0);
}

// ---- products of matrices

Var Matmul::vjp(const NodeContext& context, std::size_t input, const Var& cotangent) {
  return input == 0 ? matmul(cotangent, detail::matrix_transpose(context.input(1)))
                    : matmul(detail::matrix_transpose(context.input(0)), cotangent);
}

Var Matmul::jvp(const NodeContext& context, std::span<const Var> tangents) {
  Var result;
  if (tangents[0].defined()) result = matmul(tangents[0], context.input(1));
  if (tangents[1].defined()) {
    const Var term = matmul(context.input(0), tangents[1]);
    result = result.defined() ? result + term : term;
  }
  return result;
}

/// One matrix for the whole batch makes one large product of it, where the rows of the others can be put together.
Var Matmul::batch(const BatchContext& context) {
  const Var a = context.input(0);
  const Var b = context.input(1);
  const bool matrices = a.dimension() == 2;
  if (matrices && !context.batched(1)) return matmul(context.batches[0], b);
  if (matrices && !context.batched(0) && b.shape()[1] == 1) {
    return detail::matrix_transpose(matmul(detail::matrix_transpose(context.batches[1]), detail::matrix_transpose(a)));
  }
  return matmul(context.batch(0), context.batch(1));
}

}  // namespace xgrad::primitives
