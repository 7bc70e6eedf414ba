// Processors with AVX2 and FMA; compiled with flags of its own. Their random numbers.
#include "draw_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx2_draw(BlockTable& table) { DrawKernels<xsimd::fma3<xsimd::avx2>>::add_to(table); }

}  // namespace xgrad::backend::cpu::kernels
