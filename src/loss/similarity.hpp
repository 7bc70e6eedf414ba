// What structural similarity is made of, for the loss and for metrics of one and of several scales.
#pragma once

#include <string_view>

#include <xgrad/loss/image.hpp>
#include <xgrad/var.hpp>

namespace xgrad::loss::detail {

/// One minus each of the two factors of SSIM, for each place of the window: [N, H', W'] or [N, C, H', W'].
struct Dissimilarity {
  Var means;     ///< 1 - (2 m_x m_y + c1) / (m_x^2 + m_y^2 + c1)
  Var patterns;  ///< 1 - (2 s_xy + c2) / (s_x^2 + s_y^2 + c2)
};

/// \throws ShapeError, ValueError  as Ssim, in the name of the loss or metric.
Dissimilarity dissimilarity(std::string_view loss, const Ssim& settings, const Var& prediction, const Var& target);

}  // namespace xgrad::loss::detail
