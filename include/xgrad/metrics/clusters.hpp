// How one clustering goes with another; the names of clusters are nothing to them. The state is the table of how many
// samples are in each pair of clusters.
#pragma once

#include <cstddef>
#include <string_view>

#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Adjusted Rand index: pairs that are together or apart in both, beyond chance. Weights count as numbers of samples.
///
///     2 (TP TN - FN FP) / ((TP + FN) (FN + TN) + (TP + FP) (FP + TN)), of pairs
///
/// \param prediction, target  int64 in [0, clusters), of the same shape.
/// 1 if both are one cluster, or all clusters are of one sample.
/// \source  scikit-learn 1.2, sklearn.metrics.adjusted_rand_score.
struct AdjustedRand {
  static constexpr std::string_view name = "AdjustedRand";
  std::size_t clusters = 2;  ///< in predictions and in targets
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(AdjustedRand, clusters)

/// Mutual information, in nats.
///
///     I = sum_ij n_ij / n ln(n n_ij / (t_i p_j))
///
/// \param prediction, target  int64 in [0, clusters), of the same shape.
/// \source  scikit-learn 1.2, sklearn.metrics.mutual_info_score.
struct MutualInformation {
  static constexpr std::string_view name = "MutualInformation";
  std::size_t clusters = 2;  ///< in predictions and in targets
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(MutualInformation, clusters)

/// Mutual information over the mean of both entropies; 1 if both are one cluster.
///
///     2 I / (H(t) + H(p))
///
/// \param prediction, target  int64 in [0, clusters), of the same shape.
/// \source  scikit-learn 1.2, sklearn.metrics.normalized_mutual_info_score.
struct NormalisedMutualInformation {
  static constexpr std::string_view name = "NormalisedMutualInformation";
  std::size_t clusters = 2;  ///< in predictions and in targets
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(NormalisedMutualInformation, clusters)

/// Mutual information beyond that of chance, over the mean of both entropies beyond it; 1 if both are one cluster.
///
///     (I - E) / ((H(t) + H(p)) / 2 - E)
///
/// E is the mean of I over all clusterings with clusters of these sizes. Weights count as numbers of samples.
///
/// \param prediction, target  int64 in [0, clusters), of the same shape.
/// \throws ValueError  if a number of samples is no integer, or there are more than 2^32 (raised when evaluated).
/// \source  N. X. Vinh, J. Epps and J. Bailey, Information theoretic measures for clusterings comparison, 2010;
///          scikit-learn 1.2, sklearn.metrics.adjusted_mutual_info_score.
struct AdjustedMutualInformation {
  static constexpr std::string_view name = "AdjustedMutualInformation";
  std::size_t clusters = 2;  ///< in predictions and in targets
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(AdjustedMutualInformation, clusters)

/// Whether a cluster holds one class only; 1 if there is one class.
///
///     I / H(t)
///
/// \param prediction, target  int64 in [0, clusters), of the same shape.
/// \source  A. Rosenberg and J. Hirschberg, V-measure, 2007; scikit-learn 1.2, sklearn.metrics.homogeneity_score.
struct Homogeneity {
  static constexpr std::string_view name = "Homogeneity";
  std::size_t clusters = 2;  ///< in predictions and in targets
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Homogeneity, clusters)

/// Whether a class is in one cluster only; 1 if there is one cluster.
///
///     I / H(p)
///
/// \param prediction, target  int64 in [0, clusters), of the same shape.
/// \source  A. Rosenberg and J. Hirschberg, V-measure, 2007; scikit-learn 1.2, sklearn.metrics.completeness_score.
struct Completeness {
  static constexpr std::string_view name = "Completeness";
  std::size_t clusters = 2;  ///< in predictions and in targets
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(Completeness, clusters)

/// Weighted harmonic mean of homogeneity h and completeness c; 0 if both are.
///
///     (1 + beta) h c / (beta h + c)
///
/// \param prediction, target  int64 in [0, clusters), of the same shape.
/// \throws ValueError  unless beta is positive and finite.
/// \source  A. Rosenberg and J. Hirschberg, V-measure, 2007; scikit-learn 1.2, sklearn.metrics.v_measure_score.
struct VMeasure {
  static constexpr std::string_view name = "VMeasure";
  std::size_t clusters = 2;  ///< in predictions and in targets
  double beta = 1.0;
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(VMeasure, clusters, beta)

/// Geometric mean of precision and recall of pairs; 0 if no pair is together in both.
///
///     TP / sqrt((TP + FP) (TP + FN)), of pairs
///
/// \param prediction, target  int64 in [0, clusters), of the same shape.
/// \source  scikit-learn 1.2, sklearn.metrics.fowlkes_mallows_score.
struct FowlkesMallows {
  static constexpr std::string_view name = "FowlkesMallows";
  std::size_t clusters = 2;  ///< in predictions and in targets
  [[nodiscard]] Sums init() const;
  [[nodiscard]] Sums update(const Sums& state, const Var& prediction, const Var& target,
                            const Var& weights = 1.0) const;
  [[nodiscard]] Var value(const Sums& state) const;
};
XGRAD_FIELDS(FowlkesMallows, clusters)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
