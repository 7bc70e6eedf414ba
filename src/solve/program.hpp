// An objective with constraints of one vector: a nonlinear program.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include <xgrad/solve/constrained.hpp>

#include "flat.hpp"

namespace xgrad::solve::detail {

/// Objective f and rows of constraints c, which are 0 or at most 0, compiled with their derivatives, and scaled.
class Program {
 public:
  /// \throws ShapeError, TypeError  for an objective that is no scalar, and constraints without numbers.
  Program(const Leaves& leaves, const LeavesFunction& objective, const ConstraintLeaves& constraints);

  struct Values {
    double objective = 0.0;
    Vector rows;
    [[nodiscard]] bool finite() const { return std::isfinite(objective) && all_finite(rows); }
  };
  Values values(const Vector& x);
  struct Point : Values {
    Vector gradient;
    Vector jacobian;  ///< row after row
    [[nodiscard]] bool finite() const { return Values::finite() && all_finite(gradient) && all_finite(jacobian); }
  };
  Point at(const Vector& x);
  /// Of f + y . c, n x n.
  Vector hessian(const Vector& x, const Vector& y);
  /// J^T y.
  [[nodiscard]] Vector transposed(const Point& point, const Vector& y) const;

  [[nodiscard]] std::size_t size() const noexcept { return leaves_.size(); }
  [[nodiscard]] std::size_t rows() const noexcept { return is_equality_.size(); }
  [[nodiscard]] bool is_equality(std::size_t row) const { return is_equality_[row] != 0; }
  [[nodiscard]] const Leaves& leaves() const noexcept { return leaves_; }

  /// From now on no slope at this point is above `most`: the objective and rows are multiplied by what that takes.
  void scale(const Point& at, double most);
  [[nodiscard]] double objective_scale() const noexcept { return objective_scale_; }
  [[nodiscard]] double row_scale(std::size_t row) const { return row_scales_[row]; }
  /// The largest violation of a row without its scale.
  [[nodiscard]] double violation(const Vector& rows) const;

  ConstrainedReport report;  ///< in which evaluations are counted

 private:
  using Arrays = std::vector<Var>;
  void apply_scales(Values& values) const;

  const Leaves& leaves_;
  std::vector<unsigned char> is_equality_;
  double objective_scale_ = 1.0;
  Vector row_scales_;
  std::vector<std::size_t> sizes_;  ///< of the leaves
  std::function<Arrays(const Arrays&)> values_, slopes_;
  std::function<Arrays(const Arrays&, const Var&, const Var&)> hessian_;
};

inline constexpr std::string_view constrained_name = "solve::minimise";

/// Limits and options with their defaults.
struct ConstrainedLimits {
  double gradient;
  double violation;
  std::size_t iterations;
  std::size_t evaluations;
  const Observer* observer;
};

/// A point with the multipliers of rows and bounds, all without scales.
struct Solution {
  Vector x, rows, lower, upper;
};
Solution interior_point(const InteriorPoint& method, Program& program, const Box& box, const ConstrainedLimits& limits);
Solution augmented_lagrangian(const AugmentedLagrangian& method, Program& program, const LeavesFunction& objective,
                              const LeavesFunction& constraints, const Box& box, const ConstrainedLimits& limits);

}  // namespace xgrad::solve::detail
