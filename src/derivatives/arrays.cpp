// Derivative rules of the primitives that are no scalar functions, and the batching rules that do not follow from their
// attributes.
#include "primitives/arrays.hpp"

#include <algorithm>
#include <limits>

#include "batching.hpp"
#include "ops/internal.hpp"
#include "primitives/scalar_functions.hpp"
#include "site.hpp"
#include "var/loop.hpp"

namespace xgrad::primitives {

using detail::Batching;
using detail::Site;

// ---- views and linear primitives

Var Identity::transpose(const Site&, std::size_t, const Var& cotangent) { return cotangent; }

Var Broadcast::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return detail::sum_to(cotangent, site.input(0).shape());
}

Var Reshape::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return reshape(cotangent, Strides(site.input(0).shape()));
}

Var Transpose::transpose(const Site& site, std::size_t, const Var& cotangent) {
  Shape inverse(cotangent.dimension(), 0);
  for (std::size_t i = 0; i < inverse.size(); ++i) inverse[static_cast<std::size_t>(site.attributes()[i])] = i;
  return xgrad::transpose(cotangent, Axes(inverse));
}

Var Slice::transpose(const Site& site, std::size_t, const Var& cotangent) {
  const std::vector<std::int64_t> places(site.attributes().begin(), site.attributes().end());
  return detail::embed(cotangent, site.input(0).shape(), places);
}

Var Embed::transpose(const Site& site, std::size_t, const Var& cotangent) {
  const std::vector<std::int64_t> places(site.attributes().begin(), site.attributes().end());
  return detail::slice(cotangent, site.input(0).shape(), places);
}

Var Cast::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return cast(cotangent, site.input(0).dtype());
}

Var Concatenate::transpose(const Site& site, std::size_t input, const Var& cotangent) {
  const auto axis = static_cast<std::size_t>(site.attributes()[0]);
  const Shape shape = site.input(input).shape();
  std::vector<std::int64_t> places;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    places.push_back(0);
    places.push_back(1);
  }
  for (std::size_t i = 0; i < input; ++i) {
    places[2 * axis] += static_cast<std::int64_t>(site.tape.shape(site.tape.inputs(site.node)[i])[axis]);
  }
  return detail::slice(cotangent, shape, places);
}

Var Roll::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return roll(cotangent, -site.attributes()[1], site.attributes()[0]);
}

Var Sum::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return detail::expand_to(cotangent, site.input(0).shape());
}

namespace {

std::size_t axis_of(const auto& site) { return static_cast<std::size_t>(site.attributes()[0]); }

Chooser chooser_of(const auto& site) { return static_cast<Chooser>(site.attributes()[1]); }

/// Some axes in another place, in their order.
Var with_axes_at(const Var& x, std::size_t first, std::size_t count, std::size_t place) {
  if (first == place || count == 0) return x;
  Shape order;
  for (std::size_t i = 0; i < x.dimension(); ++i) {
    if (i < first || i >= first + count) order.push_back(i);
  }
  for (std::size_t i = 0; i < count; ++i) order.insert(place + i, first + i);
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

Var Take::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return detail::scatter_add(cotangent, site.input(1), site.input(0).shape(), axis_of(site), chooser_of(site));
}

Var Take::batch(const Batching& site) {
  const std::size_t axis = axis_of(site);
  const Chooser chooser = chooser_of(site);
  if (!site.batched(1)) return detail::take(site.batches[0], site.input(1), axis + 1, chooser);
  const Var indices = site.batches[1];
  const std::size_t rank = indices.dimension() - 1;
  if (!site.batched(0)) return with_axes_at(detail::take(site.input(0), indices, axis, chooser), axis, 1, 0);
  const Var x = with_axes_at(site.batches[0], axis + 1, 1, 1);
  const std::size_t extent = x.shape()[1];
  std::size_t width = 1;
  for (std::size_t i = 2; i < x.dimension(); ++i) width *= x.shape()[i];
  const RowsOfBatch rows{site.extent, size_of(site.input(1).shape()), width};
  const Var taken = detail::take_along_axis(rows.flat(x, extent), rows.wide(indices), 1, chooser);
  Shape shape = indices.shape();
  for (std::size_t i = 2; i < x.dimension(); ++i) shape.push_back(x.shape()[i]);
  return with_axes_at(reshape(taken, Strides(shape)), 1, rank, axis + 1);
}

Var ScatterAdd::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return detail::take(cotangent, site.input(1), axis_of(site), chooser_of(site));
}

