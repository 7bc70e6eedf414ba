#include <xgrad/loss/image.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/linalg.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "arguments.hpp"
#include "loss/pooling.hpp"
#include "loss/similarity.hpp"

namespace xgrad::loss {
namespace {

using detail::as_floats;
using detail::axes_from;
using detail::extent_from;

void require_images(std::string_view loss, std::string_view argument, const Var& x) {
  detail::require_usable(loss, x);
  if (x.dimension() == 3 || x.dimension() == 4) return;
  throw ShapeError(std::string(loss) + ": the " + std::string(argument) + " is " + to_string(x.shape()) +
                   "; it must be [N, H, W] or [N, C, H, W]");
}

/// Sum over all axes but the first.
Var total(const Var& x, KeepDims keep = KeepDims::no) { return sum(x, axes_from(x, 1), keep); }

/// Mean over all axes but the first, 0 of nothing.
Var average(const Var& x, KeepDims keep = KeepDims::no) {
  return total(x, keep) / static_cast<double>(std::max<std::size_t>(extent_from(x, 1), 1));
}

/// x less the mean of each image, and that mean.
struct Centred {
  Var x;
  Var mean;
};

Centred images_centred(const Var& x) {
  const Var mean = stop_gradient(average(x, keep_dims));
  return {x - mean, mean};
}

/// Weights of a Gaussian window, which add up to 1.
std::vector<double> gaussian(std::size_t window, double sigma) {
  std::vector<double> weights;
  double sum_of_weights = 0.0;
  for (std::size_t i = 0; i < window; ++i) {
    const double position = (static_cast<double>(i) - 0.5 * static_cast<double>(window - 1)) / sigma;
    weights.push_back(std::exp(-0.5 * position * position));
    sum_of_weights += weights.back();
  }
  for (double& weight : weights) weight /= sum_of_weights;
  return weights;
}

/// [extent, positions]: a product with it slides the window along the last axis.
Var band(const std::vector<double>& weights, std::size_t extent, DType dtype) {
  const std::size_t positions = extent - weights.size() + 1;
  auto matrix = Array<double>::from_shape({extent, positions});
  std::fill(matrix.data(), matrix.data() + matrix.size(), 0.0);
  for (std::size_t j = 0; j < positions; ++j) {
    for (std::size_t i = 0; i < weights.size(); ++i) matrix.data()[(i + j) * positions + j] = weights[i];
  }
  return cast(Var(std::move(matrix)), dtype);
}

/// Part of the last two axes.
Var part(const Var& x, std::ptrdiff_t top, std::ptrdiff_t bottom, std::ptrdiff_t left, std::ptrdiff_t right) {
  return view(x, xt::ellipsis(), xt::range(top, bottom), xt::range(left, right));
}

/// Differences of neighbours in images of at least one pixel.
struct Differences {
  Var right;  ///< [..., H, W - 1]
  Var down;   ///< [..., H - 1, W]
};

Differences differences(const Var& x) {
  const auto h = static_cast<std::ptrdiff_t>(x.shape(-2));
  const auto w = static_cast<std::ptrdiff_t>(x.shape(-1));
  return {part(x, 0, h, 1, w) - part(x, 0, h, 0, w - 1), part(x, 1, h, 0, w) - part(x, 0, h - 1, 0, w)};
}

bool has_no_pixel(const Var& x) { return x.shape(-1) == 0 || x.shape(-2) == 0; }

}  // namespace

namespace detail {

Dissimilarity dissimilarity(std::string_view loss, const Ssim& settings, const Var& prediction, const Var& target) {
  const auto positive = [&](std::string_view setting, double value) {
    require_setting(loss, setting, value, value > 0.0, "it must be positive");
  };
  positive("window", static_cast<double>(settings.window));
  positive("sigma", settings.sigma);
  positive("data_range", settings.data_range);
  positive("k1", settings.k1);
  positive("k2", settings.k2);
  require_same_shape(loss, prediction, target);
  require_images(loss, "prediction", prediction);
  const std::size_t height = prediction.shape(-2);
  const std::size_t width = prediction.shape(-1);
  if (height < settings.window || width < settings.window) {
    throw ShapeError(std::string(loss) + ": the prediction is " + to_string(prediction.shape()) + " and the window " +
                     std::to_string(settings.window) + "; images must be at least as large as the window");
  }
  // Less the mean of the image: the small variances of flat areas are differences of squares, which would cancel.
  // In units in which squares of pixels do not overflow, of which quotients follow.
  const Var given_x = as_floats(prediction, target);
  const Var given_y = as_floats(target, prediction);
  const Var unit = maximum(detail::unit_of_squares(given_x, axes_from(given_x, 1)),
                           detail::unit_of_squares(given_y, axes_from(given_y, 1)));
  const auto [u, mean_of_x] = images_centred(given_x / unit);
  const auto [v, mean_of_y] = images_centred(given_y / unit);
  const std::vector<double> weights = gaussian(settings.window, settings.sigma);
  const DType dtype = promote(u.dtype(), v.dtype());
  const Var columns = transpose(band(weights, height, dtype));
  const Var rows = band(weights, width, dtype);
  const auto local_mean = [&](const Var& values) { return matmul(columns, matmul(values, rows)); };
  const Var mean_u = local_mean(u);
  const Var mean_v = local_mean(v);
  // 1 - a b, where a = 1 - (m_x - m_y)^2 / (m_x^2 + m_y^2 + c1), and b is the same with s_x-y^2 and s_x^2 + s_y^2:
  // small losses keep their digits.
  const Var squares = square(mean_u) + square(mean_v);
  const Var variance_of_difference = local_mean(square(u - v)) - square(mean_u - mean_v);
  const Var variances = local_mean(square(u) + square(v)) - squares;
  const Var mean_x = mean_u + mean_of_x;
  const Var mean_y = mean_v + mean_of_y;
  // Without variance, what is left to divide by must not vanish in large units.
  const auto least = [&](double k) { return maximum(square(k * settings.data_range / unit), 1e-36); };
  return {square(mean_x - mean_y) / (square(mean_x) + square(mean_y) + least(settings.k1)),
          variance_of_difference / (variances + least(settings.k2))};
}

}  // namespace detail

Var Ssim::operator()(const Var& prediction, const Var& target) const {
  const auto [means, patterns] = detail::dissimilarity(name, *this, prediction, target);
  return average(means + patterns - means * patterns);
}

Var TotalVariationPenalty::operator()(const Var& image) const {
  require_images(name, "image", image);
  const Var x = as_floats(image, image);
  if (has_no_pixel(x)) return total(x);
  const auto [right, down] = differences(x);
  if (!isotropic) return total(abs(right)) + total(abs(down));
  const auto h = static_cast<std::ptrdiff_t>(x.shape(-2));
  const auto w = static_cast<std::ptrdiff_t>(x.shape(-1));
  const Var inside = hypot(part(right, 0, h - 1, 0, w - 1), part(down, 0, h - 1, 0, w - 1));
  const Var last_row = abs(part(right, h - 1, h, 0, w - 1));
  const Var last_column = abs(part(down, 0, h - 1, w - 1, w));
  return total(inside) + total(last_row) + total(last_column);
}

Var Psnr::operator()(const Var& prediction, const Var& target) const {
  require_setting(name, "data_range", data_range, data_range > 0.0, "it must be positive");
  require_setting(name, "eps", eps, eps > 0.0, "it must be positive");
  require_same_shape(name, prediction, target);
  if (prediction.dimension() < 2) {
    throw ShapeError("Psnr: the prediction is " + to_string(prediction.shape()) + "; it must be [N, ...], N images");
  }
  const Var e = (as_floats(prediction, target) - as_floats(target, prediction)) / data_range;
  if (e.size() == 0) return 10.0 / std::numbers::ln10 * log(average(e) + eps);
  const Var unit = detail::unit_of_squares(e, axes_from(e, 1));
  const Var unit_of_image = reshape(unit, {-1});
  const Var squares = average(square(e / unit)) + eps / square(unit_of_image);
  return 10.0 / std::numbers::ln10 * (log(squares) + 2.0 * log(unit_of_image));
}

Var GradientDifference::operator()(const Var& prediction, const Var& target) const {
  require_setting(name, "alpha", alpha, alpha >= 1.0, "it must be at least 1");
  require_same_shape(name, prediction, target);
  require_images(name, "prediction", prediction);
  const Var p = as_floats(prediction, target);
  const Var t = as_floats(target, prediction);
  if (has_no_pixel(p)) return total(p + t);
  const auto of = [&](const Var& a, const Var& b) {
    const Var difference = abs(abs(a) - abs(b));
    if (alpha == 1.0) return total(difference);
    if (alpha == 2.0) return total(square(difference));
    return total(where(equal(difference, 0.0), 0.0, pow(difference, alpha)));
  };
  const Differences of_p = differences(p);
  const Differences of_t = differences(t);
  return of(of_p.right, of_t.right) + of(of_p.down, of_t.down);
}

}  // namespace xgrad::loss
