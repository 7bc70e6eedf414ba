// The normal distribution, accurate in both tails, and the inverse of the error function.
#include <cmath>
#include <numbers>

#include <boost/math/special_functions/erf.hpp>

#include "special.hpp"
#include "special_policy.hpp"

namespace xgrad::primitives::special {
namespace {

constexpr double inv_sqrt_2 = 0.70710678118654752440;
constexpr double half_log_two_pi = 0.91893853320467274178;
constexpr double far_tail = -20.0;  // from here on ten terms of the asymptotic series are exact

/// e^(-x^2 / 2), in which the square is not rounded.
double bell(double x) {
  const double square = x * x;
  if (!(square < 1500.0)) return std::isnan(x) ? x : 0.0;
  return std::exp(-0.5 * square) * (1.0 - 0.5 * std::fma(x, x, -square));
}

/// -1 / x^2 + 3 / x^4 - 15 / x^6 + ...: ndtr(x) is the density over -x, times 1 more than that, for x far below 0.
double tail_series(double x) {
  const double step = -1.0 / (x * x);
  double sum = 0.0;
  for (int k = 10; k > 0; --k) sum = (2.0 * k - 1.0) * step * (1.0 + sum);
  return sum;
}

}  // namespace

double erfinv(double x) {
  if (std::abs(x) >= 1.0) return std::abs(x) == 1.0 ? std::copysign(infinity, x) : not_a_number;
  if (std::abs(x) < 1e-300) return x * (0.5 / std::numbers::inv_sqrtpi);  // also a zero keeps its sign
  return boost::math::erf_inv(x, Quiet());
}

double ndtr(double x) {
  const double z = -x * inv_sqrt_2;
  if (!(std::abs(z) < 28.0)) return 0.5 * std::erfc(z);
  // What rounding took from z shows where erfc falls steeply.
  constexpr double inv_sqrt_2_low = -4.83364665672645672553e-17;
  const double lost = std::fma(-x, inv_sqrt_2, -z) - x * inv_sqrt_2_low;
  return 0.5 * std::erfc(z) - std::numbers::inv_sqrtpi * lost * std::exp(-z * z);
}

double log_ndtr(double x) {
  if (x > -1.0) return std::log1p(-ndtr(-x));
  if (x > far_tail) return std::log(ndtr(x));
  return std::log1p(tail_series(x)) - std::log(-x) - half_log_two_pi - 0.5 * x * x;
}

double slope_of_log_ndtr(double x) {
  if (x <= far_tail) return -x / (1.0 + tail_series(x));
  return std::numbers::inv_sqrtpi * inv_sqrt_2 * bell(x) / ndtr(x);
}

}  // namespace xgrad::primitives::special
