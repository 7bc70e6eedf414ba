// Ways of optimisers and solvers over functions of two numbers.
#include <xgrad/optim.hpp>
#include <xgrad/solve/minimise.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "pictures.hpp"

namespace pictures {

using xgrad::Var;
namespace draw = xgrad::draw;
namespace optim = xgrad::optim;
namespace solve = xgrad::solve;

namespace {

using Point = std::array<double, 2>;

/// A function of two numbers, to be drawn as contours. In one of them, `quadratic`, it is a polynomial of degree 2, so
/// that its contours are roots of it.
struct Landscape {
  std::string name;
  Var (*f)(const Var& x, const Var& y);
  std::size_t quadratic;
  Point low, high;  ///< what is shown
  std::vector<double> levels;
  Point start;
  std::vector<Point> minima;
};

double value(const Landscape& land, const Point& at) { return land.f(Var(at[0]), Var(at[1])).item<double>(); }

Var at_point(const Landscape& land, const Var& p) { return land.f(view(p, 0), view(p, 1)); }

Var rosenbrock(const Var& x, const Var& y) { return 100.0 * square(y - square(x)) + square(1.0 - x); }

Var beale(const Var& x, const Var& y) {
  const Var y2 = square(y);
  return square(1.5 - x * (1.0 - y)) + square(2.25 - x * (1.0 - y2)) + square(2.625 - x * (1.0 - y * y2));
}

Var saddle(const Var& x, const Var& y) { return square(x) - square(y) + 0.25 * square(square(y)); }

std::vector<Landscape> landscapes() {
  return {{"rosenbrock",
           rosenbrock,
           1,
           {-2.0, -1.0},
           {2.0, 2.0},
           {0.3, 2, 8, 25, 60, 120, 250, 500},
           {-1.2, 1.0},
           {{1.0, 1.0}}},
          {"beale", beale, 0, {0.0, -1.5}, {5.0, 1.5}, {0.05, 0.3, 1, 3, 8, 16, 40, 100}, {1.0, 1.0}, {{3.0, 0.5}}},
          {"saddle",
           saddle,
           0,
           {-1.5, -2.0},
           {1.5, 2.0},
           {-0.9, -0.6, -0.3, -0.05, 0, 0.05, 0.3, 0.8, 1.5},
           {-1.2, 1e-3},
           {{0.0, std::sqrt(2.0)}, {0.0, -std::sqrt(2.0)}}}};
}

// ---- contours

/// For one value of the other coordinate: a z^2 + b z + c = 0.
struct Quadratic {
  double a, b, c;
  [[nodiscard]] double discriminant() const { return b * b - 4.0 * a * c; }
  [[nodiscard]] double root(double sign) const {
    return (-b + sign * std::sqrt(std::max(discriminant(), 0.0))) / (2.0 * a);
  }
};

/// The point with this value of the quadratic coordinate and that of the other.
Point placed(const Landscape& land, double quadratic, double other) {
  return land.quadratic == 0 ? Point{quadratic, other} : Point{other, quadratic};
}

Quadratic quadratic_at(const Landscape& land, double other, double level) {
  const auto f = [&](double z) { return value(land, placed(land, z, other)); };
  const double c = f(0.0);
  const double above = f(1.0);
  const double below = f(-1.0);
  return {0.5 * (above + below) - c, 0.5 * (above - below), c - level};
}

/// Where the roots begin to be real, between a value of the other coordinate where they are and one where they are not.
double end_of_roots(const Landscape& land, double level, double real, double complex) {
  for (int i = 0; i < 30; ++i) {
    const double middle = 0.5 * (real + complex);
    (quadratic_at(land, middle, level).discriminant() >= 0.0 ? real : complex) = middle;
  }
  return real;
}

void add_point(const Landscape& land, draw::Series& line, const Point& p) {
  bool inside = true;
  for (const std::size_t i : {0U, 1U}) inside = inside && p[i] >= land.low[i] && p[i] <= land.high[i];
  line.x.push_back(inside ? p[0] : std::numeric_limits<double>::quiet_NaN());
  line.y.push_back(inside ? p[1] : std::numeric_limits<double>::quiet_NaN());
}

/// Closed lines of one level: one branch of the roots forth, the other back.
void add_contour(const Landscape& land, draw::Series& line, double level) {
  constexpr int steps = 160;
  const std::size_t axis = 1 - land.quadratic;
  const double low = land.low[axis];
  const double width = (land.high[axis] - low) / steps;
  std::vector<double> interval;
  const auto finish = [&] {
    for (const double sign : {1.0, -1.0}) {
      for (std::size_t i = 0; i < interval.size(); ++i) {
        const double other = interval[sign > 0.0 ? i : interval.size() - 1 - i];
        add_point(land, line, placed(land, quadratic_at(land, other, level).root(sign), other));
      }
    }
    if (interval.empty()) return;
    add_point(land, line, placed(land, quadratic_at(land, interval[0], level).root(1.0), interval[0]));
    add_point(land, line, {std::numeric_limits<double>::infinity(), 0.0});
    interval.clear();
  };
  for (int i = 0; i <= steps; ++i) {
    const double other = low + width * i;
    const bool real = quadratic_at(land, other, level).discriminant() >= 0.0;
    if (real && interval.empty() && i > 0) interval.push_back(end_of_roots(land, level, other, other - width));
    if (real) interval.push_back(other);
    if (!real && !interval.empty()) {
      interval.push_back(end_of_roots(land, level, other - width, other));
      finish();
    }
  }
  finish();
}

draw::Plot plot_of(const Landscape& land, const std::string& title) {
  draw::Plot plot{.title = title, .x_label = "x", .y_label = "y"};
  draw::Series contours{.style = draw::Style::Faint};
  for (const double level : land.levels) add_contour(land, contours, level);
  plot.series.push_back(std::move(contours));
  return plot;
}

draw::Series minima_of(const Landscape& land) {
  draw::Series points{.name = "minimum", .style = draw::Style::Points};
  for (const Point& p : land.minima) add_point(land, points, p);
  return points;
}

// ---- optimisers

/// Makes one with a rate that is recorded, so that all rates are tried by one program.
struct Contestant {
  std::string name;
  std::function<optim::Optimiser(const Var& rate)> make;
};

std::vector<Contestant> contestants() {
  return {{"sgd", [](const Var& rate) { return optim::sgd({.rate = rate}); }},
          {"momentum", [](const Var& rate) { return optim::sgd({.rate = rate, .momentum = 0.9}); }},
          {"nesterov", [](const Var& rate) { return optim::sgd({.rate = rate, .momentum = 0.9, .nesterov = true}); }},
          {"rmsprop", [](const Var& rate) { return optim::rmsprop({.rate = rate}); }},
          {"adam", [](const Var& rate) { return optim::adam({.rate = rate}); }},
          {"lion", [](const Var& rate) { return optim::lion({.rate = rate}); }}};
}

struct Way {
  std::string name;
  std::vector<Point> points;
  std::vector<double> values;
};

Point point_of(const Var& p) { return {p.array<double>()(0), p.array<double>()(1)}; }

Way walk(const Landscape& land, const Contestant& contestant, double rate, int steps) {
  const auto step = xgrad::compile([&](const Var& p, const optim::State& state, const Var& r) {
    const auto [f, gradient] = xgrad::value_and_grad([&](const Var& q) { return at_point(land, q); })(p);
    auto [updates, next] = contestant.make(r).update(gradient, state, p);
    return std::tuple{optim::apply(p, updates), next, f};
  });
  Var p(std::vector<double>{land.start[0], land.start[1]});
  optim::State state = contestant.make(rate).init(p);
  Way way{contestant.name, {}, {}};
  for (int i = 0; i < steps; ++i) {
    way.points.push_back(point_of(p));
    Var f;
    std::tie(p, state, f) = step(p, state, rate);
    way.values.push_back(f.item<double>());
  }
  return way;
}

/// With that rate of 1, 2, 5 times powers of ten that ends lowest, of those with which the value never is above that of
/// the start: others may do better by luck.
Way best_walk(const Landscape& land, const Contestant& contestant, int steps) {
  Way best;
  for (const int exponent : {-4, -3, -2, -1}) {
    for (const int digit : {1, 2, 5}) {
      const double rate = digit * std::pow(10.0, exponent);
      Way way = walk(land, contestant, rate, steps);
      const bool tame = std::all_of(way.values.begin(), way.values.end(), [&](double f) { return f <= way.values[0]; });
      if (!tame || !(way.values.back() < (best.values.empty() ? HUGE_VAL : best.values.back()))) continue;
      best = std::move(way);
      std::array<char, 16> text{};
      std::snprintf(text.data(), text.size(), "%g", rate);
      best.name = contestant.name + ", rate " + text.data();
    }
  }
  return best;
}

void draw_optimisers(const Folder& folder, const Landscape& land, const std::string& title, int steps) {
  draw::Plot plot = plot_of(land, title);
  draw::Plot fall{.title = title, .x_label = "step", .y_label = "value above the minimum", .log_y = true};
  const double least = value(land, land.minima[0]);
  for (const Contestant& contestant : contestants()) {
    const Way way = best_walk(land, contestant, steps);
    draw::Series path{.name = way.name};
    draw::Series values{.name = way.name};
    for (std::size_t i = 0; i < way.points.size(); ++i) {
      add_point(land, path, way.points[i]);
      values.x.push_back(static_cast<double>(i));
      values.y.push_back(std::max(way.values[i] - least, 1e-8));
    }
    plot.series.push_back(std::move(path));
    fall.series.push_back(std::move(values));
  }
  plot.series.push_back(minima_of(land));
  draw::save(folder / (land.name + "_paths.svg"), plot);
  draw::save(folder / (land.name + "_values.svg"), fall);
}

// ---- solvers

/// The best point after each iteration: a solver says values on its way and no points, so it is run again and again.
draw::Series path_of(const Landscape& land, const std::string& name, const solve::Minimiser& method) {
  draw::Series path;
  add_point(land, path, land.start);
  const Var start(std::vector<double>{land.start[0], land.start[1]});
  std::size_t evaluations = 0;
  for (std::size_t i = 1; i <= 200; ++i) {
    const auto found = solve::minimise([&](const Var& p) { return at_point(land, p); }, start, method,
                                       {.reduction = 1e-10, .iterations = i});
    const Point p = point_of(found.parameters);
    add_point(land, path, p);
    evaluations = found.evaluations;
    if (found.ended != solve::Ended::Iterations) break;
  }
  path.name = name + ", " + std::to_string(evaluations);
  return path;
}

void draw_solvers(const Folder& folder, const Landscape& land, const std::string& title) {
  draw::Plot plot = plot_of(land, title);
  plot.series.push_back(path_of(land, "NelderMead", solve::NelderMead{}));
  plot.series.push_back(path_of(land, "NonlinearCG", solve::NonlinearCG{}));
  plot.series.push_back(path_of(land, "LBFGS", solve::LBFGS{}));
  plot.series.push_back(path_of(land, "NewtonCG", solve::NewtonCG{}));
  plot.series.push_back(path_of(land, "TrustRegion", solve::TrustRegion{}));
  plot.series.push_back(minima_of(land));
  draw::save(folder / (land.name + "_solvers.svg"), plot);
}

}  // namespace

void draw_paths(const Folder& folder) {
  const std::vector<Landscape> all = landscapes();
  draw_optimisers(folder, all[0], "Rosenbrock's valley, 300 steps", 300);
  draw_optimisers(folder, all[1], "Beale's function, 300 steps", 300);
  draw_optimisers(folder, all[2], "A saddle, 60 steps", 60);
  draw_solvers(folder, all[0], "Rosenbrock's valley: solvers and their evaluations");
  draw_solvers(folder, all[1], "Beale's function: solvers and their evaluations");
}

}  // namespace pictures
