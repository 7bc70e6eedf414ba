// Losses of masks, boxes and images as functions of one number: the probability or logit of a pixel, the place or width
// of a box, a difference of pixels.
#include <xgrad/loss/box.hpp>
#include <xgrad/loss/image.hpp>
#include <xgrad/loss/segmentation.hpp>

#include "pictures.hpp"

namespace pictures {

using xgrad::Var;
namespace loss = xgrad::loss;

namespace {

/// Of the first of four pixels; the first two are in the mask. The others are predicted as given.
template <class L>
Curve of_pixel(L l, double inside, double outside) {
  return [=](const Var& z) {
    const Var one = ones_like(z);
    const Var zero = zeros_like(z);
    const Var rest = outside * one;
    return l(xgrad::stack({z, inside * one, rest, rest}, 1), xgrad::stack({one, one, zero, zero}, 1));
  };
}

/// Of the probability of a class that has one pixel of four, at this pixel. The others are predicted well.
Var generalized_dice(const Var& p) {
  const Var one = ones_like(p);
  const Var zero = zeros_like(p);
  const Var sure = 0.9 * one;
  const Var small = xgrad::stack({p, 1.0 - sure, 1.0 - sure, 1.0 - sure}, 1);
  const Var truth = xgrad::stack({one, zero, zero, zero}, 1);
  return loss::GeneralizedDice{}(xgrad::stack({small, 1.0 - small}, 1), xgrad::stack({truth, 1.0 - truth}, 1));
}

/// Of the probability of the right one of two classes at one of two pixels; the other pixel, of the other class, has
/// 0.8.
Var lovasz_softmax(const Var& p) {
  const Var sure = 0.8 * ones_like(p);
  const Var first = xgrad::stack({p, 1.0 - sure}, 1);
  const Var zero = cast(zeros_like(p), xgrad::DType::Int64);
  return loss::LovaszSoftmax{}(xgrad::stack({first, 1.0 - first}, 1), xgrad::stack({zero, zero + 1}, 1));
}

/// Of how far a unit square lies to the right of its target.
template <class L>
Curve of_shift(L l) {
  return [l](const Var& x) {
    const Var zero = zeros_like(x);
    const Var one = ones_like(x);
    return l(xgrad::stack({x, zero, x + 1.0, one}, 1), xgrad::stack({zero, zero, one, one}, 1));
  };
}

/// Of the width of a box around the middle of a unit square, of the same height.
Var ciou_of_width(const Var& width) {
  const Var zero = zeros_like(width);
  const Var one = ones_like(width);
  return loss::Ciou{}(xgrad::stack({0.5 - 0.5 * width, zero, 0.5 + 0.5 * width, one}, 1),
                      xgrad::stack({zero, zero, one, one}, 1));
}

/// Of the contrast of a chequered image whose target has the contrast 1, around one half.
Var ssim_of_contrast(const Var& contrast) {
  auto board = xgrad::Array<double>::from_shape({1, 11, 11});
  for (std::size_t i = 0; i < board.size(); ++i) board.data()[i] = i % 2 == 0 ? 0.5 : -0.5;
  const Var pattern(std::move(board));
  const Var a = expand_dims(expand_dims(contrast, 1), 2);
  return loss::Ssim{}(0.5 + a * pattern, 0.5 + ones_like(a) * pattern);
}

/// Of a difference between two pixels, where that of the target is 1.
Var gradient_difference(const Var& d) {
  const auto image = [&](const Var& step) { return expand_dims(xgrad::stack({zeros_like(d), step}, 1), 1); };
  return loss::GradientDifference{}(image(d), image(ones_like(d)));
}

/// Of a step to the right, in an image with a step of 1 down.
Var total_variation(const Var& d) {
  const Var zero = zeros_like(d);
  const Var one = ones_like(d);
  return loss::TotalVariationPenalty{}(xgrad::stack({xgrad::stack({zero, d}, 1), xgrad::stack({one, d + 1.0}, 1)}, 1));
}

}  // namespace

void draw_segmentation(const Folder& folder) {
  const std::string pixel = "probability of a pixel in the mask";
  draw_curve(folder, "dice", "Dice, two pixels of four", pixel, 0, 1, of_pixel(loss::Dice{}, 0.9, 0.1));
  draw_curve(folder, "generalized_dice", "GeneralizedDice, a class with one pixel of four", "probability at its pixel",
             0, 1, generalized_dice);
  draw_curve(folder, "tversky", "Tversky, two pixels of four", pixel, 0, 1, of_pixel(loss::Tversky{}, 0.9, 0.1));
  draw_curve(folder, "focal_tversky", "FocalTversky, two pixels of four", pixel, 0, 1,
             of_pixel(loss::FocalTversky{}, 1.0, 0.0));
  draw_curve(folder, "jaccard", "Jaccard, two pixels of four", pixel, 0, 1, of_pixel(loss::Jaccard{}, 0.9, 0.1));
  draw_curve(folder, "lovasz_hinge", "LovaszHinge, two pixels of four", "logit of a pixel in the mask", -2, 2,
             of_pixel(loss::LovaszHinge{}, 0.5, 0.0));
  draw_curve(folder, "lovasz_softmax", "LovaszSoftmax, two pixels, two classes", "probability of the right class", 0, 1,
             lovasz_softmax);

  const std::string shift = "shift in widths of the box";
  draw_curve(folder, "giou", "Giou of two squares side by side", shift, -3, 3, of_shift(loss::Giou{}));
  draw_curve(folder, "diou", "Diou of two squares side by side", shift, -3, 3, of_shift(loss::Diou{}));
  draw_curve(folder, "ciou", "Ciou of boxes with one centre and height", "width / width of the target", 0.1, 3,
             ciou_of_width);

  draw_curve(folder, "ssim", "Ssim", "contrast / contrast of the target", -1, 3, ssim_of_contrast);
  draw_curve(folder, "total_variation_penalty", "TotalVariationPenalty of 2 x 2 pixels", "step to the right", -3, 3,
             total_variation);
  draw_curve(folder, "psnr", "Psnr", "difference at every pixel", -0.5, 0.5, [](const Var& e) {
    const Var image = expand_dims(e, 1);
    return loss::Psnr{.eps = 1e-3}(image, zeros_like(image));
  });
  draw_curve(folder, "gradient_difference", "GradientDifference of two pixels", "step (in the target 1)", -3, 3,
             gradient_difference);
}

}  // namespace pictures
