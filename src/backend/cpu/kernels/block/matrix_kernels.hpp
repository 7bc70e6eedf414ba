// The kernels that multiply small matrices, for one instruction set. Included by a translation unit for each, as
// kernels.hpp is.
#pragma once

#include <utility>

#include "backend/cpu/kernels/simd/pack.hpp"
#include "block.hpp"
#include "matrix.hpp"

namespace xgrad::backend::cpu::kernels {

/// The result is cut into tiles that stay in registers while all of k goes by: some rows of up to four packs. Rows of b
/// are loaded as packs, elements of a are spread over one; so a may have any strides. Tiles are as wide as they can be,
/// because memory is read fastest in its order.
template <class Arch>
struct MatrixKernels {
  template <class T>
  using Pack = simd::Pack<T, Arch>;

  /// Rows of a tile: what 32 registers hold, or 16.
  static constexpr std::size_t most_rows(std::size_t packs) {
    if (sizeof(Pack<double>) == 64) return packs > 2 ? 6 : 8;
    return packs > 2 ? 2 : 4;
  }

  /// f<0>(), f<1>() and so on, without a loop: what they work on can be in registers.
  template <std::size_t count, class F>
  XGRAD_INLINE static void each(F&& f) {
    [&]<std::size_t... i>(std::index_sequence<i...>) { (f.template operator()<i>(), ...); }
    (std::make_index_sequence<count>{});
  }

  /// Where a tile begins.
  template <class T>
  struct Corner {
    const T* a;
    const T* b;
    T* out;
  };

  /// Columns at the end that do not fill a pack.
  struct Part {
    std::size_t columns;
    std::size_t whole_rows;  ///< of b, which go on for a pack: in other columns, which are no concern, or in other rows
  };

  /// Tiles one below the other.
  ///
  /// \tparam P        a pack
  /// \tparam is_part  the last pack of each row is a part of one.
  template <class P, std::size_t rows, std::size_t packs, bool is_part, class T>
  [[gnu::flatten]] static void tiles(const MatrixTask& task, Corner<T> at, Part part, std::size_t count) {
    for (; count > 0; --count) {
      tile<P, rows, packs, is_part>(task, at, part);
      at.a += rows * task.a_row;
      at.out += rows * task.n;
    }
  }

  template <class P, std::size_t rows, std::size_t packs, bool is_part, class T>
  XGRAD_INLINE static void tile(const MatrixTask& task, Corner<T> at, Part part) {
    P sums[rows][packs];
    each<rows>([&]<std::size_t r>() { each<packs>([&]<std::size_t p>() { sums[r][p] = P(T(0)); }); });
    const std::size_t a_row = task.a_row;
    const std::size_t a_inner = task.a_inner;
    const std::size_t b_inner = task.b_inner;
    const auto add_products = [&](auto load_last) {
      P row[packs];
      each<packs>([&]<std::size_t p>() {
        if constexpr (is_part && p + 1 == packs) row[p] = load_last(at.b + p * P::size);
        else row[p] = P::load(at.b + p * P::size);
      });
      each<rows>([&]<std::size_t r>() {
        const P factor(at.a[r * a_row]);
        each<packs>([&]<std::size_t p>() { sums[r][p] = fma(factor, row[p], sums[r][p]); });
      });
      at.a += a_inner;
      at.b += b_inner;
    };
    const std::size_t whole_rows = is_part ? part.whole_rows : task.k;
    for (std::size_t l = 0; l < whole_rows; ++l) add_products([](const T* from) { return P::load(from); });
    if constexpr (is_part) {
      for (std::size_t l = whole_rows; l < task.k; ++l) {
        add_products([&](const T* from) { return P::load_part(from, part.columns); });
      }
    }
    if (task.accumulate) add_old<P, rows, packs, is_part>(task, at.out, part, sums);
    const std::size_t out_row = task.n;
    each<rows>([&]<std::size_t r>() {
      each<packs>([&]<std::size_t p>() {
        T* to = at.out + r * out_row + p * P::size;
        if constexpr (is_part && p + 1 == packs) sums[r][p].store_part(to, part.columns);
        else sums[r][p].store(to);
      });
    });
  }

  template <class P, std::size_t rows, std::size_t packs, bool is_part, class T>
  XGRAD_INLINE static void add_old(const MatrixTask& task, const T* out, Part part, P (&sums)[rows][packs]) {
    const P alpha(static_cast<T>(task.alpha));
    const std::size_t out_row = task.n;
    each<rows>([&]<std::size_t r>() {
      each<packs>([&]<std::size_t p>() {
        const T* from = out + r * out_row + p * P::size;
        P old;
        if constexpr (is_part && p + 1 == packs) old = P::load_part(from, part.columns);
        else old = P::load(from);
        sums[r][p] = fma(alpha, sums[r][p], old);
      });
    });
  }

