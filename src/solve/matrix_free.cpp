// Levenberg and Marquardt without a Jacobian: LSMR with its products.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/random/discrete.hpp>

#include "least_squares_steps.hpp"

namespace xgrad::solve::detail {
namespace {

/// What LSMR multiplies by: a matrix and its transpose.
struct Products {
  std::function<Vector(const Vector&)> times, transposed_times;
};

Vector multiplied(double factor, Vector x) {
  for (double& each : x) each *= factor;
  return x;
}
/// Makes the norm 1, and returns what it was.
double normalise(Vector& x) {
  const double length = norm(x);
  if (length > 0.0) x = multiplied(1.0 / length, std::move(x));
  return length;
}

/// Cosine, sine and length of (a, b).
struct Rotation {
  double c = 1.0;
  double s = 0.0;
  double length;
  Rotation(double a, double b) : length(std::hypot(a, b)) {
    if (length > 0.0) c = a / length, s = b / length;
  }
};

/// The y of the least |A y - b|^2 + damp^2 |y|^2, by Fong and Saunders; the names are theirs.
/// \param accuracy  of |A^T r| beside |A^T b|.
Vector lsmr(const Products& a, Vector u, double damp, double accuracy, std::size_t iterations) {
  double beta = normalise(u);
  Vector v = a.transposed_times(u);
  double alpha = normalise(v);
  Vector y(v.size(), 0.0);
  Vector h = v;
  Vector h_bar(v.size(), 0.0);
  double zeta_bar = alpha * beta;
  double alpha_bar = alpha;
  double rho = 1.0;
  double rho_bar = 1.0;
  double c_bar = 1.0;
  double s_bar = 0.0;
  const double enough = accuracy * zeta_bar;
  for (std::size_t k = 0; k < iterations && std::abs(zeta_bar) > enough; ++k) {
    u = along(a.times(v), -alpha, u);
    beta = normalise(u);
    v = along(a.transposed_times(u), -beta, v);
    alpha = normalise(v);
    const Rotation damped(alpha_bar, damp);
    const double rho_before = rho;
    const Rotation first(damped.length, beta);
    rho = first.length;
    const double theta = first.s * alpha;
    alpha_bar = first.c * alpha;
    const double rho_bar_before = rho_bar;
    const double theta_bar = s_bar * rho;
    const Rotation second(c_bar * rho, theta);
    c_bar = second.c;
    s_bar = second.s;
    rho_bar = second.length;
    if (rho == 0.0 || rho_bar == 0.0) break;
    const double zeta = c_bar * zeta_bar;
    zeta_bar = -s_bar * zeta_bar;
    h_bar = along(h, -theta_bar * rho / (rho_before * rho_bar_before), h_bar);
    y = along(y, zeta / (rho * rho_bar), h_bar);
    h = along(v, -theta / rho, h);
  }
  return y;
}

class MatrixFreeFit {
 public:
  MatrixFreeFit(const MatrixFreeLM& method, Residuals& residuals, const Losses& losses, const Box& box,
                const LeastSquaresOptions& options)
      : method_(method),
        residuals_(residuals),
        losses_(losses),
        box_(box),
        options_(options),
        rounding_(residuals.leaves().rounding()),
        x_(residuals.leaves().start()),
        lambda_(method.damping) {}

  FitEnd run() {
    Report& report = residuals_.report;
    raw_ = residuals_.value(x_);
    cost_ = losses_.cost(raw_);
    require_finite_start(cost_);
    while (true) {
      linearise();
      if (!all_finite(gradient_) || !all_finite(scale_)) return end(Ended::Diverged);
      report.value = 0.5 * cost_;
      report.gradient = box_.free_gradient(x_, gradient_);
      const bool may = goes_on(options_.observer,
                               {report.iterations, report.value, report.gradient, last_step_, report.evaluations});
      if (cost_ == 0.0) return end(Ended::Residual);
      if (cosine() <= options_.gradient.value_or(rounding_unit)) return end(Ended::Gradient);
      if (!may) return end(why_not());
      if (report.iterations >= options_.iterations) return end(Ended::Iterations);
      if (report.evaluations >= options_.evaluations) return end(Ended::Evaluations);
      const bool ended = search();
      ++report.iterations;
      if (ended) return end(report.ended);
    }
  }