Var ScatterAdd::batch(const Batching& site) {
  const std::size_t axis = axis_of(site);
  const Chooser chooser = chooser_of(site);
  if (!site.batched(1)) return detail::scatter_add(site.batches[0], site.input(1), site.shape(), axis + 1, chooser);
  const std::size_t rank = site.batches[1].dimension() - 1;
  const Var x = with_axes_at(site.batch(0), axis + 1, rank, 1);
  const std::size_t extent = site.shape()[axis + 1];
  std::size_t width = 1;
  for (std::size_t i = 1 + rank; i < x.dimension(); ++i) width *= x.shape()[i];
  const RowsOfBatch rows{site.extent, size_of(site.input(1).shape()), width};
  const Var sums = detail::scatter_add_along_axis(rows.flat(x, rows.chosen), rows.wide(site.batches[1]),
                                                  {site.extent, extent, width}, 1, chooser);
  Shape shape{site.extent, extent};
  for (std::size_t i = 1 + rank; i < x.dimension(); ++i) shape.push_back(x.shape()[i]);
  return with_axes_at(reshape(sums, Strides(shape)), 1, 1, axis + 1);
}

Var TakeAlongAxis::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return detail::scatter_add_along_axis(cotangent, site.input(1), site.input(0).shape(), axis_of(site),
                                        chooser_of(site));
}

Var ScatterAddAlongAxis::transpose(const Site& site, std::size_t, const Var& cotangent) {
  return detail::take_along_axis(cotangent, site.input(1), axis_of(site), chooser_of(site));
}

Var CumulativeSum::transpose(const Site& site, std::size_t, const Var& cotangent) {
  const bool backward = site.attributes()[1] != 0;
  return cumsum(cotangent, site.attributes()[0], backward ? Direction::Forward : Direction::Backward);
}

// ---- choice

Var Checked::vjp(const Site&, std::size_t, const Var& cotangent) { return cotangent; }
Var Checked::jvp(const Site&, std::span<const Var> tangents) { return tangents[0]; }

Var Where::vjp(const Site& site, std::size_t input, const Var& cotangent) {
  const Var zeros = zeros_like(cotangent);
  return input == 1 ? where(site.input(0), cotangent, zeros) : where(site.input(0), zeros, cotangent);
}

Var Where::jvp(const Site& site, std::span<const Var> tangents) {
  const Var zeros = zeros_like(site.output());
  return where(site.input(0), tangents[1].defined() ? tangents[1] : zeros, tangents[2].defined() ? tangents[2] : zeros);
}

namespace {

/// Whether a rule may be recorded that is linear in x: the transposed rule must not ask what x is.
bool may_be_stand_in(const detail::TapeState& tape, const Var& x) {
  return tape.transposition() == detail::TapeState::Transposition::Recorded &&
         detail::Varying(tape, 0)(VarAccess::node(x));
}

/// Its first factor times a sensitivity of its second. Either may be a 0 that a `where` made, and absorbs. Which of
/// them is seen by the factor alone: rules are linear in the sensitivity, and a condition on it would not be.
Var first_factor_times(const Site& site, const Var& sensitivity) {
  const Var factor = site.input(0);
  const Var by_factor = absorbing_multiply(factor, sensitivity);
  if (!site.masked || may_be_stand_in(site.tape, factor)) return by_factor;
  return where(equal(factor, 0.0), by_factor, absorbing_multiply(sensitivity, factor));
}

}  // namespace

Var AbsorbingMultiply::vjp(const Site& site, std::size_t input, const Var& cotangent) {
  if (input == 1) return first_factor_times(site, cotangent);
  return site.masked ? absorbing_multiply(cotangent, site.input(1)) : cotangent * site.input(1);
}

Var AbsorbingMultiply::jvp(const Site& site, std::span<const Var> tangents) {
  Var result;
  if (tangents[0].defined()) result = absorbing_multiply(tangents[0], site.input(1));
  if (tangents[1].defined()) {
    const Var term = first_factor_times(site, tangents[1]);
    result = result.defined() ? result + term : term;
  }
  return result;
}

