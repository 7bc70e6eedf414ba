// Negative log-likelihoods of real, positive and counted targets, and scores of whole predicted distributions.
//
// A predicted mean, scale or dispersion must have the shape of the target; a scale that is one for all may also be a
// number (a scalar Var, trainable or not). Scales below `eps` count as eps, but the derivative takes no notice of that,
// so that a network can leave the region. Integer targets are taken in the element type of the prediction.
#pragma once

#include <string_view>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Negative log-likelihood of a normal distribution whose variance is predicted too; per element.
///
///     loss = (ln v + (mean - target)^2 / v) / 2,  v = max(variance, eps);  full: + ln(2 pi) / 2
///
/// \param mean, target  of one shape.
/// \param variance      of that shape, or a number; >= 0.
/// \throws ShapeError  for other shapes; ValueError for eps < 0 and for negative variances (raised when evaluated).
/// \derivative  with respect to the variance, that of the formula with v in place of the variance: max has none.
/// \source  D. A. Nix and A. S. Weigend, Estimating the mean and variance of the target probability distribution, 1994.
struct GaussianNll {
  static constexpr std::string_view name = "GaussianNll";
  bool full = false;          ///< with the constant that makes it a log-likelihood
  double eps = 1e-6;          ///< smallest variance, >= 0
  bool check_targets = true;  ///< whether variances are checked
  Var operator()(const Var& mean, const Var& target, const Var& variance) const;
};
XGRAD_FIELDS(GaussianNll, full, eps, check_targets)

/// Negative log-likelihood of a Laplace distribution whose scale is predicted too; per element.
///
///     loss = |location - target| / b + ln(2 b),  b = max(scale, eps)
///
/// \param location, target  of one shape.
/// \param scale             of that shape, or a number; >= 0.
/// \throws ShapeError  for other shapes; ValueError for eps < 0 and for negative scales (raised when evaluated).
/// \derivative  0 with respect to location and target where they are equal.
/// \source  S. Kotz, T. J. Kozubowski and K. Podgorski, The Laplace Distribution and Generalizations, 2001.
struct LaplaceNll {
  static constexpr std::string_view name = "LaplaceNll";
  double eps = 1e-6;          ///< smallest scale, >= 0
  bool check_targets = true;  ///< whether scales are checked
  Var operator()(const Var& location, const Var& target, const Var& scale) const;
};
XGRAD_FIELDS(LaplaceNll, eps, check_targets)

/// Negative log-likelihood of Student's t distribution with location and scale; per element. Nearly normal for many
/// degrees of freedom; for few, far targets have little influence.
///
///     loss = ((nu + 1) / 2) log1p(y^2 / nu) + ln s + ln Gamma(nu / 2) - ln Gamma((nu + 1) / 2) + ln(pi nu) / 2,
///     y = (location - target) / s,  s = max(scale, eps)
///
/// \param location, target  of one shape.
/// \param scale             of that shape, or a number; >= 0. The standard deviation is s sqrt(nu / (nu - 2)).
/// \throws ShapeError  for other shapes, also of nu.
/// \throws ValueError  for eps < 0; for nu that is not positive and finite, and negative scales (raised when
///                     evaluated).
/// \derivative  smooth to every order, also with respect to nu.
/// \source  K. L. Lange, R. J. A. Little and J. M. G. Taylor, Robust statistical modeling using the t distribution,
///          1989.
struct StudentTNll {
  static constexpr std::string_view name = "StudentTNll";
  Var nu = 4.0;               ///< degrees of freedom, > 0 and finite: a number or one for each element; trainable
  double eps = 1e-6;          ///< smallest scale, >= 0
  bool check_targets = true;  ///< whether scales are checked
  Var operator()(const Var& location, const Var& target, const Var& scale) const;
};
XGRAD_FIELDS(StudentTNll, nu, eps, check_targets)

