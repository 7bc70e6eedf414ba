// Every x86-64 processor; on other processors what xsimd finds there. Their kernels of float.
#include "kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_baseline_float32(BlockTable& table) { FloatKernels<BaselineArch>::add_to<float>(table); }

}  // namespace xgrad::backend::cpu::kernels
