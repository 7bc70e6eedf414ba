// What kernels of factorisations do for each matrix of a stack, and what becomes of one that has no result.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "backend/cpu/blas/product.hpp"
#include "backend/cpu/kernels/kernels.hpp"
#include "backend/cpu/parallel/parallel.hpp"

namespace xgrad::backend::cpu::lapack {

using kernels::dispatch;
using kernels::KernelCall;
using kernels::Operand;

/// Why a matrix has no result.
struct Fault {
  enum class Kind : std::uint8_t { None, NotFinite, NotPositive, Singular, Domain, NotConverged };
  Kind kind = Kind::None;
  std::size_t pivot = 0;  ///< its row, or the element of the matrix that is not finite

  explicit operator bool() const noexcept { return kind != Kind::None; }
};

/// Rows and columns of the matrices of an array, and how many there are.
struct StackOf {
  std::size_t count = 1, rows = 1, columns = 1;

  explicit StackOf(const Shape& shape) : rows(shape[shape.size() - 2]), columns(shape[shape.size() - 1]) {
    for (std::size_t i = 0; i + 2 < shape.size(); ++i) count *= shape[i];
  }
  [[nodiscard]] std::size_t size() const noexcept { return rows * columns; }
};

/// \throws MatrixError  that names the matrix of the stack, and where in it.
[[noreturn]] void throw_fault(std::string_view operation, const Fault& fault, const Shape& shape, std::size_t entry);

/// Calls worker(entry), which returns a Fault, for each matrix of a stack, on several threads if there is enough to do.
/// A matrix with a fault gets fill(entry), or the first of them an error.
/// \param make_worker  makes one for some matrices one after another: it holds their memory.
/// \param steps        additions and multiplications for one matrix.
/// \param shape        of the array of matrices, for the error.
template <class MakeWorker, class Fill>
void for_each_matrix(std::string_view operation, const KernelCall& call, const Shape& shape, double steps,
                     MakeWorker&& make_worker, Fill&& fill) {
  blas::limit_threads();
  const std::size_t count = StackOf(shape).count;
  constexpr double worth_a_thread = 100000.0;
  const double at_once = std::clamp(worth_a_thread / std::max(steps, 1.0), 1.0, 4096.0);
  const auto each = static_cast<std::size_t>(at_once);
  const std::size_t rounds = (count + each - 1) / each;
  const bool nan = call.attributes[0] != 0;
  struct Found {
    Fault fault;
    std::size_t entry = 0;
  };
  std::vector<Found> first(rounds);
  parallel::parallel_for(rounds, [&](std::size_t round) {
    auto worker = make_worker();
    for (std::size_t entry = round * each; entry < std::min(count, (round + 1) * each); ++entry) {
      const Fault fault = worker(entry);
      if (!fault) continue;
      if (!nan) {
        first[round] = {fault, entry};
        return;
      }
      fill(entry);
    }
  });
  for (const Found& found : first) {
    if (found.fault) throw_fault(operation, found.fault, shape, found.entry);
  }
}

/// NaN in every element of one of the matrices of an output, if that is wanted.
template <class T>
void fill_with_nan(const Operand& output, std::size_t entry, std::size_t size) {
  if (output.data == nullptr) return;
  std::fill_n(output.as<T>() + entry * size, size, std::numeric_limits<T>::quiet_NaN());
}

/// The first element that is not finite, as a fault.
template <class T>
Fault require_finite(const T* x, std::size_t size) {
  unsigned bad = 0;
  for (std::size_t i = 0; i < size; ++i) bad |= std::abs(x[i]) <= std::numeric_limits<T>::max() ? 0U : 1U;
  if (bad == 0) return {};
  std::size_t at = 0;
  while (std::isfinite(x[at])) ++at;
  return {Fault::Kind::NotFinite, at};
}

/// The same of the lower triangle alone.
template <class T>
Fault require_finite_triangle(const T* x, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    if (Fault fault = require_finite(x + i * n, i + 1)) {
      fault.pivot += i * n;
      return fault;
    }
  }
  return {};
}

/// to[j, i] = from[i, j], in blocks that fit the cache.
template <class T>
void transpose(const T* from, T* to, std::size_t rows, std::size_t columns) {
  constexpr std::size_t block = 16;
  for (std::size_t i0 = 0; i0 < rows; i0 += block) {
    for (std::size_t j0 = 0; j0 < columns; j0 += block) {
      for (std::size_t i = i0; i < std::min(rows, i0 + block); ++i) {
        for (std::size_t j = j0; j < std::min(columns, j0 + block); ++j) to[j * rows + i] = from[i * columns + j];
      }
    }
  }
}

/// Calls f(i, j) for the lower triangle with the diagonal, in blocks that fit the cache by rows and by columns.
template <class F>
void for_each_of_triangle(std::size_t n, F&& f) {
  constexpr std::size_t block = 16;
  for (std::size_t i0 = 0; i0 < n; i0 += block) {
    for (std::size_t j0 = 0; j0 <= i0; j0 += block) {
      for (std::size_t i = i0; i < std::min(n, i0 + block); ++i) {
        for (std::size_t j = j0; j < std::min(i + 1, j0 + block); ++j) f(i, j);
      }
    }
  }
}

inline double cube(std::size_t n) { return static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n); }
inline double product(std::size_t a, std::size_t b, std::size_t c) {
  return static_cast<double>(a) * static_cast<double>(b) * static_cast<double>(c);
}

/// Calls f<T>() for float or double, which are all that there is.
template <class F>
void dispatch_floating(DType dtype, F&& f) {
  if (dtype == DType::Float32) f.template operator()<float>();
  else f.template operator()<double>();
}

}  // namespace xgrad::backend::cpu::lapack
