// How the elements of an array lie in memory.
#pragma once

#include <xgrad/core/shape.hpp>

namespace xgrad::core {

/// Row-major strides of a dense array.
Strides dense_strides(const Shape& shape);

/// Whether elements lie in row-major order without gaps.
bool is_dense(const Shape& shape, const Strides& strides) noexcept;

}  // namespace xgrad::core
