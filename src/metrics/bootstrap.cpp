#include <xgrad/metrics/bootstrap.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/metrics/collection.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/mask.hpp>
#include <xgrad/ops/quantile.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/random/discrete.hpp>
#include <xgrad/transform/vmap.hpp>

#include "metrics/common.hpp"

namespace xgrad::metrics::detail {
namespace {

/// Samples that are drawn at once, of all resamples.
constexpr std::size_t most_draws = std::size_t{1} << 18U;

}  // namespace

void require_names(const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) throw ValueError("collection: the name of metric " + std::to_string(i) + " is empty");
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      throw ValueError("collection: two metrics have the name \"" + names[i] + "\"; each must have one of its own");
    }
  }
}

void require_same_names(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a == b) return;
  const auto listed = [](const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& each : names) text += (text.empty() ? "" : ", ") + each;
    return text;
  };
  throw ValueError("merge: the states are those of (" + listed(a) + ") and (" + listed(b) +
                   "); they are of different collections");
}

Samples no_rows() { return no_samples(); }

Samples plus_rows(const Samples& state, const Var& prediction, const Var& target, const Var& weights) {
  const auto fits = [&](const Var& x) {
    return x.dimension() > 0 && prediction.dimension() > 0 && x.shape()[0] == prediction.shape()[0];
  };
  if (!fits(prediction) || !fits(target) || (weights.dimension() > 0 && !fits(weights))) {
    throw ShapeError("Bootstrap: the prediction is " + to_string(prediction.shape()) + ", the target " +
                     to_string(target.shape()) + ", the weights " + to_string(weights.shape()) +
                     "; they must have the same first extent, the number of samples");
  }
  const Shape samples = weights.dimension() > 0 ? weights.shape() : Shape{prediction.shape()[0]};
  const Samples batch{stop_gradient(prediction), stop_gradient(target), weights_of("Bootstrap", weights, samples)};
  return batch.weight.size() == 0 ? state : merge(state, batch);
}

Interval interval(const Samples& state, const random::Key& key, const BootstrapOptions& options, const ValueOf& value) {
  require_setting("Bootstrap", "level", options.level, options.level > 0.0 && options.level < 1.0,
                  "it must be in (0, 1)");
  require_setting("Bootstrap", "resamples", static_cast<double>(options.resamples), options.resamples > 1,
                  "it must be 2 or more");
  require_samples("Bootstrap", state);
  const auto n_given = static_cast<std::ptrdiff_t>(state.weight.shape()[0]);
  const Var kept = flatnonzero(any(reshape(state.weight, {n_given, -1}) > 0.0, 1));
  const std::size_t n = kept.size();
  if (n == 0) throw ValueError("Bootstrap: the value of no samples; none has a weight");
  const auto of_rows = [&](const Var& which) {
    return value(take(state.prediction, which, 0), take(state.target, which, 0), take(state.weight, which, 0));
  };
  const auto of_resample = [&](const random::Key& own) {
    const auto count = static_cast<std::int64_t>(n);
    return of_rows(take(kept, random::randint(own, 0, count, {n})));
  };
  const std::size_t together = std::max<std::size_t>(1, most_draws / n);
  std::vector<Var> values;
  for (std::size_t from = 0; from < options.resamples; from += together) {
    const std::size_t to = std::min(options.resamples, from + together);
    const Var numbers = arange(static_cast<std::int64_t>(from), static_cast<std::int64_t>(to));
    values.push_back(vmap(of_resample)(key.fold_in(numbers)));
  }
  const Var all = concatenate(values);
  const double tail = 0.5 * (1.0 - options.level);
  return {of_rows(kept), quantile(all, tail, {0}), quantile(all, 1.0 - tail, {0}), stddev(all, {0}, {.ddof = 1.0})};
}

}  // namespace xgrad::metrics::detail
