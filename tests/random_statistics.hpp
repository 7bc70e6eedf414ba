// Whether numbers are of a distribution. Keys are fixed, so that a test gives the same every time; its limits are those
// of a probability of about 1e-6.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "comparing.hpp"

namespace random_statistics {

using boost::test_tools::assertion_result;
using comparing::doubles;
using comparing::failed;
using xgrad::Var;

/// A. N. Kolmogorov and N. V. Smirnov: the largest distance between the distribution and that of the numbers.
inline assertion_result is_distributed(const Var& numbers, const std::function<double(double)>& distribution) {
  std::vector<double> x = doubles(numbers);
  std::sort(x.begin(), x.end());
  const auto n = static_cast<double>(x.size());
  double largest = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = distribution(x[i]);
    if (!(p >= 0.0 && p <= 1.0)) return failed("the number " + std::to_string(x[i]) + " is impossible");
    const auto rank = static_cast<double>(i);
    largest = std::max({largest, p - rank / n, (rank + 1.0) / n - p});
  }
  const double scaled = largest * std::sqrt(n);
  return scaled < 2.7 ? assertion_result(true) : failed("distance " + std::to_string(scaled));  // 2 exp(-2 * 2.7^2)
}

/// K. Pearson: counts against their probabilities; those that are expected less than ten times are taken together.
inline assertion_result has_probabilities(const Var& numbers, const std::function<double(std::int64_t)>& probability) {
  std::map<std::int64_t, double> count;
  const std::vector<double> x = doubles(numbers);
  for (const double each : x) ++count[static_cast<std::int64_t>(each)];
  const auto n = static_cast<double>(x.size());
  double sum = 0.0;
  double classes = 0.0;
  double rest_expected = n;
  double rest = n;
  const std::int64_t first = count.begin()->first;
  const std::int64_t last = count.rbegin()->first;
  for (std::int64_t k = first; k <= last; ++k) {
    const double expected = n * probability(k);
    const auto found = count.find(k);
    if (expected == 0.0 && found != count.end()) return failed(std::to_string(k) + " is impossible");
    if (expected < 10.0) continue;
    const double counted = found == count.end() ? 0.0 : found->second;
    sum += (counted - expected) * (counted - expected) / expected;
    rest -= counted;
    rest_expected -= expected;
    ++classes;
  }
  if (rest_expected > 1.0) sum += (rest - rest_expected) * (rest - rest_expected) / rest_expected;
  const double limit = classes + 5.0 * std::sqrt(2.0 * classes) + 12.0;
  return sum < limit ? assertion_result(true)
                     : failed("chi-squared " + std::to_string(sum) + " of " + std::to_string(classes) + " classes");
}

inline double mean_of(const std::vector<double>& x) {
  double sum = 0.0;
  for (const double each : x) sum += each;
  return sum / static_cast<double>(x.size());
}

/// The mean within five of its standard deviations, and the variance within a part of it.
inline assertion_result has_moments(const Var& numbers, double mean, double variance, double part = 0.02) {
  const std::vector<double> x = doubles(numbers);
  const double found = mean_of(x);
  double squares = 0.0;
  for (const double each : x) squares += (each - found) * (each - found);
  const double spread = squares / static_cast<double>(x.size());
  if (std::abs(found - mean) > 5.0 * std::sqrt(variance / static_cast<double>(x.size())))
    return failed("the mean is " + std::to_string(found) + ", not " + std::to_string(mean));
  if (std::abs(spread - variance) > part * variance)
    return failed("the variance is " + std::to_string(spread) + ", not " + std::to_string(variance));
  return true;
}

/// The correlation of pairs, in units of its standard deviation.
inline double correlation(const Var& a, const Var& b) {
  const std::vector<double> x = doubles(a);
  const std::vector<double> y = doubles(b);
  const double mean_x = mean_of(x);
  const double mean_y = mean_of(y);
  double xx = 0.0;
  double yy = 0.0;
  double xy = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  return xy / std::sqrt(xx * yy) * std::sqrt(static_cast<double>(x.size()));
}

}  // namespace random_statistics
