// A line through data with outliers. How much a large error should count is learnt with the line: the loss is a part of
// the tree that is trained.
//
//     04_robust_regression [folder for the pictures]
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

// Uniform in (0, 1). std::uniform_real_distribution may differ between standard libraries, the engine does not.
double uniform(std::mt19937& engine) { return (static_cast<double>(engine()) + 0.5) / 4294967296.0; }

// The noise is normal with standard deviation 0.5 (Box-Muller). A sensor that reads too low now and then, by 4 on
// average (exponentially distributed), spoils some of the points on the right.
Data make_data(double share_of_outliers) {
  constexpr std::size_t n = 300;
  std::mt19937 engine(1);
  auto x = xg::Array<double>::from_shape({n});
  auto y = xg::Array<double>::from_shape({n});
  for (std::size_t i = 0; i < n; ++i) {
    x(i) = -2.0 + 4.0 * uniform(engine);
    const double radius = std::sqrt(-2.0 * std::log(uniform(engine)));
    const double noise = 0.5 * radius * std::cos(2.0 * std::numbers::pi * uniform(engine));
    const double drop = -4.0 * std::log(uniform(engine));
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
/// Why not rho alone? Whatever the data are, it falls with alpha and with growing c; trained, they would just run away.
/// The other two terms make the probabilities of all errors add up to 1: where large errors count less, small ones are
/// less likely. (J. T. Barron, A general and adaptive robust loss function, 2019.)
struct AdaptiveBarron {
  static constexpr std::string_view name = "AdaptiveBarron";
  xg::Var shape = 0.0;      // any number; alpha = 2 sigmoid(shape), which starts at 1
  xg::Var log_scale = 0.0;  // any number

  [[nodiscard]] xg::Var alpha() const { return 2.0 * sigmoid(shape); }
  [[nodiscard]] xg::Var scale() const { return exp(log_scale); }

  // The trapezoidal rule after the substitution t = sinh(s), under which the integrand falls exponentially even at
  // alpha = 0, where it is 1 / (1 + t^2 / 2). ln Z is right to 1e-8.
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

// What is trained: a line and its loss. A loss without Vars is static.
template <class L>
struct Fit {
  Line line;
  L loss;
  XGRAD_MEMBER_FIELDS(Fit, line, loss)
};

const auto objective = [](const auto& fit, const xg::Var& x, const xg::Var& y) {
  return mean(fit.loss(fit.line(x), y));
};

constexpr int steps = 20000;
constexpr int steps_between = 50;

// Gradient descent with momentum; the rate falls to 0, so that losses with a kink settle too. Returns a few of the fits
// along the way, and the final one at the end.
template <class L>
std::vector<Fit<L>> train(const L& loss, const Data& data) {
  using F = Fit<L>;
  const auto step =
      xg::compile([](const F& fit, const F& velocity, const xg::Var& rate, const xg::Var& x, const xg::Var& y) {
        const auto gradient = xg::grad(objective)(fit, x, y);
        const F faster =
            xg::tree::map(velocity, gradient, [&](const xg::Var& v, const xg::Var& g) { return 0.9 * v - rate * g; });
        return std::pair{xg::tree::map(fit, faster, [](const xg::Var& p, const xg::Var& v) { return p + v; }), faster};
      });
  F fit{{}, loss};
  F velocity = xg::tree::map(fit, [](const xg::Var& p) { return zeros_like(p); });
  std::vector<F> path = {fit};
  for (int i = 1; i <= steps; ++i) {
    const double rate = 0.1 * (1.0 - i / double{steps});
    std::tie(fit, velocity) = step(std::move(fit), std::move(velocity), rate, data.x, data.y);
    if (i % steps_between == 0) path.push_back(fit);
  }
  return path;
}

double number(const xg::Var& x) { return x.item<double>(); }

std::vector<double> to_vector(const xg::Var& x) { return {x.array<double>().begin(), x.array<double>().end()}; }

struct Result {
  AdaptiveBarron loss = {};
  xg::draw::Plot lines = {};
  xg::draw::Series alphas = {};
};

Result compare(const std::string& title, const Data& data) {
  Result result{.lines = {.title = title, .x_label = "x", .y_label = "y"}};
  result.lines.series.push_back({"data", to_vector(data.x), to_vector(data.y), xg::draw::Style::Points});
  std::printf("%s\n%-18s %10s %10s %20s\n", title.c_str(), "", "intercept", "slope", "from the true line");
  const auto add = [&](const std::string& name, const Line& line) {
    const xg::Var ends = xt::xarray<double>{-2.0, 2.0};
    const double a = number(line.intercept) - true_intercept;
    const double b = number(line.slope) - true_slope;
    const double distance = std::sqrt(a * a + b * b * 4.0 / 3.0);  // root mean square for x from -2 to 2
    std::printf("%-18s %10.4f %10.4f %20.4f\n", name.c_str(), number(line.intercept), number(line.slope), distance);
    result.lines.series.push_back({name, to_vector(ends), to_vector(line(ends))});
  };
  add("least squares", train(xg::loss::Mse{}, data).back().line);
  add("absolute error", train(xg::loss::Mae{}, data).back().line);
  add("Huber", train(xg::loss::Huber{.delta = 0.5}, data).back().line);

  const auto path = train(AdaptiveBarron{}, data);
  add("adaptive Barron", path.back().line);
  result.loss = path.back().loss;
  std::printf("learnt: alpha = %.4f, c = %.4f\n\n", number(result.loss.alpha()), number(result.loss.scale()));
  for (std::size_t i = 0; i < path.size(); ++i) {
    result.alphas.x.push_back(static_cast<double>(i) * steps_between);
    result.alphas.y.push_back(number(path[i].loss.alpha()));
  }
  return result;
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  Result clean = compare("Without outliers", make_data(0.0));
  Result spoilt = compare("With outliers", make_data(0.4));
  xg::draw::save(folder / "robust_lines.svg", spoilt.lines);

  clean.alphas.name = "without outliers";
  spoilt.alphas.name = "with outliers";
  xg::draw::save(folder / "robust_alpha.svg", {.title = "The shape of the loss while training",
                                               .x_label = "step",
                                               .y_label = "alpha",
                                               .series = {clean.alphas, spoilt.alphas}});

  const xg::Var errors = xt::linspace<double>(-2.0, 2.0, 401);
  const auto curve = [&](const std::string& name, const AdaptiveBarron& loss) {
    return xg::draw::Series{name, to_vector(errors), to_vector(loss(errors, zeros_like(errors)))};
  };
  xg::draw::save(folder / "robust_losses.svg",
                 {.title = "Losses that were learnt",
                  .x_label = "prediction - target",
                  .y_label = "negative log-likelihood",
                  .series = {curve("without outliers", clean.loss), curve("with outliers", spoilt.loss)}});
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
