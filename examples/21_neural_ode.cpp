// A neural differential equation: foxes and hares (Lotka 1925, Volterra 1926) are counted now and then, with errors. A
// net learns how both change from what both are; solved by Runge and Kutta's method, whose steps are a scan that
// gradients go back through, its equation says what becomes of them later (R. T. Q. Chen et al. 2018).
//
//     21_neural_ode [folder for its pictures ["short"]]
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/draw.hpp>
#include <xgrad/nn.hpp>
#include <xgrad/optim.hpp>
#include <xgrad/solve.hpp>
#include <xgrad/train.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
namespace nn = xgrad::nn;

constexpr double interval = 0.1;  // between counts
constexpr std::ptrdiff_t counts = 80;
constexpr std::ptrdiff_t later = 60;  // counts after those that are learnt from

// The logarithms z of hares and foxes, [..., 2], after each of n intervals: [n, ..., 2]. Runge and Kutta's method of
// order 4, with two steps in an interval.
template <class Slope>
xg::Var trajectory(const Slope& slope, const xg::Var& start, std::ptrdiff_t n) {
  constexpr double h = interval / 2.0;
  const auto step = [&](const xg::Var& z) {
    const xg::Var k1 = slope(z);
    const xg::Var k2 = slope(z + 0.5 * h * k1);
    const xg::Var k3 = slope(z + 0.5 * h * k2);
    const xg::Var k4 = slope(z + h * k3);
    return z + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
  };
  const auto over_interval = [&](const xg::Var& z, const xg::Var&) {
    const xg::Var next = step(step(z));
    return std::pair{next, next};
  };
  return xg::scan(over_interval, start, xg::arange(n)).second;
}

// What nature does: hares grow by 1.5 and are caught by foxes, who die by 1 and grow by what they catch. Of logarithms
// the slopes are rates.
xg::Var nature(const xg::Var& z) {
  const xg::Var hares = exp(view(z, xt::ellipsis(), 0));
  const xg::Var foxes = exp(view(z, xt::ellipsis(), 1));
  return xg::stack({1.5 - foxes, hares - 1.0}, -1);
}

// This number stays what it was as long as nature goes on (Volterra 1926): what tells whether a solution is right.
xg::Var invariant(const xg::Var& z) {
  return sum(exp(z), -1) - view(z, xt::ellipsis(), 0) - 1.5 * view(z, xt::ellipsis(), 1);
}

// What is known of all this are counts; what is learnt, a net in the place of nature, and where they began.
struct Model {
  nn::Mlp slope;
  xg::Var start;  // [2]
};
XGRAD_FIELDS(Model, slope, start)

std::vector<double> column(const xg::Var& z, std::ptrdiff_t which) {
  const xg::Array<double> values = exp(view(z, xt::all(), which)).array<double>();
  return {values.begin(), values.end()};
}

void draw(const xg::Var& counted, const xg::Var& truth, const xg::Var& learnt, const std::filesystem::path& folder) {
  const auto times = [](std::ptrdiff_t n) {
    const xg::Array<double> t = (interval * (xg::arange(static_cast<double>(n)) + 1.0)).array<double>();
    return std::vector<double>(t.begin(), t.end());
  };
  xg::draw::Plot plot{.title = "Hares and foxes, learnt until t = 8", .x_label = "t", .y_label = "animals"};
  for (const auto& [which, name] : {std::pair{0, "hares"}, std::pair{1, "foxes"}}) {
    plot.series.push_back({std::string(name) + ", learnt", times(counts + later), column(learnt, which)});
  }
  for (const auto& [which, name] : {std::pair{0, "hares"}, std::pair{1, "foxes"}}) {
    plot.series.push_back(
        {std::string(name) + ", counted", times(counts), column(counted, which), xg::draw::Style::Points});
    plot.series.push_back({"", times(counts + later), column(truth, which), xg::draw::Style::Faint});
  }
  xg::draw::save(folder / "neural_ode.svg", plot);
}

double deviation(const xg::Var& a, const xg::Var& b) { return std::sqrt(mean(square(a - b)).item<double>()); }

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const bool is_short = argc > 2 && std::string(argv[2]) == "short";

  constexpr double noise = 0.05;
  const xg::Var start = log(xg::Var(xt::xarray<double>{1.5, 0.8}));
  const xg::Var truth = trajectory(nature, start, counts + later);
  const double drift = amax(abs(invariant(truth) - invariant(start))).item<double>();
  std::printf("Runge and Kutta's method changes the invariant by %.1e\n", drift);
  if (!(drift < 1e-5)) throw std::runtime_error("that is more than it should be");

  const auto seen = xt::range(0, counts);
  const xg::Var counted = view(truth, seen) + noise * xg::random::normal(xg::random::Key(1), {counts, 2});

  // First, short ways: from each count to the eight after it. Over long ones a net that knows nothing yet goes astray,
  // and its gradients with it.
  constexpr std::ptrdiff_t length = 8;
  std::vector<xg::Var> windows;
  for (std::ptrdiff_t i = 0; i + length < counts; ++i) windows.push_back(view(counted, xt::range(i, i + length + 1)));
  const auto over_windows = [](const Model& model, const xg::Var& window) {  // [batch, 1 + length, 2]
    const xg::Var z = swapaxes(window, 0, 1);
    return mean(square(trajectory(model.slope, view(z, 0), length) - view(z, xt::range(1, 1 + length))));
  };
  const std::size_t steps = is_short ? 300 : 2000;
  Model model{
      nn::mlp(xg::random::Key(2), {2, 32, 32, 2}, {.activation = nn::Activation::Tanh, .dtype = xg::DType::Float64}),
      view(counted, 0)};
  model = xg::train::fit(model, over_windows, xg::optim::adam({.rate = xg::optim::cosine(1e-2, steps)}),
                         xg::stack(windows), {.steps = steps, .batches = {.size = 24}, .log_every = 100})
              .model;

  // Then the whole way from one beginning, which is learnt, too: errors of the counts no longer begin windows.
  const auto over_all = [&](const Model& m) {
    // Large weights would follow the errors of the counts.
    xg::Var size = 0.0;
    for (const nn::Linear& layer : m.slope.layers) size = size + sum(square(layer.weight));
    return mean(square(trajectory(m.slope, m.start, counts) - counted)) + 1e-5 * size;
  };
  const auto found = xg::solve::minimise(over_all, model, xg::solve::LBFGS{}, {.iterations = is_short ? 30U : 300U});
  model = found.parameters;
  const xg::Var learnt = trajectory(model.slope, model.start, counts + later);
  std::printf("%zu iterations over the whole time, %zu gradients\n", found.iterations, found.evaluations);

  const auto unseen = xt::range(counts, counts + later);
  const double of_counts = deviation(counted, view(truth, seen));
  const double of_learnt = deviation(view(learnt, seen), view(truth, seen));
  const double of_later = deviation(view(learnt, unseen), view(truth, unseen));
  std::printf("deviation of logarithms from the truth: of the counts %.4f\n", of_counts);
  std::printf("  learnt, at the time of the counts %.4f, afterwards %.4f\n", of_learnt, of_later);
  draw(counted, truth, learnt, folder);
  if (!(of_learnt < of_counts && of_later < 0.1)) throw std::runtime_error("that is more than it should be");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
