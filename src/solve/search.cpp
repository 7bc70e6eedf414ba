#include "search.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace xgrad::solve::detail {
namespace {

constexpr double rounding_of_values = 4.0 * std::numeric_limits<double>::epsilon();

/// Place, value and slope on the line.
struct OnLine {
  double t = 0.0;
  double value = 0.0;
  double slope = 0.0;
};

/// The least of the cubic through two places; where it has none, what `otherwise` says.
double cubic_step(const OnLine& a, const OnLine& b, double theta, double gamma_squared, double scale, bool mirrored) {
  double gamma = scale * std::sqrt(std::max(0.0, gamma_squared));
  if (mirrored) gamma = -gamma;
  const double p = (gamma - a.slope) + theta;
  const double q = ((gamma - a.slope) + gamma) + b.slope;
  return a.t + p / q * (b.t - a.t);
}

/// The interval in which the step is, and the next step: the procedure of Moré and Thuente (dcstep of MINPACK-2).
struct Bracket {
  OnLine best, other;
  bool closed = false;

  double next(const OnLine& trial, double least, double most) {
    const double theta = 3.0 * (best.value - trial.value) / (trial.t - best.t) + best.slope + trial.slope;
    const double scale = std::max({std::abs(theta), std::abs(best.slope), std::abs(trial.slope)});
    const double square = (theta / scale) * (theta / scale) - (best.slope / scale) * (trial.slope / scale);
    const bool opposite = trial.slope * (best.slope / std::abs(best.slope)) < 0.0;
    const double secant = trial.t + trial.slope / (trial.slope - best.slope) * (best.t - trial.t);
    double t = 0.0;
    if (trial.value > best.value) {
      const double cubic = cubic_step(best, trial, theta, square, scale, trial.t < best.t);
      const double quadratic = best.t + best.slope / ((best.value - trial.value) / (trial.t - best.t) + best.slope) /
                                            2.0 * (trial.t - best.t);
      t = std::abs(cubic - best.t) < std::abs(quadratic - best.t) ? cubic : cubic + (quadratic - cubic) / 2.0;
      closed = true;
    } else if (opposite) {
      const double cubic = cubic_step(trial, best, theta, square, scale, trial.t > best.t);
      t = std::abs(cubic - trial.t) > std::abs(secant - trial.t) ? cubic : secant;
      closed = true;
    } else if (std::abs(trial.slope) < std::abs(best.slope)) {
      t = flatter(trial, theta, square, scale, secant, least, most);
    } else if (closed) {
      const double theta_other = 3.0 * (trial.value - other.value) / (other.t - trial.t) + other.slope + trial.slope;
      const double scale_other = std::max({std::abs(theta_other), std::abs(other.slope), std::abs(trial.slope)});
      const double square_other = (theta_other / scale_other) * (theta_other / scale_other) -
                                  (other.slope / scale_other) * (trial.slope / scale_other);
      t = cubic_step(trial, other, theta_other, square_other, scale_other, trial.t > other.t);
    } else {
      t = trial.t > best.t ? most : least;
    }
    if (trial.value > best.value) {
      other = trial;
    } else {
      if (opposite) other = best;
      best = trial;
    }
    return t;
  }

