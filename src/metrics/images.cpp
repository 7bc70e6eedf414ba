#include <xgrad/metrics/images.hpp>

#include <array>
#include <cmath>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/pooling.hpp>
#include <xgrad/ops/reduce.hpp>

#include "loss/similarity.hpp"
#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

/// How much the scales count, from the finest on.
constexpr std::array exponents_of_scales{0.0448, 0.2856, 0.3001, 0.2363, 0.1333};

/// Images, [N, C, H, W] in float64, and their weights, [N]; 0 where these are.
struct Images {
  Var p, t, w;
};

template <class M>
Images images_of(const M& metric, const Var& prediction, const Var& target, const Var& weights) {
  const auto positive = [](std::string_view setting, double value) {
    detail::require_setting(M::name, setting, value, value > 0.0 && std::isfinite(value),
                            "it must be positive and finite");
  };
  positive("window", static_cast<double>(metric.window));
  positive("sigma", metric.sigma);
  positive("range", metric.range);
  positive("k1", metric.k1);
  positive("k2", metric.k2);
  detail::require_same_shape(M::name, prediction, target);
  const Shape& shape = target.shape();
  if (shape.size() != 3 && shape.size() != 4) {
    throw ShapeError(std::string(M::name) + ": the prediction is " + to_string(shape) +
                     "; it must be [N, H, W] or [N, C, H, W]");
  }
  const Var w = detail::weights_of(M::name, weights, {shape[0]});
  const auto counting = [&](const Var& x) {
    const Var four = shape.size() == 4 ? x : expand_dims(x, 1);
    return where(reshape(w, {-1, 1, 1, 1}) > 0.0, detail::as_double(four), 0.0);
  };
  return {counting(prediction), counting(target), w};
}

template <class M>
loss::Ssim settings_of(const M& metric) {
  return {.window = metric.window, .sigma = metric.sigma, .data_range = metric.range, .k1 = metric.k1, .k2 = metric.k2};
}

Var mean_of_image(const Var& x) { return mean(x, {1, 2, 3}); }

}  // namespace

Sums Ssim::init() const { return detail::no_sums({2}); }
Sums Ssim::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Images i = images_of(*this, prediction, target, weights);
  return detail::plus_mean(name, state, 1.0 - settings_of(*this)(i.p, i.t), i.w);
}
Var Ssim::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums MultiScaleSsim::init() const { return detail::no_sums({2}); }
Sums MultiScaleSsim::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  Images i = images_of(*this, prediction, target, weights);
  const std::size_t least = window << (exponents_of_scales.size() - 1);
  if (i.t.shape(2) < least || i.t.shape(3) < least) {
    throw ShapeError("MultiScaleSsim: the prediction is " + to_string(prediction.shape()) + "; for a window of " +
                     std::to_string(window) + " images must be at least " + std::to_string(least) + " x " +
                     std::to_string(least));
  }
  Var product = 1.0;
  for (std::size_t scale = 0; scale < exponents_of_scales.size(); ++scale) {
    const auto [means, patterns] = loss::detail::dissimilarity(name, settings_of(*this), i.p, i.t);
    const bool last = scale + 1 == exponents_of_scales.size();
    const Var alike = mean_of_image(last ? (1.0 - means) * (1.0 - patterns) : 1.0 - patterns);
    product = product * pow(relu(alike), exponents_of_scales[scale]);
    if (!last) i = {average_pool(i.p, 2), average_pool(i.t, 2), i.w};
  }
  return detail::plus_mean(name, state, product, i.w);
}
Var MultiScaleSsim::value(const Sums& state) const { return detail::mean_of(name, state); }

}  // namespace xgrad::metrics
