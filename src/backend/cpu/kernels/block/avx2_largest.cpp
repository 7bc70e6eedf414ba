// Processors with AVX2 and FMA; compiled with flags of its own. Where they find the largest elements.
#include "largest_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx2_largest(BlockTable& table) { LargestKernels<xsimd::fma3<xsimd::avx2>>::add_to(table); }

}  // namespace xgrad::backend::cpu::kernels
