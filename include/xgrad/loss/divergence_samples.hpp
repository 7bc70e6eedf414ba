// Distances between distributions of which there are samples only.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

/// Wasserstein distance of order p between two samples on the line: the cost of moving one to the other, which is least
/// in sorted order; not reduced.
///
///     loss[n] = (integral over u from 0 to 1 of abs(Q(u) - Q'(u))^p)^(1/p),    Q and Q' the quantiles of the samples
///     with N = M numbers each:    (1/N sum_i abs(x_(i) - y_(i))^p)^(1/p),      x_(i) the i-th smallest
///
/// \param prediction  [..., N] numbers, each with the weight 1 / N.
/// \param target      [..., M] numbers, each with the weight 1 / M.
/// \return            [...], >= 0, in the unit of the numbers.
/// \throws ShapeError  unless both have the same leading axes and last axes of extents > 0.
/// \throws ValueError  unless p is finite and >= 1.
/// \derivative  goes back to where the sorted numbers came from; 0 where a difference, or the distance, is 0.
/// \source  C. Villani, Topics in Optimal Transportation, 2003, theorem 2.18.
struct Wasserstein1d {
  static constexpr std::string_view name = "Wasserstein1d";
  double p = 1.0;  ///< the order, >= 1
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Wasserstein1d, p)

/// Optimal transport between two clouds of points with an entropic penalty, by Sinkhorn's iteration in the logarithm;
/// one number.
///
///     OT(x, y) = min_P sum_ij P_ij C_ij + epsilon KL(P || 1 / (N M)),    C_ij = |x_i - y_j|^2
///     loss = OT(x, y) - (OT(x, x) + OT(y, y)) / 2                        not debiased: OT(x, y)
///
/// over all P whose rows add up to 1 / N and whose columns to 1 / M. The value is that of the dual problem after the
/// given number of iterations, which comes from below: sum_i f_i / N + sum_j g_j / M. Debiased, it is 0 for equal
/// clouds; it goes to the squared Wasserstein distance for a small epsilon and to the squared distance of the means for
/// a large one. Epsilon has the unit of a squared distance; the smaller it is, the more iterations are needed.
///
/// \param prediction  x, [N, D] points of the weight 1 / N.
/// \param target      y, [M, D] points of the weight 1 / M.
/// \return            [].
/// \throws ShapeError  unless both are matrices with the same D, and N, M > 0.
/// \throws ValueError  unless epsilon is positive and finite and iterations is in [1, 10000].
/// \derivative  goes through the iterations, so it is exact for the value that is returned, to every order. It keeps N
///              M numbers for each iteration.
/// \source  M. Cuturi, Sinkhorn distances, 2013; J. Feydy et al., Interpolating between optimal transport and MMD using
///          Sinkhorn divergences, 2019.
struct Sinkhorn {
  static constexpr std::string_view name = "Sinkhorn";
  double epsilon = 0.1;           ///< the factor of the entropy, > 0
  std::int64_t iterations = 100;  ///< updates of f and g, from 1 to 10000
  bool debiased = true;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Sinkhorn, epsilon, iterations, debiased)

/// Squared maximum mean discrepancy between two clouds of points; one number.
///
///     mean_ij k(x_i, x_j) + mean_ij k(y_i, y_j) - 2 mean_ij k(x_i, y_j),    k(a, b) = sum_s exp(-|a - b|^2 / (2 s^2))
///
/// with a Gaussian kernel for each bandwidth s. Beyond 64 coordinates, distances are exact to the rounding of the
/// clouds' extent. Unbiased, the first two means leave out the pairs of a point with itself.
///
/// \param prediction  x, [N, D] points.
/// \param target      y, [M, D] points.
/// \return            [], >= 0 unless it is unbiased.
/// \throws ShapeError  unless both are matrices with the same D, and N, M > 0 (unbiased: > 1).
/// \throws ValueError  unless there are bandwidths, all positive and finite.
/// \derivative  smooth to every order; beyond 64 coordinates the second one may be lost where a point of one cloud is
///              that of the other.
/// \source  A. Gretton et al., A kernel two-sample test, Journal of Machine Learning Research 13, 2012, lemma 6; sums
///          of kernels as in Y. Li, K. Swersky and R. Zemel, Generative moment matching networks, 2015.
struct Mmd {
  static constexpr std::string_view name = "Mmd";
  std::vector<double> bandwidths = {1.0};  ///< s, one or more, in the unit of the points
  bool unbiased = false;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(Mmd, bandwidths, unbiased)

/// Energy distance between two clouds of points; one number. It has no scale to choose.
///
///     2 mean_ij |x_i - y_j| - mean_ij |x_i - x_j| - mean_ij |y_i - y_j|
///
/// Unbiased, the last two means leave out the pairs of a point with itself; beyond 64 coordinates distances are
/// rounded; both as in Mmd.
///
/// \param prediction  x, [N, D] points.
/// \param target      y, [M, D] points.
/// \return            [], >= 0 unless it is unbiased, in the unit of the points.
/// \throws ShapeError  unless both are matrices with the same D, and N, M > 0 (unbiased: > 1).
/// \derivative  a unit vector for each pair, 0 for points in the same place.
/// \source  G. J. Szekely and M. L. Rizzo, Energy statistics: a class of statistics based on distances, Journal of
///          Statistical Planning and Inference 143, 2013.
struct EnergyDistance {
  static constexpr std::string_view name = "EnergyDistance";
  bool unbiased = false;
  Var operator()(const Var& prediction, const Var& target) const;
};
XGRAD_FIELDS(EnergyDistance, unbiased)

}  // namespace xgrad::loss

#pragma GCC visibility pop
