// Processors with AVX-512 F, CD, DQ and BW; compiled with flags of its own.
#include "kernels.hpp"

namespace xgrad::kernels {

void add_avx512(BlockTable& table) { FloatKernels<xsimd::avx512bw>::add_to(table); }

}  // namespace xgrad::kernels