  /// All rows of some packs of columns.
  template <class P, std::size_t packs, bool is_part, class T>
  static void columns(const MatrixTask& task, std::size_t column, std::size_t columns_of_part) {
    Corner<T> at{static_cast<const T*>(task.a), static_cast<const T*>(task.b) + column,
                 static_cast<T*>(task.out) + column};
    Part part{columns_of_part, 0};
    if constexpr (is_part) {
      const std::size_t end = (task.k - 1) * task.b_inner + task.n;  // of b's memory
      const std::size_t reach = column + packs * P::size;
      if (reach <= end) part.whole_rows = (end - reach) / task.b_inner + 1;
      if (part.whole_rows > task.k) part.whole_rows = task.k;
    }
    std::size_t left = task.m;
    const auto rows = [&]<std::size_t count>(std::size_t times) {
      tiles<P, count, packs, is_part>(task, at, part, times);
      at.a += times * count * task.a_row;
      at.out += times * count * task.n;
      left -= times * count;
    };
    constexpr std::size_t most = most_rows(packs);
    if (left >= most) rows.template operator()<most>(left / most);
    if constexpr (most > 4) {
      if (left >= 4) rows.template operator()<4>(1);
    }
    if constexpr (most > 2) {
      if (left == 3) return rows.template operator()<3>(1);
      if (left == 2) return rows.template operator()<2>(1);
    }
    if (left == 1) rows.template operator()<1>(1);
  }

  template <class T, class P>
  static void in_packs(const MatrixTask& task) {
    std::size_t column = 0;
    for (; column + 4 * P::size <= task.n; column += 4 * P::size) columns<P, 4, false, T>(task, column, 0);
    const std::size_t left = task.n - column;
    const std::size_t whole = left / P::size;
    const std::size_t part = left % P::size;
    if (part == 0) {
      if (whole == 3) columns<P, 3, false, T>(task, column, 0);
      else if (whole == 2) columns<P, 2, false, T>(task, column, 0);
      else if (whole == 1) columns<P, 1, false, T>(task, column, 0);
    } else {
      if (whole == 3) columns<P, 4, true, T>(task, column, part);
      else if (whole == 2) columns<P, 3, true, T>(task, column, part);
      else if (whole == 1) columns<P, 2, true, T>(task, column, part);
      else columns<P, 1, true, T>(task, column, part);
    }
  }

  template <class T>
  static void multiply(const MatrixTask& task) {
    if constexpr (sizeof(Pack<T>) == 64) {
      using Half = simd::Pack<T, xsimd::fma3<xsimd::avx2>>;
      if (task.n < Half::size) return columns<Half, 1, true, T>(task, 0, task.n);
      if (task.n == Half::size) return columns<Half, 1, false, T>(task, 0, 0);
    }
    in_packs<T, Pack<T>>(task);
  }

  /// Square blocks of 16 bytes a row, which every processor turns in its registers.
  template <class T>
  [[gnu::flatten]] static void transpose(const TransposeTask& task) {
    constexpr std::size_t side = 16 / sizeof(T);
    const T* from = static_cast<const T*>(task.from);
    T* to = static_cast<T*>(task.to);
    const std::size_t rows = task.rows / side * side;
    const std::size_t columns = task.columns / side * side;
    for (std::size_t row = 0; row < rows; row += side) {
      for (std::size_t column = 0; column < columns; column += side) {
        turn(from + row * task.step + column, task.step, to + column * task.rows + row, task.rows);
      }
    }
    const auto move = [&](std::size_t row, std::size_t column) {
      to[column * task.rows + row] = from[row * task.step + column];
    };
    for (std::size_t row = 0; row < task.rows; ++row) {
      for (std::size_t column = row < rows ? columns : 0; column < task.columns; ++column) move(row, column);
    }
  }

  XGRAD_INLINE static void turn(const double* from, std::size_t step, double* to, std::size_t to_step) {
    using Two [[gnu::vector_size(16)]] = double;
    Two a;
    Two b;
    __builtin_memcpy(&a, from, sizeof a);
    __builtin_memcpy(&b, from + step, sizeof b);
    const Two first = __builtin_shufflevector(a, b, 0, 2);
    const Two second = __builtin_shufflevector(a, b, 1, 3);
    __builtin_memcpy(to, &first, sizeof first);
    __builtin_memcpy(to + to_step, &second, sizeof second);
  }
  XGRAD_INLINE static void turn(const float* from, std::size_t step, float* to, std::size_t to_step) {
    using Four [[gnu::vector_size(16)]] = float;
    Four row[4];
    for (std::size_t i = 0; i < 4; ++i) __builtin_memcpy(&row[i], from + i * step, sizeof row[i]);
    const Four low = __builtin_shufflevector(row[0], row[1], 0, 4, 1, 5);
    const Four high = __builtin_shufflevector(row[0], row[1], 2, 6, 3, 7);
    const Four low2 = __builtin_shufflevector(row[2], row[3], 0, 4, 1, 5);
    const Four high2 = __builtin_shufflevector(row[2], row[3], 2, 6, 3, 7);
    const Four turned[4] = {
        __builtin_shufflevector(low, low2, 0, 1, 4, 5), __builtin_shufflevector(low, low2, 2, 3, 6, 7),
        __builtin_shufflevector(high, high2, 0, 1, 4, 5), __builtin_shufflevector(high, high2, 2, 3, 6, 7)};
    for (std::size_t i = 0; i < 4; ++i) __builtin_memcpy(to + i * to_step, &turned[i], sizeof turned[i]);
  }

  static void add_to(BlockTable& table) {
    constexpr std::size_t float32 = 2;  // the order of DType
    constexpr std::size_t float64 = 3;
    table.multiply[float32] = multiply<float>;
    table.multiply[float64] = multiply<double>;
    table.transpose[float32] = transpose<float>;
    table.transpose[float64] = transpose<double>;
  }
};

}  // namespace xgrad::backend::cpu::kernels
