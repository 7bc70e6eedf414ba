// Random numbers of distributions with parameters, one at a time, each from words of its own. Only operations that are
// the same on all processors.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "backend/cpu/parallel/parallel.hpp"
#include "kernels.hpp"
#include "primitives/random.hpp"
#include "primitives/special.hpp"
#include "random_words.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

using primitives::Family;

constexpr double nan_of_samples = std::numeric_limits<double>::quiet_NaN();

// ---- gamma

/// The logarithm of a gamma variate: G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables"
/// (2000); below 1, Gamma(a) is Gamma(a + 1) u^(1/a).
double log_gamma_variate(double shape, WordStream& words) {
  if (!(shape > 0.0 && shape <= std::numeric_limits<double>::max())) return nan_of_samples;
  const double boost = shape < 1.0 ? one::log(words.share()) / shape : 0.0;
  const double d = (shape < 1.0 ? shape + 1.0 : shape) - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = words.normal();
    const double root = 1.0 + c * x;
    if (root <= 0.0) continue;
    const double v = root * root * root;
    const double log_root = one::log(root);
    if (one::log(words.share()) < 0.5 * x * x + d - d * v + d * 3.0 * log_root) {
      return one::log(d) + 3.0 * log_root + boost;
    }
  }
}

// ---- counts. C. Loader, "Fast and accurate computation of binomial probabilities" (2000): what is left of Stirling's
// formula, and the deviance, with which no digits cancel however large the counts.

/// ln(n!) - (n + 1/2) ln(n) + n - ln(2 pi) / 2
double stirling_error(double n) {
  constexpr std::array<double, 16> small{0.0,
                                         0.081061466795327258219670264,
                                         0.041340695955409294093822081,
                                         0.0276779256849983391487892927,
                                         0.020790672103765093111522771,
                                         0.0166446911898211921631948653,
                                         0.013876128823070747998745727,
                                         0.0118967099458917700950557241,
                                         0.010411265261972096497478567,
                                         0.0092554621827127329177286366,
                                         0.008330563433362871256469318,
                                         0.0075736754879518407949720242,
                                         0.006942840107209529865664152,
                                         0.0064089941880042070684396310,
                                         0.005951370112758847735624416,
                                         0.0055547335519628013710386899};
  if (n < 16.0) return small[static_cast<std::size_t>(n)];
  const double inverse = 1.0 / (n * n);
  return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 * inverse) * inverse) * inverse) * inverse) /
         n;
}

/// x ln(x / mean) + mean - x
double deviance(double x, double mean) {
  const double difference = x - mean;
  if (std::abs(difference) < 0.1 * (x + mean)) {  // 2 x atanh(v) v-series
    const double v = difference / (x + mean);
    double sum = difference * v;
    double term = 2.0 * x * v;
    for (double k = 3.0; k < 1000.0; k += 2.0) {
      term *= v * v;
      const double next = sum + term / k;
      if (next == sum) break;
      sum = next;
    }
    return sum;
  }
  return x == 0.0 ? mean : x * one::log(x / mean) - difference;
}

/// ln(mean^k e^-mean / k!)
double log_poisson(double k, double mean) {
  if (k == 0.0) return -mean;
  return -stirling_error(k) - deviance(k, mean) - 0.5 * one::log(2.0 * std::numbers::pi * k);
}

/// ln of the probability of k successes of n, 0 < p < 1.
double log_binomial(double k, double n, double p) {
  const double q = 1.0 - p;
  if (k == 0.0) return n * one::log_of_rest(p);
  if (k == n) return n * one::log(p);
  const double rest = n - k;
  return stirling_error(n) - stirling_error(k) - stirling_error(rest) - deviance(k, n * p) - deviance(rest, n * q) -
         0.5 * one::log(2.0 * std::numbers::pi * k * (rest / n));
}

