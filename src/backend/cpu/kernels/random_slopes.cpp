// How gamma variates move with their shape; and numbers below which is a share of a truncated normal distribution.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "backend/cpu/parallel/parallel.hpp"
#include "kernels.hpp"
#include "primitives/random.hpp"
#include "primitives/special.hpp"
#include "random_words.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

constexpr double infinity_of_slopes = std::numeric_limits<double>::infinity();

// ---- gamma
//
// Let x be a gamma variate of the shape a, y = ln(x), F its distribution and p its density. While F stays,
// dy/da = -dF/da / (x p) (M. Figurnov, S. Mohamed and A. Mnih, "Implicit reparameterization gradients", 2018). The
// derivative of the density by a is p (ln(t) - psi(a)), so that, with t = x e^w,
//
//     dy/da = integral from 0 to infinity of e^f(w) (y - psi(a) + w) dw,  f(w) = a w - x (e^w - 1),
//
// which is the tail above x; from the part below it comes less the integral from -infinity to 0. On one of both sides
// all terms have one sign. Derivatives by a go under the integral.

struct Slope {
  double a, x, y;
  std::size_t order;
  std::vector<double> polygamma;  // times binomial coefficients; [0] is psi(a)

  Slope(double shape, double log_x, std::size_t n) : a(shape), x(std::exp(log_x)), y(log_x), order(n) {
    double coefficient = 1.0;
    for (std::size_t j = 0; j <= n; ++j) {
      polygamma.push_back(coefficient * primitives::special::polygamma(static_cast<double>(j), a));
      coefficient *= static_cast<double>(n - j) / static_cast<double>(j + 1);
    }
  }

  /// Of w^n (y - psi + w) by a, n times, but for the factor e^f.
  [[nodiscard]] double factor(double w) const {
    // ((y - psi + w) w - C1 psi') w - C2 psi'' ...
    double sum = y - polygamma[0] + w;
    for (std::size_t j = 1; j <= order; ++j) sum = sum * w - polygamma[j];
    return sum;
  }
  /// e^f
  [[nodiscard]] double weight(double w) const {
    if (std::abs(w) < 0.01) {  // e^w - 1 - w by its series, as a - x may cancel
      const double square = w * w;
      const double rest = square * (1.0 / 2 + w * (1.0 / 6 + w * (1.0 / 24 + w * (1.0 / 120 + w / 720))));
      return std::exp((a - x) * w - x * rest);
    }
    return std::exp(a * w - x * std::expm1(w));
  }

  [[nodiscard]] double above(double w) const { return weight(w) * factor(w); }
  [[nodiscard]] double below(double w) const {
    // psi(a) is psi(a + 1) - 1 / a; the part with 1 / a is integrated by parts, for it cancels where a is small.
    if (order == 0 && a < 1.0) {
      return weight(-w) * (polygamma[0] + 1.0 / a - y + x / a * w * std::exp(-w));
    }
    return -weight(-w) * factor(-w);
  }
};

/// Places w = exp(t - exp(-t)) for equal steps of t, and dw.
struct Nodes {
  static constexpr int each_way = 80;
  static constexpr double step = 1.0 / 16;
  std::array<double, 2 * each_way + 1> place{};
  std::array<double, 2 * each_way + 1> weight{};

  Nodes() {
    for (std::size_t i = 0; i < place.size(); ++i) {
      const double t = step * (static_cast<double>(i) - each_way);
      place[i] = std::exp(t - std::exp(-t));
      weight[i] = step * (1.0 + std::exp(-t)) * place[i];
    }
  }
};

/// The integral from 0 to infinity of a function that decays within about `scale`: H. Takahasi and M. Mori, "Double
/// exponential formulas for numerical integration" (1974).
template <class F>
double integral_of(double scale, F f) {
  static const Nodes nodes;
  double sum = 0.0;
  for (std::size_t i = 0; i < nodes.place.size(); ++i) {
    const double term = f(scale * nodes.place[i]) * nodes.weight[i];
    sum += term;
    if (nodes.place[i] > 1.0 && std::abs(term) <= 1e-18 * std::abs(sum)) break;
  }
  return scale * sum;
}

double gamma_slope_at(double a, double y, std::size_t order) {
  if (!(a > 0.0 && a < infinity_of_slopes) || std::isnan(y) || y == infinity_of_slopes) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (y == -infinity_of_slopes) return order % 2 == 0 ? infinity_of_slopes : -infinity_of_slopes;
  const Slope slope(a, y, order);
  if (std::isinf(slope.x)) return 0.0;
  const bool upper = y > (a < 1.0 ? slope.polygamma[0] + 1.0 / a : slope.polygamma[0]);
  const double wide = std::sqrt(std::max(a, slope.x));
  if (upper) {
    const double decay = std::max(wide, slope.x - a);
    return integral_of(1.0 / decay, [&](double w) { return slope.above(w); });
  }
  const double decay = a < 1.0 ? a : std::max(wide, a - slope.x);
  return integral_of(1.0 / decay, [&](double w) { return slope.below(w); });
}

// ---- the normal distribution

