// The Brusselator with diffusion on n cells between 0 and 1, a hundred steps of Runge and Kutta:
//
//     u' = 1 + u^2 v - 4 u + a (u_left - 2 u + u_right),     u = 1 at both ends
//     v' = 3 u - u^2 v     + a (v_left - 2 v + v_right),     v = 3 at both ends
//
// The value is the sum of the squares of the last u and v, the gradient by the first ones.
#include <algorithm>
#include <array>
#include <numbers>

#include "contest.hpp"
#include "tape.hpp"

namespace bench_evals {
namespace {

constexpr int steps = 100;
constexpr double u_end = 1.0;
constexpr double v_end = 3.0;

struct Grid {
  std::size_t n;
  double a, dt;

  explicit Grid(std::size_t cells)
      : n(cells), a(0.02 * std::pow(static_cast<double>(cells) + 1.0, 2.0)), dt(std::min(0.05, 0.125 / a)) {}
  [[nodiscard]] Numbers first() const {
    Numbers result(2 * n, v_end);
    for (std::size_t i = 0; i < n; ++i) {
      const double x = static_cast<double>(i + 1) / static_cast<double>(n + 1);
      result[i] = u_end + std::sin(2.0 * std::numbers::pi * x);
    }
    return result;
  }
};

struct State {
  Var u, v;
};
XGRAD_FIELDS(State, u, v)

Var diffusion(const Var& x, const Var& end) {
  const Var left = xg::concatenate({end, view(x, xt::range(0, -1))});
  const Var right = xg::concatenate({view(x, xt::range(1, static_cast<std::ptrdiff_t>(x.shape()[0]))), end});
  return left - 2.0 * x + right;
}

State slope(const Grid& grid, const State& s) {
  const Var reaction = square(s.u) * s.v;
  return {1.0 + reaction - 4.0 * s.u + grid.a * diffusion(s.u, Var(Numbers{u_end})),
          3.0 * s.u - reaction + grid.a * diffusion(s.v, Var(Numbers{v_end}))};
}

State moved(const State& s, double by, const State& along) { return {s.u + by * along.u, s.v + by * along.v}; }

State step(const Grid& grid, const State& s) {
  const State k1 = slope(grid, s);
  const State k2 = slope(grid, moved(s, grid.dt / 2.0, k1));
  const State k3 = slope(grid, moved(s, grid.dt / 2.0, k2));
  const State k4 = slope(grid, moved(s, grid.dt, k3));
  return {s.u + grid.dt / 6.0 * (k1.u + 2.0 * k2.u + 2.0 * k3.u + k4.u),
          s.v + grid.dt / 6.0 * (k1.v + 2.0 * k2.v + 2.0 * k3.v + k4.v)};
}

Var unrolled(const Grid& grid, const State& first) {
  State s = first;
  for (int i = 0; i < steps; ++i) s = step(grid, s);
  return sum(square(s.u)) + sum(square(s.v));
}

Var looped(const Grid& grid, const State& first) {
  const State s = xg::fori_loop(
      steps, [&](const Var&, const State& t) { return step(grid, t); }, first);
  return sum(square(s.u)) + sum(square(s.v));
}

/// The same for numbers one by one. y: u, then v.
template <class T>
void slope(const Grid& grid, const std::vector<T>& y, std::vector<T>& result) {
  const std::size_t n = grid.n;
  for (std::size_t i = 0; i < n; ++i) {
    const T& u = y[i];
    const T& v = y[n + i];
    const T left_u = i > 0 ? y[i - 1] : T(u_end);
    const T right_u = i + 1 < n ? y[i + 1] : T(u_end);
    const T left_v = i > 0 ? y[n + i - 1] : T(v_end);
    const T right_v = i + 1 < n ? y[n + i + 1] : T(v_end);
    const T reaction = u * u * v;
    result[i] = 1.0 + reaction - 4.0 * u + grid.a * (left_u - 2.0 * u + right_u);
    result[n + i] = 3.0 * u - reaction + grid.a * (left_v - 2.0 * v + right_v);
  }
}

template <class T>
T scalars(const Grid& grid, const std::vector<T>& first) {
  const std::size_t size = first.size();
  std::vector<T> y = first;
  std::vector<T> moved(size);
  std::array<std::vector<T>, 4> k;
  k.fill(std::vector<T>(size));
  for (int i = 0; i < steps; ++i) {
    slope(grid, y, k[0]);
    for (std::size_t stage = 1; stage < 4; ++stage) {
      const double by = stage == 3 ? grid.dt : grid.dt / 2.0;
      for (std::size_t j = 0; j < size; ++j) moved[j] = y[j] + by * k[stage - 1][j];
      slope(grid, moved, k[stage]);
    }
    for (std::size_t j = 0; j < size; ++j)
      y[j] = y[j] + grid.dt / 6.0 * (k[0][j] + 2.0 * k[1][j] + 2.0 * k[2][j] + k[3][j]);
  }
  T sum = 0.0;
  for (std::size_t j = 0; j < size; ++j) sum = sum + y[j] * y[j];
  return sum;
}

Sides sides(std::size_t n, Var (*program)(const Grid&, const State&)) {
  const Grid grid(n);
  const Numbers first = grid.first();
  const auto middle = first.begin() + static_cast<std::ptrdiff_t>(n);
  const State state{Var(Numbers(first.begin(), middle)), Var(Numbers(middle, first.end()))};
  const auto of_state = [=](const State& s) { return program(grid, s); };
  const auto on_tape = [=](const std::vector<tape::Number>& y) { return scalars(grid, y); };
  return {with_xgrad(xg::compile(xg::value_and_grad(of_state)), state),
          by_hand(2 * n, [=](Numbers& result) { tape::value_and_gradient(on_tape, first, result); })};
}

}  // namespace

Contests ode() {
  Contests all;
  for (const std::size_t n : {10U, 100U, 1000U}) {
    const std::string id = "ode_" + std::to_string(n);
    const std::string size = std::to_string(n) + " cells, 100 steps";
    all.push_back({id, size, "tape of scalars", at_least(1.5), [n] { return sides(n, unrolled); }});
    all.push_back({id + "_fori_loop", size, "tape of scalars", unbounded(), [n] { return sides(n, looped); }});
  }
  return all;
}

}  // namespace bench_evals
