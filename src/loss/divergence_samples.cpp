#include <xgrad/loss/divergence_samples.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/ops/reduce.hpp>

#include "arguments.hpp"

namespace xgrad::loss {
namespace {

using detail::as_floating;

// ---- samples on the line

/// Which of N and of M sorted numbers stand beside each other, and for which part of all. The steps of both quantile
/// functions are at multiples of 1 / N and 1 / M.
struct Steps {
  Var first;   ///< [S] positions
  Var second;  ///< [S] positions
  Var length;  ///< [S], adding up to 1
};

Steps common_steps(std::size_t n, std::size_t m, DType dtype) {
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> second;
  std::vector<double> length;
  for (std::size_t i = 0, j = 0, from = 0; i < n && j < m;) {  // in units of 1 / (n m)
    const std::size_t to = std::min((i + 1) * m, (j + 1) * n);
    first.push_back(static_cast<std::int64_t>(i));
    second.push_back(static_cast<std::int64_t>(j));
    length.push_back(static_cast<double>(to - from) / static_cast<double>(n) / static_cast<double>(m));
    from = to;
    if (to == (i + 1) * m) ++i;
    if (to == (j + 1) * n) ++j;
  }
  const auto array = []<class T>(const std::vector<T>& values) -> Var {
    auto result = Array<T>::from_shape({values.size()});
    std::copy(values.begin(), values.end(), result.data());
    return {std::move(result)};
  };
  return {array(first), array(second), cast(array(length), dtype)};
}

/// (sum of weights abs(x)^p)^(1/p) along the last axis, for weights that add up to 1; derivative 0 where it is 0.
Var power_mean(const Var& x, const Var& weights, double p) {
  if (p == 1.0) return sum(weights * abs(x), -1);
  if (p == 2.0) return norm(sqrt(weights) * x, -1);
  // Relative to the largest one, which keeps powers from overflowing and changes nothing else.
  const Var size = stop_gradient(amax(abs(x), -1, keep_dims));
  const Var scale = where(equal(size, 0.0), ones_like(size), size);
  const Var relative = x / scale;
  const Var moves = not_equal(relative, 0.0);
  const Var total = sum(weights * where(moves, pow(abs(relative), p), zeros_like(relative)), -1, keep_dims);
  const Var root = where(total > 0.0, pow(total, 1.0 / p), zeros_like(total));
  return squeeze(scale * root, -1);
}

// ---- clouds of points

/// Up to how many coordinates distances are computed one coordinate after another.
constexpr std::size_t most_coordinates = 64;

std::pair<Var, Var> clouds(std::string_view loss, const Var& prediction, const Var& target, std::size_t least) {
  detail::require_usable(loss, prediction, target);
  const bool matrices = prediction.dimension() == 2 && target.dimension() == 2;
  if (!matrices || prediction.shape(1) != target.shape(1) || prediction.shape(0) < least || target.shape(0) < least) {
    throw ShapeError(std::string(loss) + ": the prediction is " + to_string(prediction.shape()) +
                     " and the target is " + to_string(target.shape()) + "; they must be [N, D] and [M, D] with " +
                     std::to_string(least) + " or more points each");
  }
  const Var x = as_floating(prediction, target);
  return {x, as_floating(target, x)};
}

/// true on the diagonal, [N, N].
Var itself(std::size_t points) {
  auto numbers = Array<std::int64_t>::from_shape({points});
  std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  const Var index(std::move(numbers));
  return equal(expand_dims(index, 1), index);
}

/// |x_i - y_j|^2, [N, M]. Differences of coordinates lose nothing where points are near each other and far from 0, and
/// one coordinate after another needs no [N, M, D]. For many coordinates products of matrices are faster, and exact
/// enough relative to the extent of the clouds.
///
/// \param same  x and y are one cloud: a point is at distance 0 from itself, whatever rounding says.
Var squared_distances(const Var& x, const Var& y, bool same) {
  const std::size_t coordinates = x.shape(1);
  if (coordinates > most_coordinates) {
    const Var centre = stop_gradient(mean(y, 0));
    const Var a = x - centre;
    const Var b = y - centre;
    const Var squares = sum(square(a), 1, keep_dims) + sum(square(b), 1);
    const Var products = squares - 2.0 * matmul(a, transpose(b));
    const Var distances = where(squares < std::numeric_limits<double>::infinity(), products, squares);
    const Var none = same ? distances < 0.0 || itself(x.shape(0)) : distances < 0.0;
    return where(none, zeros_like(distances), distances);  // rounding; unlike relu with a derivative at 0
  }
  Var total = zeros_like(matmul(x, transpose(y)));
  for (std::size_t d = 0; d < coordinates; ++d) {
    const auto at = static_cast<std::ptrdiff_t>(d);
    const Var squares = square(expand_dims(view(x, xt::all(), at), 1) - view(y, xt::all(), at));
    total = d == 0 ? squares : total + squares;
  }
  return total;
}

/// Mean over all pairs, or over all pairs of two different points.
Var mean_of_pairs(const Var& values, bool different) {
  const auto rows = static_cast<double>(values.shape(0));
  const double count = different ? rows * (rows - 1.0) : rows * static_cast<double>(values.shape(1));
  return sum(values) / count;
}

/// f with f_i = -epsilon ln(mean_j exp((g_j - C_ij) / epsilon)).
Var soft_minimum(const Var& costs, const Var& g, double epsilon) {
  const double count = static_cast<double>(costs.shape(1));
  return epsilon * (std::log(count) - logsumexp((g - costs) / epsilon, 1));
}

Var transport(const Var& x, const Var& y, bool same, const Sinkhorn& settings) {
  // Both with the axis last along which they are reduced.
  const Var costs = squared_distances(x, y, same);
  const Var transposed = squared_distances(y, x, same);
  Var f;
  Var g = zeros_like(sum(transposed, 1));
  for (std::int64_t i = 0; i < settings.iterations; ++i) {
    f = soft_minimum(costs, g, settings.epsilon);
    g = soft_minimum(transposed, f, settings.epsilon);
  }
  return mean(f) + mean(g);
}

}  // namespace

Var Wasserstein1d::operator()(const Var& prediction, const Var& target) const {
  detail::require_usable(name, prediction, target);
  require_setting(name, "p", p, p >= 1.0 && std::isfinite(p), "it must be finite and >= 1");
  const auto leading = [](const Var& x) { return Shape(x.shape().begin(), x.shape().end() - 1); };
  const bool have_axes = prediction.dimension() > 0 && target.dimension() > 0;
  if (!have_axes || leading(prediction) != leading(target) || prediction.shape(-1) == 0 || target.shape(-1) == 0) {
    throw ShapeError(std::string(name) + ": the prediction is " + to_string(prediction.shape()) +
                     " and the target is " + to_string(target.shape()) +
                     "; they must have the same axes but for the last one, along which one or more numbers stand");
  }
  const Var x = sort(as_floating(prediction, target), -1);
  const Var y = sort(as_floating(target, x), -1);
  if (x.shape(-1) == y.shape(-1)) {
    const Var difference = x - y;
    return power_mean(difference, full_like(difference, 1.0 / static_cast<double>(x.shape(-1))), p);
  }
  const Steps steps = common_steps(x.shape(-1), y.shape(-1), x.dtype());
  return power_mean(take(x, steps.first, -1) - take(y, steps.second, -1), steps.length, p);
}

Var Sinkhorn::operator()(const Var& prediction, const Var& target) const {
  require_setting(name, "epsilon", epsilon, epsilon > 0.0 && std::isfinite(epsilon), "it must be positive and finite");
  detail::require_iterations(name, iterations, 1);
  const auto [x, y] = clouds(name, prediction, target, 1);
  const Var between = transport(x, y, false, *this);
  return debiased ? between - 0.5 * (transport(x, x, true, *this) + transport(y, y, true, *this)) : between;
}

Var Mmd::operator()(const Var& prediction, const Var& target) const {
  require_setting(name, "the number of bandwidths", static_cast<double>(bandwidths.size()), !bandwidths.empty(),
                  "there must be one or more");
  for (const double width : bandwidths) {
    require_setting(name, "a bandwidth", width, width > 0.0 && std::isfinite(width), "it must be positive and finite");
  }
  const auto [x, y] = clouds(name, prediction, target, unbiased ? 2 : 1);
  const auto kernel = [this](const Var& a, const Var& b, bool same) {
    const Var squares = squared_distances(a, b, same);
    Var total;
    for (const double width : bandwidths) {
      const Var each = exp((squares * (1.0 / width)) * (-0.5 / width));  // the square of a width may underflow
      total = total.defined() ? total + each : each;
    }
    return total;
  };
  const auto within = [&](const Var& a) {
    // A point beside itself has the kernel 1, for each bandwidth.
    const double itself = static_cast<double>(bandwidths.size() * a.shape(0));
    const auto count = static_cast<double>(a.shape(0));
    const Var values = kernel(a, a, true);
    return unbiased ? (sum(values) - itself) / (count * (count - 1.0)) : mean_of_pairs(values, false);
  };
  return within(x) + within(y) - 2.0 * mean_of_pairs(kernel(x, y, false), false);
}

Var EnergyDistance::operator()(const Var& prediction, const Var& target) const {
  const auto [x, y] = clouds(name, prediction, target, unbiased ? 2 : 1);
  const auto distances = [](const Var& a, const Var& b, bool same) {
    // Of pairs of one cloud and of both apart: one cloud may be tiny beside the other.
    const Var unit = a.size() == 0 ? Var(1.0) : detail::unwieldy(maximum(amax(abs(a)), amax(abs(b))));
    const Var squares = squared_distances(a / unit, b / unit, same);
    return unit * where(squares > 0.0, sqrt(squares), zeros_like(squares));
  };
  return 2.0 * mean_of_pairs(distances(x, y, false), false) - mean_of_pairs(distances(x, x, true), unbiased) -
         mean_of_pairs(distances(y, y, true), unbiased);
}

}  // namespace xgrad::loss
