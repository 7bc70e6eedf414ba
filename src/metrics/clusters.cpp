#include <xgrad/metrics/clusters.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <xgrad/core/array.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/rounding.hpp>
#include <xgrad/ops/search.hpp>
#include <xgrad/ops/special.hpp>
#include <xgrad/transform/host_call.hpp>

#include "metrics/classes.hpp"
#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

Sums plus_table(std::string_view metric, const Sums& state, std::size_t clusters, const Var& prediction,
                const Var& target, const Var& weights) {
  const detail::Pairs p = detail::pairs_of(metric, multiclass(clusters), prediction, target, weights);
  const auto extent = static_cast<std::ptrdiff_t>(clusters);
  const Var place = p.actual * static_cast<std::int64_t>(clusters) + p.predicted;
  return {detail::sums_of(metric, state, {clusters, clusters}) +
          reshape(bincount(place, clusters * clusters, p.weights), {extent, extent})};
}

Var table_of(std::string_view metric, const Sums& state, std::size_t clusters) {
  const Var table = detail::sums_of(metric, state, {clusters, clusters});
  return detail::of_something(metric, table, sum(table));
}

/// Ordered pairs of samples: together in both, in the prediction alone, in the target alone, in neither.
struct PairCounts {
  Var both, prediction, target, neither;
};

PairCounts pair_counts(const Var& table) {
  const Var n = sum(table);
  const Var squares = sum(square(table));
  const Var of_target = sum(square(sum(table, 1)));
  const Var of_prediction = sum(square(sum(table, 0)));
  return {squares - n, of_prediction - squares, of_target - squares, square(n) - of_target - of_prediction + squares};
}

/// In nats; exactly 0 of one cluster.
Var entropy(const Var& counts) {
  const Var shares = counts / sum(counts);
  return -sum(xlogy(shares, shares));
}

/// Mutual information and both entropies.
struct Information {
  Var mutual, target, prediction;
};

Information information(const Var& table) {
  const Var n = sum(table);
  const Var t = sum(table, 1, keep_dims);
  const Var p = sum(table, 0, keep_dims);
  const Var chance = (t / n) * (p / n);
  const Var shares = table / n;
  const Var mutual = sum(xlogy(shares, detail::quotient(shares, chance, 1.0)));
  return {relu(mutual), entropy(t), entropy(p)};
}

/// Samples that are counted: ln n! of more has too few digits for probabilities, and sums over them take too long.
constexpr double most_counted = 0x1p32;

/// ln n!
double log_factorial(double n) { return std::lgamma(n + 1.0); }

/// Mean of the information that one cluster of a and one of b samples among n share, over all ways to draw them: the
/// number of samples in both has a hypergeometric distribution.
/// Numbers farther from the mean than five times the root of the draws are left out: that is 1 of e^50 of them.
double chance_of_pair(double a, double b, double n) {
  const double constant =
      log_factorial(a) + log_factorial(b) + log_factorial(n - a) + log_factorial(n - b) - log_factorial(n);
  const double mean = a * (b / n);
  const double apart = 5.0 * std::sqrt(std::min(a, b)) + 1.0;
  const double first = std::max({1.0, a + b - n, std::ceil(mean - apart)});
  const double last = std::min({a, b, std::floor(mean + apart)});
  double total = 0.0;
  for (double k = first; k <= last; k += 1.0) {
    const double log_probability =
        constant - log_factorial(k) - log_factorial(a - k) - log_factorial(b - k) - log_factorial(n - a - b + k);
    total += k / n * std::log(n * k / (a * b)) * std::exp(log_probability);
  }
  return total;
}

/// The mutual information that clusterings of these sizes have by chance.
double information_by_chance(const Array<double>& targets, const Array<double>& predictions) {
  double n = 0.0;
  for (const double a : targets) n += a;
  double total = 0.0;
  for (const double a : targets) {
    for (const double b : predictions) total += a > 0.0 && b > 0.0 ? chance_of_pair(a, b, n) : 0.0;
  }
  return total;
}

Var share_of(const Var& mutual, const Var& entropy_of_one) { return detail::quotient(mutual, entropy_of_one, 1.0); }

}  // namespace

