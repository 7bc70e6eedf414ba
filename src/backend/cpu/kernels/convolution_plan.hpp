// How the loops of a convolution go over memory.
//
// Along an axis, the elements that are a stride apart are a phase. A window that moves by one stride moves by one
// element within each phase: if the source is laid out phase by phase, with zeros around it, each tap of the kernel
// reads it from a constant offset on, and windows in a row are neighbours. No element is copied for each tap.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <xgrad/core/shape.hpp>

#include "backend/cpu/kernels/operand.hpp"
#include "block/convolve.hpp"
#include "memory/buffer.hpp"
#include "primitives/windows.hpp"

namespace xgrad::backend::cpu::kernels::convolutions {

inline constexpr std::size_t axes = primitives::most_window_axes;

/// A convolution with all three axes; those that it lacks are the first ones, with extent 1.
struct Geometry {
  std::size_t examples, groups;
  std::size_t in_channels, out_channels;  ///< of a group
  std::array<std::size_t, axes> x{}, w{}, y{};
  std::array<primitives::WindowStep, axes> steps{};
  std::size_t first_axis = 0;  ///< that it has

  [[nodiscard]] static std::size_t size(const std::array<std::size_t, axes>& extents) {
    return extents[0] * extents[1] * extents[2];
  }
};

/// The three arrays, by their roles; one of them is the result.
struct Arrays {
  primitives::ConvolutionRole result;
  std::array<const Operand*, 3> all;

  [[nodiscard]] const Operand& operator[](primitives::ConvolutionRole role) const {
    return *all[static_cast<std::size_t>(role)];
  }
};

Geometry geometry_of(const Arrays& arrays, std::span<const std::int64_t> attributes);

/// One place of the kernel: which phase of the source it reads, and how much further.
struct AxisTap {
  std::size_t place, phase, shift;
};
/// The elements first, first + step ... of the result, `count` of them, and what is added up for them.
struct ResultPhase {
  std::size_t first, count;
  std::vector<AxisTap> taps;
};
/// One axis. Element i of a phase laid out is source[(i + start) source_step + phase], or 0.
struct AxisPlan {
  std::size_t source_extent;
  std::size_t source_step, result_step;
  std::int64_t start = 0;
  std::size_t reach = 0;                 ///< how much longer than the result what is laid out is
  std::vector<std::size_t> phases = {};  ///< of the source, those that are read
  std::vector<ResultPhase> results = {};

  [[nodiscard]] std::size_t most_results() const;
};

/// y from x, and x from y.
AxisPlan plan_to_y(const Geometry& geometry, std::size_t axis);
AxisPlan plan_to_x(const Geometry& geometry, std::size_t axis);

/// What is laid out at a time, of one group: some examples, and a part of the first axis.
struct Layout {
  std::array<AxisPlan, axes> plans;
  std::size_t channels;
  std::size_t band_axis;
  std::size_t band;      ///< results along that axis
  std::size_t examples;  ///< at a time
  std::array<std::size_t, axes> lengths;
  std::size_t shared;  ///< zeros behind a line that are those before the next one

  [[nodiscard]] std::size_t plane() const { return examples * lengths[0] * lengths[1] * lengths[2]; }
  [[nodiscard]] std::size_t planes() const {
    return plans[0].phases.size() * plans[1].phases.size() * plans[2].phases.size();
  }
  [[nodiscard]] std::size_t size() const { return channels * planes() * plane() + shared; }
  [[nodiscard]] std::size_t bands() const;
};

/// \param per_place  numbers that are kept for each place of the result, beside what is laid out.
Layout layout_of(const Geometry& geometry, std::array<AxisPlan, axes> plans, std::size_t channels,
                 std::size_t per_place, std::size_t element, bool may_join_examples);

/// Whether what is laid out takes much more memory than the arrays, as that of a high window over many columns of
/// padding does: nearly all of it is zeros.
/// \param per_place  as of layout_of().
bool is_mostly_zeros(const Layout& layout, const Arrays& arrays, std::size_t per_place);

/// Offsets of taps in what is laid out of a channel, and the places of the kernel that they are.
struct Taps {
  std::vector<std::ptrdiff_t> offsets;
  std::vector<std::size_t> places;
};
Taps taps_of(const Layout& layout, const Geometry& geometry, const std::array<const ResultPhase*, axes>& phase);

/// Rounds in a row for each thread, so that it may go on with what it has laid out.
std::size_t tasks_of(std::size_t rounds);

/// Lays out a part of the source, in memory that was zeros or had been laid out with the same `first`: `count` examples
/// from the given one on, results from `first` on along the band.
/// \param source  the channels of the group in the first of these examples.
template <class T>
void lay_out(const Layout& layout, const T* source, std::size_t example_stride, std::size_t count, std::size_t first,
             T* out, const ConvolveKernels& kernels);

extern template void lay_out<float>(const Layout&, const float*, std::size_t, std::size_t, std::size_t, float*,
                                    const ConvolveKernels&);
extern template void lay_out<double>(const Layout&, const double*, std::size_t, std::size_t, std::size_t, double*,
                                     const ConvolveKernels&);

/// Each product that is one of the result's, one after another: of integers, with which nobody learns, and where
/// nothing is laid out.
template <class T>
void add_products(const Arrays& arrays, const Geometry& geometry);

extern template void add_products<std::int64_t>(const Arrays&, const Geometry&);
extern template void add_products<float>(const Arrays&, const Geometry&);
extern template void add_products<double>(const Arrays&, const Geometry&);

/// The result as x or y, and as the kernel.
template <class T>
void gather_taps(const Arrays& arrays, const Geometry& geometry);
template <class T>
void kernel_gradient(const Arrays& arrays, const Geometry& geometry);

extern template void gather_taps<float>(const Arrays&, const Geometry&);
extern template void gather_taps<double>(const Arrays&, const Geometry&);
extern template void kernel_gradient<float>(const Arrays&, const Geometry&);
extern template void kernel_gradient<double>(const Arrays&, const Geometry&);

/// Numbers without values yet, in memory that this thread uses again.
template <class T>
class Scratch {
 public:
  explicit Scratch(std::size_t count)
      : buffer_(memory::make_buffer(std::is_same_v<T, float> ? DType::Float32 : DType::Float64, Shape(count))),
        data_(reinterpret_cast<T*>(buffer_->data())) {}
  [[nodiscard]] T* get() const noexcept { return data_; }

 private:
  memory::BufferPtr buffer_;
  T* data_;
};

}  // namespace xgrad::backend::cpu::kernels::convolutions
