// What a metric is, and what it carries from batch to batch.
//
// A metric is a struct whose members are its settings, with three functions; the fourth is that of its state:
//
//     init() -> state,    update(state, prediction, target, weights) -> state,    merge(a, b) -> state,    value(state)
//
// `update` is the merge of the state with that of the batch alone, so a value does not depend on how samples were cut
// into batches, but for the last digits of sums. States are trees of float64 arrays without derivatives: they
// are compiled, saved, and merged over threads and processes.
//
// Weights are a number or an array in the shape of the samples (or of the leading axes of that), >= 0 and finite; what
// has the weight 0 does not count even if it is NaN. All metrics throw ShapeError for shapes that do not fit,
// ValueError for a weight that is negative or not finite, for a label out of range and for the value of nothing (raised
// when evaluated), and ShapeError for a state of another metric where its shape tells.
#pragma once

#include <concepts>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Sums over samples, of any shape that the metric gives them: numerators and denominators, counts, a confusion matrix.
struct Sums {
  Var values;
};
XGRAD_FIELDS(Sums, state(values))

/// The largest value so far, in the sign that the metric gives it; -infinity of nothing.
struct Largest {
  Var value;
};
XGRAD_FIELDS(Largest, state(value))

/// Weight, means and sums of products of deviations from them, of the target t, the prediction p and t - p. No
/// difference of large sums is ever taken.
struct Moments {
  Var weight;    ///< []
  Var mean;      ///< [3]
  Var products;  ///< [3, 3]
};
XGRAD_FIELDS(Moments, state(weight), state(mean), state(products))

/// All samples, for what is no sum over them. It grows with the data: a compiled `update` is recorded for each
/// size, so update these outside of compiled steps.
struct Samples {
  Var prediction;  ///< [n, ...], or [0] before the first
  Var target;      ///< [n, ...]
  Var weight;      ///< [n]
};
XGRAD_FIELDS(Samples, state(prediction), state(target), state(weight))

/// The state of all samples of both. \throws ShapeError  for states of different metrics, where their shapes tell.
[[nodiscard]] Sums merge(const Sums& a, const Sums& b);
[[nodiscard]] Largest merge(const Largest& a, const Largest& b);
/// \source  T. F. Chan, G. H. Golub and R. J. LeVeque, Updating formulae and a pairwise algorithm for computing sample
///          variances, 1979.
[[nodiscard]] Moments merge(const Moments& a, const Moments& b);
[[nodiscard]] Samples merge(const Samples& a, const Samples& b);

/// Has a state that can be made and merged. `update` takes what the metric is of.
template <class M>
concept Metric = requires(const M& metric) {
  merge(metric.init(), metric.init());
  metric.value(metric.init());
};

}  // namespace xgrad::metrics

#pragma GCC visibility pop
