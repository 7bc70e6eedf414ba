// Losses of segmentation: how much of a mask is missed, and how much is too much.
//
// One layout for all. Predictions are probabilities (LovaszHinge: logits), targets masks of the same shape: 0 or 1,
// one-hot along an axis of classes, or soft, in [0, 1]. The setting `first_axis` says what is one mask: all axes from
// it on are pooled, and there is a value for each place of the axes before it.
//
//     [N, H, W]       first_axis = 1 (the default)    a value for each image, [N]
//     [N, C, H, W]    first_axis = 2                  a value for each image and class, [N, C]
//     [N, C, H, W]    first_axis = 1                  the classes of an image pooled as one mask, [N]
//     any             first_axis = 0                  the whole batch as one mask, a number
//
// A mask with nothing in it, predicted as nothing, has the loss 0; its derivatives are 0 unless smooth > 0.
#pragma once

#include <cstddef>
#include <string_view>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Soft Dice loss: one minus the harmonic mean of precision and recall (F1); a value for each mask.
///
///     loss = 1 - (2 sum p t + smooth) / (sum p + sum t + smooth)            sums over the pixels of a mask
///     loss = 1 - (2 sum p t + smooth) / (sum p^2 + sum t^2 + smooth)        squared
///
/// \param prediction  p, probabilities in [0, 1], such as sigmoid or softmax of logits.
/// \param target      t, of the same shape, in [0, 1]; numbers, integers or booleans.
/// \return            the shape of the prediction without the axes from first_axis on; in [0, 1].
/// \throws ShapeError  unless both shapes are equal and have the axis first_axis.
/// \throws ValueError  unless smooth >= 0; for a target outside [0, 1] (raised when evaluated).
/// \derivative  a quotient of sums, smooth; 0 for a mask with nothing in it if smooth = 0.
/// \source  F. Milletari, N. Navab, S.-A. Ahmadi, V-Net, 2016, section 3 (squared); M. Drozdzal et al., The importance
///          of skip connections in biomedical image segmentation, 2016 (not squared).
struct Dice {
  static constexpr std::string_view name = "Dice";
  double smooth = 1.0;            ///< pixels added above and below, >= 0: small masks weigh less
  bool squared = false;           ///< with squares in the denominator; then soft targets are best predicted as they are
  std::ptrdiff_t first_axis = 1;  ///< all axes from it on are pooled
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Dice, smooth, squared, first_axis, check_targets)

