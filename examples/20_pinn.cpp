// Physics-informed nets: a net is the solution of a differential equation if the equation's residual is 0 everywhere.
// No data, only derivatives of the net by its inputs, and of these by its weights (M. Raissi, P. Perdikaris and G. E.
// Karniadakis 2019). A damped oscillator, the heat equation and Burgers' equation, against their exact solutions.
//
//     20_pinn [folder for its pictures ["short"]]
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <numbers>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include <xgrad/draw.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace nn = xgrad::nn;
using std::numbers::pi;

std::vector<double> to_vector(const xg::Var& x) { return {x.array<double>().begin(), x.array<double>().end()}; }

nn::Mlp make_net(std::int64_t key, std::size_t inputs, std::size_t width) {
  return nn::mlp(xg::random::Key(key), {inputs, width, width, width, 1},
                 {.activation = nn::Activation::Tanh, .dtype = xg::DType::Float64});
}

// The net that makes the mean square of the residuals least.
nn::Mlp solve(const char* what, const nn::Mlp& start, const auto& residual, std::size_t iterations) {
  const auto found = xg::solve::minimise([&](const nn::Mlp& net) { return mean(square(residual(net))); }, start,
                                         xg::solve::LBFGS{.memory = 30}, {.iterations = iterations});
  std::printf("%s: mean square of the residuals %.1e after %zu iterations\n", what, found.value, found.iterations);
  return found.parameters;
}

void check(const xg::Var& solution, const xg::Var& exact, double allowed) {
  const double error = amax(abs(solution - exact)).item<double>();
  std::printf("  largest error %.1e\n", error);
  if (!(error <= allowed)) throw std::runtime_error("that is more than it should be");
}

// ---- u'' + 2 damping u' + stiffness u = 0, u(0) = 1, u'(0) = 0

void oscillator(bool is_short, const std::filesystem::path& folder) {
  constexpr double damping = 1.0;
  constexpr double stiffness = 40.0;
  // Whatever the net is, this begins as it has to.
  const auto u = [](const nn::Mlp& net, const xg::Var& t) {
    return 1.0 + square(t) * squeeze(net(expand_dims(2.0 * t - 2.0, 1)), 1);
  };
  const xg::Var t = xg::linspace(0.0, 2.0, 100);
  // Elements of t have nothing to do with each other: along a direction of ones, each has its own derivatives.
  const auto residual = [&](const nn::Mlp& net) {
    const auto [value, slopes] =
        xg::jet([&](const xg::Var& at) { return u(net, at); }, t, {ones_like(t), zeros_like(t)});
    return slopes[1] + 2.0 * damping * slopes[0] + stiffness * value;
  };
  const nn::Mlp net = solve("damped oscillator", make_net(1, 1, 24), residual, is_short ? 400 : 3000);

  const xg::Var at = xg::linspace(0.0, 2.0, 401);
  const double frequency = std::sqrt(stiffness - damping * damping);
  const xg::Var exact = exp(-damping * at) * (cos(frequency * at) + damping / frequency * sin(frequency * at));
  check(u(net, at), exact, is_short ? 0.02 : 1e-3);
  xg::draw::save(folder / "pinn_oscillator.svg",
                 {.title = "A damped oscillator",
                  .x_label = "t",
                  .y_label = "u",
                  .series = {{"net", to_vector(at), to_vector(u(net, at))},
                             {"exact", to_vector(at), to_vector(exact), xg::draw::Style::Faint}}});
}

// ---- equations of x and t

struct Slopes {
  xg::Var u, u_x, u_xx, u_t;
};

// All derivatives that the equations are made of, at points (x, t): along x by jet, along t by jvp.
template <class U>
Slopes slopes(const U& u, const xg::Var& x, const xg::Var& t) {
  const xg::Var one = ones_like(x);
  const xg::Var zero = zeros_like(x);
  const std::tuple at{x, t};
  const auto [value, along_x] = xg::jet(u, at, {std::tuple{one, zero}, std::tuple{zero, zero}});
  const auto [same, u_t] = xg::jvp(u, at, std::tuple{zero, one});
  return {value, along_x[0], along_x[1], u_t};
}

// n points that fill a rectangle more evenly than random ones: multiples of irrational numbers, without their integer
// parts (M. Roberts' R2).
std::tuple<xg::Var, xg::Var> spread(std::size_t n, double lowest, double highest) {
  const xg::Var k = xg::arange(static_cast<double>(n)) + 1.0;
  const auto fraction = [](const xg::Var& x) { return x - floor(x); };
  return {lowest + (highest - lowest) * fraction(0.7548776662466927 * k), fraction(0.5698402909980532 * k)};
}

