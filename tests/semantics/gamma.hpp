// The derivatives of the logarithm of the gamma function, by recurrence and Euler and Maclaurin's sum.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace semantics {

/// A value, and the size of the largest term of the sum that it is: rounding of that shows where terms cancel. Errors
/// are meant in digits of the larger of both.
struct Total {
  long double value;
  long double largest;
};

/// The derivative of order n of the digamma function at x, which is no pole.
inline Total polygamma_sum(int n, long double x) {
  constexpr long double bernoulli[] = {1 / 6.0L,       -1 / 30.0L, 1 / 42.0L,      -1 / 30.0L,     5 / 66.0L,
                                       -691 / 2730.0L, 7 / 6.0L,   -3617 / 510.0L, 43867 / 798.0L, -174611 / 330.0L};
  const long double factorial = std::tgamma(n + 1.0L);
  Total sum{0, 0};
  const auto add = [&](long double term) {
    sum.value += term;
    sum.largest = std::max(sum.largest, std::abs(term));
  };
  long double z = x;
  for (; z < 40 + n; z += 1) add(factorial * std::pow(z, -(n + 1.0L)));
  add(n == 0 ? -std::log(z) : factorial / static_cast<long double>(n) * std::pow(z, static_cast<long double>(-n)));
  add(factorial / 2 * std::pow(z, -(n + 1.0L)));
  long double rising = std::tgamma(n + 2.0L) / 2;  // (2 k + n - 1)! / (2 k)!, from k = 1 on
  for (int k = 1; k <= 10; ++k) {
    add(bernoulli[k - 1] * rising * std::pow(z, static_cast<long double>(-2 * k - n)));
    rising *= (2.0L * k + n) * (2.0L * k + n + 1) / ((2.0L * k + 1) * (2.0L * k + 2));
  }
  if (n % 2 == 0) sum.value = -sum.value;
  return sum;
}

inline bool is_pole(long double x) { return x <= 0 && x == std::floor(x); }

/// NaN at poles, from both sides of which it comes with different signs.
inline Total digamma(long double x) {
  constexpr long double infinity = std::numeric_limits<long double>::infinity();
  if (x == infinity) return {x, x};
  if (std::isnan(x) || x == -infinity || is_pole(x)) return {std::nanl(""), 1};
  if (x > 0) return {polygamma_sum(0, x).value, 0};  // right in all digits, also near its zero
  if (x > -50) return polygamma_sum(0, x);
  const long double mirrored = polygamma_sum(0, 1 - x).value;
  constexpr long double pi = std::numbers::pi_v<long double>;
  const long double rest = pi / std::tan(pi * (x - std::round(x)));
  return {mirrored - rest, mirrored};
}

/// Orders from 0 to 100; derivatives of odd order are infinite at poles, which they come to from one side.
inline Total polygamma(long double n, long double x) {
  constexpr long double infinity = std::numeric_limits<long double>::infinity();
  if (std::isnan(x) || !(n >= 0 && n <= 100) || n != std::floor(n)) return {std::nanl(""), 1};
  if (n == 0) return digamma(x);
  if (x == infinity) return {0, 1};
  const bool odd = std::fmod(n, 2.0L) == 1;
  if (x == -infinity || (is_pole(x) && !odd)) return {std::nanl(""), 1};
  if (is_pole(x)) return {infinity, infinity};
  return polygamma_sum(static_cast<int>(n), x);
}

}  // namespace semantics
