#include <xgrad/metrics/aggregation.hpp>

#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/reduce.hpp>

#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

constexpr double lowest = -std::numeric_limits<double>::infinity();

Largest larger(std::string_view metric, const Largest& state, const Var& x, const Var& weights) {
  const Var w = detail::weights_of(metric, weights, x.shape());
  if (x.size() == 0) return state;
  return {maximum(state.value, amax(where(w > 0.0, x, lowest)))};
}

/// The last of them that have a weight.
Recent last_of(const Var& values, const Var& weights, std::size_t length) {
  const Var order = argsort(weights > 0.0);  // equal ones stay in their order
  const auto n = static_cast<std::ptrdiff_t>(weights.size());
  const Var last = view(order, xt::range(n - static_cast<std::ptrdiff_t>(length), n));
  return {take(values, last), take(weights, last)};
}

Recent joined(const Recent& state, const Var& values, const Var& weights) {
  return last_of(concatenate({state.values, values}), concatenate({state.weights, weights}), state.values.size());
}

}  // namespace

Sums Mean::init() const { return detail::no_sums({2}); }
Sums Mean::update(const Sums& state, const Var& x, const Var& weights) const {
  return detail::plus_mean(name, state, detail::as_double(x), detail::weights_of(name, weights, x.shape()));
}
Var Mean::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums Sum::init() const { return detail::no_sums({1}); }
Sums Sum::update(const Sums& state, const Var& x, const Var& weights) const {
  const Var w = detail::weights_of(name, weights, x.shape());
  return detail::plus(name, state, {sum(detail::weighted(detail::as_double(x), w))});
}
Var Sum::value(const Sums& state) const { return view(detail::sums_of(name, state, {1}), 0); }

Largest Max::init() const { return {full({}, lowest)}; }
Largest Max::update(const Largest& state, const Var& x, const Var& weights) const {
  return larger(name, state, detail::as_double(x), weights);
}
Var Max::value(const Largest& state) const { return state.value; }

Largest Min::init() const { return {full({}, lowest)}; }
Largest Min::update(const Largest& state, const Var& x, const Var& weights) const {
  return larger(name, state, -detail::as_double(x), weights);
}
Var Min::value(const Largest& state) const { return -state.value; }

Recent merge(const Recent& a, const Recent& b) {
  if (a.values.shape() == b.values.shape()) return joined(a, b.values, b.weights);
  throw ShapeError("merge: the states are of the last " + to_string(a.values.shape()) + " and " +
                   to_string(b.values.shape()) + " elements; they are states of different metrics");
}

Recent RunningMean::init() const {
  detail::require_setting(name, "length", static_cast<double>(length), length > 0, "it must be 1 or more");
  return {zeros({length}), zeros({length})};
}
Recent RunningMean::update(const Recent& state, const Var& x, const Var& weights) const {
  const Var w = detail::weights_of(name, weights, x.shape());
  return joined(state, flatten(detail::as_double(x)), flatten(w));
}
Var RunningMean::value(const Recent& state) const {
  return detail::mean_of(name, detail::plus_mean(name, detail::no_sums({2}), state.values, state.weights));
}

}  // namespace xgrad::metrics
