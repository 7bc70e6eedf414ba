#include "unit.hpp"

namespace vector_math {

constinit const Unit avx512_unit = make_unit<xsimd::avx512dq>("avx512");

}  // namespace vector_math
