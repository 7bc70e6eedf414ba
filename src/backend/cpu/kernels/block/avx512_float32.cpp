// Processors with AVX-512 F, CD, DQ and BW; compiled with flags of its own. Their kernels of float.
#include "kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx512_float32(BlockTable& table) { FloatKernels<xsimd::avx512bw>::add_to<float>(table); }

}  // namespace xgrad::backend::cpu::kernels
