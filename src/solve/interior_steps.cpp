// Steps of the interior point method: Newton's, and those that reduce the violation alone.
#include "dense.hpp"
#include "interior.hpp"

namespace xgrad::solve::detail {

// ---- Newton's system

NewtonSystem::NewtonSystem(const BarrierProblem& problem, const Interior& at, double mu, double& shift)
    : problem_(problem),
      at_(at),
      hessian_(problem.program().hessian(at.x, at.rows)),
      n_(at.x.size()),
      m_(at.rows.size()) {
  if (!all_finite(hessian_)) return;
  double row_shift = 0.0;
  const auto is_right = [&](double by) {
    SymmetricFactor factor = factor_with(by, row_shift);
    if (factor.zero() > 0) row_shift = 1e-8 * std::pow(mu, 0.25);
    if (factor.negative() != m_ || factor.zero() > 0) return false;
    shift_ = by;
    factor_ = std::move(factor);
    return true;
  };
  if (is_right(0.0) || (row_shift > 0.0 && is_right(0.0))) return;
  const double last = shift;
  double by = last == 0.0 ? 1e-4 : std::max(1e-20, last / 3.0);
  for (; by <= 1e40; by *= last == 0.0 ? 100.0 : 8.0) {
    if (!is_right(by)) continue;
    shift = by;
    return;
  }
}

SymmetricFactor NewtonSystem::factor_with(double shift, double row_shift) const {
  const std::size_t size = n_ + m_;
  Vector matrix(size * size, 0.0);
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t j = 0; j < n_; ++j) matrix[i * size + j] = hessian_[i * n_ + j];
    double& diagonal = matrix[i * size + i];
    diagonal += shift;
    if (problem_.has_lower(i)) diagonal += at_.lower[i] / at_.below[i];
    if (problem_.has_upper(i)) diagonal += at_.upper[i] / at_.above[i];
  }
  for (std::size_t i = 0; i < m_; ++i) {
    for (std::size_t j = 0; j < n_; ++j) {
      matrix[(n_ + i) * size + j] = matrix[j * size + n_ + i] = at_.point.jacobian[i * n_ + j];
    }
    double& diagonal = matrix[(n_ + i) * size + n_ + i];
    diagonal = -row_shift;
    if (!problem_.program().is_equality(i)) diagonal -= 1.0 / (at_.slack_dual[i] / at_.slack[i] + shift);
  }
  return {std::move(matrix), size};
}

InteriorStep NewtonSystem::step(double mu, const Vector& residual) const {
  const Program& program = problem_.program();
  Vector right(n_ + m_);
  const Vector slopes = along(at_.point.gradient, 1.0, program.transposed(at_.point, at_.rows));
  for (std::size_t i = 0; i < n_; ++i) {
    right[i] = -slopes[i];
    if (problem_.has_lower(i)) right[i] += mu / at_.below[i];
    if (problem_.has_upper(i)) right[i] -= mu / at_.above[i];
  }
  // Slacks are eliminated: (v / s + shift) ds + dy = mu / s - y.
  Vector of_slack(m_, 0.0);
  Vector stiffness(m_, 1.0);
  for (std::size_t i = 0; i < m_; ++i) {
    right[n_ + i] = -residual[i];
    if (program.is_equality(i)) continue;
    stiffness[i] = at_.slack_dual[i] / at_.slack[i] + shift_;
    of_slack[i] = mu / at_.slack[i] - at_.rows[i];
    right[n_ + i] -= of_slack[i] / stiffness[i];
  }
  const Vector solution = factor_->solve(right);
  InteriorStep step;
  const auto middle = solution.begin() + static_cast<std::ptrdiff_t>(n_);
  step.x.assign(solution.begin(), middle);
  step.rows.assign(middle, solution.end());
  step.slack.assign(m_, 0.0);
  step.slack_dual.assign(m_, 0.0);
  step.lower.assign(n_, 0.0);
  step.upper.assign(n_, 0.0);
  for (std::size_t i = 0; i < m_; ++i) {
    if (program.is_equality(i)) continue;
    step.slack[i] = (of_slack[i] - step.rows[i]) / stiffness[i];
    step.slack_dual[i] = (mu - at_.slack_dual[i] * step.slack[i]) / at_.slack[i] - at_.slack_dual[i];
  }
  for (std::size_t i = 0; i < n_; ++i) {
    if (problem_.has_lower(i)) step.lower[i] = (mu - at_.lower[i] * step.x[i]) / at_.below[i] - at_.lower[i];
    if (problem_.has_upper(i)) step.upper[i] = (mu + at_.upper[i] * step.x[i]) / at_.above[i] - at_.upper[i];
  }
  return step;
}