namespace {

/// 1 / (how many) at each extreme element, else 0.
Var share_of_extremum(const Site& site) {
  const Var x = site.input(0);
  const Var chosen = one_where(equal(x, detail::expand_to(site.output(), x.shape())), x);
  return chosen / detail::expand_to(detail::sum_to(chosen, site.output().shape()), x.shape());
}

Var extremum_vjp(const Site& site, const Var& cotangent) {
  const Var share = share_of_extremum(site);
  const Var spread = detail::expand_to(cotangent, share.shape());
  return site.masked ? absorbing_multiply(spread, share) : spread * share;
}

Var extremum_jvp(const Site& site, std::span<const Var> tangents) {
  return detail::sum_to(tangents[0] * share_of_extremum(site), site.output().shape());
}

}  // namespace

Var MaxReduce::vjp(const Site& site, std::size_t, const Var& cotangent) { return extremum_vjp(site, cotangent); }
Var MaxReduce::jvp(const Site& site, std::span<const Var> tangents) { return extremum_jvp(site, tangents); }
Var MinReduce::vjp(const Site& site, std::size_t, const Var& cotangent) { return extremum_vjp(site, cotangent); }
Var MinReduce::jvp(const Site& site, std::span<const Var> tangents) { return extremum_jvp(site, tangents); }

namespace {

/// Norm's derivative x / norm(x), each row times a weight; 0 where the norm is 0 or infinite.
Var weighted_direction(const Site& site, const Var& weights) {
  const Var x = site.input(0);
  const Var norm = site.output();
  const Var flat = equal(norm, 0.0) || equal(norm, std::numeric_limits<double>::infinity());
  const Var weights_or_0 = where(flat, zeros_like(norm), weights);
  return absorbing_multiply(detail::expand_to(weights_or_0, x.shape()), x / detail::expand_to(norm, x.shape()));
}

}  // namespace

Var Norm::vjp(const Site& site, std::size_t, const Var& cotangent) { return weighted_direction(site, cotangent); }
Var Norm::jvp(const Site& site, std::span<const Var> tangents) {
  return detail::sum_to(tangents[0] * weighted_direction(site, ones_like(site.output())), site.output().shape());
}

Var Balance::vjp(const Site& site, std::size_t input, const Var& cotangent) {
  return input == 0 ? detail::balance(cotangent, site.input(1)) : Var();
}
Var Balance::jvp(const Site& site, std::span<const Var> tangents) {
  return tangents[0].defined() ? detail::balance(tangents[0], site.input(1)) : Var();
}

Var Balance::batch(const Batching& site) {
  const Shape shape = site.shape();
  const Strides rows{static_cast<std::ptrdiff_t>(shape[0] * shape[1]), static_cast<std::ptrdiff_t>(shape[2])};
  return reshape(detail::balance(reshape(site.batch(0), rows), reshape(site.batch(1), rows)), Strides(shape));
}

// ---- products of matrices

Var Matmul::vjp(const Site& site, std::size_t input, const Var& cotangent) {
  return input == 0 ? matmul(cotangent, detail::matrix_transpose(site.input(1)))
                    : matmul(detail::matrix_transpose(site.input(0)), cotangent);
}

Var Matmul::jvp(const Site& site, std::span<const Var> tangents) {
  Var result;
  if (tangents[0].defined()) result = matmul(tangents[0], site.input(1));
  if (tangents[1].defined()) {
    const Var term = matmul(site.input(0), tangents[1]);
    result = result.defined() ? result + term : term;
  }
  return result;
}

/// One matrix for the whole batch makes one large product of it, where the rows of the others can be put together.
Var Matmul::batch(const Batching& site) {
  const Var a = site.input(0);
  const Var b = site.input(1);
  const bool matrices = a.dimension() == 2;
  if (matrices && !site.batched(1)) return matmul(site.batches[0], b);
  if (matrices && !site.batched(0) && b.shape()[1] == 1) {
    return detail::matrix_transpose(matmul(detail::matrix_transpose(site.batches[1]), detail::matrix_transpose(a)));
  }
  return matmul(site.batch(0), site.batch(1));
}

}  // namespace xgrad::primitives
