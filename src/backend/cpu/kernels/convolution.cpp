// Convolutions, of floating-point numbers and of integers, and the maxima of windows.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "backend/cpu/parallel/parallel.hpp"
#include "convolution_plan.hpp"
#include "kernels.hpp"
#include "primitives/scalar_functions.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

using convolutions::Arrays;
using convolutions::Geometry;
using primitives::ConvolutionRole;

/// Calls f with the places of x, the kernel and y that meet.
template <class F>
void for_each_meeting(const Geometry& geometry, F f) {
  constexpr std::size_t axes = convolutions::axes;
  const std::size_t windows = Geometry::size(geometry.y);
  const std::size_t places = Geometry::size(geometry.w);
  for (std::size_t j = 0; j < windows; ++j) {
    for (std::size_t k = 0; k < places; ++k) {
      std::size_t at = 0;
      std::size_t scale = 1;
      std::size_t rest_j = j;
      std::size_t rest_k = k;
      bool inside = true;
      for (std::size_t axis = axes; axis-- > 0 && inside;) {
        const primitives::WindowStep step = geometry.steps[axis];
        const auto i = static_cast<std::int64_t>(rest_j % geometry.y[axis]) * step.stride +
                       static_cast<std::int64_t>(rest_k % geometry.w[axis]) * step.dilation - step.padding;
        inside = i >= 0 && i < static_cast<std::int64_t>(geometry.x[axis]);
        rest_j /= geometry.y[axis];
        rest_k /= geometry.w[axis];
        at += inside ? static_cast<std::size_t>(i) * scale : 0;
        scale *= geometry.x[axis];
      }
      if (inside) f(at, k, j);
    }
  }
}

/// One product after another, as nobody learns with integers.
void convolve_integers(const Arrays& arrays, const Geometry& geometry) {
  using primitives::Add;
  using primitives::Multiply;
  const std::size_t of_x = Geometry::size(geometry.x);
  const std::size_t of_w = Geometry::size(geometry.w);
  const std::size_t of_y = Geometry::size(geometry.y);
  const std::array<std::int64_t*, 3> data{arrays.all[0]->as<std::int64_t>(), arrays.all[1]->as<std::int64_t>(),
                                          arrays.all[2]->as<std::int64_t>()};
  const auto result = static_cast<std::size_t>(arrays.result);
  const std::size_t a = result == 0 ? 1 : 0;
  const std::size_t b = result == 2 ? 1 : 2;
  for (std::size_t n = 0; n < geometry.examples; ++n) {
    for (std::size_t o = 0; o < geometry.groups * geometry.out_channels; ++o) {
      for (std::size_t c = 0; c < geometry.in_channels; ++c) {
        const std::size_t in = o / geometry.out_channels * geometry.in_channels + c;
        const std::array<std::size_t, 3> first{(n * geometry.groups * geometry.in_channels + in) * of_x,
                                               (o * geometry.in_channels + c) * of_w,
                                               (n * geometry.groups * geometry.out_channels + o) * of_y};
        for_each_meeting(geometry, [&](std::size_t i, std::size_t k, std::size_t j) {
          const std::array<std::size_t, 3> at{first[0] + i, first[1] + k, first[2] + j};
          std::int64_t& sum = data[result][at[result]];
          sum = Add::eval(sum, Multiply::eval(data[a][at[a]], data[b][at[b]]));
        });
      }
    }
  }
}

template <class T>
bool is_larger(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return a > b || (std::isnan(a) && !std::isnan(b));
  else return a > b;
}

