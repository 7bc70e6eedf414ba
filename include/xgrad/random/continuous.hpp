// Random numbers of continuous distributions.
//
// Each number has the same bits on all processors and for any number of threads. What has parameters takes the element
// type of these (float64 for integers) and, unless a shape is given, their broadcast shape; parameters broadcast to a
// given shape. An array of keys gives what each of its keys gives, along its axes before those of the shape.
// Derivatives are those of numbers that move with the parameters while the probability of smaller ones stays
// (reparameterisation).
#pragma once

#include <cstddef>
#include <utility>

#include <xgrad/core/shape.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::random {

// ---- without parameters. Standard ones: write `mean + scale * normal(key, shape)`. They throw TypeError for an
// element type that is not floating-point.

/// 64 random bits each, int64.
[[nodiscard]] Var bits(const KeyUse& key, const Shape& shape = {});

/// In [0, 1): multiples of 2^-24 (float32) or 2^-53 (float64), all equally likely.
[[nodiscard]] Var uniform(const KeyUse& key, const Shape& shape = {}, DType dtype = DType::Float64);

/// Of the normal distribution with mean 0 and variance 1, by G. E. P. Box and M. E. Muller (1958): up to 6.7 (float32)
/// or 9.4 (float64) in size, with the right probabilities to there.
[[nodiscard]] Var normal(const KeyUse& key, const Shape& shape = {}, DType dtype = DType::Float64);

/// Density e^-x, x > 0; mean 1.
[[nodiscard]] Var exponential(const KeyUse& key, const Shape& shape = {}, DType dtype = DType::Float64);
/// Density e^-|x| / 2.
[[nodiscard]] Var laplace(const KeyUse& key, const Shape& shape = {}, DType dtype = DType::Float64);
/// Density 1 / (pi (1 + x^2)); no mean.
[[nodiscard]] Var cauchy(const KeyUse& key, const Shape& shape = {}, DType dtype = DType::Float64);
/// Distribution e^(-e^-x); mean 0.5772.
[[nodiscard]] Var gumbel(const KeyUse& key, const Shape& shape = {}, DType dtype = DType::Float64);
/// Distribution 1 / (1 + e^-x).
[[nodiscard]] Var logistic(const KeyUse& key, const Shape& shape = {}, DType dtype = DType::Float64);

// ---- with parameters. They throw ShapeError if these do not broadcast to each other and to the shape, and, when
// values are computed, ValueError for parameters out of range.

/// low + (high - low) u with u in [0, 1), which may round to high.
[[nodiscard]] Var uniform(const KeyUse& key, const Var& low, const Var& high);
[[nodiscard]] Var uniform(const KeyUse& key, const Var& low, const Var& high, const Shape& shape);

/// mean + stddev z; stddev >= 0.
[[nodiscard]] Var normal(const KeyUse& key, const Var& mean, const Var& stddev);
[[nodiscard]] Var normal(const KeyUse& key, const Var& mean, const Var& stddev, const Shape& shape);

/// Of the standard normal distribution between two bounds, low < high, of which one or both may be infinite, and which
/// may lie far outside. One number of the inverse of the distribution, in float64.
[[nodiscard]] Var truncated_normal(const KeyUse& key, const Var& low, const Var& high);
[[nodiscard]] Var truncated_normal(const KeyUse& key, const Var& low, const Var& high, const Shape& shape);

/// Density x^(alpha - 1) e^-x / Gamma(alpha), alpha > 0; for a rate b divide by b. By G. Marsaglia and W. W. Tsang
/// (2000), with the derivative of M. Figurnov, S. Mohamed and A. Mnih (2018).
[[nodiscard]] Var gamma(const KeyUse& key, const Var& alpha);
[[nodiscard]] Var gamma(const KeyUse& key, const Var& alpha, const Shape& shape);
/// The logarithm of that, for alpha so small that gamma(alpha) would mostly be 0.
[[nodiscard]] Var loggamma(const KeyUse& key, const Var& alpha);
[[nodiscard]] Var loggamma(const KeyUse& key, const Var& alpha, const Shape& shape);

