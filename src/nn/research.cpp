#include <xgrad/nn/research.hpp>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/linalg/solve.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/random/continuous.hpp>

#include "core/text.hpp"
#include "nn/checks.hpp"

namespace xgrad::nn {
namespace {

void require_splines(std::string_view layer, int order, double low, double high) {
  if (order < 1 || order > 10) {
    throw ValueError(std::string(layer) + ": splines of the order " + std::to_string(order) +
                     "; it must be from 1 to 10");
  }
  if (!(std::isfinite(low) && std::isfinite(high) && low < high)) {
    throw ValueError(std::string(layer) + ": intervals from " + core::text_of(low) + " to " + core::text_of(high) +
                     "; bounds must be finite, the lower one first");
  }
}

/// \throws ShapeError  unless the last axis of x has as many elements as the weight has inputs, behind its outputs.
void require_inputs(std::string_view layer, const Var& x, const Var& weight) {
  if (weight.dimension() < 2) {
    throw ShapeError(std::string(layer) + ": its weight has the shape " + to_string(weight.shape()) +
                     "; it must be [outputs, inputs]");
  }
  const std::size_t inputs = weight.shape()[1];
  if (x.dimension() == 0 || x.shape(-1) != inputs) {
    throw ShapeError(std::string(layer) + ": called with the shape " + to_string(x.shape()) +
                     "; the last axis must have the " + std::to_string(inputs) + " inputs");
  }
}

Var power(const Var& x, int exponent) {
  Var result = x;
  for (int i = 1; i < exponent; ++i) result = result * x;
  return result;
}

/// The B-spline of an order with knots at 0, 1, ..., order + 1. It is even about its middle, and left of that a sum of
/// few powers, in which little cancels.
Var cardinal_spline(const Var& u, int order) {
  const double width = order + 1.0;
  const Var left = where(u < width / 2.0, u, width - u);
  Var sum;
  double factor = 1.0;  // (-1)^j binomial(order + 1, j) / order!
  for (int i = 2; i <= order; ++i) factor /= i;
  for (int j = 0; 2 * j < order + 1; ++j) {
    const Var term = factor * power(relu(left - static_cast<double>(j)), order);
    sum = j == 0 ? term : sum + term;
    factor *= -(width - j) / (j + 1.0);
  }
  return sum;
}

/// B-splines on equal intervals at x: [...] -> [..., intervals + order].
Var splines_at(const Var& x, std::size_t intervals, int order, double low, double high) {
  const double per_unit = static_cast<double>(intervals) / (high - low);
  const Var first_knots = arange(static_cast<std::int64_t>(intervals) + order) - static_cast<std::int64_t>(order);
  const Var scaled = expand_dims((x - low) * per_unit, -1);
  return cardinal_spline(scaled - cast(first_knots, scaled.dtype()), order);
}

}  // namespace

Var Kan::splines(const Var& x) const {
  require_splines("Kan", order, low, high);
  const auto functions = static_cast<std::int64_t>(coefficients.shape(-1));
  if (functions <= order) {
    throw ShapeError("Kan: its coefficients have the shape " + to_string(coefficients.shape()) +
                     ", of splines of the order " + std::to_string(order) +
                     "; the last axis must have intervals + order elements");
  }
  return splines_at(x, static_cast<std::size_t>(functions - order), order, low, high);
}

Var Kan::operator()(const Var& x) const {
  require_inputs("Kan", x, base_weight);
  require_weight("Kan", "spline weight", spline_weight, base_weight.shape());
  const Shape& of_coefficients = coefficients.shape();
  const std::size_t outputs = base_weight.shape()[0];
  const std::size_t functions = of_coefficients.empty() ? 0 : of_coefficients.back();
  require_weight("Kan", "coefficients", coefficients, {outputs, base_weight.shape()[1], functions});
  const Var base = matmul(Activate{activation}(x), transpose(base_weight));
  const Var weights = expand_dims(spline_weight, -1) * coefficients;
  const Var all = splines(x);
  Shape joined = x.shape();
  joined.back() *= all.shape().back();
  return base + matmul(reshape(all, joined), transpose(reshape(weights, Shape{outputs, joined.back()})));
}

Kan kan(const random::Key& key, std::size_t inputs, std::size_t outputs, const KanOptions& options) {
  require_floating("kan", options.dtype);
  require_splines("kan", options.order, options.low, options.high);
  if (options.intervals == 0) throw ValueError("kan: 0 intervals; there must be one at least");
  const Shape shape{outputs, inputs};
  const Shape of_coefficients{outputs, inputs, options.intervals + static_cast<std::size_t>(options.order)};
  return {xavier_normal()(key.fold_in(0), shape, options.dtype),
          ones(shape, options.dtype),
          normal(options.noise)(key.fold_in(1), of_coefficients, options.dtype),
          options.order,
          options.low,
          options.high,
          options.activation};
}

Kan refined(const Kan& layer, std::size_t intervals) {
  if (intervals == 0) throw ValueError("refined: 0 intervals; there must be one at least");
  // More points than splines, so that these are told apart.
  const std::size_t points = 4 * (intervals + static_cast<std::size_t>(layer.order)) + layer.coefficients.shape(-1);
  const Var x = linspace(layer.low, layer.high, points);
  const Var before = layer.splines(x);
  const Var after = splines_at(x, intervals, layer.order, layer.low, layer.high);
  const Var change = cast(linalg::lstsq(after, before), layer.coefficients.dtype());
  Kan result = layer;
  result.coefficients = matmul(layer.coefficients, transpose(change));
  return result;
}

Var FourierFeatures::operator()(const Var& x) const {
  require_inputs("FourierFeatures", x, frequencies);
  const Var angles = matmul(x, transpose(frequencies)) * (2.0 * std::numbers::pi);
  return concatenate({cos(angles), sin(angles)}, -1);
}

FourierFeatures fourier_features(const random::Key& key, std::size_t inputs, std::size_t features,
                                 const FourierOptions& options) {
  require_floating("fourier_features", options.dtype);
  return {normal(options.deviation)(key, {features, inputs}, options.dtype)};
}

}  // namespace xgrad::nn
