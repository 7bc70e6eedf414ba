// The routines of BLAS and LAPACK that factorisations call, as Fortran has them: matrices are column-major.
//
// lapack: factorisations of matrices, and what is computed with them. The only folder that calls LAPACK. It includes
// blas, parallel, kernels, primitives and core; it gets raw memory, as kernels do.
//
// xtensor-blas declares these routines too, but without the lengths of texts, which Fortran passes behind the other
// arguments and may rely on; and in headers that take seconds to compile.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <type_traits>

#include <xtensor-blas/xblas_config.hpp>

#include <xgrad/core/errors.hpp>

namespace xgrad::backend::cpu::lapack {

/// What BLAS counts with.
using Int = BLAS_IDX;

/// \throws ShapeError  for an extent that BLAS cannot count.
inline Int as_int(std::size_t extent) {
  if (extent > static_cast<std::size_t>(std::numeric_limits<Int>::max())) {
    throw ShapeError("linalg: LAPACK counts to " + std::to_string(std::numeric_limits<Int>::max()) +
                     " at most, and an extent is " + std::to_string(extent));
  }
  return static_cast<Int>(extent);
}

/// The length of an array of which LAPACK says, in floating point, what it should be at least.
template <class T>
std::size_t length_of_work(T best) {
  if (!(best >= T(0))) throw ShapeError("linalg: LAPACK cannot count the memory that a matrix as large takes");
  constexpr double rounding = 1e-6;
  return static_cast<std::size_t>(static_cast<double>(best) * (1.0 + rounding)) + 1;
}

/// A leading dimension, which is at least 1.
inline Int leading(Int rows) { return rows < 1 ? 1 : rows; }

using Length = std::size_t;  // of a text

// NOLINTBEGIN(readability-identifier-naming,bugprone-macro-parentheses): parameters of declarations
#define XGRAD_DETAIL_DECLARE(letter, T)                                                                               \
  void letter##gemm_(const char*, const char*, const Int*, const Int*, const Int*, const T*, const T*, const Int*,    \
                     const T*, const Int*, const T*, T*, const Int*, Length, Length);                                 \
  void letter##symm_(const char*, const char*, const Int*, const Int*, const T*, const T*, const Int*, const T*,      \
                     const Int*, const T*, T*, const Int*, Length, Length);                                           \
  void letter##syr2k_(const char*, const char*, const Int*, const Int*, const T*, const T*, const Int*, const T*,     \
                      const Int*, const T*, T*, const Int*, Length, Length);                                          \
  void letter##trsm_(const char*, const char*, const char*, const char*, const Int*, const Int*, const T*, const T*,  \
                     const Int*, T*, const Int*, Length, Length, Length, Length);                                     \
  void letter##trmm_(const char*, const char*, const char*, const char*, const Int*, const Int*, const T*, const T*,  \
                     const Int*, T*, const Int*, Length, Length, Length, Length);                                     \
  void letter##trsv_(const char*, const char*, const char*, const Int*, const T*, const Int*, T*, const Int*, Length, \
                     Length, Length);                                                                                 \
  void letter##potrf_(const char*, const Int*, T*, const Int*, Int*, Length);                                         \
  void letter##sygst_(const Int*, const char*, const Int*, T*, const Int*, const T*, const Int*, Int*, Length);       \
  void letter##getrf_(const Int*, const Int*, T*, const Int*, Int*, Int*);                                            \
  void letter##getrs_(const char*, const Int*, const Int*, const T*, const Int*, const Int*, T*, const Int*, Int*,    \
                      Length);                                                                                        \
  void letter##gelqf_(const Int*, const Int*, T*, const Int*, T*, T*, const Int*, Int*);                              \
  void letter##orglq_(const Int*, const Int*, const Int*, T*, const Int*, const T*, T*, const Int*, Int*);            \
  void letter##gesdd_(const char*, const Int*, const Int*, T*, const Int*, T*, T*, const Int*, T*, const Int*, T*,    \
                      const Int*, Int*, Int*, Length);                                                                \
  void letter##syevd_(const char*, const char*, const Int*, T*, const Int*, T*, T*, const Int*, Int*, const Int*,     \
                      Int*, Length, Length);
extern "C" {
XGRAD_DETAIL_DECLARE(s, float)
XGRAD_DETAIL_DECLARE(d, double)
}
#undef XGRAD_DETAIL_DECLARE
// NOLINTEND(readability-identifier-naming,bugprone-macro-parentheses)

// The routine for an element type.
#define XGRAD_DETAIL_CALL(routine, ...)                                 \
  do {                                                                  \
    if constexpr (std::is_same_v<T, float>) s##routine##_(__VA_ARGS__); \
    else d##routine##_(__VA_ARGS__);                                    \
  } while (false)

