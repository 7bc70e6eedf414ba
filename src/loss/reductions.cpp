#include <xgrad/loss/reductions.hpp>

#include <limits>
#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "arguments.hpp"
#include "ops/axes.hpp"

namespace xgrad {
namespace {

/// Weights with an element for each of the values.
Var spread(std::string_view operation, const Var& values, const Var& weights) {
  const Shape& to = values.shape();
  const Shape& from = weights.shape();
  bool fits = to.size() == from.size();
  for (std::size_t i = 0; fits && i < to.size(); ++i) fits = from[i] == to[i] || from[i] == 1;
  if (!fits) {
    throw ShapeError(std::string(operation) + ": " + to_string(from) + " does not fit the values " + to_string(to) +
                     "; it must have as many axes, with extents equal or 1 (one for each sample of [N, D] is [N, 1])");
  }
  return broadcast_to(weights, to);
}

/// What weights are divided by, so that neither their products with values nor their sums overflow or vanish.
Var largest_weight(const Var& weights, const Axes& axes) {
  const Shape along = detail::normalize_axes("weighted_mean", axes, weights);
  return loss::detail::unwieldy(amax(weights, Axes(along), keep_dims));
}

/// total / count, and 0 where the count is 0.
Var quotient(const Var& total, const Var& count) {
  const Var none = equal(count, 0.0);
  return where(none, zeros_like(total), total / where(none, ones_like(count), count));
}

}  // namespace

Var weighted_mean(const Var& values, const Var& weights, const Axes& axes, KeepDims keep) {
  loss::detail::require_usable("weighted_mean", values, weights);
  (void)detail::normalize_axes("weighted_mean", axes, values);
  static const Requirement requirement("weighted_mean: the weight {} is negative, infinite or not a number");
  const Var valid = checked(weights, weights >= 0.0 && weights < std::numeric_limits<double>::infinity(), requirement);
  const Var all = spread("weighted_mean", values, valid);
  const Var w = is_floating(weights.dtype()) && weights.size() > 0 ? all / largest_weight(valid, axes) : all;
  // Only what is not finite is taken out: a finite value still says what more weight on it would change.
  const Var finite = abs(values) < std::numeric_limits<double>::infinity();
  const Var products = w * where(equal(w, 0.0) && !finite, zeros_like(values), values);
  return quotient(sum(products, axes, keep), sum(cast(w, products.dtype()), axes, keep));
}

Var masked_mean(const Var& values, const Var& mask, const Axes& axes, KeepDims keep) {
  loss::detail::require_usable("masked_mean", values, mask);
  (void)detail::normalize_axes("masked_mean", axes, values);
  const Var chosen = spread("masked_mean", values, mask.dtype() == DType::Bool ? mask : not_equal(mask, 0.0));
  const Var kept = where(chosen, values, zeros_like(values));
  const Var count = cast(chosen, is_floating(values.dtype()) ? values.dtype() : DType::Float64);
  return quotient(sum(kept, axes, keep), sum(count, axes, keep));
}

Var smooth_labels(const Var& targets, double amount) {
  loss::detail::require_usable("smooth_labels", targets);
  loss::require_setting("smooth_labels", "amount", amount, amount >= 0.0 && amount <= 1.0, "it must be in [0, 1]");
  if (targets.dimension() == 0) throw ShapeError("smooth_labels: a scalar has no axis of classes; use [..., classes]");
  if (targets.dtype() == DType::Int64) {
    throw TypeError("smooth_labels: the targets are int64 " + to_string(targets.shape()) +
                    "; they must be probabilities, such as one_hot(labels, classes)");
  }
  static const Requirement requirement("smooth_labels: the target {} is outside [0, 1]");
  const auto classes = static_cast<double>(targets.shape(-1));
  return (1.0 - amount) * checked(targets, targets >= 0.0 && targets <= 1.0, requirement) + amount / classes;
}

}  // namespace xgrad
