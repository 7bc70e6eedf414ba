// Plain formulas of the further functions in long double, for meanings.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#include <boost/math/special_functions/bessel.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/expint.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include "gamma.hpp"

namespace semantics {

using Real = long double;

namespace references {

using namespace boost::math::policies;
using Quiet = policy<domain_error<ignore_error>, pole_error<ignore_error>, overflow_error<ignore_error>,
                     evaluation_error<ignore_error>, rounding_error<ignore_error>>;

inline constexpr Real infinity = std::numeric_limits<Real>::infinity();
inline constexpr Real nothing = std::numeric_limits<Real>::quiet_NaN();
inline constexpr Real pi = std::numbers::pi_v<Real>;
inline constexpr Real root_half = std::numbers::sqrt2_v<Real> / 2;

}  // namespace references

// ---- rounding

/// The sign is that of a; integers by 0 give 0.
template <class T>
T rest_of_division(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return std::fmod(a, b);
  else return b == 0 ? 0 : a % b;
}
/// The sign is that of b.
template <class T>
T floored_rest(T a, T b) {
  const T rest = rest_of_division(a, b);
  if (rest == 0) {
    if constexpr (std::is_floating_point_v<T>) return std::copysign(rest, b);
    else return rest;
  }
  return (rest < 0) == (b < 0) ? rest : rest + b;
}
template <class T>
T floored_quotient(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (b == 0) return a / b;
    const Real rest = std::fmod(a, b);
    const Real quotient = std::rint((Real(a) - rest) / Real(b)) - (rest != 0 && (rest < 0) != (b < 0) ? 1 : 0);
    return quotient == 0 ? std::copysign(T(0), a / b) : static_cast<T>(quotient);
  } else {
    if (b == 0) return 0;
    return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
  }
}
template <class T>
T shifted_left(T a, T count) {
  if constexpr (std::is_same_v<T, bool>) return a && !count;
  else return count < 0 || count > 63 ? 0 : a * (T(1) << static_cast<int>(count));
}
template <class T>
T shifted_right(T a, T count) {
  if constexpr (std::is_same_v<T, bool>) return a && !count;
  else return a >> (count < 0 || count > 63 ? 63 : static_cast<int>(count));
}

// ---- roots, sines

inline Real softsign(Real x) { return std::isinf(x) ? std::copysign(Real(1), x) : x / (1 + std::abs(x)); }
inline Real sinc(Real x) {
  if (std::isinf(x) || x == 0) return x == 0 ? 1 : 0;
  const Real nearest = std::rint(x);
  const Real sine = std::sin(references::pi * (x - nearest));
  return (std::fmod(nearest, Real(2)) == 0 ? sine : -sine) / (references::pi * x);
}
inline bool is_order(Real n) { return n >= 0 && n <= 100 && n == std::floor(n); }
inline Total spherical_bessel(Real n, Real x) {
  if (n < 0 && n == std::floor(n) && !std::isnan(x)) return {0, 1};  // unlike the function of that name
  if (std::isnan(x) || !is_order(n)) return {references::nothing, 1};
  if (std::isinf(x)) return {0, 1};
  const Real value = boost::math::sph_bessel(static_cast<unsigned>(n), std::abs(x), references::Quiet());
  const Real sign = x < 0 && std::fmod(n, Real(2)) == 1 ? -1 : 1;
  return {sign * value, std::abs(x) > 1 ? 1 / std::abs(x) : 0};  // as large as it gets around there
}
/// e^-|x| I_n(x), far out by Hankel's series.
inline Real scaled_bessel_i(Real n, Real x) {
  if (std::isnan(x) || !is_order(std::abs(n))) return references::nothing;
  n = std::abs(n);
  const Real size = std::abs(x);
  const Real sign = x < 0 && std::fmod(n, Real(2)) == 1 ? -1 : 1;
  if (size < 5000) {
    return sign * boost::math::cyl_bessel_i(static_cast<int>(n), size, references::Quiet()) * std::exp(-size);
  }
  Real sum = 1;
  Real term = 1;
  for (int k = 1; k <= 10; ++k) {
    const Real odd = 2 * k - 1;
    sum += term *= -(4 * n * n - odd * odd) / (8 * k * size);
  }
  return sign * sum / std::sqrt(2 * references::pi * size);
}

// ---- the normal distribution

