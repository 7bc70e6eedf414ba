// The 35 problems of J. J. Moré, B. S. Garbow and K. E. Hillstrom, Testing Unconstrained Optimization Software, 1981,
// with their numbers there, standard starts and minima.
#pragma once

#include <cmath>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include <xgrad/xgrad.hpp>

namespace mgh {

using xgrad::Var;
using Numbers = std::vector<double>;

struct Problem {
  int number;
  std::string name;
  Numbers start;
  std::function<Var(const Var&)> residuals;  ///< [n] -> [m]
  /// Sums of squares: the minima that the paper lists, to 16 digits (by Gauss and Newton in 40).
  Numbers minima;
};

inline Var element(const Var& x, std::size_t i) { return view(x, static_cast<std::ptrdiff_t>(i)); }
inline Numbers counted(std::size_t n, const std::function<double(double)>& f) {
  Numbers result;
  for (std::size_t i = 1; i <= n; ++i) result.push_back(f(static_cast<double>(i)));
  return result;
}

/// Of pairs or fours of consecutive elements, those at one place.
inline Var each(const Var& x, std::size_t of, std::size_t place) {
  return view(reshape(x, {-1, static_cast<std::ptrdiff_t>(of)}), xt::all(), static_cast<std::ptrdiff_t>(place));
}

inline Var rosenbrock(const Var& x) {
  const Var a = each(x, 2, 0);
  return xgrad::concatenate({10.0 * (each(x, 2, 1) - a * a), 1.0 - a});
}
inline Var powell_singular(const Var& x) {
  const Var a = each(x, 4, 0), b = each(x, 4, 1), c = each(x, 4, 2), d = each(x, 4, 3);
  return xgrad::concatenate(
      {a + 10.0 * b, std::sqrt(5.0) * (c - d), square(b - 2.0 * c), std::sqrt(10.0) * square(a - d)});
}

inline std::vector<Problem> problems_of_fixed_size_1() {
  const double pi = std::numbers::pi;
  return {
      {1, "Rosenbrock", {-1.2, 1}, rosenbrock, {0}},
      {2,
       "Freudenstein and Roth",
       {0.5, -2},
       [](const Var& x) -> Var {
         const Var a = element(x, 0), b = element(x, 1);
         return xgrad::stack({-13.0 + a + ((5.0 - b) * b - 2.0) * b, -29.0 + a + ((b + 1.0) * b - 14.0) * b});
       },
       {0, 48.98425367924002}},
      {3,
       "Powell badly scaled",
       {0, 1},
       [](const Var& x) -> Var {
         const Var a = element(x, 0), b = element(x, 1);
         return xgrad::stack({1e4 * a * b - 1.0, exp(-a) + exp(-b) - 1.0001});
       },
       {0}},
      {4,
       "Brown badly scaled",
       {1, 1},
       [](const Var& x) -> Var {
         const Var a = element(x, 0), b = element(x, 1);
         return xgrad::stack({a - 1e6, b - 2e-6, a * b - 2.0});
       },
       {0}},
      {5,
       "Beale",
       {1, 1},
       [](const Var& x) -> Var {
         const Var a = element(x, 0), b = element(x, 1);
         return xgrad::stack({1.5 - a * (1.0 - b), 2.25 - a * (1.0 - b * b), 2.625 - a * (1.0 - b * b * b)});
       },
       {0}},
      {6,
       "Jennrich and Sampson",
       {0.3, 0.4},
       [i = Var(counted(10, [](double k) { return k; }))](const Var& x) -> Var {
         return 2.0 + 2.0 * i - (exp(i * element(x, 0)) + exp(i * element(x, 1)));
       },
       {124.3621823556149}},
      {7,
       "Helical valley",
       {-1, 0, 0},
       [pi](const Var& x) -> Var {
         const Var a = element(x, 0), b = element(x, 1), c = element(x, 2);
         const Var turn = atan(b / a) / (2.0 * pi) + where(a < 0.0, Var(0.5), Var(0.0));
         return xgrad::stack({10.0 * (c - 10.0 * turn), 10.0 * (sqrt(a * a + b * b) - 1.0), c});
       },
       {0}},
      {8,
       "Bard",
       {1, 1, 1},
       [y = Var(Numbers{.14, .18, .22, .25, .29, .32, .35, .39, .37, .58, .73, .96, 1.34, 2.10, 4.39}),
        u = Var(counted(15, [](double i) { return i; })), v = Var(counted(15, [](double i) { return 16 - i; })),
        w = Var(counted(15, [](double i) { return std::min(i, 16 - i); }))](const Var& x) -> Var {
         return y - (element(x, 0) + u / (v * element(x, 1) + w * element(x, 2)));
       },
       {8.214877306578975e-3}},
      {9,
       "Gaussian",
       {0.4, 1, 0},
       [y = Var(Numbers{.0009, .0044, .0175, .0540, .1295, .2420, .3521, .3989, .3521, .2420, .1295, .0540, .0175,
                        .0044, .0009}),
        t = Var(counted(15, [](double i) { return (8 - i) / 2; }))](const Var& x) -> Var {
         return element(x, 0) * exp(-element(x, 1) * square(t - element(x, 2)) / 2.0) - y;
       },
       {1.127932769618648e-8}},
      {10,
       "Meyer",
       {0.02, 4000, 250},
       [y = Var(Numbers{34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307,
                        2872}),
        t = Var(counted(16, [](double i) { return 45 + 5 * i; }))](const Var& x) -> Var {
         return element(x, 0) * exp(element(x, 1) / (t + element(x, 2))) - y;
       },
       {87.94585517085112}},
      {11,
       "Gulf",
       {5, 2.5, 0.15},
       [t = Var(counted(99, [](double i) { return i / 100; })),
        y = Var(counted(99, [](double i) { return 25 + std::pow(-50 * std::log(i / 100), 2.0 / 3.0); }))](
           const Var& x) -> Var { return exp(-pow(abs(y - element(x, 1)), element(x, 2)) / element(x, 0)) - t; },
       {0}},
      {12,
       "Box in three dimensions",
       {0, 10, 20},
       [t = Var(counted(10, [](double i) { return i / 10; }))](const Var& x) -> Var {
         return exp(-t * element(x, 0)) - exp(-t * element(x, 1)) - element(x, 2) * (exp(-t) - exp(-10.0 * t));
       },
       {0}},
      {13, "Powell singular", {3, -1, 0, 1}, powell_singular, {0}},
      {14,
       "Wood",
       {-3, -1, -3, -1},
       [](const Var& x) -> Var {
         const Var a = element(x, 0), b = element(x, 1), c = element(x, 2), d = element(x, 3);
         return xgrad::stack({10.0 * (b - a * a), 1.0 - a, std::sqrt(90.0) * (d - c * c), 1.0 - c,
                              std::sqrt(10.0) * (b + d - 2.0), (b - d) / std::sqrt(10.0)});
       },
       {0}},
      {15,
       "Kowalik and Osborne",
       {0.25, 0.39, 0.415, 0.39},
       [y = Var(Numbers{.1957, .1947, .1735, .1600, .0844, .0627, .0456, .0342, .0323, .0235, .0246}),
        u = Var(Numbers{4, 2, 1, .5, .25, .167, .125, .1, .0833, .0714, .0625})](const Var& x) -> Var {
         return y - element(x, 0) * (u * u + u * element(x, 1)) / (u * u + u * element(x, 2) + element(x, 3));
       },
       {3.075056038492374e-4}},
  };
}

inline std::vector<Problem> problems_of_fixed_size_2() {
  return {
      {16,
       "Brown and Dennis",
       {25, 5, -5, -1},
       [t = Var(counted(20, [](double i) { return i / 5; }))](const Var& x) -> Var {
         return square(element(x, 0) + t * element(x, 1) - exp(t)) +
                square(element(x, 2) + element(x, 3) * sin(t) - cos(t));
       },
       {85822.20162635634}},
      {17,
       "Osborne 1",
       {0.5, 1.5, -1, 0.01, 0.02},
       [y = Var(Numbers{.844, .908, .932, .936, .925, .908, .881, .850, .818, .784, .751,
                        .718, .685, .658, .628, .603, .580, .558, .538, .522, .506, .490,
                        .478, .467, .457, .448, .438, .431, .424, .420, .414, .411, .406}),
        t = Var(counted(33, [](double i) { return 10 * (i - 1); }))](const Var& x) -> Var {
         return y - (element(x, 0) + element(x, 1) * exp(-t * element(x, 3)) + element(x, 2) * exp(-t * element(x, 4)));
       },
       {5.464894697482906e-5}},
      {18,
       "Biggs EXP6",
       {1, 2, 1, 1, 1, 1},
       [t = Var(counted(13, [](double i) { return i / 10; })),
        y = Var(
            counted(13, [](double i) { return std::exp(-i / 10) - 5 * std::exp(-i) + 3 * std::exp(-4 * i / 10); }))](
           const Var& x) -> Var {
         return element(x, 2) * exp(-t * element(x, 0)) - element(x, 3) * exp(-t * element(x, 1)) +
                element(x, 5) * exp(-t * element(x, 4)) - y;
       },
       {0}},
      {19,
       "Osborne 2",
       {1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5},
       [y = Var(Numbers{1.366, 1.191, 1.112, 1.013, .991, .885, .831, .847, .786, .725, .746, .679, .608,
                        .655,  .616,  .606,  .602,  .626, .651, .724, .649, .649, .694, .644, .624, .661,
                        .612,  .558,  .533,  .495,  .500, .423, .395, .375, .372, .391, .396, .405, .428,
                        .429,  .523,  .562,  .607,  .653, .672, .708, .633, .668, .645, .632, .591, .559,
                        .597,  .625,  .739,  .710,  .729, .720, .636, .581, .428, .292, .162, .098, .054}),
        t = Var(counted(65, [](double i) { return (i - 1) / 10; }))](const Var& x) -> Var {
         Var model = element(x, 0) * exp(-t * element(x, 4));
         for (std::size_t k = 1; k < 4; ++k) {
           model = model + element(x, k) * exp(-square(t - element(x, k + 7)) * element(x, k + 4));
         }
         return y - model;
       },
       {4.013773629354775e-2}},
  };
}

inline std::vector<Problem> problems_of_any_size_1() {
  return {
      {20,
       "Watson",
       Numbers(6, 0.0),
       [](const Var& x) -> Var {
         constexpr std::size_t n = 6;
         std::vector<Var> slopes;
         std::vector<Var> values;
         for (std::size_t j = 0; j < n; ++j) {
           const auto power = static_cast<double>(j);
           values.push_back(element(x, j) * Var(counted(29, [&](double i) { return std::pow(i / 29, power); })));
           if (j == 0) continue;
           slopes.push_back(element(x, j) *
                            Var(counted(29, [&](double i) { return power * std::pow(i / 29, power - 1); })));
         }
         const Var a = element(x, 0), b = element(x, 1);
         return xgrad::concatenate({sum(xgrad::stack(slopes), {0}) - square(sum(xgrad::stack(values), {0})) - 1.0,
                                    xgrad::stack({a, b - a * a - 1.0})});
       },
       {2.287670053552436e-3}},
      {21, "extended Rosenbrock", {-1.2, 1, -1.2, 1, -1.2, 1, -1.2, 1, -1.2, 1}, rosenbrock, {0}},
      {22, "extended Powell singular", {3, -1, 0, 1, 3, -1, 0, 1, 3, -1, 0, 1}, powell_singular, {0}},
      {23,
       "penalty I",
       {1, 2, 3, 4},
       [](const Var& x) -> Var {
         return xgrad::concatenate({std::sqrt(1e-5) * (x - 1.0), xgrad::stack({sum(x * x) - 0.25})});
       },
       {2.249977500899937e-5}},
      {24,
       "penalty II",
       Numbers(4, 0.5),
       [y = Var(Numbers{std::exp(.2) + std::exp(.1), std::exp(.3) + std::exp(.2), std::exp(.4) + std::exp(.3)}),
        weights = Var(Numbers{4, 3, 2, 1})](const Var& x) -> Var {
         const Var e = exp(x / 10.0);
         const Var later = view(e, xt::range(1, 4));
         return xgrad::concatenate(
             {xgrad::stack({element(x, 0) - 0.2}), std::sqrt(1e-5) * (later + view(e, xt::range(0, 3)) - y),
              std::sqrt(1e-5) * (later - std::exp(-0.1)), xgrad::stack({sum(weights * x * x) - 1.0})});
       },
       {9.376293007355442e-6}},
      {25,
       "variably dimensioned",
       counted(10, [](double j) { return 1 - j / 10; }),
       [j = Var(counted(10, [](double k) { return k; }))](const Var& x) -> Var {
         const Var all = sum(j * (x - 1.0));
         return xgrad::concatenate({x - 1.0, xgrad::stack({all, all * all})});
       },
       {0}},
      {26,
       "trigonometric",
       Numbers(10, 0.1),
       [i = Var(counted(10, [](double k) { return k; }))](const Var& x) -> Var {
         return 10.0 - sum(cos(x)) + i * (1.0 - cos(x)) - sin(x);
       },
       {0, 2.795056121879456e-5}},
      {27,
       "Brown almost linear",
       Numbers(10, 0.5),
       [](const Var& x) -> Var {
         return xgrad::concatenate({view(x, xt::range(0, 9)) + sum(x) - 11.0, xgrad::stack({prod(x) - 1.0})});
       },
       {0, 1}},
  };
}

inline std::vector<Problem> problems_of_any_size_2() {
  const Numbers t = counted(10, [](double i) { return i / 11; });
  const Var place(t);
  Numbers between;
  for (const double each : t) between.push_back(each * (each - 1));
  return {
      {28,
       "discrete boundary value",
       between,
       [place](const Var& x) -> Var {
         const Var zero(Numbers{0.0});
         const Var before = xgrad::concatenate({zero, view(x, xt::range(0, 9))});
         const Var after = xgrad::concatenate({view(x, xt::range(1, 10)), zero});
         const Var cube = x + place + 1.0;
         return 2.0 * x - before - after + cube * cube * cube / (121.0 * 2.0);
       },
       {0}},
      {29,
       "discrete integral equation",
       between,
       [place](const Var& x) -> Var {
         const Var base = x + place + 1.0;
         const Var cube = base * base * base;
         const Var below = cumsum(place * cube, 0);
         const Var above = (1.0 - place) * cube;
         return x + ((1.0 - place) * below + place * (sum(above) - cumsum(above, 0))) / 22.0;
       },
       {0}},
      {30,
       "Broyden tridiagonal",
       Numbers(10, -1.0),
       [](const Var& x) -> Var {
         const Var zero(Numbers{0.0});
         const Var before = xgrad::concatenate({zero, view(x, xt::range(0, 9))});
         const Var after = xgrad::concatenate({view(x, xt::range(1, 10)), zero});
         return (3.0 - 2.0 * x) * x - before - 2.0 * after + 1.0;
       },
       {0}},
      {31,
       "Broyden banded",
       Numbers(10, -1.0),
       [](const Var& x) -> Var {
         Numbers band;
         for (int i = 0; i < 10; ++i) {
           for (int j = 0; j < 10; ++j) band.push_back(j != i && j >= i - 5 && j <= i + 1 ? 1.0 : 0.0);
         }
         return x * (2.0 + 5.0 * x * x) + 1.0 - matmul(reshape(Var(band), {10, 10}), x * (1.0 + x));
       },
       {0}},
      {32,
       "linear, full rank",
       Numbers(10, 1.0),
       [](const Var& x) -> Var {
         const Var shift = -0.1 * sum(x) - 1.0;
         return xgrad::concatenate({x + shift, shift + Var(Numbers(10, 0.0))});
       },
       {10}},
      {33,
       "linear, rank 1",
       Numbers(10, 1.0),
       [j = Var(counted(10, [](double k) { return k; })),
        i = Var(counted(20, [](double k) { return k; }))](const Var& x) -> Var { return i * sum(j * x) - 1.0; },
       {190.0 / 41.0}},
      {34,
       "linear, rank 1 with zeros",
       Numbers(10, 1.0),
       [j = Var(Numbers{0, 2, 3, 4, 5, 6, 7, 8, 9, 0}),
        i = Var(counted(20, [](double k) { return k < 20 ? k - 1 : 0.0; }))](const Var& x) -> Var {
         return i * sum(j * x) - 1.0;
       },
       {227.0 / 37.0}},
      {35,
       "Chebyquad",
       counted(8, [](double j) { return j / 9; }),
       [](const Var& x) -> Var {
         const Var first = 2.0 * x - 1.0;
         std::vector<Var> means;
         Var before = first * 0.0 + 1.0;
         Var now = first;
         for (int i = 1; i <= 8; ++i) {
           means.push_back(mean(now) + (i % 2 == 0 ? 1.0 / (i * i - 1.0) : 0.0));
           const Var next = 2.0 * first * now - before;
           before = now;
           now = next;
         }
         return xgrad::stack(means);
       },
       {3.516873725677932e-3}},
  };
}

inline std::vector<Problem> all_problems() {
  std::vector<Problem> all;
  for (const auto& some :
       {problems_of_fixed_size_1(), problems_of_fixed_size_2(), problems_of_any_size_1(), problems_of_any_size_2()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace mgh