/// Generalised Dice loss: the classes of an image pooled, each weighed with its inverse squared volume, so that small
/// classes count as much as large ones; a value for each image.
///
///     loss = 1 - (2 sum_c w_c sum p t + smooth) / (sum_c w_c sum (p + t) + smooth),    w_c = (v / sum_c t)^2
///
/// Inner sums are over the pixels of class c; v is the volume of the image's smallest class that is there, which
/// cancels unless smooth > 0. Classes that are not there weigh as much as the smallest one.
///
/// \param prediction  p, [N, C, ...] probabilities; the classes are the axis before first_axis.
/// \param target      t, of the same shape, one-hot or soft, in [0, 1].
/// \return            [N], the shape of the prediction without the axis of classes and those after; in [0, 1].
/// \throws ShapeError  unless both shapes are equal, have the axis first_axis and an axis of at least one class before.
/// \throws ValueError  unless smooth >= 0; for a target outside [0, 1] (raised when evaluated).
/// \derivative  a quotient of sums; the weights are differentiated with respect to the target.
/// \source  C. H. Sudre et al., Generalised Dice overlap as a deep learning loss function for highly unbalanced
///          segmentations, 2017, section 2.
struct GeneralizedDice {
  static constexpr std::string_view name = "GeneralizedDice";
  double smooth = 0.0;            ///< in pixels of the smallest class, >= 0
  std::ptrdiff_t first_axis = 2;  ///< all axes from it on are pooled; the axis before is that of the classes
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(GeneralizedDice, smooth, first_axis, check_targets)

/// Tversky loss: false alarms and misses have weights of their own; a value for each mask. alpha = beta = 1/2 is Dice
/// (with half its smooth), alpha = beta = 1 is Jaccard.
///
///     loss = 1 - (TP + smooth) / (TP + alpha FP + beta FN + smooth)
///     TP = sum p t,    FP = sum p (1 - t),    FN = sum (1 - p) t
///
/// \param prediction  p, probabilities in [0, 1].
/// \param target      t, of the same shape, in [0, 1].
/// \return            the shape of the prediction without the axes from first_axis on; in [0, 1].
/// \throws ShapeError  unless both shapes are equal and have the axis first_axis.
/// \throws ValueError  unless alpha, beta, smooth >= 0; for a target outside [0, 1] (raised when evaluated).
/// \derivative  a quotient of sums, smooth; 0 where the denominator is 0.
/// \source  S. S. M. Salehi, D. Erdogmus, A. Gholipour, Tversky loss function for image segmentation using 3D fully
///          convolutional deep networks, 2017 (their best weights are the defaults).
struct Tversky {
  static constexpr std::string_view name = "Tversky";
  double alpha = 0.3;  ///< weight of false alarms (FP), >= 0
  double beta = 0.7;   ///< weight of misses (FN), >= 0
  double smooth = 1.0;
  std::ptrdiff_t first_axis = 1;  ///< all axes from it on are pooled
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Tversky, alpha, beta, smooth, first_axis, check_targets)

/// Focal Tversky loss: a root of Tversky's, with larger slopes for masks that are nearly right; a value for each mask.
///
///     loss = Tversky^(1 / gamma)
///
/// \param prediction  p, probabilities in [0, 1].
/// \param target      t, of the same shape, in [0, 1].
/// \return            the shape of the prediction without the axes from first_axis on; in [0, 1].
/// \throws ShapeError  unless both shapes are equal and have the axis first_axis.
/// \throws ValueError  unless alpha, beta, smooth >= 0 and gamma > 0; for a target outside [0, 1] (raised when
///                     evaluated).
/// \derivative  that of Tversky times loss^(1 - gamma) / gamma: for gamma > 1 it grows without bound as the loss goes
///              to 0. Where the loss is 0 it is taken as 0.
/// \source  N. Abraham and N. M. Khan, A novel focal Tversky loss function with improved attention U-Net for lesion
///          segmentation, 2018. Their alpha weighs the misses: beta here.
struct FocalTversky {
  static constexpr std::string_view name = "FocalTversky";
  double alpha = 0.3;        ///< weight of false alarms (FP), >= 0
  double beta = 0.7;         ///< weight of misses (FN), >= 0
  double gamma = 4.0 / 3.0;  ///< > 0; the authors use 1 to 3
  double smooth = 1.0;
  std::ptrdiff_t first_axis = 1;  ///< all axes from it on are pooled
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(FocalTversky, alpha, beta, gamma, smooth, first_axis, check_targets)

/// Soft Jaccard loss: one minus intersection over union (IoU); a value for each mask.
///
///     loss = 1 - (sum p t + smooth) / (sum (p + t - p t) + smooth)
///
/// \param prediction  p, probabilities in [0, 1].
/// \param target      t, of the same shape, in [0, 1].
/// \return            the shape of the prediction without the axes from first_axis on; in [0, 1].
/// \throws ShapeError  unless both shapes are equal and have the axis first_axis.
/// \throws ValueError  unless smooth >= 0; for a target outside [0, 1] (raised when evaluated).
/// \derivative  a quotient of sums, smooth; 0 for a mask with nothing in it if smooth = 0.
/// \source  M. A. Rahman and Y. Wang, Optimizing intersection-over-union in deep neural networks for image
///          segmentation, 2016.
struct Jaccard {
  static constexpr std::string_view name = "Jaccard";
  double smooth = 1.0;            ///< pixels added above and below, >= 0
  std::ptrdiff_t first_axis = 1;  ///< all axes from it on are pooled
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Jaccard, smooth, first_axis, check_targets)

/// Lovasz hinge: a convex bound of 1 - IoU of the pixels with a positive logit; a value for each mask.
///
///     loss = sum_k max(0, e_k) (J_k - J_{k-1}),    e = 1 - (2 t - 1) z sorted in descending order
///
/// J_k is 1 - IoU if exactly the first k pixels are wrong, J_0 = 0. Takes time n log n for n pixels.
///
/// \param prediction  z, logits, any number.
/// \param target      t, of the same shape, 0 or 1; numbers, integers or booleans.
/// \return            the shape of the prediction without the axes from first_axis on; >= 0.
/// \throws ShapeError  unless both shapes are equal and have the axis first_axis.
/// \throws ValueError  for a target that is neither 0 nor 1 (raised when evaluated).
/// \derivative  piecewise linear: the weights J_k - J_{k-1} count as constants. Equal errors are weighed in the order
///              of the pixels; 0 where the error is 0; second derivative 0.
/// \source  M. Berman, A. Rannen Triki, M. B. Blaschko, The Lovasz-softmax loss: a tractable surrogate for the
///          optimization of the intersection-over-union measure in neural networks, 2018, algorithm 1 and the section
///          on the Lovasz hinge.
struct LovaszHinge {
  static constexpr std::string_view name = "LovaszHinge";
  std::ptrdiff_t first_axis = 1;  ///< all axes from it on are pooled
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(LovaszHinge, first_axis, check_targets)

/// Lovasz-softmax loss: an interpolation of 1 - IoU that is averaged over the classes; a value for each image.
///
///     loss[n] = mean over classes c of sum_k e_k (J_k - J_{k-1})
///     e = 1 - p_c where the label is c, else p_c; sorted in descending order for each class
///
/// J_k is 1 - IoU of class c if exactly the first k pixels are wrong, J_0 = 0.
///
/// \param prediction  p, [N, C, ...] probabilities, such as softmax(logits, 1).
/// \param labels      [N, ...] integers in [0, C).
/// \return            [N], or a number if not per_image; in [0, 1].
/// \throws ShapeError  unless the labels have the shape of the prediction without axis 1.
/// \throws TypeError   unless the labels are integers.
/// \throws ValueError  for a label out of range (raised when evaluated).
/// \derivative  piecewise linear: the weights J_k - J_{k-1} count as constants. Equal errors are weighed in the order
///              of the pixels; second derivative 0.
/// \source  as LovaszHinge, the section on the Lovasz-softmax loss.
struct LovaszSoftmax {
  static constexpr std::string_view name = "LovaszSoftmax";
  bool only_present = true;  ///< average over the classes that the labels of an image have, else over all
  bool per_image = true;     ///< else the whole batch counts as one image
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& labels) const;
};
XGRAD_FIELDS(LovaszSoftmax, only_present, per_image, check_targets)

/// Boundary loss: probability far outside of the target's boundary costs, far inside it pays; a value for each mask.
///
///     loss = mean over pixels of p d
///
/// It has no lower bound of 0 and is mostly added to a loss of regions such as Dice, with a growing factor.
///
/// \param prediction  p, probabilities.
/// \param distance    d, of the same shape: signed distance to the boundary of the target, negative inside.
/// \return            the shape of the prediction without the axes from first_axis on; 0 for no pixels.
/// \throws ShapeError  unless both shapes are equal and have the axis first_axis.
/// \derivative  d / number of pixels; the second one is 0.
/// \source  H. Kervadec et al., Boundary loss for highly unbalanced segmentation, 2019 (the integral over the image;
///          here the mean, which does not depend on the size of the image).
struct Boundary {
  static constexpr std::string_view name = "Boundary";
  std::ptrdiff_t first_axis = 1;  ///< all axes from it on are pooled
  Var operator()(const Var& prediction, const Var& distance) const;
};
XGRAD_FIELDS(Boundary, first_axis)

}  // namespace xgrad::loss

#pragma GCC visibility pop
