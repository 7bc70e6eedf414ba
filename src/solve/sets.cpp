#include "sets.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>

namespace xgrad::solve::detail {
namespace {

/// What is to be taken off sorted magnitudes so that the rest, not below 0, has a sum.
double threshold_of_sum(Vector magnitudes, double sum) {
  std::ranges::sort(magnitudes, std::greater<>());
  double before = 0.0;
  double threshold = 0.0;
  for (std::size_t k = 0; k < magnitudes.size(); ++k) {
    before += magnitudes[k];
    const double candidate = (before - sum) / static_cast<double>(k + 1);
    if (magnitudes[k] <= candidate) break;
    threshold = candidate;
  }
  return threshold;
}

/// The nearest values >= 0 that have a sum. From the largest on, for the sum of large ones may have lost its digits.
Vector with_sum(Vector x, double sum) {
  const double top = *std::ranges::max_element(x);
  for (double& each : x) each -= top;
  const double threshold = threshold_of_sum(x, sum);
  for (double& each : x) each = std::max(0.0, each - threshold);
  return x;
}

Vector shrunk(Vector x, double by) {
  for (double& each : x) each = std::copysign(std::max(0.0, std::abs(each) - by), each);
  return x;
}

struct Nearest {
  Vector x;
  double step;
  const Vector& normal;
  const Box& box;

  Vector operator()(const Interval&) {
    box.clip(x);
    return std::move(x);
  }
  Vector operator()(const Simplex& set) { return with_sum(std::move(x), set.sum); }
  Vector operator()(const Ball& set) {
    const double length = norm(x);
    if (length > set.radius) {
      for (double& each : x) each *= set.radius / length;
    }
    return std::move(x);
  }
  Vector operator()(const L1Ball& set) {
    Vector magnitudes(x);
    for (double& each : magnitudes) each = std::abs(each);
    if (std::accumulate(magnitudes.begin(), magnitudes.end(), 0.0) <= set.radius) return std::move(x);
    magnitudes = with_sum(std::move(magnitudes), set.radius);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::copysign(magnitudes[i], x[i]);
    return std::move(x);
  }
  Vector operator()(const HalfSpace& set) {
    const double excess = dot(normal, x) - set.offset;
    return excess > 0.0 ? along(x, -excess / dot(normal, normal), normal) : std::move(x);
  }
  Vector operator()(const Hyperplane& set) {
    return along(x, -(dot(normal, x) - set.offset) / dot(normal, normal), normal);
  }
  Vector operator()(const L1& term) { return shrunk(std::move(x), step * term.weight); }
};

void require_size(std::string_view operation, std::string_view what, double value) {
  require_above(operation, what, value, 0.0, false);
  if (!std::isfinite(value)) throw ValueError(std::string(operation) + ": " + std::string(what) + " is infinite");
}

/// The normal of a half-space or a hyperplane.
template <class S>
Vector normal_of(const Leaves& leaves, const S& set, const std::string& which) {
  Vector normal = leaves.bound(which + "'s", set.normal, 1.0);
  const double square = dot(normal, normal);
  if (!(square > 0.0) || !std::isfinite(square) || !std::isfinite(set.offset)) {
    throw ValueError(std::string(leaves.operation()) + ": the normal of a " + which +
                     " is 0, or it or its offset not finite");
  }
  return normal;
}

}  // namespace

Proximal::Proximal(const Leaves& leaves, const Term& term) : term_(term) {
  const std::string_view operation = leaves.operation();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (const auto* set = std::get_if<Interval>(&term)) {
    box_ = {leaves.bound("lower", set->lower, -infinity), leaves.bound("upper", set->upper, infinity)};
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      if (box_.lower[i] <= box_.upper[i]) continue;
      throw ValueError(std::string(operation) + ": the lower end of an interval is not below its upper end, at " +
                       leaves.name(i));
    }
  }
  if (const auto* set = std::get_if<Simplex>(&term)) require_size(operation, "the sum of a simplex", set->sum);
  if (const auto* set = std::get_if<Ball>(&term)) require_size(operation, "the radius of a ball", set->radius);
  if (const auto* set = std::get_if<L1Ball>(&term)) require_size(operation, "the radius of a ball", set->radius);
  if (const auto* l1 = std::get_if<L1>(&term)) {
    require_above(operation, "the weight of the l1 norm", l1->weight, 0.0, true);
  }
  if (const auto* set = std::get_if<HalfSpace>(&term)) normal_ = normal_of(leaves, *set, "half-space");
  if (const auto* set = std::get_if<Hyperplane>(&term)) normal_ = normal_of(leaves, *set, "hyperplane");
}

Vector Proximal::nearest(Vector x, double step) const {
  return std::visit(Nearest{std::move(x), step, normal_, box_}, term_);
}

double Proximal::value(const Vector& x) const {
  const auto* l1 = std::get_if<L1>(&term_);
  if (l1 == nullptr) return 0.0;
  double sum = 0.0;
  for (const double each : x) sum += std::abs(each);
  return l1->weight * sum;
}

bool Proximal::is_polytope() const { return has_corners() && std::get_if<Ball>(&term_) == nullptr; }

bool Proximal::has_corners() const {
  if (std::get_if<Interval>(&term_) != nullptr) return all_finite(box_.lower) && all_finite(box_.upper);
  return std::get_if<Simplex>(&term_) != nullptr || std::get_if<L1Ball>(&term_) != nullptr ||
         std::get_if<Ball>(&term_) != nullptr;
}

Vector Proximal::corner(const Vector& gradient) const {
  Vector result(gradient.size(), 0.0);
  if (const auto* simplex = std::get_if<Simplex>(&term_)) {
    const auto least = std::ranges::min_element(gradient) - gradient.begin();
    result[static_cast<std::size_t>(least)] = simplex->sum;
  } else if (const auto* octahedron = std::get_if<L1Ball>(&term_)) {
    const auto by_magnitude = [](double a, double b) { return std::abs(a) < std::abs(b); };
    const auto most = static_cast<std::size_t>(std::ranges::max_element(gradient, by_magnitude) - gradient.begin());
    result[most] = gradient[most] > 0.0 ? -octahedron->radius : octahedron->radius;
  } else if (const auto* ball = std::get_if<Ball>(&term_)) {
    const double length = norm(gradient);
    for (std::size_t i = 0; i < result.size() && length > 0.0; ++i) result[i] = -ball->radius * (gradient[i] / length);
  } else {
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = gradient[i] > 0.0 ? box_.lower[i] : box_.upper[i];
  }
  return result;
}

}  // namespace xgrad::solve::detail
