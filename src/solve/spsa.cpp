// Simultaneous perturbation stochastic approximation, after Spall 1998.
#include <algorithm>
#include <cmath>
#include <utility>

#include <xgrad/random/discrete.hpp>

#include "search.hpp"

namespace xgrad::solve::detail {
namespace {

constexpr double step_power = 0.602;
constexpr double difference_power = 0.101;
constexpr std::size_t trials_of_gain = 5;
constexpr std::size_t steps_looked_at = 10;

class Perturbation {
 public:
  Perturbation(const SPSA& method, Objective& objective, Vector start, const Limits& limits)
      : method_(method),
        objective_(objective),
        limits_(limits),
        slowness_(0.1 * static_cast<double>(limits.iterations)),
        x_(std::move(start)) {}

  Vector run() {
    Report& report = objective_.report;
    value_ = value_at_start(objective_, x_);
    find_gain();
    double step = 0.0;
    std::size_t still = 0;
    while (true) {
      const bool may = goes_on(*limits_.observer, {report.iterations, value_, 0.0, step, report.evaluations});
      if (still >= steps_looked_at) return end(Ended::Step);
      if (!may) return end(why_not());
      if (report.iterations >= limits_.iterations) return end(Ended::Iterations);
      if (report.evaluations >= limits_.evaluations) return end(Ended::Evaluations);
      step = advance();
      still = step <= limits_.step * std::max(norm(x_), 1.0) ? still + 1 : 0;
      ++report.iterations;
    }
  }

 private:
  Vector end(Ended why) {
    objective_.report.ended = why;
    objective_.report.value = objective_.value(x_);
    return x_;
  }

  /// Signs, and the slope along them. NaN where there is none.
  struct Slope {
    Vector signs;
    double slope = 0.0;
  };
  Slope slope(std::int64_t number) {
    Slope result;
    append(result.signs, random::rademacher(method_.key.fold_in(number), {x_.size()}));
    const double c = method_.difference / std::pow(count() + 1.0, difference_power);
    const double above = objective_.value(along(x_, c, result.signs));
    const double below = objective_.value(along(x_, -c, result.signs));
    value_ = 0.5 * (above + below);
    result.slope = (above - below) / (2.0 * c);
    return result;
  }

  /// Steps of which the first ones are as long as was asked: all components of an estimate have one magnitude.
  void find_gain() {
    double sum = 0.0;
    std::size_t found = 0;
    for (std::size_t k = 1; k <= trials_of_gain; ++k) {
      const double magnitude = std::abs(slope(-static_cast<std::int64_t>(k)).slope);
      if (std::isfinite(magnitude)) sum += magnitude, ++found;
    }
    const double mean = found > 0 ? sum / static_cast<double>(found) : 0.0;
    gain_ = method_.size / (mean > 0.0 ? mean : 1.0) * std::pow(slowness_ + 1.0, step_power);
  }

  /// A step, and its length; none where values are not finite.
  double advance() {
    const Slope here = slope(static_cast<std::int64_t>(objective_.report.iterations));
    if (!std::isfinite(here.slope)) return std::numeric_limits<double>::infinity();
    const double rate = gain_ / std::pow(count() + 1.0 + slowness_, step_power);
    const double change = std::clamp(-rate * here.slope, -method_.size, method_.size);
    x_ = along(x_, change, here.signs);  // the inverse of a sign is the sign
    return std::abs(change) * std::sqrt(static_cast<double>(x_.size()));
  }

  [[nodiscard]] double count() const { return static_cast<double>(objective_.report.iterations); }

  const SPSA& method_;
  Objective& objective_;
  const Limits& limits_;
  double slowness_;
  Vector x_;
  double value_ = 0.0;
  double gain_ = 0.0;
};

}  // namespace

Vector perturb(const SPSA& method, Objective& objective, const Vector& start, const Limits& limits) {
  return Perturbation(method, objective, start, limits).run();
}

}  // namespace xgrad::solve::detail
