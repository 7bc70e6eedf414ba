// The augmented Lagrangian of Powell, Hestenes and Rockafellar.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "program.hpp"
#include "search.hpp"

namespace xgrad::solve::detail {
namespace {

class Multipliers {
 public:
  Multipliers(const AugmentedLagrangian& method, Program& program, const LeavesFunction& objective,
              const LeavesFunction& constraints, const Box& box, const ConstrainedLimits& limits)
      : method_(method), program_(program), box_(box), limits_(limits), x_(program.leaves().start()) {
    at_ = program.at(x_);
    if (!at_.finite()) {
      throw ValueError(std::string(constrained_name) +
                       ": the objective, constraints or their derivatives are not finite at the start; start where "
                       "they are");
    }
    program.scale(at_, 100.0);
    at_ = program.at(x_);
    multipliers_.assign(program.rows(), 0.0);
    farthest_ = std::max(1.0, program.violation(at_.rows));
    first_objective_ = at_.objective;
    penalty_ = method.penalty.value_or(balance());
    const auto merit = [this, objective, constraints](std::span<const Var> all) {
      return std::vector<Var>{augmented(objective, constraints, all)};
    };
    merit_ = merit;
    compiled_.emplace(program.leaves(), LeavesFunction(merit_), given());
  }

  Solution run() {
    double precision = 1e-3;
    double last = std::numeric_limits<double>::infinity();
    while (true) {
      compiled_->given = given();
      const Vector before = x_;
      const Ended inner = minimise_inner(precision);
      at_ = program_.at(x_);
      if (has_run_away() && penalty_ < 1e14) {  // the objective falls faster than violations cost: begin anew with more
        x_ = before;
        at_ = program_.at(x_);
        penalty_ *= method_.growth;
        if (!ends_by_limits(inner)) continue;
        update();
        break;
      }
      update();
      const double violation = std::max(program_.violation(at_.rows), gap_);
      if (ends(inner, precision)) break;
      no_gain_ = violation <= 0.5 * last ? 0 : no_gain_ + 1;
      if (no_gain_ > 0) penalty_ *= method_.growth;
      if (is_stuck(violation)) break;
      last = violation;
      precision = std::max(0.1 * precision, 0.1 * limits_.gradient);
    }
    return solution();
  }

 private:
  [[nodiscard]] std::vector<Var> given() const { return {array_of(multipliers_), Var(penalty_)}; }

  /// One that weighs the violation at the start like the objective.
  [[nodiscard]] double balance() const {
    double squares = 0.0;
    for (std::size_t i = 0; i < at_.rows.size(); ++i) {
      const double row = program_.is_equality(i) ? at_.rows[i] : std::max(0.0, at_.rows[i]);
      squares += 0.5 * row * row;
    }
    return std::clamp(std::max(1.0, std::abs(at_.objective)) / std::max(1.0, squares), 1e-6, 10.0);
  }

  /// The function that is minimised, all arrays being parameters, multipliers, and the penalty.
  [[nodiscard]] Var augmented(const LeavesFunction& objective, const LeavesFunction& constraints,
                              std::span<const Var> all) const {
    const std::span<const Var> leaves = all.first(all.size() - 2);
    const Var& multipliers = all[all.size() - 2];
    const Var& penalty = all.back();
    const Var value = program_.objective_scale() * objective(leaves).at(0);
    if (program_.rows() == 0) return value;
    Vector scales(program_.rows());
    Vector least(program_.rows());  // of multipliers: of inequalities they stay above 0
    for (std::size_t i = 0; i < scales.size(); ++i) {
      scales[i] = program_.row_scale(i);
      least[i] = program_.is_equality(i) ? -std::numeric_limits<double>::infinity() : 0.0;
    }
    const Var rows = array_of(scales) * joined_residuals(std::string(constrained_name), constraints(leaves));
    const Var next = maximum(multipliers + penalty * rows, array_of(least));
    return value + sum(square(next)) / (2.0 * penalty);
  }

  Ended minimise_inner(double precision) {
    const double rounding = std::numeric_limits<double>::epsilon();
    const Observer pass = [&](const Progress& now) { return tell(now); };
    ConstrainedReport& report = program_.report;
    const Limits limits{
        precision,
        rounding,
        rounding,
        std::max<std::size_t>(1, limits_.iterations - std::min(limits_.iterations, report.iterations)),
        std::max<std::size_t>(1, limits_.evaluations - std::min(limits_.evaluations, report.evaluations)),
        &pass};
    compiled_->report = {};
    fell_away_ = false;
    x_ = minimise_from(x_, method_.inner, *compiled_, box_, limits);
    const Report& inner = compiled_->report;
    report.iterations += inner.iterations;
    report.evaluations += inner.evaluations;
    report.gradients += inner.gradients;
    report.products += inner.products;
    return inner.ended;
  }