 private:
  struct Trial {
    Vector x, raw;
    double cost = 0.0;
    double length = 0.0;    // |D p|
    double actual = 0.0;    // what the cost loses, beside itself
    double expected = 0.0;  // what the linear model loses
    double ratio = 0.0;
    bool clipped = false;
  };

  FitEnd end(Ended why) {
    residuals_.report.ended = why;
    residuals_.report.value = 0.5 * cost_;
    return {x_, cost_, raw_.size()};
  }

  Vector weigh(Vector u) const {
    for (std::size_t i = 0; i < u.size(); ++i) u[i] *= roots_[i];
    return u;
  }
  [[nodiscard]] double scaled_norm(Vector x) const {
    for (std::size_t j = 0; j < x.size(); ++j) x[j] *= scale_[j];
    return norm(x);
  }

  /// Weights, gradient and scale at x.
  void linearise() {
    roots_ = losses_.roots_of_weights(raw_);
    weighted_ = weigh(raw_);
    gradient_ = residuals_.transposed_times(x_, weigh(weighted_));
    const std::size_t n = x_.size();
    Vector squares(n, 0.0);
    const random::Key key = method_.key.fold_in(static_cast<std::int64_t>(residuals_.report.iterations));
    for (std::size_t k = 0; k < method_.probes; ++k) {
      Vector signs;
      append(signs, random::rademacher(key.fold_in(static_cast<std::int64_t>(k)), {raw_.size()}));
      const Vector sums = residuals_.transposed_times(x_, weigh(std::move(signs)));
      for (std::size_t j = 0; j < n; ++j) squares[j] += sums[j] * sums[j];
    }
    if (scale_.empty()) scale_.assign(n, 0.0);
    const auto probes = static_cast<double>(method_.probes);
    for (std::size_t j = 0; j < n; ++j) {
      scale_[j] = method_.probes == 0 ? 1.0 : std::max(scale_[j], std::sqrt(squares[j] / probes));
      if (scale_[j] == 0.0) scale_[j] = 1.0;
    }
    Vector part(gradient_);
    for (std::size_t j = 0; j < n; ++j) part[j] = is_free(j) ? part[j] / scale_[j] : 0.0;
    const double before = std::exchange(scaled_gradient_, norm(part));
    const double ratio = before > 0.0 ? scaled_gradient_ / before : 1.0;
    accuracy_ = std::clamp(ratio * ratio, rounding_unit, method_.accuracy);
  }
  [[nodiscard]] bool is_free(std::size_t j) const { return !box_.holds(j, x_[j], gradient_[j]); }

  /// As far as norms of columns are known.
  [[nodiscard]] double cosine() const {
    double result = 0.0;
    for (std::size_t j = 0; j < x_.size(); ++j) {
      if (is_free(j)) result = std::max(result, std::abs(gradient_[j]) / scale_[j]);
    }
    return result / norm(weighted_);
  }

  /// The step of the open variables, the others standing still.
  Vector step_of_open(const std::vector<bool>& open, const Vector& residuals) {
    const auto masked = [&](Vector y) {
      for (std::size_t j = 0; j < y.size(); ++j) y[j] = open[j] ? y[j] / scale_[j] : 0.0;
      return y;
    };
    const Products products{[&](const Vector& y) { return weigh(residuals_.times(x_, masked(y))); },
                            [&](const Vector& u) { return masked(residuals_.transposed_times(x_, weigh(u))); }};
    const std::size_t most = method_.inner > 0 ? method_.inner : 10 * x_.size() + 100;
    return masked(lsmr(products, multiplied(-1.0, residuals), std::sqrt(lambda_), accuracy_, most));
  }

  /// Variables that a step would lead out of the box go to its boundary; the others have another step, which knows
  /// that.
  Vector step_in_box(bool& clipped) {
    const std::size_t n = x_.size();
    std::vector<bool> open(n);
    for (std::size_t j = 0; j < n; ++j) open[j] = is_free(j);
    Vector moved(n, 0.0);
    Vector residuals = weighted_;
    while (std::ranges::find(open, true) != open.end()) {
      const Vector step = step_of_open(open, residuals);
      Vector to_bounds(n, 0.0);
      bool leaves = false;
      for (std::size_t j = 0; j < n; ++j) {
        if (!open[j]) continue;
        moved[j] = step[j];
        const double to = x_[j] + step[j];
        if (box_.empty() || (to >= box_.lower[j] && to <= box_.upper[j])) continue;
        moved[j] = to_bounds[j] = (to < box_.lower[j] ? box_.lower[j] : box_.upper[j]) - x_[j];
        open[j] = false;
        leaves = true;
      }
      if (!leaves) break;
      clipped = true;
      residuals = along(residuals, 1.0, weigh(residuals_.times(x_, to_bounds)));
    }
    return moved;
  }

