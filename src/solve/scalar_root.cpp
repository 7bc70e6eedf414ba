#include <cmath>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/solve/root.hpp>

#include "core/text.hpp"
#include "flat.hpp"

namespace xgrad::solve::detail {
namespace {

constexpr std::string_view scalar_root_name = "solve::scalar_root";

struct End {
  double x;
  double value;
};

/// An interval around a root: the best end, the one across the root, and the best one before.
class Bracketed {
 public:
  Bracketed(End a, End b) : best_(b), across_(a), last_(a) { arrange(); }

  [[nodiscard]] const End& best() const { return best_; }
  [[nodiscard]] const End& across() const { return across_; }
  [[nodiscard]] double half() const { return 0.5 * across_.x - 0.5 * best_.x; }  // whose difference may be infinite

  /// The next place by secant or inverse parabola, where it is inside and moves shrink; else the middle.
  double interpolated(double tolerance) {
    double step = half();
    const bool may = std::abs(before_) >= tolerance && std::abs(last_.value) > std::abs(best_.value);
    if (!may) {
      moved_ = before_ = step;
    } else {
      const double s = best_.value / last_.value;
      double p = 2.0 * half() * s;
      double q = 1.0 - s;
      if (last_.x != across_.x) {
        const double u = last_.value / across_.value;
        const double r = best_.value / across_.value;
        p = s * (2.0 * half() * u * (u - r) - (best_.x - last_.x) * (r - 1.0));
        q = (u - 1.0) * (r - 1.0) * (s - 1.0);
      }
      if (p > 0.0) q = -q;
      else p = -p;
      const double bound = std::min(3.0 * half() * q - std::abs(tolerance * q), std::abs(before_ * q));
      before_ = moved_;
      if (2.0 * p < bound) moved_ = p / q;
      else moved_ = before_ = half();
      step = moved_;
    }
    return best_.x + (std::abs(step) > tolerance ? step : std::copysign(tolerance, half()));
  }
  [[nodiscard]] double middle() const { return best_.x + half(); }

  void add(End next) {
    last_ = best_;
    best_ = next;
    if ((best_.value > 0.0) == (across_.value > 0.0)) {
      across_ = last_;
      moved_ = before_ = best_.x - last_.x;
    }
    arrange();
  }

 private:
  void arrange() {
    if (std::abs(across_.value) >= std::abs(best_.value)) return;
    last_ = best_;
    std::swap(best_, across_);
    last_ = across_;
  }

  End best_, across_, last_;
  double moved_ = 0.0;
  double before_ = 0.0;
};

void require_interval(double lower, double upper) {
  if (std::isfinite(lower) && std::isfinite(upper) && lower < upper) return;
  core::TextStream message;
  message << scalar_root_name << ": the interval from " << lower << " to " << upper
          << "; its ends must be finite, the lower one below the upper one";
  throw ValueError(message.str());
}

double value_at(Objective& f, double x) {
  const double value = f.value({x});
  if (!std::isnan(value)) return value;
  core::TextStream message;
  message << scalar_root_name << ": the function is NaN at " << x;
  throw ValueError(message.str());
}

}  // namespace

ScalarRoot scalar_root(const LeavesFunction& function, double lower, double upper, const ScalarRootMethod& method,
                       const RootOptions& options) {
  if (options.residual) require_above(scalar_root_name, "residual", *options.residual, 0.0, true);
  if (options.step) require_above(scalar_root_name, "step", *options.step, 0.0, true);
  require_interval(lower, upper);
  const Leaves leaves(scalar_root_name, Start{{Var(lower)}, {""}});
  Objective f(leaves, function);
  const End a{lower, value_at(f, lower)};
  const End b{upper, value_at(f, upper)};
  if (a.value != 0.0 && b.value != 0.0 && (a.value > 0.0) == (b.value > 0.0)) {
    core::TextStream message;
    message << scalar_root_name << ": the function is " << a.value << " at " << lower << " and " << b.value << " at "
            << upper << "; its signs must differ";
    throw ValueError(message.str());
  }
  Bracketed interval(a, b);
  Report& report = f.report;
  const double relative = options.step.value_or(4.0 * leaves.rounding());
  while (true) {
    report.value = std::abs(interval.best().value);
    const double width = 2.0 * std::abs(interval.half());
    const bool may = goes_on(options.observer, {report.iterations, report.value, 0.0, width, report.evaluations});
    const double tolerance = 0.5 * relative * std::abs(interval.best().x) + std::numeric_limits<double>::min();
    if (report.value <= options.residual.value_or(0.0)) report.ended = Ended::Residual;
    else if (0.5 * width <= tolerance) report.ended = Ended::Interval;
    else if (!may) report.ended = why_not();
    else if (report.iterations == options.iterations) report.ended = Ended::Iterations;
    else {
      const bool is_brent = std::holds_alternative<Brent>(method);
      const auto [lower_end, upper_end] = std::minmax(interval.best().x, interval.across().x);
      double x = is_brent ? interval.interpolated(tolerance) : interval.middle();
      if (!(x > lower_end && x < upper_end)) x = interval.middle();
      if (!(x > lower_end && x < upper_end)) {  // there is no number between
        report.ended = Ended::Interval;
        return {report, interval.best().x, lower_end, upper_end};
      }
      interval.add({x, value_at(f, x)});
      ++report.iterations;
      continue;
    }
    const auto [least, most] = std::minmax(interval.best().x, interval.across().x);
    return {report, interval.best().x, least, most};
  }
}

}  // namespace xgrad::solve::detail
