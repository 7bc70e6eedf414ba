#include <xgrad/metrics/segmentation.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <xgrad/core/array.hpp>
#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/transform/host_call.hpp>

#include "metrics/classes.hpp"
#include "metrics/common.hpp"

namespace xgrad::metrics {
namespace {

constexpr double unreached = std::numeric_limits<double>::infinity();

/// A weight for each image of the target, [N]. \throws ShapeError  for a target that is a number.
Var weights_of_images(std::string_view metric, const Var& target, const Var& weights) {
  detail::require_axes(metric, "target", target, 1);
  return detail::weights_of(metric, weights, {target.shape()[0]});
}

/// Squared distances to the nearest of several places, which have values of their own to begin with, along a line.
/// After Felzenszwalb and Huttenlocher: the lower envelope of parabolas, of which each place has one.
class Line {
 public:
  /// The values of n places, `stride` apart in memory, become the smallest of values + (spacing distance)^2.
  void spread(double* values, std::size_t n, std::size_t stride, double spacing) {
    lowest_.clear();
    from_.clear();
    copy_.resize(n);
    const double unit = spacing * spacing;
    for (std::size_t i = 0; i < n; ++i) {
      copy_[i] = values[i * stride];
      if (std::isinf(copy_[i])) continue;
      double start = -unreached;
      while (!lowest_.empty()) {
        start = crossing(lowest_.back(), i, unit);
        if (start > from_.back()) break;
        lowest_.pop_back();
        from_.pop_back();
        start = -unreached;
      }
      lowest_.push_back(i);
      from_.push_back(start);
    }
    if (lowest_.empty()) return;
    for (std::size_t i = 0, k = 0; i < n; ++i) {
      while (k + 1 < lowest_.size() && from_[k + 1] < static_cast<double>(i)) ++k;
      const double apart = static_cast<double>(i) - static_cast<double>(lowest_[k]);
      values[i * stride] = copy_[lowest_[k]] + unit * apart * apart;
    }
  }

 private:
  /// Where the parabola of the later place comes below that of the earlier one.
  [[nodiscard]] double crossing(std::size_t early, std::size_t late, double unit) const {
    const auto a = static_cast<double>(early);
    const auto b = static_cast<double>(late);
    return 0.5 * (a + b + (copy_[late] - copy_[early]) / (unit * (b - a)));
  }

  std::vector<std::size_t> lowest_;  ///< places whose parabolas are the lowest somewhere
  std::vector<double> from_;         ///< from where on
  std::vector<double> copy_;
};

/// Squared distance of each pixel to the nearest one of a mask; infinite if that is empty.
std::vector<double> distances_to(const double* mask, const Shape& extents, const std::vector<double>& spacing) {
  const std::size_t size = size_of(extents);
  std::vector<double> result(size);
  std::transform(mask, mask + size, result.begin(), [](double x) { return x > 0.0 ? 0.0 : unreached; });
  Line line;
  std::size_t stride = size;
  for (std::size_t axis = 0; axis < extents.size(); ++axis) {
    const std::size_t n = extents[axis];
    const std::size_t block = stride;
    stride /= std::max<std::size_t>(n, 1);
    for (std::size_t outer = 0; outer < size; outer += block) {
      for (std::size_t inner = 0; inner < stride; ++inner) {
        line.spread(result.data() + outer + inner, n, stride, spacing.empty() ? 1.0 : spacing[axis]);
      }
    }
  }
  return result;
}

/// Quantile of the distances of the pixels of one mask to another mask.
double farthest(const double* mask, const std::vector<double>& squares, double q) {
  std::vector<double> distances;
  for (std::size_t i = 0; i < squares.size(); ++i) {
    if (mask[i] > 0.0) distances.push_back(std::sqrt(squares[i]));
  }
  if (distances.empty()) return 0.0;
  std::sort(distances.begin(), distances.end());
  const double place = q * static_cast<double>(distances.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const double share = place - std::floor(place);
  if (share == 0.0) return distances[below];
  return std::isinf(distances[below]) ? unreached : std::lerp(distances[below], distances[below + 1], share);
}

}  // namespace

Sums GeneralisedDice::init() const { return detail::no_sums({2}); }
Sums GeneralisedDice::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  const Var w = weights_of_images(name, target, weights);
  const detail::Flags f = detail::flags_of(name, labels, prediction, target, w);
  const auto n = static_cast<std::ptrdiff_t>(target.shape()[0]);
  const auto classes = static_cast<std::ptrdiff_t>(f.actual.shape(1));
  const auto pixels = n == 0 ? 0 : static_cast<std::ptrdiff_t>(f.actual.size()) / (n * classes);
  const auto of_class = [&](const Var& x) { return sum(reshape(x, {n, pixels, classes}), 1); };
  const Var t = of_class(f.actual);
  // The smallest class is the unit of volumes, so that none of the weights is infinite.
  const Var least = amin(where(t > 0.0, t, unreached), 1, keep_dims);
  const Var v = square(where(t > 0.0, least / where(t > 0.0, t, 1.0), 1.0));
  const Var both = sum(v * of_class(f.actual * f.predicted), 1);
  const Var all = sum(v * (t + of_class(f.predicted)), 1);
  return detail::plus_mean(name, state, detail::quotient(2.0 * both, all, 1.0), w);
}
Var GeneralisedDice::value(const Sums& state) const { return detail::mean_of(name, state); }

Sums HausdorffDistance::init() const { return detail::no_sums({2}); }
Sums HausdorffDistance::update(const Sums& state, const Var& prediction, const Var& target, const Var& weights) const {
  detail::require_setting(name, "q", q, q >= 0.0 && q <= 1.0, "it must be in [0, 1]");
  for (const double s : spacing) {
    detail::require_setting(name, "a spacing", s, s > 0.0 && std::isfinite(s), "it must be positive and finite");
  }
  detail::require_axes(name, "target", target, 2);
  const Shape& shape = target.shape();
  const Shape extents(shape.begin() + 1, shape.end());
  if (!spacing.empty() && spacing.size() != extents.size()) {
    throw ShapeError("HausdorffDistance: there are " + std::to_string(spacing.size()) + " spacings, for masks of " +
                     to_string(extents) + "; there must be one for each axis");
  }
  const Var w = weights_of_images(name, target, weights);
  const detail::Flags f = detail::flags_of(name, binary(threshold), prediction, target, w);
  // In units of the largest spacing, whose square neither overflows nor vanishes.
  const double unit = spacing.empty() ? 1.0 : *std::max_element(spacing.begin(), spacing.end());
  std::vector<double> in_units = spacing;
  for (double& s : in_units) s /= unit;
  const auto distances = [extents, q = q, unit, in_units](const Array<double>& p, const Array<double>& t) {
    const std::size_t size = size_of(extents);
    auto result = Array<double>::from_shape({size == 0 ? 0 : p.size() / size});
    for (std::size_t i = 0; i < result.size(); ++i) {
      const double* one = p.data() + i * size;
      const double* other = t.data() + i * size;
      result.data()[i] = unit * std::max(farthest(one, distances_to(other, extents, in_units), q),
                                         farthest(other, distances_to(one, extents, in_units), q));
    }
    return result;
  };
  const auto operation = host_call("HausdorffDistance", Shape{size_of(extents) == 0 ? 0 : shape[0]}, distances);
  if (target.size() == 0) return detail::plus_mean(name, state, 0.0 * w, w);
  return detail::plus_mean(name, state, operation(flatten(f.predicted), flatten(f.actual)), w);
}
Var HausdorffDistance::value(const Sums& state) const { return detail::mean_of(name, state); }

}  // namespace xgrad::metrics
