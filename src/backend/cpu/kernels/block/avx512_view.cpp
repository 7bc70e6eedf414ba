// Processors with AVX-512 F, CD, DQ and BW; compiled with flags of its own. Their copies of elements of views.
#include "view_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx512_view(BlockTable& table) { ViewCopies<xsimd::avx512bw>::add_to(table); }

}  // namespace xgrad::backend::cpu::kernels
