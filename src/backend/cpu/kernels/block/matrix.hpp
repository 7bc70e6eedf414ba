// Kernels that multiply small matrices.
//
// This header is compiled for several instruction sets; it holds plain data only.
#pragma once

#include <cstddef>

namespace xgrad::backend::cpu::kernels {

/// out = a b, or out += alpha a b, of one pair of matrices, [m, k] and [k, n]; none of these is 0. Distances are in
/// elements. An element is the sum of its products in the order of k, in its own type.
struct MatrixTask {
  std::size_t m, n, k;
  const void* a;
  std::size_t a_row;    ///< from row to row
  std::size_t a_inner;  ///< from column to column
  const void* b;
  std::size_t b_inner;  ///< from row to row, whose elements are side by side
  void* out;            ///< dense
  double alpha;
  bool accumulate;
};
using MatrixKernel = void (*)(const MatrixTask& task);

/// to[column, row] = from[row, column]; `step` is from row to row, and `to` is dense.
struct TransposeTask {
  std::size_t rows, columns;
  const void* from;
  std::size_t step;
  void* to;
};
using TransposeKernel = void (*)(const TransposeTask& task);

}  // namespace xgrad::backend::cpu::kernels
