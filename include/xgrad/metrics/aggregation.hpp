// Numbers of what is handed on as it is: losses, times, norms. `update(state, x, weights)` takes any shape.
#pragma once

#include <cstddef>
#include <string_view>

#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Weighted mean of all elements, sum(w x) / sum(w).
struct Mean {
  static constexpr std::string_view name = "Mean";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& x, const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Mean)

/// Weighted sum of all elements, sum(w x); 0 of nothing.
struct Sum {
  static constexpr std::string_view name = "Sum";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& x, const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Sum)

/// The largest element that has a weight; of nothing -infinity. NaN is handed on.
struct Max {
  static constexpr std::string_view name = "Max";
  [[nodiscard]] Largest init() const;
  [[nodiscard]] Largest update(const Largest& state, const Var& x, const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Largest& state) const;
};
XGRAD_FIELDS(Max)

/// The smallest element that has a weight; of nothing infinity. NaN is handed on.
struct Min {
  static constexpr std::string_view name = "Min";
  [[nodiscard]] Largest init() const;
  [[nodiscard]] Largest update(const Largest& state, const Var& x, const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Largest& state) const;
};
XGRAD_FIELDS(Min)

/// The last elements that have a weight, [length] each; the newest are the last, where the weight is 0 there is none.
/// `merge(a, b)` is in order: b comes after a.
struct Recent {
  Var values, weights;
};
XGRAD_FIELDS(Recent, state(values), state(weights))
/// \throws ShapeError  for states of different lengths.
[[nodiscard]] Recent merge(const Recent& a, const Recent& b);

/// Weighted mean of the last `length` elements that have a weight, or of fewer if there are no more.
///
///     sum(w x) / sum(w)
///
/// \throws ValueError  for a length of 0.
/// \source  torchmetrics, RunningMean, whose window is of updates; ours is of elements, however they are cut into
///          batches.
struct RunningMean {
  static constexpr std::string_view name = "RunningMean";
  std::size_t length = 100;
  [[nodiscard]] Recent init() const;
  [[nodiscard]] Recent update(const Recent& state, const Var& x, const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Recent& state) const;
};
XGRAD_FIELDS(RunningMean, length)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