// u_t = u_xx / 10 for 0 <= x <= 1, u(x, 0) = sin(pi x) + sin(3 pi x) / 2, u(0, t) = u(1, t) = 0
void heat(bool is_short, const std::filesystem::path& folder) {
  constexpr double conductivity = 0.1;
  const auto at_start = [](const xg::Var& x) { return sin(pi * x) + 0.5 * sin(3.0 * pi * x); };
  const auto u_of = [&](const nn::Mlp& net) {
    return [&net, at_start](const xg::Var& x, const xg::Var& t) {
      return at_start(x) + t * x * (1.0 - x) * squeeze(net(xg::stack({2.0 * x - 1.0, 2.0 * t - 1.0}, 1)), 1);
    };
  };
  const auto [x, t] = spread(is_short ? 200 : 1000, 0.0, 1.0);
  const auto residual = [&, x = x, t = t](const nn::Mlp& net) {
    const Slopes s = slopes(u_of(net), x, t);
    return s.u_t - conductivity * s.u_xx;
  };
  const nn::Mlp net = solve("heat equation", make_net(2, 2, 16), residual, is_short ? 150 : 1500);

  const auto exact = [&](const xg::Var& at, double time) {
    const double decay = conductivity * pi * pi * time;
    return std::exp(-decay) * sin(pi * at) + 0.5 * std::exp(-9.0 * decay) * sin(3.0 * pi * at);
  };
  xg::draw::Plot plot{.title = "Heat flows out of a rod", .x_label = "x", .y_label = "u"};
  const xg::Var at = xg::linspace(0.0, 1.0, 201);
  for (const double time : {0.0, 0.1, 0.3, 1.0}) {
    const xg::Var u = u_of(net)(at, full_like(at, time));
    std::printf("  t = %.1f:", time);
    check(u, exact(at, time), is_short ? 0.03 : 2e-3);
    plot.series.push_back({"t = " + std::to_string(time).substr(0, 3), to_vector(at), to_vector(u)});
  }
  xg::draw::save(folder / "pinn_heat.svg", plot);
}

// ---- u_t + u u_x = viscosity u_xx for -1 <= x <= 1, u(x, 0) = -sin(pi x), u(-1, t) = u(1, t) = 0

constexpr double chosen_viscosity = 0.02;

// By the transform of Cole and Hopf, u is a quotient of integrals over a normal distribution of y,
//
//   u(x, t) = -E[sin(pi (x - y)) f(x - y)] / E[f(x - y)],   f(z) = exp(-cos(pi z) / (2 pi viscosity))
//
// of variance 2 viscosity t; here by the trapezium rule, which is exact to rounding for smooth functions that end in
// nothing. Where they end is far from the middle of that distribution, because of f.
xg::Var cole_hopf(const xg::Var& x, double t, double viscosity) {
  const xg::Var s = xg::linspace(-25.0, 25.0, 5001);
  const xg::Var z = expand_dims(x, 1) - std::sqrt(2.0 * viscosity * t) * s;
  const xg::Var weights = softmax(-cos(pi * z) / (2.0 * pi * viscosity) - 0.5 * square(s), 1);
  return -sum(sin(pi * z) * weights, 1);
}

// Is that so? For the viscosity 0.01 / pi the slope at x = 0 is steepest at t = 1.6037 / pi, and -152.00516 there
// (C. Basdevant et al., Spectral and finite difference solutions of the Burgers equation, 1986).
void check_cole_hopf() {
  const xg::Var x = xt::xarray<double>{0.0};
  const auto u = [](const xg::Var& at) { return cole_hopf(at, 1.6037 / pi, 0.01 / pi); };
  const double slope = xg::derivative(u, x, ones_like(x), 1).item<double>();
  std::printf("  steepest slope of the exact solution for a smaller viscosity %.5f\n", slope);
  if (std::abs(slope + 152.00516) > 1e-3) throw std::runtime_error("published is -152.00516");
}

void burgers(bool is_short, const std::filesystem::path& folder) {
  const auto u_of = [](const nn::Mlp& net) {
    return [&net](const xg::Var& x, const xg::Var& t) {
      return t * (1.0 - square(x)) * squeeze(net(xg::stack({x, 2.0 * t - 1.0}, 1)), 1) - sin(pi * x);
    };
  };
  // Of 300 points the net makes what it likes between them: another last digit moves the error from 0.03 to 0.18.
  const auto [x, t] = spread(is_short ? 800 : 4000, -1.0, 1.0);
  const auto residual = [&, x = x, t = t](const nn::Mlp& net) {
    const Slopes s = slopes(u_of(net), x, t);
    return s.u_t + s.u * s.u_x - chosen_viscosity * s.u_xx;
  };
  const nn::Mlp net = solve("Burgers' equation", make_net(3, 2, 20), residual, is_short ? 400 : 2000);

  check_cole_hopf();
  xg::draw::Plot plot{.title = "A wave becomes steep: Burgers' equation", .x_label = "x", .y_label = "u"};
  const xg::Var at = xg::linspace(-1.0, 1.0, 401);
  for (const double time : {0.25, 0.5, 1.0}) {
    const xg::Var u = u_of(net)(at, full_like(at, time));
    const xg::Var exact = cole_hopf(at, time, chosen_viscosity);
    std::printf("  t = %.2f:", time);
    check(u, exact, is_short ? 0.05 : 0.01);
    plot.series.push_back({"t = " + std::to_string(time).substr(0, 4), to_vector(at), to_vector(u)});
    plot.series.push_back({"", to_vector(at), to_vector(exact), xg::draw::Style::Faint});
  }
  xg::draw::save(folder / "pinn_burgers.svg", plot);
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const bool is_short = argc > 2 && std::string(argv[2]) == "short";
  oscillator(is_short, folder);
  heat(is_short, folder);
  burgers(is_short, folder);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