/// W. Hoermann, "The transformed rejection method for generating Poisson random variables" (1993), PTRS; below a mean
/// of 10 by inversion.
double poisson_variate(double mean, WordStream& words) {
  if (!(mean > 0.0 && mean <= primitives::most_mean)) return 0.0;  // refused before, but for programs of files
  if (mean < 10.0) {
    double probability = primitives::special::alike_exp(-mean);
    double k = 0.0;
    for (double u = words.share(); u > probability && k < 200.0; probability *= mean / k) {
      u -= probability;
      k += 1.0;
    }
    return k;
  }
  const double b = 0.931 + 2.53 * std::sqrt(mean);
  const double a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double squeeze = 0.9277 - 3.6224 / (b - 2.0);
  for (;;) {
    const double u = words.share() - 0.5;
    const double v = words.share();
    const double us = 0.5 - std::abs(u);
    const double k = std::floor((2.0 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= squeeze) return k;
    if (k < 0.0 || (us < 0.013 && v > us)) continue;
    if (one::log(v * inverse_alpha / (a / (us * us) + b)) <= log_poisson(k, mean)) return k;
  }
}

/// How many of n succeed, by adding up probabilities from 0 on, for n p < 10 and p <= 1/2.
double binomial_by_inversion(double n, double p, WordStream& words) {
  const double odds = p / (1.0 - p);
  double probability = primitives::special::alike_exp(n * one::log_of_rest(p));
  double k = 0.0;
  for (double u = words.share(); u > probability && k < n && k < 200.0;) {
    u -= probability;
    k += 1.0;
    probability *= (n - k + 1.0) / k * odds;
  }
  return k;
}

/// W. Hoermann, "The generation of binomial random variates" (1993), BTRS, for n p >= 10 and p <= 1/2.
double binomial_by_rejection(double n, double p, WordStream& words) {
  const double spread = std::sqrt(n * p * (1.0 - p));
  const double b = 1.15 + 2.53 * spread;
  const double a = -0.0873 + 0.0248 * b + 0.01 * p;
  const double c = n * p + 0.5;
  const double squeeze = 0.92 - 4.2 / b;
  const double alpha = (2.83 + 5.1 / b) * spread;
  const double of_mode = log_binomial(std::floor((n + 1.0) * p), n, p);
  for (;;) {
    const double u = words.share() - 0.5;
    const double v = words.share();
    const double us = 0.5 - std::abs(u);
    const double k = std::floor((2.0 * a / us + b) * u + c);
    if (us >= 0.07 && v <= squeeze) return k;
    if (k < 0.0 || k > n) continue;
    if (one::log(v * alpha / (a / (us * us) + b)) <= log_binomial(k, n, p) - of_mode) return k;
  }
}

double binomial_variate(double n, double p, WordStream& words) {
  if (!(n > 0.0 && n <= primitives::most_trials && p > 0.0)) return 0.0;
  if (p >= 1.0) return n;
  const double rare = std::min(p, 1.0 - p);
  const double k = n * rare < 10.0 ? binomial_by_inversion(n, rare, words) : binomial_by_rejection(n, rare, words);
  return p == rare ? k : n - k;
}

// ---- arrays

/// Numbers that go to one thread at a time.
constexpr std::size_t samples_of_round = 1024;

/// out[i] = f(i, words of number i), for each number that each key gives.
template <class T, class F>
void sample_each(const KernelCall& call, F f) {
  const std::size_t keys = size_of(*call.inputs[0].shape);
  const std::size_t size = size_of(*call.output().shape);
  if (size == 0) return;
  const std::size_t count = size / keys;
  const std::uint32_t stream = primitives::stream_word(primitives::Purpose::Sample, call.attributes[1]);
  T* out = call.output().as<T>();
  const auto run = [&](std::size_t round) {
    const std::size_t last = std::min(size, (round + 1) * samples_of_round);
    for (std::size_t i = round * samples_of_round; i < last; ++i) {
      WordStream words(std::bit_cast<std::uint64_t>(call.inputs[0].as<std::int64_t>()[i / count]), stream, i % count);
      out[i] = static_cast<T>(f(i, words));
    }
  };
  const std::size_t rounds = (size + samples_of_round - 1) / samples_of_round;
  if (rounds < 2) run(0);
  else parallel::parallel_for(rounds, run);
}

template <class F>
void sample_floats(const KernelCall& call, F f) {
  if (call.output().dtype == DType::Float32) {
    sample_each<float>(call, [&](std::size_t i, WordStream& words) {
      return f(static_cast<double>(call.inputs[1].as<float>()[i]), words);
    });
  } else {
    sample_each<double>(call,
                        [&](std::size_t i, WordStream& words) { return f(call.inputs[1].as<double>()[i], words); });
  }
}

}  // namespace

void random_sample(const KernelCall& call) {
  switch (static_cast<Family>(call.attributes[0])) {
    case Family::Gamma:
      return sample_floats(call, [](double shape, WordStream& words) {
        return primitives::special::alike_exp(log_gamma_variate(shape, words));
      });
    case Family::LogGamma:
      return sample_floats(call, log_gamma_variate);
    case Family::Poisson:
      return sample_each<std::int64_t>(call, [&](std::size_t i, WordStream& words) {
        return poisson_variate(call.inputs[1].as<double>()[i], words);
      });
    case Family::Binomial:
      return sample_each<std::int64_t>(call, [&](std::size_t i, WordStream& words) {
        return binomial_variate(static_cast<double>(call.inputs[1].as<std::int64_t>()[i]),
                                call.inputs[2].as<double>()[i], words);
      });
    case Family::Integers:
      return sample_each<std::int64_t>(call, [&](std::size_t i, WordStream& words) {
        const auto low = std::bit_cast<std::uint64_t>(call.inputs[1].as<std::int64_t>()[i]);
        const auto high = std::bit_cast<std::uint64_t>(call.inputs[2].as<std::int64_t>()[i]);
        return std::bit_cast<std::int64_t>(low + words.below(high - low));
      });
  }
}

}  // namespace xgrad::backend::cpu::kernels
