// Roots, the sine cardinal, and Bessel functions.
#include <cmath>
#include <numbers>

#include <boost/math/special_functions/bessel.hpp>

#include "special.hpp"
#include "special_policy.hpp"

namespace xgrad::primitives::special {
namespace {

bool is_order(double n) { return n >= 0.0 && n <= largest_order && n == std::floor(n); }

/// The factor between f(x) and f(-x) of a function of order n.
double parity(double n) { return std::fmod(n, 2.0) == 0.0 ? 1.0 : -1.0; }

/// Hankel's series of e^-x I_n(x) sqrt(2 pi x), for x far above n^2.
double scaled_series(double n, double x) {
  double sum = 1.0;
  double term = 1.0;
  for (int k = 1; k <= 30; ++k) {
    const double odd = 2.0 * k - 1.0;
    term *= -(4.0 * n * n - odd * odd) / (8.0 * k * x);
    if (std::abs(term) < 1e-18) break;
    sum += term;
  }
  return sum;
}

/// sin(x - n pi / 2) / x, for x far above n^2.
double far_spherical_bessel(unsigned n, double x) {
  const double wave = n % 2 == 0 ? std::sin(x) : -std::cos(x);
  return (n % 4 < 2 ? wave : -wave) / x;
}

}  // namespace

double cbrt(double x) {
  const double y = std::cbrt(x);
  if (y == 0.0 || !std::isfinite(y)) return y;
  const long double wide = y;  // the standard library's may be off by several units of the last digit
  return static_cast<double>(wide - (wide * wide * wide - static_cast<long double>(x)) / (3 * wide * wide));
}

double sinc(double x) {
  if (std::isinf(x)) return 0.0;
  const double nearest = std::rint(x);
  const double sine = std::sin(std::numbers::pi * (x - nearest));
  if (std::abs(x) < 1e-150) return 1.0;
  return (std::fmod(nearest, 2.0) == 0.0 ? sine : -sine) / (std::numbers::pi * x);
}

double spherical_bessel(double n, double x) {
  if (std::isnan(x) || std::isnan(n)) return not_a_number;
  if (n < 0.0 && n == std::floor(n)) return 0.0;  // derivatives of order 0 have it with the factor 0
  if (!is_order(n)) return not_a_number;
  const double size = std::abs(x);
  if (std::isinf(x)) return 0.0;
  const auto order = static_cast<unsigned>(n);
  const double value = size < 1e20 ? boost::math::sph_bessel(order, size, Quiet()) : far_spherical_bessel(order, size);
  return x < 0.0 ? parity(n) * value : value;
}

double scaled_bessel_i(double n, double x) {
  n = std::abs(n);
  if (std::isnan(x) || !is_order(n)) return not_a_number;
  const double size = std::abs(x);
  const double sign = x < 0.0 ? parity(n) : 1.0;
  if (std::isinf(size)) return sign * 0.0;
  // Until where the function itself is finite, and from where on its series is exact.
  constexpr double last_finite = 700.0;
  const double far = 30.0 * n * n + 100.0;
  if (size > far || size > last_finite)
    return sign * scaled_series(n, size) / (std::sqrt(2.0 * std::numbers::pi) * std::sqrt(size));
  return sign * (boost::math::cyl_bessel_i(static_cast<int>(n), size, Quiet()) * std::exp(-size));
}

}  // namespace xgrad::primitives::special
