#include <xgrad/loss/box.hpp>

#include <numbers>
#include <string>

#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "loss/arguments.hpp"
#include "loss/overlap.hpp"
#include "loss/pooling.hpp"

namespace xgrad::loss {
namespace {

/// Edges, width and height of boxes; [...] each.
struct Box {
  Var x1, y1, x2, y2, width, height;
  [[nodiscard]] Var area() const { return width * height; }
};

Box box(const Var& edges, bool check, const Requirement& requirement) {
  const auto edge = [&](int i) { return view(edges, xt::ellipsis(), i); };
  // Not `extent >= 0`: NaN is handed on like in any other loss.
  const auto extent = [&](const Var& from, const Var& to) {
    const Var length = to - from;
    return check ? checked(length, !(length < 0.0), requirement) : length;
  };
  Box result{edge(0), edge(1), edge(2), edge(3), {}, {}};
  result.width = extent(result.x1, result.x2);
  result.height = extent(result.y1, result.y2);
  return result;
}

Var quotient(const Var& above, const Var& below) { return where(equal(below, 0.0), 0.0, above / below); }

/// What the three losses share. Lengths and areas are in units in which they are neither huge nor tiny: ratios do not
/// depend on them, but second derivatives of ratios would have infinite factors.
struct Pair {
  Box p, t;
  Var unit;
  Var united;                       ///< area of the union
  Var iou;                          ///< intersection over union
  Var around_width, around_height;  ///< of the smallest box around both

  /// Squared distance of the centres, relative to the squared diagonal of the box around both.
  [[nodiscard]] Var distance() const {
    const Var dx = ((p.x1 + p.x2) - (t.x1 + t.x2)) / unit;
    const Var dy = ((p.y1 + p.y2) - (t.y1 + t.y2)) / unit;
    return quotient(0.25 * (square(dx) + square(dy)), square(around_width) + square(around_height));
  }
};

Pair pair(std::string_view loss, const Var& prediction, const Var& target, bool check, const Requirement& requirement) {
  require_same_shape(loss, prediction, target);
  if (prediction.dimension() == 0 || prediction.shape(-1) != 4) {
    throw ShapeError(std::string(loss) + ": the boxes are " + to_string(prediction.shape()) +
                     "; the last extent must be 4, for x1, y1, x2, y2");
  }
  Pair result{.p = box(detail::as_floats(prediction, target), check, requirement),
              .t = box(detail::as_floats(target, prediction), check, requirement),
              .unit = {},
              .united = {},
              .iou = {},
              .around_width = {},
              .around_height = {}};
  Box& p = result.p;
  Box& t = result.t;
  const Var around_width = maximum(p.x2, t.x2) - minimum(p.x1, t.x1);
  const Var around_height = maximum(p.y2, t.y2) - minimum(p.y1, t.y1);
  const Var unit = detail::unwieldy(maximum(around_width, around_height));
  for (Box* each : {&p, &t}) {
    each->width = each->width / unit;
    each->height = each->height / unit;
  }
  const Var width = relu(minimum(p.x2, t.x2) - maximum(p.x1, t.x1)) / unit;
  const Var height = relu(minimum(p.y2, t.y2) - maximum(p.y1, t.y1)) / unit;
  const Var common = width * height;
  result.unit = unit;
  result.united = p.area() + t.area() - common;
  result.iou = quotient(common, result.united);
  result.around_width = around_width / unit;
  result.around_height = around_height / unit;
  return result;
}

/// atan(width / height), with derivatives also where either is 0; 0 where both are.
Var slope(const Box& b) {
  const Var wide = b.width > b.height;
  const Var larger = where(wide, b.width, b.height);
  const Var angle = atan(quotient(where(wide, b.height, b.width), larger));
  return where(wide, 0.5 * std::numbers::pi - angle, angle);
}

}  // namespace

Var detail::intersection_over_union(std::string_view name, const Var& prediction, const Var& target,
                                    const Requirement& requirement) {
  return pair(name, prediction, target, /*check=*/true, requirement).iou;
}

Var Giou::operator()(const Var& prediction, const Var& target) const {
  static const Requirement requirement(
      "Giou: the width or height {} of a box is negative; boxes are x1 <= x2, y1 <= y2");
  const Pair boxes = pair(name, prediction, target, check_boxes, requirement);
  const Var around = boxes.around_width * boxes.around_height;
  return 1.0 - boxes.iou + quotient(around - boxes.united, around);
}

Var Diou::operator()(const Var& prediction, const Var& target) const {
  static const Requirement requirement(
      "Diou: the width or height {} of a box is negative; boxes are x1 <= x2, y1 <= y2");
  const Pair boxes = pair(name, prediction, target, check_boxes, requirement);
  return 1.0 - boxes.iou + boxes.distance();
}

Var Ciou::operator()(const Var& prediction, const Var& target) const {
  static const Requirement requirement(
      "Ciou: the width or height {} of a box is negative; boxes are x1 <= x2, y1 <= y2");
  const Pair boxes = pair(name, prediction, target, check_boxes, requirement);
  const Var miss = 1.0 - boxes.iou;
  const double scale = 4.0 / (std::numbers::pi * std::numbers::pi);
  const Var v = scale * square(slope(boxes.t) - slope(boxes.p));
  const Var alpha = stop_gradient(quotient(v, relu(miss) + v));
  return miss + boxes.distance() + alpha * v;
}

}  // namespace xgrad::loss
