#include <xgrad/solve/proximal.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>

#include "search.hpp"
#include "sets.hpp"

namespace xgrad::solve::detail {
namespace {

/// The accelerated iteration.
class Shrinkage {
 public:
  Shrinkage(const ProximalGradient& method, Objective& objective, const Vector& start, const Limits& limits)
      : method_(method),
        objective_(objective),
        limits_(limits),
        proximal_(objective.leaves(), method.term),
        step_(method.step),
        x_(proximal_.nearest(start, method.step)),
        from_(x_) {}

  Vector run() {
    Objective::Point at = objective_.at(from_);
    if (!is_finite(at)) {
      throw ValueError(std::string(minimise_name) +
                       ": the objective or its gradient is not finite at the start; start where they are");
    }
    best_ = x_;
    value_ = at.value + proximal_.value(x_);
    Report& report = objective_.report;
    const Vector downhill = proximal_.nearest(along(from_, -step_, at.gradient), step_);
    double mapping = largest(along(downhill, -1.0, from_)) / step_;
    double length = 0.0;
    std::size_t still = 0;
    while (true) {
      report.value = value_;
      report.gradient = mapping;
      const bool may = goes_on(*limits_.observer, {report.iterations, value_, mapping, length, report.evaluations});
      if (report.iterations > 0 && mapping <= limits_.gradient) return end(Ended::Gradient);
      if (report.iterations > 0 && length <= limits_.step * norm(x_)) return end(Ended::Step);
      if (still >= 10) return end(Ended::Reduction);
      if (!may) return end(why_not());
      if (report.iterations >= limits_.iterations) return end(Ended::Iterations);
      if (report.evaluations >= limits_.evaluations) return end(Ended::Evaluations);
      double smooth = 0.0;
      std::optional<Vector> next = shorten(at, smooth);
      if (!next) return end(Ended::NoDescent);
      const Vector moved = along(*next, -1.0, from_);
      length = norm(moved);
      mapping = largest(moved) / step_;
      const double value = smooth + proximal_.value(*next);
      still = std::abs(value - last_) <= limits_.reduction * std::abs(value) ? still + 1 : 0;
      last_ = value;
      if (value <= value_) value_ = value, best_ = *next;
      extrapolate(std::move(*next), moved);
      at = objective_.at(from_);
      if (!is_finite(at) && from_ != x_) {  // outside of where the objective is: begin anew
        momentum_ = 1.0;
        from_ = x_;
        at = objective_.at(from_);
      }
      ++report.iterations;
    }
  }

 private:
  static bool is_finite(const Objective::Point& at) { return std::isfinite(at.value) && all_finite(at.gradient); }

  /// What has converged is the last point, though rounding may have made the value of one before it less.
  Vector end(Ended why) {
    Report& report = objective_.report;
    report.ended = why;
    if (!report.converged() || report.iterations == 0) return best_;
    report.value = last_;
    return x_;
  }

  /// The next point, with a step for which the objective is below its quadratic bound. The first one is as long as that
  /// allows; later ones only get shorter: near the end values are too coarse to tell how long they may be.
  std::optional<Vector> shorten(const Objective::Point& at, double& value) {
    const bool first = objective_.report.iterations == 0;
    Vector next;
    const auto is_below = [&] {
      next = proximal_.nearest(along(from_, -step_, at.gradient), step_);
      const Vector moved = along(next, -1.0, from_);
      value = objective_.value(next);
      const double slack = 1e-14 * std::abs(at.value);
      const double bound = at.value + dot(at.gradient, moved) + dot(moved, moved) / (2.0 * step_) + slack;
      return std::isfinite(value) && value <= bound;
    };
    for (int k = 0; first && k < 40 && is_below() && next != from_; ++k) step_ *= 2.0;
    for (int k = 0; k < 200; ++k, step_ *= 0.5) {
      if (is_below()) return next;
    }
    return std::nullopt;
  }

  void extrapolate(Vector next, const Vector& moved) {
    const Vector way = along(next, -1.0, x_);
    if (!method_.accelerated || dot(moved, way) < 0.0) {  // uphill: begin anew
      momentum_ = 1.0;
      from_ = next;
    } else {
      const double later = 0.5 * (1.0 + std::sqrt(1.0 + 4.0 * momentum_ * momentum_));
      from_ = along(next, (momentum_ - 1.0) / later, way);
      momentum_ = later;
    }
    x_ = std::move(next);
  }

  const ProximalGradient& method_;
  Objective& objective_;
  const Limits& limits_;
  Proximal proximal_;
  double step_;
  Vector x_, from_, best_;
  double value_ = 0.0;
  double last_ = std::numeric_limits<double>::infinity();
  double momentum_ = 1.0;
};

}  // namespace

Vector descend_to_set(const ProximalGradient& method, Objective& objective, const Vector& start, const Limits& limits) {
  require_above(minimise_name, "step", method.step, 0.0, false);
  return Shrinkage(method, objective, start, limits).run();
}

std::vector<Var> project(const Start& start, const Term& term) {
  const Leaves leaves("solve::project", start);
  return leaves.arrays(Proximal(leaves, term).nearest(leaves.start(), 1.0));
}

}  // namespace xgrad::solve::detail
