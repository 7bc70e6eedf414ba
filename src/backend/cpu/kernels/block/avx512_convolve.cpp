// Processors with AVX-512 F, CD, DQ and BW; compiled with flags of its own. Their convolutions.
#include "convolve_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx512_convolve(BlockTable& table) { add_convolve<xsimd::avx512bw>(table); }

}  // namespace xgrad::backend::cpu::kernels
