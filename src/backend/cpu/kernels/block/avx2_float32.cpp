// Processors with AVX2 and FMA; compiled with flags of its own. Their kernels of float.
#include "kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx2_float32(BlockTable& table) { FloatKernels<xsimd::fma3<xsimd::avx2>>::add_to<float>(table); }

}  // namespace xgrad::backend::cpu::kernels
