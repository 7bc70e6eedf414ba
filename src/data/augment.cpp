#include <xgrad/data/augment.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/rearrange.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/rounding.hpp>
#include <xgrad/random/continuous.hpp>
#include <xgrad/random/discrete.hpp>

#include "core/text.hpp"

namespace xgrad::data {
namespace {

void require_axes(std::string_view operation, const Var& x, std::size_t least, std::string_view what) {
  if (x.dimension() >= least) return;
  throw ShapeError(std::string(operation) + ": x has the shape " + to_string(x.shape()) + "; it must be " +
                   std::string(what));
}

void require_images(std::string_view operation, const Var& x) {
  require_axes(operation, x, 3, "[n, ..., rows, columns]");
}

void require_fractions_of(std::string_view operation, std::string_view what, const Var& x) {
  if (is_floating(x.dtype())) return;
  throw TypeError(std::string(operation) + ": the " + std::string(what) + " are " + std::string(name(x.dtype())) +
                  "; they must be floating-point");
}

[[noreturn]] void throw_setting(std::string_view operation, std::string_view what, double value,
                                std::string_view rule) {
  throw ValueError(std::string(operation) + ": the " + std::string(what) + " is " + core::text_of(value) +
                   "; it must be " + std::string(rule));
}

/// One number for each sample, [n], which broadcasts to their shape.
Var for_each_sample(const Var& numbers, const Var& x) {
  Strides shape(x.dimension(), 1);
  shape[0] = static_cast<std::ptrdiff_t>(x.shape()[0]);
  return reshape(numbers, shape);
}

/// The numbers of the places along an axis, which broadcast to the shape of x.
Var places_along(const Var& x, std::size_t axis, std::size_t extent) {
  Strides shape(x.dimension(), 1);
  shape[axis] = static_cast<std::ptrdiff_t>(extent);
  return reshape(arange(static_cast<std::int64_t>(extent)), shape);
}

Var below(const random::Key& key, const Var& x, std::size_t limit) {
  return for_each_sample(random::randint(key, 0, static_cast<std::int64_t>(limit), {x.shape()[0]}), x);
}

}  // namespace

Var flip(const random::Key& key, const Var& x, const FlipOptions& options) {
  require_axes("flip", x, 2, "[n, ...]");
  if (!(options.probability >= 0.0 && options.probability <= 1.0)) {
    throw_setting("flip", "probability", options.probability, "from 0 to 1");
  }
  const auto axes = static_cast<std::ptrdiff_t>(x.dimension());
  const std::ptrdiff_t axis = options.axis < 0 ? options.axis + axes : options.axis;
  if (axis <= 0 || axis >= axes) {
    throw ShapeError("flip: axis " + std::to_string(options.axis) + " of x " + to_string(x.shape()) +
                     "; it must be one of the axes behind that of the samples");
  }
  const Var chosen = random::bernoulli(key, options.probability, {x.shape()[0]});
  return where(for_each_sample(chosen, x), xgrad::flip(x, axis), x);
}

namespace {

/// x with what is outside of its last axes.
Var with_padding(const Var& x, std::size_t axes, const CropOptions& options) {
  if (options.padding < 0) throw_setting("crop", "padding", static_cast<double>(options.padding), "0 or more");
  if (options.padding == 0) return x;
  std::vector<PadWidths::Pair> widths(x.dimension(), {0, 0});
  for (std::size_t k = x.dimension() - axes; k < x.dimension(); ++k) widths[k] = {options.padding, options.padding};
  return pad(x, widths, options.outside);
}

}  // namespace

Var crop(const random::Key& key, const Var& x, const Shape& size, const CropOptions& options) {
  require_axes("crop", x, size.size() + 1, "[n, ...] with an axis for each extent of the part");
  Var result = with_padding(x, size.size(), options);
  const std::size_t first = x.dimension() - size.size();
  for (std::size_t k = 0; k < size.size(); ++k) {
    const std::size_t extent = result.shape()[first + k];
    if (size[k] > extent) {
      throw ShapeError("crop: a part " + to_string(size) + " of samples " + to_string(x.shape()) +
                       " with a padding of " + std::to_string(options.padding) + "; it cannot be larger than they are");
    }
    if (size[k] == extent) continue;
    const Var begin = below(key.fold_in(static_cast<std::int64_t>(k)), x, extent - size[k] + 1);
    const Var places = begin + places_along(x, first + k, size[k]);
    result = take_along_axis(result, places, static_cast<std::ptrdiff_t>(first + k));
  }
  return result;
}

namespace {

/// For each pixel of turned images where it comes from, [n, 1, pixels] each.
struct Places {
  Var row;
  Var column;
};

Places before_turning(const Var& angles, std::size_t rows, std::size_t columns) {
  const Var angle = reshape(angles, {angles.size(), 1, 1});
  const Var pixel = arange(static_cast<std::int64_t>(rows * columns));
  const auto width = static_cast<std::int64_t>(columns);
  const double middle_row = 0.5 * (static_cast<double>(rows) - 1.0);
  const double middle_column = 0.5 * (static_cast<double>(columns) - 1.0);
  const Var down = cast(floor_divide(pixel, width), angles.dtype()) - middle_row;
  const Var right = cast(remainder(pixel, width), angles.dtype()) - middle_column;
  return {cos(angle) * down - sin(angle) * right + middle_row, sin(angle) * down + cos(angle) * right + middle_column};
}

/// Of the pixels [n, channels, rows * columns] those at places between them, by linear interpolation; 0 outside.
Var interpolated(const Var& pixels, const Places& at, std::size_t rows, std::size_t columns) {
  const double last_row = static_cast<double>(rows) - 1.0;
  const double last_column = static_cast<double>(columns) - 1.0;
  const Var top = floor(at.row);
  const Var left = floor(at.column);
  Var result = 0.0;
  for (const double down : {0.0, 1.0}) {
    for (const double right : {0.0, 1.0}) {
      const Var row = top + down;
      const Var column = left + right;
      const Var outside = row < 0.0 || row > last_row || column < 0.0 || column > last_column;
      const auto inside = [&](const Var& number) { return cast(where(outside, 0.0, number), DType::Int64); };
      const Var place = inside(row) * static_cast<std::int64_t>(columns) + inside(column);
      const Var weight = (1.0 - abs(at.row - row)) * (1.0 - abs(at.column - column));
      result = result + where(outside, 0.0, take_along_axis(pixels, place, -1) * weight);
    }
  }
  return result;
}

}  // namespace

Var rotated(const Var& x, const Var& angles) {
  require_images("rotated", x);
  require_fractions_of("rotated", "images", x);
  const Shape& shape = x.shape();
  const Shape samples{shape[0]};
  if (angles.dimension() > 0 && angles.shape() != samples) {
    throw ShapeError("rotated: the angles have the shape " + to_string(angles.shape()) + "; it must be a number, or " +
                     to_string(samples));
  }
  if (x.size() == 0) return x;
  const std::size_t rows = shape[shape.size() - 2];
  const std::size_t columns = shape[shape.size() - 1];
  const Var pixels = reshape(x, {shape[0], x.size() / (shape[0] * rows * columns), rows * columns});
  const Var each = broadcast_to(cast(angles, x.dtype()), samples);
  return reshape(interpolated(pixels, before_turning(each, rows, columns), rows, columns), Strides(shape));
}

Var rotate(const random::Key& key, const Var& x, double most_degrees) {
  require_images("rotate", x);
  if (!(most_degrees >= 0.0 && most_degrees <= 180.0)) {
    throw_setting("rotate", "largest angle", most_degrees, "from 0 to 180 degrees");
  }
  require_fractions_of("rotate", "images", x);
  const double most = most_degrees * std::numbers::pi / 180.0;
  return rotated(x, random::uniform(key, Shape{x.shape()[0]}, x.dtype()) * (2.0 * most) - most);
}

Var noise(const random::Key& key, const Var& x, double deviation) {
  require_fractions_of("noise", "numbers", x);
  if (!(deviation >= 0.0 && std::isfinite(deviation))) {
    throw_setting("noise", "deviation", deviation, "finite and not negative");
  }
  return x + deviation * random::normal(key, x.shape(), x.dtype());
}

Var cutout(const random::Key& key, const Var& x, std::size_t size) {
  require_images("cutout", x);
  if (size == 0) throw_setting("cutout", "size", 0.0, "1 or more");
  Var inside;
  for (const std::size_t axis : {x.dimension() - 2, x.dimension() - 1}) {
    if (x.shape()[axis] == 0) return x;
    const auto along_axis = static_cast<std::int64_t>(std::min(size, 2 * x.shape()[axis]));  // that is all of it
    const std::int64_t half = along_axis / 2;
    const std::int64_t rest = along_axis - half;
    const auto number = static_cast<std::int64_t>(x.dimension() - axis);
    const Var away = places_along(x, axis, x.shape()[axis]) - below(key.fold_in(number), x, x.shape()[axis]);
    const Var along = away >= -half && away < rest;
    inside = inside.defined() ? inside && along : along;
  }
  return where(inside, zeros_like(x), x);
}

namespace {

void require_mixable(std::string_view operation, const Var& x, const Var& labels, double alpha) {
  require_axes(operation, x, 1, "[n, ...]");
  require_fractions_of(operation, "labels", labels);
  if (labels.dimension() == 0 || labels.shape()[0] != x.shape()[0]) {
    throw ShapeError(std::string(operation) + ": samples " + to_string(x.shape()) + " and labels " +
                     to_string(labels.shape()) + "; there must be as many of both");
  }
  if (!(alpha > 0.0 && std::isfinite(alpha))) throw_setting(operation, "alpha", alpha, "positive and finite");
}

/// How much of itself a sample keeps, [n].
Var kept_parts(const random::Key& key, const Var& x, double alpha, DType dtype) {
  return random::beta(key, cast(alpha, dtype), cast(alpha, dtype), Shape{x.shape()[0]});
}

Var partners(const random::Key& key, const Var& x) {
  return random::permutation(key, static_cast<std::int64_t>(x.shape()[0]));
}

Var mixed_labels(const Var& labels, const Var& others, const Var& kept) {
  const Var part = for_each_sample(cast(kept, labels.dtype()), labels);
  return part * labels + (1.0 - part) * take(labels, others, 0);
}

}  // namespace

Mixed mixup(const random::Key& key, const Var& x, const Var& labels, double alpha) {
  require_mixable("mixup", x, labels, alpha);
  require_fractions_of("mixup", "samples", x);
  const Var others = partners(key.fold_in(0), x);
  const Var kept = kept_parts(key.fold_in(1), x, alpha, x.dtype());
  const Var part = for_each_sample(kept, x);
  return {part * x + (1.0 - part) * take(x, others, 0), mixed_labels(labels, others, kept)};
}

Mixed cutmix(const random::Key& key, const Var& x, const Var& labels, double alpha) {
  require_images("cutmix", x);
  require_mixable("cutmix", x, labels, alpha);
  const Var others = partners(key.fold_in(0), x);
  const Var side = sqrt(1.0 - kept_parts(key.fold_in(1), x, alpha, DType::Float64));
  Var inside;
  Var area = ones({x.shape()[0]});
  for (const std::size_t axis : {x.dimension() - 2, x.dimension() - 1}) {
    const std::size_t extent = x.shape()[axis];
    if (extent == 0) return {x, labels};
    const auto number = static_cast<std::int64_t>(x.dimension() - axis);
    const Var centre = random::randint(key.fold_in(number + 1), 0, static_cast<std::int64_t>(extent), {x.shape()[0]});
    const Var length = cast(floor(side * static_cast<double>(extent)), DType::Int64);
    const Var begin = maximum(centre - floor_divide(length, std::int64_t{2}), std::int64_t{0});
    const Var end = minimum(centre - floor_divide(length, std::int64_t{2}) + length, static_cast<std::int64_t>(extent));
    area = area * cast(maximum(end - begin, std::int64_t{0}), DType::Float64) / static_cast<double>(extent);
    const Var place = places_along(x, axis, extent);
    const Var along = place >= for_each_sample(begin, x) && place < for_each_sample(end, x);
    inside = inside.defined() ? inside && along : along;
  }
  return {where(inside, take(x, others, 0), x), mixed_labels(labels, others, 1.0 - area)};
}

}  // namespace xgrad::data
