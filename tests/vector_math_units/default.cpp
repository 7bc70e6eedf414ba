#include "unit.hpp"

namespace vector_math {

constinit const Unit default_unit = make_unit<xsimd::default_arch>("default");

}  // namespace vector_math
