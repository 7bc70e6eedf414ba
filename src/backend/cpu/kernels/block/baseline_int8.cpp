// Every processor. Products of small integers.
#include "int8_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_baseline_int8(BlockTable& table) { PlainInt8<Isa::Baseline>::add_to(table); }

}  // namespace xgrad::backend::cpu::kernels
