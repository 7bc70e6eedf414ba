// Every x86-64 processor; on other processors what xsimd finds there. Their copies of elements of views.
#include "view_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_baseline_view(BlockTable& table) { ViewCopies<BaselineArch>::add_to(table); }

}  // namespace xgrad::backend::cpu::kernels
