#include "directions.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace xgrad::solve::detail {

Vector difference(const Vector& a, const Vector& b) {
  Vector result(a);
  for (std::size_t i = 0; i < a.size(); ++i) result[i] -= b[i];
  return result;
}

bool Pairs::add(Vector step, Vector change) {
  const double curvature = dot(step, change);
  if (!(curvature > std::numeric_limits<double>::epsilon() * norm(step) * norm(change))) return false;
  if (s.size() == memory) s.pop_front(), y.pop_front();
  s.push_back(std::move(step));
  y.push_back(std::move(change));
  return true;
}

Vector negative(const Vector& g) {
  Vector result(g);
  for (double& each : result) each = -each;
  return result;
}

Vector Pairs::direction(const Vector& gradient) const {
  Vector p = negative(gradient);
  const std::size_t count = s.size();
  Vector parts(count);
  for (std::size_t k = count; k-- > 0;) {
    parts[k] = dot(s[k], p) / dot(s[k], y[k]);
    p = along(p, -parts[k], y[k]);
  }
  if (count > 0) {
    const double scale = dot(s.back(), y.back()) / dot(y.back(), y.back());
    for (double& each : p) each *= scale;
  }
  for (std::size_t k = 0; k < count; ++k) {
    const double part = dot(y[k], p) / dot(s[k], y[k]);
    p = along(p, parts[k] - part, s[k]);
  }
  return p;
}

namespace {

class Steepest final : public Direction {
 public:
  Vector from(Objective&, const Iterate& at) override {
    Vector p = negative(at.point.gradient);
    for (double& each : p) each *= scale_;
    return p;
  }
  void moved(const Iterate& before, const Iterate& after, const Vector&) override {
    const Vector s = difference(after.x, before.x);
    const Vector y = difference(after.point.gradient, before.point.gradient);
    const double curvature = dot(s, y);
    if (curvature > 0.0) scale_ = dot(s, s) / curvature, known_ = true;
  }
  [[nodiscard]] bool has_length() const override { return known_; }

 private:
  double scale_ = 1.0;
  bool known_ = false;
};

class Conjugated final : public Direction {
 public:
  explicit Conjugated(Conjugate rule) : rule_(rule) {}

  Vector from(Objective&, const Iterate& at) override {
    Vector p = negative(at.point.gradient);
    if (!last_.empty()) {
      for (std::size_t i = 0; i < p.size(); ++i) p[i] += beta_ * last_[i];
    }
    return p;
  }
  void moved(const Iterate& before, const Iterate& after, const Vector& p) override {
    beta_ = factor(before.point.gradient, after.point.gradient, p);
    if (!std::isfinite(beta_)) beta_ = 0.0;
    last_ = p;
  }
  bool restart() override {
    const bool had = !last_.empty();
    last_.clear();
    return had;
  }
  [[nodiscard]] bool has_length() const override { return false; }

 private:
  [[nodiscard]] double factor(const Vector& g, const Vector& next, const Vector& p) const {
    const Vector y = difference(next, g);
    const double py = dot(p, y);
    switch (rule_) {
      case Conjugate::FletcherReeves:
        return dot(next, next) / dot(g, g);
      case Conjugate::PolakRibiere:
        return std::max(0.0, dot(next, y) / dot(g, g));
      case Conjugate::HestenesStiefel:
        return std::max(0.0, dot(next, y) / py);
      case Conjugate::DaiYuan:
        return dot(next, next) / py;
      case Conjugate::HagerZhang:
        break;
    }
    const double beta = (dot(next, y) - 2.0 * dot(y, y) * dot(p, next) / py) / py;
    const double least = -1.0 / (norm(p) * std::min(0.01, norm(g)));
    return std::max(beta, least);
  }

  Conjugate rule_;
  Vector last_;
  double beta_ = 0.0;
};

class QuasiNewton final : public Direction {
 public:
  explicit QuasiNewton(std::size_t n) : n_(n) {}

