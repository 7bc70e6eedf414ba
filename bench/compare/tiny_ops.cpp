// Overhead: the same small programs with xgrad and with libtorch, in turns, on one thread.
//
// 1. A chain of tiny operations on 10 doubles: recorded, differentiated and evaluated afresh each time, as an eager
//    training loop does. The time of one operation is that of the whole program over the number of operations.
// 2. A step of linear regression on 100 points.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "tiny_ops.hpp"

namespace xg = xgrad;
using namespace tiny_ops;

namespace {

constexpr int repetitions = 15;
constexpr double seconds_per_sample = 0.05;
constexpr double per_op = 1e9 / ops;

/// Processor seconds of one run, all threads together: a busy machine disturbs them less than the time on the wall.
double seconds_of(const Program& program, int count) {
  const std::clock_t begin = std::clock();
  for (int i = 0; i < count; ++i) program();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC / count;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Median seconds of each program; they take turns, so that a busy moment of the machine hits all of them.
std::vector<double> measure(const std::vector<Program>& programs) {
  std::vector<int> counts;
  for (const Program& program : programs) {
    seconds_of(program, 5);
    counts.push_back(std::max(1, static_cast<int>(seconds_per_sample / std::max(1e-6, seconds_of(program, 10)))));
  }
  std::vector<std::vector<double>> samples(programs.size());
  for (int r = 0; r < repetitions; ++r) {
    for (std::size_t k = 0; k < programs.size(); ++k) samples[k].push_back(seconds_of(programs[k], counts[k]));
  }
  std::vector<double> result;
  for (const std::vector<double>& each : samples) result.push_back(median(each));
  return result;
}

void require_agreement(double a, double b) {
  if (std::abs(a - b) <= 1e-10 * std::max(1.0, std::abs(a))) return;
  std::fprintf(stderr, "the libraries disagree: %.17g and %.17g\n", a, b);
  std::exit(1);
}

struct XgradChain {
  xg::Var x = xt::xarray<double>(xt::linspace<double>(-1.0, 1.0, 10));
  xg::Var a = xt::xarray<double>(xt::linspace<double>(0.9, 1.1, 10));
  xg::Var b = xt::xarray<double>(xt::linspace<double>(-0.1, 0.1, 10));

  double record_only() const {
    xg::Tape tape;
    sum(chain(tape.leaf(x), tape.leaf(a), tape.leaf(b)));
    return static_cast<double>(tape.size());
  }
  double record_and_differentiate() const {
    xg::Tape tape;
    const xg::Var from = tape.leaf(x);
    tape.gradient(sum(chain(from, tape.leaf(a), tape.leaf(b))), from);
    return static_cast<double>(tape.size());
  }
  double forward() const {
    xg::Tape tape;
    return sum(chain(tape.leaf(x), tape.leaf(a), tape.leaf(b))).item<double>();
  }
  double gradient() const {
    xg::Tape tape;
    const xg::Var from = tape.leaf(x);
    const xg::Var loss = sum(chain(from, tape.leaf(a), tape.leaf(b)));
    const std::vector<xg::Var> values = tape.evaluate(std::vector<xg::Var>{loss, tape.gradient(loss, from)});
    return values[0].item<double>() + values[1].array<double>()(3);
  }
  double gradient_of_all() const {
    const auto both = xg::value_and_grad<0, 1, 2>(
        [](const xg::Var& x0, const xg::Var& a0, const xg::Var& b0) { return sum(chain(x0, a0, b0)); });
    const auto [value, gradient] = both(x, a, b);
    return value.item<double>() + std::get<1>(gradient).array<double>()(3);
  }
};

/// Loss sum((y - x theta)^2) / (2 m).
struct XgradRegression {
  xg::Var x = xt::xarray<double>(xt::reshape_view(xt::linspace<double>(0.0, 1.0, points), {points, 1}));
  xg::Var y = 3.0 * x + 0.5;

  double operator()() const {
    const auto step =
        xg::value_and_grad([this](const xg::Var& theta) { return sum(square(y - matmul(x, theta))) / (2.0 * points); });
    xg::Var theta = xt::zeros<double>({1, 1});
    double loss = 0.0;
    for (int i = 0; i < steps; ++i) {
      const auto [value, gradient] = step(theta);
      theta = theta - 0.01 * gradient;
      loss = value.item<double>();
    }
    return loss;
  }
};

/// Where xgrad's time goes.
void print_parts(const XgradChain& ours) {
  const std::vector<double> seconds =
      measure({[&] { return ours.record_only(); }, [&] { return ours.record_and_differentiate(); },
               [&] { return ours.gradient(); }});
  const double recorded = ours.record_only() / ops;
  const double all = ours.record_and_differentiate() / ops;
  std::printf("\n| xgrad alone, gradient of x | nanoseconds per operation | nodes per operation |\n|---|---:|---:|\n");
  std::printf("| record | %.1f | %.2f |\n", seconds[0] * per_op, recorded);
  std::printf("| differentiate | %.1f | %.2f |\n", (seconds[1] - seconds[0]) * per_op, all - recorded);
  std::printf("| plan and evaluate | %.1f | |\n", (seconds[2] - seconds[1]) * per_op);
}

}  // namespace

int main(int argc, char** argv) {
  const XgradChain ours;
  if (argc > 1 && std::string(argv[1]) == "--profile") {  // one program for a profiler to look at
    for (int i = 0; i < 20000; ++i) ours.gradient();
    return 0;
  }
  const Programs theirs = libtorch_programs();
  const auto row = [](const char* what, double scale, const Program& a, const Program& b) {
    require_agreement(a(), b());
    const std::vector<double> seconds = measure({a, b});
    std::printf("| %s | %.1f | %.1f | %.1f |\n", what, seconds[0] * scale, seconds[1] * scale, seconds[1] / seconds[0]);
  };

  std::printf("libtorch %s, 10 doubles, %d operations, 1 thread, processor time, medians of %d samples\n\n",
              libtorch_version().c_str(), ops, repetitions);
  std::printf("| nanoseconds per operation | xgrad | libtorch | ratio |\n|---|---:|---:|---:|\n");
  row(
      "forward: record and evaluate", per_op, [&] { return ours.forward(); }, theirs.forward);
  row(
      "forward and backward, gradient of x", per_op, [&] { return ours.gradient(); }, theirs.gradient);
  row(
      "forward and backward, gradients of x, a and b", per_op, [&] { return ours.gradient_of_all(); },
      theirs.gradient_of_all);
  std::printf("\n| microseconds per step | xgrad | libtorch | ratio |\n|---|---:|---:|---:|\n");
  row("linear regression, 100 x 1: loss, gradient, update", 1e6 / steps, XgradRegression(), theirs.regression);
  print_parts(ours);
}
