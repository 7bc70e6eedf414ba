// The analysis of primitives that look at windows: convolutions, and the places of maxima.
#include <algorithm>
#include <array>
#include <vector>

#include "primitives/windows.hpp"
#include "step.hpp"

namespace random_graphs {

using namespace xgrad::primitives;

namespace {

/// Where a product of a convolution stands along the axes that windows move over, counted as one, in each array.
using PlacesOfProduct = std::array<std::size_t, 3>;

std::size_t places_of_array(const Shape& shape) { return size_of(Shape(shape.begin() + 2, shape.end())); }

/// All products of one element of n, one channel o and one channel c.
std::vector<PlacesOfProduct> products_of_windows(const std::array<Shape, 3>& shapes,
                                                 std::span<const std::int64_t> attributes) {
  const auto& [x, w, y] = shapes;
  std::vector<PlacesOfProduct> all{{0, 0, 0}};
  for (std::size_t axis = 0; axis + 2 < x.size(); ++axis) {
    const auto [stride, dilation, padding] = window_step(attributes, axis);
    std::vector<PlacesOfProduct> longer;
    for (const PlacesOfProduct& before : all) {
      for (std::size_t j = 0; j < y[axis + 2]; ++j) {
        for (std::size_t k = 0; k < w[axis + 2]; ++k) {
          const std::int64_t place =
              static_cast<std::int64_t>(j) * stride + static_cast<std::int64_t>(k) * dilation - padding;
          if (place < 0 || place >= static_cast<std::int64_t>(x[axis + 2])) continue;
          longer.push_back({before[0] * x[axis + 2] + static_cast<std::size_t>(place), before[1] * w[axis + 2] + k,
                            before[2] * y[axis + 2] + j});
        }
      }
    }
    all = std::move(longer);
  }
  return all;
}

/// Where the elements of a window stand along the last axes, counted as one, in row-major order.
/// \param window  the number of the window among those of the last axes.
std::vector<std::size_t> elements_of_window(const Shape& x, const Shape& windows, std::size_t window,
                                            std::span<const std::int64_t> attributes) {
  const std::size_t axes = attributes.size() / numbers_of_window;
  const std::size_t first = x.size() - axes;
  std::size_t below = 1;
  for (std::size_t axis = first; axis < x.size(); ++axis) below *= windows[axis];
  std::vector<std::size_t> all{0};
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const std::size_t extent = x[first + axis];
    const std::size_t count = windows[first + axis];
    below /= count;
    const WindowPart part = window_part(attributes.subspan(numbers_of_window * axis, numbers_of_window), extent, count,
                                        window / below % count);
    std::vector<std::size_t> longer;
    for (const std::size_t before : all) {
      for (std::size_t k = 0; k < part.count; ++k) longer.push_back(before * extent + part.first + k * part.step);
    }
    all = std::move(longer);
  }
  return all;
}

}  // namespace

void Analysis::Step::convolution() {
  const std::span<const std::int64_t> attributes = tape_.attributes(id_);
  const ConvolutionRole result = role_of_result(attributes);
  std::array<Shape, 3> shapes;
  shapes[static_cast<std::size_t>(result)] = shape_;
  for (std::size_t k = 0; k < 2; ++k) shapes[static_cast<std::size_t>(role_of_input(result, k))] = input_shape(k);
  const auto& [x, w, y] = shapes;
  const std::vector<PlacesOfProduct> products = products_of_windows(shapes, attributes);
  const std::size_t channels = w[0] / groups_of(attributes);  // o of one group
  const auto size_of_row = [&](ConvolutionRole role) {
    return places_of_array(shapes[static_cast<std::size_t>(role)]);
  };
  // Zeros stand around one of the inputs. They are multiplied by numbers of the other, which may be infinite.
  const std::size_t other = result == ConvolutionRole::Input ? 0 : 1;
  const auto finite = [&](std::size_t k, std::size_t from, std::size_t count) {
    const auto start = input(k).values.begin() + static_cast<std::ptrdiff_t>(from);
    return std::all_of(start, start + static_cast<std::ptrdiff_t>(count), [](double v) { return std::isfinite(v); });
  };
  std::vector<BoundedSum> totals(size_);
  std::vector<bool> meets_infinity(size_, false);
  for (std::size_t n = 0; n < x[0]; ++n) {
    for (std::size_t o = 0; o < w[0]; ++o) {
      for (std::size_t c = 0; c < w[1]; ++c) {
        const std::array<std::size_t, 3> rows{n * x[1] + o / channels * w[1] + c, o * w[1] + c, n * y[1] + o};
        const auto first = [&](ConvolutionRole role) {
          return rows[static_cast<std::size_t>(role)] * size_of_row(role);
        };
        if (const ConvolutionRole role = role_of_input(result, other); !finite(other, first(role), size_of_row(role))) {
          std::fill_n(meets_infinity.begin() + static_cast<std::ptrdiff_t>(first(result)), size_of_row(result), true);
        }
        for (const PlacesOfProduct& product : products) {
          const auto at = [&](ConvolutionRole role) { return first(role) + product[static_cast<std::size_t>(role)]; };
          totals[at(result)].add_product(item(0, at(role_of_input(result, 0))), item(1, at(role_of_input(result, 1))));
        }
      }
    }
  }
  for (std::size_t i = 0; i < size_; ++i) {
    if (totals[i].strange() || meets_infinity[i]) {
      set_bound(i, undecided);
      continue;
    }
    expect(i, rounded(totals[i].total(), dtype_), totals[i].tolerance(dtype_));
    set_bound(i, totals[i].bound(dtype_, known_.values[i]));
  }
}

/// Where another element of a window is as near to the largest as their bounds, the place is open.
void Analysis::Step::window_argmax() {
  const std::span<const std::int64_t> attributes = tape_.attributes(id_);
  const std::size_t first = shape_.size() - attributes.size() / numbers_of_window;
  std::size_t windows = 1;
  std::size_t extent = 1;
  for (std::size_t axis = first; axis < shape_.size(); ++axis) {
    windows *= shape_[axis];
    extent *= input_shape(0)[axis];
  }
  for (std::size_t i = 0; i < size_; ++i) {
    const auto at = [&](std::size_t place) { return item(0, i / windows * extent + place); };
    const std::vector<std::size_t> places = elements_of_window(input_shape(0), shape_, i % windows, attributes);
    std::size_t best = places[0];
    for (const std::size_t place : places) {
      if (std::isnan(at(best).value)) break;
      if (at(place).value > at(best).value || std::isnan(at(place).value)) best = place;
    }
    expect(i, static_cast<double>(best), 0.0);
    const Item chosen = at(best);
    for (const std::size_t place : places) {
      const Item other = at(place);
      const double doubt =
          (other.bound <= any_zero ? 0.0 : other.bound) + (chosen.bound <= any_zero ? 0.0 : chosen.bound);
      if (place != best && doubt > 0.0 && !(chosen.value - other.value > doubt)) set_bound(i, undecided);
      if (other.bound == undecided) set_bound(i, undecided);
    }
  }
}

}  // namespace random_graphs
