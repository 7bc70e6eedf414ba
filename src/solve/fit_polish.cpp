// The end of a fit, where sums of squares tell points apart no more.
#include <algorithm>
#include <utility>

#include "fit.hpp"

namespace xgrad::solve::detail {

/// Makes a move, of D x, and returns the step from there; none, and no move, if the cost rises.
std::optional<Vector> Fit::step_after(Vector move, const Vector& scale) {
  constexpr double alike = 1.0 + 1e-6;
  for (std::size_t i = 0; i < move.size(); ++i) move[i] /= scale[i];
  Vector next = along(x_, 1.0, move);
  box_.clip(next);
  const double cost = losses_.cost(residuals_.value(next));
  if (!(cost <= alike * cost_)) return std::nullopt;
  x_ = std::move(next);
  cost_ = cost;
  return newton_step();
}

/// Steps of Gauss and Newton as long as they get shorter: the sum cannot tell points apart any more, these can. Where
/// residuals are large they get shorter slowly, each by about the same factor: Anderson's method sees that.
/// Returns whether that ended the fit.
bool Fit::polish() {
  constexpr int most = 50;
  constexpr double slow = 0.1;
  Report& report = residuals_.report;
  History history{x_.size(), {}, {}};  // of D x and D p
  std::optional<Vector> step = newton_step();
  double expected = step ? -dot(gradient_, *step) / cost_ : 1.0;
  const auto give_up = [&] {
    const bool lost_in_rounding = expected <= std::max(rounding_unit, rounding_of_cost());
    if (lost_in_rounding) end(Ended::Reduction);
    return lost_in_rounding;
  };
  for (int k = 0; k < most && step; ++k) {
    const Vector scale = scale_;
    const Vector scaled_step = scaled(scale, *step);
    const double length = norm(scaled_step);
    const double at = scaled_norm(x_);
    if (length <= rounding_ * at) {
      end(Ended::Step);
      return true;
    }
    const bool accelerated = !history.points.empty();
    Vector move = scaled_step;
    if (accelerated) move = along(move, -1.0, history.correction(move, 1.0));
    const Vector before = x_;
    const double cost_before = cost_;
    std::optional<Vector> next_step = step_after(move, scale);
    const double next_length = next_step ? norm(scaled(scale, *next_step)) : length;
    if (!(next_length < length)) {
      x_ = before;
      cost_ = cost_before;
      if (!accelerated || length <= 1e3 * rounding_ * at) return give_up();
      history = {x_.size(), {}, {}};
      continue;
    }
    if (accelerated || next_length > slow * length) {
      history.add(scaled(scale, along(x_, -1.0, before)), along(scaled(scale, *next_step), -1.0, scaled_step));
    }
    step = std::move(next_step);
    expected = -dot(gradient_, *step) / cost_;
    last_step_ = norm(along(x_, -1.0, before));
    ++report.iterations;
    if (!tell()) {
      end(why_not());
      return true;
    }
    if (report.iterations >= options_.iterations || report.evaluations >= options_.evaluations) return false;
  }
  return give_up();
}

/// The step to the least of the linear model; none where it is not determined.
std::optional<Vector> Fit::newton_step() {
  linearise();
  if (free_.empty() || !all_finite(jacobian_) || qr_.is_dependent(rounding_)) return std::nullopt;
  const Vector step = qr_.least_squares();
  Vector all(x_.size(), 0.0);
  for (std::size_t k = 0; k < free_.size(); ++k) all[free_[k]] = step[k];
  return all;
}

}  // namespace xgrad::solve::detail
