// How sure a metric is: the bootstrap.
#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <utility>

#include <xgrad/core/function_of.hpp>
#include <xgrad/metrics/state.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// A value, where it may be as well, and the standard deviation of that; of the value's shape each.
struct Interval {
  Var value, low, high, deviation;
};
XGRAD_FIELDS(Interval, state(value), state(low), state(high), state(deviation))

struct BootstrapOptions {
  std::size_t resamples = 1000;
  double level = 0.95;  ///< which part of the values of the resamples lies between low and high
};
XGRAD_FIELDS(BootstrapOptions, resamples, level)

namespace detail {

/// The value of a metric of predictions, targets and weights.
using ValueOf = xgrad::detail::FunctionOf<Var, const Var&, const Var&, const Var&>;

Samples no_rows();
Samples plus_rows(const Samples& state, const Var& prediction, const Var& target, const Var& weights);
Interval interval(const Samples& state, const random::Key& key, const BootstrapOptions& options, const ValueOf& value);

}  // namespace detail

/// A metric of predictions and targets whose value is one array, with or without weights.
template <class M>
concept Bootstrappable = Metric<M> && requires(const M& metric, const Var& x) {
  { metric.value(metric.update(metric.init(), x, x)) } -> std::same_as<Var>;
};

/// A metric with its bootstrap interval, made by `bootstrap`.
template <Bootstrappable M>
struct Bootstrap {
  static constexpr std::string_view name = "Bootstrap";
  random::Key key;
  M metric;
  BootstrapOptions options = {};

  [[nodiscard]] Samples init() const { return detail::no_rows(); }
  /// \param prediction, target  as of the metric; what is drawn again are their slices along the first axis.
  /// \param weights             a number, or [n, ...].
  [[nodiscard]] Samples update(const Samples& state, const Var& prediction, const Var& target,
                               const Var& weights = 1.0) const {
    return detail::plus_rows(state, prediction, target, weights);
  }
  [[nodiscard]] Interval value(const Samples& state) const {
    const auto of = [&](const Var& p, const Var& t, const Var& w) {
      if constexpr (requires { metric.update(metric.init(), p, t, w); }) {
        return metric.value(metric.update(metric.init(), p, t, w));
      } else {
        return metric.value(metric.update(metric.init(), p, t));
      }
    };
    return detail::interval(state, key, options, detail::ValueOf(of));
  }

  XGRAD_MEMBER_FIELDS(Bootstrap, key, metric, options)
};

/// The percentile bootstrap of a metric.
///
///     const auto sure = metrics::bootstrap(key, metrics::Auroc{}, {.resamples = 500});
///     const metrics::Interval found = sure.value(sure.update(sure.init(), scores, labels));
///
/// Each of the resamples is n of the n samples, drawn with replacement; low and high are the quantiles (1 - level) / 2
/// and (1 + level) / 2 of their values, deviation is their standard deviation with the divisor resamples - 1. The state
/// keeps all samples, as they were given; it is merged exactly, and the same key and samples give the same interval,
/// however they were cut into batches. Samples without weight are never drawn.
///
/// \throws ShapeError  unless predictions, targets and weights (but for one number) have the same first extent.
/// \throws ValueError  for a level out of (0, 1), less than 2 resamples, and the value of no samples; what the metric
///                     throws, also of a resample: one may lack a class that is rare.
/// \source  B. Efron, Bootstrap methods: another look at the jackknife, 1979; scipy.stats.bootstrap,
///          method="percentile", SciPy 1.10.
template <Bootstrappable M>
[[nodiscard]] Bootstrap<M> bootstrap(const random::Key& key, M metric, const BootstrapOptions& options = {}) {
  return {key, std::move(metric), options};
}

}  // namespace xgrad::metrics

#pragma GCC visibility pop
