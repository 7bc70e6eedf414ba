// Convolutions as one product after another, without memory of their own.
#include <algorithm>

#include "convolution_plan.hpp"
#include "primitives/scalar_functions.hpp"

namespace xgrad::backend::cpu::kernels::convolutions {

using primitives::ConvolutionRole;

namespace {

/// Places of x, the kernel and y.
struct Meeting {
  std::size_t x, w, y;
};

/// Calls f with what meets along one axis, for each place of the kernel those of y in order.
template <class F>
void for_each_meeting(const Geometry& geometry, std::size_t axis, F&& f) {
  const auto [stride, dilation, padding] = geometry.steps[axis];
  const auto extent = static_cast<std::int64_t>(geometry.x[axis]);
  const auto windows = static_cast<std::int64_t>(geometry.y[axis]);
  for (std::size_t k = 0; k < geometry.w[axis]; ++k) {
    const std::int64_t at = static_cast<std::int64_t>(k) * dilation - padding;
    if (at >= extent) break;
    const std::int64_t first = at >= 0 ? 0 : (-at + stride - 1) / stride;
    const std::int64_t last = std::min(windows - 1, (extent - 1 - at) / stride);
    for (std::int64_t j = first; j <= last; ++j) {
      f(Meeting{static_cast<std::size_t>(at + j * stride), k, static_cast<std::size_t>(j)});
    }
  }
}

/// The same along all axes.
template <class F>
void for_each_meeting(const Geometry& geometry, F&& f) {
  const auto within = [&](std::size_t axis, const Meeting& outer, const Meeting& inner) {
    return Meeting{outer.x * geometry.x[axis] + inner.x, outer.w * geometry.w[axis] + inner.w,
                   outer.y * geometry.y[axis] + inner.y};
  };
  for_each_meeting(geometry, 0, [&](const Meeting& a) {
    for_each_meeting(geometry, 1, [&](const Meeting& b) {
      const Meeting both = within(1, a, b);
      for_each_meeting(geometry, 2, [&](const Meeting& c) { f(within(2, both, c)); });
    });
  });
}

}  // namespace

template <class T>
void add_products(const Arrays& arrays, const Geometry& geometry) {
  using primitives::Add;
  using primitives::Multiply;
  const std::size_t of_x = Geometry::size(geometry.x);
  const std::size_t of_w = Geometry::size(geometry.w);
  const std::size_t of_y = Geometry::size(geometry.y);
  const std::array<T*, 3> data{arrays.all[0]->as<T>(), arrays.all[1]->as<T>(), arrays.all[2]->as<T>()};
  const auto result = static_cast<std::size_t>(arrays.result);
  const std::size_t a = result == 0 ? 1 : 0;
  const std::size_t b = result == 2 ? 1 : 2;
  std::fill_n(data[result], size_of(*arrays[arrays.result].shape), T(0));
  for (std::size_t n = 0; n < geometry.examples; ++n) {
    for (std::size_t o = 0; o < geometry.groups * geometry.out_channels; ++o) {
      for (std::size_t c = 0; c < geometry.in_channels; ++c) {
        const std::size_t in = o / geometry.out_channels * geometry.in_channels + c;
        const std::array<std::size_t, 3> first{(n * geometry.groups * geometry.in_channels + in) * of_x,
                                               (o * geometry.in_channels + c) * of_w,
                                               (n * geometry.groups * geometry.out_channels + o) * of_y};
        for_each_meeting(geometry, [&](const Meeting& each) {
          const std::array<std::size_t, 3> at{first[0] + each.x, first[1] + each.w, first[2] + each.y};
          T& sum = data[result][at[result]];
          sum = Add::eval(sum, Multiply::eval(data[a][at[a]], data[b][at[b]]));
        });
      }
    }
  }
}

template void add_products<std::int64_t>(const Arrays&, const Geometry&);
template void add_products<float>(const Arrays&, const Geometry&);
template void add_products<double>(const Arrays&, const Geometry&);

}  // namespace xgrad::backend::cpu::kernels::convolutions
