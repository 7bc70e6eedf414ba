// Products of matrices, by BLAS and by kernels for thin ones. The only place that includes xtensor-blas.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <string>

#if __has_include(<xtensor/containers/xadapt.hpp>)
#include <xtensor/containers/xadapt.hpp>
#else
#include <xtensor/xadapt.hpp>
#endif
#include <xtensor-blas/xblas.hpp>

#include <xgrad/core/errors.hpp>

#include "backend/cpu/kernels/block/block.hpp"
#include "backend/cpu/kernels/operand.hpp"
#include "backend/cpu/parallel/parallel.hpp"
#include "primitives/scalar_functions.hpp"
#include "product.hpp"
#include "thin_product.hpp"

// Present if the BLAS that was loaded is OpenBLAS.
extern "C" void openblas_set_num_threads(int) __attribute__((weak));

namespace xgrad::backend::cpu::blas {

using kernels::dispatch;

void limit_threads() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (openblas_set_num_threads != nullptr && std::getenv("OPENBLAS_NUM_THREADS") == nullptr &&
        std::getenv("OMP_NUM_THREADS") == nullptr) {
      openblas_set_num_threads(1);
    }
  });
}

namespace {

bool is_row_major(const Factor& x) {
  const std::size_t rank = x.shape.size();
  const std::size_t rows = x.shape[rank - 2];
  const std::size_t columns = x.shape[rank - 1];
  return (columns <= 1 || x.strides[rank - 1] == 1) &&
         (rows <= 1 || x.strides[rank - 2] >= static_cast<std::ptrdiff_t>(std::max<std::size_t>(columns, 1)));
}

/// From row to row of a matrix that is row-major, else from column to column.
std::size_t step_of(const Factor& x) {
  const std::size_t line = x.shape.size() - (is_row_major(x) ? 2 : 1);
  const std::size_t length = x.shape[is_row_major(x) ? x.shape.size() - 1 : x.shape.size() - 2];
  const std::size_t least = std::max<std::size_t>(length, 1);
  // An array without elements may have any strides.
  if (x.shape[line] <= 1 || size_of(x.shape) == 0) return least;
  return static_cast<std::size_t>(x.strides[line]);
}

}  // namespace

Product product_of(DType dtype, const Shape& shape, const Factor& a, const Factor& b) {
  const std::size_t rank = shape.size();
  Product product;
  product.dtype = dtype;
  product.m = shape[rank - 2];
  product.n = shape[rank - 1];
  product.k = a.shape[rank - 1];
  product.transposed_a = !is_row_major(a);
  product.transposed_b = !is_row_major(b);
  product.step_a = step_of(a);
  product.step_b = step_of(b);
  for (std::size_t i = 0; i + 2 < rank; ++i) {
    product.stack.push_back(shape[i]);
    product.stack_a.push_back(a.strides[i]);
    product.stack_b.push_back(b.strides[i]);
  }
  return product;
}

