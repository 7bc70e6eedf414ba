#include <xgrad/solve/root.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>

#include "core/text.hpp"
#include "dense.hpp"
#include "var/record.hpp"

namespace xgrad::solve::detail {
namespace {

constexpr std::string_view root_name = "solve::root";
constexpr std::string_view fixed_point_name = "solve::fixed_point";

struct RootLimits {
  double residual;
  double step;
};

RootLimits root_limits(std::string_view operation, const RootOptions& options, double rounding) {
  if (options.residual) require_above(operation, "residual", *options.residual, 0.0, true);
  if (options.step) require_above(operation, "step", *options.step, 0.0, true);
  return {options.residual.value_or(0.0), options.step.value_or(4.0 * rounding)};
}

/// The residual at the start.
Vector first_residual(Residuals& residuals, const Vector& x) {
  Vector r = residuals.value(x);
  const std::string operation(residuals.leaves().operation());
  if (r.size() != x.size()) {
    throw ShapeError(operation + ": the function gives " + core::count_of(r.size(), "number", "numbers") + " of " +
                     std::to_string(x.size()) + "; it must give as many as it takes");
  }
  if (!all_finite(r)) {
    throw ValueError(operation + ": the function is not finite at the start; start where it is");
  }
  return r;
}

bool tell_observer(const RootOptions& options, Report& report, double residual, double step) {
  report.value = residual;
  return goes_on(options.observer, {report.iterations, residual, 0.0, step, report.evaluations});
}

/// Newton's method and those that take its Jacobian for more than a step.
class Rooting {
 public:
  Rooting(Residuals& residuals, const RootMethod& method, const RootOptions& options)
      : residuals_(residuals),
        method_(method),
        options_(options),
        limits_(root_limits(root_name, options, residuals.leaves().rounding())),
        x_(residuals.leaves().start()) {}

  Vector run() {
    r_ = first_residual(residuals_, x_);
    Report& report = residuals_.report;
    double step = 0.0;
    while (true) {
      const bool may = tell_observer(options_, report, largest(r_), step);
      if (largest(r_) <= limits_.residual) return end(Ended::Residual);
      if (report.iterations > 0 && step <= limits_.step * norm(x_)) return end(Ended::Step);
      if (!may) return end(why_not());
      if (report.iterations == options_.iterations) return end(Ended::Iterations);
      if (jacobian_.empty()) refresh();
      step = advance();
      if (step < 0.0 && !fresh_) {
        refresh();
        step = advance();
      }
      if (step < 0.0) return end(lost_in_rounding_ ? Ended::Step : Ended::Diverged);
      ++report.iterations;
    }
  }

 private:
  Vector end(Ended why) {
    residuals_.report.ended = why;
    return x_;
  }

  void refresh() {
    jacobian_ = residuals_.at(x_).jacobian;
    fresh_ = true;
  }

  /// Beside the parameters: with equations whose errors are that much larger than those of numbers.
  [[nodiscard]] double rounding_of_steps() const {
    const double rounding = residuals_.leaves().rounding();
    return std::min(4e5 * rounding, std::sqrt(rounding));
  }

  /// The length of a step that lowers the residual; below 0 if there is none.
  double advance() {
    if (!all_finite(jacobian_)) return -1.0;
    const std::size_t n = x_.size();
    const PivotedQr qr = pivoted_qr(jacobian_, r_, n);
    const Vector p = qr.least_squares();
    const double length = norm(p);
    if (!std::isfinite(length) || length == 0.0) return -1.0;
    // Newton's step is as long as the error: what is that short is the error of rounding, whatever step was asked.
    lost_in_rounding_ = fresh_ && qr.rank() == n && length <= rounding_of_steps() * norm(x_);
    const double before = norm(r_);
    double t = 1.0;
    for (int k = 0; k < 40; ++k, t *= 0.5) {
      Vector x = along(x_, t, p);
      Vector r = residuals_.value(x);
      const double after = norm(r);
      if (!(after <= (1.0 - 1e-4 * t) * before)) {
        if (!fresh_ || lost_in_rounding_) break;
        continue;
      }
      follow(x, r, before, after);
      x_ = std::move(x);
      r_ = std::move(r);
      return t * length;
    }
    return -1.0;
  }

