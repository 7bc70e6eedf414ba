#include <xgrad/ops/windows.hpp>

#include <algorithm>
#include <string>

#include <xgrad/core/errors.hpp>

#include "internal.hpp"
#include "window_axes.hpp"

namespace xgrad {
namespace {

using detail::WindowAxesList;

/// The places with their padding: extents, and of each what stands before.
Shape padded_extents(const Shape& extents, const WindowAxesList& axes) {
  Shape result;
  for (std::size_t axis = 0; axis < extents.size(); ++axis) {
    result.push_back(extents[axis] + static_cast<std::size_t>(axes[axis].before + axes[axis].after));
  }
  require_addressable(result);
  return result;
}

/// Where the elements of all windows stand in the padded array, whose places are counted as one axis: [k, windows].
Var places_of_windows(const Shape& padded, const Shape& counts, const WindowAxesList& axes) {
  std::size_t rows = 1;
  for (const detail::WindowAxis& each : axes) rows *= static_cast<std::size_t>(each.window);
  const std::size_t columns = size_of(counts);
  require_addressable({rows, columns});
  auto places = Array<std::int64_t>::from_shape(Shape{rows, columns});
  std::int64_t* out = places.data();
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      std::int64_t scale = 1;
      std::int64_t place = 0;
      std::size_t k = row;
      std::size_t j = column;
      for (std::size_t axis = axes.size(); axis-- > 0;) {
        const auto window = static_cast<std::size_t>(axes[axis].window);
        place += scale * (static_cast<std::int64_t>(j % counts[axis]) * axes[axis].stride +
                          static_cast<std::int64_t>(k % window) * axes[axis].dilation);
        scale *= static_cast<std::int64_t>(padded[axis]);
        k /= window;
        j /= counts[axis];
      }
      *out++ = place;
    }
  }
  return {std::move(places)};
}

/// Where [n, c, places...] stands in [n, c, padded...].
std::vector<std::int64_t> starts(const Shape& extents, const WindowAxesList& axes) {
  std::vector<std::int64_t> result{0, 1, 0, 1};
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    result.insert(result.end(), {extents[axis] == 0 ? 0 : axes[axis].before, 1});
  }
  return result;
}

Shape with_first(std::size_t n, std::size_t c, const Shape& rest) {
  Shape shape{n, c};
  for (const std::size_t extent : rest) shape.push_back(extent);
  require_addressable(shape);
  return shape;
}

}  // namespace

Var unfold(const Var& x, const OneOrMany& window, const WindowOptions& options) {
  const std::size_t count = detail::window_axes_of("unfold", x);
  WindowAxesList axes = detail::moving("unfold", detail::for_each_axis("unfold", "the window", window, count, 1),
                                       options.stride, options.dilation);
  const Shape extents(x.shape().begin() + 2, x.shape().end());
  const Shape counts = detail::windows_over("unfold", extents, axes, options.padding);
  const Shape padded = padded_extents(extents, axes);
  const std::size_t n = x.shape()[0];
  const std::size_t c = x.shape()[1];
  const Var places = places_of_windows(padded, counts, axes);
  const Shape all = with_first(n, c, padded);
  const Var whole = all == x.shape() ? x : detail::embed(x, all, starts(extents, axes));
  const Var flat = reshape(whole, Strides(Shape{n, c, size_of(padded)}));
  const Shape columns{n, c * places.shape()[0], places.shape()[1]};
  require_addressable(columns);
  return reshape(detail::take(flat, places, 2, primitives::Chooser::Take), Strides(columns));
}

Var fold(const Var& x, const OneOrMany& extents, const OneOrMany& window, const WindowOptions& options) {
  detail::require_usable(x, "fold");
  if (x.dimension() != 3) {
    throw ShapeError("fold: the shape " + to_string(x.shape()) +
                     "; it must be that of examples, channels times places, and windows");
  }
  const std::size_t count = extents.is_one() ? window.many().size() : extents.many().size();
  if (count < 1 || count > primitives::most_window_axes) {
    throw ShapeError("fold: there are " + std::to_string(count) + " axes; there must be 1, 2 or 3");
  }
  const Shape whole(detail::for_each_axis("fold", "an extent", extents, count, 0));
  WindowAxesList axes = detail::moving("fold", detail::for_each_axis("fold", "the window", window, count, 1),
                                       options.stride, options.dilation);
  const Shape counts = detail::windows_over("fold", whole, axes, options.padding);
  const Shape padded = padded_extents(whole, axes);
  const Var places = places_of_windows(padded, counts, axes);
  const std::size_t rows = places.shape()[0];
  if (x.shape()[1] % rows != 0 || x.shape()[2] != places.shape()[1]) {
    throw ShapeError("fold: the shape " + to_string(x.shape()) + "; windows have " + std::to_string(rows) +
                     " places, which must divide axis 1, and there are " + std::to_string(places.shape()[1]) +
                     " windows, which must be axis 2");
  }
  const std::size_t n = x.shape()[0];
  const std::size_t c = x.shape()[1] / rows;
  const Var apart = reshape(x, Strides(Shape{n, c, rows, places.shape()[1]}));
  const Shape flat{n, c, size_of(padded)};
  require_addressable(flat);
  const Var summed = reshape(detail::scatter_add(apart, places, flat, 2, primitives::Chooser::ScatterAdd),
                             Strides(with_first(n, c, padded)));
  const Shape result = with_first(n, c, whole);
  return result == summed.shape() ? summed : detail::slice(summed, result, starts(whole, axes));
}

}  // namespace xgrad
