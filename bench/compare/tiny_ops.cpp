// Overhead: the same small programs with xgrad and with libtorch, in turns, on one thread.
//
// 1. A chain of tiny operations on 10 doubles: recorded, differentiated and evaluated afresh each time, as an eager
//    training loop does. The time of one operation is that of the whole program over the number of operations.
// 2. A step of linear regression on 100 points.
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

namespace xg = xgrad;

namespace {

constexpr int repetitions = 15;
constexpr double seconds_per_sample = 0.05;
constexpr int rounds = 100;
constexpr int ops = 3 * rounds;

using Program = std::function<double()>;  // returns a number that all contestants must agree on

double seconds_of(const Program& program, int count) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) program();
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  return passed.count() / count;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Median seconds of each program; they take turns, so that a busy moment of the machine hits all of them.
std::vector<double> compare(const std::vector<Program>& programs) {
  const double expected = programs[0]();
  std::vector<int> counts;
  for (const Program& program : programs) {
    const double value = program();
    if (!(std::abs(value - expected) <= 1e-10 * std::max(1.0, std::abs(expected)))) {
      std::fprintf(stderr, "the contestants disagree: %.17g and %.17g\n", expected, value);
      std::exit(1);
    }
    seconds_of(program, 5);
    counts.push_back(std::max(1, static_cast<int>(seconds_per_sample / seconds_of(program, 10))));
  }
  std::vector<std::vector<double>> samples(programs.size());
  for (int r = 0; r < repetitions; ++r) {
    for (std::size_t k = 0; k < programs.size(); ++k) samples[k].push_back(seconds_of(programs[k], counts[k]));
  }
  std::vector<double> result;
  for (const std::vector<double>& each : samples) result.push_back(median(each));
  return result;
}

// ---- the chain: x = x a + b, then x = tanh(x)

/// T is either library's array.
template <class T>
T chain(T x, const T& a, const T& b) {
  for (int i = 0; i < rounds; ++i) {
    x = x * a + b;
    x = tanh(x);
  }
  return x;
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

torch::Tensor linspace(double first, double last) { return torch::linspace(first, last, 10, torch::kDouble); }

struct TorchChain {
  torch::Tensor x = linspace(-1.0, 1.0);
  torch::Tensor a = linspace(0.9, 1.1);
  torch::Tensor b = linspace(-0.1, 0.1);

  static torch::Tensor leaf(const torch::Tensor& x) { return x.detach().requires_grad_(true); }

  double forward() const { return chain(leaf(x), a, b).sum().item<double>(); }
  double gradient() const {
    const torch::Tensor from = leaf(x);
    const torch::Tensor loss = chain(from, a, b).sum();
    const torch::Tensor g = torch::autograd::grad({loss}, {from})[0];
    return loss.item<double>() + g.data_ptr<double>()[3];
  }
  double gradient_of_all() const {
    const torch::Tensor from = leaf(x);
    const torch::Tensor a0 = leaf(a);
    const torch::Tensor b0 = leaf(b);
    const torch::Tensor loss = chain(from, a0, b0).sum();
    const torch::Tensor g = torch::autograd::grad({loss}, {from, a0, b0})[1];
    return loss.item<double>() + g.data_ptr<double>()[3];
  }
};

// ---- linear regression: 100 points, loss sum((y - x theta)^2) / (2 m), one step of gradient descent

constexpr int points = 100;
constexpr int steps = 20;

struct XgradRegression {
  xg::Var x = xt::xarray<double>(xt::reshape_view(xt::linspace<double>(0.0, 1.0, points), {points, 1}));
  xg::Var y = 3.0 * x + 0.5;

  double operator()() const {
    const auto step =
        xg::value_and_grad([this](const xg::Var& theta) { return sum(square(y - matmul(x, theta))) / (2.0 * points); });
    xg::Var theta = xt::xarray<double>::from_shape({1, 1}) * 0.0;
    double loss = 0.0;
    for (int i = 0; i < steps; ++i) {
      const auto [value, gradient] = step(theta);
      theta = theta - 0.01 * gradient;
      loss = value.item<double>();
    }
    return loss;
  }
};

struct TorchRegression {
  torch::Tensor x = torch::linspace(0.0, 1.0, points, torch::kDouble).reshape({points, 1});
  torch::Tensor y = 3.0 * x + 0.5;

  double operator()() const {
    torch::Tensor theta = torch::zeros({1, 1}, torch::dtype(torch::kDouble).requires_grad(true));
    double loss = 0.0;
    for (int i = 0; i < steps; ++i) {
      const torch::Tensor value = (y - x.matmul(theta)).square().sum() / (2.0 * points);
      const torch::Tensor gradient = torch::autograd::grad({value}, {theta})[0];
      const torch::NoGradGuard no_grad;
      theta -= 0.01 * gradient;
      loss = value.item<double>();
    }
    return loss;
  }
};

void print_row(const std::string& what, double xgrad, double torch) {
  std::printf("| %-58s | %9.1f | %9.1f | %6.1f |\n", what.c_str(), xgrad, torch, torch / xgrad);
}

}  // namespace

int main(int argc, char** argv) {
  at::set_num_threads(1);
  const XgradChain ours;
  const TorchChain theirs;
  if (argc > 1 && std::string(argv[1]) == "--profile") {  // one program for a profiler to look at
    for (int i = 0; i < 20000; ++i) ours.gradient();
    return 0;
  }

  std::printf("libtorch %s, 1 thread, 10 doubles, %d operations, medians of %d samples\n\n", TORCH_VERSION, ops,
              repetitions);
  std::printf("| %-58s | %9s | %9s | %6s |\n", "nanoseconds per operation", "xgrad", "libtorch", "ratio");
  std::printf("|---|---:|---:|---:|\n");
  constexpr double per_op = 1e9 / ops;
  const auto compare_two = [&](const std::string& what, double scale, const Program& a, const Program& b) {
    const std::vector<double> seconds = compare({a, b});
    print_row(what, seconds[0] * scale, seconds[1] * scale);
  };
  compare_two(
      "forward: record and evaluate", per_op, [&] { return ours.forward(); }, [&] { return theirs.forward(); });
  compare_two(
      "forward and backward, gradient of x", per_op, [&] { return ours.gradient(); },
      [&] { return theirs.gradient(); });
  compare_two(
      "forward and backward, gradients of x, a and b", per_op, [&] { return ours.gradient_of_all(); },
      [&] { return theirs.gradient_of_all(); });

  std::printf("\n| %-58s | %9s | %9s | %6s |\n", "microseconds per step", "xgrad", "libtorch", "ratio");
  std::printf("|---|---:|---:|---:|\n");
  const XgradRegression our_regression;
  const TorchRegression their_regression;
  compare_two("linear regression, 100 x 1: loss, gradient, update", 1e6 / steps, our_regression, their_regression);

  std::printf("\n| xgrad alone, gradient of x | nanoseconds per operation | nodes per operation |\n|---|---:|---:|\n");
  const double record = compare({[&] { return ours.record_only(); }})[0];
  const double differentiate = compare({[&] { return ours.record_and_differentiate(); }})[0] - record;
  const double all = compare({[&] { return ours.gradient(); }})[0];
  const double recorded = ours.record_only() / ops;
  const double both = ours.record_and_differentiate() / ops;
  std::printf("| record | %.1f | %.2f |\n", record * per_op, recorded);
  std::printf("| differentiate | %.1f | %.2f |\n", differentiate * per_op, both - recorded);
  std::printf("| plan and evaluate | %.1f | |\n", (all - record - differentiate) * per_op);
}
