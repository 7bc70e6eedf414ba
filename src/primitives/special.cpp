#include "special.hpp"

#include <algorithm>
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

}  // namespace xgrad::primitives::special
