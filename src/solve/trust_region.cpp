// Newton's method in a trust region.
#include <algorithm>
#include <cmath>
#include <utility>

#include <xgrad/linalg/factor.hpp>

#include "search.hpp"

namespace xgrad::solve::detail {
namespace {

constexpr double unit_roundoff = std::numeric_limits<double>::epsilon();

/// A step and what the quadratic model says of it.
struct ModelStep {
  Vector p;
  double expected = 0.0;  ///< what the model loses
  double length = 0.0;    ///< in the norm of the region
};

// ---- with products

/// To the boundary: the positive t of |p + t d| = radius.
double to_boundary(const Vector& p, const Vector& d, double radius) {
  const double a = dot(d, d);
  const double b = dot(p, d);
  const double gap = radius * radius - dot(p, p);
  const double root = std::sqrt(std::max(0.0, b * b + a * gap));
  return b > 0.0 ? gap / (b + root) : (root - b) / a;
}

ModelStep truncated_step(Objective& objective, const Iterate& at, double radius) {
  const std::size_t n = at.x.size();
  const double steepest = norm(at.point.gradient);
  const double enough = std::min(0.1, std::sqrt(steepest)) * steepest;
  Vector p(n, 0.0);
  Vector curved(n, 0.0);  // H p
  Vector residual(n);
  for (std::size_t i = 0; i < n; ++i) residual[i] = -at.point.gradient[i];
  Vector direction = residual;
  double square = dot(residual, residual);
  for (std::size_t k = 0; k < 10 * n + 10; ++k) {
    const Vector product = objective.product(at.x, direction);
    const double curvature = dot(direction, product);
    double t = square / curvature;
    const bool leaves = !(curvature > 0.0) || norm(along(p, t, direction)) >= radius;
    if (leaves) t = to_boundary(p, direction, radius);
    p = along(p, t, direction);
    curved = along(curved, t, product);
    if (leaves) break;
    residual = along(residual, -t, product);
    const double next = dot(residual, residual);
    if (std::sqrt(next) <= enough) break;
    direction = along(residual, next / square, direction);
    square = next;
  }
  return {p, -(dot(at.point.gradient, p) + 0.5 * dot(p, curved)), norm(p)};
}

// ---- with the Hessian and its eigenvalues

/// The quadratic model in coordinates u = V^T D p, in which it is a sum of parabolas.
class Spectrum {
 public:
  Spectrum(Objective& objective, const Iterate& at, Vector& scale) : n_(at.x.size()), scale_(scale) {
    Vector hessian(n_ * n_);
    Vector unit_vector(n_, 0.0);
    for (std::size_t j = 0; j < n_; ++j) {
      unit_vector[j] = 1.0;
      const Vector column = objective.product(at.x, unit_vector);
      unit_vector[j] = 0.0;
      for (std::size_t i = 0; i < n_; ++i) hessian[i * n_ + j] = column[i];
    }
    finite_ = all_finite(hessian);
    if (!finite_) return;
    const bool first = scale.empty();
    if (first) scale.assign(n_, 0.0);
    for (std::size_t i = 0; i < n_; ++i) {
      const double here = std::sqrt(std::abs(hessian[i * n_ + i]));
      scale[i] = std::max(scale[i], here > 0.0 || !first ? here : 1.0);
      if (scale[i] == 0.0) scale[i] = 1.0;
    }
    auto matrix = Array<double>::from_shape({n_, n_});
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = 0; j < n_; ++j) {
        const double both = 0.5 * hessian[i * n_ + j] + 0.5 * hessian[j * n_ + i];
        matrix(i, j) = both / scale[i] / scale[j];
      }
    }
    finite_ = std::ranges::all_of(matrix, [](double each) { return std::isfinite(each); });
    if (!finite_) return;
    const linalg::Eigh eigen = linalg::eigh(Var(std::move(matrix)));
    append(values_, eigen.w);
    append(vectors_, eigen.v);
    slope_.assign(n_, 0.0);
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t k = 0; k < n_; ++k) slope_[k] += vectors_[i * n_ + k] * at.point.gradient[i] / scale[i];
    }
  }

  [[nodiscard]] bool finite() const noexcept { return finite_; }

  /// The least within the radius.
  [[nodiscard]] ModelStep exact(double radius) const {
    const double lowest = values_.front();
    const double spread = std::max(std::abs(lowest), std::abs(values_.back()));
    if (lowest > 0.0) {
      Vector newton = shifted(0.0);
      if (norm(newton) <= radius) return step_of_coordinates(newton);
    }
    double lower = std::max(0.0, -lowest);
    double upper = std::max(lower, norm(slope_) / radius + spread);
    // In the hard case the gradient has no part along the lowest curvature: that is walked to the boundary.
    Vector at_pole = shifted(lower, true);
    if (norm(at_pole) < radius && lowest <= 0.0 && is_hard(lower)) {
      at_pole[0] += std::sqrt(radius * radius - dot(at_pole, at_pole));
      return step_of_coordinates(at_pole);
    }
    double shift = lower + std::max(1e-3 * (upper - lower), std::numeric_limits<double>::min());
    Vector u = shifted(shift);
    for (int k = 0; k < 100; ++k) {
      const double length = norm(u);
      if (std::abs(length - radius) <= 0.01 * radius) break;
      (length > radius ? lower : upper) = shift;
      double slope = 0.0;
      for (std::size_t i = 0; i < n_; ++i) slope += u[i] * u[i] / (values_[i] + shift);
      const double next = shift + (length * length / slope) * (length - radius) / radius;
      const bool inside = next > lower && next < upper;
      const double middle = lower > 0.0 ? std::sqrt(lower * upper) : 0.5 * (lower + upper);
      shift = inside ? next : (middle > lower && middle < upper ? middle : 0.5 * (lower + upper));
      u = shifted(shift);
    }
    return step_of_coordinates(u);
  }

  /// Along the gradient, then to Newton's step of the Hessian made positive.
  [[nodiscard]] ModelStep dogleg(double radius) const {
    const double spread = std::max(std::abs(values_.front()), std::abs(values_.back()));
    const double floor = 1e-8 * std::max(spread, std::numeric_limits<double>::min());
    const double shift = values_.front() >= floor || values_.front() > 0.0 ? 0.0 : floor - values_.front();
    Vector newton = shifted(shift);
    if (norm(newton) <= radius) return step_of_coordinates(newton);
    double curvature = 0.0;
    for (std::size_t i = 0; i < n_; ++i) curvature += (values_[i] + shift) * slope_[i] * slope_[i];
    const double steepest = norm(slope_);
    const double t = curvature > 0.0 ? dot(slope_, slope_) / curvature : radius / steepest;
    Vector cauchy(n_);
    const double reach = std::min(t, radius / steepest);
    for (std::size_t i = 0; i < n_; ++i) cauchy[i] = -reach * slope_[i];
    if (t * steepest >= radius) return step_of_coordinates(cauchy);
    Vector d(n_);
    for (std::size_t i = 0; i < n_; ++i) d[i] = newton[i] - cauchy[i];
    return step_of_coordinates(along(cauchy, to_boundary(cauchy, d, radius), d));
  }

 private:
  /// The coordinates of the step with a multiple of the identity added. \param skip  leaves poles out.
  [[nodiscard]] Vector shifted(double shift, bool skip = false) const {
    Vector u(n_, 0.0);
    for (std::size_t i = 0; i < n_; ++i) {
      const double curvature = values_[i] + shift;
      if (skip && curvature <= unit_roundoff * std::abs(values_.back())) continue;
      u[i] = -slope_[i] / curvature;
    }
    return u;
  }
  [[nodiscard]] bool is_hard(double shift) const {
    double along_lowest = 0.0;
    for (std::size_t i = 0; i < n_; ++i) {
      const bool pole = values_[i] + shift <= unit_roundoff * std::abs(values_.back());
      if (pole) along_lowest = std::max(along_lowest, std::abs(slope_[i]));
    }
    return along_lowest <= 1e-12 * norm(slope_);
  }
  [[nodiscard]] ModelStep step_of_coordinates(const Vector& u) const {
    ModelStep step;
    step.p.assign(n_, 0.0);
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t k = 0; k < n_; ++k) step.p[i] += vectors_[i * n_ + k] * u[k];
      step.p[i] /= scale_[i];
    }
    for (std::size_t k = 0; k < n_; ++k) step.expected -= u[k] * (slope_[k] + 0.5 * values_[k] * u[k]);
    step.length = norm(u);
    return step;
  }

  std::size_t n_;
  const Vector& scale_;
  bool finite_ = false;
  Vector values_, vectors_, slope_;
};

