// Losses of images: how alike two pictures look, and how rough one is. A value for each image.
//
// Images are [N, H, W], or [N, C, H, W] with C channels, which are pooled with the pixels; Psnr takes any [N, ...].
#pragma once

#include <cstddef>
#include <string_view>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// One minus the structural similarity (SSIM), which compares means, contrasts and patterns in a window around each
/// pixel; a value for each image.
///
///     loss = 1 - mean of (2 m_x m_y + c1) (2 s_xy + c2) / ((m_x^2 + m_y^2 + c1) (s_x^2 + s_y^2 + c2))
///     c1 = (k1 data_range)^2,    c2 = (k2 data_range)^2
///
/// m, s^2 and s_xy are means, variances and covariance under a Gaussian window whose weights add up to 1. The mean is
/// over the channels and all places where the window lies inside of the image, (H - window + 1) (W - window + 1).
///
/// \param prediction  [N, H, W] or [N, C, H, W].
/// \param target      of the same shape.
/// \return            [N], in [0, 2]; 0 for equal images.
/// \throws ShapeError  unless both shapes are equal, of three or four axes, and images at least as large as the window.
/// \throws ValueError  unless window, sigma, data_range, k1 and k2 are positive.
/// \derivative  smooth to every order.
/// \source  Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, Image quality assessment: from error visibility to
///          structural similarity, 2004, equation 13 and section III.C.
struct Ssim {
  static constexpr std::string_view name = "Ssim";
  std::size_t window = 11;  ///< pixels along each side, > 0
  double sigma = 1.5;       ///< standard deviation of the window in pixels, > 0
  double data_range = 1.0;  ///< largest possible number less the smallest, > 0: 255 for bytes
  double k1 = 0.01;         ///< > 0
  double k2 = 0.03;         ///< > 0
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Ssim, window, sigma, data_range, k1, k2)

/// Total variation: how much neighbouring pixels differ. A penalty on one image, which smooths it and keeps edges.
///
///     loss = sum of sqrt(d_x^2 + d_y^2)        isotropic
///     loss = sum of abs(d_x) + abs(d_y)        not isotropic
///
/// d_x and d_y are the differences to the next pixel to the right and below, 0 beyond the border; each channel counts
/// by itself.
///
/// \param image  [N, H, W] or [N, C, H, W].
/// \return       [N], >= 0.
/// \throws ShapeError  unless the image has three or four axes.
/// \derivative  that of a norm; 0 where both differences (not isotropic: the difference) are 0.
/// \source  L. I. Rudin, S. Osher, E. Fatemi, Nonlinear total variation based noise removal algorithms, 1992.
struct TotalVariationPenalty {
  static constexpr std::string_view name = "TotalVariationPenalty";
  bool isotropic = true;
  Var operator()(const Var& image) const;
};
XGRAD_FIELDS(TotalVariationPenalty, isotropic)

/// The negative peak signal-to-noise ratio in decibels; a value for each image.
///
///     loss = 10 log10(mean e^2 / data_range^2 + eps),    e = prediction - target
///
/// eps keeps it finite: equal images have 10 log10(eps), by default -100 dB, and the derivative 0. Otherwise it moves
/// the value by less than 4.35 eps data_range^2 / mean e^2 dB.
///
/// \param prediction  [N, ...].
/// \param target      of the same shape.
/// \return            [N] dB.
/// \throws ShapeError  unless both shapes are equal and have two axes or more.
/// \throws ValueError  unless data_range and eps are positive.
/// \derivative  smooth to every order.
/// \source  Q. Huynh-Thu and M. Ghanbari, Scope of validity of PSNR in image/video quality assessment, 2008.
struct Psnr {
  static constexpr std::string_view name = "Psnr";
  double data_range = 1.0;  ///< largest possible number less the smallest, > 0: 255 for bytes
  double eps = 1e-10;       ///< > 0
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Psnr, data_range, eps)

/// Gradient difference loss: differences between neighbouring pixels shall be as large as in the target, which sharpens
/// images; a value for each image.
///
///     loss = sum of abs(abs(d_x p) - abs(d_x t))^alpha + abs(abs(d_y p) - abs(d_y t))^alpha
///
/// d_x and d_y are the differences of pixels side by side and on top of each other. Only these count, and not their
/// signs, so it is added to a loss of values such as Mse or Mae.
///
/// \param prediction  p, [N, H, W] or [N, C, H, W].
/// \param target      t, of the same shape.
/// \return            [N], >= 0.
/// \throws ShapeError  unless both shapes are equal, of three or four axes.
/// \throws ValueError  unless alpha >= 1.
/// \derivative  0 from a difference that is 0 in the prediction, and from two that are equal in size.
/// \source  M. Mathieu, C. Couprie, Y. LeCun, Deep multi-scale video prediction beyond mean square error, 2016,
///          equation 6.
struct GradientDifference {
  static constexpr std::string_view name = "GradientDifference";
  double alpha = 1.0;  ///< exponent, >= 1
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(GradientDifference, alpha)

}  // namespace xgrad::loss

#pragma GCC visibility pop
