// L-BFGS within bounds, after Byrd, Lu, Nocedal and Zhu 1995.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "dense.hpp"
#include "directions.hpp"

namespace xgrad::solve::detail {
namespace {

/// The model's Hessian B = theta I - W M W^T, of the last pairs: W = (Y, theta S).
class Compact {
 public:
  explicit Compact(std::size_t memory) : pairs_{memory, {}, {}} {}

  void add(Vector s, Vector y) {
    if (!pairs_.add(std::move(s), std::move(y))) return;
    const Vector& last = pairs_.y.back();
    theta_ = dot(last, last) / dot(pairs_.s.back(), last);
    if (!invert_middle()) forget();
  }
  bool forget() {
    const bool had = !pairs_.s.empty();
    pairs_.s.clear();
    pairs_.y.clear();
    middle_.clear();
    theta_ = 1.0;
    return had;
  }

  /// The least of the model if there were no box: by two loops, which lose fewer digits than W and M.
  [[nodiscard]] Vector least_anywhere(const Iterate& at) const {
    return along(at.x, 1.0, pairs_.direction(at.point.gradient));
  }
  [[nodiscard]] std::size_t width() const { return 2 * pairs_.s.size(); }
  [[nodiscard]] double theta() const { return theta_; }
  /// Row i of W.
  [[nodiscard]] Vector row(std::size_t i) const {
    Vector result;
    for (const Vector& y : pairs_.y) result.push_back(y[i]);
    for (const Vector& s : pairs_.s) result.push_back(theta_ * s[i]);
    return result;
  }
  [[nodiscard]] Vector middle_times(const Vector& v) const {
    const std::size_t k = width();
    Vector result(k, 0.0);
    for (std::size_t i = 0; i < k; ++i) result[i] = dot({middle_.data() + i * k, k}, v);
    return result;
  }

 private:
  bool invert_middle() {
    const std::size_t k = pairs_.s.size();
    Vector matrix(4 * k * k, 0.0);
    const auto at = [&](std::size_t i, std::size_t j) -> double& { return matrix[i * 2 * k + j]; };
    for (std::size_t i = 0; i < k; ++i) {
      at(i, i) = -dot(pairs_.s[i], pairs_.y[i]);
      for (std::size_t j = 0; j < k; ++j) {
        at(k + i, k + j) = theta_ * dot(pairs_.s[i], pairs_.s[j]);
        if (i > j) at(k + i, j) = at(j, k + i) = dot(pairs_.s[i], pairs_.y[j]);
      }
    }
    middle_.assign(4 * k * k, 0.0);
    for (std::size_t j = 0; j < 2 * k; ++j) {
      Vector column(2 * k, 0.0);
      column[j] = 1.0;
      if (!solve_square(matrix, column)) return false;
      for (std::size_t i = 0; i < 2 * k; ++i) middle_[i * 2 * k + j] = column[i];
    }
    return true;
  }

  Pairs pairs_;
  double theta_ = 1.0;
  Vector middle_;
};

/// A place, and W^T of the way to it.
struct Reached {
  Vector x;
  Vector along_pairs;
};

/// The first least of the model along the projected gradient.
class CauchyPath {
 public:
  CauchyPath(const Compact& model, const Iterate& at, const Box& box)
      : model_(model), at_(at), box_(box), d_(at.x.size(), 0.0), breaks_(at.x.size()) {
    const Vector& g = at.point.gradient;
    for (std::size_t i = 0; i < g.size(); ++i) {
      breaks_[i] = std::numeric_limits<double>::infinity();
      if (g[i] < 0.0) breaks_[i] = (at.x[i] - box.upper[i]) / g[i];
      if (g[i] > 0.0) breaks_[i] = (at.x[i] - box.lower[i]) / g[i];
      if (breaks_[i] > 0.0) d_[i] = -g[i], order_.push_back(i);
    }
    std::ranges::stable_sort(order_, {}, [&](std::size_t i) { return breaks_[i]; });
  }

  Reached walk() {
    Reached reached{at_.x, Vector(model_.width(), 0.0)};
    Vector p(model_.width(), 0.0);
    for (std::size_t i = 0; i < d_.size(); ++i) p = along(p, d_[i], model_.row(i));
    double slope = -dot(d_, d_);
    if (slope == 0.0) return reached;
    double curvature = -model_.theta() * slope - dot(p, model_.middle_times(p));
    const double least_curvature = std::numeric_limits<double>::epsilon() * std::abs(curvature);
    double from = 0.0;
    double best = -slope / std::max(curvature, least_curvature);
    for (const std::size_t b : order_) {
      const double dt = breaks_[b] - from;
      if (best < dt) break;
      reached.x[b] = d_[b] > 0.0 ? box_.upper[b] : box_.lower[b];
      const double z = reached.x[b] - at_.x[b];
      const double g = at_.point.gradient[b];
      const Vector row = model_.row(b);
      reached.along_pairs = along(reached.along_pairs, dt, p);
      const Vector middle_row = model_.middle_times(row);
      slope += dt * curvature + g * g + model_.theta() * g * z - g * dot(middle_row, reached.along_pairs);
      curvature -= model_.theta() * g * g + 2.0 * g * dot(middle_row, p) + g * g * dot(middle_row, row);
      curvature = std::max(curvature, least_curvature);
      p = along(p, g, row);
      d_[b] = 0.0;
      from = breaks_[b];
      best = -slope / curvature;
    }
    best = std::max(best, 0.0);
    reached.along_pairs = along(reached.along_pairs, best, p);
    for (std::size_t i = 0; i < d_.size(); ++i) {
      if (d_[i] != 0.0) reached.x[i] = at_.x[i] + (from + best) * d_[i];
    }
    box_.clip(reached.x);
    return reached;
  }

