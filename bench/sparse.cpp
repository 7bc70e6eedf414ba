// sparse_hessian and sparse_jacobian beside the dense ones, and what finding patterns and colours takes.
//
//     bench_sparse [repetitions, 15 by default]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <utility>
#include <vector>

#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
using xg::Var;
using xt::placeholders::_;

namespace {

Var wave(std::size_t size) {
  auto array = xg::Array<double>::from_shape(xg::Shape{size});
  for (std::size_t i = 0; i < size; ++i) array.data()[i] = 0.7 * std::sin(0.3 + 0.7 * static_cast<double>(i));
  return {std::move(array)};
}

/// Milliseconds of the processor.
double processor_time() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

/// Their median, after two that do not count; each of several runs, as reading the clock takes microseconds.
double milliseconds(int repetitions, const std::function<void()>& run, int together = 1) {
  std::vector<double> all;
  for (int k = -2; k < repetitions; ++k) {
    const double start = processor_time();
    for (int i = 0; i < together; ++i) run();
    if (k >= 0) all.push_back((processor_time() - start) / together);
  }
  std::ranges::sort(all);
  return all[all.size() / 2];
}

/// Its Hessian has three diagonals.
Var chained_rosenbrock(const Var& x) {
  const Var a = view(x, xt::range(1, _));
  const Var b = view(x, xt::range(0, -1));
  return sum(100.0 * square(a - square(b)) + square(1.0 - b));
}

/// -u'' + e^u on a square grid, by five points; 0 on its boundary.
Var on_grid(const Var& flat) {
  const auto n = static_cast<std::ptrdiff_t>(std::lround(std::sqrt(static_cast<double>(flat.size()))));
  const Var u = reshape(flat, {n, n});
  const Var column = Var(xt::xarray<double>(xt::zeros<double>({n, std::ptrdiff_t{1}})));
  const Var row = transpose(column);
  const Var left = xg::concatenate({column, view(u, xt::all(), xt::range(0, -1))}, 1);
  const Var right = xg::concatenate({view(u, xt::all(), xt::range(1, _)), column}, 1);
  const Var up = xg::concatenate({row, view(u, xt::range(0, -1))}, 0);
  const Var down = xg::concatenate({view(u, xt::range(1, _)), row}, 0);
  return flatten(4.0 * u - left - right - up - down + exp(u));
}

/// A sparse derivative and a dense one.
template <class Sparse, class Dense>
void compare(const char* what, int repetitions, const Var& x, const Sparse& sparse, const Dense& dense) {
  const auto row = [&](const char* how, const auto& a, const auto& b) {
    const double of_a = milliseconds(
        repetitions, [&] { (void)a(x); }, 20);
    const double of_b = milliseconds(repetitions, [&] { (void)b(x); });
    std::printf("%-42s %-24s %9.3f %9.2f %7.0f\n", what, how, of_a, of_b, of_b / of_a);
  };
  row("compiled", xg::compile(sparse), xg::compile(dense));
  row("recorded each time", sparse, dense);
}

template <class F>
void large(const char* what, int repetitions, const F& sparse, const auto& pattern, const Var& x) {
  const auto compiled = xg::compile(sparse);
  std::printf("%-42s %9zu %9.2f %9.2f %9.3f\n", what, compiled(x).values.size(),
              milliseconds(repetitions, [&] { (void)pattern(x); }), milliseconds(repetitions, [&] { (void)sparse(x); }),
              milliseconds(repetitions, [&] { (void)compiled(x); }));
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::atoi(argv[1]) : 15;
  std::printf("%-67s %9s %9s %7s\n", "", "sparse ms", "dense ms", "ratio");
  compare("Hessian, chained Rosenbrock, 1,000", repetitions, wave(1000), xg::sparse_hessian(chained_rosenbrock),
          xg::hessian(chained_rosenbrock));
  compare("Jacobian, five points, 32 x 32", repetitions, wave(1024), xg::sparse_jacobian(on_grid),
          xg::jacobian(on_grid));
  std::printf("\n%-42s %9s %9s %9s %9s\n", "ms", "entries", "pattern", "recorded", "compiled");
  large(
      "Hessian, chained Rosenbrock, 100,000", repetitions, xg::sparse_hessian(chained_rosenbrock),
      [](const Var& x) { return xg::hessian_pattern(chained_rosenbrock, x); }, wave(100000));
  large(
      "Jacobian, five points, 300 x 300", repetitions, xg::sparse_jacobian(on_grid),
      [](const Var& x) { return xg::jacobian_pattern(on_grid, x); }, wave(90000));
  return 0;
}