inline Real erfinv(Real x) {
  if (!(std::abs(x) < 1)) return std::abs(x) == 1 ? std::copysign(references::infinity, x) : references::nothing;
  return x == 0 ? x : boost::math::erf_inv(x, references::Quiet());
}
inline Real ndtr(Real x) {
  const Real z = -x * references::root_half;
  if (!(std::abs(z) < 100)) return std::erfc(z) / 2;
  // What rounding took from z: both factors as sums of halves.
  constexpr Real root_half_low = -1.255751017203930155e-20L;
  const Real lost = std::fma(-x, references::root_half, -z) - x * root_half_low;
  return std::erfc(z) / 2 - std::exp(-z * z) * lost * std::numbers::inv_sqrtpi_v<Real>;
}
/// 1 more than this, times the density over -x, is ndtr(x), far below 0.
inline Real normal_tail(Real x) {
  Real sum = 0;
  for (int k = 15; k > 0; --k) sum = -(2 * k - 1) / (x * x) * (1 + sum);
  return sum;
}
inline Real log_ndtr(Real x) {
  if (x > -1) return std::log1p(-ndtr(-x));
  if (x > -30) return std::log(ndtr(x));
  return std::log1p(normal_tail(x)) - std::log(-x) - std::log(2 * references::pi) / 2 - x * x / 2;
}
inline Real slope_of_log_ndtr(Real x) {
  if (x < -30) return -x / (1 + normal_tail(x));
  return std::exp(-x * x / 2) * std::numbers::inv_sqrtpi_v<Real> * references::root_half / ndtr(x);
}

// ---- beta and gamma

inline Total betaln(Real a, Real b) {
  if (std::isnan(a) || std::isnan(b)) return {references::nothing, 1};
  if (is_pole(a) || is_pole(b)) {
    const bool integers = a == std::floor(a) && b == std::floor(b);  // the sum is rounded
    return {integers && a + b <= 0 ? references::nothing : references::infinity, 1};
  }
  if (const Real small = std::min(a, b); std::isinf(a) || std::isinf(b)) {
    // As -small ln(large), whose sign is that of -small.
    if (std::isinf(small) && small < 0) return {references::nothing, 1};
    return {small < 0 ? references::infinity : -references::infinity, 1};
  }
  if (is_pole(static_cast<double>(a) + static_cast<double>(b))) return {-references::infinity, 1};  // it is rounded
  if (const Real small = std::min(a, b), large = std::max(a, b); small > 0 && large > 1e6L) {
    // Two terms of Stirling's formula are enough.
    const Real ratio = -(large - 0.5L) * std::log1p(small / large) - small * (std::log(large + small) - 1) +
                       (1 / large - 1 / (large + small)) / 12;
    return {std::lgamma(small) + ratio, std::max(std::abs(std::lgamma(small)) / 1024, Real(1))};
  }
  const Real terms[] = {std::lgamma(a), std::lgamma(b), std::lgamma(a + b)};
  const Real largest = std::max({std::abs(terms[0]), std::abs(terms[1]), std::abs(terms[2])});
  const Real ratio = std::lgamma(std::max(a, b)) - terms[2];
  // Where long double has lost digits, too, or near a zero.
  return {std::lgamma(std::min(a, b)) + ratio, a < 0 || b < 0 ? largest : std::max(largest / 1024, Real(1))};
}
inline Real beta(Real a, Real b) {
  if (std::isnan(a) || std::isnan(b)) return references::nothing;
  if (a < 0 || b < 0) return references::nothing;
  if (a == 0 || b == 0) return std::isinf(a) || std::isinf(b) ? references::nothing : references::infinity;
  if (std::isinf(a) || std::isinf(b)) return 0;
  return boost::math::beta(a, b, references::Quiet());
}
/// P(a, a) - 1/2 for huge a; the samples have no other numbers near a.
inline Real above_mean(Real a) { return 1 / (3 * std::sqrt(2 * references::pi * a)); }
inline Real gammainc(Real a, Real x) {
  if (!(a >= 0 && x >= 0) || (a == 0 && x == 0) || (std::isinf(a) && std::isinf(x))) return references::nothing;
  if (a == 0 || std::isinf(x)) return 1;
  if (x == 0 || std::isinf(a)) return 0;
  if (a > 1e7L) return x == a ? 0.5L + above_mean(a) : x > a ? 1 : 0;
  if (a < 1e-300L) return 1;
  return boost::math::gamma_p(a, x, references::Quiet());
}
inline Real gammaincc(Real a, Real x) {
  if (!(a >= 0 && x >= 0) || (a == 0 && x == 0) || (std::isinf(a) && std::isinf(x))) return references::nothing;
  if (a == 0 || std::isinf(x)) return 0;
  if (x == 0 || std::isinf(a)) return 1;
  if (a > 1e7L) return x == a ? 0.5L - above_mean(a) : x > a ? 0 : 1;
  if (a < 1e-300L) return a * boost::math::expint(1, x, references::Quiet());
  return boost::math::gamma_q(a, x, references::Quiet());
}
inline Real gamma_density(Real a, Real x) {
  if (std::isnan(a) || std::isnan(x) || x < 0) return references::nothing;
  if (is_pole(a) || std::isinf(a) || std::isinf(x)) return 0;
  if (x == 0) return a == 1 ? 1 : a > 1 ? 0 : std::copysign(references::infinity, std::tgamma(a));
  if (a > 1e7L) return x == a ? 1 / std::sqrt(2 * references::pi * a) / (1 + 1 / (12 * a)) : 0;
  if (a > 1) return boost::math::gamma_p_derivative(a, x, references::Quiet());
  if (std::abs(a) < 1e-300L) return std::pow(x, a) * std::exp(-x) * (a / x);
  return std::pow(x, a - 1) * std::exp(-x) / std::tgamma(a);
}

}  // namespace semantics
