// Processors with AVX2 and FMA; compiled with flags of its own. Their convolutions.
#include "convolve_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx2_convolve(BlockTable& table) { add_convolve<xsimd::fma3<xsimd::avx2>>(table); }

}  // namespace xgrad::backend::cpu::kernels
