// Processors with AVX-512 F, CD, DQ and BW; compiled with flags of its own. Their products of small integers; without
// VNNI those of AVX2 stay.
#include "int8_kernels.hpp"

namespace xgrad::backend::cpu::kernels {

void add_avx512_int8(BlockTable& table) {
  const auto multiply = table.int8.multiply;
  PlainInt8<Isa::Avx512>::add_to(table);
  table.int8.multiply = __builtin_cpu_supports("avx512vnni") ? VnniInt8::multiply : multiply;
}

}  // namespace xgrad::backend::cpu::kernels
