#include <xgrad/testing.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <ostream>
#include <random>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/transform/grad.hpp>

#include "core/text.hpp"

namespace xgrad::testing {

std::ostream& operator<<(std::ostream& out, const CheckReport& report) {
  if (!report.passed) return out << report.message;
  return out << "the derivatives agree (largest error " << report.worst_error << ')';
}

namespace detail {
namespace {

using Scalar = std::function<Var(const std::vector<Var>&)>;

/// Numbers of size about 1 that do not cancel; the same in every run.
Var random_like(const Var& x, std::mt19937_64& random) {
  auto values = Array<double>::from_shape(x.shape());
  for (double& value : values) {
    const auto bits = static_cast<double>(random() >> 11U) * 0x1p-53;
    value = (random() & 1U ? 1.0 : -1.0) * (0.5 + bits);
  }
  return {std::move(values)};
}

std::vector<Var> random_like(const std::vector<Var>& all, std::mt19937_64& random) {
  std::vector<Var> result;
  for (const Var& x : all) result.push_back(random_like(x, random));
  return result;
}

Var weighted(const std::vector<Var>& values, const std::vector<Var>& weights) {
  Var total = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (is_floating(values[i].dtype())) total = total + sum(values[i] * weights[i]);
  }
  return total;
}

/// The checks of one function at one point.
class Check {
 public:
  Check(const CheckOptions& options, std::vector<Var> at, std::vector<std::string> paths)
      : options_(options), at_(std::move(at)), paths_(std::move(paths)) {}

  void run(const Scalar& f, int order) {
    const std::vector<Var> gradient = grad(f)(at_);
    look_for_nan(f, gradient, order);
    compare_modes(f, gradient, order);
    compare_differences(f, gradient, order);
    // Derivatives of a wrong derivative would only hide what is wrong.
    if (order >= options_.order || !report_.passed) return;
    const std::vector<Var> weights = random_like(at_, random_);
    run([&](const std::vector<Var>& x) { return weighted(grad(f)(x), weights); }, order + 1);
  }

  CheckReport report() && { return std::move(report_); }
  std::mt19937_64& random() { return random_; }

 private:
  static double error(double a, double b) {
    if (a == b) return 0.0;
    const double difference = std::abs(a - b) / std::max({1.0, std::abs(a), std::abs(b)});
    return std::isnan(difference) || std::isinf(difference) ? INFINITY : difference;
  }

  void note(double found, double tolerance, int order, const std::string& where, double reverse,
            const std::string& other, double value) {
    if (found > report_.worst_error) report_.worst_error = found;
    if (found <= tolerance) return;
    if (!report_.passed && found <= worst_failure_) return;
    worst_failure_ = found;
    report_.passed = false;
    xgrad::core::TextStream text;
    text.precision(17);
    text << "order " << order << ", derivative with respect to " << where << ": reverse mode gives " << reverse << ", "
         << other << " " << value << " (error " << found << ", allowed " << tolerance << ")";
    report_.message = text.str();
  }

  [[nodiscard]] std::string element(std::size_t leaf, std::size_t flat) const {
    std::string text = (paths_[leaf].empty() ? "the argument" : paths_[leaf]) + "[";
    const Shape& shape = at_[leaf].shape();
    std::size_t rest = at_[leaf].size();
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      rest /= shape[axis];
      text += (axis == 0 ? "" : ", ") + std::to_string(flat / rest % shape[axis]);
    }
    return text + "]";
  }

  /// Along a random direction; if that fails, along each axis, to find the culprit.
  void compare_modes(const Scalar& f, const std::vector<Var>& gradient, int order) {
    const std::vector<Var> direction = random_like(at_, random_);
    const double forward = jvp(f, at_, direction).tangent.item<double>();
    const double reverse = weighted(gradient, direction).item<double>();
    double scale = 1.0;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      scale += sum(abs(gradient[i] * direction[i])).item<double>();
    }
    const double found = forward == reverse ? 0.0 : std::abs(forward - reverse) / scale;
    if (found <= options_.mode_tolerance) return;
    for_each_element([&](std::size_t leaf, std::size_t flat) {
      std::vector<Var> unit;
      for (const Var& x : at_) unit.push_back(zeros_like(x));
      unit[leaf] = shifted(unit[leaf], flat, 1.0);
      const double along = jvp(f, at_, unit).tangent.item<double>();
      const double expected = gradient[leaf].array<double>().data()[flat];
      note(error(along, expected), options_.mode_tolerance, order, element(leaf, flat), expected, "forward mode",
           along);
    });
    if (report_.passed) {
      note(std::isnan(found) ? INFINITY : found, options_.mode_tolerance, order, "a random direction", reverse,
           "forward mode", forward);
    }
  }

  void compare_differences(const Scalar& f, const std::vector<Var>& gradient, int order) {
    for_each_element([&](std::size_t leaf, std::size_t flat) {
      const double reverse = gradient[leaf].array<double>().data()[flat];
      const double difference = central_difference(f, leaf, flat);
      note(error(reverse, difference), options_.tolerance, order, element(leaf, flat), reverse, "central differences",
           difference);
    });
  }

  /// NaN of one element spreads to what is compared for all others, so it is looked for before anything is compared.
  void look_for_nan(const Scalar& f, const std::vector<Var>& gradient, int order) {
    for_each_element([&](std::size_t leaf, std::size_t flat) {
      const double reverse = gradient[leaf].array<double>().data()[flat];
      if (!std::isnan(reverse)) return;
      note(INFINITY, options_.tolerance, order, element(leaf, flat), reverse, "central differences",
           central_difference(f, leaf, flat));
    });
  }

  double central_difference(const Scalar& f, std::size_t leaf, std::size_t flat) const {
    const double x = at_[leaf].array<double>().data()[flat];
    const double h = options_.step * std::max(1.0, std::abs(x));
    const auto at = [&](double offset) {
      std::vector<Var> moved = at_;
      moved[leaf] = shifted(at_[leaf], flat, offset);
      return f(moved).item<double>();
    };
    return (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
  }

  template <class F>
  void for_each_element(F f) const {
    for (std::size_t leaf = 0; leaf < at_.size(); ++leaf) {
      for (std::size_t flat = 0; flat < at_[leaf].size(); ++flat) f(leaf, flat);
    }
  }

  static Var shifted(const Var& x, std::size_t flat, double offset) {
    Array<double> values = x.array<double>();
    values.data()[flat] += offset;
    return {std::move(values)};
  }

  CheckOptions options_;
  std::vector<Var> at_;
  std::vector<std::string> paths_;
  CheckReport report_;
  double worst_failure_ = 0.0;
  std::mt19937_64 random_{20231123};
};

}  // namespace

CheckReport check_gradients(const CheckOptions& options, const Function& f, const std::vector<Var>& at,
                            const std::vector<std::string>& paths) {
  std::vector<Var> moving;
  std::vector<std::string> names;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (!is_floating(at[i].dtype())) continue;
    moving.push_back(cast(at[i], DType::Float64));
    names.push_back(paths[i]);
    places.push_back(i);
  }
  const auto all = [&](const std::vector<Var>& moved) {
    std::vector<Var> arguments = at;
    for (std::size_t k = 0; k < places.size(); ++k) arguments[places[k]] = moved[k];
    return f(arguments);
  };
  Check check(options, moving, names);
  const std::vector<Var> weights = random_like(all(moving), check.random());
  check.run([&](const std::vector<Var>& moved) { return weighted(all(moved), weights); }, 1);
  return std::move(check).report();
}

}  // namespace detail
}  // namespace xgrad::testing