 private:
  const Compact& model_;
  const Iterate& at_;
  const Box& box_;
  Vector d_;
  Vector breaks_;
  std::vector<std::size_t> order_;
};

/// From there to the least of the model over the variables that are at no bound.
Vector least_of_free(const Compact& model, const Iterate& at, const Box& box, const Reached& cauchy) {
  const std::size_t n = at.x.size();
  const std::size_t k = model.width();
  const double theta = model.theta();
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < n; ++i) {
    if (cauchy.x[i] > box.lower[i] && cauchy.x[i] < box.upper[i]) free.push_back(i);
  }
  if (free.size() == n) return model.least_anywhere(at);
  const Vector pairs = model.middle_times(cauchy.along_pairs);
  Vector reduced;
  Vector v(k, 0.0);
  Vector matrix(k * k, 0.0);
  for (const std::size_t i : free) {
    const Vector row = model.row(i);
    reduced.push_back(at.point.gradient[i] + theta * (cauchy.x[i] - at.x[i]) - dot(row, pairs));
    v = along(v, reduced.back(), row);
    const Vector middle_row = model.middle_times(row);  // of M, which is symmetric
    for (std::size_t a = 0; a < k; ++a) {
      for (std::size_t b = 0; b < k; ++b) matrix[a * k + b] -= middle_row[a] * row[b] / theta;
    }
  }
  for (std::size_t a = 0; a < k; ++a) matrix[a * k + a] += 1.0;
  v = model.middle_times(v);
  Vector x(cauchy.x);
  if (!solve_square(matrix, v)) return x;
  for (std::size_t f = 0; f < free.size(); ++f) {
    x[free[f]] -= reduced[f] / theta + dot(model.row(free[f]), v) / (theta * theta);
  }
  return x;
}

/// Where the next search goes to, within the box.
Vector target(const Compact& model, const Iterate& at, const Box& box) {
  const Reached cauchy = CauchyPath(model, at, box).walk();
  if (model.width() == 0) return cauchy.x;
  const Vector least = least_of_free(model, at, box, cauchy);
  if (!all_finite(least)) return cauchy.x;
  Vector projected(least);
  box.clip(projected);
  if (dot(difference(projected, at.x), at.point.gradient) < 0.0) return projected;
  double t = 1.0;  // as far towards it as the box allows
  for (std::size_t i = 0; i < least.size(); ++i) {
    const double d = least[i] - cauchy.x[i];
    if (d > 0.0) t = std::min(t, (box.upper[i] - cauchy.x[i]) / d);
    if (d < 0.0) t = std::min(t, (box.lower[i] - cauchy.x[i]) / d);
  }
  Vector x = along(cauchy.x, t, difference(least, cauchy.x));
  box.clip(x);
  return x;
}

double longest_step(const Vector& x, const Vector& p, const Box& box) {
  double t = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (p[i] > 0.0) t = std::min(t, (box.upper[i] - x[i]) / p[i]);
    if (p[i] < 0.0) t = std::min(t, (box.lower[i] - x[i]) / p[i]);
  }
  return std::max(t, 1.0);
}

}  // namespace

Iterate descend_in_box(const LBFGSB& method, Objective& objective, Iterate at, const Box& box, const Limits& limits) {
  Compact model(method.memory);
  Report& report = objective.report;
  bool falls = false;
  const auto free_gradient = [&] { return box.free_gradient(at.x, at.point.gradient); };
  if (ends_at_start(objective, limits, at.point.value, free_gradient())) return at;
  while (true) {
    const Vector p = difference(target(model, at, box), at.x);
    const double slope = dot(at.point.gradient, p);
    const double first = model.width() == 0 ? std::min(1.0, 1.0 / norm(p)) : 1.0;
    Found found;
    if (slope < 0.0) {
      found = search_in_box(method.search, objective, at, p, first, longest_step(at.x, p, box), box);
    }
    if (!found.lower) {
      if (model.forget()) continue;
      const bool rounding = -slope * first <= 100.0 * limits.reduction * std::abs(at.point.value);
      report.ended = rounding && !falls ? Ended::Reduction : Ended::NoDescent;
      return at;
    }
    const double before = at.point.value;
    model.add(difference(found.next.x, at.x), difference(found.next.point.gradient, at.point.gradient));
    at = std::move(found.next);
    falls = falls_without_end(before, at);
    if (ends_after(objective, limits, before, at.point.value, found.t * norm(p), norm(at.x), free_gradient())) {
      return at;
    }
  }
}

}  // namespace xgrad::solve::detail
