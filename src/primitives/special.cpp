#include "special.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/polygamma.hpp>

#include "special_policy.hpp"

namespace xgrad::primitives::special {
namespace {

bool is_pole(double x) { return x <= 0.0 && x == std::floor(x); }

// Below this, Boost turns the integer part into an int, which need not hold it.
constexpr double far_below_0 = -0x1p30;

double polygamma_of(int order, double x) {
  const double value = boost::math::polygamma(order, x, Quiet());
  if (!std::isinf(value) || order % 2 == 1) return value;
  return std::copysign(infinity, std::round(x) - x);  // next to a pole; Boost does not look on which side
}

}  // namespace

double lgamma(double x) {
  if (std::isnan(x)) return x;
  if (std::isinf(x) || is_pole(x)) return infinity;
  if (x < far_below_0) {  // |Gamma(x) Gamma(1 - x)| is pi / |sin(pi x)|
    const double fraction = x - std::floor(x);
    const double sine = std::sin(std::numbers::pi * std::min(fraction, 1.0 - fraction));
    return std::log(std::numbers::pi / sine) - boost::math::lgamma(1.0 - x, Quiet());
  }
  return boost::math::lgamma(x, Quiet());
}

double digamma(double x) {
  if (std::isnan(x) || x == infinity) return x;
  if (x == -infinity || is_pole(x)) return not_a_number;
  if (x < -1.0) {  // Boost finds the distance to the pole from 1 - x, which rounds
    return boost::math::digamma(1.0 - x, Quiet()) - std::numbers::pi / std::tan(std::numbers::pi * (x - std::round(x)));
  }
  return boost::math::digamma(x, Quiet());
}

double polygamma(double n, double x) {
  // The factorial of the largest order is near the largest double.
  if (std::isnan(x) || !(n >= 0.0 && n <= largest_order) || n != std::floor(n)) return not_a_number;
  if (n == 0.0) return digamma(x);
  if (x == infinity) return 0.0;
  if (x == -infinity) return not_a_number;
  const int order = static_cast<int>(n);
  if (is_pole(x) && order % 2 == 1) return infinity;
  if (is_pole(x)) return not_a_number;
  if (x < -1.0) {
    // polygamma(x) -+ polygamma(1 - x) repeats itself with period 1. (Boost finds the distance to the pole from 1 - x.)
    const double near = x - std::floor(x) - 1.0;
    const double sign = order % 2 == 0 ? 1.0 : -1.0;
    return polygamma_of(order, near) - sign * polygamma_of(order, 1.0 - near) + sign * polygamma_of(order, 1.0 - x);
  }
  return polygamma_of(order, x);
}

double alike_exp(double x) {
  if (std::isnan(x)) return x;
  if (x > 710.0) return infinity;
  if (x < -746.0) return 0.0;
  // Cody and Waite: x = n ln 2 + r, where ln 2 is split so that n times its first part is exact.
  constexpr double ln2_high = 0x1.62e42fee00000p-1;
  constexpr double ln2_low = 0x1.a39ef35793c76p-33;
  /// (e^r - 1 - r) / r^2; relative error of the resulting e^r - 1: 2^-55.5
  constexpr std::array tail{0x1.0000000000005p-1,  0x1.555555555553ap-3, 0x1.55555555520e5p-5,  0x1.1111111118c59p-7,
                            0x1.6c16c17f3e4e4p-10, 0x1.a01a01768d84p-13, 0x1.a019a66921a64p-16, 0x1.71de840506befp-19,
                            0x1.28a2cf355dd91p-22, 0x1.ae7310f773367p-26};
  const double n = std::nearbyint(x * std::numbers::log2e);
  const double rough = x - n * ln2_high;
  const double low = n * ln2_low;
  const double r = rough - low;
  double sum = 0.0;
  for (std::size_t k = tail.size(); k-- > 0;) sum = sum * r + tail[k];
  const double first = 1.0 + r;
  const double rest = (rough - (first - 1.0)) - low;
  return std::ldexp(first + (r * r * sum + rest), static_cast<int>(n));
}

}  // namespace xgrad::primitives::special
