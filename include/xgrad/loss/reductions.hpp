// From the values of a loss to one number, with weights and masks; and targets made soft. `mean` and `sum` of
// ops/reduce.hpp are the other two reductions.
#pragma once

#include <xgrad/core/shape.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Weighted mean of the values of a loss; 0 where all weights are 0, with the derivative 0. A value with the weight 0
/// does not count even if it is NaN.
///
///     sum(w l) / sum(w)        along the given axes, by default all
///
/// \param weights  >= 0; of the rank of the values, extents equal or 1: a weight for each sample of [N, D] is [N, 1].
/// \throws ShapeError  unless the weights have the rank of the values and extents equal to theirs or 1.
/// \throws ValueError  for a weight that is negative, infinite or NaN (raised when evaluated).
Var weighted_mean(const Var& values, const Var& weights, const Axes& axes = {}, KeepDims keep = KeepDims::no);

/// Mean of the values where the mask is true; 0 where it is true nowhere, with the derivative 0. What is masked out
/// does not count even if it is NaN.
///
/// \param mask  booleans (numbers count as true unless they are 0), of the rank of the values, extents equal or 1.
/// \throws ShapeError  as weighted_mean.
Var masked_mean(const Var& values, const Var& mask, const Axes& axes = {}, KeepDims keep = KeepDims::no);

/// Targets that are less certain: a part of the probability is spread evenly over all K classes (the last axis).
///
///     (1 - amount) t + amount / K
///
/// \param targets  [..., K] probabilities, such as one_hot(labels, K).
/// \param amount   in [0, 1].
/// \throws ShapeError  for a scalar; TypeError for int64, which are labels.
/// \throws ValueError  unless 0 <= amount <= 1; for a target outside [0, 1] (raised when evaluated).
/// \source  C. Szegedy et al., Rethinking the Inception architecture for computer vision, 2016, section 7.
Var smooth_labels(const Var& targets, double amount);

}  // namespace xgrad

#pragma GCC visibility pop
