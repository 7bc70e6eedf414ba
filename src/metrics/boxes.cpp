#include <xgrad/metrics/boxes.hpp>

#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/box.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

/// IoU is a metric only: as a loss it says nothing to boxes that do not overlap.
struct IouLoss {
  Var operator()(const Var& prediction, const Var& target) const {
    static const Requirement requirement(
        "BoxIou: the width or height {} of a box is negative; boxes are x1 <= x2, y1 <= y2");
    const auto edges = [](const Var& x, int from) { return view(x, xt::ellipsis(), xt::range(from, from + 2)); };
    const auto area = [](const Var& extents) {
      return view(extents, xt::ellipsis(), 0) * view(extents, xt::ellipsis(), 1);
    };
    const auto extents = [&](const Var& x) {
      const Var lengths = edges(x, 2) - edges(x, 0);
      return checked(lengths, !(lengths < 0.0), requirement);
    };
    const Var from = maximum(edges(prediction, 0), edges(target, 0));
    const Var to = minimum(edges(prediction, 2), edges(target, 2));
    const Var common = area(relu(to - from));
    return 1.0 - detail::quotient(common, area(extents(prediction)) + area(extents(target)) - common, 0.0);
  }
};

template <class Loss>
Sums plus_boxes(std::string_view metric, const Sums& state, const Loss& loss, const Var& prediction, const Var& target,
                const Var& weights) {
  detail::require_same_shape(metric, prediction, target);
  const Shape& shape = target.shape();
  if (shape.empty() || shape.back() != 4) {
    throw ShapeError(std::string(metric) + ": the boxes are " + to_string(shape) +
                     "; the last extent must be 4, for x1, y1, x2, y2");
  }
  const Var w = detail::weights_of(metric, weights, Shape(shape.begin(), shape.end() - 1));
  const auto counting = [&](const Var& x) { return where(expand_dims(w, -1) > 0.0, detail::as_double(x), 0.0); };
  return detail::plus_mean(metric, state, 1.0 - loss(counting(prediction), counting(target)), w);
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
