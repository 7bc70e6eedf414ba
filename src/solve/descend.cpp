#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "directions.hpp"

namespace xgrad::solve::detail {
namespace {

LineSearch search_of(const Minimiser& method) {
  return std::visit(
      [](const auto& each) -> LineSearch {
        if constexpr (requires { each.search; }) return each.search;
        else return StrongWolfe{};
      },
      method);
}

/// The first step along a direction whose length says nothing: as far as the last step went, at its slope.
class FirstStep {
 public:
  [[nodiscard]] double along_direction(bool has_length, const Vector& p, double slope) const {
    if (has_length) return 1.0;
    if (last_ > 0.0) return std::min(last_ * last_slope_ / slope, 10.0 * last_);
    return std::min(1.0, 1.0 / norm(p));
  }
  void went(double t, double slope) { last_ = t, last_slope_ = slope; }

 private:
  double last_ = 0.0;
  double last_slope_ = 0.0;
};

}  // namespace

Iterate descend(const Minimiser& method, Objective& objective, Iterate at, const Limits& limits) {
  const LineSearch search = search_of(method);
  const auto direction = direction_of(method, at.x.size());
  Report& report = objective.report;
  FirstStep first;
  bool falls = false;
  if (ends_at_start(objective, limits, at.point.value, largest(at.point.gradient))) return at;
  while (true) {
    Vector p = direction->from(objective, at);
    double slope = dot(at.point.gradient, p);
    if (!(slope < 0.0) || !all_finite(p)) {
      direction->restart();
      p = at.point.gradient;
      for (double& each : p) each = -each;
      slope = dot(at.point.gradient, p);
    }
    const double t = first.along_direction(direction->has_length(), p, slope);
    Found found = search_along(search, objective, at, p, t);
    if (!found.lower) {
      if (direction->restart()) continue;
      // What a step can gain is lost among the digits of the value.
      const bool rounding = -slope * std::min(1.0, t) <= 100.0 * limits.reduction * std::abs(at.point.value);
      report.ended = rounding && !falls ? Ended::Reduction : Ended::NoDescent;
      return at;
    }
    first.went(found.t, slope);
    const double before = at.point.value;
    const double step = found.t * norm(p);
    direction->moved(at, found.next, p);
    at = std::move(found.next);
    falls = falls_without_end(before, at);
    if (ends_after(objective, limits, before, at.point.value, step, norm(at.x), largest(at.point.gradient))) return at;
  }
}

}  // namespace xgrad::solve::detail
