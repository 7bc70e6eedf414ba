// The steps among which a trust region chooses.
#pragma once

#include <limits>

#include <xgrad/solve/least_squares.hpp>

#include "dense.hpp"

namespace xgrad::solve::detail {

inline constexpr double rounding_unit = std::numeric_limits<double>::epsilon();
inline constexpr std::string_view least_squares_name = "solve::least_squares";

/// A step of the free variables within |D p| <= radius.
/// \param rounding  of the elements of the Jacobian.
/// \param lambda  of Levenberg and Marquardt: the last one in, the next one out; 0 of the others.
Vector step_of(const LeastSquaresMethod& method, const PivotedQr& qr, const Vector& scale, double rounding,
               double radius, double& lambda);

/// The radius that a method starts with, as a factor.
double first_radius(const LeastSquaresMethod& method);

/// The factors of columns, as a method wants them.
PivotedQr factors_of(const LeastSquaresMethod& method, Vector columns, const Vector& residuals, std::size_t n);

/// Where a fit ended: the cost is twice the sum of the losses.
struct FitEnd {
  Vector x;
  double cost = 0.0;
  std::size_t residuals = 0;
};
/// \param inverse  (J^T J)^-1, if it was to be computed.
Fitted fitted_of(const Residuals& residuals, const FitEnd& end, const std::optional<Vector>& inverse);
/// \throws ValueError  unless it is finite.
void require_finite_start(double cost);

class Losses;
/// Levenberg and Marquardt without a Jacobian.
FitEnd fit_without_jacobian(const MatrixFreeLM& method, Residuals& residuals, const Losses& losses, const Box& box,
                            const LeastSquaresOptions& options);

/// What robust losses make of residuals: the least sum of losses has the derivatives of a weighted sum of squares.
class Losses {
 public:
  Losses(std::string_view operation, const Robust& loss);
  /// Twice the sum of the losses.
  double cost(const Vector& residuals) const;
  /// The roots of the weights, loss'(r) / r, which are multiplied into the residuals and into the rows of the Jacobian.
  void weigh(Vector& residuals, Vector& jacobian) const;
  /// These roots alone.
  Vector roots_of_weights(const Vector& residuals) const;

 private:
  std::string operation_;
  std::function<Var(const Var&)> sum_, slope_;
};

}  // namespace xgrad::solve::detail
