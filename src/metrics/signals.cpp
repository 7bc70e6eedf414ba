#include <xgrad/metrics/signals.hpp>

#include <cmath>
#include <string>

#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

/// Signals along the last axis, 0 where their weight is; weights [...].
struct Signals {
  Var p, t, w;
};

Signals signals_of(std::string_view metric, const Var& prediction, const Var& target, const Var& weights) {
  const Var w = detail::weights_of_rows(metric, weights, prediction, target);
  return {detail::counting(prediction, w), detail::counting(target, w), w};
}

Var power(const Var& x) { return sum(square(x), -1); }

/// \throws ValueError  if it is 0 and counts (raised when evaluated).
Var power_of_target(std::string_view metric, const Var& t, const Var& w) {
  const Requirement requirement(std::string(metric) + ": the power of a target is {}");
  const Var p = power(t);
  return checked(p, !(p <= 0.0) || equal(w, 0.0), requirement);
}

}  // namespace

Sums CosineSimilarity::init() const { return detail::no_sums({2}); }
Sums CosineSimilarity::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Signals s = signals_of(name, prediction, target, weights);
  const auto unit = [](const Var& x) { return detail::quotient(x, norm(x, -1, keep_dims), 0.0); };
  return detail::plus_mean(name, state, sum(unit(s.p) * unit(s.t), -1), s.w);
}
Var CosineSimilarity::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums Snr::init() const { return detail::no_sums({2}); }
Sums Snr::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Signals s = signals_of(name, prediction, target, weights);
  return detail::plus_mean(name, state, 10.0 * log10(power_of_target(name, s.t, s.w) / power(s.t - s.p)), s.w);
}
Var Snr::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums SiSdr::init() const { return detail::no_sums({2}); }
Sums SiSdr::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Signals s = signals_of(name, prediction, target, weights);
  const auto centred = [&](const Var& x) { return zero_mean ? x - mean(x, -1, keep_dims) : x; };
  const Var p = centred(s.p);
  const Var t = centred(s.t);
  const Var scale = sum(p * t, -1) / power_of_target(name, t, s.w);
  const Var scaled = expand_dims(scale, -1) * t;
  return detail::plus_mean(name, state, 10.0 * log10(power(scaled) / power(scaled - p)), s.w);
}
Var SiSdr::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums Psnr::init() const { return detail::no_sums({2}); }
Sums Psnr::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  detail::require_same_shape(name, prediction, target);
  const Var w = detail::weights_of(name, weights, target.shape());
  return detail::plus_mean(name, state, square(detail::as_double(prediction) - detail::as_double(target)), w);
}
Var Psnr::value(const Sums& state) const {
  detail::require_setting(name, "range", range, range > 0.0 && std::isfinite(range), "it must be positive and finite");
  return 10.0 * log10(range * range / detail::mean_of(name, state));
}

}  // namespace xgrad::metrics
