// Processors with AVX2 and FMA; compiled with flags of its own.
#include "kernels.hpp"

namespace xgrad::kernels {

void add_avx2(BlockTable& table) { FloatKernels<xsimd::fma3<xsimd::avx2>>::add_to(table); }

}  // namespace xgrad::kernels
