// Gaussian processes: which story do the data tell? The flow of the Nile was measured for a hundred years. Three
// priors over functions of time explain it: a level that wanders, one that changes smoothly, one that fell in a single
// year. For each we learn its scales by gradients of the marginal likelihood, which also says which story is the best.
// Then we look what would be predicted for each year from all others, and for ten years more.
//
//     22_gaussian_process [folder for its pictures]
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

#include <xgrad/draw.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/linalg.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

// Covariances of the level at times s [n] and t [m], [n, m]. Scales are positive: we learn their logarithms.
struct Wandering {  // steps of a random walk from year to year
  xg::Var log_step;
  xg::Var operator()(const xg::Var& s, const xg::Var& t) const {
    return exp(2.0 * log_step) * minimum(expand_dims(s, 1), t);
  }
};
XGRAD_FIELDS(Wandering, log_step)

struct Smooth {
  xg::Var log_size, log_length;
  xg::Var operator()(const xg::Var& s, const xg::Var& t) const {
    return exp(2.0 * log_size - 0.5 * square((expand_dims(s, 1) - t) / exp(log_length)));
  }
};
XGRAD_FIELDS(Smooth, log_size, log_length)

struct Fall {  // in 1899, when work on a dam began
  xg::Var log_size;
  xg::Var operator()(const xg::Var& s, const xg::Var& t) const {
    return exp(2.0 * log_size) * xg::cast<double>(expand_dims(s >= 28.0, 1) && (t >= 28.0));
  }
};
XGRAD_FIELDS(Fall, log_size)

template <class Kernel>
struct Process {
  Kernel kernel;
  xg::Var log_noise;  // of a measurement
  XGRAD_MEMBER_FIELDS(Process, kernel, log_noise)
};

struct Data {
  xg::Var t;  // [n] years since 1871
  xg::Var y;  // [n] 10^8 m^3
};

/// What all questions about a process and its measurements need: a Cholesky factor of their covariance C, and the mean
/// level, of which nothing is known beforehand (a flat prior).
struct Factored {
  xg::Var factor;        // [n, n]
  xg::Var of_ones;       // [n], C^-1 1
  xg::Var precision;     // 1^T C^-1 1, of the mean
  xg::Var mean;          // 1^T C^-1 y / precision
  xg::Var of_residuals;  // [n], C^-1 (y - mean)
};

template <class Kernel>
Factored factored(const Process<Kernel>& process, const Data& data) {
  const xg::Var noise = exp(2.0 * process.log_noise) * xg::eye(data.t.size());
  const xg::Var factor = xg::linalg::cholesky(process.kernel(data.t, data.t) + noise);
  const xg::Var of_ones = xg::linalg::cho_solve(factor, ones_like(data.y));
  const xg::Var precision = sum(of_ones);
  const xg::Var mean = dot(of_ones, data.y) / precision;
  return {factor, of_ones, precision, mean, xg::linalg::cho_solve(factor, data.y - mean)};
}

/// The logarithm of the density of the measurements, whatever the mean level.
template <class Kernel>
xg::Var log_likelihood(const Process<Kernel>& process, const Data& data) {
  const Factored f = factored(process, data);
  const auto n = static_cast<double>(data.y.size());
  return -0.5 *
             (dot(data.y - f.mean, f.of_residuals) + log(f.precision) + (n - 1.0) * std::log(2.0 * std::numbers::pi)) -
         sum(log(diagonal(f.factor)));
}

struct Prediction {
  xg::Var mean;
  xg::Var deviation;
};

/// The level at times t.
template <class Kernel>
Prediction level(const Process<Kernel>& process, const Data& data, const xg::Var& t) {
  const Factored f = factored(process, data);
  const xg::Var cross = process.kernel(data.t, t);  // [n, m]
  const xg::Var explained = xg::linalg::solve_triangular(f.factor, cross, {.lower = true});
  const xg::Var unknown_mean = square(1.0 - matmul(f.of_ones, cross)) / f.precision;
  const xg::Var variance = diagonal(process.kernel(t, t)) - sum(square(explained), 0) + unknown_mean;
  return {f.mean + matmul(f.of_residuals, cross), sqrt(maximum(variance, 0.0))};
}

/// How many of a hundred measurements are within the 95 % that all others predict: with P the inverse covariance
/// without the mean, y_i is expected (P y)_i / P_ii lower, with variance 1 / P_ii.
template <class Kernel>
double within(const Process<Kernel>& process, const Data& data) {
  const Factored f = factored(process, data);
  const xg::Var inverse = xg::linalg::cho_solve(f.factor, xg::eye(data.t.size()));
  const xg::Var precisions = diagonal(inverse) - square(f.of_ones) / f.precision;
  const xg::Var inside = abs(f.of_residuals) / sqrt(precisions) < 1.96;
  return 100.0 * mean(inside).template item<double>();
}