/// Density proportional to x^(a - 1) (1 - x)^(b - 1) in [0, 1]; a, b > 0.
[[nodiscard]] Var beta(const KeyUse& key, const Var& a, const Var& b);
[[nodiscard]] Var beta(const KeyUse& key, const Var& a, const Var& b, const Shape& shape);

/// Points of the simplex along the last axis, with a density proportional to the product of x_i^(alpha_i - 1). The last
/// axis of alpha is that of the points; a shape is given without it.
/// \throws ShapeError  if alpha is a number.
[[nodiscard]] Var dirichlet(const KeyUse& key, const Var& alpha);
[[nodiscard]] Var dirichlet(const KeyUse& key, const Var& alpha, const Shape& shape);

/// The sum of `df` squares of normal numbers, 2 gamma(df / 2); df > 0.
[[nodiscard]] Var chisquare(const KeyUse& key, const Var& df);
[[nodiscard]] Var chisquare(const KeyUse& key, const Var& df, const Shape& shape);
/// z / sqrt(chisquare(df) / df); df > 0.
[[nodiscard]] Var student_t(const KeyUse& key, const Var& df);
[[nodiscard]] Var student_t(const KeyUse& key, const Var& df, const Shape& shape);

/// mean + A z, which has the covariance A A^T: the last axis is that of the d numbers of a point, A is [..., d, d],
/// such as the Cholesky factor of the covariance. A shape is given without the last axis. The product is left to BLAS,
/// whose last digits may depend on the processor.
/// \throws ShapeError  if the mean is a number or A is not square of its size.
[[nodiscard]] Var multivariate_normal(const KeyUse& key, const Var& mean, const Var& scale_tril);
[[nodiscard]] Var multivariate_normal(const KeyUse& key, const Var& mean, const Var& scale_tril, const Shape& shape);

/// A covariance, [..., d, d], in place of a factor of it. Symmetric and positive definite; of it only the lower
/// triangle is read.
struct Covariance {
  explicit Covariance(Var of) : matrix(std::move(of)) {}
  Var matrix;
};
/// The same with A = linalg::cholesky(covariance): multivariate_normal(key, mean, Covariance(c)). Derivatives are those
/// for a symmetric matrix.
/// \throws ShapeError   if the mean is a number or the covariance is not square of its size.
/// \throws MatrixError  when evaluated: unless the covariance is positive definite and finite.
[[nodiscard]] Var multivariate_normal(const KeyUse& key, const Var& mean, const Covariance& covariance);
[[nodiscard]] Var multivariate_normal(const KeyUse& key, const Var& mean, const Covariance& covariance,
                                      const Shape& shape);

/// Points all over the unit sphere in a space of the given dimension, which is the last axis: normal numbers divided by
/// their norm.
/// \throws ValueError  for the dimension 0.
[[nodiscard]] Var sphere(const KeyUse& key, std::size_t dimension, const Shape& shape = {},
                         DType dtype = DType::Float64);

/// Orthogonal matrices, [..., n, n], by Haar's measure: turned by any fixed one, they are as likely. Q of the factors
/// of normal numbers with a positive diagonal of R (F. Mezzadri 2007). LAPACK computes it, so that last digits may
/// depend on the processor.
/// \param shape  without the axes of the matrices.
[[nodiscard]] Var orthogonal(const KeyUse& key, std::size_t n, const Shape& shape = {}, DType dtype = DType::Float64);

/// How ln(x) of a gamma variate x moves with alpha while the probability P(alpha, x) of smaller ones stays:
/// -(dP/dalpha) / (x p(x)), from log_x = ln(x). What gamma and its kin are differentiated with, for reparameterisations
/// of your own.
/// \throws ShapeError  if the arguments do not broadcast.
[[nodiscard]] Var gamma_slope(const Var& alpha, const Var& log_x);

}  // namespace xgrad::random

#pragma GCC visibility pop
