// Losses of real targets. Those of robust.hpp, which limit the influence of outliers, come with this header.
//
// Below, e = prediction - target. Predictions and targets must have one shape; the loss has it too, unless the formula
// goes along an axis. Integer arguments are taken in the element type of the other argument, or as float64.
#pragma once

#include <cstddef>
#include <string_view>

#include <xgrad/loss/robust.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Squared error; per element.
///
///     loss = e^2
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes.
/// \derivative  2 e; smooth to every order.
/// \source  C. M. Bishop, Pattern Recognition and Machine Learning, 2006, section 1.5.5.
struct Mse {
  static constexpr std::string_view name = "Mse";
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Mse)

/// Half the squared error, whose derivative is the residual; per element.
///
///     loss = e^2 / 2
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes.
/// \derivative  e; smooth to every order.
/// \source  C. M. Bishop, Pattern Recognition and Machine Learning, 2006, section 3.1.1.
struct HalfSquared {
  static constexpr std::string_view name = "HalfSquared";
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(HalfSquared)

/// Root of the mean squared error along an axis; 0 where the axis is empty.
///
///     loss = sqrt(mean(e^2, axis))
///
/// \param prediction, target  of one shape.
/// \return        the shape without the axis.
/// \throws ShapeError  for other shapes, and if there is no such axis.
/// \derivative  e / (n loss), and 0 where all e are 0; the second derivative grows like 1 / loss.
/// \source  R. J. Hyndman and A. B. Koehler, Another look at measures of forecast accuracy, 2006, section 2.1.
struct Rmse {
  static constexpr std::string_view name = "Rmse";
  std::ptrdiff_t axis = -1;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Rmse, axis)

/// Absolute error; per element. The best constant prediction is the median.
///
///     loss = |e|
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes.
/// \derivative  sign(e), 0 at 0; the second derivative is 0.
/// \source  C. M. Bishop, Pattern Recognition and Machine Learning, 2006, section 1.5.5.
struct Mae {
  static constexpr std::string_view name = "Mae";
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Mae)

/// Logarithm of the hyperbolic cosine: e^2 / 2 near 0, |e| - ln 2 far from it; per element.
///
///     loss = ln(cosh(e)) = |e| + ln(1 + exp(-2 |e|)) - ln 2
///
/// The value is exact to about 1e-7 in float32 and 1e-16 in float64, absolutely: below that it is rounding.
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes.
/// \derivative  tanh(e); smooth to every order.
/// \source  P. J. Green, Bayesian reconstructions from emission tomography data using a modified EM algorithm, 1990.
struct LogCosh {
  static constexpr std::string_view name = "LogCosh";
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(LogCosh)

/// Absolute percentage error; per element.
///
///     loss = 100 |e| / max(|target|, eps)
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless eps > 0.
/// \derivative  with respect to the prediction 100 sign(e) / max(|target|, eps), 0 where e is 0.
/// \source  R. J. Hyndman and A. B. Koehler, Another look at measures of forecast accuracy, 2006, section 2.2.
struct Mape {
  static constexpr std::string_view name = "Mape";
  double eps = 1e-7;  ///< least size of a target, > 0
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Mape, eps)

/// Symmetric absolute percentage error, between 0 and 200; per element. 0 where both are 0.
///
///     loss = 200 |e| / max(|prediction| + |target|, eps)
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless eps > 0.
/// \derivative  200 sign(e) / s - loss sign(prediction) / s, s = |prediction| + |target|: 0 where the signs differ.
/// \source  S. Makridakis, Accuracy measures: theoretical and practical concerns, 1993, with absolute values in the
///          denominator.
struct Smape {
  static constexpr std::string_view name = "Smape";
  double eps = 1e-7;  ///< least denominator, > 0
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Smape, eps)

/// Squared difference of logarithms, for positive quantities that range over orders of magnitude; per element.
///
///     loss = (log1p(prediction) - log1p(target))^2
///
/// \param prediction  > -1, such as the softplus of a network's output; NaN or infinity for others.
/// \param target      of the same shape, > -1.
/// \throws ShapeError  for other shapes; ValueError for targets <= -1 and NaN (raised when evaluated).
/// \derivative  2 (log1p(prediction) - log1p(target)) / (1 + prediction); smooth to every order.
/// \source  scikit-learn's mean_squared_log_error.
struct Msle {
  static constexpr std::string_view name = "Msle";
  bool check_targets = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Msle, check_targets)

/// Quantile loss: the best constant prediction is the tau-quantile; per element.
///
///     loss = max(tau r, (tau - 1) r),  r = target - prediction
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless 0 < tau < 1.
/// \derivative  with respect to the prediction -tau below the target, 1 - tau above it and 1/2 - tau at it.
/// \source  R. Koenker and G. Bassett, Regression quantiles, 1978.
struct Pinball {
  static constexpr std::string_view name = "Pinball";
  double tau = 0.5;  ///< in (0, 1)
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Pinball, tau)

/// Asymmetric squared error: the best constant prediction is the tau-expectile; per element.
///
///     loss = |tau - [r < 0]| r^2,  r = target - prediction
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless 0 < tau < 1.
/// \derivative  -2 |tau - [r < 0]| r; the second derivative jumps at 0 and is taken as the mean of both sides, 1,
///              there.
/// \source  W. K. Newey and J. L. Powell, Asymmetric least squares estimation and testing, 1987.
struct Expectile {
  static constexpr std::string_view name = "Expectile";
  double tau = 0.5;  ///< in (0, 1)
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Expectile, tau)

/// Absolute error beyond a tolerance, as in support vector regression; per element.
///
///     loss = max(0, |e| - eps)
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless eps >= 0 and finite.
/// \derivative  sign(e) where |e| > eps, else 0.
/// \source  V. N. Vapnik, The Nature of Statistical Learning Theory, second edition, 2000, chapter 6.
struct EpsilonInsensitive {
  static constexpr std::string_view name = "EpsilonInsensitive";
  double eps = 0.1;  ///< tolerance, >= 0
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(EpsilonInsensitive, eps)

/// Square of the error beyond a tolerance; per element.
///
///     loss = max(0, |e| - eps)^2
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless eps >= 0 and finite.
/// \derivative  2 max(0, |e| - eps) sign(e); the second derivative is 0 where |e| <= eps.
/// \source  V. N. Vapnik, The Nature of Statistical Learning Theory, second edition, 2000, chapter 6.
struct SquaredEpsilonInsensitive {
  static constexpr std::string_view name = "SquaredEpsilonInsensitive";
  double eps = 0.1;  ///< tolerance, >= 0
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(SquaredEpsilonInsensitive, eps)

/// Linear-exponential loss: errors to one side cost exponentially, to the other linearly; per element.
///
///     loss = exp(a e) - a e - 1
///
/// The value and the derivative are exact to about 1e-7 in float32 and 1e-16 in float64, absolutely.
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless a is finite and not 0.
/// \derivative  a (exp(a e) - 1); smooth to every order. Infinite, like the loss, where exp(a e) overflows.
/// \source  A. Zellner, Bayesian estimation and prediction using asymmetric loss functions, 1986.
struct Linex {
  static constexpr std::string_view name = "Linex";
  double a = 1.0;  ///< > 0: predictions that are too high cost more; < 0: those that are too low
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Linex, a)

/// One minus the cosine of the angle between prediction and target, between 0 and 2. A vector of zeros has the distance
/// 1 from all others.
///
///     loss = 1 - sum(p t) / (max(|p|, eps) max(|t|, eps))        along the axis, |.| being the Euclidean norm
///
/// \param prediction, target  of one shape.
/// \return        the shape without the axis.
/// \throws ShapeError  for other shapes, and if there is no such axis; ValueError unless eps > 0.
/// \derivative  (cos p / |p| - t / |t|) / |p| with respect to the prediction; -t / (eps |t|), which is large, at p = 0.
/// \source  C. D. Manning, P. Raghavan and H. Schuetze, Introduction to Information Retrieval, 2008, section 6.3.1.
struct CosineDistance {
  static constexpr std::string_view name = "CosineDistance";
  std::ptrdiff_t axis = -1;
  double eps = 1e-8;  ///< least norm, > 0
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(CosineDistance, axis, eps)

using CosineSimilarityLoss = CosineDistance;

}  // namespace xgrad::loss

#pragma GCC visibility pop