/// erfc(t) exp(t^2) for t >= 0: a Chebyshev series of (1 + 2 t) times it, in (t - 3.75) / (t + 3.75) (M. M. Shepherd
/// and J. G. Laframboise, 1981), with coefficients of 40 digits rounded to double.
double scaled_erfc(double t) {
  constexpr std::array<double, 27> c{
      0x1.2d75d0246cee8p+0,   -0x1.2cd0564f8c1b7p-8,  -0x1.59159e8868995p-4,  0x1.e50c3e7c7dccep-5,
      -0x1.b4c68f4569326p-6,  0x1.295e991a7d82dp-7,   -0x1.3c4c54f8d419dp-9,  0x1.014ed1572209ap-11,
      -0x1.221e6f70130b5p-14, 0x1.15c3f597f0492p-18,  0x1.9f8f03ca86fc1p-21,  -0x1.d601c320c8f9cp-23,
      0x1.71e1efca86cf9p-27,  0x1.36bf2885524c9p-28,  -0x1.aa4d7b1cdf20ap-31, -0x1.15df59ca6082bp-34,
      0x1.f8af0a9aa6d31p-36,  0x1.b61b723941781p-43,  -0x1.0fc16c00b50f2p-40, 0x1.24f6a772cbc36p-45,
      0x1.2d8b49ab5f72bp-45,  -0x1.0cb63a80de2c5p-49, -0x1.6884628ace07ap-50, 0x1.561b105822235p-54,
      0x1.d3744857e262bp-55,  -0x1.4a219c71bb4d2p-59, -0x1.42cb7ae4cd5a0p-59};
  const double y = t < 1e15 ? (t - 3.75) / (t + 3.75) : 1.0;
  double first = 0.0;
  double second = 0.0;
  for (std::size_t k = c.size() - 1; k > 0; --k) {
    const double next = 2.0 * y * first - second + c[k];
    second = first;
    first = next;
  }
  return (y * first - second + c[0]) / (1.0 + 2.0 * t);
}

/// ln of the normal distribution below x <= 0.
double log_tail(double x) {
  if (x == -infinity_of_slopes) return x;
  const double t = -x * std::numbers::sqrt2 / 2.0;
  return one::log(0.5 * scaled_erfc(t)) - 0.5 * x * x;
}

/// The x <= 0 of which this is the log_tail: a start of M. Abramowitz and I. A. Stegun (26.2.23), and Newton's method.
double quantile_of_log(double log_share) {
  const double t = std::sqrt(-2.0 * log_share);
  if (!(t < 1e150)) return -infinity_of_slopes;
  double x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (int k = 0; k < 3; ++k) {
    x = std::min(x, 0.0);
    const double slope = 2.0 / std::sqrt(2.0 * std::numbers::pi) / scaled_erfc(-x * std::numbers::sqrt2 / 2.0);
    x -= (log_tail(x) - log_share) / slope;
  }
  return std::min(x, 0.0);
}

/// See primitives::TruncatedNormal; low <= -high, and v is 1 - u.
double truncated_normal_on_the_left(double u, double v, double low, double high) {
  using primitives::special::alike_exp;
  if (high < -1e100) return high;  // all of it is there; of farther ends squares overflow
  const double below_low = log_tail(low);
  if (high <= 0.0) {
    const double below_high = log_tail(high);
    const double share = u + v * alike_exp(below_low - below_high);
    return share > 0.0 ? quantile_of_log(below_high + one::log(share)) : low;
  }
  const double outside_low = alike_exp(below_low);
  const double outside_high = alike_exp(log_tail(-high));
  const double below = v * outside_low + u * (1.0 - outside_high);
  if (below <= 0.5) return below > 0.0 ? quantile_of_log(one::log(below)) : low;
  return -quantile_of_log(one::log(std::min(0.5, v * (1.0 - outside_low) + u * outside_high)));
}

double truncated_normal_at(double u, double low, double high) {
  if (!(low < high && u >= 0.0 && u <= 1.0)) return low == high ? low : std::numeric_limits<double>::quiet_NaN();
  const bool mirrored = low > -high;
  const double x = mirrored ? -truncated_normal_on_the_left(1.0 - u, u, -high, -low)
                            : truncated_normal_on_the_left(u, 1.0 - u, low, high);
  return std::clamp(x, low, high);
}

// ---- arrays

/// Elements that go to one thread at a time.
constexpr std::size_t slopes_of_round = 256;

template <class F>
void each_element(const KernelCall& call, F f) {
  const std::size_t size = size_of(*call.output().shape);
  const auto run = [&](std::size_t round) {
    const std::size_t last = std::min(size, (round + 1) * slopes_of_round);
    for (std::size_t i = round * slopes_of_round; i < last; ++i) f(i);
  };
  const std::size_t rounds = (size + slopes_of_round - 1) / slopes_of_round;
  if (rounds < 2) run(0);
  else parallel::parallel_for(rounds, run);
}

}  // namespace

void gamma_slope(const KernelCall& call) {
  const auto order = static_cast<std::size_t>(call.attributes[0]);
  dispatch(call.output().dtype, [&]<class T>() {
    if constexpr (std::is_floating_point_v<T>) {
      each_element(call, [&](std::size_t i) {
        call.output().as<T>()[i] = static_cast<T>(gamma_slope_at(
            static_cast<double>(call.inputs[0].as<T>()[i]), static_cast<double>(call.inputs[1].as<T>()[i]), order));
      });
    }
  });
}

void truncated_normal(const KernelCall& call) {
  dispatch(call.output().dtype, [&]<class T>() {
    if constexpr (std::is_floating_point_v<T>) {
      each_element(call, [&](std::size_t i) {
        const auto input = [&](std::size_t k) { return static_cast<double>(call.inputs[k].as<T>()[i]); };
        call.output().as<T>()[i] = static_cast<T>(truncated_normal_at(input(0), input(1), input(2)));
      });
    }
  });
}

}  // namespace xgrad::backend::cpu::kernels
