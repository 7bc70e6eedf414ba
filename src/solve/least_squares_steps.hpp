// The steps among which a trust region chooses.
#pragma once

#include <xgrad/solve/least_squares.hpp>

#include "dense.hpp"

namespace xgrad::solve::detail {

/// A step of the free variables within |D p| <= radius.
/// \param rounding  of the elements of the Jacobian.
/// \param lambda  of Levenberg and Marquardt: the last one in, the next one out; 0 of the others.
Vector step_of(const LeastSquaresMethod& method, const PivotedQr& qr, const Vector& scale, double rounding,
               double radius, double& lambda);

/// The radius that a method starts with, as a factor.
double first_radius(const LeastSquaresMethod& method);

/// What robust losses make of residuals: the least sum of losses has the derivatives of a weighted sum of squares.
class Losses {
 public:
  Losses(std::string_view operation, const Robust& loss);
  /// Twice the sum of the losses.
  double cost(const Vector& residuals) const;
  /// The roots of the weights, loss'(r) / r, which are multiplied into the residuals and into the rows of the Jacobian.
  void weigh(Vector& residuals, Vector& jacobian) const;

 private:
  std::string operation_;
  std::function<Var(const Var&)> sum_, slope_;
};

}  // namespace xgrad::solve::detail
