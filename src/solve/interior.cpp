// The interior point method: the filter line search of Wächter and Biegler, whose constants these are.
#include "interior.hpp"

#include <string>

#include <xgrad/core/errors.hpp>

namespace xgrad::solve::detail {
namespace {

class InteriorSearch {
  static constexpr double unit_roundoff = std::numeric_limits<double>::epsilon();

 public:
  InteriorSearch(const InteriorPoint& method, Program& program, const Box& box, const ConstrainedLimits& limits)
      : method_(method),
        program_(program),
        limits_(limits),
        problem_(program, box),
        tolerance_(limits.gradient),
        mu_(method.weight),
        at_(problem_.start(program.leaves().start())) {
    if (!at_.point.finite()) {
      throw ValueError(std::string(constrained_name) +
                       ": the objective, constraints or their derivatives are not finite at the start (moved inside of "
                       "its bounds); start where they are");
    }
    program.scale(at_.point, 100.0);
    at_ = problem_.start(program.leaves().start());
    problem_.estimate_multipliers(at_);
    begin_barrier();
    first_value_ = std::max(1.0, std::abs(at_.point.objective) / program.objective_scale());
    const double violation = std::max(1.0, theta(at_.point.rows, at_.slack));
    least_violation_ = 1e-4 * violation;
    most_violation_ = 1e4 * violation;
  }

  Solution run() {
    while (!ends()) {
      const NewtonSystem system(problem_, at_, mu_, shift_);
      while (lower_barrier(system)) {
      }
      const Vector residual = problem_.residual(at_.point.rows, at_.slack);
      bool moved = false;
      if (system.regular()) {
        const InteriorStep step = system.step(mu_, residual);
        moved = is_finite(step) && search(system, step, residual);
      }
      if (!moved && !restored()) break;
      ++program_.report.iterations;
    }
    return solution();
  }

 private:
  static bool is_finite(const InteriorStep& step) {
    return all_finite(step.x) && all_finite(step.slack) && all_finite(step.rows) && all_finite(step.lower) &&
           all_finite(step.upper) && all_finite(step.slack_dual);
  }
  [[nodiscard]] double theta(const Vector& rows, const Vector& slack) const {
    return one_norm(problem_.residual(rows, slack));
  }

  bool end(Ended why) {
    program_.report.ended = why;
    return true;
  }

  /// Tells the observer; whether to end.
  bool ends() {
    ConstrainedReport& report = program_.report;
    report.value = at_.point.objective / program_.objective_scale();
    report.violation = program_.violation(at_.point.rows);
    report.gradient = largest(problem_.stationarity(at_)) / program_.objective_scale();
    const bool may = goes_on(*limits_.observer, {report.iterations, report.value, report.gradient, length_,
                                                 report.evaluations, report.violation});
    if (problem_.error(at_, 0.0) <= tolerance_ && is_right_unscaled() && report.violation <= limits_.violation) {
      return end(Ended::Gradient);
    }
    if (!(report.value > -1e15 * first_value_) || !(largest(at_.x) < 1e20)) return end(Ended::Diverged);
    if (!may) return end(why_not());
    if (report.iterations >= limits_.iterations) return end(Ended::Iterations);
    if (report.evaluations >= limits_.evaluations) return end(Ended::Evaluations);
    if (tiny_steps_ >= 3 && mu_ <= least_mu()) return end_without_progress();
    return false;
  }
  /// The error is measured beside the multipliers: without these, too, it must not be large.
  [[nodiscard]] bool is_right_unscaled() const {
    return std::max(largest(problem_.stationarity(at_)), problem_.complementarity(at_, 0.0)) <= 1e4 * tolerance_;
  }
  /// Where numbers have no better point.
  bool end_without_progress() {
    const bool is_close = problem_.error(at_, 0.0) <= 1e3 * tolerance_ && is_right_unscaled() &&
                          program_.report.violation <= limits_.violation;
    return end(is_close ? Ended::Step : Ended::NoDescent);
  }

  // ---- the barrier

  [[nodiscard]] double least_mu() const { return 0.1 * tolerance_; }
  void begin_barrier() { filter_.clear(); }

  /// Whether the barrier problem is solved well enough, and its weight has fallen.
  bool lower_barrier(const NewtonSystem& system) {
    if (mu_ <= least_mu()) return false;
    if (problem_.error(at_, mu_) > 10.0 * mu_ && tiny_steps_ < 2) return false;
    double next = std::min(0.2 * mu_, std::pow(mu_, 1.5));
    if (method_.barrier == Barrier::Mehrotra && system.regular()) {
      const InteriorStep step = system.step(0.0, problem_.residual(at_.point.rows, at_.slack));
      if (is_finite(step)) {
        const double now = problem_.mean_product(at_, nullptr, 0.0, 0.0);
        const double there =
            problem_.mean_product(at_, &step, problem_.longest(at_, step, 1.0), problem_.longest_dual(at_, step, 1.0));
        if (now > 0.0) next = std::min(next, std::pow(there / now, 3.0) * now);
      }
    }
    mu_ = std::max(next, least_mu());
    tiny_steps_ = 0;
    begin_barrier();
    return true;
  }

