#include <xgrad/solve/proximal.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>

#include "search.hpp"

namespace xgrad::solve::detail {
namespace {

/// What is to be taken off sorted magnitudes so that the rest, not below 0, has a sum.
double threshold_of_sum(Vector magnitudes, double sum) {
  std::ranges::sort(magnitudes, std::greater<>());
  double before = 0.0;
  double threshold = 0.0;
  for (std::size_t k = 0; k < magnitudes.size(); ++k) {
    before += magnitudes[k];
    const double candidate = (before - sum) / static_cast<double>(k + 1);
    if (magnitudes[k] <= candidate) break;
    threshold = candidate;
  }
  return threshold;
}

/// The nearest values >= 0 that have a sum. From the largest on, for the sum of large ones may have lost its digits.
Vector with_sum(Vector x, double sum) {
  const double top = *std::ranges::max_element(x);
  for (double& each : x) each -= top;
  const double threshold = threshold_of_sum(x, sum);
  for (double& each : x) each = std::max(0.0, each - threshold);
  return x;
}

Vector shrunk(Vector x, double by) {
  for (double& each : x) each = std::copysign(std::max(0.0, std::abs(each) - by), each);
  return x;
}

/// The nearest point, weighed by the step where the term is no set.
struct Nearest {
  Vector x;
  double step;
  const Vector& normal;

  Vector operator()(const Interval& set) {
    for (double& each : x) each = std::clamp(each, set.lower, set.upper);
    return std::move(x);
  }
  Vector operator()(const Simplex& set) { return with_sum(std::move(x), set.sum); }
  Vector operator()(const Ball& set) {
    const double length = norm(x);
    if (length > set.radius) {
      for (double& each : x) each *= set.radius / length;
    }
    return std::move(x);
  }
  Vector operator()(const L1Ball& set) {
    Vector magnitudes(x);
    for (double& each : magnitudes) each = std::abs(each);
    if (std::accumulate(magnitudes.begin(), magnitudes.end(), 0.0) <= set.radius) return std::move(x);
    magnitudes = with_sum(std::move(magnitudes), set.radius);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::copysign(magnitudes[i], x[i]);
    return std::move(x);
  }
  Vector operator()(const HalfSpace& set) {
    const double excess = dot(normal, x) - set.offset;
    return excess > 0.0 ? along(x, -excess / dot(normal, normal), normal) : std::move(x);
  }
  Vector operator()(const L1& term) { return shrunk(std::move(x), step * term.weight); }
};

/// A term with its settings checked.
class Proximal {
 public:
  Proximal(const Leaves& leaves, const Term& term) : term_(term) {
    const std::string_view operation = leaves.operation();
    if (const auto* set = std::get_if<Interval>(&term); set != nullptr && !(set->lower <= set->upper)) {
      throw ValueError(std::string(operation) + ": the lower end of an interval is not below its upper end");
    }
    if (const auto* set = std::get_if<Simplex>(&term)) require_size(operation, "the sum of a simplex", set->sum);
    if (const auto* set = std::get_if<Ball>(&term)) require_size(operation, "the radius of a ball", set->radius);
    if (const auto* set = std::get_if<L1Ball>(&term)) require_size(operation, "the radius of a ball", set->radius);
    if (const auto* l1 = std::get_if<L1>(&term)) {
      require_above(operation, "the weight of the l1 norm", l1->weight, 0.0, true);
    }
    if (const auto* set = std::get_if<HalfSpace>(&term)) {
      normal_ = leaves.bound("half-space's", set->normal, 1.0);
      const double square = dot(normal_, normal_);
      if (!(square > 0.0) || !std::isfinite(square) || !std::isfinite(set->offset)) {
        throw ValueError(std::string(operation) + ": the normal of a half-space is 0, or it or its offset not finite");
      }
    }
  }

  [[nodiscard]] Vector nearest(Vector x, double step) const {
    return std::visit(Nearest{std::move(x), step, normal_}, term_);
  }
  /// What the term adds to the objective.
  [[nodiscard]] double value(const Vector& x) const {
    const auto* l1 = std::get_if<L1>(&term_);
    if (l1 == nullptr) return 0.0;
    double sum = 0.0;
    for (const double each : x) sum += std::abs(each);
    return l1->weight * sum;
  }

 private:
  static void require_size(std::string_view operation, std::string_view what, double value) {
    require_above(operation, what, value, 0.0, false);
    if (!std::isfinite(value)) throw ValueError(std::string(operation) + ": " + std::string(what) + " is infinite");
  }

  const Term& term_;
  Vector normal_;
};

/// The accelerated iteration.
class Shrinkage {
 public:
  Shrinkage(const ProximalGradient& method, Objective& objective, const Limits& limits)
      : method_(method),
        objective_(objective),
        limits_(limits),
        proximal_(objective.leaves(), method.term),
        step_(method.step),
        x_(proximal_.nearest(objective.leaves().start(), method.step)),
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
      const bool goes_on = *limits_.observer == nullptr ||
                           (*limits_.observer)({report.iterations, value_, mapping, length, report.evaluations});
      if (report.iterations > 0 && mapping <= limits_.gradient) return end(Ended::Gradient);
      if (report.iterations > 0 && length <= limits_.step * norm(x_)) return end(Ended::Step);
      if (still >= 10) return end(Ended::Reduction);
      if (!goes_on) return end(Ended::Stopped);
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

Vector descend_to_set(const ProximalGradient& method, Objective& objective, const Limits& limits) {
  require_above(minimise_name, "step", method.step, 0.0, false);
  return Shrinkage(method, objective, limits).run();
}

std::vector<Var> project(const Start& start, const Term& term) {
  const Leaves leaves("solve::project", start);
  return leaves.arrays(Proximal(leaves, term).nearest(leaves.start(), 1.0));
}

}  // namespace xgrad::solve::detail
