// Kernels that draw random numbers.
//
// This header is compiled for several instruction sets; it holds plain data only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "primitives/random.hpp"

namespace xgrad::backend::cpu::kernels {

/// Which numbers are drawn, and where they go. All numbers are computed in groups, of which each has counters of its
/// own; a number does not depend on how many there are.
struct DrawTask {
  std::uint64_t key;
  std::uint32_t stream;       ///< see simd::philox::Counter
  std::uint64_t first_group;  ///< of the numbers that this key gives
  std::size_t count;
  void* out;
};
using DrawKernel = void (*)(const DrawTask& task);

/// Numbers in a group, by the bytes of one.
constexpr std::size_t group_size(std::size_t element) { return 256 / element; }

using primitives::Distribution;
using primitives::distribution_count;

}  // namespace xgrad::backend::cpu::kernels
