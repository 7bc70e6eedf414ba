// One of K classes by angles: cosines between a sample's features and a direction for each class, as in the recognition
// of faces.
#pragma once

#include <string_view>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// ArcFace: cross-entropy that wants the angle to the right class smaller by a margin; one value for each sample, not
/// reduced.
///
///     CrossEntropy(scale v, y),   v_y = cos(theta_y + margin),   v_k = cos(theta_k) for k != y
///
/// Beyond theta_y = pi - margin, where cos(theta + margin) would rise again, v_y = cos(theta_y) - margin sin(margin).
/// For margins up to 2.33, where tan(margin / 2) = margin, v_y jumps down there, so it falls with theta_y everywhere;
/// for larger ones it jumps up. With easy_margin, v_y = cos(theta_y) where theta_y >= pi / 2, and it jumps up.
///
/// \param cosines  cos(theta_k), [..., K], in [-1, 1]; what rounding makes larger by 0.001 is fine.
/// \param labels   y, int64 in [0, K), in the shape without the last axis.
/// \return         the shape of the labels, nats, >= 0.
/// \throws ShapeError  unless the labels have that shape, and if there are no classes.
/// \throws TypeError   for labels that are not int64.
/// \throws ValueError  unless 0 <= margin < pi and 0 < scale < infinity; for a cosine or a label out of range (raised
///                     when evaluated).
/// \derivative  that of the formula; d sin / d cos, infinite at cosines of -1 and 1, is taken as 0 there.
/// \source  J. Deng, J. Guo, N. Xue and S. Zafeiriou, ArcFace: additive angular margin loss for deep face recognition,
///          2019.
struct ArcFace {
  static constexpr std::string_view name = "ArcFace";
  double margin = 0.5;  ///< radians, in [0, pi)
  double scale = 64.0;  ///< > 0
  bool easy_margin = false;
  bool check_targets = true;  ///< and cosines
  Var operator()(const Var& cosines, const Var& labels) const;
};
XGRAD_FIELDS(ArcFace, margin, scale, easy_margin, check_targets)

/// CosFace: cross-entropy that wants the cosine of the right class larger by a margin; one value for each sample, not
/// reduced.
///
///     CrossEntropy(scale (cos(theta) - margin onehot(y)), y)
///
/// \param cosines  cos(theta_k), [..., K], in [-1, 1]; what rounding makes larger by 0.001 is fine.
/// \param labels   y, int64 in [0, K), in the shape without the last axis.
/// \return         the shape of the labels, nats, >= 0.
/// \throws ShapeError  unless the labels have that shape, and if there are no classes.
/// \throws TypeError   for labels that are not int64.
/// \throws ValueError  unless margin >= 0 and scale > 0, both finite; for a cosine or a label out of range (raised when
///                     evaluated).
/// \derivative  scale (softmax - onehot(y)); smooth to every order.
/// \source  H. Wang et al., CosFace: large margin cosine loss for deep face recognition, 2018.
struct CosFace {
  static constexpr std::string_view name = "CosFace";
  double margin = 0.35;       ///< >= 0
  double scale = 64.0;        ///< > 0
  bool check_targets = true;  ///< and cosines
  Var operator()(const Var& cosines, const Var& labels) const;
};
XGRAD_FIELDS(CosFace, margin, scale, check_targets)

}  // namespace xgrad::loss

#pragma GCC visibility pop