namespace {

/// One matrix as BLAS wants it: row-major, perhaps to be transposed.
struct Matrix {
  const std::byte* data;
  bool transposed;
  std::size_t step;  ///< from row to row as it is in memory
};

/// y = alpha a x + beta y for `rows` rows of a. In memory, a is row-major, or, transposed, column-major; `step` is from
/// one of its rows, or columns, to the next, `x_step` from one element of x to the next.
///
/// BLAS adds floats up in float. A row of more than `longest` elements is cut, and the sums of the pieces are added up
/// in double; so the error does not grow with the length. Pieces of the result wait on the stack.
template <class T>
void vector_by_blas(bool transposed, const T* a, std::size_t step, const T* x, std::size_t x_step, T* y,
                    std::size_t rows, std::size_t k, T alpha, T beta) {
  using Index = BLAS_IDX;
  const auto call = [&](std::size_t first_row, std::size_t count, std::size_t first, std::size_t length, T factor,
                        T old, T* out) {
    const T* part = transposed ? a + first * step + first_row : a + first_row * step + first;
    const auto m = static_cast<Index>(transposed ? length : count);
    const auto n = static_cast<Index>(transposed ? count : length);
    cxxblas::gemv<Index>(cxxblas::StorageOrder::RowMajor,
                         transposed ? cxxblas::Transpose::Trans : cxxblas::Transpose::NoTrans, m, n, factor, part,
                         static_cast<Index>(step), x + first * x_step, static_cast<Index>(x_step), old, out, Index(1));
  };
  constexpr std::size_t longest = 512;
  if (std::is_same_v<T, double> || k <= longest) return call(0, rows, 0, k, alpha, beta, y);
  constexpr std::size_t most_rows = 256;
  for (std::size_t row = 0; row < rows; row += most_rows) {
    const std::size_t count = std::min(most_rows, rows - row);
    std::array<double, most_rows> total{};
    std::array<T, most_rows> piece{};
    for (std::size_t first = 0; first < k; first += longest) {
      call(row, count, first, std::min(longest, k - first), T(1), T(0), piece.data());
      for (std::size_t i = 0; i < count; ++i) total[i] += static_cast<double>(piece[i]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const double old = beta == T(0) ? 0.0 : static_cast<double>(beta) * static_cast<double>(y[row + i]);
      y[row + i] = static_cast<T>(static_cast<double>(alpha) * total[i] + old);
    }
  }
}

template <class T>
void rows_by_blas(const Product& size, const Matrix& a, const Matrix& b, T* c, double alpha, bool accumulate,
                  std::size_t first, std::size_t rows) {
  using Index = BLAS_IDX;
  const auto trans = [](bool transposed) {
    return transposed ? cxxblas::Transpose::Trans : cxxblas::Transpose::NoTrans;
  };
  const auto index = [](std::size_t x) {
    if (x > static_cast<std::size_t>(std::numeric_limits<Index>::max())) {
      throw ShapeError("matmul: BLAS counts to " + std::to_string(std::numeric_limits<Index>::max()) +
                       " at most, and an extent is " + std::to_string(x));
    }
    return static_cast<Index>(std::max<std::size_t>(x, 1));
  };
  // A matrix times a vector and a vector times a matrix: gemm would pack the matrix first, and may allocate for it.
  const T beta = T(accumulate ? 1 : 0);
  const T* left = reinterpret_cast<const T*>(a.data);
  const T* right = reinterpret_cast<const T*>(b.data);
  const std::size_t row = a.transposed ? 1 : a.step;  // from row to row of a
  if (size.n == 1 && rows > 1) {
    index(a.transposed ? rows : size.k);
    index(a.transposed ? size.k : rows);
    return vector_by_blas(a.transposed, left + first * row, a.step, right, b.transposed ? 1 : b.step, c + first, rows,
                          size.k, static_cast<T>(alpha), beta);
  }
  if (rows == 1 && size.m == 1) {
    index(size.n);
    index(size.k);
    return vector_by_blas(!b.transposed, right, b.step, left, a.transposed ? a.step : 1, c, size.n, size.k,
                          static_cast<T>(alpha), beta);
  }
  cxxblas::gemm<Index>(cxxblas::StorageOrder::RowMajor, trans(a.transposed), trans(b.transposed), index(rows),
                       index(size.n), index(size.k), static_cast<T>(alpha), left + first * row, index(a.step), right,
                       index(b.step), beta, c + first * size.n, index(size.n));
}

template <class T>
void multiply_one(const Product& size, const Matrix& a, const Matrix& b, T* c, double alpha, bool accumulate) {
  if (size.m < 2 * rows_of_call) return rows_by_blas(size, a, b, c, alpha, accumulate, 0, size.m);
  const std::size_t calls = (size.m + rows_of_call - 1) / rows_of_call;
  parallel::parallel_for(calls, [&](std::size_t call) {
    const std::size_t first = call * rows_of_call;
    rows_by_blas(size, a, b, c, alpha, accumulate, first, std::min(rows_of_call, size.m - first));
  });
}

template <>
void multiply_one<std::int64_t>(const Product& size, const Matrix& a, const Matrix& b, std::int64_t* c, double, bool) {
  const auto* x = reinterpret_cast<const std::int64_t*>(a.data);
  const auto* y = reinterpret_cast<const std::int64_t*>(b.data);
  using primitives::Add;
  using primitives::Multiply;
  for (std::size_t i = 0; i < size.m; ++i) {
    for (std::size_t j = 0; j < size.n; ++j) {
      std::int64_t total = 0;
      for (std::size_t l = 0; l < size.k; ++l) {
        total = Add::eval(total, Multiply::eval(x[a.transposed ? l * a.step + i : i * a.step + l],
                                                y[b.transposed ? j * b.step + l : l * b.step + j]));
      }
      c[i * size.n + j] = total;
    }
  }
}

}  // namespace

void multiply_rows(const Product& product, const std::byte* a, const std::byte* b, std::byte* out, std::size_t first,
                   std::size_t count) {
  limit_threads();
  dispatch(product.dtype, [&]<class T>() {
    if constexpr (std::is_floating_point_v<T>) {
      const T* left = reinterpret_cast<const T*>(a);
      const T* right = reinterpret_cast<const T*>(b);
      T* to = reinterpret_cast<T*>(out);
      if (is_thin(product)) return OwnProduct<T>(product, left, right, to, 1, false).rows(first, count);
      rows_by_blas(product, {a, product.transposed_a, product.step_a}, {b, product.transposed_b, product.step_b}, to, 1,
                   false, first, count);
    }
  });
}

bool is_thin(const Product& product) {
  if (!is_floating(product.dtype)) return false;
  if (product.n == 1) return size_of(product.stack) > 1 && std::max(product.m, product.k) <= most_of_small;
  return product.n <= most_of_small && std::min(product.m, product.k) <= most_of_small;
}

void multiply(const Product& product, const std::byte* a, const std::byte* b, std::byte* out, double alpha,
              bool accumulate) {
  const std::size_t matrix = product.m * product.n;
  const std::size_t size = size_of(product.stack) * matrix;
  if (size == 0) return;
  if (product.k == 0) {
    if (!accumulate) std::fill_n(out, size * size_of(product.dtype), std::byte{0});
    return;
  }
  limit_threads();
  dispatch(product.dtype, [&]<class T>() {
    if constexpr (!std::is_same_v<T, bool>) {
      const T* left = reinterpret_cast<const T*>(a);
      const T* right = reinterpret_cast<const T*>(b);
      T* to = reinterpret_cast<T*>(out);
      if constexpr (std::is_floating_point_v<T>) {
        if (is_thin(product)) return multiply_by_own_kernels(product, left, right, to, alpha, accumulate);
      }
      Stack stack(product, 0);
      for (T* end = to + size; to != end; to += matrix, stack.next()) {
        multiply_one<T>(product,
                        {reinterpret_cast<const std::byte*>(left + stack.a()), product.transposed_a, product.step_a},
                        {reinterpret_cast<const std::byte*>(right + stack.b()), product.transposed_b, product.step_b},
                        to, alpha, accumulate);
      }
    }
  });
}

}  // namespace xgrad::backend::cpu::blas
