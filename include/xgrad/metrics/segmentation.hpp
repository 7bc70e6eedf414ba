// Masks and classes of the pixels of images. See Jaccard (IoU) and FBeta (Dice) for all pixels of all images together.
#pragma once

#include <string_view>
#include <vector>

#include <xgrad/metrics/labels.hpp>
#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Mean over images of the generalised Dice score: all classes together, small ones weighted as much as large ones.
///
///     2 sum_k v_k TP_k / sum_k v_k (2 TP_k + FP_k + FN_k),   v_k = 1 / (TP_k + FN_k)^2
///
/// A class that the target lacks weighs as much as its smallest class; 1 of what is empty in both.
///
/// \param prediction, target  see Labels; the samples are pixels, [N, ...] of N images.
/// \param weights             of the images.
/// \source  C. H. Sudre et al., Generalised Dice overlap as a deep learning loss function for highly unbalanced
///          segmentations, 2017; loss::GeneralizedDice.
struct GeneralisedDice {
  static constexpr std::string_view name = "GeneralisedDice";
  Labels labels = binary();
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(GeneralisedDice, labels)

/// Mean over images of the Hausdorff distance between two masks: how far a pixel of one may be from the other.
///
///     max(max_{p in P} min_{t in T} |p - t|, max_{t in T} min_{p in P} |p - t|)
///
/// Distances are Euclidean, between the centres of pixels (of any number of axes). With a quantile q below 1 the larger
/// of both quantiles of the distances in place of their maxima (0.95 is known as HD95), interpolated linearly. 0 if
/// both masks are empty, infinite if one is.
///
/// \param prediction, target  of binary Labels, [N, X...]: N masks.
/// \param weights             of the masks.
/// \throws ValueError  unless q is in [0, 1]; for a spacing that is not positive and finite.
/// \throws ShapeError  for less than two axes; unless there is a spacing for each axis of a mask, or none.
/// \source  D. P. Huttenlocher et al., Comparing images using the Hausdorff distance, 1993;
///          scipy.spatial.distance.directed_hausdorff, SciPy 1.10. Distances to the nearest pixel: P. F. Felzenszwalb
///          and D. P. Huttenlocher, Distance transforms of sampled functions, 2012.
struct HausdorffDistance {
  static constexpr std::string_view name = "HausdorffDistance";
  double threshold = 0.5;  ///< of scores
  double q = 1.0;
  std::vector<double> spacing = {};  ///< of pixels along each axis; none: 1
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(HausdorffDistance, threshold, q, spacing)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