 private:
  [[nodiscard]] double flatter(const OnLine& trial, double theta, double square, double scale, double secant,
                               double least, double most) const {
    double gamma = scale * std::sqrt(std::max(0.0, square));
    if (trial.t > best.t) gamma = -gamma;
    const double p = (gamma - trial.slope) + theta;
    const double q = (gamma + (best.slope - trial.slope)) + gamma;
    const double r = p / q;
    double cubic = trial.t > best.t ? most : least;
    if (r < 0.0 && gamma != 0.0) cubic = trial.t + r * (best.t - trial.t);
    if (!closed) {
      const double t = std::abs(cubic - trial.t) > std::abs(secant - trial.t) ? cubic : secant;
      return std::min(std::max(t, least), most);  // the longest step may be below the least to try next
    }
    const double t = std::abs(cubic - trial.t) < std::abs(secant - trial.t) ? cubic : secant;
    const double limit = trial.t + 0.66 * (other.t - trial.t);
    return trial.t > best.t ? std::min(limit, t) : std::max(limit, t);
  }
};

Found strong_wolfe(const StrongWolfe& rules, Objective& objective, const Iterate& from, const Vector& p, double first,
                   double longest, const Box& box) {
  Found found;
  const OnLine start{0.0, from.point.value, dot(from.point.gradient, p)};
  const double fall = rules.decrease * start.slope;
  Bracket bracket{start, start};
  double t = std::min(first, longest);
  double width = std::numeric_limits<double>::infinity();
  double width_before = width;
  double least = 0.0;
  double most = 5.0 * t;
  bool first_stage = true;
  for (std::size_t k = 0; k < rules.trials; ++k) {
    Iterate next{along(from.x, t, p), {}};
    box.clip(next.x);  // of what rounding puts outside
    next.point = objective.at(next.x);
    const OnLine trial{t, next.point.value, dot(next.point.gradient, p)};
    if (!std::isfinite(trial.value) || !std::isfinite(trial.slope)) {
      longest = std::min(longest, t);
      t = bracket.best.t + 0.25 * (t - bracket.best.t);
      most = longest;
      continue;
    }
    const double line = start.value + t * fall;
    const bool fell = trial.value <= line;
    const bool as_low = trial.value <= start.value + rounding_of_values * std::abs(start.value);
    const bool flat = std::abs(trial.slope) <= -rules.curvature * start.slope;
    // Where values have no digits left, slopes tell (Hager and Zhang 2005).
    const bool fell_by_slope = as_low && trial.slope <= (2.0 * rules.decrease - 1.0) * start.slope;
    if ((fell || fell_by_slope) && flat) return {true, t, std::move(next)};
    if (t >= longest && fell && trial.slope <= fall) return {true, t, std::move(next)};
    keep(found, start.value, t, std::move(next));
    if (first_stage && fell && trial.slope >= 0.0) first_stage = false;
    const double before = t;
    if (first_stage && trial.value <= bracket.best.value && !fell) {  // of the function less its line
      const auto less = [&](OnLine at) { return OnLine{at.t, at.value - at.t * fall, at.slope - fall}; };
      const auto more = [&](OnLine at) { return OnLine{at.t, at.value + at.t * fall, at.slope + fall}; };
      bracket.best = less(bracket.best);
      bracket.other = less(bracket.other);
      t = bracket.next(less(trial), least, most);
      bracket.best = more(bracket.best);
      bracket.other = more(bracket.other);
    } else {
      t = bracket.next(trial, least, most);
    }
    if (bracket.closed) {
      const double now = std::abs(bracket.other.t - bracket.best.t);
      if (now >= 0.66 * width_before) t = bracket.best.t + 0.5 * (bracket.other.t - bracket.best.t);
      width_before = width;
      width = now;
      least = std::min(bracket.best.t, bracket.other.t);
      most = std::max(bracket.best.t, bracket.other.t);
      if (!(t > least && t < most) || most - least <= 1e-14 * most) break;
    } else {
      least = t + 1.1 * (t - bracket.best.t);
      most = t + 4.0 * (t - bracket.best.t);
    }
    t = std::min(t, longest);
    if (!std::isfinite(t) || t == before) break;
  }
  return found;
}

Found armijo(const Armijo& rules, Objective& objective, const Iterate& from, const Vector& p, double first) {
  const double slope = dot(from.point.gradient, p);
  double t = first;
  for (std::size_t k = 0; k < rules.trials; ++k, t *= rules.shrink) {
    Vector x = along(from.x, t, p);
    if (x == from.x) break;
    const double value = objective.value(x);
    if (!(value <= from.point.value + rules.decrease * t * slope)) continue;
    Objective::Point point = objective.at(x);
    if (!all_finite(point.gradient)) continue;
    return {true, t, {std::move(x), std::move(point)}};
  }
  return {};
}

bool tells(Objective& objective, const Limits& limits, double value, double step, double free_gradient) {
  Report& report = objective.report;
  report.value = value;
  report.gradient = free_gradient;
  return goes_on(*limits.observer, {report.iterations, value, free_gradient, step, report.evaluations});
}

}  // namespace

void keep(Found& found, double value_before, double t, Iterate&& next) {
  const bool is_lowest = found.lower ? next.point.value < found.next.point.value : next.point.value < value_before;
  if (!is_lowest) return;
  found.lower = true;
  found.t = t;
  found.next = std::move(next);
}

Found search_along(const LineSearch& search, Objective& objective, const Iterate& from, const Vector& p, double first) {
  if (const auto* rules = std::get_if<StrongWolfe>(&search)) {
    return strong_wolfe(*rules, objective, from, p, first, std::numeric_limits<double>::infinity(), {});
  }
  if (const auto* rules = std::get_if<HagerZhang>(&search)) return search_by_secants(*rules, objective, from, p, first);
  return armijo(std::get<Armijo>(search), objective, from, p, first);
}

Found search_in_box(const StrongWolfe& rules, Objective& objective, const Iterate& from, const Vector& p, double first,
                    double longest, const Box& box) {
  return strong_wolfe(rules, objective, from, p, first, longest, box);
}

bool ends_after(Objective& objective, const Limits& limits, double value_before, double value, double step,
                double length, double free_gradient) {
  Report& report = objective.report;
  ++report.iterations;
  const bool may = tells(objective, limits, value, step, free_gradient);
  const double reduction = std::abs(value_before - value);
  const auto end = [&](Ended why) {
    report.ended = why;
    return true;
  };
  if (free_gradient <= limits.gradient) return end(Ended::Gradient);
  if (reduction <= limits.reduction * std::max(std::abs(value), std::abs(value_before))) {
    return end(Ended::Reduction);
  }
  if (step <= limits.step * length) return end(Ended::Step);
  if (!may) return end(why_not());
  if (report.iterations >= limits.iterations) return end(Ended::Iterations);
  if (report.evaluations >= limits.evaluations) return end(Ended::Evaluations);
  return false;
}

bool ends_at_start(Objective& objective, const Limits& limits, double value, double free_gradient) {
  const bool may = tells(objective, limits, value, 0.0, free_gradient);
  if (free_gradient <= limits.gradient) {
    objective.report.ended = Ended::Gradient;
  } else if (!may) {
    objective.report.ended = why_not();
  } else if (limits.iterations == 0) {
    objective.report.ended = Ended::Iterations;
  } else {
    return false;
  }
  return true;
}

}  // namespace xgrad::solve::detail
