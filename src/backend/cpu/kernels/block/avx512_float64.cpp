// Processors with AVX-512 F, CD, DQ and BW; compiled with flags of its own. Their kernels of double.
#include "kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx512_float64(BlockTable& table) { FloatKernels<xsimd::avx512bw>::add_to<double>(table); }

}  // namespace xgrad::backend::cpu::kernels
