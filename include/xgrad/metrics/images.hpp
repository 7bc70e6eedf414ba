// How alike two pictures look. See Psnr in signals.hpp.
#pragma once

#include <cstddef>
#include <string_view>

#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Mean structural similarity (SSIM) of images, in [-1, 1].
///
///     mean over channels and windows of (2 m_x m_y + c1) (2 s_xy + c2) / ((m_x^2 + m_y^2 + c1) (s_x^2 + s_y^2 + c2))
///     c1 = (k1 range)^2,   c2 = (k2 range)^2
///
/// m, s^2 and s_xy are means, variances and covariance under a Gaussian window, which lies inside of the image.
///
/// \param prediction  [N, H, W] or [N, C, H, W].
/// \param target      of the same shape.
/// \param weights     of the images.
/// \throws ShapeError  unless images are at least as large as the window.
/// \throws ValueError  unless all settings are positive.
/// \source  Z. Wang, A. C. Bovik, H. R. Sheikh and E. P. Simoncelli, Image quality assessment: from error visibility to
///          structural similarity, 2004; loss::Ssim.
struct Ssim {
  static constexpr std::string_view name = "Ssim";
  std::size_t window = 11;  ///< pixels along each side
  double sigma = 1.5;       ///< standard deviation of the window in pixels
  double range = 1.0;       ///< of the values
  double k1 = 0.01;
  double k2 = 0.03;
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Ssim, window, sigma, range, k1, k2)

/// Mean multi-scale structural similarity (MS-SSIM) of images, in [0, 1].
///
///     l_5^b_5 prod_j cs_j^b_j,   b = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
///
/// cs_j is the mean over channels and windows of (2 s_xy + c2) / (s_x^2 + s_y^2 + c2) at scale j, where images are
/// halved j - 1 times (means of 2 x 2 pixels, an odd last row or column left out), and l_5 cs_5 is the SSIM at scale 5.
/// A mean that is negative counts as 0.
///
/// \param prediction  [N, H, W] or [N, C, H, W].
/// \param target      of the same shape.
/// \param weights     of the images.
/// \throws ShapeError  unless images are at least 16 times as large as the window.
/// \throws ValueError  unless all settings are positive.
/// \source  Z. Wang, E. P. Simoncelli and A. C. Bovik, Multi-scale structural similarity for image quality assessment,
///          2003; negative means as torchmetrics, MultiScaleStructuralSimilarityIndexMeasure.
struct MultiScaleSsim {
  static constexpr std::string_view name = "MultiScaleSsim";
  std::size_t window = 11;  ///< pixels along each side
  double sigma = 1.5;       ///< standard deviation of the window in pixels
  double range = 1.0;       ///< of the values
  double k1 = 0.01;
  double k2 = 0.03;
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(MultiScaleSsim, window, sigma, range, k1, k2)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
