// What describes samples together: weighted means, covariances, distances, counts in bins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <xgrad/core/shape.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Weighted mean, sum(w x) / sum(w), in floating point; NaN or infinite where the weights add up to 0.
///
/// \param weights  in the shape of x; or with the extents of the axes, in the order in which these are named.
/// \throws ShapeError  unless they have such a shape.
Var average(const Var& x, const Var& weights, const Axes& axes = {}, KeepDims keep = KeepDims::no);

/// Covariances of variables: C[i, j] = sum_k (x[i, k] - m[i]) (x[j, k] - m[j]) / (n - ddof), m being the means of the
/// rows. A divisor of 0 or less counts as 0.
///
/// \param x  [..., variables, n]: a row for each variable, an observation in each column; [n] is one variable, of which
///           the variance comes out.
/// \return   [..., variables, variables], or [].
/// \throws ShapeError  for a scalar.
/// \throws ValueError  unless ddof is finite.
Var cov(const Var& x, double ddof = 1.0);

/// Correlations of variables, C[i, j] / sqrt(C[i, i] C[j, j]), in [-1, 1]; NaN for a variable that does not vary.
/// Arguments and shapes are those of cov.
Var corrcoef(const Var& x);

/// A distance between two vectors. The names are SciPy's.
enum class Metric : std::uint8_t {
  Euclidean,    ///< sqrt(sum (a - b)^2), without overflow of the squares; derivative 0 between equal vectors
  SqEuclidean,  ///< sum (a - b)^2
  Cityblock,    ///< sum |a - b|
  Chebyshev     ///< max |a - b|
};

/// Distances between the rows of two matrices, result[..., i, j] = distance(a[..., i, :], b[..., j, :]). Differences
/// are taken before they are squared, so that near rows lose no digits.
///
/// \param a, b  [..., m, d] and [..., n, d]; leading axes broadcast.
/// \return      [..., m, n].
/// \throws ShapeError  unless both are matrices, or stacks of such, with rows of the same length.
Var cdist(const Var& a, const Var& b, Metric metric = Metric::Euclidean);

}  // namespace xgrad

#pragma GCC visibility pop
