#include <xgrad/metrics/survival.hpp>

#include <algorithm>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "metrics/classes.hpp"
#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

/// Pairs that are compared at once: 8 MB.
constexpr std::size_t most_lives = std::size_t{1} << 20U;

/// Of all who were observed, [n] each.
struct Lives {
  Var risk, time, event, weight;
};

Lives some_of(const Lives& all, std::size_t from, std::size_t to) {
  const auto part = [&](const Var& x) {
    return expand_dims(view(x, xt::range(static_cast<std::ptrdiff_t>(from), static_cast<std::ptrdiff_t>(to))), 1);
  };
  return {part(all.risk), part(all.time), part(all.event), part(all.weight)};
}

/// Weights of pairs in the right order, ties half, and of all that can be compared.
Var compared(const Lives& first, const Lives& second) {
  const Var earlier = first.time < second.time || (equal(first.time, second.time) && equal(second.event, 0.0));
  const Var pairs = where(earlier && first.event > 0.0, first.weight * second.weight, 0.0);
  const Var right = cast<double>(first.risk > second.risk) + 0.5 * cast<double>(equal(first.risk, second.risk));
  return stack({sum(pairs * right), sum(pairs)});
}

}  // namespace

Samples ConcordanceIndex::init() const { return detail::no_samples(); }
Samples ConcordanceIndex::update(const Samples& state, const Var& prediction, const Var& time, const Var& event,
                                 const Var& weights) const {
  static const Requirement no_number("ConcordanceIndex: {} is no risk or time");
  detail::require_same_shape(name, prediction, time);
  detail::require_same_shape(name, prediction, event);
  if (is_floating(event.dtype())) throw TypeError("ConcordanceIndex: the event is floating-point; it is int64 or bool");
  const Var w = flatten(detail::weights_of(name, weights, time.shape()));
  const auto number = [&](const Var& x) {
    const Var counting = where(w > 0.0, flatten(detail::as_double(x)), 0.0);
    return checked(counting, !isnan(counting), no_number);
  };
  const Var happened = detail::as_double(detail::labels_in(name, "event", flatten(event), w, 2));
  return merge(state, {number(prediction), stack({number(time), happened}, 1), w});
}
Var ConcordanceIndex::value(const Samples& state) const {
  static const Requirement some("ConcordanceIndex: no pair can be compared, their weight is {}");
  detail::require_samples(name, state, 1, 2);
  const Lives all{state.prediction, view(state.target, xt::all(), 0), view(state.target, xt::all(), 1), state.weight};
  const std::size_t n = state.weight.size();
  const std::size_t rows = std::max<std::size_t>(1, most_lives / n);
  Var sums = zeros({2});
  for (std::size_t from = 0; from < n; from += rows) {
    sums = sums + compared(some_of(all, from, std::min(n, from + rows)), all);
  }
  const Var pairs = view(sums, 1);
  return view(sums, 0) / checked(pairs, pairs > 0.0, some);
}

}  // namespace xgrad::metrics
