#include <xgrad/metrics/aggregation.hpp>

#include <limits>

#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
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

}  // namespace xgrad::metrics
