// The beta function, its logarithm, and the incomplete gamma functions.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/expint.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/log1p.hpp>

#include "special.hpp"
#include "special_policy.hpp"

namespace xgrad::primitives::special {
namespace {

constexpr double half_log_of_two_pi = 0.91893853320467274178;
constexpr double large_parameter = 10.0;  // from here on eight terms of Stirling's series are exact

/// What Stirling's formula lacks of lgamma(x), for x from 10 on.
double stirling_rest(double x) {
  constexpr double terms[] = {1.0 / 12.0,   -1.0 / 360.0,      1.0 / 1260.0, -1.0 / 1680.0,
                              1.0 / 1188.0, -691.0 / 360360.0, 1.0 / 156.0,  -3617.0 / 122400.0};
  const double square = 1.0 / (x * x);
  double sum = 0.0;
  for (int k = 7; k >= 0; --k) sum = sum * square + terms[k];
  return sum / x;
}

/// ln(Gamma(large) / Gamma(small + large)), without the difference of two large logarithms (DiDonato and Morris 1992).
double log_ratio_of_gammas(double small, double large) {
  const double h = small / large;
  const double u = (large + (small - 0.5)) * std::log1p(h);
  const double v = small * (std::log(large) - 1.0);
  return stirling_rest(large) - stirling_rest(small + large) - u - v;
}

bool is_zero_or_pole(double x) { return x <= 0.0 && x == std::floor(x); }

/// P (or Q) where no series is needed; NaN elsewhere.
double simple_incomplete(double a, double x, double nothing, double everything) {
  if (!(a >= 0.0 && x >= 0.0)) return not_a_number;
  if (std::isinf(a)) return std::isinf(x) ? not_a_number : nothing;
  if (a == 0.0) return x == 0.0 ? not_a_number : everything;
  if (x == 0.0) return nothing;
  return std::isinf(x) ? everything : not_a_number;
}

// Boost's series take long for larger shapes, and then give up; there, Temme's expansion (DLMF 8.12) needs few terms.
constexpr double huge_shape = 1e7;
/// The integral is to the last digit what x^-1 e^-x has beyond x, times a.
constexpr double tiny_shape = 1e-290;

/// The gamma distribution of a huge shape as a normal one.
struct Temme {
  double deviations;  ///< of x from the mean: all but some 10^-300 is within 40
  double rest;        ///< what the normal distribution is above P

  Temme(double a, double x) {
    const double distance = (x - a) / a;
    const double eta = std::abs(distance) > 0.1
                           ? distance
                           : std::copysign(std::sqrt(-2.0 * boost::math::log1pmx(distance, Quiet())), distance);
    deviations = eta * std::sqrt(a);
    const double terms = -1.0 / 3.0 + eta * (1.0 / 12.0 + eta * (-2.0 / 135.0 + eta * (1.0 / 864.0 + eta / 2835.0)));
    rest = std::abs(deviations) < 40.0 ? bell_of_deviations() / std::sqrt(a) * (terms - 1.0 / (540.0 * a)) : 0.0;
  }
  [[nodiscard]] double bell_of_deviations() const {
    return std::exp(-0.5 * deviations * deviations - half_log_of_two_pi);
  }
};

}  // namespace

double betaln(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return a + b;
  const double small = std::min(a, b);
  const double large = std::max(a, b);
  if (small <= 0.0) {
    const bool pole_of_sum = a == std::floor(a) && b == std::floor(b) && a + b <= 0.0;  // which is rounded
    if (is_zero_or_pole(a) || is_zero_or_pole(b)) {
      if (pole_of_sum) return not_a_number;
      return infinity;
    }
    // Where the sum is rounded to the larger one, the logarithm of the gamma function rises as that of its argument.
    const double ratio = a + b == large ? -small * std::log(large) : lgamma(large) - lgamma(a + b);
    return lgamma(small) + ratio;
  }
  if (std::isinf(large)) return -infinity;
  if (small < 1e-20 && large < large_parameter) return std::log1p(small / large) - std::log(small);
  if (large < large_parameter) return std::log(boost::math::beta(small, large, Quiet()));
  if (small < large_parameter) return lgamma(small) + log_ratio_of_gammas(small, large);
  const double h = small / large;
  const double rest = stirling_rest(small) + (stirling_rest(large) - stirling_rest(small + large));
  const double u = -(small - 0.5) * std::log(h / (1.0 + h));
  const double v = large * std::log1p(h);
  return half_log_of_two_pi - 0.5 * std::log(large) + rest - u - v;
}

double beta(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return a + b;
  if (a < 0.0 || b < 0.0) return not_a_number;
  if (a == 0.0 || b == 0.0) {
    if (std::isinf(a + b)) return not_a_number;
    return infinity;
  }
  if (std::isinf(a) || std::isinf(b)) return 0.0;
  if (std::max(a, b) > 1e6) return std::exp(betaln(a, b));
  return boost::math::beta(a, b, Quiet());
}

double gammainc(double a, double x) {
  if (!(a > 0.0 && x > 0.0 && a < infinity && x < infinity)) return simple_incomplete(a, x, 0.0, 1.0);
  if (a < tiny_shape) return 1.0;
  if (a > huge_shape) {
    const Temme temme(a, x);
    return ndtr(temme.deviations) - temme.rest;
  }
  return boost::math::gamma_p(a, x, Quiet());
}

double gammaincc(double a, double x) {
  if (!(a > 0.0 && x > 0.0 && a < infinity && x < infinity)) return simple_incomplete(a, x, 1.0, 0.0);
  if (a < tiny_shape) return a * boost::math::expint(1, x, Quiet());
  if (a > huge_shape) {
    const Temme temme(a, x);
    return ndtr(-temme.deviations) + temme.rest;
  }
  return boost::math::gamma_q(a, x, Quiet());
}

double gamma_density(double a, double x) {
  if (std::isnan(a) || std::isnan(x) || x < 0.0) return not_a_number;
  if (is_zero_or_pole(a) || std::isinf(a) || std::isinf(x)) return 0.0;
  if (x == 0.0) return a == 1.0 ? 1.0 : a > 1.0 ? 0.0 : std::copysign(infinity, boost::math::tgamma(a, Quiet()));
  if (a > huge_shape) {
    const double bell = Temme(a, x).bell_of_deviations();
    return bell == 0.0 ? 0.0 : std::sqrt(a) / x * bell / (1.0 + 1.0 / (12.0 * a));
  }
  if (a > 2.0) return boost::math::gamma_p_derivative(a, x, Quiet());
  // 1 / Gamma(a) is a / Gamma(a + 1), which does not overflow near 0.
  if (std::abs(a) < 0.01) return std::pow(x, a) * std::exp(-x) / boost::math::tgamma(a + 1.0, Quiet()) * (a / x);
  return std::pow(x, a - 1.0) * std::exp(-x) / boost::math::tgamma(a, Quiet());
}

}  // namespace xgrad::primitives::special
