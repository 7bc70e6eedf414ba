// Data changed at random, as functions of a key and a batch.
//
// Images are [n, ..., rows, columns], with a channel axis or without; each sample has random numbers of its own. All
// are operations as others: in compiled functions, in batches of vmap, with derivatives. They keep the element type,
// and throw ShapeError for arrays with fewer axes than they need. What has no samples stays empty.
#pragma once

#include <cstddef>
#include <cstdint>

#include <xgrad/core/shape.hpp>
#include <xgrad/ops/pad.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::data {

struct FlipOptions {
  double probability = 0.5;
  std::ptrdiff_t axis = -1;  ///< -1: left and right are exchanged; -2: top and bottom
};
/// Some samples in reverse order along an axis.
/// \throws ValueError  unless 0 <= probability <= 1.
/// \throws ShapeError  for the axis of the samples, or one that is not there.
[[nodiscard]] Var flip(const random::Key& key, const Var& x, const FlipOptions& options = {});

struct CropOptions {
  std::ptrdiff_t padding = 0;           ///< how far a part may reach out at each side
  Padding outside = Padding::Constant;  ///< what is there: zeros, or see Padding
};
/// A part of each sample, of some extents along the last axes, from a place of which all are equally likely.
///
///     xg::data::crop(key, images, {32, 32}, {.padding = 4})        // moved by up to four pixels
///
/// \throws ShapeError  unless there are as many axes behind the first, which are as long, with their padding.
/// \throws ValueError  for a negative padding.
[[nodiscard]] Var crop(const random::Key& key, const Var& x, const Shape& size, const CropOptions& options = {});

/// Each image turned about its centre by its angle, in radians, from the columns towards the rows (clockwise, as rows
/// go down), with linear interpolation between the four pixels around; what comes from outside is 0.
/// \param angles  a number, or [n].
/// \throws ShapeError  unless x is [n, ..., rows, columns] and there is an angle for each image.
/// \throws TypeError   unless x is floating-point.
/// \throws ValueError  for an angle that is not finite (raised when evaluated).
[[nodiscard]] Var rotated(const Var& x, const Var& angles);
/// The same by angles between -most_degrees and most_degrees, all equally likely.
/// \throws ValueError  unless this is from 0 to 180.
[[nodiscard]] Var rotate(const random::Key& key, const Var& x, double most_degrees = 15.0);

/// x + deviation z, with normal numbers z.
/// \throws TypeError   unless x is floating-point.
/// \throws ValueError  for a deviation that is negative or not finite.
[[nodiscard]] Var noise(const random::Key& key, const Var& x, double deviation = 0.1);

/// A square of 0 around a pixel of each image, which may reach out; of all channels.
/// \source  T. DeVries and G. W. Taylor, Improved regularization of convolutional neural networks with Cutout, 2017.
/// \throws ValueError  for squares of no pixels.
[[nodiscard]] Var cutout(const random::Key& key, const Var& x, std::size_t size);

/// Samples that were mixed, and their labels.
struct Mixed {
  Var x;
  Var labels;
};
XGRAD_FIELDS(Mixed, x, labels)

/// Each sample with another one of the batch: m x[i] + (1 - m) x[j], and so the labels, where m is of the distribution
/// Beta(alpha, alpha) for each i, and the j are a permutation of the samples.
/// \param labels  probabilities, [n, ...]: of integers see one_hot.
/// \source  H. Zhang et al., mixup: Beyond empirical risk minimization, 2018.
/// \throws TypeError   unless samples and labels are floating-point.
/// \throws ShapeError  unless there are as many labels as samples.
/// \throws ValueError  unless alpha is positive and finite.
[[nodiscard]] Mixed mixup(const random::Key& key, const Var& x, const Var& labels, double alpha = 0.2);

/// A rectangle of each image from another one of the batch, and labels mixed by what part of the image it is. Its
/// centre may be any pixel, and its sides are sqrt(1 - m) of the image's, where m is of the distribution Beta(alpha,
/// alpha); what reaches out is cut off.
/// \source  S. Yun et al., CutMix: Regularization strategy to train strong classifiers with localizable features, 2019.
/// \throws  as mixup, but images may have any element type; ShapeError for fewer than three axes.
[[nodiscard]] Mixed cutmix(const random::Key& key, const Var& x, const Var& labels, double alpha = 1.0);

}  // namespace xgrad::data

#pragma GCC visibility pop
