#include <xgrad/metrics/cluster_shapes.hpp>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/segment.hpp>
#include <xgrad/ops/statistics.hpp>

#include "metrics/classes.hpp"
#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

/// Distances of points that are computed at once: 8 MB.
constexpr std::size_t most_distances = std::size_t{1} << 20U;

Samples plus_points(std::string_view metric, const Samples& state, std::size_t clusters, const Var& points,
                    const Var& clusters_of_points) {
  const Shape shape = points.shape();
  if (shape.size() != 2 || clusters_of_points.shape() != Shape{shape[0]}) {
    throw ShapeError(std::string(metric) + ": the points are " + to_string(shape) + ", their clusters " +
                     to_string(clusters_of_points.shape()) + "; they must be [n, d] and [n]");
  }
  if (is_floating(clusters_of_points.dtype())) {
    throw TypeError(std::string(metric) + ": the clusters are " + std::string(xgrad::name(clusters_of_points.dtype())) +
                    "; they must be int64");
  }
  const Var w = ones({shape[0]});
  const Var labels = detail::labels_in(metric, "cluster", clusters_of_points, w, clusters);
  return merge(state, {detail::as_double(points), detail::as_double(labels), w});
}

/// Points and their clusters, which of these have points, and how many.
struct Grouped {
  Var x, of_point;
  Var sizes;   ///< [K]
  Var there;   ///< [K], bool
  Var number;  ///< of clusters that have points, []
  Var means;   ///< [K, d]
  std::size_t clusters;
  [[nodiscard]] Var own_means() const { return take(means, of_point, 0); }
};

Grouped grouped(std::string_view metric, const Samples& state, std::size_t clusters) {
  detail::require_samples(metric, state, 2, 1);
  const Requirement requirement(std::string(metric) + ": {} clusters have points, of {} points; there must be 2 or " +
                                "more, and fewer than points");
  Grouped g{.x = state.prediction,
            .of_point = cast<std::int64_t>(state.target),
            .sizes = {},
            .there = {},
            .number = {},
            .means = {},
            .clusters = clusters};
  g.sizes = segment_sum(state.weight, g.of_point, clusters);
  g.there = g.sizes > 0.0;
  const Var number = count_nonzero(g.there);
  const auto n = static_cast<std::int64_t>(state.weight.size());
  g.number = cast<double>(checked(number, number >= 2 && number < n, requirement, n));
  g.means = segment_mean(g.x, g.of_point, clusters);
  return g;
}

/// Sums of the Silhouette of some points.
Var silhouettes(const Grouped& g, const Var& some, const Var& of_some) {
  const Var in = one_hot(g.of_point, g.clusters);
  const Var distances = matmul(cdist(some, g.x), in);  // [some, K], each cluster's added up
  const Var own = one_hot(of_some, g.clusters, DType::Bool);
  const Var others = take(g.sizes, of_some) - 1.0;
  const Var a = detail::quotient(sum(where(own, distances, 0.0), 1), others, 0.0);
  const Var mean_distances = detail::quotient(distances, g.sizes, 0.0);
  const double infinity = std::numeric_limits<double>::infinity();
  const Var b = amin(where(own || !g.there, infinity, mean_distances), 1);
  return sum(where(others > 0.0, detail::quotient(b - a, maximum(a, b), 0.0), 0.0));
}

Var length_of(const Var& x) { return norm(x, -1); }

}  // namespace

Samples Silhouette::init() const { return detail::no_samples(); }
Samples Silhouette::update(const Samples& state, const Var& points, const Var& clusters_of_points) const {
  return plus_points(name, state, clusters, points, clusters_of_points);
}
Var Silhouette::value(const Samples& state) const {
  const Grouped g = grouped(name, state, clusters);
  const std::size_t n = state.weight.size();
  const std::size_t rows = std::max<std::size_t>(1, most_distances / n);
  Var total = 0.0 * g.number;
  for (std::size_t from = 0; from < n; from += rows) {
    const auto some =
        xt::range(static_cast<std::ptrdiff_t>(from), static_cast<std::ptrdiff_t>(std::min(n, from + rows)));
    total = total + silhouettes(g, view(g.x, some), view(g.of_point, some));
  }
  return total / static_cast<double>(n);
}

Samples CalinskiHarabasz::init() const { return detail::no_samples(); }
Samples CalinskiHarabasz::update(const Samples& state, const Var& points, const Var& clusters_of_points) const {
  return plus_points(name, state, clusters, points, clusters_of_points);
}
Var CalinskiHarabasz::value(const Samples& state) const {
  const Grouped g = grouped(name, state, clusters);
  const auto n = static_cast<double>(state.weight.size());
  const Var apart = g.means - mean(g.x, 0);
  const Var between = sum(detail::weighted(sum(square(apart), 1), g.sizes));
  const Var within = sum(square(g.x - g.own_means()));
  return detail::quotient(between * (n - g.number), within * (g.number - 1.0), 1.0);
}

Samples DaviesBouldin::init() const { return detail::no_samples(); }
Samples DaviesBouldin::update(const Samples& state, const Var& points, const Var& clusters_of_points) const {
  return plus_points(name, state, clusters, points, clusters_of_points);
}
Var DaviesBouldin::value(const Samples& state) const {
  const Grouped g = grouped(name, state, clusters);
  const Var spread = segment_mean(length_of(g.x - g.own_means()), g.of_point, clusters);
  const Var apart = where(g.there && expand_dims(g.there, 1), cdist(g.means, g.means), 0.0);
  const Var alike = detail::quotient(expand_dims(spread, 1) + spread, apart, 0.0);
  return sum(where(g.there, amax(alike, 1), 0.0)) / g.number;
}

}  // namespace xgrad::metrics
