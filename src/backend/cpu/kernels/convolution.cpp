// Convolutions, and the maxima of windows.
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
  if (empty) {
    std::memset(out.data, 0, size_of(*out.shape) * size_of(out.dtype));
    return;
  }
  const Geometry geometry = convolutions::geometry_of(arrays, call.attributes);
  if (out.dtype == DType::Int64) return convolutions::add_products<std::int64_t>(arrays, geometry);
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
