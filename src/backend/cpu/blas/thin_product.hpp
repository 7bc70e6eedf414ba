// Products of stacks of small matrices, and of thin ones, by kernels of our own.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

#include "backend/cpu/kernels/block/block.hpp"
#include "backend/cpu/parallel/parallel.hpp"
#include "product.hpp"

namespace xgrad::backend::cpu::blas {

/// Where the matrices of a stack are, one after another.
class Stack {
 public:
  Stack(const Product& product, std::size_t first) : product_(product), index_(product.stack.size(), 0) {
    for (std::size_t i = index_.size(); i-- > 0; first /= product.stack[i]) {
      index_[i] = first % product.stack[i];
      a_ += static_cast<std::ptrdiff_t>(index_[i]) * product.stack_a[i];
      b_ += static_cast<std::ptrdiff_t>(index_[i]) * product.stack_b[i];
    }
  }

  [[nodiscard]] std::ptrdiff_t a() const { return a_; }  ///< in elements
  [[nodiscard]] std::ptrdiff_t b() const { return b_; }

  void next() {
    for (std::size_t i = index_.size(); i-- > 0;) {
      a_ += product_.stack_a[i];
      b_ += product_.stack_b[i];
      if (++index_[i] < product_.stack[i]) return;
      a_ -= static_cast<std::ptrdiff_t>(product_.stack[i]) * product_.stack_a[i];
      b_ -= static_cast<std::ptrdiff_t>(product_.stack[i]) * product_.stack_b[i];
      index_[i] = 0;
    }
  }

 private:
  const Product& product_;
  Shape index_;
  std::ptrdiff_t a_ = 0;
  std::ptrdiff_t b_ = 0;
};

inline constexpr std::size_t most_of_small = 64;
inline constexpr std::size_t terms_at_once = 128;  ///< of long sums: what is read of both factors stays in the cache
inline constexpr std::size_t longest_sum = 1024;   ///< of floats as floats

/// A single column is the row of the transposed product: the kernel goes along rows of the result.
inline bool is_swapped(const Product& product) { return product.n == 1; }

/// Rows of the result that are computed at a time: the left factor's stay in the cache for all columns.
inline std::size_t row_blocks(const Product& product) { return (product.m + most_of_small - 1) / most_of_small; }

/// Multiplies blocks of rows by our own kernels.
template <class T>
class OwnProduct {
 public:
  OwnProduct(const Product& size, const T* a, const T* b, T* c, double alpha, bool accumulate)
      : size_(size),
        a_(a),
        b_(b),
        c_(c),
        alpha_(alpha),
        accumulate_(accumulate),
        swapped_(is_swapped(size)),
        left_transposed_(swapped_ ? !size.transposed_b : size.transposed_a),
        right_transposed_(swapped_ ? !size.transposed_a : size.transposed_b),
        left_step_(swapped_ ? size.step_b : size.step_a),
        right_step_(swapped_ ? size.step_a : size.step_b),
        task_{.m = 1,
              .n = swapped_ ? size.m : size.n,
              .k = 0,
              .a = nullptr,
              .a_row = left_transposed_ ? 1 : left_step_,
              .a_inner = left_transposed_ ? left_step_ : 1,
              .b = nullptr,
              .b_inner = right_transposed_ ? (swapped_ ? size.m : size.n) : right_step_,
              .out = nullptr,
              .alpha = alpha,
              .accumulate = accumulate} {}

  /// Blocks from `first` to `last` of all matrices, one after another.
  void blocks(std::size_t first, std::size_t last) {
    const std::size_t of_matrix = row_blocks(size_);
    std::size_t index = first / of_matrix;
    std::size_t block = first % of_matrix;
    Stack stack(size_, index);
    for (std::size_t i = first; i < last; ++i) {
      const std::size_t row = block * most_of_small;
      matrix(stack, index, row, std::min(most_of_small, size_.m - row));
      if (++block != of_matrix) continue;
      block = 0;
      ++index;
      stack.next();
    }
  }

