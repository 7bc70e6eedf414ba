// Products of (stacks of) matrices.
//
// blas: products of matrices. The only folder that includes BLAS. Of xgrad it includes parallel, kernels (for the types
// of operands), primitives and core; it gets raw memory, as kernels do.
#pragma once

#include <cstddef>

#include <xgrad/core/dtype.hpp>
#include <xgrad/core/shape.hpp>

namespace xgrad::backend::cpu::blas {

/// OpenBLAS starts a thread for each core even for tiny products, which on a busy machine makes them a hundred times
/// slower. From the first call on it keeps to one thread unless its environment variables say otherwise.
void limit_threads();

/// out = a b for each matrix of a stack. The matrices of a and b are row-major or (transposed) column-major; those of
/// the result are dense.
struct Product {
  DType dtype;
  std::size_t m, n, k;
  bool transposed_a, transposed_b;
  std::size_t step_a, step_b;  ///< elements from row to row, or (transposed) column to column
  Shape stack;                 ///< leading extents
  Strides stack_a;             ///< distances of the matrices, in elements
  Strides stack_b;
};

/// A factor: where its elements lie, in elements.
struct Factor {
  const Shape& shape;
  const Strides& strides;
};
/// \param shape  of the result.
Product product_of(DType dtype, const Shape& shape, const Factor& a, const Factor& b);

/// Whether our own kernels multiply, with what comes before and after a product of BLAS left out: floating-point
/// numbers, at most 64 columns, and at most 64 rows or terms. Of a single column: stacks, of at most 64 rows and terms.
bool is_thin(const Product& product);

/// Rows that are computed by one call of BLAS, if there are at least twice as many. The calls depend on the shapes
/// only, because BLAS adds up in other orders for other shapes; and they are large, because each reads all of b.
inline constexpr std::size_t rows_of_call = 512;

/// Rows of a single product of floating-point matrices (`stack` is empty, k is not 0), on the caller's thread.
void multiply_rows(const Product& product, const std::byte* a, const std::byte* b, std::byte* out, std::size_t first,
                   std::size_t count);

/// \param accumulate  add to what is in `out` instead of overwriting it.
void multiply(const Product& product, const std::byte* a, const std::byte* b, std::byte* out, double alpha,
              bool accumulate);

}  // namespace xgrad::backend::cpu::blas
