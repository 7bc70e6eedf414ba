// An array as kernels see it that work along one axis.
#pragma once

#include <cstddef>

#include "operand.hpp"

namespace xgrad::backend::cpu::kernels {

/// The lines of a dense array along one axis: it is seen as [outer, extent, inner].
struct AxisLines {
  std::size_t outer = 1;
  std::size_t extent = 1;
  std::size_t inner = 1;

  AxisLines(const Shape& shape, std::size_t axis) {
    for (std::size_t i = 0; i < axis; ++i) outer *= shape[i];
    extent = shape[axis];
    for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
  }

  /// Calls f(offset of the first element) for each line along the axis; neighbours are `inner` apart.
  template <class F>
  void for_each_line(F&& f) const {
    for (std::size_t o = 0; o < outer; ++o) {
      for (std::size_t i = 0; i < inner; ++i) f(o * extent * inner + i);
    }
  }
};

inline std::size_t axis_of(const KernelCall& call) { return static_cast<std::size_t>(call.attributes[0]); }

}  // namespace xgrad::backend::cpu::kernels
