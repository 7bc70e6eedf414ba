// Processors with AVX2 and FMA; compiled with flags of its own. Their products of small matrices.
#include "matrix_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx2_matrix(BlockTable& table) { MatrixKernels<xsimd::fma3<xsimd::avx2>>::add_to(table); }

}  // namespace xgrad::backend::cpu::kernels
