#include "least_squares_steps.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/transform/compile.hpp>
#include <xgrad/transform/grad.hpp>

namespace xgrad::solve::detail {
namespace {

Vector times_each(double factor, Vector p) {
  for (double& each : p) each *= factor;
  return p;
}

double scaled_norm(const Vector& scale, const Vector& p) {
  Vector all(p);
  for (std::size_t i = 0; i < p.size(); ++i) all[i] *= scale[i];
  return norm(all);
}

/// The step of Gauss and Newton. Where columns are dependent but for rounding, which would make it as long as chance
/// wants, with a little of their lengths added.
Vector newton_step(const PivotedQr& qr, double rounding) {
  if (!qr.is_dependent(rounding)) return qr.least_squares();
  Vector lengths = qr.lengths();
  for (double& each : lengths) each = each > 0.0 ? each : 1.0;
  return damped_step(qr, lengths, 100.0 * rounding);
}

Vector dogleg_step(const PivotedQr& qr, const Vector& scale, double rounding, double radius) {
  Vector newton = newton_step(qr, rounding);
  const double newton_length = scaled_norm(scale, newton);
  if (newton_length <= radius) return newton;
  Vector steepest = qr.gradient();  // of D p: -gradient / D, and so p = -gradient / D^2
  for (std::size_t i = 0; i < steepest.size(); ++i) steepest[i] /= -scale[i] * scale[i];
  const double slope = scaled_norm(scale, steepest);
  const double curvature = norm(qr.times(steepest));
  const double cauchy = curvature > 0.0 ? (slope / curvature) * (slope / curvature) : radius / slope;
  if (cauchy * slope >= radius || !std::isfinite(newton_length)) {
    return times_each(std::min(cauchy, radius / slope), steepest);
  }
  // |c + t (n - c)| = radius, where c is the least along the gradient and n the step of Gauss and Newton.
  double aa = 0.0;
  double ab = 0.0;
  double bb = 0.0;
  for (std::size_t i = 0; i < newton.size(); ++i) {
    const double c = scale[i] * cauchy * steepest[i];
    const double d = scale[i] * newton[i] - c;
    aa += d * d, ab += c * d, bb += c * c;
  }
  const double gap = radius * radius - bb;
  const double root = std::sqrt(std::max(0.0, ab * ab + aa * gap));
  const double t = ab > 0.0 ? gap / (ab + root) : (root - ab) / aa;
  for (std::size_t i = 0; i < newton.size(); ++i) {
    newton[i] = (1.0 - t) * cauchy * steepest[i] + t * newton[i];
  }
  return newton;
}

Vector cut_step(const PivotedQr& qr, const Vector& scale, double rounding, double radius) {
  Vector newton = newton_step(qr, rounding);
  const double length = scaled_norm(scale, newton);
  return length <= radius ? newton : times_each(radius / length, std::move(newton));
}

}  // namespace

Vector step_of(const LeastSquaresMethod& method, const PivotedQr& qr, const Vector& scale, double rounding,
               double radius, double& lambda) {
  if (std::holds_alternative<LevenbergMarquardt>(method)) return trust_region_step(qr, scale, radius, lambda);
  return std::holds_alternative<Dogleg>(method) ? dogleg_step(qr, scale, rounding, radius)
                                                : cut_step(qr, scale, rounding, radius);
}

double first_radius(const LeastSquaresMethod& method) {
  return std::visit(
      [](const auto& each) {
        if constexpr (requires { each.radius; }) return each.radius;
        else return 1.0;
      },
      method);
}

PivotedQr factors_of(const LeastSquaresMethod& method, Vector columns, const Vector& residuals, std::size_t n) {
  const Factor factor = std::visit(
      [](const auto& each) {
        if constexpr (requires { each.factor; }) return each.factor;
        else return Factor::QR;
      },
      method);
  return factor == Factor::QR ? pivoted_qr(std::move(columns), residuals, n) : pivoted_cholesky(columns, residuals, n);
}

Losses::Losses(std::string_view operation, const Robust& loss) : operation_(operation) {
  if (loss == nullptr) return;
  const auto summed = [loss, name = operation_](const Var& r) -> Var {
    const Var each = loss(r);
    if (each.shape() != r.shape()) {
      throw ShapeError(name + ": the loss has the shape " + to_string(each.shape()) + " for residuals of shape " +
                       to_string(r.shape()) + "; it must give a number for each residual");
    }
    return sum(each);
  };
  sum_ = compile(summed);
  slope_ = compile([summed](const Var& r) { return grad(summed)(r); });
}

double Losses::cost(const Vector& residuals) const {
  if (sum_ == nullptr) return dot(residuals, residuals);
  const double cost = 2.0 * number_of(sum_(Var(residuals)));
  if (!(cost < 0.0)) return cost;
  throw ValueError(operation_ + ": the losses of the residuals add up to " + std::to_string(0.5 * cost) +
                   "; they must not be below 0, like squares");
}

Vector Losses::roots_of_weights(const Vector& residuals) const {
  const std::size_t m = residuals.size();
  if (slope_ == nullptr) return Vector(m, 1.0);
  Vector slope;
  append(slope, slope_(Var(residuals)));
  for (std::size_t i = 0; i < m; ++i) {
    const double weight = residuals[i] == 0.0 ? 1.0 : slope[i] / residuals[i];
    slope[i] = std::sqrt(std::max(0.0, weight));
  }
  return slope;
}

void Losses::weigh(Vector& residuals, Vector& jacobian) const {
  if (slope_ == nullptr) return;
  const Vector roots = roots_of_weights(residuals);
  const std::size_t m = residuals.size();
  for (std::size_t i = 0; i < m; ++i) residuals[i] *= roots[i];
  for (std::size_t at = 0; at < jacobian.size(); ++at) jacobian[at] *= roots[at % m];
}

}  // namespace xgrad::solve::detail