/// c = alpha op(a) op(b) + beta c; op(a) is m x k.
template <class T>
void gemm(char of_a, char of_b, Int m, Int n, Int k, T alpha, const T* a, Int lda, const T* b, Int ldb, T beta, T* c,
          Int ldc) {
  XGRAD_DETAIL_CALL(gemm, &of_a, &of_b, &m, &n, &k, &alpha, a, &lda, b, &ldb, &beta, c, &ldc, 1, 1);
}

/// c = alpha b a + c, where a is symmetric and its lower triangle is read; c is m x n.
template <class T>
void symm_from_right(Int m, Int n, T alpha, const T* a, Int lda, const T* b, Int ldb, T* c, Int ldc) {
  const T one(1);
  XGRAD_DETAIL_CALL(symm, "R", "L", &m, &n, &alpha, a, &lda, b, &ldb, &one, c, &ldc, 1, 1);
}

/// The lower triangle of c = alpha (a b^T + b a^T) + c; a and b are n x k.
template <class T>
void syr2k(Int n, Int k, T alpha, const T* a, Int lda, const T* b, Int ldb, T* c, Int ldc) {
  const T one(1);
  XGRAD_DETAIL_CALL(syr2k, "L", "N", &n, &k, &alpha, a, &lda, b, &ldb, &one, c, &ldc, 1, 1);
}

/// b = op(a)^-1 b, or b op(a)^-1 if `side` is 'R'; b is m x n.
template <class T>
void trsm(char side, char uplo, char op, char diagonal, Int m, Int n, const T* a, Int lda, T* b, Int ldb) {
  const T one(1);
  XGRAD_DETAIL_CALL(trsm, &side, &uplo, &op, &diagonal, &m, &n, &one, a, &lda, b, &ldb, 1, 1, 1, 1);
}

/// b = op(a) b, or b op(a).
template <class T>
void trmm(char side, char uplo, char op, char diagonal, Int m, Int n, const T* a, Int lda, T* b, Int ldb) {
  const T one(1);
  XGRAD_DETAIL_CALL(trmm, &side, &uplo, &op, &diagonal, &m, &n, &one, a, &lda, b, &ldb, 1, 1, 1, 1);
}

/// x = op(a)^-1 x.
template <class T>
void trsv(char uplo, char op, char diagonal, Int n, const T* a, Int lda, T* x) {
  const Int one = 1;
  XGRAD_DETAIL_CALL(trsv, &uplo, &op, &diagonal, &n, a, &lda, x, &one, 1, 1, 1);
}

template <class T>
Int potrf(char uplo, Int n, T* a, Int lda) {
  Int info = 0;
  XGRAD_DETAIL_CALL(potrf, &uplo, &n, a, &lda, &info, 1);
  return info;
}

/// a = U^-T a U^-1 ('U') or L^-1 a L^-T ('L') with the triangle b; a is symmetric.
template <class T>
void sygst(char uplo, Int n, T* a, Int lda, const T* b, Int ldb) {
  const Int type = 1;
  Int info = 0;
  XGRAD_DETAIL_CALL(sygst, &type, &uplo, &n, a, &lda, b, &ldb, &info, 1);
}

/// Positive: that pivot, counted from 1, is 0.
template <class T>
Int getrf(Int m, Int n, T* a, Int lda, Int* pivots) {
  Int info = 0;
  XGRAD_DETAIL_CALL(getrf, &m, &n, a, &lda, pivots, &info);
  return info;
}

template <class T>
void getrs(char op, Int n, Int columns, const T* a, Int lda, const Int* pivots, T* b, Int ldb) {
  Int info = 0;
  XGRAD_DETAIL_CALL(getrs, &op, &n, &columns, a, &lda, pivots, b, &ldb, &info, 1);
}

template <class T>
void gelqf(Int m, Int n, T* a, Int lda, T* tau, T* work, Int size) {
  Int info = 0;
  XGRAD_DETAIL_CALL(gelqf, &m, &n, a, &lda, tau, work, &size, &info);
}

template <class T>
void orglq(Int m, Int n, Int k, T* a, Int lda, const T* tau, T* work, Int size) {
  Int info = 0;
  XGRAD_DETAIL_CALL(orglq, &m, &n, &k, a, &lda, tau, work, &size, &info);
}

/// Positive: it did not converge.
template <class T>
Int gesdd(char job, Int m, Int n, T* a, Int lda, T* s, T* u, Int ldu, T* vt, Int ldvt, T* work, Int size,
          Int* integers) {
  Int info = 0;
  XGRAD_DETAIL_CALL(gesdd, &job, &m, &n, a, &lda, s, u, &ldu, vt, &ldvt, work, &size, integers, &info, 1);
  return info;
}

/// Positive: it did not converge.
template <class T>
Int syevd(char job, char uplo, Int n, T* a, Int lda, T* w, T* work, Int size, Int* integers, Int size_of_integers) {
  Int info = 0;
  XGRAD_DETAIL_CALL(syevd, &job, &uplo, &n, a, &lda, w, work, &size, integers, &size_of_integers, &info, 1, 1);
  return info;
}

#undef XGRAD_DETAIL_CALL

}  // namespace xgrad::backend::cpu::lapack
