// Rows of the losses of angles.
#include <xgrad/loss/classification_angular.hpp>

#include <numbers>

#include "rows_classification.hpp"

namespace xgrad::testing {
namespace {

using namespace rows;

/// Cross-entropy of scale times the cosines, that of the label replaced by own(cosine).
Reference angular(long double scale, const std::function<long double(long double)>& own) {
  return by_row([=](const Line& cosines, const Line& t) {
    Line z;
    for (std::size_t k = 0; k < t.size(); ++k) z.push_back(scale * (t[k] > 0.0L ? own(cosines[k]) : cosines[k]));
    const Line p = softmax(z);
    long double total = 0.0L;
    for (std::size_t k = 0; k < t.size(); ++k) total -= t[k] > 0.0L ? std::log(p[k]) : 0.0L;
    return total;
  });
}

std::function<long double(long double)> arc(long double margin, bool easy) {
  return [=](long double cosine) {
    const long double theta = std::acos(cosine);
    if (easy) return cosine > 0.0L ? std::cos(theta + margin) : cosine;
    return theta + margin < std::numbers::pi_v<long double> ? std::cos(theta + margin)
                                                            : cosine - margin * std::sin(margin);
  };
}

/// The label's cosine is in turn positive, negative, and near -1.
Var cosines() { return doubles({3, 4}, {0.3, -0.6, 0.8, 0.1, -0.5, 0.4, -0.7, 0.95, -0.2, 0.5, 0.9, -0.97}); }

/// Cosines of exactly +-1, of the label and of others.
std::vector<Case> extremes() {
  return {{floats({4, 3}, {1, 0, -1, -1, 1, 0, 0, 0, 0, -1, -1, -1}), labels({4}, {0, 0, 1, 2})},
          {floats({2, 1}, {1, -1}), labels({2}, {0, 0})},
          {floats({0, 3}, {}), labels({0}, {})}};
}

const std::vector<Known> one_class_and_none{
    {.arguments = {doubles({2, 1}, {0.3, -0.4}), labels({2}, {0, 0})}, .values = {0, 0}, .gradients = {{0, 0}}},
    {.arguments = {doubles({0, 3}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}};

double softplus_of(double x) { return std::log1p(std::exp(x)); }
double sigmoid_of(double x) { return 1.0 / (1.0 + std::exp(-x)); }

void append_arc_face(LossRows& rows) {
  rows.push_back({.name = "ArcFace",
                  .function = call(loss::ArcFace{.scale = 4.0}),
                  .smooth = {{cosines(), some_labels()}, {doubles({3}, {0.2, -0.4, 0.9}), labels({}, {1})}},
                  .reference = angular(4.0L, arc(0.5L, false)),
                  .known = one_class_and_none,
                  .extreme = extremes()});
  const double c = std::cos(0.5);
  const double beyond = -1.0 - 0.5 * std::sin(0.5);
  rows.push_back(
      {.name = "ArcFace.ends",
       .function = call(loss::ArcFace{.scale = 1.0}),
       .smooth = {{cosines(), some_labels()}},
       .reference = angular(1.0L, arc(0.5L, false)),
       .known = {
           {.arguments = {doubles({2, 2}, {1, 0, -1, 0}), labels({2}, {0, 0})},
            .values = {softplus_of(-c), softplus_of(-beyond)},
            .gradients = {{-c * sigmoid_of(-c), sigmoid_of(-c), -sigmoid_of(-beyond), sigmoid_of(-beyond)}}},
           // What rounding has made larger than 1 counts as 1.
           {.arguments = {doubles({1, 2}, {1.0005, 0}), labels({1}, {0})}, .values = {softplus_of(-c * 1.0005)}}}});
  rows.push_back({.name = "ArcFace.easy_margin",
                  .function = call(loss::ArcFace{.margin = 0.3, .scale = 2.0, .easy_margin = true}),
                  .smooth = {{cosines(), some_labels()}},
                  .reference = angular(2.0L, arc(0.3L, true)),
                  .extreme = extremes()});
  rows.push_back({.name = "ArcFace.default_scale",
                  .function = call(loss::ArcFace{}),
                  .smooth = {{0.05 * cosines(), some_labels()}},
                  .reference = angular(64.0L, arc(0.5L, false)),
                  .extreme = extremes()});
}

void append_cos_face(LossRows& rows) {
  rows.push_back({.name = "CosFace",
                  .function = call(loss::CosFace{.scale = 4.0}),
                  .smooth = {{cosines(), some_labels()}, {doubles({3}, {0.2, -0.4, 0.9}), labels({}, {1})}},
                  .reference = angular(4.0L, [](long double x) { return x - 0.35L; }),
                  .known = one_class_and_none,
                  .extreme = extremes()});
  rows.push_back({.name = "CosFace.default_scale",
                  .function = call(loss::CosFace{}),
                  .smooth = {{0.05 * cosines(), some_labels()}},
                  .reference = angular(64.0L, [](long double x) { return x - 0.35L; }),
                  .extreme = extremes()});
}

}  // namespace

void append_classification_angular(LossRows& rows) {
  append_arc_face(rows);
  append_cos_face(rows);
}

}  // namespace xgrad::testing
