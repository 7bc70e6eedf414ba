// How well clusters are apart, without knowing the true ones. `update(state, points, clusters_of_points)` takes points,
// [n, d], and the clusters that they are in, int64 [n] in [0, clusters); no weights. The states keep all points;
// clusters without points count nothing.
#pragma once

#include <cstddef>
#include <string_view>

#include <xgrad/metrics/state.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

/// Mean over points of how much nearer they are to their own cluster than to the next one, in [-1, 1]; 0 for what is
/// alone in its cluster.
///
///     (b - a) / max(a, b)
///
/// a is the mean distance to the others of the own cluster, b the smallest mean distance to another one; Euclidean.
/// Time grows with the square of the points.
///
/// \throws ShapeError  for other shapes.
/// \throws ValueError  for less than two clusters with points, or as many as points (raised when evaluated).
/// \source  P. J. Rousseeuw, Silhouettes, 1987; scikit-learn 1.2, sklearn.metrics.silhouette_score.
struct Silhouette {
  static constexpr std::string_view name = "Silhouette";
  std::size_t clusters = 2;
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& points, const Var& clusters_of_points) const;
  [[nodiscard]] Var value(const Samples& state) const;
};
XGRAD_FIELDS(Silhouette, clusters)

/// Calinski-Harabasz score, the variance ratio: large if clusters are dense and far apart; 1 if none has an extent.
///
///     (sum_k n_k |c_k - c|^2 / (K - 1)) / (sum_i |x_i - c_k(i)|^2 / (n - K))
///
/// c_k are the means of the K clusters that have points, c that of all n points.
///
/// \throws ShapeError  for other shapes.
/// \throws ValueError  for less than two clusters with points, or as many as points (raised when evaluated).
/// \source  T. Calinski and J. Harabasz, A dendrite method for cluster analysis, 1974; scikit-learn 1.2,
///          sklearn.metrics.calinski_harabasz_score.
struct CalinskiHarabasz {
  static constexpr std::string_view name = "CalinskiHarabasz";
  std::size_t clusters = 2;
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& points, const Var& clusters_of_points) const;
  [[nodiscard]] Var value(const Samples& state) const;
};
XGRAD_FIELDS(CalinskiHarabasz, clusters)

/// Davies-Bouldin score: the mean over clusters of how like the most similar other one is; small is good.
///
///     mean_k max_{l != k} (s_k + s_l) / |c_k - c_l|
///
/// s_k is the mean distance of the points of cluster k to their mean c_k. Clusters with the same mean have the ratio 0,
/// as in scikit-learn.
///
/// \throws ShapeError  for other shapes.
/// \throws ValueError  for less than two clusters with points, or as many as points (raised when evaluated).
/// \source  D. L. Davies and D. W. Bouldin, A cluster separation measure, 1979; scikit-learn 1.2,
///          sklearn.metrics.davies_bouldin_score.
struct DaviesBouldin {
  static constexpr std::string_view name = "DaviesBouldin";
  std::size_t clusters = 2;
  [[nodiscard]] Samples init() const;
  [[nodiscard]] Samples update(const Samples& state, const Var& points, const Var& clusters_of_points) const;
  [[nodiscard]] Var value(const Samples& state) const;
};
XGRAD_FIELDS(DaviesBouldin, clusters)

}  // namespace xgrad::metrics

#pragma GCC visibility pop
