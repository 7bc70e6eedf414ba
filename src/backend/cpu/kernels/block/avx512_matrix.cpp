// Processors with AVX-512 F, CD, DQ and BW; compiled with flags of its own. Their products of small matrices.
#include "matrix_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx512_matrix(BlockTable& table) { MatrixKernels<xsimd::avx512bw>::add_to(table); }

}  // namespace xgrad::backend::cpu::kernels