/// Negative log-likelihood of Poisson counts, without terms of the target alone; per element.
///
///     loss = exp(z) - t z                      for the logarithm z of the mean (log_input)
///     loss = p - t ln(p + eps)                 for the mean p itself
///     full: + t ln t - t + ln(2 pi t) / 2      where t > 1, Stirling's formula for ln t!
///
/// \param prediction, target  of one shape; targets >= 0.
/// \throws ShapeError  for different shapes.
/// \throws ValueError  for eps < 0; for negative targets and negative means (raised when evaluated).
/// \derivative  exp(z) - t, 1 - t / (p + eps).
/// \source  P. McCullagh and J. A. Nelder, Generalized Linear Models, 1989, chapter 6.
struct PoissonNll {
  static constexpr std::string_view name = "PoissonNll";
  bool log_input = true;      ///< the prediction is the logarithm of the mean
  bool full = false;          ///< with the terms of the target alone
  double eps = 1e-8;          ///< added to the mean before its logarithm is taken, >= 0; not used with log_input
  bool check_targets = true;  ///< whether targets and means are checked
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(PoissonNll, log_input, full, eps, check_targets)

/// Negative log-likelihood of positive targets whose standard deviation is proportional to their mean: the gamma
/// distribution, divided by its shape parameter and without terms of the target alone; per element.
///
///     loss = t / p + ln p,  p = max(prediction, eps);      t exp(-z) + z for the logarithm z of the mean (log_input)
///
/// \param prediction, target  of one shape, >= 0 (the logarithm of a mean may be negative).
/// \throws ShapeError  for different shapes.
/// \throws ValueError  for eps < 0; for negative targets and negative means (raised when evaluated).
/// \derivative  (p - t) / p^2, 1 - t exp(-z).
/// \source  P. McCullagh and J. A. Nelder, Generalized Linear Models, 1989, chapter 8.
struct GammaNll {
  static constexpr std::string_view name = "GammaNll";
  bool log_input = false;     ///< the prediction is the logarithm of the mean
  double eps = 1e-8;          ///< smallest mean, >= 0; not used with log_input
  bool check_targets = true;  ///< whether targets and means are checked
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(GammaNll, log_input, eps, check_targets)

/// Deviance of Tweedie's distributions with variance proportional to mean^rho, 1 < rho < 2: sums of a Poisson number of
/// gamma variables, 0 with positive probability, such as rainfall or insurance claims; per element.
///
///     loss = 2 (t^(2 - rho) / ((1 - rho) (2 - rho)) - t p^(1 - rho) / (1 - rho) + p^(2 - rho) / (2 - rho)),
///     p = max(prediction, eps), or exp(z) for the logarithm z of the mean (log_input)
///
/// \param prediction, target  of one shape, >= 0 (the logarithm of a mean may be negative).
/// \throws ShapeError  for different shapes.
/// \throws ValueError  unless 1 < rho < 2 and eps >= 0; for negative targets and means (raised when evaluated).
/// \derivative  2 p^-rho (p - t). That with respect to a target of 0 leaves out the first term, whose derivative is
///              infinite there.
/// \source  B. Jorgensen, Exponential dispersion models, 1987.
struct Tweedie {
  static constexpr std::string_view name = "Tweedie";
  double rho = 1.5;           ///< power of the mean that the variance is proportional to, in (1, 2)
  bool log_input = false;     ///< the prediction is the logarithm of the mean
  double eps = 1e-8;          ///< smallest mean, >= 0; not used with log_input
  bool check_targets = true;  ///< whether targets and means are checked
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Tweedie, rho, log_input, eps, check_targets)

/// Negative log-likelihood of counts that vary more than Poisson's: variance m + m^2 / r; per element.
///
///     loss = ln Gamma(r) + ln t! - ln Gamma(r + t) + r ln(1 + m / r) + t ln(1 + r / m),
///     m = max(prediction, eps), or exp(z) for the logarithm z of the mean (log_input);  r = max(dispersion, eps)
///
/// Computed in double, because the first terms cancel for large r.
///
/// \param prediction, target  of one shape, >= 0 (the logarithm of a mean may be negative).
/// \param dispersion          of that shape, or a number; >= 0. The larger, the nearer to Poisson's distribution.
/// \throws ShapeError  for other shapes.
/// \throws ValueError  for eps < 0; for negative targets, means or dispersions (raised when evaluated).
/// \derivative  r (m - t) / (m (r + m)) with respect to m; smooth to every order.
/// \source  J. M. Hilbe, Negative Binomial Regression, 2011 (NB2, with r = 1 / alpha).
struct NegativeBinomialNll {
  static constexpr std::string_view name = "NegativeBinomialNll";
  bool log_input = false;     ///< the prediction is the logarithm of the mean
  double eps = 1e-8;          ///< smallest mean and dispersion, >= 0
  bool check_targets = true;  ///< whether targets, means and dispersions are checked
  Var operator()(const Var& prediction, const Var& target, const Var& dispersion) const;
};
XGRAD_FIELDS(NegativeBinomialNll, log_input, eps, check_targets)

/// Negative log-likelihood of a mixture of normal distributions (mixture density networks); per sample.
///
///     loss[n] = -logsumexp_k(ln w[n, k] - ((target[n] - means[n, k]) / s[n, k])^2 / 2 - ln s[n, k] - ln(2 pi) / 2),
///     ln w = log_softmax(logits) along k,  s = max(scales, eps)
///
/// \param means, scales, logits  [..., K] of one shape; scales >= 0.
/// \param target                 [...]
/// \return  [...]
/// \throws ShapeError  for other shapes and K = 0; ValueError for eps < 0 and negative scales (raised when evaluated).
/// \derivative  smooth to every order.
/// \source  C. M. Bishop, Mixture density networks, 1994.
struct MixtureGaussianNll {
  static constexpr std::string_view name = "MixtureGaussianNll";
  /// Smallest scale, >= 0: the square root of GaussianNll's smallest variance. With a much smaller one, second
  /// derivatives of float32 overflow where several components have shrunk to it.
  double eps = 1e-3;
  bool check_targets = true;  ///< whether scales are checked
  Var operator()(const Var& means, const Var& target, const Var& scales, const Var& logits) const;
};
XGRAD_FIELDS(MixtureGaussianNll, eps, check_targets)

/// Continuous ranked probability score of a normal distribution, in the unit of the target; per element. The integral
/// over x of (F(x) - [x >= target])^2, F being the predicted distribution function.
///
///     loss = s (y (2 Phi(y) - 1) + 2 phi(y) - 1 / sqrt(pi)),  y = (target - mean) / s,  s = max(scale, eps)
///
/// \param mean, target  of one shape.
/// \param scale         standard deviations of that shape, or a number; >= 0.
/// \throws ShapeError  for other shapes; ValueError for eps < 0 and for negative scales (raised when evaluated).
/// \derivative  1 - 2 Phi(y) with respect to the mean, 2 phi(y) - 1 / sqrt(pi) to the scale; smooth to every order.
/// \source  T. Gneiting et al., Calibrated probabilistic forecasting using ensemble model output statistics and minimum
///          CRPS estimation, 2005.
struct CrpsGaussian {
  static constexpr std::string_view name = "CrpsGaussian";
  double eps = 1e-6;          ///< smallest scale, >= 0
  bool check_targets = true;  ///< whether scales are checked
  Var operator()(const Var& mean, const Var& target, const Var& scale) const;
};
XGRAD_FIELDS(CrpsGaussian, eps, check_targets)

/// Continuous ranked probability score of an ensemble of M equally likely predictions, in the unit of the target; per
/// sample. One member: its absolute error.
///
///     loss[n] = mean_i |x[n, i] - t[n]| - mean_ij |x[n, i] - x[n, j]| / 2
///
/// Computed from the sorted ensemble, in M log M steps for each sample.
///
/// \param ensemble  [..., M]
/// \param target    [...]
/// \return  [...]
/// \throws ShapeError  for other shapes and for M = 0.
/// \derivative  piecewise constant; equal members are taken to be in the order in which they stand, and a member equal
///              to the target has the derivative 0 in the first term.
/// \source  T. Gneiting and A. E. Raftery, Strictly proper scoring rules, prediction, and estimation, 2007,
///          equation 21.
struct CrpsEnsemble {
  static constexpr std::string_view name = "CrpsEnsemble";
  Var operator()(const Var& ensemble, const Var& target) const;
};
XGRAD_FIELDS(CrpsEnsemble)

/// Negative partial log-likelihood of Cox's proportional hazards, with Breslow's treatment of equal times; per sample.
///
///     loss[n] = event[n] (logsumexp of score[j] over all j with time[j] >= time[n] - score[n])
///
/// The batch is the study: a sample's risk set is taken from it. Computed in N log N steps.
///
/// \param score  [N] logarithms of the relative hazard; a constant added to all changes nothing.
/// \param time   [N] of the event, or until which there was none; no derivative.
/// \param event  [N] booleans, or numbers that count as true unless they are 0: false where only the lack of an event
///               until then is known (censored). No derivative.
/// \return  [N] >= 0, and 0 without an event: divide the sum by the number of events, or use masked_mean.
/// \throws ShapeError  unless all are [N]; ValueError for a time that is not a number (raised when evaluated).
/// \derivative  smooth in the scores to every order.
/// \source  D. R. Cox, Regression models and life-tables, 1972; N. Breslow, Covariance analysis of censored survival
///          data, 1974.
struct CoxPartial {
  static constexpr std::string_view name = "CoxPartial";
  bool check_targets = true;  ///< whether times are checked
  Var operator()(const Var& score, const Var& time, const Var& event) const;
};
XGRAD_FIELDS(CoxPartial, check_targets)

}  // namespace xgrad::loss

#pragma GCC visibility pop
