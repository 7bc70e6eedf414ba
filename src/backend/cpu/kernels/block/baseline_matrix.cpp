// Every x86-64 processor; on other processors what xsimd finds there. Their products of small matrices.
#include "matrix_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_baseline_matrix(BlockTable& table) { MatrixKernels<BaselineArch>::add_to(table); }

}  // namespace xgrad::backend::cpu::kernels
