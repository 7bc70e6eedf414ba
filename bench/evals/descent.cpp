// Gradients of whole descents, which differentiate in every step: Newton's method on where a particle lands, and a
// search for a saddle by a descent whose function is an ascent. Beside the descents alone in doubles, with derivatives
// that are written by hand.
#include <array>

#include "contest.hpp"
#include "tape.hpp"

namespace bench_evals {
namespace {

[[maybe_unused]] double value_of(double x) { return x; }
[[maybe_unused]] double value_of(const tape::Number& x) { return x.value(); }

// ---- the particle: repelled by charges at (10, 10 - w) and (10, 0), it flies until its height is 0. The descent looks
// for the w with which it lands at 0; the gradient is that of w by the place and the speed of the start.

constexpr double dt = 0.1;
constexpr int newton_steps = 3;

struct Flight {
  Var place, speed;
};
XGRAD_FIELDS(Flight, place, speed)

Var height_of(const Var& place) { return view(place, 1); }

Var square_of_landing(const Flight& last) {
  const Var left = -view(last.place, 1) / view(last.speed, 1);
  return square(view(last.place, 0) + left * view(last.speed, 0));
}

Flight moved(const Flight& flight, const Var& w) {
  const Var above = xg::stack({Var(10.0), 10.0 - w});
  const Var below = Numbers{10.0, 0.0};
  const auto potential = [&](const Var& at) { return 1.0 / norm(at - above) + 1.0 / norm(at - below); };
  return {flight.place + dt * flight.speed, flight.speed - dt * xg::grad(potential)(flight.place)};
}

Var miss(const Flight& start, const Var& w) {
  const auto flies = [](const Flight& f) { return height_of(f.place + dt * f.speed) > 0.0; };
  const auto step = [&](const Flight& f) { return moved(f, w); };
  return square_of_landing(xg::while_loop(flies, step, start, {.at_most = 400}));
}

Var newton(const Flight& start) {
  Var w = 0.0;
  for (int i = 0; i < newton_steps; ++i) {
    const auto of_w = [&](const Var& x) { return miss(start, x); };
    const auto slope = xg::jvp(xg::grad(of_w), w, 1.0);
    w = w - slope.value / abs(slope.tangent);
  }
  return w;
}

/// A number with its first and second derivative by w.
template <class T>
struct Second {
  T v, d, e;
};
template <class T>
Second<T> operator+(const Second<T>& a, const Second<T>& b) {
  return {a.v + b.v, a.d + b.d, a.e + b.e};
}
template <class T>
Second<T> operator-(const Second<T>& a, const Second<T>& b) {
  return {a.v - b.v, a.d - b.d, a.e - b.e};
}
template <class T>
Second<T> operator*(const Second<T>& a, const Second<T>& b) {
  return {a.v * b.v, a.v * b.d + a.d * b.v, a.v * b.e + 2.0 * a.d * b.d + a.e * b.v};
}
template <class T>
Second<T> operator*(double a, const Second<T>& b) {
  return {a * b.v, a * b.d, a * b.e};
}
/// f(a), from the first two derivatives of f there.
template <class T>
Second<T> along(const Second<T>& a, const T& value, const T& first, const T& second) {
  return {value, first * a.d, first * a.e + second * a.d * a.d};
}
template <class T>
Second<T> reciprocal(const Second<T>& a) {
  const T r = 1.0 / a.v;
  const T square = r * r;
  return along<T>(a, r, -square, 2.0 * square * r);
}
/// a^(-3/2)
template <class T>
Second<T> power(const Second<T>& a) {
  const T root = sqrt(a.v);
  const T r = 1.0 / a.v;
  const T value = r / root;
  return along<T>(a, value, -1.5 * value * r, 3.75 * value * r * r);
}

template <class T>
Second<T> landing(const std::vector<T>& start, const T& w) {
  const auto constant = [](const T& x) { return Second<T>{x, T(0.0), T(0.0)}; };
  std::array<Second<T>, 2> place{constant(start[0]), constant(start[1])};
  std::array<Second<T>, 2> speed{constant(start[2]), constant(start[3])};
  const Second<T> height{10.0 - w, T(-1.0), T(0.0)};
  while (value_of(place[1].v) + dt * value_of(speed[1].v) > 0.0) {
    const Second<T> across = place[0] - constant(T(10.0));
    const Second<T> up = place[1] - height;
    const Second<T> above = power(across * across + up * up);
    const Second<T> below = power(across * across + place[1] * place[1]);
    const Second<T> force_across = across * (above + below);
    const Second<T> force_up = up * above + place[1] * below;
    for (std::size_t i = 0; i < 2; ++i) place[i] = place[i] + dt * speed[i];
    speed[0] = speed[0] + dt * force_across;
    speed[1] = speed[1] + dt * force_up;
  }
  return place[0] - place[1] * reciprocal(speed[1]) * speed[0];
}

template <class T>
T newton_by_hand(const std::vector<T>& start) {
  T w = 0.0;
  for (int i = 0; i < newton_steps; ++i) {
    const Second<T> x = landing(start, w);
    const Second<T> miss = x * x;
    if (value_of(miss.e) > 0.0) w = w - miss.d / miss.e;
    else w = w + miss.d / miss.e;
  }
  return w;
}

// ---- the saddle of h(x, y) = |x|^2 - |y|^2 + sin(x y) / 2: y climbs from where it starts for each x, x descends on
// what y reaches. The gradient of the square of the last x, by both starts.

constexpr double rate = 0.02;
constexpr std::size_t outer_steps = 40;
constexpr std::size_t inner_steps = 20;

struct Start {
  Var x, y;
};
XGRAD_FIELDS(Start, x, y)

Var surface(const Var& x, const Var& y) { return sum(square(x)) - sum(square(y)) + 0.5 * sin(dot(x, y)); }

Var highest(const Var& x, const Var& first) {
  const auto climb = [&](const Var&, const Var& y) { return y + rate * xg::grad<1>(surface)(x, y); };
  return surface(x, xg::fori_loop(inner_steps, climb, first));
}

Var saddle(const Start& start) {
  const auto descend = [&](const Var&, const Var& x) { return x - rate * xg::grad(highest)(x, start.y); };
  return sum(square(xg::fori_loop(outer_steps, descend, start.x)));
}

/// Gradient of the height that y reaches: with the derivative of y by x beside it.
template <class T>
std::array<T, 2> slope_of_highest(const std::array<T, 2>& x, std::array<T, 2> y) {
  std::array<std::array<T, 2>, 2> s{};  // dy_a / dx_b
  std::array<T, 2> climb;
  std::array<T, 2> dp;
  T cosine;
  const auto look = [&] {
    const T p = x[0] * y[0] + x[1] * y[1];
    cosine = 0.5 * cos(p);
    for (std::size_t a = 0; a < 2; ++a) climb[a] = cosine * x[a] - 2.0 * y[a];
    for (std::size_t b = 0; b < 2; ++b) dp[b] = y[b] + x[0] * s[0][b] + x[1] * s[1][b];
    return p;
  };
  for (std::size_t i = 0; i < inner_steps; ++i) {
    const T p = look();
    const T sine = 0.5 * sin(p);
    for (std::size_t a = 0; a < 2; ++a) {
      for (std::size_t b = 0; b < 2; ++b) {
        const T direct = -sine * dp[b] * x[a] - 2.0 * s[a][b];
        s[a][b] = a == b ? T(s[a][b] + rate * (direct + cosine)) : T(s[a][b] + rate * direct);
      }
      y[a] = y[a] + rate * climb[a];
    }
  }
  (void)look();
  std::array<T, 2> result;
  for (std::size_t b = 0; b < 2; ++b) result[b] = 2.0 * x[b] + cosine * y[b] + climb[0] * s[0][b] + climb[1] * s[1][b];
  return result;
}

template <class T>
T saddle_by_hand(const std::vector<T>& start) {
  std::array<T, 2> x{start[0], start[1]};
  const std::array<T, 2> y{start[2], start[3]};
  for (std::size_t i = 0; i < outer_steps; ++i) {
    const std::array<T, 2> slope = slope_of_highest(x, y);
    for (std::size_t a = 0; a < 2; ++a) x[a] = x[a] - rate * slope[a];
  }
  return x[0] * x[0] + x[1] * x[1];
}

/// The descent alone, in doubles; and, to compare, its gradient with the tape.
template <class F, class G>
Sides beside_doubles(Side ours, const Numbers& start, F in_doubles, G on_tape) {
  const auto alone = by_hand(0, [=](Numbers& result) { result[0] = in_doubles(start); });
  return {std::move(ours), alone, [=] {
            Numbers result(1 + start.size());
            tape::value_and_gradient(on_tape, start, result);
            return result;
          }};
}

const Numbers particle_start{0.0, 8.0, 0.75, 0.0};
Flight flight_of(const Numbers& s) { return {Numbers{s[0], s[1]}, Numbers{s[2], s[3]}}; }

Sides particle_sides() {
  return beside_doubles(with_xgrad(xg::compile(xg::value_and_grad(newton)), flight_of(particle_start)), particle_start,
                        newton_by_hand<double>, newton_by_hand<tape::Number>);
}

Sides saddle_sides() {
  const Numbers start{1.0, 0.5, 0.3, -0.7};
  const Start vars{Numbers{start[0], start[1]}, Numbers{start[2], start[3]}};
  return beside_doubles(with_xgrad(xg::compile(xg::value_and_grad(saddle)), vars), start, saddle_by_hand<double>,
                        saddle_by_hand<tape::Number>);
}

}  // namespace

Contests descent() {
  return {{"particle", "3 Newton steps, 352 of the flight", "doubles", at_most(60.0), particle_sides, 1e-7},
          {"saddle", "40 steps of 20", "doubles", at_most(60.0), saddle_sides}};
}

}  // namespace bench_evals
