#include "metrics/common.hpp"

#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

namespace xgrad::metrics {
namespace detail {

Var as_double(const Var& x) { return stop_gradient(cast<double>(x)); }

void require_same_shape(std::string_view metric, const Var& prediction, const Var& target) {
  if (prediction.shape() == target.shape()) return;
  throw ShapeError(std::string(metric) + ": the prediction is " + to_string(prediction.shape()) + ", the target " +
                   to_string(target.shape()) + "; they must have the same shape");
}

void require_axes(std::string_view metric, std::string_view what, const Var& x, std::size_t least) {
  if (x.dimension() >= least) return;
  throw ShapeError(std::string(metric) + ": the " + std::string(what) + " is " + to_string(x.shape()) +
                   "; it must have at least " + std::to_string(least) + " axes");
}

void require_setting(std::string_view metric, std::string_view setting, double value, bool holds,
                     std::string_view rule) {
  if (holds) return;
  throw ValueError(std::string(metric) + ": " + std::string(setting) + " is " + std::to_string(value) + "; " +
                   std::string(rule));
}

Var weights_of(std::string_view metric, const Var& weights, const Shape& samples) {
  Strides with_ones;
  bool fits = weights.dimension() <= samples.size();
  for (std::size_t i = 0; fits && i < samples.size(); ++i) {
    const bool given = i < weights.dimension();
    fits = !given || weights.shape()[i] == samples[i];
    with_ones.push_back(given ? static_cast<std::ptrdiff_t>(weights.shape()[i]) : 1);
  }
  if (!fits) {
    throw ShapeError(std::string(metric) + ": the weights are " + to_string(weights.shape()) + ", the samples " +
                     to_string(samples) + "; weights are a number or have the extents of the leading axes");
  }
  const Var w = as_double(weights);
  const Requirement requirement(std::string(metric) + ": the weight {} is negative or not finite");
  const Var good = checked(w, w >= 0.0 && w < std::numeric_limits<double>::infinity(), requirement);
  return broadcast_to(reshape(good, with_ones), samples);
}

Var weights_of_rows(std::string_view metric, const Var& weights, const Var& prediction, const Var& target) {
  require_same_shape(metric, prediction, target);
  require_axes(metric, "prediction", prediction, 1);
  return weights_of(metric, weights, Shape(target.shape().begin(), target.shape().end() - 1));
}

Var counting(const Var& rows, const Var& weights, double otherwise) {
  return where(expand_dims(weights, -1) > 0.0, as_double(rows), otherwise);
}

Var weighted(const Var& x, const Var& weights) { return where(weights > 0.0, weights * x, 0.0); }

Var quotient(const Var& a, const Var& b, const Var& otherwise) {
  const Var none = equal(b, 0.0);
  return where(none, otherwise, a / where(none, 1.0, b));
}

Var of_something(std::string_view metric, const Var& x, const Var& weight) {
  const Requirement requirement(std::string(metric) + ": the value of no samples, whose weight is {}");
  const Var total = checked(weight, weight > 0.0, requirement);
  return where(total > 0.0, x, 0.0);
}

Sums no_sums(const Shape& shape) { return {zeros(shape)}; }

Var sums_of(std::string_view metric, const Sums& state, const Shape& shape) {
  if (state.values.shape() == shape) return state.values;
  throw ShapeError(std::string(metric) + ": the sums of the state are " + to_string(state.values.shape()) + ", not " +
                   to_string(shape) + "; it is that of another metric");
}

Sums plus(std::string_view metric, const Sums& state, std::initializer_list<Var> sums) {
  return {sums_of(metric, state, {sums.size()}) + stack(sums)};
}

Var mean_of(std::string_view metric, const Sums& state) {
  const Var sums = sums_of(metric, state, {2});
  const Var weight = view(sums, 1);
  return of_something(metric, quotient(view(sums, 0), weight, 0.0), weight);
}

Sums plus_mean(std::string_view metric, const Sums& state, const Var& values, const Var& weights) {
  return plus(metric, state, {sum(weighted(values, weights)), sum(weights)});
}

Samples no_samples() { return {zeros({0}), zeros({0}), zeros({0})}; }

void require_samples(std::string_view metric, const Samples& state) {
  if (state.weight.size() == 0) throw ValueError(std::string(metric) + ": the value of no samples");
}

}  // namespace detail

namespace {

void require_alike(std::string_view what, const Var& a, const Var& b, std::size_t from) {
  bool alike = a.dimension() == b.dimension();
  for (std::size_t i = from; alike && i < a.dimension(); ++i) alike = a.shape()[i] == b.shape()[i];
  if (alike) return;
  throw ShapeError("merge: the " + std::string(what) + " of the states are " + to_string(a.shape()) + " and " +
                   to_string(b.shape()) + "; they are states of different metrics");
}

}  // namespace

Sums merge(const Sums& a, const Sums& b) {
  require_alike("sums", a.values, b.values, 0);
  return {a.values + b.values};
}

Largest merge(const Largest& a, const Largest& b) { return {maximum(a.value, b.value)}; }

Moments merge(const Moments& a, const Moments& b) {
  const Var weight = a.weight + b.weight;
  const Var share = detail::quotient(b.weight, weight, 0.0);
  const Var apart = b.mean - a.mean;
  const Var outer = expand_dims(apart, 1) * expand_dims(apart, 0);
  return {weight, a.mean + share * apart, a.products + b.products + a.weight * share * outer};
}

Samples merge(const Samples& a, const Samples& b) {
  if (a.weight.size() == 0) return b;
  if (b.weight.size() == 0) return a;
  require_alike("predictions", a.prediction, b.prediction, 1);
  require_alike("targets", a.target, b.target, 1);
  return {concatenate({a.prediction, b.prediction}), concatenate({a.target, b.target}),
          concatenate({a.weight, b.weight})};
}

}  // namespace xgrad::metrics