  Vector from(Objective&, const Iterate& at) override {
    if (inverse_.empty()) return negative(at.point.gradient);
    Vector p(n_, 0.0);
    for (std::size_t i = 0; i < n_; ++i) {
      p[i] = -dot({inverse_.data() + i * n_, n_}, at.point.gradient);
    }
    return p;
  }
  void moved(const Iterate& before, const Iterate& after, const Vector&) override {
    const Vector s = difference(after.x, before.x);
    const Vector y = difference(after.point.gradient, before.point.gradient);
    const double sy = dot(s, y);
    if (!(sy > std::numeric_limits<double>::epsilon() * norm(s) * norm(y))) return;
    if (inverse_.empty()) {
      inverse_.assign(n_ * n_, 0.0);
      for (std::size_t i = 0; i < n_; ++i) inverse_[i * n_ + i] = sy / dot(y, y);
    }
    Vector hy(n_);
    for (std::size_t i = 0; i < n_; ++i) hy[i] = dot({inverse_.data() + i * n_, n_}, y);
    const double factor = (1.0 + dot(y, hy) / sy) / sy;
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = 0; j < n_; ++j) {
        inverse_[i * n_ + j] += factor * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / sy;
      }
    }
  }
  bool restart() override {
    const bool had = !inverse_.empty();
    inverse_.clear();
    return had;
  }
  [[nodiscard]] bool has_length() const override { return !inverse_.empty(); }

 private:
  std::size_t n_;
  Vector inverse_;
};

class LimitedMemory final : public Direction {
 public:
  explicit LimitedMemory(std::size_t memory) : pairs_{memory, {}, {}} {}

  Vector from(Objective&, const Iterate& at) override { return pairs_.direction(at.point.gradient); }
  void moved(const Iterate& before, const Iterate& after, const Vector&) override {
    pairs_.add(difference(after.x, before.x), difference(after.point.gradient, before.point.gradient));
  }
  bool restart() override {
    const bool had = !pairs_.s.empty();
    pairs_.s.clear();
    pairs_.y.clear();
    return had;
  }
  [[nodiscard]] bool has_length() const override { return !pairs_.s.empty(); }

 private:
  Pairs pairs_;
};

class TruncatedNewton final : public Direction {
 public:
  Vector from(Objective& objective, const Iterate& at) override {
    const std::size_t n = at.x.size();
    const double steepest = norm(at.point.gradient);
    const double enough = std::min(0.5, std::sqrt(steepest)) * steepest;
    Vector p(n, 0.0);
    Vector residual = negative(at.point.gradient);
    Vector direction = residual;
    double square = dot(residual, residual);
    for (std::size_t k = 0; k < 10 * n + 10; ++k) {
      const Vector product = objective.product(at.x, direction);
      const double curvature = dot(direction, product);
      if (!(curvature > 0.0)) return k == 0 ? direction : p;
      const double t = square / curvature;
      p = along(p, t, direction);
      residual = along(residual, -t, product);
      const double next = dot(residual, residual);
      if (std::sqrt(next) <= enough) break;
      direction = along(residual, next / square, direction);
      square = next;
    }
    return p;
  }
  [[nodiscard]] bool has_length() const override { return true; }
};

}  // namespace

std::unique_ptr<Direction> direction_of(const Minimiser& method, std::size_t n) {
  if (std::holds_alternative<GradientDescent>(method)) return std::make_unique<Steepest>();
  if (const auto* conjugate = std::get_if<NonlinearCG>(&method)) return std::make_unique<Conjugated>(conjugate->rule);
  if (std::holds_alternative<BFGS>(method)) return std::make_unique<QuasiNewton>(n);
  if (std::holds_alternative<NewtonCG>(method)) return std::make_unique<TruncatedNewton>();
  return std::make_unique<LimitedMemory>(std::get<LBFGS>(method).memory);
}

}  // namespace xgrad::solve::detail