/// Where windows over one plane have their first largest element.
template <class T>
class PlaneOfWindows {
 public:
  PlaneOfWindows(const KernelCall& call) {
    const std::size_t count = call.attributes.size() / primitives::numbers_of_window;
    const Shape& from = *call.inputs[0].shape;
    const Shape& to = *call.output().shape;
    for (std::size_t axis = 0; axis < count; ++axis) {
      const std::size_t at = from.size() - count + axis;
      std::vector<primitives::WindowPart> parts;
      for (std::size_t i = 0; i < to[at]; ++i) {
        parts.push_back(primitives::window_part(
            call.attributes.subspan(primitives::numbers_of_window * axis, primitives::numbers_of_window), from[at],
            to[at], i));
      }
      parts_[convolutions::axes - count + axis] = std::move(parts);
      extents_[convolutions::axes - count + axis] = from[at];
    }
    for (std::size_t axis = 0; axis + count < convolutions::axes; ++axis) parts_[axis] = {{0, 1, 1}};
  }

  [[nodiscard]] std::size_t elements() const { return Geometry::size(extents_); }
  [[nodiscard]] std::size_t windows() const { return parts_[0].size() * parts_[1].size() * parts_[2].size(); }

  void operator()(const T* plane, std::int64_t* out) const {
    for (const primitives::WindowPart& a : parts_[0]) {
      for (const primitives::WindowPart& b : parts_[1]) {
        for (const primitives::WindowPart& c : parts_[2]) *out++ = static_cast<std::int64_t>(largest(plane, a, b, c));
      }
    }
  }

 private:
  [[nodiscard]] std::size_t largest(const T* plane, const primitives::WindowPart& a, const primitives::WindowPart& b,
                                    const primitives::WindowPart& c) const {
    std::size_t best = (a.first * extents_[1] + b.first) * extents_[2] + c.first;
    for (std::size_t i = 0; i < a.count; ++i) {
      for (std::size_t j = 0; j < b.count; ++j) {
        const std::size_t line = ((a.first + i * a.step) * extents_[1] + b.first + j * b.step) * extents_[2] + c.first;
        for (std::size_t k = 0; k < c.count; ++k) {
          const std::size_t at = line + k * c.step;
          best = is_larger(plane[at], plane[best]) ? at : best;
        }
      }
    }
    return best;
  }

  std::array<std::vector<primitives::WindowPart>, convolutions::axes> parts_;
  std::array<std::size_t, convolutions::axes> extents_{1, 1, 1};
};

}  // namespace

void convolution(const KernelCall& call) {
  const Operand& out = call.output();
  const ConvolutionRole result = primitives::role_of_result(call.attributes);
  Arrays arrays{.result = result, .all = {&out, &out, &out}};
  bool empty = size_of(*out.shape) == 0;
  for (std::size_t k = 0; k < 2; ++k) {
    arrays.all[static_cast<std::size_t>(primitives::role_of_input(result, k))] = &call.inputs[k];
    empty = empty || size_of(*call.inputs[k].shape) == 0;
  }
  if (empty || out.dtype == DType::Int64) std::memset(out.data, 0, size_of(*out.shape) * size_of(out.dtype));
  if (empty) return;
  const Geometry geometry = convolutions::geometry_of(arrays, call.attributes);
  if (out.dtype == DType::Int64) return convolve_integers(arrays, geometry);
  dispatch(out.dtype, [&]<class T>() {
    if constexpr (std::is_floating_point_v<T>) {
      if (result == ConvolutionRole::Kernel) convolutions::kernel_gradient<T>(arrays, geometry);
      else convolutions::gather_taps<T>(arrays, geometry);
    }
  });
}

void window_argmax(const KernelCall& call) {
  if (size_of(*call.output().shape) == 0) return;
  dispatch(call.inputs[0].dtype, [&]<class T>() {
    const PlaneOfWindows<T> windows(call);
    const T* x = call.inputs[0].as<T>();
    auto* out = call.output().as<std::int64_t>();
    parallel::parallel_for(size_of(*call.output().shape) / windows.windows(), [&](std::size_t plane) {
      windows(x + plane * windows.elements(), out + plane * windows.windows());
    });
  });
}

}  // namespace xgrad::backend::cpu::kernels