Sums AdjustedRand::init() const { return detail::no_sums({clusters, clusters}); }
Sums AdjustedRand::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_table(name, state, clusters, prediction, target, weights);
}
Var AdjustedRand::value(const Sums& state) const {
  const PairCounts c = pair_counts(table_of(name, state, clusters));
  const Var below = (c.both + c.target) * (c.target + c.neither) + (c.both + c.prediction) * (c.prediction + c.neither);
  const Var same = equal(c.target, 0.0) && equal(c.prediction, 0.0);
  return where(same, 1.0, detail::quotient(2.0 * (c.both * c.neither - c.target * c.prediction), below, 1.0));
}

Sums MutualInformation::init() const { return detail::no_sums({clusters, clusters}); }
Sums MutualInformation::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_table(name, state, clusters, prediction, target, weights);
}
Var MutualInformation::value(const Sums& state) const {
  const Information i = information(table_of(name, state, clusters));
  return i.mutual;
}

Sums NormalisedMutualInformation::init() const { return detail::no_sums({clusters, clusters}); }
Sums NormalisedMutualInformation::update(const Sums& state, const Var& prediction, const Var& target,
                                         const Var& weights) const {
  return plus_table(name, state, clusters, prediction, target, weights);
}
Var NormalisedMutualInformation::value(const Sums& state) const {
  const Information i = information(table_of(name, state, clusters));
  return share_of(i.mutual, 0.5 * (i.target + i.prediction));
}

Sums AdjustedMutualInformation::init() const { return detail::no_sums({clusters, clusters}); }
Sums AdjustedMutualInformation::update(const Sums& state, const Var& prediction, const Var& target,
                                       const Var& weights) const {
  return plus_table(name, state, clusters, prediction, target, weights);
}
Var AdjustedMutualInformation::value(const Sums& state) const {
  static const Requirement whole_numbers("AdjustedMutualInformation: {} samples in two clusters; weights are counts");
  static const Requirement some("AdjustedMutualInformation: {} samples; there may be 2^32 at most");
  Var table = table_of(name, state, clusters);
  table = checked(table, equal(table, round(table)), whole_numbers);
  table = checked(table, sum(table) <= most_counted, some);
  const Information i = information(table);
  const Var chance = host_call("AdjustedMutualInformation", {}, information_by_chance)(sum(table, 1), sum(table, 0));
  const Var beyond = 0.5 * (i.target + i.prediction) - chance;
  // Never 0, as scikit-learn has it: both differences vanish where all samples are clusters of their own.
  const double least = std::numeric_limits<double>::epsilon();
  const Var below = where(beyond < 0.0, minimum(beyond, -least), maximum(beyond, least));
  const Var one_cluster = equal(count_nonzero(sum(table, 1)), 1) && equal(count_nonzero(sum(table, 0)), 1);
  return where(one_cluster, 1.0, (i.mutual - chance) / below);
}

Sums Homogeneity::init() const { return detail::no_sums({clusters, clusters}); }
Sums Homogeneity::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_table(name, state, clusters, prediction, target, weights);
}
Var Homogeneity::value(const Sums& state) const {
  const Information i = information(table_of(name, state, clusters));
  return share_of(i.mutual, i.target);
}

Sums Completeness::init() const { return detail::no_sums({clusters, clusters}); }
Sums Completeness::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_table(name, state, clusters, prediction, target, weights);
}
Var Completeness::value(const Sums& state) const {
  const Information i = information(table_of(name, state, clusters));
  return share_of(i.mutual, i.prediction);
}

Sums VMeasure::init() const { return detail::no_sums({clusters, clusters}); }
Sums VMeasure::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_table(name, state, clusters, prediction, target, weights);
}
Var VMeasure::value(const Sums& state) const {
  detail::require_setting(name, "beta", beta, beta > 0.0 && std::isfinite(beta), "it must be positive and finite");
  const Information i = information(table_of(name, state, clusters));
  const Var h = share_of(i.mutual, i.target);
  const Var c = share_of(i.mutual, i.prediction);
  return detail::quotient((1.0 + beta) * h * c, beta * h + c, 0.0);
}

Sums FowlkesMallows::init() const { return detail::no_sums({clusters, clusters}); }
Sums FowlkesMallows::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  return plus_table(name, state, clusters, prediction, target, weights);
}
Var FowlkesMallows::value(const Sums& state) const {
  const PairCounts c = pair_counts(table_of(name, state, clusters));
  return detail::quotient(c.both, sqrt(c.both + c.prediction) * sqrt(c.both + c.target), 0.0);
}

}  // namespace xgrad::metrics
