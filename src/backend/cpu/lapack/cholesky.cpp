// Cholesky factors, and their derivatives.
//
// The lower triangle of a row-major matrix is the upper one of a column-major matrix, its transpose: A = L L^T in rows
// is A = U^T U in columns, in the same memory.
#include <vector>

#include "fortran.hpp"
#include "stack.hpp"

namespace xgrad::backend::cpu {
namespace lapack {
namespace {

/// The lower triangle of x, and zeros.
template <class T>
void copy_triangle(const T* x, T* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    std::copy_n(x + i * n, i + 1, out + i * n);
    std::fill_n(out + i * n + i + 1, n - i - 1, T(0));
  }
}

/// The upper triangle like the lower one.
template <class T>
void mirror(T* x, std::size_t n) {
  for_each_of_triangle(n, [&](std::size_t i, std::size_t j) { x[j * n + i] = x[i * n + j]; });
}

template <class T>
Fault factorise(const T* a, T* out, std::size_t n) {
  if (const Fault fault = require_finite_triangle(a, n)) return fault;
  copy_triangle(a, out, n);
  const Int info = potrf('U', as_int(n), out, leading(as_int(n)));
  if (info > 0) return {Fault::Kind::NotPositive, static_cast<std::size_t>(info) - 1};
  for (std::size_t i = 0; i < n; ++i) {  // OpenBLAS lets NaN pass that came of an overflow
    if (!(out[i * n + i] > T(0)) || !std::isfinite(out[i * n + i])) return {Fault::Kind::NotPositive, i};
  }
  return {};
}

/// out = L Phi(L^-1 S L^-T).
template <class T>
void push(const T* l, const T* s, T* out, std::size_t n) {
  for_each_of_triangle(n, [&](std::size_t i, std::size_t j) { out[i * n + j] = (s[i * n + j] + s[j * n + i]) / T(2); });
  const Int size = as_int(n);
  sygst('U', size, out, leading(size), l, leading(size));
  for (std::size_t i = 0; i < n; ++i) {
    out[i * n + i] /= T(2);
    std::fill_n(out + i * n + i + 1, n - i - 1, T(0));
  }
  trmm('R', 'U', 'N', 'N', size, size, l, leading(size), out, leading(size));
}

/// The lower triangle of L^T C / 2, by blocks of rows: below them, L^T has zeros on the left and C on the right.
template <class T>
void multiply_triangles(const T* l, const T* c, T* out, std::size_t n) {
  constexpr std::size_t rows = 64;
  const Int stride = leading(as_int(n));
  for (std::size_t first = 0; first < n; first += rows) {
    const std::size_t end = std::min(n, first + rows);
    gemm('N', 'T', as_int(end), as_int(end - first), as_int(n - first), T(0.5), c + first * n, stride,
         l + first * n + first, stride, T(0), out + first * n, stride);
  }
}

/// The lower triangle of m^-1 a m^-T, in columns, for a lower triangle m and a symmetric a, of which the lower triangle
/// is read and the upper one is spoilt. Halves of halves: LAPACK's sygst does the same by blocks of 64 whose insides go
/// column by column, and takes half as long again.
template <class T>
void congruence(const T* m, T* a, std::size_t n, std::size_t stride) {
  constexpr std::size_t small = 48;
  const Int step = leading(as_int(stride));
  if (n <= small) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t i = j + 1; i < n; ++i) a[i * stride + j] = a[j * stride + i];
    }
    trsm('L', 'L', 'N', 'N', as_int(n), as_int(n), m, step, a, step);
    trsm('R', 'L', 'T', 'N', as_int(n), as_int(n), m, step, a, step);
    return;
  }
  const std::size_t half = n / 2;
  const std::size_t below = half;                   // of the first column
  const std::size_t second = half * stride + half;  // on the diagonal
  const Int k = as_int(half);
  const Int rest = as_int(n - half);
  congruence(m, a, half, stride);
  trsm('R', 'L', 'T', 'N', rest, k, m, step, a + below, step);
  symm_from_right(rest, k, T(-0.5), a, step, m + below, step, a + below, step);
  syr2k(rest, k, T(-1), a + below, step, m + below, step, a + second, step);
  symm_from_right(rest, k, T(-0.5), a, step, m + below, step, a + below, step);
  trsm('L', 'L', 'N', 'N', rest, k, m + second, step, a + below, step);
  congruence(m + second, a + second, n - half, stride);
}

/// out = the symmetric part of L^-T Phi(L^T C) L^-1. All elements in reverse order, L^T is a lower triangle in columns:
/// so M^-1 Q M^-T, which is computed in less steps as Q is symmetric, serves for M = L^T.
template <class T>
void pull(const T* l, const T* c, T* out, std::size_t n, std::vector<T>& work) {
  work.resize(n * n);
  copy_triangle(c, work.data(), n);
  multiply_triangles(l, work.data(), out, n);
  std::reverse(out, out + n * n);
  std::reverse_copy(l, l + n * n, work.begin());
  congruence(work.data(), out, n, n);
  std::reverse(out, out + n * n);
  mirror(out, n);
}

}  // namespace
}  // namespace lapack

namespace kernels {

using namespace lapack;

void cholesky(const KernelCall& call) {
  const Operand& a = call.inputs[0];
  const StackOf stack(*a.shape);
  const std::size_t n = stack.rows;
  dispatch_floating(a.dtype, [&]<class T>() {
    for_each_matrix(
        "cholesky", call, *a.shape, cube(n) / 3.0,
        [&] {
          return [&](std::size_t entry) {
            return factorise(a.as<T>() + entry * n * n, call.output().as<T>() + entry * n * n, n);
          };
        },
        [&](std::size_t entry) { fill_with_nan<T>(call.output(), entry, n * n); });
  });
}

void cholesky_tangent(const KernelCall& call) {
  const Operand& l = call.inputs[0];
  const std::size_t n = StackOf(*l.shape).rows;
  dispatch_floating(l.dtype, [&]<class T>() {
    for_each_matrix(
        "cholesky", call, *l.shape, 2.0 * cube(n),
        [&] {
          return [&](std::size_t entry) {
            const std::size_t at = entry * n * n;
            push(l.as<T>() + at, call.inputs[1].as<T>() + at, call.output().as<T>() + at, n);
            return Fault();
          };
        },
        [](std::size_t) {});
  });
}

void cholesky_cotangent(const KernelCall& call) {
  const Operand& l = call.inputs[0];
  const std::size_t n = StackOf(*l.shape).rows;
  dispatch_floating(l.dtype, [&]<class T>() {
    for_each_matrix(
        "cholesky", call, *l.shape, 2.0 * cube(n),
        [&] {
          return [&, work = std::vector<T>()](std::size_t entry) mutable {
            const std::size_t at = entry * n * n;
            pull(l.as<T>() + at, call.inputs[1].as<T>() + at, call.output().as<T>() + at, n, work);
            return Fault();
          };
        },
        [](std::size_t) {});
  });
}

}  // namespace kernels
}  // namespace xgrad::backend::cpu
