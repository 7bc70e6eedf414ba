#include "unit.hpp"

namespace vector_math {

constinit const Unit sse2_unit = make_unit<xsimd::sse2>("sse2");

}  // namespace vector_math