  /// Some rows of the only matrix.
  void rows(std::size_t first, std::size_t count) {
    const Stack stack(size_, 0);
    for (std::size_t row = first; row < first + count; row += most_of_small) {
      matrix(stack, 0, row, std::min(most_of_small, first + count - row));
    }
  }

 private:
  void matrix(const Stack& stack, std::size_t index, std::size_t row, std::size_t rows) {
    const T* left = swapped_ ? b_ + stack.b() : a_ + stack.a();
    const T* right = swapped_ ? a_ + stack.a() : b_ + stack.b();
    kernels::MatrixTask& task = task_;
    if (!swapped_) task.m = rows;
    task.out = c_ + index * size_.m * size_.n + row * size_.n;
    task.accumulate = accumulate_;
    if (!swapped_) left += row * task.a_row;
    if (std::is_same_v<T, float> && size_.k > longest_sum) add_long_sums(task, left, right);
    else add_terms(task, left, right, 0, size_.k);
  }

  void add_terms(kernels::MatrixTask& task, const T* left, const T* right, std::size_t begin, std::size_t end) {
    const kernels::BlockTable& table = kernels::block_table();
    for (std::size_t first = begin; first < end; first += terms_at_once) {
      task.k = std::min(terms_at_once, end - first);
      task.a = left + first * task.a_inner;
      task.b = right_transposed_ ? turned(right + first, task.n, task.k) : right + first * task.b_inner;
      table.multiply[static_cast<std::size_t>(size_.dtype)](task);
      task.accumulate = true;
    }
  }

  /// Sums of some terms are added up as doubles: floats would lose digits.
  void add_long_sums(kernels::MatrixTask task, const T* left, const T* right) {
    T* const out = static_cast<T*>(task.out);
    const std::size_t count = task.m * task.n;
    // Not on the heap: a product that finds no memory might have donated arrays written over already.
    std::array<T, most_of_small * most_of_small> some;
    std::array<double, most_of_small * most_of_small> totals;
    std::fill_n(totals.begin(), count, 0.0);
    task.out = some.data();
    task.alpha = 1;
    for (std::size_t first = 0; first < size_.k; first += longest_sum) {
      task.accumulate = false;
      add_terms(task, left, right, first, std::min(first + longest_sum, size_.k));
      for (std::size_t i = 0; i < count; ++i) totals[i] += static_cast<double>(some[i]);
    }
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = static_cast<T>(accumulate_ ? static_cast<double>(out[i]) + alpha_ * totals[i] : totals[i]);
    }
  }

  /// A right factor whose columns are lines, in rows. The same for many is turned once.
  const T* turned(const T* from, std::size_t columns, std::size_t terms) {
    if (from == last_turned_) return turned_.data();
    kernels::block_table().transpose[static_cast<std::size_t>(size_.dtype)](
        {.rows = columns, .columns = terms, .from = from, .step = right_step_, .to = turned_.data()});
    last_turned_ = from;
    return turned_.data();
  }

  const Product& size_;
  const T* a_;
  const T* b_;
  T* c_;
  double alpha_;
  bool accumulate_;
  bool swapped_, left_transposed_, right_transposed_;
  std::size_t left_step_, right_step_;
  kernels::MatrixTask task_;  ///< of the next kernel
  const T* last_turned_ = nullptr;
  alignas(64) std::array<T, most_of_small * terms_at_once> turned_;
};

/// What there is to do is cut so that each thread has some work; where, does not matter to any element.
template <class T>
void multiply_by_own_kernels(const Product& size, const T* a, const T* b, T* c, double alpha, bool accumulate) {
  constexpr std::size_t multiplications = 1 << 17;
  const std::size_t blocks = size_of(size.stack) * row_blocks(size);
  const std::size_t of_block = std::min(size.m, most_of_small) * size.n * size.k;
  const std::size_t of_chunk = std::max<std::size_t>(multiplications / of_block, 1);
  parallel::parallel_for((blocks + of_chunk - 1) / of_chunk, [&](std::size_t chunk) {
    OwnProduct<T>(size, a, b, c, alpha, accumulate).blocks(chunk * of_chunk, std::min((chunk + 1) * of_chunk, blocks));
  });
}

}  // namespace xgrad::backend::cpu::blas
