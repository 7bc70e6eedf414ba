// Kernels that read elements of a view in their order.
//
// This header is compiled for several instruction sets; it holds plain data only.
#pragma once

#include <cstddef>

namespace xgrad::backend::cpu::kernels {

inline constexpr std::size_t most_axes_of_view = 8;

/// out[i] = element first + i of a view, in row-major order. The view has one axis or more; steps are in elements.
struct ViewTask {
  const void* in;  ///< its first element
  void* out;
  std::size_t first, count;
  std::size_t rank;
  const std::size_t* extents;  ///< none is 0
  const std::ptrdiff_t* steps;
};
using ViewKernel = void (*)(const ViewTask& task);

/// By the size of elements, in bytes.
struct ViewKernels {
  ViewKernel of_one, of_four, of_eight;
  [[nodiscard]] ViewKernel of(std::size_t element) const noexcept {
    return element == 1 ? of_one : element == 4 ? of_four : of_eight;
  }
};

}  // namespace xgrad::backend::cpu::kernels
