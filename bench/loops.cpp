// scan beside the same loop unrolled: time, memory and the time of the first call; what custom_vjp costs; laplacian and
// jet beside nested derivatives.
//
//     bench_loops [repetitions, 15 by default]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
using xg::Var;

namespace {

Var wave(const xg::Shape& shape, double phase) {
  auto array = xg::Array<double>::from_shape(shape);
  for (std::size_t i = 0; i < array.size(); ++i) {
    array.data()[i] = 0.1 * std::sin(phase + 0.7 * static_cast<double>(i));
  }
  return {std::move(array)};
}

using Clock = std::chrono::steady_clock;

double milliseconds(const std::function<void()>& run) {
  const auto start = Clock::now();
  run();
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// Of the processor: what else the machine does hardly shows.
double processor_milliseconds(const std::function<void()>& run) {
  const std::clock_t start = std::clock();
  run();
  return 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

/// Medians of both, in turn.
std::pair<double, double> side_by_side(int repetitions, const std::function<void()>& a, const std::function<void()>& b,
                                       double (*time)(const std::function<void()>&) = milliseconds) {
  std::vector<double> of_a;
  std::vector<double> of_b;
  for (int k = -2; k < repetitions; ++k) {
    const double first = time(a);
    const double second = time(b);
    if (k < 0) continue;
    of_a.push_back(first);
    of_b.push_back(second);
  }
  const auto median = [](std::vector<double>& all) {
    std::ranges::sort(all);
    return all[all.size() / 2];
  };
  return {median(of_a), median(of_b)};
}

/// MiB that a call needs beside what was there before, at its peak.
double peak_of(const std::function<void()>& run) {
  const auto field = [](const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
      double kibibytes = 0.0;
      if (word == name && status >> kibibytes) return kibibytes / 1024.0;
    }
    return 0.0;
  };
  xg::release_memory();
  std::ofstream("/proc/self/clear_refs") << 5;  // the peak so far is forgotten
  const double before = field("VmRSS:");
  run();
  return field("VmHWM:") - before;
}

struct Cell {
  Var w, u, b;
};
XGRAD_FIELDS(Cell, w, u, b)

Var step(const Cell& cell, const Var& h, const Var& x) { return tanh(matmul(cell.w, h) + matmul(cell.u, x) + cell.b); }

auto scanned(std::size_t checkpoint_every) {
  return [checkpoint_every](const Cell& cell, const Var& xs) {
    const auto body = [&](const Var& h, const Var& x) { return std::pair{step(cell, h, x), std::tuple<>()}; };
    return sum(square(xg::scan(body, zeros_like(cell.b), xs, {.checkpoint_every = checkpoint_every}).first));
  };
}

Var unrolled(const Cell& cell, const Var& xs) {
  Var h = zeros_like(cell.b);
  for (std::size_t i = 0; i < xs.shape()[0]; ++i) h = step(cell, h, view(xs, i));
  return sum(square(h));
}

void compare_times(int repetitions, const Cell& cell) {
  std::printf("a cell of 64, compiled             scan ms  unrolled ms  ratio\n");
  for (const std::size_t runs : {100U, 1000U}) {
    const Var xs = wave({runs, 64}, 0.3);
    const auto row = [&](const char* what, const auto& a, const auto& b) {
      const auto [loop, flat] = side_by_side(
          repetitions, [&] { (void)a(cell, xs); }, [&] { (void)b(cell, xs); });
      std::printf("%5zu runs, %-20s %10.3f %12.3f %6.2f\n", runs, what, loop, flat, loop / flat);
    };
    row("value", xg::compile(scanned(0)), xg::compile(unrolled));
    row("value and gradient", xg::compile(xg::value_and_grad(scanned(0))), xg::compile(xg::value_and_grad(unrolled)));
    row("recorded each time", xg::value_and_grad(scanned(0)), xg::value_and_grad(unrolled));
  }
}

void compare_lengths(const Cell& cell) {
  std::printf("\nfirst call of the compiled gradient, and a later one, ms; bytes of the plan's text\n");
  for (const std::size_t runs : {100U, 1000U, 10000U}) {
    const Var xs = wave({runs, 64}, 0.3);
    const auto gradient = xg::compile(xg::grad(scanned(0)));
    const double first = milliseconds([&] { (void)gradient(cell, xs); });
    const double later = milliseconds([&] { (void)gradient(cell, xs); });
    std::printf("%6zu runs: %9.2f %9.2f, difference %6.2f; %zu\n", runs, first, later, first - later,
                gradient.plan(cell, xs).size());
  }
}

void compare_memory(const Cell& cell) {
  const Var xs = wave({10000, 64}, 0.3);
  std::printf("\npeak of the compiled gradient of 10000 runs, MiB\n");
  const auto peak = [&](const char* what, const auto& gradient) {
    const double mebibytes = peak_of([&] { (void)gradient(cell, xs); });
    std::printf("%-32s %8.2f\n", what, mebibytes);
    return mebibytes;
  };
  const double few = peak("scan, a checkpoint each 100", xg::compile(xg::grad(scanned(100))));
  peak("scan", xg::compile(xg::grad(scanned(0))));
  const double all = peak("unrolled", xg::compile(xg::grad(unrolled)));
  std::printf("checkpoints / unrolled: %.1f %%\n", 100.0 * few / all);
}

/// The same loss with the derivative that it has anyway given as a rule.
void compare_custom(int repetitions) {
  const Var x = wave({1000, 100}, 0.2);
  const auto plain = [](const Var& y) { return sum(log1p(exp(y)) * y); };
  const auto softplus = xg::custom_vjp(
      [](const Var& y) {
        const Var e = exp(y);
        return std::pair{log1p(e), e};
      },
      [](const Var& e, const Var& dy) { return dy / (1.0 + e) * e; });
  const auto ruled = [&](const Var& y) { return sum(softplus(y) * y); };
  const auto [with, without] = side_by_side(
      3 * repetitions, [&, f = xg::compile(xg::value_and_grad(ruled))] { (void)f(x); },
      [&, f = xg::compile(xg::value_and_grad(plain))] { (void)f(x); });
  std::printf("\ncustom_vjp: %.3f ms, without %.3f ms, ratio %.3f\n", with, without, with / without);
}

/// A net of a point of three numbers, at 1,000 points: the Laplacian, and derivatives along a line.
void compare_higher_orders(int repetitions) {
  const Var w1 = wave({64, 3}, 0.1) * 10.0;
  const Var b1 = wave({64}, 0.3);
  const Var w2 = wave({64, 64}, 0.5);
  const Var b2 = wave({64}, 0.9);
  const Var w3 = wave({64}, 0.7);
  const auto net = [&](const Var& x) { return dot(w3, tanh(matmul(w2, tanh(matmul(w1, x) + b1)) + b2)); };
  const Var points = wave({1000, 3}, 0.2) * 10.0;
  const Var axes = xt::eye<double>(3);
  const auto axis_by_axis = [&](const Var& x) {
    Var result = 0.0;
    for (std::size_t i = 0; i < 3; ++i) result = result + view(xg::hvp(net, x, Var(view(axes, i))), i);
    return result;
  };
  const auto batched = [&](const Var& x) {
    const auto along = [&](const Var& e) { return sum(e * xg::hvp(net, x, e)); };
    return sum(xg::vmap(along)(axes));
  };
  const auto twice_forward = [&](const Var& x) {
    const auto along = [&](const Var& e) { return xg::derivative(net, x, {e, e}); };
    return sum(xg::vmap(along)(axes));
  };
  std::printf("\nMLP 3-64-64-1, 1000 points, processor time\n");
  const auto row = [&](const char* what, const auto& a, const char* other, const auto& b) {
    const auto [fast, slow] = side_by_side(
        repetitions, [&, f = xg::compile(xg::vmap(a))] { (void)f(points); },
        [&, f = xg::compile(xg::vmap(b))] { (void)f(points); }, processor_milliseconds);
    std::printf("%-20s %8.3f ms, %-20s %8.3f ms, ratio %5.2f\n", what, fast, other, slow, slow / fast);
  };
  row("laplacian", xg::laplacian(net), "hvp, axis by axis", axis_by_axis);
  row("laplacian", xg::laplacian(net), "vmap of hvp", batched);
  row("laplacian", xg::laplacian(net), "vmap of nested jvp", twice_forward);
  const Var v = wave({3}, 1.0) * 10.0;
  const auto fourth = [&](const Var& x) { return xg::derivative(net, x, v, 4); };
  const auto fourth_nested = [&](const Var& x) { return xg::derivative(net, x, {v, v, v, v}); };
  row("4th order, jet", fourth, "nested jvp", fourth_nested);
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::atoi(argv[1]) : 15;
  const Cell cell{wave({64, 64}, 0.1), wave({64, 64}, 0.5), wave({64}, 0.2)};
  compare_times(repetitions, cell);
  compare_lengths(cell);
  compare_memory(cell);
  compare_custom(repetitions);
  compare_higher_orders(repetitions);
  return 0;
}
