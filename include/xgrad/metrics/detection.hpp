// Boxes that must be found: mean average precision by the rule of COCO.
#pragma once

#include <cstddef>
#include <string_view>

#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// What was found in one image.
struct Detections {
  Var boxes;   ///< [D, 4]: x1, y1, x2, y2
  Var scores;  ///< [D]
  Var labels;  ///< [D], int64 in [0, classes)
};
XGRAD_FIELDS(Detections, state(boxes), state(scores), state(labels))

/// What is in one image.
struct Objects {
  Var boxes;          ///< [G, 4]: x1, y1, x2, y2
  Var labels;         ///< [G], int64 in [0, classes)
  Var crowd = false;  ///< [G] or one for all, bool or int64: boxes around many objects, of which none must be found
};
XGRAD_FIELDS(Objects, state(boxes), state(labels), state(crowd))

/// Of all detections what is said of them, and how many objects there are. It grows with the data.
struct Matches {
  Var found;    ///< [n, 43]: score, label, place among those of its image and class, outcome at each size and threshold
  Var objects;  ///< [classes, 4]: those that must be found, of each class and size
};
XGRAD_FIELDS(Matches, state(found), state(objects))
/// \throws ShapeError  for states of other numbers of classes.
[[nodiscard]] Matches merge(const Matches& a, const Matches& b);

/// Averages over the classes of which there are objects, in [0, 1]; NaN where there are none.
struct DetectionScores {
  Var precision;           ///< []: over all thresholds
  Var precision_at;        ///< [10]: at the thresholds 0.5, 0.55 ... 0.95
  Var precision_of_class;  ///< [classes]
  Var precision_of_size;   ///< [3]: of small, medium and large objects
  Var recall;              ///< [3]: with the best 1, 10 and 100 detections of each image and class
  Var recall_of_size;      ///< [3]: with the best 100
};
XGRAD_FIELDS(DetectionScores, state(precision), state(precision_at), state(precision_of_class),
             state(precision_of_size), state(recall), state(recall_of_size))

/// Mean average precision of boxes, as COCO computes it.
///
/// In each image and class, detections are gone through from the highest score on. At each of ten thresholds of IoU,
/// each takes the object that it overlaps most among those that are not taken, if their IoU is the threshold or more:
/// it is right then, else wrong. Over all images, precision at a recall r is the best precision of any score whose
/// recall is r or more; average precision is its mean over the recalls 0, 0.01 ... 1.
///
/// Objects are small below 32^2 pixels, large from 96^2 on. For one size, objects of other sizes need not be found, and
/// neither they nor detections of another size that overlap none count as wrong. Crowds likewise: any number of
/// detections may lie in one, with the intersection over their own area as IoU.
///
/// `update` is of one image. Equal scores are taken in the order of the detections.
/// \throws ShapeError  for other shapes than those of Detections and Objects.
/// \throws TypeError   for labels in floating-point.
/// \throws ValueError  for a box with x2 < x1 or y2 < y1 or a side that is not finite, a score that is NaN, a label out of
///                     range (raised when evaluated); for the value of no objects at all.
/// \source  T.-Y. Lin et al., Microsoft COCO: common objects in context, 2014; pycocotools 2.0, COCOeval.
struct BoxMeanAveragePrecision {
  static constexpr std::string_view name = "BoxMeanAveragePrecision";
  std::size_t classes = 1;
  [[nodiscard]] Matches init() const;
  [[nodiscard]] Matches update(const Matches& state, const Detections& prediction, const Objects& target) const;
  [[nodiscard]] DetectionScores value(const Matches& state) const;
};
XGRAD_FIELDS(BoxMeanAveragePrecision, classes)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
