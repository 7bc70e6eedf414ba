#include <xgrad/metrics/detection.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

#include <xgrad/core/array.hpp>
#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/transform/host_call.hpp>

#include "metrics/classes.hpp"
#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

constexpr std::size_t iou_thresholds = 10;
constexpr std::size_t sizes = 4;  // all, small, medium, large
constexpr std::size_t recalls = 101;
constexpr std::array<std::size_t, 3> most_found{1, 10, 100};
constexpr std::size_t columns_of_found = 3 + sizes * iou_thresholds;

/// Areas from and to which boxes are of a size, both included.
constexpr std::array<std::array<double, 2>, sizes> areas{
    {{0.0, 1e10}, {0.0, 1024.0}, {1024.0, 9216.0}, {9216.0, 1e10}}};

enum class Outcome : std::int8_t { Ignored = -1, Wrong = 0, Right = 1 };

// As numpy.linspace rounds them for COCO.
double threshold_at(std::size_t i) {
  return i + 1 == iou_thresholds ? 0.95 : 0.5 + static_cast<double>(i) * ((0.95 - 0.5) / 9.0);
}
double recall_at(std::size_t i) { return static_cast<double>(i) * 0.01; }

/// A box of an array of boxes.
struct Edges {
  double x1, y1, x2, y2;
  explicit Edges(const double* at) : x1(at[0]), y1(at[1]), x2(at[2]), y2(at[3]) {}
  [[nodiscard]] double area() const { return (x2 - x1) * (y2 - y1); }
  [[nodiscard]] bool is_of(std::size_t size) const { return area() >= areas[size][0] && area() <= areas[size][1]; }
};

double overlap(const Edges& detection, const Edges& object, bool crowd) {
  const double width = std::min(detection.x2, object.x2) - std::max(detection.x1, object.x1);
  const double height = std::min(detection.y2, object.y2) - std::max(detection.y1, object.y1);
  if (width <= 0.0 || height <= 0.0) return 0.0;
  const double common = width * height;
  return common / (crowd ? detection.area() : detection.area() + object.area() - common);
}

/// One class in one image.
struct OfClass {
  std::vector<Edges> detections;  ///< from the highest score on
  std::vector<Edges> objects;
  std::vector<bool> crowd;
};

/// What becomes of each detection at one size and threshold.
std::vector<Outcome> outcomes(const OfClass& c, std::size_t size, double threshold) {
  std::vector<bool> ignored;
  for (std::size_t j = 0; j < c.objects.size(); ++j) ignored.push_back(c.crowd[j] || !c.objects[j].is_of(size));
  std::vector<bool> taken(c.objects.size());
  std::vector<Outcome> result;
  for (const Edges& detection : c.detections) {
    // Of objects that overlap the same the last wins, and any that must be found before all that need not.
    std::size_t best = c.objects.size();
    for (const bool pass : {false, true}) {
      double least = std::min(threshold, 1.0 - 1e-10);
      for (std::size_t j = 0; j < c.objects.size() && (!pass || best == c.objects.size() || ignored[best]); ++j) {
        if (ignored[j] != pass || (taken[j] && !c.crowd[j])) continue;
        const double iou = overlap(detection, c.objects[j], c.crowd[j]);
        if (iou < least) continue;
        least = iou;
        best = j;
      }
    }
    if (best == c.objects.size()) {
      result.push_back(detection.is_of(size) ? Outcome::Wrong : Outcome::Ignored);
    } else {
      taken[best] = true;
      result.push_back(ignored[best] ? Outcome::Ignored : Outcome::Right);
    }
  }
  return result;
}

using Table = Array<double>;
using Whole = Array<std::int64_t>;

/// The rows of one image, and the numbers of its objects.
std::tuple<Table, Table> matches(std::size_t classes, const Table& boxes, const Table& scores, const Whole& labels,
                                 const Table& true_boxes, const Whole& true_labels, const Whole& crowd) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return scores.data()[a] > scores.data()[b]; });
  std::tuple<Table, Table> result{Table::from_shape({scores.size(), columns_of_found}),
                                  Table::from_shape({classes, sizes})};
  auto& [found, objects] = result;
  std::fill(objects.begin(), objects.end(), 0.0);
  for (std::size_t k = 0; k < classes; ++k) {
    const auto label = static_cast<std::int64_t>(k);
    OfClass c;
    std::vector<std::size_t> rows;
    for (const std::size_t i : order) {
      if (labels.data()[i] != label) continue;
      rows.push_back(i);
      c.detections.emplace_back(boxes.data() + 4 * i);
    }
    for (std::size_t j = 0; j < true_labels.size(); ++j) {
      if (true_labels.data()[j] != label) continue;
      c.objects.emplace_back(true_boxes.data() + 4 * j);
      c.crowd.push_back(crowd.data()[j] != 0);
    }
    for (std::size_t place = 0; place < rows.size(); ++place) {
      double* row = found.data() + rows[place] * columns_of_found;
      row[0] = scores.data()[rows[place]];
      row[1] = static_cast<double>(k);
      row[2] = static_cast<double>(place);
    }
    for (std::size_t size = 0; size < sizes; ++size) {
      for (std::size_t j = 0; j < c.objects.size(); ++j) {
        objects(k, size) += !c.crowd[j] && c.objects[j].is_of(size) ? 1.0 : 0.0;
      }
      for (std::size_t t = 0; t < iou_thresholds; ++t) {
        const std::vector<Outcome> all = outcomes(c, size, threshold_at(t));
        for (std::size_t place = 0; place < rows.size(); ++place) {
          found(rows[place], 3 + size * iou_thresholds + t) = static_cast<double>(all[place]);
        }
      }
    }
  }
  return result;
}

