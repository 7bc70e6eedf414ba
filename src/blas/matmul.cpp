// Products of matrices by BLAS. The only place that includes xtensor-blas.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <vector>

#if __has_include(<xtensor/containers/xadapt.hpp>)
#include <xtensor/containers/xadapt.hpp>
#else
#include <xtensor/xadapt.hpp>
#endif
#include <xtensor-blas/xblas.hpp>

#include <xgrad/core/array.hpp>

#include "kernels/kernels.hpp"
#include "primitives/scalar_functions.hpp"

// Present if the BLAS that was loaded is OpenBLAS.
extern "C" void openblas_set_num_threads(int) __attribute__((weak));

namespace xgrad::kernels {
namespace {

/// OpenBLAS starts a thread for each core even for tiny products, which on a busy machine makes them a hundred times
/// slower. It keeps to one thread unless its environment variables say otherwise.
void calm_blas() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (openblas_set_num_threads != nullptr && std::getenv("OPENBLAS_NUM_THREADS") == nullptr &&
        std::getenv("OMP_NUM_THREADS") == nullptr) {
      openblas_set_num_threads(1);
    }
  });
}

/// One matrix as BLAS wants it: dense, row-major, perhaps to be transposed.
struct Matrix {
  const std::byte* data;
  bool transposed;
};

struct Extents {
  std::size_t m, n, k;
};

template <class T>
void multiply(const Matrix& a, const Matrix& b, T* c, const Extents& size) {
  const auto adapt = [](auto* data, std::size_t rows, std::size_t columns) {
    return xt::adapt(data, rows * columns, xt::no_ownership(), std::array<std::size_t, 2>{rows, columns});
  };
  const auto matrix = [&](const Matrix& x, std::size_t rows, std::size_t columns) {
    const T* data = reinterpret_cast<const T*>(x.data);
    return x.transposed ? adapt(data, columns, rows) : adapt(data, rows, columns);
  };
  auto out = adapt(c, size.m, size.n);
  xt::blas::gemm(matrix(a, size.m, size.k), matrix(b, size.k, size.n), out, a.transposed, b.transposed, T(1), T(0));
}

template <>
void multiply<std::int64_t>(const Matrix& a, const Matrix& b, std::int64_t* c, const Extents& size) {
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

/// A stack of matrices with its matrices made fit for BLAS.
class Stack {
 public:
  explicit Stack(const Operand& x) : operand_(x) {
    const std::size_t rank = x.shape->size();
    const std::size_t rows = (*x.shape)[rank - 2];
    const std::size_t columns = (*x.shape)[rank - 1];
    const auto dense = [](std::size_t extent, std::ptrdiff_t stride, std::size_t wanted) {
      return extent <= 1 || stride == static_cast<std::ptrdiff_t>(wanted);
    };
    const std::ptrdiff_t row = x.strides[rank - 2];
    const std::ptrdiff_t column = x.strides[rank - 1];
    if (dense(columns, column, 1) && dense(rows, row, columns)) return;
    transposed_ = dense(rows, row, 1) && dense(columns, column, rows);
    if (transposed_) return;
    copy_.resize(size_of(*x.shape) * size_of(x.dtype));
    operand_.data = copy_.data();
    operand_.strides = dense_strides(*x.shape);
    copy(operand_, x);
  }

  [[nodiscard]] Matrix operator[](std::ptrdiff_t offset) const {
    return {operand_.data + offset * static_cast<std::ptrdiff_t>(size_of(operand_.dtype)), transposed_};
  }
  /// Distance between neighbouring matrices along a leading axis.
  [[nodiscard]] std::ptrdiff_t stride(std::size_t axis) const { return operand_.strides[axis]; }

 private:
  Operand operand_;
  bool transposed_ = false;
  std::vector<std::byte, AlignedAllocator<std::byte>> copy_;
};

}  // namespace

void matmul(const Call& call) {
  const Shape& shape = *call.output.shape;
  const std::size_t rank = shape.size();
  const Extents extents{shape[rank - 2], shape[rank - 1], call.inputs[0].shape->back()};
  const std::size_t size = size_of(shape);
  if (size == 0) return;
  if (extents.k == 0) {
    std::fill_n(call.output.data, size * size_of(call.output.dtype), std::byte{0});
    return;
  }
  calm_blas();
  const Stack a(call.inputs[0]);
  const Stack b(call.inputs[1]);
  dispatch(call.output.dtype, [&]<class T>() {
    if constexpr (!std::is_same_v<T, bool>) {
      T* out = call.output.as<T>();
      Shape index(rank - 2, 0);
      for (T* end = out + size; out != end; out += extents.m * extents.n) {
        std::ptrdiff_t offset_a = 0;
        std::ptrdiff_t offset_b = 0;
        for (std::size_t i = 0; i < index.size(); ++i) {
          offset_a += static_cast<std::ptrdiff_t>(index[i]) * a.stride(i);
          offset_b += static_cast<std::ptrdiff_t>(index[i]) * b.stride(i);
        }
        multiply<T>(a[offset_a], b[offset_b], out, extents);
        for (std::size_t i = index.size(); i-- > 0;) {
          if (++index[i] < shape[i]) break;
          index[i] = 0;
        }
      }
    }
  });
}

}  // namespace xgrad::kernels
