// Processors with AVX-512 F, CD, DQ and BW; compiled with flags of its own. Their random numbers.
#include "draw_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx512_draw(BlockTable& table) { DrawKernels<xsimd::avx512bw>::add_to(table); }

}  // namespace xgrad::backend::cpu::kernels
