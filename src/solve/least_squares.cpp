#include <xgrad/core/errors.hpp>
#include <xgrad/solve/least_squares.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include "fit.hpp"

namespace xgrad::solve::detail {
namespace {

/// What a step of Gauss and Newton gains, beside the cost, from which on such steps are as good as a search.
constexpr double near_the_minimum = 1e-5;

}  // namespace

struct Fit::Trial {
  Vector x;
  double cost = 0.0;
  double length = 0.0;    // |D p|
  double actual = 0.0;    // what the cost loses, beside itself
  double expected = 0.0;  // what the linear model loses
  double slope = 0.0;
  double ratio = 0.0;
  bool finite = false;
  bool clipped = false;
};

double Fit::scaled_norm(const Vector& all) const { return norm(scaled(scale_, all)); }

/// Jacobian, gradient and scale at x.
void Fit::linearise() {
  if (linearised_ == x_) return;
  linearised_ = x_;
  Residuals::Point point = residuals_.at(x_);
  if (scale_.empty()) require_finite_start(cost_ = losses_.cost(point.value));
  weighted_ = std::move(point.value);
  jacobian_ = std::move(point.jacobian);
  losses_.weigh(weighted_, jacobian_);
  const std::size_t m = weighted_.size();
  const std::size_t n = x_.size();
  gradient_.assign(n, 0.0);
  const bool first = scale_.empty();
  if (first) scale_.assign(n, 0.0);
  for (std::size_t j = 0; j < n; ++j) {
    const std::span<const double> column(jacobian_.data() + j * m, m);
    gradient_[j] = dot(column, weighted_);
    const double length = norm(column);
    scale_[j] = std::max(scale_[j], first && length == 0.0 ? 1.0 : length);
  }
  choose_free();
}

/// The variables that no bound holds, and the factors of their columns.
void Fit::choose_free() {
  free_.clear();
  for (std::size_t j = 0; j < x_.size(); ++j) {
    if (!box_.holds(j, x_[j], gradient_[j])) free_.push_back(j);
  }
  if (!free_.empty()) qr_ = factors_of(method_, columns_of(free_), weighted_, free_.size());
}

double Fit::cosine() const {
  const std::size_t m = weighted_.size();
  const double length = norm(weighted_);
  double result = 0.0;
  for (const std::size_t j : free_) {
    const double column = norm({jacobian_.data() + j * m, m});
    if (column > 0.0) result = std::max(result, std::abs(gradient_[j]) / column / length);
  }
  return result;
}

bool Fit::tell() const {
  Report& report = residuals_.report;
  report.value = 0.5 * cost_;
  report.gradient = box_.free_gradient(x_, gradient_);
  return goes_on(options_.observer, {report.iterations, report.value, report.gradient, last_step_, report.evaluations});
}

/// A step of the variables that no bound holds. Those that it would lead out of the box go to its boundary, and the
/// others have another step, which knows that.
Vector Fit::step_in_box(bool& clipped) {
  Vector moved(x_.size(), 0.0);
  std::vector<std::size_t> open = free_;
  Vector residuals = weighted_;
  const std::size_t m = weighted_.size();
  while (!open.empty()) {
    Vector scale;
    for (const std::size_t j : open) scale.push_back(scale_[j]);
    const bool first = open.size() == free_.size();
    const Vector step = first ? step_of(method_, qr_, scale, rounding_, radius_, lambda_)
                              : step_of(method_, factors_of(method_, columns_of(open), residuals, open.size()), scale,
                                        rounding_, radius_, lambda_);
    std::vector<std::size_t> inside;
    for (std::size_t k = 0; k < open.size(); ++k) {
      const std::size_t j = open[k];
      moved[j] = step[k];
      const double to = x_[j] + step[k];
      const bool leaves = !box_.empty() && (to < box_.lower[j] || to > box_.upper[j]);
      if (!leaves) {
        inside.push_back(j);
        continue;
      }
      moved[j] = (to < box_.lower[j] ? box_.lower[j] : box_.upper[j]) - x_[j];
      for (std::size_t i = 0; i < m; ++i) residuals[i] += jacobian_[i + j * m] * moved[j];
    }
    if (inside.size() == open.size()) break;
    clipped = true;
    open = std::move(inside);
  }
  return moved;
}

Vector Fit::columns_of(const std::vector<std::size_t>& variables) const {
  const std::size_t m = weighted_.size();
  Vector columns;
  for (const std::size_t j : variables) {
    const auto from = jacobian_.begin() + static_cast<std::ptrdiff_t>(j * m);
    columns.insert(columns.end(), from, from + static_cast<std::ptrdiff_t>(m));
  }
  return columns;
}

Fit::Trial Fit::attempt() {
  Trial trial;
  const Vector moved = step_in_box(trial.clipped);
  trial.x = along(x_, 1.0, moved);
  box_.clip(trial.x);  // of what rounding puts outside
  trial.length = scaled_norm(moved);
  last_step_ = norm(moved);
  Vector change(weighted_.size(), 0.0);  // J p
  for (std::size_t j = 0; j < moved.size(); ++j) {
    for (std::size_t i = 0; i < change.size(); ++i) change[i] += jacobian_[i + j * change.size()] * moved[j];
  }
  const double along_model = norm(change) / std::sqrt(cost_);
  const double damped = lambda_ * (trial.length / std::sqrt(cost_)) * trial.length / std::sqrt(cost_);
  trial.slope = dot(gradient_, moved) / cost_;
  trial.expected = trial.clipped || !std::holds_alternative<LevenbergMarquardt>(method_)
                       ? -(2.0 * trial.slope + along_model * along_model)
                       : along_model * along_model + 2.0 * damped;
  if (all_finite(trial.x)) trial.cost = losses_.cost(residuals_.value(trial.x));
  else trial.cost = std::numeric_limits<double>::quiet_NaN();
  trial.finite = std::isfinite(trial.cost);
  trial.actual = trial.finite && trial.cost < 100.0 * cost_ ? 1.0 - trial.cost / cost_ : -1.0;
  trial.ratio = trial.expected > 0.0 ? trial.actual / trial.expected : 0.0;
  return trial;
}

/// The next radius.
void Fit::resize(const Trial& trial) {
  if (trial.ratio <= 0.25) {
    double factor = 0.5;
    if (trial.actual < 0.0) factor = 0.5 * trial.slope / (trial.slope + 0.5 * trial.actual);
    if (!trial.finite || trial.cost >= 100.0 * cost_ || !(factor >= 0.1)) factor = 0.1;
    const double reach = trial.clipped ? trial.length : 10.0 * trial.length;
    radius_ = factor * std::min(radius_, reach);
    lambda_ /= factor;
  } else if (lambda_ == 0.0 || trial.ratio >= 0.75) {
    const bool may_fall = std::holds_alternative<LevenbergMarquardt>(method_) && !trial.clipped;
    radius_ = may_fall ? 2.0 * trial.length : std::max(radius_, 2.0 * trial.length);
    lambda_ *= 0.5;
  }
}

/// What rounding of the terms of the residuals, which are about as large as D x, may do to the cost beside itself.
double Fit::rounding_of_cost() const {
  const double part = rounding_ * scaled_norm(x_) / std::sqrt(cost_);
  return part * (2.0 + part);
}

bool Fit::ends(const Trial& trial) {
  const double reduction = options_.reduction.value_or(rounding_unit);
  const double at = scaled_norm(x_);
  const bool small_reduction =
      std::abs(trial.actual) <= reduction && std::abs(trial.expected) <= reduction && trial.ratio <= 2.0;
  const bool lost_in_rounding = trial.ratio < 1e-4 && std::abs(trial.expected) <= rounding_of_cost();
  if (trial.finite && (small_reduction || lost_in_rounding)) {
    end(Ended::Reduction);
  } else if (radius_ <= options_.step.value_or(rounding_) * at || (trial.clipped && trial.length == 0.0)) {
    const bool converged = trial.ratio >= 1e-4 || radius_ > rounding_unit * at;
    end(converged ? Ended::Step : Ended::NoDescent);
  } else if (radius_ < std::numeric_limits<double>::min()) {
    end(Ended::NoDescent);
  } else if (residuals_.report.evaluations >= options_.evaluations) {
    end(Ended::Evaluations);
  } else {
    return false;
  }
  return true;
}

/// Shortens steps until one is accepted.
Fit::Search Fit::search() {
  while (true) {
    Trial trial = attempt();
    if (residuals_.report.iterations == 0 && !std::holds_alternative<GaussNewton>(method_)) {
      radius_ = std::min(radius_, trial.length);
    }
    resize(trial);
    const bool accepted = trial.finite && trial.ratio >= 1e-4;
    near_ = accepted && !trial.clipped && lambda_ == 0.0 && trial.ratio >= 0.25 && trial.expected <= near_the_minimum;
    if (accepted) {
      x_ = std::move(trial.x);
      cost_ = trial.cost;
    }
    if (cost_ == 0.0) {
      end(Ended::Residual);
      return Search::Ended;
    }
    if (ends(trial)) return Search::Ended;
    if (accepted) return Search::Accepted;
  }
}

void Fit::run() {
  Report& report = residuals_.report;
  const bool asked = options_.reduction || options_.step || options_.gradient;
  int polishes = 0;
  while (true) {
    linearise();
    if (!all_finite(jacobian_)) return end(Ended::Diverged);
    const bool may = tell();
    if (cost_ == 0.0) return end(Ended::Residual);
    if (cosine() <= options_.gradient.value_or(rounding_unit)) return end(Ended::Gradient);
    if (!may) return end(why_not());
    if (report.iterations == options_.iterations) return end(Ended::Iterations);
    if (report.evaluations >= options_.evaluations) return end(Ended::Evaluations);
    if (report.iterations == 0) {
      const double at = scaled_norm(x_);
      radius_ = first_radius(method_) * (at > 0.0 ? at : 1.0);
    }
    const Search found = search();
    ++report.iterations;
    if (found == Search::Ended) break;
    const bool is_near = near_ && !asked && polishes < 2;
    if (is_near && report.iterations < options_.iterations && ++polishes > 0 && polish()) return;
  }
  if (report.converged() && !asked && cost_ > 0.0) {
    const Ended why = report.ended;
    if (!polish()) end(why);
  }
}

Fitted Fit::fitted() {
  linearise();
  const std::size_t n = x_.size();
  const std::size_t m = weighted_.size();
  residuals_.report.value = 0.5 * cost_;
  residuals_.report.gradient = box_.free_gradient(x_, gradient_);
  std::optional<Vector> inverse;
  if (options_.covariance) {
    const bool determined = m > n && all_finite(jacobian_);
    inverse = determined ? inverse_of_normal(jacobian_, n, rounding_)
                         : Vector(n * n, std::numeric_limits<double>::quiet_NaN());
  }
  return fitted_of(residuals_, {x_, cost_, m}, inverse);
}

namespace {

void require_fit_method(const LeastSquaresMethod& method) {
  require_above(least_squares_name, "radius", first_radius(method), 0.0, false);
  const auto* free = std::get_if<MatrixFreeLM>(&method);
  if (free == nullptr) return;
  require_above(least_squares_name, "damping", free->damping, 0.0, false);
  require_above(least_squares_name, "accuracy", free->accuracy, 0.0, false);
  require_above(least_squares_name, "1 - accuracy", 1.0 - free->accuracy, 0.0, false);
}

/// One number is a loss as a rule, whose square nobody wants.
std::vector<Var> require_several(std::vector<Var> residuals) {
  if (residuals.size() == 1 && residuals[0].defined() && residuals[0].dimension() == 0) {
    throw ShapeError(
        std::string(least_squares_name) +
        ": the residuals are one number; they must be arrays, whose squares are added up here (one residual "
        "is stack({r}); a loss goes to solve::minimise)");
  }
  return residuals;
}

}  // namespace

Fitted least_squares(const LeavesFunction& residuals, const Start& start, const LeastSquaresMethod& method,
                     const LeastSquaresOptions& options) {
  require_fit_method(method);
  if (options.gradient) require_above(least_squares_name, "gradient", *options.gradient, 0.0, true);
  if (options.step) require_above(least_squares_name, "step", *options.step, 0.0, true);
  if (options.reduction) require_above(least_squares_name, "reduction", *options.reduction, 0.0, true);
  const Leaves leaves(least_squares_name, start);
  const auto several = [&](std::span<const Var> at) { return require_several(residuals(at)); };
  Residuals compiled(leaves, LeavesFunction(several));
  if (const auto* free = std::get_if<MatrixFreeLM>(&method)) {
    const Box box = box_of(leaves, options.lower, options.upper);
    const Losses losses(least_squares_name, options.loss);
    const FitEnd end = fit_without_jacobian(*free, compiled, losses, box, options);
    return fitted_of(compiled, end, std::nullopt);
  }
  Fit fit(compiled, method, options);
  fit.run();
  return fit.fitted();
}

}  // namespace xgrad::solve::detail
