// Every x86-64 processor; on other processors what xsimd finds there. Their random numbers.
#include "draw_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_baseline_draw(BlockTable& table) { DrawKernels<BaselineArch>::add_to(table); }

}  // namespace xgrad::backend::cpu::kernels
