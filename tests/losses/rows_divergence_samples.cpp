#include "rows_divergence_samples.hpp"

#include <algorithm>
#include <cmath>

#include <xgrad/loss/divergence_samples.hpp>

namespace xgrad::testing {
namespace {

using Vector = std::vector<long double>;

// ---- on the line

/// By the quantile functions: each of the n m equal parts of [0, 1] lies within one step of both.
Reference wasserstein(long double p) {
  return [p](const std::vector<Numbers>& x) {
    const std::size_t n = x[0].shape.back();
    const std::size_t m = x[1].shape.back();
    Vector result;
    for (std::size_t row = 0; row * n < x[0].at.size(); ++row) {
      const auto sorted = [row](const Numbers& all, std::size_t count) {
        const auto first = all.at.begin() + static_cast<std::ptrdiff_t>(row * count);
        Vector values(first, first + static_cast<std::ptrdiff_t>(count));
        std::sort(values.begin(), values.end());
        return values;
      };
      const Vector a = sorted(x[0], n);
      const Vector b = sorted(x[1], m);
      long double total = 0;
      for (std::size_t part = 0; part < n * m; ++part) total += std::pow(std::abs(a[part / m] - b[part / n]), p);
      result.push_back(std::pow(total / static_cast<long double>(n * m), 1 / p));
    }
    return result;
  };
}

std::vector<Case> samples_on_the_line() {
  const Var x = doubles({2, 4}, {0.4, -1.2, 2.5, 1.1, -0.3, 0.8, 3.0, -2.2});
  const Var y = doubles({2, 4}, {0.1, 0.9, -0.7, 3.4, 1.5, -1.9, 0.2, 2.1});
  return {{x, y},
          {transpose(doubles({2, 2}, {0.4, -1.3, 2.1, 0.2})), doubles({2, 2}, {0.9, 0.0, -0.4, 1.0})},
          {x, doubles({2, 3}, {0.1, 1.9, -0.7, 3.4, 1.55, -1.5})},
          {doubles({1}, {0.5}), doubles({5}, {0.1, 1.2, -0.4, 0.9, 2.0})}};
}

std::vector<Case> extreme_samples() {
  return {{floats({2, 3}, {1e4F, -1e4F, 0, 0, 0, 0}), floats({2, 3}, {-1e4F, -1e4F, 1e4F, 0, 0, 0})},
          {floats({1, 1}, {1e4F}), floats({1, 1}, {-1e4F})},
          {floats({1, 2}, {3, 3}), floats({1, 3}, {3, 3, 4})},
          {floats({0, 2}, {}), floats({0, 2}, {})}};
}

void append_wasserstein(LossRows& rows) {
  rows.push_back(
      {.name = "Wasserstein1d",
       .function = call(loss::Wasserstein1d{}),
       .smooth = samples_on_the_line(),
       .reference = wasserstein(1),
       .known = {{.arguments = {doubles({2, 2}, {3, 1, 5, 4}), doubles({2, 2}, {1, 3, 0, 1})},
                  .values = {0, 4},
                  .gradients = {{0, 0, 0.5, 0.5}, {0, 0, -0.5, -0.5}}},
                 // The example of scipy.stats.wasserstein_distance.
                 {.arguments = {doubles({3}, {0, 1, 3}), doubles({3}, {5, 6, 8})}, .values = {5}},
                 {.arguments = {doubles({0, 2}, {}), doubles({0, 3}, {})}, .values = {}, .gradients = {{}, {}}}},
       .extreme = extreme_samples()});
  rows.push_back({.name = "Wasserstein1d.two",
                  .function = call(loss::Wasserstein1d{.p = 2.0}),
                  .smooth = samples_on_the_line(),
                  .reference = wasserstein(2),
                  .known = {{.arguments = {doubles({2, 2}, {3, 1, 3, 1}), doubles({2, 2}, {1, 3, 1, -1})},
                             .values = {0, 2},
                             .gradients = {{0, 0, 0.5, 0.5}, {0, 0, -0.5, -0.5}}}},
                  .extreme = extreme_samples()});
  rows.push_back({.name = "Wasserstein1d.order",
                  .function = call(loss::Wasserstein1d{.p = 1.5}),
                  .smooth = samples_on_the_line(),
                  .reference = wasserstein(1.5L),
                  .known = {{.arguments = {doubles({2, 2}, {3, 1, 3, 1}), doubles({2, 2}, {1, 3, 1, -1})},
                             .values = {0, 2},
                             .gradients = {{0, 0, 0.5, 0.5}, {0, 0, -0.5, -0.5}}}},
                  .extreme = extreme_samples()});
  rows.push_back({.name = "Wasserstein1d.high_order",
                  .function = call(loss::Wasserstein1d{.p = 20.0}),
                  .smooth = {{doubles({2}, {2.5, -1.0}), doubles({2}, {0.1, -2.9})}},
                  .reference = wasserstein(20),
                  .extreme = extreme_samples()});
}

// ---- clouds

std::vector<Case> some_clouds() {
  Random random(3);
  return {{random.uniform({4, 2}), random.uniform({3, 2})},
          {transpose(random.uniform({3, 2})), random.uniform({2, 3})},
          {random.uniform({3, 1}), random.uniform({2, 1})}};
}

std::vector<Case> extreme_clouds() {
  return {{floats({3, 2}, {1e4F, -1e4F, 0, 0, 0, 0}), floats({2, 2}, {-1e4F, -1e4F, 0, 0})},
          {floats({2, 1}, {1, 1}), floats({2, 1}, {1, 1})},
          {floats({2, 0}, {}), floats({3, 0}, {})}};
}

std::vector<Case> single_points() {
  std::vector<Case> cases = extreme_clouds();
  cases.push_back({floats({1, 2}, {1e4F, 0}), floats({1, 2}, {1e4F, 0})});
  return cases;
}

using PairFunction = std::function<long double(long double)>;

/// The mean over all pairs of points, or of different points, of a function of the squared distance.
long double mean_of_pairs(const Numbers& x, const Numbers& y, const PairFunction& f, bool different = false) {
  long double total = 0;
  long double count = 0;
  for (std::size_t i = 0; i < x.rows(); ++i) {
    for (std::size_t j = 0; j < y.rows(); ++j) {
      if (different && i == j) continue;
      long double squares = 0;
      for (std::size_t d = 0; d < x.columns(); ++d) squares += (x(i, d) - y(j, d)) * (x(i, d) - y(j, d));
      total += f(squares);
      count += 1;
    }
  }
  return total / count;
}

Reference discrepancy(const PairFunction& f, long double factor, bool unbiased) {
  return [=](const std::vector<Numbers>& x) {
    const long double within = mean_of_pairs(x[0], x[0], f, unbiased) + mean_of_pairs(x[1], x[1], f, unbiased);
    return Vector{factor * (within - 2 * mean_of_pairs(x[0], x[1], f))};
  };
}

long double one_kernel(long double squares) { return std::exp(-squares / 2); }
long double two_kernels(long double squares) {
  return std::exp(-squares / (2 * 0.5L * 0.5L)) + std::exp(-squares / (2 * 3.0L * 3.0L));
}

void append_mmd(LossRows& rows) {
  const double apart = 2.0 - 2.0 * std::exp(-2.0);
  rows.push_back({.name = "Mmd",
                  .function = call(loss::Mmd{}),
                  .smooth = some_clouds(),
                  .reference = discrepancy(one_kernel, 1, false),
                  .known = {{.arguments = {doubles({1, 1}, {0}), doubles({1, 1}, {2})},
                             .values = {apart},
                             .gradients = {{-4 * std::exp(-2.0)}, {4 * std::exp(-2.0)}}},
                            {.arguments = {doubles({2, 1}, {0, 3}), doubles({2, 1}, {3, 0})},
                             .values = {0},
                             .gradients = {{0, 0}, {0, 0}}}},
                  .extreme = single_points()});
  rows.push_back({.name = "Mmd.unbiased",
                  .function = call(loss::Mmd{.bandwidths = {0.5, 3.0}, .unbiased = true}),
                  .smooth = some_clouds(),
                  .reference = discrepancy(two_kernels, 1, true),
                  .extreme = extreme_clouds()});
  Random random(8);
  rows.push_back({.name = "Mmd.many_coordinates",
                  .function = call(loss::Mmd{.bandwidths = {5.0}}),
                  .smooth = {{random.uniform({2, 65}), random.uniform({3, 65}, 0.0, 2.0)}},
                  .reference = discrepancy([](long double squares) { return std::exp(-squares / 50); }, 1, false)});
}

void append_energy(LossRows& rows) {
  const auto distance = [](long double squares) { return std::sqrt(squares); };
  rows.push_back({.name = "EnergyDistance",
                  .function = call(loss::EnergyDistance{}),
                  .smooth = some_clouds(),
                  .reference = discrepancy(distance, -1, false),
                  .known = {{.arguments = {doubles({1, 2}, {0, 0}), doubles({1, 2}, {3, 4})},
                             .values = {10},
                             .gradients = {{-1.2, -1.6}, {1.2, 1.6}}},
                            {.arguments = {doubles({2, 1}, {0, 3}), doubles({2, 1}, {3, 0})},
                             .values = {0},
                             .gradients = {{0, 0}, {0, 0}}}},
                  .extreme = single_points()});
  rows.push_back({.name = "EnergyDistance.unbiased",
                  .function = call(loss::EnergyDistance{.unbiased = true}),
                  .smooth = some_clouds(),
                  .reference = discrepancy(distance, -1, true),
                  .extreme = extreme_clouds()});
}

/// Sinkhorn's own iteration, with scalings u and v of rows and columns.
long double transport(const Numbers& x, const Numbers& y, long double epsilon, int iterations) {
  const std::size_t n = x.rows();
  const std::size_t m = y.rows();
  const auto kernel = [&](std::size_t i, std::size_t j) {
    long double squares = 0;
    for (std::size_t d = 0; d < x.columns(); ++d) squares += (x(i, d) - y(j, d)) * (x(i, d) - y(j, d));
    return std::exp(-squares / epsilon);
  };
  Vector u(n);
  Vector v(m, 1);
  for (int step = 0; step < iterations; ++step) {
    for (std::size_t i = 0; i < n; ++i) {
      long double total = 0;
      for (std::size_t j = 0; j < m; ++j) total += kernel(i, j) * v[j] / static_cast<long double>(m);
      u[i] = 1 / total;
    }
    for (std::size_t j = 0; j < m; ++j) {
      long double total = 0;
      for (std::size_t i = 0; i < n; ++i) total += kernel(i, j) * u[i] / static_cast<long double>(n);
      v[j] = 1 / total;
    }
  }
  long double result = 0;
  for (const long double each : u) result += epsilon * std::log(each) / static_cast<long double>(n);
  for (const long double each : v) result += epsilon * std::log(each) / static_cast<long double>(m);
  return result;
}

Reference sinkhorn(long double epsilon, int iterations, bool debiased) {
  return [=](const std::vector<Numbers>& x) {
    const auto cost = [&](std::size_t a, std::size_t b) { return transport(x[a], x[b], epsilon, iterations); };
    return Vector{debiased ? cost(0, 1) - (cost(0, 0) + cost(1, 1)) / 2 : cost(0, 1)};
  };
}

void append_sinkhorn(LossRows& rows) {
  rows.push_back({.name = "Sinkhorn",
                  .function = call(loss::Sinkhorn{.epsilon = 0.8, .iterations = 5}),
                  .smooth = some_clouds(),
                  .reference = sinkhorn(0.8L, 5, true),
                  .known = {{.arguments = {doubles({1, 2}, {0, 0}), doubles({1, 2}, {3, 4})},
                             .values = {25},
                             .gradients = {{-6, -8}, {6, 8}}},
                            {.arguments = {doubles({2, 1}, {0, 3}), doubles({2, 1}, {0, 3})}, .values = {0}}},
                  .extreme = single_points()});
  rows.push_back({.name = "Sinkhorn.biased",
                  .function = call(loss::Sinkhorn{.epsilon = 1.5, .iterations = 8, .debiased = false}),
                  .smooth = some_clouds(),
                  .reference = sinkhorn(1.5L, 8, false),
                  .extreme = single_points()});
}

}  // namespace

void append_divergence_samples(LossRows& rows) {
  append_wasserstein(rows);
  append_mmd(rows);
  append_energy(rows);
  append_sinkhorn(rows);
}

}  // namespace xgrad::testing