// ---- restoration

namespace {

/// How far a variable may go downhill, at most 1: the scaling of T. F. Coleman and Y. Li, 1996.
double room(double below, double above, double slope) { return std::min(1.0, slope > 0.0 ? below : above); }

}  // namespace

bool restoring_step(const BarrierProblem& problem, Interior& at, double& damping) {
  Program& program = problem.program();
  const std::size_t n = at.x.size();
  const std::size_t m = at.rows.size();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Vector residual = problem.residual(at.point.rows, at.slack);
  Vector slopes = program.transposed(at.point, residual);
  Vector jacobian(m * (n + m), 0.0);  // of x and slacks, column after column
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) jacobian[i + j * m] = at.point.jacobian[i * n + j];
    if (!program.is_equality(i)) jacobian[i + (n + i) * m] = 1.0;
    slopes.push_back(program.is_equality(i) ? 0.0 : residual[i]);
  }
  Vector scale(n + m, 1.0);  // 1 / room
  for (std::size_t i = 0; i < n; ++i) {
    scale[i] = 1.0 / room(at.below[i], at.above[i], slopes[i]);
  }
  for (std::size_t i = 0; i < m; ++i) {
    if (!program.is_equality(i)) scale[n + i] = 1.0 / room(at.slack[i], infinity, slopes[n + i]);
  }
  double steepest = 0.0;
  for (std::size_t i = 0; i < n + m; ++i) steepest = std::max(steepest, std::abs(slopes[i]) / scale[i]);
  const double before = norm(residual);
  if (steepest <= 1e-8 * before) return false;
  const PivotedQr qr = pivoted_qr(std::move(jacobian), residual, n + m);
  if (damping == 0.0) damping = 1e-4;
  for (int trial = 0; trial < 40; ++trial, damping *= 8.0) {
    const Vector whole = damped_step(qr, scale, damping);
    InteriorStep step;
    const auto middle = whole.begin() + static_cast<std::ptrdiff_t>(n);
    step.x.assign(whole.begin(), middle);
    step.slack.assign(middle, whole.end());
    const double part = problem.longest(at, step, 0.99);
    Interior next{at.x, along(at.slack, part, step.slack), at.below, at.above, {}, {}, {}, {}, {}};
    problem.move(next.x, next.below, next.above, part, step);
    const Program::Values values = program.values(next.x);
    if (!values.finite()) continue;
    const double after = norm(problem.residual(values.rows, next.slack));
    const double expected = before - norm(along(qr.qtr, part, qr.times(whole)));
    const double gained = before - after;
    if (!(gained > 1e-4 * expected) || !(gained > 1e-12 * before)) continue;
    Program::Point point = program.at(next.x);
    if (!point.finite()) continue;
    if (gained > 0.75 * expected) damping = std::max(1e-12, damping / 8.0);
    at.x = std::move(next.x);
    at.slack = std::move(next.slack);
    at.below = std::move(next.below);
    at.above = std::move(next.above);
    at.point = std::move(point);
    return true;
  }
  return false;
}

}  // namespace xgrad::solve::detail
