// Where the largest elements of lines are.
//
// This header is compiled for several instruction sets; it holds plain data only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xgrad::backend::cpu::kernels {

/// out[i] = the first k for which x[k, i] is the largest, or the first NaN; lines stand side by side, and `step` is
/// from one of their elements to the next. The extent is not 0.
struct LargestTask {
  std::size_t extent, lines;
  const void* x;
  std::size_t step;
  std::int64_t* out;
};
using LargestKernel = void (*)(const LargestTask& task);

}  // namespace xgrad::backend::cpu::kernels
