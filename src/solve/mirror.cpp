// Mirror descent.
#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/transform/compile.hpp>
#include <xgrad/transform/grad.hpp>
#include <xgrad/transform/implicit.hpp>

#include "search.hpp"

namespace xgrad::solve::detail {
namespace {

/// Steps by a potential, and how far they are.
class Mirror {
 public:
  Mirror() = default;
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;
  virtual ~Mirror() = default;

  /// The start, fit for the potential.
  virtual Vector start(Vector x) = 0;
  virtual Vector step(const Vector& x, const Vector& gradient, double t) = 0;
  /// Of Bregman, from x.
  virtual double divergence(const Vector& to, const Vector& x) = 0;
  /// What tells how near the minimum is.
  virtual double measure(const Vector& x, const Vector& gradient) = 0;
};

class EntropyMirror final : public Mirror {
 public:
  explicit EntropyMirror(double sum) : sum_(sum) {
    require_above(minimise_name, "the sum of an entropy", sum, 0.0, false);
    if (!std::isfinite(sum)) throw ValueError(std::string(minimise_name) + ": the sum of an entropy is infinite");
  }

  Vector start(Vector x) override {
    for (const double each : x) {
      if (each > 0.0) continue;
      throw ValueError(std::string(minimise_name) + ": mirror descent by entropy starts at " + std::to_string(each) +
                       "; all elements must be above 0");
    }
    return normalised(std::move(x));
  }
  Vector step(const Vector& x, const Vector& gradient, double t) override {
    const double least = *std::ranges::min_element(gradient);
    Vector result(x);
    constexpr double seed = std::numeric_limits<double>::min();  // from 0 it could not grow again
    for (std::size_t i = 0; i < x.size(); ++i) {
      result[i] = std::max(result[i] * std::exp(-t * (gradient[i] - least)), seed);
    }
    return normalised(std::move(result));
  }
  double divergence(const Vector& to, const Vector& x) override {
    double sum = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (to[i] > 0.0) sum += to[i] * std::log(to[i] / x[i]);
    }
    return std::max(0.0, sum);
  }
  double measure(const Vector& x, const Vector& gradient) override {
    const double least = *std::ranges::min_element(gradient);
    double gap = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) gap += x[i] * (gradient[i] - least);
    return gap;
  }

 private:
  [[nodiscard]] Vector normalised(Vector x) const {
    const double total = std::accumulate(x.begin(), x.end(), 0.0);
    for (double& each : x) each *= sum_ / total;
    return x;
  }

  double sum_;
};

class GivenMirror final : public Mirror {
 public:
  explicit GivenMirror(const MirrorMap& map) {
    if (map.potential == nullptr || map.inverse == nullptr) {
      throw ValueError(std::string(minimise_name) + ": a MirrorMap has a potential and the inverse of its gradient");
    }
    const auto potential = [given = map.potential](const Var& x) -> Var {
      return xgrad::detail::scalar_objective("solve::minimise, potential", given(x));
    };
    potential_ = compile([potential](const Var& x) {
      auto [value, gradient] = value_and_grad(potential)(x);
      return std::vector<Var>{std::move(value), std::move(gradient)};
    });
    inverse_ = compile([given = map.inverse](const Var& y) -> Var {
      Var x = given(y);
      if (x.shape() == y.shape()) return x;
      throw ShapeError(std::string(minimise_name) + ": the inverse of a mirror returns the shape " +
                       to_string(x.shape()) + " for " + to_string(y.shape()) + "; they must be the same");
    });
  }

  Vector start(Vector x) override { return x; }
  Vector step(const Vector& x, const Vector& gradient, double t) override {
    Vector result;
    append(result, inverse_(array_of(along(at(x).gradient, -t, gradient))));
    return result;
  }
  double divergence(const Vector& to, const Vector& x) override {
    const Objective::Point here = at(x);
    return std::max(0.0, at(to).value - here.value - dot(here.gradient, along(to, -1.0, x)));
  }
  double measure(const Vector&, const Vector& gradient) override { return largest(gradient); }

 private:
  Objective::Point at(const Vector& x) {
    const std::vector<Var> both = potential_(array_of(x));
    Objective::Point point{number_of(both[0]), {}};
    append(point.gradient, both[1]);
    return point;
  }

  std::function<std::vector<Var>(const Var&)> potential_;
  std::function<Var(const Var&)> inverse_;
};

std::unique_ptr<Mirror> mirror_of(const std::variant<Entropy, MirrorMap>& mirror) {
  if (const auto* entropy = std::get_if<Entropy>(&mirror)) return std::make_unique<EntropyMirror>(entropy->sum);
  return std::make_unique<GivenMirror>(std::get<MirrorMap>(mirror));
}

}  // namespace

Vector descend_in_mirror(const MirrorDescent& method, Objective& objective, const Vector& start, const Limits& limits) {
  require_above(minimise_name, "step", method.step, 0.0, false);
  const bool has_gap = std::get_if<Entropy>(&method.mirror) != nullptr;
  const std::unique_ptr<Mirror> mirror = mirror_of(method.mirror);
  Iterate at = start_of_descent(objective, mirror->start(start));
  Report& report = objective.report;
  double t = method.step;
  double length = 0.0;
  std::size_t still = 0;
  while (true) {
    const double measure = mirror->measure(at.x, at.point.gradient);
    const double enough = has_gap ? least_gap(objective, method.gap, at.point.value) : limits.gradient;
    if (ends_at(objective, limits, at.point.value, measure, enough, length)) {
      if (report.ended == Ended::Gap && !has_gap) report.ended = Ended::Gradient;
      break;
    }
    Vector next;
    // Elements near 0 grow for long before that changes the value.
    const bool far =
        has_gap && measure > std::sqrt(objective.leaves().rounding()) * std::max(1.0, std::abs(at.point.value));
    const auto is_below = [&] {
      next = mirror->step(at.x, at.point.gradient, t);
      if (!all_finite(next)) return false;
      const double bound = dot(at.point.gradient, along(next, -1.0, at.x)) + mirror->divergence(next, at.x) / t;
      return objective.value(next) <= at.point.value + bound + 1e-14 * std::abs(at.point.value);
    };
    // The step only gets shorter after the first iteration: near the end values are too coarse to tell how long it may
    // be.
    for (int k = 0; report.iterations == 0 && k < 40 && is_below() && next != at.x; ++k) t *= 2.0;
    int halvings = 0;
    while (halvings < 200 && !is_below()) t *= 0.5, ++halvings;
    length = halvings < 200 ? norm(along(next, -1.0, at.x)) : 0.0;
    if (length == 0.0 || (still >= 10 && !far)) {
      report.ended = halvings == 200 || far ? Ended::NoDescent : length == 0.0 ? Ended::Step : Ended::Reduction;
      break;
    }
    const double before = at.point.value;
    at.x = std::move(next);
    at.point = objective.at(at.x);
    still = std::abs(before - at.point.value) <= limits.reduction * std::abs(before) ? still + 1 : 0;
    ++report.iterations;
  }
  return at.x;
}

}  // namespace xgrad::solve::detail