/// Of one point, for as many radii as it takes.
class Model {
 public:
  Model(const TrustRegion& method, Objective& objective, const Iterate& at, Vector& scale)
      : method_(method), objective_(objective), at_(at) {
    if (method.subproblem != Subproblem::Steihaug) spectrum_.emplace(objective, at, scale);
  }
  [[nodiscard]] bool finite() const { return !spectrum_ || spectrum_->finite(); }
  [[nodiscard]] ModelStep within(double radius) const {
    if (!spectrum_) return truncated_step(objective_, at_, radius);
    return method_.subproblem == Subproblem::Exact ? spectrum_->exact(radius) : spectrum_->dogleg(radius);
  }

 private:
  const TrustRegion& method_;
  Objective& objective_;
  const Iterate& at_;
  std::optional<Spectrum> spectrum_;
};

double scaled_length(const Vector& scale, const Vector& x) {
  if (scale.empty()) return norm(x);
  Vector scaled(x);
  for (std::size_t i = 0; i < x.size(); ++i) scaled[i] *= scale[i];
  return norm(scaled);
}

/// Tries radii until a step lowers the value; none if numbers have no such step.
std::optional<Iterate> step_down(const Model& model, Objective& objective, const Iterate& at, const Limits& limits,
                                 const Vector& scale, double& radius) {
  Report& report = objective.report;
  while (true) {
    const ModelStep step = model.within(radius);
    Iterate next{along(at.x, 1.0, step.p), {}};
    const double slack = 10.0 * unit_roundoff * std::abs(at.point.value);
    next.point.value = objective.value(next.x);
    const double value = next.point.value;
    const double actual = at.point.value - value;
    const bool finite = std::isfinite(value);
    const double ratio = finite ? (actual + slack) / (step.expected + slack) : -1.0;
    if (!finite) radius = 0.1 * std::min(radius, step.length);
    else if (!(ratio >= 0.25)) radius = 0.25 * std::min(radius, step.length);
    else if (ratio > 0.75 && step.length > 0.9 * radius) radius *= 2.0;
    if (finite && ratio > 1e-4 && value <= at.point.value) {
      next.point = objective.at(next.x);
      if (all_finite(next.point.gradient)) return next;
      radius = 0.1 * std::min(radius, step.length);
    }
    if (finite && step.expected <= slack && std::abs(actual) <= slack) {
      report.ended = Ended::Reduction;
      return std::nullopt;
    }
    if (radius <= limits.step * scaled_length(scale, at.x) || radius < std::numeric_limits<double>::min()) {
      report.ended = Ended::NoDescent;
      return std::nullopt;
    }
    if (report.evaluations >= limits.evaluations) {
      report.ended = Ended::Evaluations;
      return std::nullopt;
    }
  }
}

}  // namespace

Iterate descend_in_region(const TrustRegion& method, Objective& objective, Iterate at, const Limits& limits) {
  if (ends_at_start(objective, limits, at.point.value, largest(at.point.gradient))) return at;
  Vector scale;
  double radius = 0.0;
  while (true) {
    const Model model(method, objective, at, scale);
    if (!model.finite()) {
      objective.report.ended = Ended::Diverged;
      return at;
    }
    if (radius == 0.0) {
      const double length = scaled_length(scale, at.x);
      radius = method.radius * (length > 0.0 ? length : 1.0);
    }
    std::optional<Iterate> next = step_down(model, objective, at, limits, scale, radius);
    if (!next) return at;
    const double before = at.point.value;
    const double step = norm(along(next->x, -1.0, at.x));
    at = std::move(*next);
    if (ends_after(objective, limits, before, at.point.value, step, norm(at.x), largest(at.point.gradient))) return at;
  }
}

}  // namespace xgrad::solve::detail
