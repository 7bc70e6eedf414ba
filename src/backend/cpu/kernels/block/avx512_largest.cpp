// Processors with AVX-512 F, CD, DQ and BW; compiled with flags of its own. Where they find the largest elements.
#include "largest_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx512_largest(BlockTable& table) { LargestKernels<xsimd::avx512bw>::add_to(table); }

}  // namespace xgrad::backend::cpu::kernels
