// Processors with AVX2 and FMA; compiled with flags of its own. Their kernels of double.
#include "kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx2_float64(BlockTable& table) { FloatKernels<xsimd::fma3<xsimd::avx2>>::add_to<double>(table); }

}  // namespace xgrad::backend::cpu::kernels
