// Losses of bounding boxes: intersection over union (IoU), with terms that also pull boxes together which do not
// overlap.
//
// Boxes are [..., 4]: left x1, top y1, right x2, bottom y2, in any unit; x1 <= x2 and y1 <= y2. Boxes without area are
// fine: the IoU of two of them is 0 (also if they are the same), and a quotient by an enclosing box without extent is
// 0.
#pragma once

#include <string_view>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Generalised IoU loss: what the smallest box around both has too much counts as well; a value for each box.
///
///     loss = 1 - IoU + (C - U) / C,    IoU = I / U
///
/// I, U and C are the areas of the intersection, of the union and of the smallest box around both.
///
/// \param prediction  [..., 4] boxes (x1, y1, x2, y2).
/// \param target      [..., 4], of the same shape.
/// \return            [...], in [0, 2].
/// \throws ShapeError  unless both shapes are equal and the last extent is 4.
/// \throws ValueError  for a box with x2 < x1 or y2 < y1 (raised when evaluated).
/// \derivative  almost everywhere smooth; equal edges share it, as of maximum and minimum.
/// \source  H. Rezatofighi et al., Generalized intersection over union: a metric and a loss for bounding box
///          regression, 2019, algorithms 1 and 2.
struct Giou {
  static constexpr std::string_view name = "Giou";
  bool check_boxes = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Giou, check_boxes)

/// Distance IoU loss: the distance of the centres counts as well; a value for each box.
///
///     loss = 1 - IoU + rho^2 / c^2
///
/// rho is the distance between the centres, c the diagonal of the smallest box around both.
///
/// \param prediction  [..., 4] boxes (x1, y1, x2, y2).
/// \param target      [..., 4], of the same shape.
/// \return            [...], in [0, 2].
/// \throws ShapeError  unless both shapes are equal and the last extent is 4.
/// \throws ValueError  for a box with x2 < x1 or y2 < y1 (raised when evaluated).
/// \derivative  almost everywhere smooth; equal edges share it, as of maximum and minimum.
/// \source  Z. Zheng et al., Distance-IoU loss: faster and better learning for bounding box regression, 2020, equations
///          6 and 7.
struct Diou {
  static constexpr std::string_view name = "Diou";
  bool check_boxes = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Diou, check_boxes)

/// Complete IoU loss: distance of the centres and ratio of the sides count as well; a value for each box.
///
///     loss  = 1 - IoU + rho^2 / c^2 + alpha v
///     v     = 4 / pi^2 (atan(w_t / h_t) - atan(w_p / h_p))^2
///     alpha = v / (1 - IoU + v), 0 if v = 0
///
/// w and h are width and height of a box; atan(w / 0) is pi / 2, and 0 for a box that is a point.
///
/// \param prediction  [..., 4] boxes (x1, y1, x2, y2).
/// \param target      [..., 4], of the same shape.
/// \return            [...], >= 0.
/// \throws ShapeError  unless both shapes are equal and the last extent is 4.
/// \throws ValueError  for a box with x2 < x1 or y2 < y1 (raised when evaluated).
/// \derivative  alpha counts as a constant, as with its authors. They also drop the factor 1 / (w^2 + h^2) of the
///              derivative of the angle; here it is kept.
/// \source  as Diou, equations 8 to 11.
struct Ciou {
  static constexpr std::string_view name = "Ciou";
  bool check_boxes = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Ciou, check_boxes)

}  // namespace xgrad::loss

#pragma GCC visibility pop
