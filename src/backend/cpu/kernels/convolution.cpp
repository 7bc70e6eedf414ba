// Convolutions, and the maxima of windows.
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "backend/cpu/parallel/parallel.hpp"
#include "convolution_plan.hpp"
#include "kernels.hpp"
#include "primitives/scalar_functions.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

using convolutions::Arrays;
using convolutions::Geometry;
using primitives::ConvolutionRole;

/// NaN is larger than all others. It is no branch: nothing could foresee it.
template <class T>
bool is_larger(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) return (a > b) | ((a != a) & (b == b));
  else return a > b;
}

/// Where windows over one plane have their first largest element. Windows that are alike and next to each other are
/// looked at together, one of their places after another.
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
    for (std::size_t i = 0; i < parts_[2].size(); ++i) {
      if (!runs_.empty() && goes_on(runs_.back(), i)) ++runs_.back().windows;
      else runs_.push_back({i, 1, 0});
    }
  }

  [[nodiscard]] std::size_t elements() const { return Geometry::size(extents_); }
  [[nodiscard]] std::size_t windows() const { return parts_[0].size() * parts_[1].size() * parts_[2].size(); }

  void operator()(const T* plane, std::int64_t* out) const {
    const bool is_small = elements() <= std::size_t{std::numeric_limits<std::int32_t>::max()};
    for (const primitives::WindowPart& a : parts_[0]) {
      for (const primitives::WindowPart& b : parts_[1]) {
        for (const Run& run : runs_) {
          // As wide as the elements, which vectors want.
          if (sizeof(T) == sizeof(std::int32_t) && is_small) find<std::int32_t>(plane, a, b, run, out);
          else find<std::int64_t>(plane, a, b, run, out);
          out += run.windows;
        }
      }
    }
  }

 private:
  static constexpr std::size_t longest_run = 64;

  /// Windows along the last axis, each as long as the next and as far from it.
  struct Run {
    std::size_t first;
    std::size_t windows;
    std::size_t distance;
  };

  /// Whether window i is one more of a run, of which it may be the second, which says how far they are apart.
  [[nodiscard]] bool goes_on(Run& run, std::size_t i) const {
    const primitives::WindowPart& last = parts_[2][i - 1];
    const primitives::WindowPart& next = parts_[2][i];
    const std::size_t distance = next.first - last.first;
    if (next.count != last.count || run.windows == longest_run) return false;
    if (run.windows == 1) run.distance = distance;
    return run.distance == distance;
  }

  template <class Place>
  void find(const T* plane, const primitives::WindowPart& a, const primitives::WindowPart& b, const Run& run,
            std::int64_t* out) const {
    const primitives::WindowPart& c = parts_[2][run.first];
    const std::size_t start = (a.first * extents_[1] + b.first) * extents_[2] + c.first;
    std::array<T, longest_run> best;
    std::array<T, longest_run> next;
    std::array<Place, longest_run> places;
    for (std::size_t w = 0; w < run.windows; ++w) {
      best[w] = plane[start + w * run.distance];
      places[w] = 0;
    }
    for (std::size_t i = 0; i < a.count; ++i) {
      for (std::size_t j = 0; j < b.count; ++j) {
        for (std::size_t k = 0; k < c.count; ++k) {
          const std::size_t place = (i * a.step * extents_[1] + j * b.step) * extents_[2] + k * c.step;
          for (std::size_t w = 0; w < run.windows; ++w) next[w] = plane[start + place + w * run.distance];
          for (std::size_t w = 0; w < run.windows; ++w) {
            const bool larger = is_larger(next[w], best[w]);
            best[w] = larger ? next[w] : best[w];
            places[w] = larger ? static_cast<Place>(place) : places[w];
          }
        }
      }
    }
    for (std::size_t w = 0; w < run.windows; ++w) {
      out[w] = static_cast<std::int64_t>(start + w * run.distance) + static_cast<std::int64_t>(places[w]);
    }
  }

  std::array<std::vector<primitives::WindowPart>, convolutions::axes> parts_;
  std::array<std::size_t, convolutions::axes> extents_{1, 1, 1};
  std::vector<Run> runs_;
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
