// The parts of the interior point method.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "program.hpp"
#include "symmetric.hpp"

namespace xgrad::solve::detail {

/// Variables and multipliers. Rows have slacks s with c + s = 0 and s > 0 if they are inequalities; of equalities
/// slacks and their multipliers are 0.
/// Distances to bounds get so small that numbers as large as bounds cannot tell them from 0: they are kept beside x.
struct Interior {
  Vector x, slack;
  Vector below, above;   ///< x - lower, upper - x; infinite where there is no bound
  Vector rows;           ///< multipliers of c (+ s) = 0
  Vector lower, upper;   ///< of x - lower > 0, upper - x > 0; 0 where there is no bound
  Vector slack_dual;     ///< of s > 0
  Program::Point point;  ///< at x
};
/// A change of each of these.
struct InteriorStep {
  Vector x, slack, rows, lower, upper, slack_dual;
};

/// What barrier and slacks add to a program; mu is the barrier's weight.
class BarrierProblem {
 public:
  BarrierProblem(Program& program, const Box& box) : program_(program), box_(box) {}

  [[nodiscard]] bool has_lower(std::size_t i) const { return std::isfinite(box_.lower[i]); }
  [[nodiscard]] bool has_upper(std::size_t i) const { return std::isfinite(box_.upper[i]); }
  /// The point moved away from bounds and its slacks from 0, all multipliers of these 1.
  [[nodiscard]] Interior start(Vector x) const;
  /// c + s.
  [[nodiscard]] Vector residual(const Vector& rows, const Vector& slack) const;
  /// The objective with the barrier; infinite outside.
  [[nodiscard]] double value(double objective, const Vector& below, const Vector& above, const Vector& slack,
                             double mu) const;
  /// Its slope along a step.
  [[nodiscard]] double slope(const Interior& at, const InteriorStep& step, double mu) const;
  /// The gradient of the Lagrangian in x.
  [[nodiscard]] Vector stationarity(const Interior& at) const;
  /// The largest |product of a distance and its multiplier - mu|.
  [[nodiscard]] double complementarity(const Interior& at, double mu) const;
  /// The largest violation of the optimality conditions of the barrier problem, scaled as W&B (5) has it.
  [[nodiscard]] double error(const Interior& at, double mu) const;
  /// The mean product of a distance and its multiplier, moved along a step.
  [[nodiscard]] double mean_product(const Interior& at, const InteriorStep* step, double primal, double dual) const;
  /// The longest part of a step which leaves a part 1 - tau of each distance; of multipliers.
  [[nodiscard]] double longest(const Interior& at, const InteriorStep& step, double tau) const;
  /// Moves a point and its distances, the slacks by themselves.
  void move(Vector& x, Vector& below, Vector& above, double part, const InteriorStep& step) const;
  [[nodiscard]] double longest_dual(const Interior& at, const InteriorStep& step, double tau) const;
  /// Keeps products of distances and multipliers near mu: W&B (16).
  void safeguard(Interior& at, double mu) const;
  /// Multipliers of rows by least squares; 0 if these are large.
  void estimate_multipliers(Interior& at) const;

  [[nodiscard]] Program& program() const noexcept { return program_; }
  [[nodiscard]] const Box& box() const noexcept { return box_; }

 private:
  Program& program_;
  const Box& box_;
};

/// The linear system of Newton's method at a point, made regular.
class NewtonSystem {
 public:
  /// \param shift  the last multiple of the identity that was needed, which is kept from system to system.
  NewtonSystem(const BarrierProblem& problem, const Interior& at, double mu, double& shift);

  /// Whether a multiple of the identity was found that makes it right.
  [[nodiscard]] bool regular() const noexcept { return factor_.has_value(); }
  /// \param residual  that c + s is to lose.
  [[nodiscard]] InteriorStep step(double mu, const Vector& residual) const;

 private:
  [[nodiscard]] SymmetricFactor factor_with(double shift, double row_shift) const;

  const BarrierProblem& problem_;
  const Interior& at_;
  Vector hessian_;
  std::size_t n_, m_;
  double shift_ = 0.0;
  std::optional<SymmetricFactor> factor_;
};

/// Pairs of violation and barrier value that steps must not come near to.
class Filter {
 public:
  [[nodiscard]] bool accepts(double violation, double value) const {
    return std::ranges::all_of(pairs_, [&](const auto& each) { return violation < each.first || value < each.second; });
  }
  void add(double violation, double value) { pairs_.emplace_back((1.0 - 1e-5) * violation, value - 1e-8 * violation); }
  void clear() { pairs_.clear(); }

 private:
  std::vector<std::pair<double, double>> pairs_;
};

/// One damped step to the least squares of c + s within bounds; false if none makes them less.
/// \param damping  0 at first; kept from step to step.
bool restoring_step(const BarrierProblem& problem, Interior& at, double& damping);

inline double one_norm(const Vector& a) {
  double sum = 0.0;
  for (const double each : a) sum += std::abs(each);
  return sum;
}

}  // namespace xgrad::solve::detail
