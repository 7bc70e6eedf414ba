// Every x86-64 processor; on other processors what xsimd finds there. Their convolutions.
#include "convolve_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_baseline_convolve(BlockTable& table) { add_convolve<BaselineArch>(table); }

}  // namespace xgrad::backend::cpu::kernels
