#include <xgrad/metrics/boxes.hpp>

#include <string_view>

#include <xgrad/loss/box.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "loss/overlap.hpp"
#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

/// IoU is a metric only: as a loss it says nothing to boxes that do not overlap.
struct IouLoss {
  Var operator()(const Var& prediction, const Var& target) const {
    static const Requirement requirement(
        "BoxIou: the width or height {} of a box is negative; boxes are x1 <= x2, y1 <= y2");
    return 1.0 - loss::detail::intersection_over_union(BoxIou::name, prediction, target, requirement);
  }
};

template <class Loss>
Sums plus_boxes(std::string_view metric, const Sums& state, const Loss& loss, const Var& prediction, const Var& target,
                const Var& weights) {
  const Var w = detail::weights_of_rows(metric, weights, prediction, target);
  return detail::plus_mean(metric, state, 1.0 - loss(detail::counting(prediction, w), detail::counting(target, w)), w);
}

}  // namespace

Sums BoxIou::init() const { return detail::no_sums({2}); }
Sums BoxIou::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_boxes(name, state, IouLoss{}, prediction, target, weights);
}
Var BoxIou::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums Giou::init() const { return detail::no_sums({2}); }
Sums Giou::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_boxes(name, state, loss::Giou{}, prediction, target, weights);
}
Var Giou::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums Diou::init() const { return detail::no_sums({2}); }
Sums Diou::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_boxes(name, state, loss::Diou{}, prediction, target, weights);
}
Var Diou::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums Ciou::init() const { return detail::no_sums({2}); }
Sums Ciou::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_boxes(name, state, loss::Ciou{}, prediction, target, weights);
}
Var Ciou::value(const Sums& state) const { return detail::mean_of(name, state); }

}  // namespace xgrad::metrics
