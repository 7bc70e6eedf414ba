// Every x86-64 processor; on other processors what xsimd finds there. Where they find the largest elements.
#include "largest_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_baseline_largest(BlockTable& table) { LargestKernels<BaselineArch>::add_to(table); }

}  // namespace xgrad::backend::cpu::kernels