  /// What becomes of the Jacobian.
  void follow(const Vector& x, const Vector& r, double before, double after) {
    const bool is_chord = std::holds_alternative<Chord>(method_);
    if (std::holds_alternative<Newton>(method_) || (is_chord && after > 0.5 * before)) {
      jacobian_.clear();
      return;
    }
    fresh_ = false;
    if (is_chord) return;
    const std::size_t n = x.size();
    Vector missed(n);  // y - J s
    Vector s(n);
    for (std::size_t i = 0; i < n; ++i) {
      s[i] = x[i] - x_[i];
      missed[i] = r[i] - r_[i];
    }
    const double square = dot(s, s);
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t i = 0; i < n; ++i) missed[i] -= jacobian_[i + j * n] * s[j];
    }
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t i = 0; i < n; ++i) jacobian_[i + j * n] += missed[i] * s[j] / square;
    }
  }

  Residuals& residuals_;
  const RootMethod& method_;
  const RootOptions& options_;
  RootLimits limits_;
  Vector x_, r_;
  Vector jacobian_;  // column after column; empty: to be taken anew
  bool fresh_ = false;
  bool lost_in_rounding_ = false;
};

Vector difference_of(const Vector& a, const Vector& b) { return along(a, -1.0, b); }

}  // namespace

Rooted root(const LeavesFunction& residual, const Start& start, const RootMethod& method, const RootOptions& options) {
  const Leaves leaves(root_name, start);
  Residuals residuals(leaves, residual);
  const Vector x = Rooting(residuals, method, options).run();
  return {leaves.arrays(x), residuals.report};
}

Rooted fixed_point(const LeavesFunction& step, const Start& start, const FixedPointMethod& method,
                   const RootOptions& options) {
  const auto* anderson = std::get_if<Anderson>(&method);
  const double mixing = anderson == nullptr ? 1.0 : anderson->mixing;
  if (anderson != nullptr) {
    require_above(fixed_point_name, "memory", static_cast<double>(anderson->memory), 0.0, false);
    require_above(fixed_point_name, "mixing", mixing, 0.0, false);
    if (!(mixing <= 1.0)) throw ValueError(std::string(fixed_point_name) + ": mixing is above 1");
  }
  const Leaves leaves(fixed_point_name, start);
  const RootLimits limits = root_limits(fixed_point_name, options, leaves.rounding());
  const auto checked = [&](std::span<const Var> at) {
    std::vector<Var> next = step(at);
    bool fits = next.size() == at.size();
    for (std::size_t k = 0; fits && k < at.size(); ++k) {
      xgrad::detail::require_usable(next[k], fixed_point_name);
      fits = next[k].shape() == at[k].shape();
    }
    if (fits) return next;
    throw ShapeError(std::string(fixed_point_name) + ": a step returns another tree than it gets; it must be like it");
  };
  Residuals steps(leaves, LeavesFunction(checked));
  Report& report = steps.report;
  Vector x = leaves.start();
  Vector f = difference_of(first_residual(steps, x), x);
  Vector best = x;
  double least = largest(f);
  History history{anderson == nullptr ? 0 : anderson->memory, {}, {}};
  while (true) {
    const double change = largest(f);
    if (change < least) least = change, best = x;
    const bool may = tell_observer(options, report, change, norm(f));
    if (change <= limits.residual) report.ended = Ended::Residual;
    else if (norm(f) <= limits.step * norm(x)) report.ended = Ended::Step;
    else if (!may) report.ended = why_not();
    else if (report.iterations == options.iterations) report.ended = Ended::Iterations;
    else if (!std::isfinite(change)) report.ended = Ended::Diverged;
    else {
      Vector next = along(x, mixing, f);
      if (history.memory > 0 && !history.changes.empty()) {
        next = difference_of(next, history.correction(f, mixing));
        if (!all_finite(next)) next = along(x, mixing, f);
      }
      Vector f_next = difference_of(steps.value(next), next);
      if (history.memory > 0) history.add(difference_of(next, x), difference_of(f_next, f));
      x = std::move(next);
      f = std::move(f_next);
      ++report.iterations;
      continue;
    }
    report.value = least;
    return {leaves.arrays(best), report};
  }
}

}  // namespace xgrad::solve::detail