/// Average precision and largest recall.
struct OfCurve {
  double precision, recall;
};

/// \param outcomes  from the highest score on.
OfCurve of_curve(const std::vector<double>& outcomes, double objects) {
  std::vector<double> precision;
  std::vector<double> recall;
  double right = 0.0;
  double wrong = 0.0;
  for (const double outcome : outcomes) {
    right += outcome > 0.0 ? 1.0 : 0.0;
    wrong += outcome == 0.0 ? 1.0 : 0.0;
    precision.push_back(right / std::max(1.0, right + wrong));
    recall.push_back(right / objects);
  }
  for (std::size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
  double total = 0.0;
  for (std::size_t i = 0; i < recalls; ++i) {
    const auto at = std::lower_bound(recall.begin(), recall.end(), recall_at(i));
    if (at != recall.end()) total += precision[static_cast<std::size_t>(at - recall.begin())];
  }
  return {total / static_cast<double>(recalls), recall.empty() ? 0.0 : recall.back()};
}

/// A mean of what there is, NaN of nothing.
struct MeanOfSome {
  double total = 0.0, count = 0.0;
  void add(double x) {
    total += x;
    count += 1.0;
  }
  [[nodiscard]] double value() const { return count > 0.0 ? total / count : std::numeric_limits<double>::quiet_NaN(); }
};

/// Means over thresholds and classes.
struct Means {
  std::array<MeanOfSome, iou_thresholds> at;              ///< precision of all sizes
  std::vector<MeanOfSome> of_class;                       ///< precision of all sizes
  std::array<MeanOfSome, sizes> precision_of, recall_of;  ///< of each size, with the most detections
  std::array<MeanOfSome, most_found.size()> recall;       ///< of all sizes
};

/// What one class adds at one size. \param rows  of its detections, from the highest score on.
void add_class(Means& means, const Table& found, const std::vector<std::size_t>& rows, std::size_t k, std::size_t size,
               double objects) {
  for (std::size_t t = 0; t < iou_thresholds; ++t) {
    for (std::size_t m = size == 0 ? 0 : most_found.size() - 1; m < most_found.size(); ++m) {
      std::vector<double> chosen;
      for (const std::size_t i : rows) {
        if (found(i, 2) < static_cast<double>(most_found[m])) chosen.push_back(found(i, 3 + size * iou_thresholds + t));
      }
      const OfCurve curve = of_curve(chosen, objects);
      if (size == 0) means.recall[m].add(curve.recall);
      if (m + 1 < most_found.size()) continue;
      means.precision_of[size].add(curve.precision);
      means.recall_of[size].add(curve.recall);
      if (size > 0) continue;
      means.at[t].add(curve.precision);
      means.of_class[k].add(curve.precision);
    }
  }
}

/// All scores, one after another in the order of DetectionScores.
Table scores_of(const Table& found, const Table& objects) {
  const std::size_t classes = objects.shape()[0];
  Means means;
  means.of_class.resize(classes);
  std::vector<std::vector<std::size_t>> rows(classes);
  for (std::size_t i = 0; i < found.shape()[0]; ++i) rows[static_cast<std::size_t>(found(i, 1))].push_back(i);
  for (std::size_t k = 0; k < classes; ++k) {
    std::stable_sort(rows[k].begin(), rows[k].end(),
                     [&](std::size_t a, std::size_t b) { return found(a, 0) > found(b, 0); });
    for (std::size_t size = 0; size < sizes; ++size) {
      if (objects(k, size) > 0.0) add_class(means, found, rows[k], k, size, objects(k, size));
    }
  }
  auto result = Table::from_shape({1 + iou_thresholds + classes + 3 * 3});
  double* next = result.data();
  *next++ = means.precision_of[0].value();
  for (const auto& x : means.at) *next++ = x.value();
  for (const auto& x : means.of_class) *next++ = x.value();
  for (std::size_t size = 1; size < sizes; ++size) *next++ = means.precision_of[size].value();
  for (const auto& x : means.recall) *next++ = x.value();
  for (std::size_t size = 1; size < sizes; ++size) *next++ = means.recall_of[size].value();
  return result;
}

Var boxes_of(std::string_view what, const Var& boxes) {
  static const Requirement requirement(
      "BoxMeanAveragePrecision: the width or height {} of a box is negative or not finite; boxes are x1 <= x2, y1 <= "
      "y2");
  if (boxes.dimension() != 2 || boxes.shape()[1] != 4) {
    throw ShapeError("BoxMeanAveragePrecision: the boxes of the " + std::string(what) + " are " +
                     to_string(boxes.shape()) + "; they must be [n, 4], for x1, y1, x2, y2");
  }
  const Var x = detail::as_double(boxes);
  const auto edges = [&](int from) { return view(x, xt::all(), xt::range(from, from + 2)); };
  const Var extents = edges(2) - edges(0);
  return concatenate({edges(0), edges(0) + checked(extents, extents >= 0.0 && isfinite(extents), requirement)}, 1);
}

void require_for_boxes(std::string_view what, const Var& x, const Var& boxes) {
  if (x.shape() == Shape{boxes.shape()[0]}) return;
  throw ShapeError("BoxMeanAveragePrecision: the " + std::string(what) + " are " + to_string(x.shape()) +
                   ", the boxes " + to_string(boxes.shape()) + "; there must be one for each box");
}

Var labels_of_boxes(std::string_view what, const Var& labels, const Var& boxes, std::size_t count) {
  require_for_boxes(what, labels, boxes);
  if (is_floating(labels.dtype())) {
    throw TypeError("BoxMeanAveragePrecision: the " + std::string(what) + " are " +
                    std::string(xgrad::name(labels.dtype())) + "; they must be int64");
  }
  return detail::labels_in(BoxMeanAveragePrecision::name, what, labels, ones({boxes.shape()[0]}), count);
}

}  // namespace

