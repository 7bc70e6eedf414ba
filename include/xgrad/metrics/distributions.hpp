// Distributions that are predicted, beside what came of them or beside the true ones.
#pragma once

#include <string_view>

#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Mean continuous ranked probability score of ensembles of M equally likely predictions, in the unit of the target.
///
///     mean_i |x_i - t| - mean_ij |x_i - x_j| / 2
///
/// \param prediction  x, [..., M].
/// \param target      t, [...].
/// \param weights     of the targets.
/// \source  T. Gneiting and A. E. Raftery, Strictly proper scoring rules, prediction, and estimation, 2007,
///          equation 21; loss::CrpsEnsemble.
struct EnsembleCrps {
  static constexpr std::string_view name = "EnsembleCrps";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(EnsembleCrps)

/// Mean continuous ranked probability score of normal distributions, in the unit of the target.
///
///     s (y (2 Phi(y) - 1) + 2 phi(y) - 1 / sqrt(pi)),   y = (t - m) / s
///
/// A deviation of 0 is a number that is certain: the absolute error.
///
/// \param prediction  means m and standard deviations s, [..., 2].
/// \param target      t, [...].
/// \param weights     of the targets.
/// \throws ValueError  for a deviation that is negative or NaN (raised when evaluated).
/// \source  T. Gneiting et al., Calibrated probabilistic forecasting using ensemble model output statistics and minimum
///          CRPS estimation, 2005; loss::CrpsGaussian.
struct NormalCrps {
  static constexpr std::string_view name = "NormalCrps";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(NormalCrps)

/// Mean Kullback-Leibler divergence of true distributions from predicted ones, in nats; infinite where something
/// happens that was predicted never to.
///
///     sum_k t_k ln(t_k / p_k)
///
/// \param prediction  p, [..., K], >= 0; rows are divided by their sums.
/// \param target      t, of the same shape, likewise.
/// \param weights     of the rows.
/// \throws ValueError  for a negative number or NaN, for rows of zeros (raised when evaluated).
/// \source  S. Kullback and R. A. Leibler, On information and sufficiency, 1951; scipy.stats.entropy, SciPy 1.10.
struct KlDivergence {
  static constexpr std::string_view name = "KlDivergence";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(KlDivergence)

/// Mean Jensen-Shannon divergence, in nats; at most ln 2. Its square root is a distance.
///
///     sum_k (p_k ln(p_k / m_k) + t_k ln(t_k / m_k)) / 2,   m = (p + t) / 2
///
/// \param prediction  p, [..., K], >= 0; rows are divided by their sums.
/// \param target      t, of the same shape, likewise.
/// \param weights     of the rows.
/// \throws ValueError  for a negative number or NaN, for rows of zeros (raised when evaluated).
/// \source  J. Lin, Divergence measures based on the Shannon entropy, 1991; the square of
///          scipy.spatial.distance.jensenshannon, SciPy 1.10.
struct JensenShannon {
  static constexpr std::string_view name = "JensenShannon";
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(JensenShannon)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
