#include <xgrad/metrics/confusion.hpp>

#include <cmath>
#include <cstdint>

#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/search.hpp>

#include "metrics/classes.hpp"
#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

Sums no_confusion(const Labels& labels) {
  return detail::no_sums({detail::classes_of(labels), detail::classes_of(labels)});
}

Var confusion_of(std::string_view metric, const Sums& state, const Labels& labels) {
  const std::size_t k = detail::classes_of(labels);
  return detail::sums_of(metric, state, {k, k});
}

Sums plus_confusion(std::string_view metric, const Sums& state, const Labels& labels, const Var& prediction,
                    const Var& target, const Var& weights) {
  const detail::Pairs p = detail::pairs_of(metric, labels, prediction, target, weights);
  const Var before = confusion_of(metric, state, labels);
  const std::size_t k = detail::classes_of(labels);
  const auto extent = static_cast<std::ptrdiff_t>(k);
  const Var place = p.actual * static_cast<std::int64_t>(k) + p.predicted;
  return {before + reshape(bincount(place, k * k, p.weights), {extent, extent})};
}

}  // namespace

Sums ConfusionMatrix::init() const { return no_confusion(labels); }
Sums ConfusionMatrix::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_confusion(name, state, labels, prediction, target, weights);
}
Var ConfusionMatrix::value(const Sums& state) const {
  const Var c = confusion_of(name, state, labels);
  const Var some = detail::of_something(name, c, sum(c));
  switch (normalise) {
    case Normalise::Target:
      return detail::quotient(some, sum(c, 1, keep_dims), 0.0);
    case Normalise::Prediction:
      return detail::quotient(some, sum(c, 0, keep_dims), 0.0);
    case Normalise::All:
      return some / sum(some);
    case Normalise::None:
      break;
  }
  return some;
}

Sums MatthewsCorrelation::init() const { return no_confusion(labels); }
Sums MatthewsCorrelation::update(const Sums& state, const Var& prediction, const Var& target,
                                 const Var& weights) const {
  return plus_confusion(name, state, labels, prediction, target, weights);
}
Var MatthewsCorrelation::value(const Sums& state) const {
  const Var c = confusion_of(name, state, labels);
  const Var n = sum(c);
  const Var shares = detail::quotient(c, n, 0.0);
  const Var t = sum(shares, 1);
  const Var p = sum(shares, 0);
  const Var k = arange(static_cast<std::int64_t>(detail::classes_of(labels)));
  const Var right = sum(where(equal(expand_dims(k, 0), expand_dims(k, 1)), shares, 0.0));
  // Exactly 0 where all is one class, which 1 - sum(p^2) need not be.
  const auto spread = [](const Var& x) { return sum(x * (sum(x) - x)); };
  const Var below = where(equal(amax(t), 1.0) || equal(amax(p), 1.0), 0.0, sqrt(spread(p)) * sqrt(spread(t)));
  return detail::of_something(name, detail::quotient(right - sum(t * p), below, 0.0), n);
}

Sums CohenKappa::init() const { return no_confusion(labels); }
Sums CohenKappa::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_confusion(name, state, labels, prediction, target, weights);
}
Var CohenKappa::value(const Sums& state) const {
  detail::require_setting(name, "power", power, power >= 0.0 && std::isfinite(power), "it must be 0 or more");
  const Var c = confusion_of(name, state, labels);
  const Var n = sum(c);
  const Var k = cast<double>(arange(static_cast<std::int64_t>(detail::classes_of(labels))));
  const Var apart = abs(expand_dims(k, 1) - expand_dims(k, 0));
  const Var distance = power == 0.0 ? cast<double>(apart > 0.0) : pow(apart, power);
  const Var chance = sum(c, 1, keep_dims) * sum(c, 0, keep_dims);
  return detail::of_something(name, 1.0 - detail::quotient(n * sum(distance * c), sum(distance * chance), 0.0), n);
}

}  // namespace xgrad::metrics
