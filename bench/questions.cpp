// Recorded loops that ask for a value in every step: time of 800 steps beside that of 200.
//
//     bench_questions [repetitions, 5 by default]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
using xg::Var;

namespace {

double ask(const Var& x) { return x.item<double>(); }

Var vector_of(std::size_t size) { return xt::linspace<double>(0.1, 1.0, size); }

Var next(const Var& x) { return 0.9 * x + 0.1 * sin(x); }

/// One carried array, of which something is asked that is not carried.
void carry(std::size_t size, int steps) {
  xg::Tape tape;
  Var x = tape.leaf(vector_of(size));
  for (int i = 0; i < steps; ++i) {
    x = next(x);
    if (ask(sum(square(x))) < 0) return;
  }
}

/// A pendulum; asked for its energy.
void pendulum(int steps) {
  xg::Tape tape;
  Var angle = tape.leaf(1.0);
  Var speed = tape.leaf(0.0);
  for (int i = 0; i < steps; ++i) {
    std::tie(angle, speed) = std::tuple{angle + 0.01 * speed, speed - 0.01 * sin(angle)};
    if (ask(0.5 * square(speed) - cos(angle)) > 9) return;
  }
}

/// Asked for one of two carried values.
void half_asked(int steps) {
  xg::Tape tape;
  Var mean = tape.leaf(0.0);
  Var square_sum = tape.leaf(1.0);
  for (int i = 0; i < steps; ++i) {
    const Var step = sin(mean + 0.01 * i) / sqrt(square_sum);
    mean = 0.9 * mean + 0.1 * step;
    square_sum = square_sum + square(step);
    if (ask(mean) > 9) return;
  }
}

/// Damped Newton steps until the residual is small, which it is after so many steps.
Var newton(const Var& target, int steps) {
  const auto residual = [&](const Var& x) { return x * x * x + x - target; };
  Var x = 10.0 + 0.0 * target;
  for (int i = 0; i < steps; ++i) {
    if (ask(abs(residual(x))) < 0) break;
    x = x - 0.1 * residual(x) / xg::grad(residual)(x);
  }
  return x;
}

void newton_on_a_tape(int steps) {
  xg::Tape tape;
  (void)ask(newton(tape.leaf(3.0), steps));
}

void gradient_of_newton(int steps) {
  (void)ask(xg::grad([&](const Var& target) { return newton(target, steps); })(xg::Array<double>(xg::Shape(), 3.0)));
}

/// All is recorded first and asked for afterwards.
void asked_later(bool backwards, int steps) {
  xg::Tape tape;
  std::vector<Var> all{tape.leaf(vector_of(10))};
  for (int i = 0; i < steps; ++i) all.push_back(next(all.back()));
  if (backwards) std::reverse(all.begin(), all.end());
  for (const Var& x : all) (void)ask(sum(x));
}

double seconds_of(const std::function<void(int)>& loop, int steps, int repetitions) {
  double best = 1e9;
  for (int i = 0; i <= repetitions; ++i) {
    const std::clock_t start = std::clock();
    loop(steps);
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    if (i > 0) best = std::min(best, seconds);
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::atoi(argv[1]) : 5;
  const std::vector<std::pair<const char*, std::function<void(int)>>> loops{
      {"a carried number", [](int steps) { carry(1, steps); }},
      {"a carried vector of 1000", [](int steps) { carry(1000, steps); }},
      {"two carried numbers", pendulum},
      {"two carried, one asked for", half_asked},
      {"Newton, asked for convergence", newton_on_a_tape},
      {"the same, then its gradient", gradient_of_newton},
      {"recorded, then asked for", [](int steps) { asked_later(false, steps); }},
      {"the same, the last first", [](int steps) { asked_later(true, steps); }},
  };
  std::printf("| a question in each step       | 200 steps, ms | 800 steps, ms | ratio |\n");
  std::printf("|-------------------------------|--------------:|--------------:|------:|\n");
  for (const auto& [name, loop] : loops) {
    const double few = seconds_of(loop, 200, repetitions);
    const double many = seconds_of(loop, 800, repetitions);
    std::printf("| %-29s | %13.2f | %13.2f | %5.1f |\n", name, 1e3 * few, 1e3 * many, many / few);
  }
}
