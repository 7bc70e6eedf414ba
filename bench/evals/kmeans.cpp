// k-means: the sum over points of the squared distance to the nearest of k centres; gradient of the centres.
#include <algorithm>
#include <limits>

#include "contest.hpp"

namespace bench_evals {
namespace {

struct Clouds {
  std::size_t n, k, d;
  Numbers points, centres;

  [[nodiscard]] Var points_var() const { return var(points, {n, d}); }
  [[nodiscard]] Var centres_var() const { return var(centres, {k, d}); }
};

Clouds clouds(std::size_t n, std::size_t k, std::size_t d) {
  Source source(n + k);
  return {n, k, d, source.normals(n * d), source.normals(k * d)};
}

Var by_differences(const Var& centres, const Var& points) {
  const Var differences = view(points, xt::all(), xt::newaxis()) - centres;
  return sum(amin(sum(square(differences), -1), -1));
}

/// |p - c|^2 = |p|^2 - 2 p c + |c|^2
Var by_products(const Var& centres, const Var& points) {
  const Var distances =
      sum(square(points), -1, xg::KeepDims::yes) - 2.0 * matmul(points, transpose(centres)) + sum(square(centres), -1);
  return sum(amin(distances, -1));
}

Var by_nearest(const Var& centres, const Var& points) {
  const Var distances = sum(square(centres), -1) - 2.0 * matmul(points, transpose(centres));
  const Var nearest = take(centres, argmin(distances, -1), 0);
  return sum(square(points - nearest));
}

/// A loop over the centres, as one writes it who fears the large array.
Var unrolled(const Var& centres, const Var& points) {
  Var least = sum(square(points - view(centres, 0)), -1);
  for (std::size_t j = 1; j < centres.shape()[0]; ++j) {
    least = minimum(least, sum(square(points - view(centres, j)), -1));
  }
  return sum(least);
}

void loops(const Clouds& data, Numbers& result) {
  std::fill(result.begin(), result.end(), 0.0);
  double* gradient = result.data() + 1;
  double total = 0.0;
  for (std::size_t i = 0; i < data.n; ++i) {
    const double* p = &data.points[i * data.d];
    double least = std::numeric_limits<double>::infinity();
    std::size_t nearest = 0;
    for (std::size_t j = 0; j < data.k; ++j) {
      const double* c = &data.centres[j * data.d];
      double distance = 0.0;
      for (std::size_t l = 0; l < data.d; ++l) distance += (p[l] - c[l]) * (p[l] - c[l]);
      if (distance < least) {
        least = distance;
        nearest = j;
      }
    }
    total += least;
    const double* c = &data.centres[nearest * data.d];
    for (std::size_t l = 0; l < data.d; ++l) gradient[nearest * data.d + l] += 2.0 * (c[l] - p[l]);
  }
  result[0] = total;
}

template <class F>
Contest contest(const char* id, const char* size, const Clouds& data, Bound bound, F program) {
  return {id, size, "by hand", bound, [=] {
            return Sides{with_xgrad(xg::compile(xg::value_and_grad(program)), data.centres_var(), data.points_var()),
                         by_hand(data.k * data.d, [data](Numbers& result) { loops(data, result); })};
          }};
}

}  // namespace

Contests kmeans() {
  const Clouds few = clouds(100000, 10, 8);
  const Clouds many = clouds(10000, 100, 16);
  return {contest("kmeans_k10", "1e5 x 8, k 10, as written", few, at_least(1.0), by_differences),
          contest("kmeans_k100", "1e4 x 16, k 100, as written", many, at_least(1.5), by_differences),
          contest("kmeans_k10_products", "1e5 x 8, k 10", few, unbounded(), by_products),
          contest("kmeans_k10_argmin_take", "1e5 x 8, k 10", few, unbounded(), by_nearest),
          contest("kmeans_k10_unrolled", "1e5 x 8, k 10", few, unbounded(), unrolled)};
}

}  // namespace bench_evals
