// Products of matrices by BLAS. The only place that includes xtensor-blas.
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

#include "backend/cpu/kernels/operand.hpp"
#include "backend/cpu/parallel/parallel.hpp"
#include "primitives/scalar_functions.hpp"
#include "product.hpp"

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

/// One matrix as BLAS wants it: dense, row-major, perhaps to be transposed.
struct Matrix {
  const std::byte* data;
  bool transposed;
};

/// y = alpha a x + beta y for `rows` rows of a. In memory, a is row-major, or, transposed, column-major; `step` is from
/// one of its rows, or columns, to the next.
///
/// BLAS adds floats up in float. A row of more than `longest` elements is cut, and the sums of the pieces are added up
/// in double; so the error does not grow with the length. Pieces of the result wait on the stack.
template <class T>
void vector_by_blas(bool transposed, const T* a, std::size_t step, const T* x, T* y, std::size_t rows, std::size_t k,
                    T alpha, T beta) {
  using Index = BLAS_IDX;
  const auto call = [&](std::size_t first_row, std::size_t count, std::size_t first, std::size_t length, T factor,
                        T old, T* out) {
    const T* part = transposed ? a + first * step + first_row : a + first_row * step + first;
    const auto m = static_cast<Index>(transposed ? length : count);
    const auto n = static_cast<Index>(transposed ? count : length);
    cxxblas::gemv<Index>(cxxblas::StorageOrder::RowMajor,
                         transposed ? cxxblas::Transpose::Trans : cxxblas::Transpose::NoTrans, m, n, factor, part,
                         static_cast<Index>(step), x + first, Index(1), old, out, Index(1));
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
  if (size.n == 1 && rows > 1) {
    index(a.transposed ? size.m : size.k);
    index(a.transposed ? size.k : rows);
    return vector_by_blas(a.transposed, a.transposed ? left + first : left + first * size.k,
                          std::max<std::size_t>(a.transposed ? size.m : size.k, 1), right, c + first, rows, size.k,
                          static_cast<T>(alpha), beta);
  }
  if (rows == 1 && size.m == 1) {
    index(size.n);
    index(size.k);
    return vector_by_blas(!b.transposed, right, std::max<std::size_t>(b.transposed ? size.k : size.n, 1), left, c,
                          size.n, size.k, static_cast<T>(alpha), beta);
  }
  const T* part = reinterpret_cast<const T*>(a.data) + (a.transposed ? first : first * size.k);
  cxxblas::gemm<Index>(cxxblas::StorageOrder::RowMajor, trans(a.transposed), trans(b.transposed), index(rows),
                       index(size.n), index(size.k), static_cast<T>(alpha), part, index(a.transposed ? size.m : size.k),
                       reinterpret_cast<const T*>(b.data), index(b.transposed ? size.k : size.n), beta,
                       c + first * size.n, index(size.n));
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
        total = Add::eval(total, Multiply::eval(x[a.transposed ? l * size.m + i : i * size.k + l],
                                                y[b.transposed ? j * size.k + l : l * size.n + j]));
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
      rows_by_blas(product, {a, product.transposed_a}, {b, product.transposed_b}, reinterpret_cast<T*>(out), 1, false,
                   first, count);
    }
  });
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
  const auto element = static_cast<std::ptrdiff_t>(size_of(product.dtype));
  dispatch(product.dtype, [&]<class T>() {
    if constexpr (!std::is_same_v<T, bool>) {
      T* to = reinterpret_cast<T*>(out);
      Shape index(product.stack.size(), 0);
      for (T* end = to + size; to != end; to += matrix) {
        std::ptrdiff_t offset_a = 0;
        std::ptrdiff_t offset_b = 0;
        for (std::size_t i = 0; i < index.size(); ++i) {
          offset_a += static_cast<std::ptrdiff_t>(index[i]) * product.stack_a[i];
          offset_b += static_cast<std::ptrdiff_t>(index[i]) * product.stack_b[i];
        }
        multiply_one<T>(product, {a + offset_a * element, product.transposed_a},
                        {b + offset_b * element, product.transposed_b}, to, alpha, accumulate);
        for (std::size_t i = index.size(); i-- > 0;) {
          if (++index[i] < product.stack[i]) break;
          index[i] = 0;
        }
      }
    }
  });
}

}  // namespace xgrad::backend::cpu::blas
