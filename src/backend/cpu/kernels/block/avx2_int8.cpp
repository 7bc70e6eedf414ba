// Processors with AVX2 and FMA; compiled with flags of its own. Their products of small integers.
#include "int8_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx2_int8(BlockTable& table) {
  PlainInt8<Isa::Avx2>::add_to(table);
  table.int8.multiply = Avx2Int8::multiply;
}

}  // namespace xgrad::backend::cpu::kernels
