// The losses of boxes by their definitions, in plain numbers.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

namespace xgrad::testing::boxes {

using Box = std::array<long double, 4>;

inline long double area(const Box& b) { return (b[2] - b[0]) * (b[3] - b[1]); }

/// The smallest box around both.
inline Box around(const Box& a, const Box& b) {
  return {std::min(a[0], b[0]), std::min(a[1], b[1]), std::max(a[2], b[2]), std::max(a[3], b[3])};
}

inline long double intersection(const Box& a, const Box& b) {
  const Box common{std::max(a[0], b[0]), std::max(a[1], b[1]), std::min(a[2], b[2]), std::min(a[3], b[3])};
  return common[2] > common[0] && common[3] > common[1] ? area(common) : 0;
}

inline long double iou(const Box& a, const Box& b) {
  const long double both = intersection(a, b);
  return both / (area(a) + area(b) - both);
}

inline long double giou(const Box& a, const Box& b) {
  const long double all = area(around(a, b));
  const long double either = area(a) + area(b) - intersection(a, b);
  return 1 - (iou(a, b) - (all - either) / all);
}

inline long double diou(const Box& a, const Box& b) {
  const Box all = around(a, b);
  const long double centres = std::hypot((a[0] + a[2]) / 2 - (b[0] + b[2]) / 2, (a[1] + a[3]) / 2 - (b[1] + b[3]) / 2);
  const long double diagonal = std::hypot(all[2] - all[0], all[3] - all[1]);
  return 1 - iou(a, b) + centres * centres / (diagonal * diagonal);
}

/// The v of Ciou.
inline long double aspect(const Box& a, const Box& b) {
  const long double quarter = std::acos(0.0L);
  const long double angle = std::atan2(b[2] - b[0], b[3] - b[1]) - std::atan2(a[2] - a[0], a[3] - a[1]);
  return (angle / quarter) * (angle / quarter);
}

/// The weight of v.
inline long double alpha(const Box& a, const Box& b) {
  const long double v = aspect(a, b);
  return v == 0 ? 0 : v / (1 - iou(a, b) + v);
}

inline long double ciou(const Box& a, const Box& b) { return diou(a, b) + alpha(a, b) * aspect(a, b); }

}  // namespace xgrad::testing::boxes
