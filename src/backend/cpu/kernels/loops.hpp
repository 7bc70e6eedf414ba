// Walks over arrays of any strides with as few, as long inner loops as possible.
#pragma once

#include <array>
#include <cstddef>

#include "operand.hpp"

namespace xgrad::backend::cpu::kernels {

/// Axes of several operands together, outermost first, without extents of 1, and with neighbouring axes merged wherever
/// all operands step evenly across them. There is at least one axis.
template <std::size_t N>
struct Walk {
  std::size_t rank = 0;
  std::array<std::size_t, max_dimension + 1> extent{};
  std::array<std::array<std::ptrdiff_t, N>, max_dimension + 1> stride{};

  Walk(const Shape& shape, const std::array<const Strides*, N>& strides) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      if (shape[axis] == 1) continue;
      std::array<std::ptrdiff_t, N> here;
      for (std::size_t k = 0; k < N; ++k) here[k] = (*strides[k])[axis];
      add(shape[axis], here);
    }
    if (rank == 0) add(1, {});
  }

  /// Calls f(offsets) at the start of each run of the innermost axis; offsets are in elements.
  template <class F>
  void for_each_run(F&& f) const {
    for (std::size_t axis = 0; axis < rank; ++axis) {
      if (extent[axis] == 0) return;
    }
    std::array<std::ptrdiff_t, N> offset{};
    std::array<std::size_t, max_dimension + 1> index{};
    for (;;) {
      f(offset);
      std::size_t axis = rank - 1;
      for (;;) {
        if (axis == 0) return;
        --axis;
        ++index[axis];
        for (std::size_t k = 0; k < N; ++k) offset[k] += stride[axis][k];
        if (index[axis] < extent[axis]) break;
        for (std::size_t k = 0; k < N; ++k) offset[k] -= static_cast<std::ptrdiff_t>(extent[axis]) * stride[axis][k];
        index[axis] = 0;
      }
    }
  }

  [[nodiscard]] std::size_t run_length() const noexcept { return extent[rank - 1]; }
  [[nodiscard]] const std::array<std::ptrdiff_t, N>& run_stride() const noexcept { return stride[rank - 1]; }

 private:
  void add(std::size_t count, const std::array<std::ptrdiff_t, N>& here) {
    if (rank > 0) {
      bool merge = true;
      for (std::size_t k = 0; k < N; ++k) {
        merge = merge && stride[rank - 1][k] == here[k] * static_cast<std::ptrdiff_t>(count);
      }
      if (merge) {
        extent[rank - 1] *= count;
        stride[rank - 1] = here;
        return;
      }
    }
    extent[rank] = count;
    stride[rank] = here;
    ++rank;
  }
};

}  // namespace xgrad::backend::cpu::kernels