  // ---- the search along a step

  struct Trial {
    Vector x, slack, below, above;
    Program::Values values;
    double violation = 0.0;
    double value = 0.0;
  };
  Trial trial_at(double part, const InteriorStep& step) {
    Trial trial{at_.x, along(at_.slack, part, step.slack), at_.below, at_.above, {}, 0.0, 0.0};
    problem_.move(trial.x, trial.below, trial.above, part, step);
    trial.values = program_.values(trial.x);
    for (std::size_t i = 0; i < trial.slack.size(); ++i) {  // a larger slack violates less, and the barrier likes it
      if (!program_.is_equality(i)) trial.slack[i] = std::max(trial.slack[i], -trial.values.rows[i]);
    }
    trial.violation = theta(trial.values.rows, trial.slack);
    trial.value = problem_.value(trial.values.objective, trial.below, trial.above, trial.slack, mu_);
    if (!trial.values.finite()) trial.violation = trial.value = std::numeric_limits<double>::infinity();
    return trial;
  }

  /// Where a search begins.
  struct Foot {
    double violation, value, slope;
  };
  [[nodiscard]] bool descends(const Foot& foot, double part) const {
    return foot.slope < 0.0 && part * std::pow(-foot.slope, 2.3) > std::pow(foot.violation, 1.1);
  }
  [[nodiscard]] bool accepts(const Foot& foot, double part, const Trial& trial) const {
    if (!(trial.violation <= most_violation_) || !std::isfinite(trial.value)) return false;
    const double slack = 10.0 * unit_roundoff * std::max(1.0, std::abs(foot.value));
    if (!filter_.accepts(trial.violation, trial.value - slack)) return false;
    if (foot.violation <= least_violation_ && descends(foot, part)) {
      return trial.value <= foot.value + 1e-8 * part * foot.slope + slack;
    }
    return trial.violation <= (1.0 - 1e-5) * foot.violation ||
           trial.value <= foot.value - 1e-8 * foot.violation + slack;
  }
  [[nodiscard]] double least_part(const Foot& foot) const {
    double part = 1e-5;
    if (foot.slope < 0.0) {
      part = std::min(part, 1e-8 * foot.violation / -foot.slope);
      if (foot.violation <= least_violation_) {
        part = std::min(part, std::pow(foot.violation, 1.1) / std::pow(-foot.slope, 2.3));
      }
    }
    return std::max(0.05 * part, 1e-14);
  }

  bool search(const NewtonSystem& system, const InteriorStep& step, const Vector& residual) {
    const double tau = std::max(0.99, 1.0 - mu_);
    const Foot foot{one_norm(residual), problem_.value(at_.point.objective, at_.below, at_.above, at_.slack, mu_),
                    problem_.slope(at_, step, mu_)};
    const double longest = problem_.longest(at_, step, tau);
    if (is_tiny(step)) {
      ++tiny_steps_;
      return go(step, step, longest, trial_at(longest, step));
    }
    tiny_steps_ = 0;
    const double least = least_part(foot);
    for (double part = longest; part >= least; part *= 0.5) {
      Trial trial = trial_at(part, step);
      if (accepts(foot, part, trial)) {
        remember(foot, part, trial);
        return go(step, step, part, std::move(trial));
      }
      if (part == longest && trial.violation >= foot.violation && corrected(system, step, residual, foot, trial)) {
        return true;
      }
      if (program_.report.evaluations >= limits_.evaluations) return false;
    }
    return false;
  }

  [[nodiscard]] bool is_tiny(const InteriorStep& step) const {
    for (std::size_t i = 0; i < at_.x.size(); ++i) {
      if (std::abs(step.x[i]) > 10.0 * unit_roundoff * (1.0 + std::abs(at_.x[i]))) return false;
    }
    for (std::size_t i = 0; i < at_.slack.size(); ++i) {
      if (std::abs(step.slack[i]) > 10.0 * unit_roundoff * (1.0 + at_.slack[i])) return false;
    }
    return true;
  }

