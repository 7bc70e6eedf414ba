#include "windows.hpp"

namespace xgrad::primitives {
namespace {

bool is_small(std::int64_t number, std::int64_t least) { return number >= least && number <= most_window_step; }

/// Whether all windows begin not far behind the end of an axis, so that no place overflows.
bool fits_axis(std::size_t x, std::size_t windows, std::int64_t stride, std::int64_t padding) {
  if (windows == 0) return true;
  const auto end = static_cast<std::int64_t>(std::min(x, static_cast<std::size_t>(most_window_span)));
  return windows - 1 <= static_cast<std::size_t>((end + padding + most_window_step) / stride);
}

bool spans_little(std::size_t kernel, std::int64_t dilation) {
  return kernel == 0 || kernel - 1 <= static_cast<std::size_t>(most_window_span / dilation);
}

}  // namespace

bool is_convolution(const std::array<Shape, 3>& shapes, std::span<const std::int64_t> attributes) {
  const auto& [x, w, y] = shapes;
  const std::size_t rank = x.size();
  if (rank < 3 || rank > 2 + most_window_axes || w.size() != rank || y.size() != rank) return false;
  if (attributes.size() != convolution_head + 3 * (rank - 2)) return false;
  if (attributes[0] < 0 || attributes[0] > 2 || attributes[1] < 1) return false;
  const std::size_t groups = groups_of(attributes);
  if (x[0] != y[0] || w[0] != y[1] || w[0] % groups != 0 || x[1] % groups != 0 || x[1] / groups != w[1]) return false;
  for (std::size_t axis = 0; axis < rank - 2; ++axis) {
    const auto [stride, dilation, padding] = window_step(attributes, axis);
    if (!is_small(stride, 1) || !is_small(dilation, 1) || !is_small(padding, 0)) return false;
    if (!spans_little(w[axis + 2], dilation) || !fits_axis(x[axis + 2], y[axis + 2], stride, padding)) return false;
  }
  return true;
}

bool has_windows(const Shape& x, const Shape& windows, std::span<const std::int64_t> attributes) {
  const std::size_t axes = attributes.size() / numbers_of_window;
  if (attributes.size() % numbers_of_window != 0 || axes == 0 || axes > most_window_axes) return false;
  if (x.size() != windows.size() || x.size() < axes) return false;
  const std::size_t first = x.size() - axes;
  if (!std::equal(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(first), windows.begin())) return false;
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const std::span<const std::int64_t> numbers = attributes.subspan(numbers_of_window * axis, numbers_of_window);
    const std::size_t extent = x[first + axis];
    const std::size_t count = windows[first + axis];
    if (count == 0) continue;
    if (extent == 0) return false;
    if (numbers[0] == 0) {
      if (count > static_cast<std::size_t>(most_window_step)) return false;
      continue;
    }
    if (!is_small(numbers[0], 1) || !is_small(numbers[1], 1) || !is_small(numbers[2], 1) || !is_small(numbers[3], 0) ||
        !fits_axis(extent, count, numbers[1], numbers[3])) {
      return false;
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (window_part(numbers, extent, count, i).count == 0) return false;
    }
  }
  return true;
}

}  // namespace xgrad::primitives
