// Products of (stacks of) matrices.
#pragma once

#include <cstddef>

#include <xgrad/core/dtype.hpp>
#include <xgrad/core/shape.hpp>

namespace xgrad::kernels {

/// out = a b for each matrix of a stack. The matrices of a and b are dense, row-major or (transposed) column-major.
struct Product {
  DType dtype;
  std::size_t m, n, k;
  bool transposed_a, transposed_b;
  Shape stack;      ///< leading extents
  Strides stack_a;  ///< distances of the matrices, in elements
  Strides stack_b;
};

/// \param accumulate  add to what is in `out` instead of overwriting it.
void multiply(const Product& product, const std::byte* a, const std::byte* b, std::byte* out, double alpha,
              bool accumulate);

}  // namespace xgrad::kernels
