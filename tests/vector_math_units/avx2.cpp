#include "unit.hpp"

namespace vector_math {

constinit const Unit avx2_unit = make_unit<xsimd::fma3<xsimd::avx2>>("avx2");

}  // namespace vector_math
