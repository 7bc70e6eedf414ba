// The barrier problem: distances to bounds, slacks, and their multipliers.
#include "interior.hpp"

namespace xgrad::solve::detail {
namespace {

/// The part of a step of `change` that leaves 1 - tau of a distance.
double part_of_distance(double distance, double change, double tau) {
  return change < 0.0 ? std::min(1.0, -tau * distance / change) : 1.0;
}

/// A product and what it is made of.
template <class F>
void for_each_pair(const BarrierProblem& problem, const Interior& at, const F& visit) {
  for (std::size_t i = 0; i < at.x.size(); ++i) {
    if (problem.has_lower(i)) visit(at.below[i], at.lower[i]);
    if (problem.has_upper(i)) visit(at.above[i], at.upper[i]);
  }
  for (std::size_t i = 0; i < at.slack.size(); ++i) {
    if (!problem.program().is_equality(i)) visit(at.slack[i], at.slack_dual[i]);
  }
}

}  // namespace

Interior BarrierProblem::start(Vector x) const {
  Interior at;
  const std::size_t m = program_.rows();
  at.lower.assign(x.size(), 0.0);
  at.upper.assign(x.size(), 0.0);
  at.below.assign(x.size(), 0.0);
  at.above.assign(x.size(), 0.0);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double width = box_.upper[i] - box_.lower[i];
    const auto inset = [&](double bound) { return std::min(1e-2 * std::max(1.0, std::abs(bound)), 1e-2 * width); };
    at.below[i] = x[i] - box_.lower[i];
    at.above[i] = box_.upper[i] - x[i];
    if (has_lower(i) && at.below[i] < inset(box_.lower[i])) {
      at.below[i] = inset(box_.lower[i]);
      at.above[i] = width - at.below[i];
      x[i] = box_.lower[i] + at.below[i];
    }
    if (has_upper(i) && at.above[i] < inset(box_.upper[i])) {
      at.above[i] = inset(box_.upper[i]);
      at.below[i] = width - at.above[i];
      x[i] = box_.upper[i] - at.above[i];
    }
    at.lower[i] = has_lower(i) ? 1.0 : 0.0;
    at.upper[i] = has_upper(i) ? 1.0 : 0.0;
  }
  at.point = program_.at(x);
  at.x = std::move(x);
  at.rows.assign(m, 0.0);
  at.slack.assign(m, 0.0);
  at.slack_dual.assign(m, 0.0);
  for (std::size_t i = 0; i < m; ++i) {
    if (program_.is_equality(i)) continue;
    at.slack[i] = std::max(-at.point.rows[i], 1e-2);
    at.slack_dual[i] = 1.0;
  }
  return at;
}

Vector BarrierProblem::residual(const Vector& rows, const Vector& slack) const { return along(rows, 1.0, slack); }

double BarrierProblem::value(double objective, const Vector& below, const Vector& above, const Vector& slack,
                             double mu) const {
  double logs = 0.0;
  const auto add = [&](double distance) { logs += std::log(std::max(distance, 0.0)); };
  for (std::size_t i = 0; i < below.size(); ++i) {
    if (has_lower(i)) add(below[i]);
    if (has_upper(i)) add(above[i]);
  }
  for (std::size_t i = 0; i < slack.size(); ++i) {
    if (!program_.is_equality(i)) add(slack[i]);
  }
  return objective - mu * logs;
}

double BarrierProblem::slope(const Interior& at, const InteriorStep& step, double mu) const {
  double sum = dot(at.point.gradient, step.x);
  for (std::size_t i = 0; i < at.x.size(); ++i) {
    if (has_lower(i)) sum -= mu * step.x[i] / at.below[i];
    if (has_upper(i)) sum += mu * step.x[i] / at.above[i];
  }
  for (std::size_t i = 0; i < at.slack.size(); ++i) {
    if (!program_.is_equality(i)) sum -= mu * step.slack[i] / at.slack[i];
  }
  return sum;
}

Vector BarrierProblem::stationarity(const Interior& at) const {
  Vector result = along(at.point.gradient, 1.0, program_.transposed(at.point, at.rows));
  for (std::size_t i = 0; i < result.size(); ++i) result[i] += at.upper[i] - at.lower[i];
  return result;
}

double BarrierProblem::complementarity(const Interior& at, double mu) const {
  double result = 0.0;
  for_each_pair(*this, at, [&](double distance, double multiplier) {
    result = std::max(result, std::abs(distance * multiplier - mu));
  });
  return result;
}

double BarrierProblem::error(const Interior& at, double mu) const {
  double multipliers = 0.0;
  double count = 0.0;
  for_each_pair(*this, at, [&](double, double multiplier) { multipliers += std::abs(multiplier), count += 1.0; });
  const auto scale = [](double sum, double of) { return of > 0.0 ? std::max(100.0, sum / of) / 100.0 : 1.0; };
  const double of_products = scale(multipliers, count);
  const double of_slopes = scale(multipliers + one_norm(at.rows), count + static_cast<double>(at.rows.size()));
  double slopes = largest(stationarity(at));
  for (std::size_t i = 0; i < at.rows.size(); ++i) {
    if (!program_.is_equality(i)) slopes = std::max(slopes, std::abs(at.rows[i] - at.slack_dual[i]));
  }
  const double violation = largest(residual(at.point.rows, at.slack));
  return std::max({slopes / of_slopes, violation, complementarity(at, mu) / of_products});
}

