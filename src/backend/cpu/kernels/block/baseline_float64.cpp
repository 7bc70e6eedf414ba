// Every x86-64 processor; on other processors what xsimd finds there. Their kernels of double.
#include "kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_baseline_float64(BlockTable& table) { FloatKernels<BaselineArch>::add_to<double>(table); }

}  // namespace xgrad::backend::cpu::kernels