template <class Kernel>
Process<Kernel> learn(const std::string& name, const Kernel& start, const Data& data, double& evidence) {
  const auto objective = [&](const Process<Kernel>& process) { return -log_likelihood(process, data); };
  const auto found = xg::solve::minimise(objective, Process<Kernel>{start, std::log(100.0)}, xg::solve::BFGS{});
  if (!found.converged()) throw std::runtime_error(name + ": " + std::string(text(found.ended)));
  evidence = -objective(found.parameters).template item<double>();
  const double share = within(found.parameters, data);
  std::printf("%-20s %10.3f %14.1f %12.0f %%\n", name.c_str(), evidence,
              exp(found.parameters.log_noise).template item<double>(), share);
  if (share < 91.0 || share > 99.0) throw std::runtime_error("the bands do not tell the truth");
  return found.parameters;
}

std::vector<double> to_vector(const xg::Var& x) { return {x.array<double>().begin(), x.array<double>().end()}; }

template <class Kernel>
void draw(const std::string& title, const Process<Kernel>& process, const Data& data,
          const std::filesystem::path& file) {
  const xg::Var t = xg::linspace(0.0, 109.0, 437);
  const Prediction p = level(process, data, t);
  const xg::Var years = 1871.0 + t;
  const auto edge = [&](double side) {
    return xg::draw::Series{
        .x = to_vector(years), .y = to_vector(p.mean + side * 1.96 * p.deviation), .style = xg::draw::Style::Faint};
  };
  xg::draw::Series upper = edge(1.0);
  upper.name = "95 % for the level";
  xg::draw::save(file, {.title = title,
                        .x_label = "year",
                        .y_label = "flow of the Nile [10^8 m^3]",
                        .series = {{"level", to_vector(years), to_vector(p.mean)},
                                   {"measured", to_vector(1871.0 + data.t), to_vector(data.y), xg::draw::Style::Points},
                                   upper,
                                   edge(-1.0)}});
}

void require_near(const std::string& what, double value, double filtered, double tolerance) {
  std::printf("%-45s %10.3f, by a Kalman filter %10.3f\n", what.c_str(), value, filtered);
  if (!(std::abs(value - filtered) <= tolerance)) throw std::runtime_error(what + " is not as it should be");
}

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const xg::Var table = xg::io::read_csv(std::filesystem::path(XGRAD_EXAMPLE_DATA) / "nile.csv");
  const Data data{view(table, xt::all(), 0) - 1871.0, view(table, xt::all(), 1)};

  std::printf("%-20s %10s %14s %14s\n", "the level", "evidence", "noise", "within 95 %");
  double of_wandering = 0.0;
  double of_smooth = 0.0;
  double of_fall = 0.0;
  const auto wandering = learn("wanders", Wandering{std::log(30.0)}, data, of_wandering);
  const auto smooth = learn("changes smoothly", Smooth{std::log(100.0), std::log(10.0)}, data, of_smooth);
  const auto fall = learn("fell in 1899", Fall{std::log(200.0)}, data, of_fall);
  if (!(of_fall > of_wandering + 3.0)) throw std::runtime_error("the fall should explain most");

  // The first one is the local level model of J. Durbin and S. J. Koopman, Time Series Analysis by State Space Methods,
  // chapter 2, who give the variances 15099 and 1469.1. A Kalman filter in plain Python finds these numbers.
  std::printf("\n");
  const Prediction next = level(wandering, data, xt::xarray<double>{100.0});
  require_near("evidence of a level that wanders", of_wandering, -632.546, 0.001);
  require_near("variance of the noise", exp(2.0 * wandering.log_noise).item<double>(), 15098.518, 0.5);
  require_near("variance of a year's step", exp(2.0 * wandering.kernel.log_step).item<double>(), 1469.177, 0.2);
  require_near("level in 1971", next.mean.item<double>(), 798.367, 0.005);
  require_near("deviation of that level", next.deviation.item<double>(), std::sqrt(5501.349), 0.01);

  draw("The level wanders", wandering, data, folder / "gaussian_process_wandering.svg");
  draw("The level changes smoothly", smooth, data, folder / "gaussian_process_smooth.svg");
  draw("The level fell in 1899", fall, data, folder / "gaussian_process_fall.svg");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
