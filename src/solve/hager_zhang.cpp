// The search of Hager and Zhang 2005; the names of its steps are theirs (bracket, update, double secant).
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "search.hpp"

namespace xgrad::solve::detail {
namespace {

constexpr double widening = 5.0;    // rho
constexpr double narrowing = 0.66;  // gamma

/// A place on the line: value and slope there.
struct Mark {
  double t = 0.0;
  double value = 0.0;
  double slope = 0.0;
};

/// Down at a, up at b: the minimum is between.
struct Between {
  Mark a, b;
  [[nodiscard]] double width() const { return b.t - a.t; }
  [[nodiscard]] double middle() const { return a.t + 0.5 * width(); }
};

double secant(const Mark& a, const Mark& b) { return (a.t * b.slope - b.t * a.slope) / (b.slope - a.slope); }

class Secants {
 public:
  Secants(const HagerZhang& rules, Objective& objective, const Iterate& from, const Vector& p)
      : rules_(rules),
        objective_(objective),
        from_(from),
        p_(p),
        start_{0.0, from.point.value, dot(from.point.gradient, p)},
        ceiling_(start_.value + rules.rounding * std::abs(start_.value)) {}

  Found run(double first) {
    std::optional<Between> now = bracket(first);
    while (now && !ended()) {
      const double before = now->width();
      Between next = double_secant(*now);
      if (!ended() && next.width() > narrowing * before) next = update(next, next.middle());
      if (!(next.width() < before)) break;
      now = next;
    }
    return std::move(found_);
  }

 private:
  [[nodiscard]] bool ended() const { return accepted_ || trials_ >= rules_.trials; }
  [[nodiscard]] bool is_low(const Mark& at) const { return at.value <= ceiling_; }

  /// A trial. What is not finite counts as a hill that leads down on its other side, so that steps get shorter.
  Mark at(double t) {
    ++trials_;
    Iterate next{along(from_.x, t, p_), {}};
    next.point = objective_.at(next.x);
    const Mark mark{t, next.point.value, dot(next.point.gradient, p_)};
    if (!std::isfinite(mark.value) || !all_finite(next.point.gradient)) {
      return {t, std::numeric_limits<double>::infinity(), -1.0};
    }
    accepted_ = is_acceptable(mark);
    if (accepted_) found_ = {true, t, std::move(next)};
    else keep(found_, start_.value, t, std::move(next));
    return mark;
  }
  [[nodiscard]] bool is_acceptable(const Mark& at) const {
    const bool flat = at.slope >= rules_.curvature * start_.slope;
    const bool fell = at.value - start_.value <= rules_.decrease * at.t * start_.slope;
    const bool fell_by_slope = is_low(at) && at.slope <= (2.0 * rules_.decrease - 1.0) * start_.slope;
    return flat && (fell || fell_by_slope);
  }

  std::optional<Between> bracket(double t) {
    Mark low = start_;
    while (!ended()) {
      const Mark now = at(t);
      if (accepted_) return std::nullopt;
      if (now.slope >= 0.0) return Between{low, now};
      if (!is_low(now)) return halved(low, now);
      low = now;
      if (!std::isfinite(widening * t)) break;
      t *= widening;
    }
    return std::nullopt;
  }

  /// Between a low place and one behind a hill: halves until a slope goes up.
  Between halved(Mark a, Mark b) {
    while (!ended()) {
      const double t = a.t + 0.5 * (b.t - a.t);
      if (!(t > a.t && t < b.t)) break;
      const Mark now = at(t);
      if (now.slope >= 0.0) return {a, now};
      (is_low(now) ? a : b) = now;
    }
    return {a, b};
  }

  /// The part of an interval that a trial leaves.
  Between update(const Between& now, double t) {
    if (!(t > now.a.t && t < now.b.t)) return now;
    const Mark trial = at(t);
    if (accepted_) return now;
    if (trial.slope >= 0.0) return {now.a, trial};
    if (is_low(trial)) return {trial, now.b};
    return halved(now.a, trial);
  }

  Between double_secant(const Between& now) {
    const double first = secant(now.a, now.b);
    const Between next = update(now, first);
    if (ended()) return next;
    double second = std::numeric_limits<double>::quiet_NaN();
    if (first == next.b.t) second = secant(now.b, next.b);
    if (first == next.a.t) second = secant(now.a, next.a);
    return update(next, second);
  }

  const HagerZhang& rules_;
  Objective& objective_;
  const Iterate& from_;
  const Vector& p_;
  Mark start_;
  double ceiling_;
  Found found_;
  bool accepted_ = false;
  std::size_t trials_ = 0;
};

}  // namespace

Found search_by_secants(const HagerZhang& rules, Objective& objective, const Iterate& from, const Vector& p,
                        double first) {
  return Secants(rules, objective, from, p).run(first);
}

}  // namespace xgrad::solve::detail