  /// Steps with the curvature of constraints taken into account: what they are at the end of the step is to vanish,
  /// too.
  bool corrected(const NewtonSystem& system, const InteriorStep& step, const Vector& residual, const Foot& foot,
                 const Trial& refused) {
    const double tau = std::max(0.99, 1.0 - mu_);
    double part = problem_.longest(at_, step, tau);
    Vector gathered = residual;
    Trial trial = refused;
    double before = foot.violation;
    for (int k = 0; k < 4 && trial.values.finite(); ++k) {
      for (double& each : gathered) each *= part;
      gathered = along(gathered, 1.0, problem_.residual(trial.values.rows, trial.slack));
      const InteriorStep correction = system.step(mu_, gathered);
      if (!is_finite(correction)) return false;
      part = problem_.longest(at_, correction, tau);
      trial = trial_at(part, correction);
      if (accepts(foot, part, trial)) {
        remember(foot, part, trial);
        return go(correction, step, part, std::move(trial));
      }
      if (!(trial.violation <= 0.99 * before)) return false;
      before = trial.violation;
    }
    return false;
  }

  void remember(const Foot& foot, double part, const Trial& trial) {
    const bool enough = trial.value <= foot.value + 1e-8 * part * foot.slope;
    if (!descends(foot, part) || !enough) filter_.add(foot.violation, foot.value);
  }

  /// Makes a part of a step. \param duals  whose multipliers of bounds are taken.
  bool go(const InteriorStep& step, const InteriorStep& duals, double part, Trial trial) {
    Program::Point point = program_.at(trial.x);
    if (!point.finite()) return false;
    const double tau = std::max(0.99, 1.0 - mu_);
    const double dual_part = problem_.longest_dual(at_, duals, tau);
    length_ = part * norm(step.x);
    at_.x = std::move(trial.x);
    at_.slack = std::move(trial.slack);
    at_.below = std::move(trial.below);
    at_.above = std::move(trial.above);
    at_.rows = along(at_.rows, part, step.rows);
    at_.lower = along(at_.lower, dual_part, duals.lower);
    at_.upper = along(at_.upper, dual_part, duals.upper);
    at_.slack_dual = along(at_.slack_dual, dual_part, duals.slack_dual);
    at_.point = std::move(point);
    problem_.safeguard(at_, mu_);
    return true;
  }

  // ---- restoration

  /// Reduces the violation alone, until the filter lets the point pass.
  bool restored() {
    const double value = problem_.value(at_.point.objective, at_.below, at_.above, at_.slack, mu_);
    const double violation = theta(at_.point.rows, at_.slack);
    ConstrainedReport& report = program_.report;
    if (report.evaluations >= limits_.evaluations) return !end(Ended::Evaluations);
    if (report.violation <= 0.1 * limits_.violation) return !end_without_progress();
    filter_.add(violation, value);
    double damping = 0.0;
    while (true) {
      if (report.iterations >= limits_.iterations) return !end(Ended::Iterations);
      if (report.evaluations >= limits_.evaluations) return !end(Ended::Evaluations);
      ++report.iterations;
      if (!restoring_step(problem_, at_, damping)) {
        report.violation = program_.violation(at_.point.rows);
        return !end(report.violation > limits_.violation ? Ended::Infeasible : Ended::NoDescent);
      }
      const double now = theta(at_.point.rows, at_.slack);
      const double here = problem_.value(at_.point.objective, at_.below, at_.above, at_.slack, mu_);
      if (now <= 0.9 * violation && filter_.accepts(now, here)) break;
      report.violation = program_.violation(at_.point.rows);
      const bool may = goes_on(*limits_.observer, {report.iterations, at_.point.objective / program_.objective_scale(),
                                                   report.gradient, length_, report.evaluations, report.violation});
      if (!may) return !end(why_not());
    }
    problem_.estimate_multipliers(at_);
    problem_.safeguard(at_, mu_);
    return true;
  }

  [[nodiscard]] Solution solution() {
    ConstrainedReport& report = program_.report;
    Solution result{at_.x, at_.rows, at_.lower, at_.upper};
    const double scale = program_.objective_scale();
    for (std::size_t i = 0; i < at_.rows.size(); ++i) result.rows[i] *= program_.row_scale(i) / scale;
    for (double& each : result.lower) each /= scale;
    for (double& each : result.upper) each /= scale;
    report.value = at_.point.objective / scale;
    report.violation = program_.violation(at_.point.rows);
    report.gradient = largest(problem_.stationarity(at_)) / scale;
    report.complementarity = problem_.complementarity(at_, 0.0) / scale;
    return result;
  }

  const InteriorPoint& method_;
  Program& program_;
  const ConstrainedLimits& limits_;
  BarrierProblem problem_;
  double tolerance_;
  double mu_;
  Interior at_;
  Filter filter_;
  double shift_ = 0.0;
  double least_violation_ = 0.0;
  double most_violation_ = 0.0;
  double length_ = 0.0;
  double first_value_ = 1.0;  ///< of the objective, at least 1
  int tiny_steps_ = 0;
};

}  // namespace

Solution interior_point(const InteriorPoint& method, Program& program, const Box& box,
                        const ConstrainedLimits& limits) {
  return InteriorSearch(method, program, box, limits).run();
}

}  // namespace xgrad::solve::detail
