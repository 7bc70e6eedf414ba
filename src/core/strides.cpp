#include "strides.hpp"

namespace xgrad::core {

Strides dense_strides(const Shape& shape) {
  Strides strides(shape.size(), 1);
  std::ptrdiff_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = step;
    step *= static_cast<std::ptrdiff_t>(shape[i]);
  }
  return strides;
}

bool is_dense(const Shape& shape, const Strides& strides) noexcept {
  std::ptrdiff_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1 && strides[i] != step) return size_of(shape) == 0;
    step *= static_cast<std::ptrdiff_t>(shape[i]);
  }
  return true;
}

}  // namespace xgrad::core
