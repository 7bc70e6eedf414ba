// Processors with AVX2 and FMA; compiled with flags of its own. Their copies of elements of views.
#include "view_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx2_view(BlockTable& table) { ViewCopies<xsimd::fma3<xsimd::avx2>>::add_to(table); }

}  // namespace xgrad::backend::cpu::kernels