  Trial attempt() {
    Trial trial;
    const Vector moved = step_in_box(trial.clipped);
    trial.x = along(x_, 1.0, moved);
    box_.clip(trial.x);  // of what rounding puts outside
    trial.length = scaled_norm(moved);
    last_step_ = norm(moved);
    const double change = norm(weigh(residuals_.times(x_, moved))) / std::sqrt(cost_);
    trial.expected = -(2.0 * dot(gradient_, moved) / cost_ + change * change);
    trial.cost = std::numeric_limits<double>::infinity();
    if (all_finite(trial.x)) {
      trial.raw = residuals_.value(trial.x);
      trial.cost = losses_.cost(trial.raw);
    }
    if (std::isnan(trial.cost)) trial.cost = std::numeric_limits<double>::infinity();
    trial.actual = std::max(-1.0, 1.0 - trial.cost / cost_);
    trial.ratio = trial.expected > 0.0 ? trial.actual / trial.expected : 0.0;
    return trial;
  }

  /// Raises lambda until a step is accepted; whether that was the last one.
  bool search() {
    while (true) {
      Trial trial = attempt();
      const bool accepted = std::isfinite(trial.cost) && trial.ratio >= 1e-4;
      if (accepted) {
        const double part = 2.0 * std::min(trial.ratio, 1.0) - 1.0;
        lambda_ *= std::max(0.1, 1.0 - part * part * part);
        growth_ = 2.0;
        x_ = trial.x;
        raw_ = std::move(trial.raw);
        cost_ = trial.cost;
      } else {
        lambda_ *= std::isfinite(trial.cost) ? growth_ : 10.0 * growth_;
        growth_ *= 2.0;
      }
      if (ends(trial, accepted)) return true;
      if (accepted) return false;
    }
  }

  bool ends(const Trial& trial, bool accepted) {
    Report& report = residuals_.report;
    const double reduction = options_.reduction.value_or(rounding_unit);
    const double at = scaled_norm(x_);
    const double part = rounding_ * at / std::sqrt(cost_);  // what rounding of the terms of residuals does to the cost
    const bool small = std::abs(trial.actual) <= reduction && std::abs(trial.expected) <= reduction;
    const bool lost_in_rounding = !accepted && std::abs(trial.expected) <= part * (2.0 + part);
    const bool no_step = trial.length == 0.0 || !(lambda_ < 1e300);
    const auto end_by = [&](Ended why) {
      report.ended = why;
      return true;
    };
    if (cost_ == 0.0) return end_by(Ended::Residual);
    if (std::isfinite(trial.cost) && (small || lost_in_rounding)) return end_by(Ended::Reduction);
    if (trial.length <= options_.step.value_or(rounding_) * at || no_step) {
      const bool converged = accepted || (trial.length > rounding_unit * at && !no_step) || trial.clipped;
      return end_by(converged ? Ended::Step : Ended::NoDescent);
    }
    return report.evaluations >= options_.evaluations && end_by(Ended::Evaluations);
  }

  const MatrixFreeLM& method_;
  Residuals& residuals_;
  const Losses& losses_;
  const Box& box_;
  const LeastSquaresOptions& options_;
  double rounding_;

  Vector x_, raw_;
  double cost_ = 0.0;
  Vector roots_, weighted_, gradient_, scale_;
  double scaled_gradient_ = 0.0;
  double accuracy_ = 0.0;
  double lambda_;
  double growth_ = 2.0;
  double last_step_ = 0.0;
};

}  // namespace

FitEnd fit_without_jacobian(const MatrixFreeLM& method, Residuals& residuals, const Losses& losses, const Box& box,
                            const LeastSquaresOptions& options) {
  return MatrixFreeFit(method, residuals, losses, box, options).run();
}

}  // namespace xgrad::solve::detail