  bool tell(const Progress& now) {
    fell_away_ = !(now.value > -1e15 * std::max(1.0, std::abs(first_objective_)));
    if (fell_away_) return false;
    const ConstrainedReport& report = program_.report;
    return goes_on(*limits_.observer, {report.iterations + now.iteration, report.value, now.gradient, now.step,
                                       report.evaluations + now.evaluations, report.violation});
  }

  void update() {
    gap_ = 0.0;
    for (std::size_t i = 0; i < multipliers_.size(); ++i) {
      double next = multipliers_[i] + penalty_ * at_.rows[i];
      if (!program_.is_equality(i)) {
        gap_ = std::max(gap_, std::abs(std::min(-at_.rows[i], multipliers_[i] / penalty_)));
        next = std::max(0.0, next);
      }
      multipliers_[i] = std::clamp(next, -1e20, 1e20);
    }
    ConstrainedReport& report = program_.report;
    const double scale = program_.objective_scale();
    slopes_ = along(at_.gradient, 1.0, program_.transposed(at_, multipliers_));
    report.value = at_.objective / scale;
    report.violation = program_.violation(at_.rows);
    report.gradient = box_.free_gradient(x_, slopes_) / scale;
    report.complementarity = 0.0;
    for (std::size_t i = 0; i < multipliers_.size(); ++i) {
      if (program_.is_equality(i)) continue;
      report.complementarity = std::max(report.complementarity, std::abs(multipliers_[i] * at_.rows[i]) / scale);
    }
  }

  bool end(Ended why) {
    program_.report.ended = why;
    return true;
  }
  /// Whether the sum of their squares has no slope.
  [[nodiscard]] bool violates_at_least() const {
    Vector beyond(at_.rows);
    for (std::size_t i = 0; i < beyond.size(); ++i) {
      if (!program_.is_equality(i)) beyond[i] = std::max(0.0, beyond[i]);
    }
    return box_.free_gradient(x_, program_.transposed(at_, beyond)) <= 1e-5 * norm(beyond);
  }
  [[nodiscard]] bool has_run_away() const {
    return fell_away_ || !at_.finite() || program_.violation(at_.rows) > 1e3 * farthest_;
  }
  bool ends_by_limits(Ended inner) {
    const ConstrainedReport& report = program_.report;
    if ((inner == Ended::Stopped || inner == Ended::Interrupted) && !fell_away_) return end(inner);
    if (report.iterations >= limits_.iterations) return end(Ended::Iterations);
    return report.evaluations >= limits_.evaluations && end(Ended::Evaluations);
  }
  bool ends(Ended inner, double precision) {
    const ConstrainedReport& report = program_.report;
    const double scale = program_.objective_scale();
    const bool feasible = report.violation <= limits_.violation;
    const bool complementary = report.complementarity * scale <= limits_.gradient;
    if (feasible && complementary && report.gradient * scale <= limits_.gradient) return end(Ended::Gradient);
    if (ends_by_limits(inner)) return true;
    const bool finest = precision <= 0.1 * limits_.gradient;
    if (finest && feasible && complementary && inner <= Ended::Interval) return end(Ended::Reduction);
    return false;
  }
  /// Whether violations are the least near here, or the penalty is beyond what numbers bear.
  bool is_stuck(double violation) {
    if (violation > limits_.violation && no_gain_ >= 3 && violates_at_least()) return end(Ended::Infeasible);
    if (penalty_ < 1e14) return false;
    if (fell_away_) return end(Ended::Diverged);
    return end(violation > limits_.violation ? Ended::Infeasible : Ended::NoDescent);
  }

  [[nodiscard]] Solution solution() const {
    Solution result{x_, multipliers_, Vector(x_.size(), 0.0), Vector(x_.size(), 0.0)};
    const double scale = program_.objective_scale();
    for (std::size_t i = 0; i < multipliers_.size(); ++i) result.rows[i] *= program_.row_scale(i) / scale;
    for (std::size_t i = 0; i < x_.size(); ++i) {
      if (box_.holds(i, x_[i], slopes_[i]))
        (slopes_[i] > 0.0 ? result.lower : result.upper)[i] = std::abs(slopes_[i]) / scale;
    }
    return result;
  }

  const AugmentedLagrangian& method_;
  Program& program_;
  const Box& box_;
  const ConstrainedLimits& limits_;
  Vector x_, multipliers_, slopes_;
  Program::Point at_;
  double penalty_ = 1.0;
  std::size_t no_gain_ = 0;  ///< how many times the violation has not fallen to a half
  double farthest_ = 1.0;    ///< the violation at the start, or 1
  double first_objective_ = 0.0;
  bool fell_away_ = false;  ///< whether the last search went down without end
  double gap_ = 0.0;        ///< of complementarity
  std::function<std::vector<Var>(std::span<const Var>)> merit_;
  std::optional<Objective> compiled_;
};

}  // namespace

Solution augmented_lagrangian(const AugmentedLagrangian& method, Program& program, const LeavesFunction& objective,
                              const LeavesFunction& constraints, const Box& box, const ConstrainedLimits& limits) {
  return Multipliers(method, program, objective, constraints, box, limits).run();
}

}  // namespace xgrad::solve::detail
