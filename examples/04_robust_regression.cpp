// A line through data with outliers. How much a large error should count is learnt with the line: the loss is a part of
// the tree that is trained.
//
//     04_robust_regression [folder for the pictures]
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <numbers>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/draw.hpp>
#include <xgrad/loss.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

// The true line is y = 1 + 2 x.
constexpr double true_intercept = 1.0;
constexpr double true_slope = 2.0;

struct Data {
  xg::Var x, y;  // [n]
};

// Uniform in (0, 1). std::uniform_real_distribution may differ from one standard library to the next, the engine not.
double uniform(std::mt19937& engine) { return (static_cast<double>(engine()) + 0.5) / 4294967296.0; }

// The noise is normal with standard deviation 0.5 (Box-Muller). An outlier is a point on the right half of which the
// sensor got stuck, between 6 and 12 too low.
Data make_data(double share_of_outliers) {
  constexpr std::size_t n = 200;
  std::mt19937 engine(1);
  auto x = xg::Array<double>::from_shape({n});
  auto y = xg::Array<double>::from_shape({n});
  for (std::size_t i = 0; i < n; ++i) {
    x(i) = -2.0 + 4.0 * uniform(engine);
    const double radius = std::sqrt(-2.0 * std::log(uniform(engine)));
    const double noise = 0.5 * radius * std::cos(2.0 * std::numbers::pi * uniform(engine));
    const double drop = 6.0 + 6.0 * uniform(engine);
    const bool outlier = uniform(engine) < share_of_outliers && x(i) > 0.0;
    y(i) = true_intercept + true_slope * x(i) + noise - (outlier ? drop : 0.0);
  }
  return {x, y};
}

struct Line {
  xg::Var intercept = 0.0;
  xg::Var slope = 0.0;
  xg::Var operator()(const xg::Var& x) const { return intercept + slope * x; }
};
XGRAD_FIELDS(Line, intercept, slope)

/// Barron's loss with a shape alpha in (0, 2) and a scale c that are trained: the negative log-likelihood
///
///     rho(e, alpha, c) + ln c + ln Z(alpha),   Z(alpha) = integral of exp(-rho(t, alpha, 1)) dt
///
/// Why not rho alone? It is the smaller, the smaller alpha and the larger c, whatever the data are: both would run to
/// their bounds. The other two terms make the probabilities of all errors add up to 1, so that counting large errors
/// less costs something: small errors count as less likely then.
/// (J. T. Barron, A general and adaptive robust loss function, 2019, section 3.)
struct AdaptiveBarron {
  static constexpr std::string_view name = "AdaptiveBarron";
  xg::Var shape = 0.0;      // any number; alpha = 2 sigmoid(shape), which starts at 1
  xg::Var log_scale = 0.0;  // any number

  [[nodiscard]] xg::Var alpha() const { return 2.0 * sigmoid(shape); }
  [[nodiscard]] xg::Var scale() const { return exp(log_scale); }

  // The trapezoidal rule after the substitution t = sinh(s), under which the integrand falls exponentially even at
  // alpha = 0, where it is 1 / (1 + t^2 / 2).
  [[nodiscard]] xg::Var log_normaliser() const {
    constexpr double step = 0.1;
    static const xg::Var s = xt::arange<double>(-20.0, 20.0, step);
    const xg::Var t = sinh(s);
    return logsumexp(log(step * cosh(s)) - xg::loss::Barron{alpha(), 1.0}(t, zeros_like(t)));
  }

  xg::Var operator()(const xg::Var& prediction, const xg::Var& target) const {
    return xg::loss::Barron{alpha(), scale()}(prediction, target) + log_scale + log_normaliser();
  }
};
XGRAD_FIELDS(AdaptiveBarron, shape, log_scale)

// What is trained. A loss without Vars rides along unchanged.
template <class L>
struct Fit {
  Line line;
  L loss;
  XGRAD_MEMBER_FIELDS(Fit, line, loss)
};

const auto objective = [](const auto& fit, const Data& data) { return mean(fit.loss(fit.line(data.x), data.y)); };
