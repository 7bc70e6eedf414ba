// Boxes beside those that they should be, one with one. Boxes are [..., 4]: left x1, top y1, right x2, bottom y2, in
// any unit. The IoU of two boxes without area is 0. See detection.hpp for boxes that must be found.
#pragma once

#include <string_view>

#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Mean intersection over union (IoU).
///
///     I / U
///
/// \param prediction  [..., 4]: x1, y1, x2, y2.
/// \param target      of the same shape.
/// \param weights     of the boxes.
/// \throws ShapeError  unless the last extent is 4.
/// \throws ValueError  for a box with x2 < x1 or y2 < y1 (raised when evaluated).
/// \source  P. Jaccard, The distribution of the flora in the alpine zone, 1912.
struct BoxIou {
  static constexpr std::string_view name = "BoxIou";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(BoxIou)

/// Mean generalised IoU, in [-1, 1].
///
///     I / U - (C - U) / C,   C the area of the smallest box around both
///
/// \param prediction  [..., 4]: x1, y1, x2, y2.
/// \param target      of the same shape.
/// \param weights     of the boxes.
/// \throws ShapeError  unless the last extent is 4.
/// \throws ValueError  for a box with x2 < x1 or y2 < y1 (raised when evaluated).
/// \source  H. Rezatofighi et al., Generalized intersection over union, 2019; 1 - loss::Giou.
struct Giou {
  static constexpr std::string_view name = "Giou";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Giou)

/// Mean distance IoU, in [-1, 1].
///
///     I / U - rho^2 / c^2
///
/// rho is the distance of the centres, c the diagonal of the smallest box around both.
///
/// \param prediction  [..., 4]: x1, y1, x2, y2.
/// \param target      of the same shape.
/// \param weights     of the boxes.
/// \throws ShapeError  unless the last extent is 4.
/// \throws ValueError  for a box with x2 < x1 or y2 < y1 (raised when evaluated).
/// \source  Z. Zheng et al., Distance-IoU loss, 2020; 1 - loss::Diou.
struct Diou {
  static constexpr std::string_view name = "Diou";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Diou)

/// Mean complete IoU.
///
///     I / U - rho^2 / c^2 - a v,   v = 4 / pi^2 (atan(w_t / h_t) - atan(w_p / h_p))^2,   a = v / (1 - IoU + v)
///
/// \param prediction  [..., 4]: x1, y1, x2, y2.
/// \param target      of the same shape.
/// \param weights     of the boxes.
/// \throws ShapeError  unless the last extent is 4.
/// \throws ValueError  for a box with x2 < x1 or y2 < y1 (raised when evaluated).
/// \source  Z. Zheng et al., Distance-IoU loss, 2020; 1 - loss::Ciou.
struct Ciou {
  static constexpr std::string_view name = "Ciou";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Ciou)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