double BarrierProblem::mean_product(const Interior& at, const InteriorStep* step, double primal, double dual) const {
  Interior moved{at.x, at.slack, at.below, at.above, {}, at.lower, at.upper, at.slack_dual, {}};
  if (step != nullptr) {
    moved = {along(at.x, primal, step->x),
             along(at.slack, primal, step->slack),
             along(at.below, primal, step->x),
             along(at.above, -primal, step->x),
             {},
             along(at.lower, dual, step->lower),
             along(at.upper, dual, step->upper),
             along(at.slack_dual, dual, step->slack_dual),
             {}};
  }
  double sum = 0.0;
  double count = 0.0;
  for_each_pair(*this, moved, [&](double distance, double multiplier) { sum += distance * multiplier, count += 1.0; });
  return count > 0.0 ? sum / count : 0.0;
}

double BarrierProblem::longest(const Interior& at, const InteriorStep& step, double tau) const {
  double part = 1.0;
  for (std::size_t i = 0; i < at.x.size(); ++i) {
    part = std::min(part, part_of_distance(at.below[i], step.x[i], tau));
    part = std::min(part, part_of_distance(at.above[i], -step.x[i], tau));
  }
  for (std::size_t i = 0; i < at.slack.size(); ++i) {
    if (!program_.is_equality(i)) part = std::min(part, part_of_distance(at.slack[i], step.slack[i], tau));
  }
  return part;
}

void BarrierProblem::move(Vector& x, Vector& below, Vector& above, double part, const InteriorStep& step) const {
  constexpr double few_digits = 1e3 * std::numeric_limits<double>::epsilon();
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] += part * step.x[i];
    below[i] += part * step.x[i];
    above[i] -= part * step.x[i];
    const auto is_lost = [&](double bound) { return std::abs(x[i] - bound) < few_digits * std::abs(bound); };
    const bool near_lower = has_lower(i) && is_lost(box_.lower[i]);
    const bool near_upper = has_upper(i) && is_lost(box_.upper[i]);
    if (near_lower) x[i] = box_.lower[i] + below[i];
    else below[i] = x[i] - box_.lower[i];
    if (near_upper) x[i] = box_.upper[i] - above[i];
    else above[i] = box_.upper[i] - x[i];
  }
}

double BarrierProblem::longest_dual(const Interior& at, const InteriorStep& step, double tau) const {
  double part = 1.0;
  for (std::size_t i = 0; i < at.x.size(); ++i) {
    if (has_lower(i)) part = std::min(part, part_of_distance(at.lower[i], step.lower[i], tau));
    if (has_upper(i)) part = std::min(part, part_of_distance(at.upper[i], step.upper[i], tau));
  }
  for (std::size_t i = 0; i < at.slack.size(); ++i) {
    if (!program_.is_equality(i)) part = std::min(part, part_of_distance(at.slack_dual[i], step.slack_dual[i], tau));
  }
  return part;
}

void BarrierProblem::safeguard(Interior& at, double mu) const {
  const auto near = [&](double multiplier, double distance) {
    return std::clamp(multiplier, mu / (1e10 * distance), 1e10 * mu / distance);
  };
  for (std::size_t i = 0; i < at.x.size(); ++i) {
    if (has_lower(i)) at.lower[i] = near(at.lower[i], at.below[i]);
    if (has_upper(i)) at.upper[i] = near(at.upper[i], at.above[i]);
  }
  for (std::size_t i = 0; i < at.slack.size(); ++i) {
    if (!program_.is_equality(i)) at.slack_dual[i] = near(at.slack_dual[i], at.slack[i]);
  }
}

void BarrierProblem::estimate_multipliers(Interior& at) const {
  const std::size_t n = at.x.size();
  const std::size_t m = at.rows.size();
  if (m == 0) return;
  const std::size_t size = n + m;
  Vector matrix(size * size, 0.0);
  Vector right(size, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    matrix[i * size + i] = 1.0;
    right[i] = at.lower[i] - at.upper[i] - at.point.gradient[i];
  }
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      matrix[(n + i) * size + j] = matrix[j * size + n + i] = at.point.jacobian[i * n + j];
    }
    matrix[(n + i) * size + n + i] = program_.is_equality(i) ? -1e-12 : -1.0;
    right[n + i] = -at.slack_dual[i];
  }
  const Vector solution = SymmetricFactor(std::move(matrix), size).solve(right);
  at.rows.assign(solution.begin() + static_cast<std::ptrdiff_t>(n), solution.end());
  if (!(largest(at.rows) <= 1e3)) at.rows.assign(m, 0.0);
}

}  // namespace xgrad::solve::detail
