// Frank and Wolfe's conditional gradients.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>

#include "search.hpp"
#include "sets.hpp"

namespace xgrad::solve::detail {
namespace {

/// A point as a mean of corners.
class Hull {
 public:
  explicit Hull(Vector x) : corners_{{1.0, std::move(x)}} {}

  /// The one whose product with a gradient is largest.
  [[nodiscard]] std::size_t worst(const Vector& gradient) const {
    std::size_t result = 0;
    double most = -std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < corners_.size(); ++k) {
      const double product = dot(gradient, corners_[k].at);
      if (product > most) most = product, result = k;
    }
    return result;
  }
  [[nodiscard]] double weight(std::size_t k) const { return corners_[k].weight; }
  [[nodiscard]] const Vector& at(std::size_t k) const { return corners_[k].at; }
  /// Moves weight from one corner to another, which may be new.
  void move(std::size_t from, double weight, const Vector& to) {
    const auto same = std::ranges::find_if(corners_, [&](const auto& each) { return each.at == to; });
    if (same != corners_.end()) same->weight += weight;
    else corners_.push_back({weight, to});
    corners_[from].weight -= weight;
    if (!(corners_[from].weight > 0.0)) corners_.erase(corners_.begin() + static_cast<std::ptrdiff_t>(from));
  }
  [[nodiscard]] Vector mean() const {
    double total = 0.0;
    for (const Weighted& each : corners_) total += each.weight;
    Vector result(corners_[0].at.size(), 0.0);
    for (const Weighted& each : corners_) {
      for (std::size_t i = 0; i < result.size(); ++i) result[i] += each.weight / total * each.at[i];
    }
    return result;
  }

 private:
  struct Weighted {
    double weight;
    Vector at;
  };
  std::vector<Weighted> corners_;
};

/// The part of a step that the curvature along it says, at most all of it, halved until the value falls; 0 if it does
/// not.
double part_of_step(Objective& objective, const Iterate& at, const Vector& p, double slope, double most) {
  const double curvature = dot(p, objective.product(at.x, p));
  double part = curvature > 0.0 ? std::min(most, -slope / curvature) : most;
  const double slack = 4.0 * std::numeric_limits<double>::epsilon() * std::abs(at.point.value);
  for (int k = 0; k < 60; ++k, part *= 0.5) {
    if (objective.value(along(at.x, part, p)) <= at.point.value + 1e-4 * part * slope + slack) return part;
  }
  return 0.0;
}

}  // namespace

bool ends_at(Objective& objective, const Limits& limits, double value, double gap, double least_gap, double step) {
  Report& report = objective.report;
  report.value = value;
  report.gradient = gap;
  const bool may = goes_on(*limits.observer, {report.iterations, value, gap, step, report.evaluations});
  const auto end = [&](Ended why) {
    report.ended = why;
    return true;
  };
  if (gap <= least_gap) return end(Ended::Gap);
  if (!may) return end(why_not());
  if (report.iterations >= limits.iterations) return end(Ended::Iterations);
  if (report.evaluations >= limits.evaluations) return end(Ended::Evaluations);
  return false;
}

double least_gap(const Objective& objective, const std::optional<double>& asked, double value) {
  if (asked) require_above(minimise_name, "the duality gap", *asked, 0.0, true);
  return asked.value_or(4500.0 * objective.leaves().rounding() * std::max(1.0, std::abs(value)));
}

Vector descend_to_corners(const FrankWolfe& method, Objective& objective, const Vector& start, const Limits& limits) {
  const Proximal set(objective.leaves(), method.set);
  if (!set.has_corners()) {
    throw ValueError(std::string(minimise_name) +
                     ": FrankWolfe needs a set with corners: a Simplex, a Ball, an L1Ball, or an Interval with bounds");
  }
  Iterate at = start_of_descent(objective, set.nearest(start, 1.0));
  Hull hull(at.x);
  double length = 0.0;
  while (true) {
    const Vector corner = set.corner(at.point.gradient);
    const double gap = dot(at.point.gradient, along(at.x, -1.0, corner));
    if (ends_at(objective, limits, at.point.value, gap, least_gap(objective, method.gap, at.point.value), length))
      break;
    const std::size_t from = hull.worst(at.point.gradient);
    const Vector& foot = set.is_polytope() ? hull.at(from) : at.x;
    const Vector p = along(corner, -1.0, foot);
    const double slope = dot(at.point.gradient, p);
    const double most = set.is_polytope() ? hull.weight(from) : 1.0;
    const double part = part_of_step(objective, at, p, slope, most);
    const bool rounding = -slope * most <= 100.0 * limits.reduction * std::abs(at.point.value);
    if (part == 0.0) {
      objective.report.ended = rounding ? Ended::Reduction : Ended::NoDescent;
      break;
    }
    if (set.is_polytope()) {
      hull.move(from, part, corner);
      at.x = hull.mean();
    } else {
      at.x = along(at.x, part, p);
    }
    length = part * norm(p);
    at.point = objective.at(at.x);
    ++objective.report.iterations;
  }
  return at.x;
}

}  // namespace xgrad::solve::detail
