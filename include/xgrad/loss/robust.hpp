// Losses of real targets that limit the influence of outliers.
//
// Below, e = prediction - target. Predictions and targets must have one shape; the loss has it too. Integer arguments
// are taken in the element type of the other argument, or as float64.
#pragma once

#include <string_view>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Huber's loss: squared near 0, absolute far from it; per element.
///
///     loss = e^2 / 2                  where |e| <= delta
///            delta (|e| - delta / 2)  elsewhere
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless delta is positive and finite.
/// \derivative  e between -delta and delta, and the nearer bound elsewhere; the second derivative is 1 up to the
///              bounds, 0 beyond.
/// \source  P. J. Huber, Robust estimation of a location parameter, 1964.
struct Huber {
  static constexpr std::string_view name = "Huber";
  double delta = 1.0;  ///< where the parabola ends, > 0
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Huber, delta)

/// Huber's loss divided by beta, which is the absolute error for beta = 0; per element.
///
///     loss = e^2 / (2 beta)  where |e| < beta
///            |e| - beta / 2  elsewhere
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless beta >= 0 and finite.
/// \derivative  e / beta between -beta and beta, and sign(e) elsewhere.
/// \source  R. Girshick, Fast R-CNN, 2015, section 2.3.
struct SmoothL1 {
  static constexpr std::string_view name = "SmoothL1";
  double beta = 1.0;  ///< where the parabola ends, >= 0
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(SmoothL1, beta)

/// A hyperbola around the absolute error, eps at 0; per element. PseudoHuber up to scale and offset.
///
///     loss = sqrt(e^2 + eps^2)
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless eps is positive and finite.
/// \derivative  e / loss; smooth to every order.
/// \source  P. Charbonnier et al., Two deterministic half-quadratic regularization algorithms for computed imaging,
///          1994.
struct Charbonnier {
  static constexpr std::string_view name = "Charbonnier";
  double eps = 1e-3;  ///< width of the rounding at 0, > 0
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Charbonnier, eps)

/// A smooth form of Huber's loss; per element.
///
///     loss = delta^2 (sqrt(1 + (e / delta)^2) - 1)
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless delta is positive and finite.
/// \derivative  e / sqrt(1 + (e / delta)^2); smooth to every order.
/// \source  R. Hartley and A. Zisserman, Multiple View Geometry in Computer Vision, 2003, appendix 6.8.
struct PseudoHuber {
  static constexpr std::string_view name = "PseudoHuber";
  double delta = 1.0;  ///< slope far from 0, > 0
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(PseudoHuber, delta)

/// Cauchy's (Lorentzian) loss, which grows like a logarithm; per element.
///
///     loss = (c^2 / 2) ln(1 + (e / c)^2)
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless c is positive and finite.
/// \derivative  e / (1 + (e / c)^2), largest at |e| = c; smooth to every order.
/// \source  M. J. Black and P. Anandan, The robust estimation of multiple motions, 1996.
struct Cauchy {
  static constexpr std::string_view name = "Cauchy";
  double c = 1.0;  ///< scale, > 0
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Cauchy, c)

/// Welsch's (Leclerc's) loss, at most c^2 / 2; per element.
///
///     loss = (c^2 / 2) (1 - exp(-(e / c)^2))
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless c is positive and finite.
/// \derivative  e exp(-(e / c)^2), largest at |e| = c / sqrt(2); smooth to every order.
/// \source  J. E. Dennis and R. E. Welsch, Techniques for nonlinear least squares and robust regression, 1978.
struct Welsch {
  static constexpr std::string_view name = "Welsch";
  double c = 1.0;  ///< scale, > 0
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Welsch, c)

/// The loss of Geman and McClure, at most 2; per element. Barron's loss for alpha = -2.
///
///     loss = 2 u / (u + 4),  u = (e / c)^2
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless c is positive and finite.
/// \derivative  16 e / (c^2 (u + 4)^2); smooth to every order.
/// \source  S. Geman and D. E. McClure, Bayesian image analysis: an application to single photon emission tomography,
///          1985; scaled as by J. T. Barron, A general and adaptive robust loss function, 2019.
struct GemanMcClure {
  static constexpr std::string_view name = "GemanMcClure";
  double c = 1.0;  ///< scale, > 0
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(GemanMcClure, c)

/// Tukey's biweight, constant beyond c; per element.
///
///     loss = (c^2 / 6) (1 - (1 - (e / c)^2)^3)  where |e| < c
///            c^2 / 6                            elsewhere
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless c is positive and finite.
/// \derivative  e (1 - (e / c)^2)^2 where |e| < c, else 0; the second derivative is continuous.
/// \source  A. E. Beaton and J. W. Tukey, The fitting of power series, meaning polynomials, illustrated on
///          band-spectroscopic data, 1974.
struct Tukey {
  static constexpr std::string_view name = "Tukey";
  double c = 4.685;  ///< where the influence ends, > 0; 4.685 standard deviations are 95 % efficient for normal errors
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Tukey, c)

/// A family of losses from the squared error to bounded ones; per element. The parameters may be trained.
///
///     loss = (b / alpha) ((u / b + 1)^(alpha / 2) - 1),  u = (e / c)^2,  b = |alpha - 2|
///
/// and its limits: u / 2 for alpha = 2, ln(u / 2 + 1) for 0, 1 - exp(-u / 2) for -infinity, exp(u / 2) - 1 for
/// infinity. For alpha = 1 it is PseudoHuber, for -2 GemanMcClure.
///
/// A plain number alpha costs the least if it is a multiple of 1/2 from 1/2 to 8, where the power is a root, or a
/// limit; next to 2, nearer than 1/8, it costs twice as much as elsewhere. The loss grows with alpha: trained without
/// a bound or a term of its own for it, alpha falls without end.
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes, and unless alpha and c broadcast to that shape.
/// \throws ValueError  if alpha is not a number, or c not positive (raised when evaluated, if it is trained).
/// \derivative  e / c^2 (u / b + 1)^(alpha / 2 - 1) with respect to the prediction. All are right to every order also
///              for alpha next to 0 and 2. At alpha = 2 that with respect to alpha is infinite; given is what it is
///              when |alpha - 2| is the machine epsilon, about (u / 4) (ln u + 35) for double.
/// \source  J. T. Barron, A general and adaptive robust loss function, 2019.
struct Barron {
  static constexpr std::string_view name = "Barron";
  Var alpha = 1.0;  ///< shape, any real number: the smaller, the less outliers count; a number or broadcast to the loss
  Var c = 1.0;      ///< scale, > 0: errors beyond it count as large; a number or broadcast to the loss
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Barron, alpha, c)

/// Wing loss: logarithmic near 0, so that small errors keep their influence, absolute beyond w; per element.
///
///     loss = w ln(1 + |e| / eps)  where |e| < w
///            |e| - C              elsewhere,  C = w - w ln(1 + w / eps)
///
/// \param prediction, target  of one shape.
/// \throws ShapeError  for other shapes; ValueError unless w and eps are positive and finite.
/// \derivative  w sign(e) / (eps + |e|) where |e| <= w, 0 at 0, and sign(e) elsewhere.
/// \source  Z.-H. Feng et al., Wing loss for robust facial landmark localisation with convolutional neural networks,
///          2018.
struct Wing {
  static constexpr std::string_view name = "Wing";
  double w = 10.0;   ///< where the logarithm ends, > 0
  double eps = 2.0;  ///< curvature of the logarithm, > 0: the slope at 0 is w / eps
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Wing, w, eps)

}  // namespace xgrad::loss

#pragma GCC visibility pop