Matches merge(const Matches& a, const Matches& b) {
  if (a.objects.shape() != b.objects.shape()) {
    throw ShapeError("merge: the objects of the states are " + to_string(a.objects.shape()) + " and " +
                     to_string(b.objects.shape()) + "; they are states of different metrics");
  }
  return {concatenate({a.found, b.found}), a.objects + b.objects};
}

Matches BoxMeanAveragePrecision::init() const {
  detail::require_setting(name, "the number of classes", static_cast<double>(classes), classes > 0,
                          "it must be 1 or more");
  return {zeros({0, columns_of_found}), zeros({classes, sizes})};
}

Matches BoxMeanAveragePrecision::update(const Matches& state, const Detections& prediction,
                                        const Objects& target) const {
  static const Requirement scored("BoxMeanAveragePrecision: the score {} has no place");
  const Var boxes = boxes_of("prediction", prediction.boxes);
  const Var true_boxes = boxes_of("target", target.boxes);
  require_for_boxes("scores", prediction.scores, boxes);
  const Var scores = detail::as_double(prediction.scores);
  const Var labels = labels_of_boxes("labels", prediction.labels, boxes, classes);
  const Var true_labels = labels_of_boxes("labels of objects", target.labels, true_boxes, classes);
  const Var crowd = target.crowd.dimension() == 0 ? broadcast_to(target.crowd, true_labels.shape()) : target.crowd;
  const auto operation = host_call(
      "BoxMeanAveragePrecision", std::array<Shape, 2>{Shape{boxes.shape()[0], columns_of_found}, Shape{classes, sizes}},
      [classes = classes](const Table& b, const Table& s, const Whole& l, const Table& tb, const Whole& tl,
                          const Whole& c) { return matches(classes, b, s, l, tb, tl, c); });
  const auto [found, objects] = operation(boxes, checked(scores, !isnan(scores), scored), labels, true_boxes,
                                          true_labels, labels_of_boxes("crowds", crowd, true_boxes, 2));
  return merge(state, {found, objects});
}

DetectionScores BoxMeanAveragePrecision::value(const Matches& state) const {
  static const Requirement known("BoxMeanAveragePrecision: a detection of the state is of the class {}, of {}");
  const Shape& found_shape = state.found.shape();
  if (state.objects.shape() != Shape{classes, sizes} || found_shape.size() != 2 || found_shape[1] != columns_of_found) {
    throw ShapeError("BoxMeanAveragePrecision: the objects of the state are " + to_string(state.objects.shape()) +
                     ", what was found " + to_string(found_shape) + "; it is that of another metric");
  }
  const auto count = static_cast<std::int64_t>(classes);
  const Var of_class = view(state.found, xt::all(), xt::range(1, 2));
  const Var is_known = of_class >= 0.0 && of_class < static_cast<double>(count);
  const Var found =
      concatenate({view(state.found, xt::all(), xt::range(0, 1)), checked(of_class, is_known, known, count),
                   view(state.found, xt::all(), xt::range(2, columns_of_found))},
                  1);
  const Var objects = detail::of_something(name, state.objects, sum(state.objects));
  const auto operation = host_call("BoxMeanAveragePrecision", Shape{1 + iou_thresholds + classes + 3 * 3}, scores_of);
  const Var all = operation(found, objects);
  std::ptrdiff_t from = 1;
  const auto next = [&](std::size_t n) {
    const auto to = from + static_cast<std::ptrdiff_t>(n);
    Var part = view(all, xt::range(from, to));
    from = to;
    return part;
  };
  return {view(all, 0), next(iou_thresholds), next(classes), next(3), next(3), next(3)};
}

}  // namespace xgrad::metrics
