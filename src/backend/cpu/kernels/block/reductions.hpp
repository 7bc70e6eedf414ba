// Reductions of float and double for one instruction set; see kernels.hpp.
#pragma once

#include <type_traits>

#include "backend/cpu/kernels/but_one.hpp"
#include "backend/cpu/kernels/simd/math.hpp"
#include "backend/cpu/kernels/simd/pack.hpp"
#include "block.hpp"
#include "primitives/scalar_functions.hpp"

namespace xgrad::backend::cpu::kernels {

template <class Arch>
struct ReductionKernels {
  template <class T>
  using Pack = simd::Pack<T, Arch>;
  template <class T>
  using Wide = typename WideType<T>::type;

  template <class T>
  static T* at(std::byte* const* slots, std::uint32_t slot) {
    return reinterpret_cast<T*>(slots[slot]);
  }

  static constexpr std::size_t lanes = 16;

  template <Reduction R, class T>
  using Acc = std::conditional_t<is_wide(R), Wide<T>, T>;

  template <Reduction R, class T>
  [[gnu::always_inline]] static constexpr Acc<R, T> neutral() {
    if constexpr (is_wide(R)) return 0;
    else if constexpr (R == Reduction::Max) return -__builtin_inf();
    else return __builtin_inf();
  }

  /// The norm of two parts. NaN beside infinity stays, as in one part: a value does not depend on where elements stand.
  template <class V>
  [[gnu::always_inline]] static V norm_of_parts(V x, V y) {
    return select(x == x && y == y, primitives::Hypot::eval(x, y), x + y);
  }
  template <class A>
  [[gnu::always_inline]] static A norm_of_two(A x, A y) {
    A result[Pack<A>::size];
    norm_of_parts(Pack<A>(x), Pack<A>(y)).store(result);
    return result[0];
  }

  template <Reduction R, class A>
  [[gnu::always_inline]] static A combine(A x, A y) {
    if constexpr (R == Reduction::Sum) return x + y;
    else if constexpr (R == Reduction::Norm) return norm_of_two(x, y);
    else if constexpr (R == Reduction::SumButOne) return but_one::combine(x, y);
    else if constexpr (R == Reduction::Max) return bool((y != y) | (y > x)) ? y : x;  // one condition, without branches
    else return bool((y != y) | (y < x)) ? y : x;
  }

  /// The elements that are reduced.
  template <class T>
  struct Elements {
    const T* data;
    [[gnu::always_inline]] T operator[](std::size_t i) const { return data[i]; }
    [[gnu::always_inline]] Pack<T> pack(std::size_t i) const { return Pack<T>::load(data + i); }
  };

  /// The sum or the extremum of what is in the lanes: of halves, of halves of these and so on.
  template <Reduction R, class A>
  [[gnu::always_inline]] static A fold(const A* lane) {
    // Four at once, which every processor reads from what was stored in larger packs without waiting for it.
    using Four [[gnu::vector_size(4 * sizeof(A))]] = A;
    const auto take_in = [](auto& x, const auto& y) __attribute__((always_inline)) {
      if constexpr (R == Reduction::Sum) x += y;
      else if constexpr (R == Reduction::Max) x = ((y != y) | (y > x)) ? y : x;
      else x = ((y != y) | (y < x)) ? y : x;
    };
    Four part[lanes / 4];
    __builtin_memcpy(part, lane, sizeof part);
    take_in(part[0], part[2]);
    take_in(part[1], part[3]);
    take_in(part[0], part[1]);
    A each[4];
    __builtin_memcpy(each, part, sizeof each);
    take_in(each[0], each[2]);
    take_in(each[1], each[3]);
    take_in(each[0], each[1]);
    return each[0];
  }

  /// The extremum of at least as many elements as there are lanes. The register's own maximum is quick, but forgets a
  /// NaN when the next number comes: whether there was one is found out apart.
  template <Reduction R, class T>
  [[gnu::always_inline]] static T extremum(Elements<T> x, std::size_t n) {
    using V = Pack<T>;
    constexpr std::size_t parts = lanes / V::size;
    V part[parts];
    typename V::MaskType numbers[parts];
#pragma GCC unroll 8
    for (std::size_t k = 0; k < parts; ++k) {
      part[k] = x.pack(k * V::size);
      numbers[k] = part[k] == part[k];
    }
    std::size_t i = lanes;
    while (i < n) {
      const std::size_t at = i + lanes <= n ? i : n - lanes;  // the last ones again, which changes no extremum
#pragma GCC unroll 8
      for (std::size_t k = 0; k < parts; ++k) {
        const V y = x.pack(at + k * V::size);
        if constexpr (R == Reduction::Max) part[k] = max(y, part[k]);
        else part[k] = min(y, part[k]);
        numbers[k] = numbers[k] && y == y;
      }
      i += lanes;
    }
    T lane[lanes];
    for (std::size_t k = 0; k < parts; ++k) {
      select(numbers[k], part[k], V(T(__builtin_nan("")))).store(lane + k * V::size);
    }
    return fold<R>(lane);
  }

  /// What is summed of an element.
  enum class Term : std::uint8_t { Itself, Square, ItselfUnlessOne };

#if defined(__AVX__)
  /// sum_in_lanes of floats, all in registers: what is stored in halves and read as a whole waits for the stores.
  template <Term what>
  [[gnu::always_inline]] static double sum_of_floats(const float* x, std::size_t n) {
    const auto term = [](__m128 four) __attribute__((always_inline)) {
      if constexpr (what == Term::ItselfUnlessOne) four = _mm_andnot_ps(_mm_cmpeq_ps(four, _mm_set1_ps(1)), four);
      const __m256d wide = _mm256_cvtps_pd(four);
      return what == Term::Square ? _mm256_mul_pd(wide, wide) : wide;
    };
    constexpr std::size_t parts = lanes / 4;
    __m256d part[parts];
    for (std::size_t k = 0; k < parts; ++k) part[k] = _mm256_setzero_pd();  // NOLINT(modernize-loop-convert)
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) {
#pragma GCC unroll 4
      for (std::size_t k = 0; k < parts; ++k) {
        part[k] = _mm256_add_pd(part[k], term(_mm_loadu_ps(x + i + 4 * k)));
      }
    }
#pragma GCC unroll 4
    for (std::size_t k = 0; k < parts; ++k) {  // what is left
      if (i + 4 * k + 4 <= n) part[k] = _mm256_add_pd(part[k], term(_mm_loadu_ps(x + i + 4 * k)));
      else if (i + 4 * k < n) {
        const auto left = static_cast<long long>(n - i - 4 * k);
        const __m128i wanted = _mm_cmpgt_epi32(_mm_set1_epi32(static_cast<int>(left)), _mm_setr_epi32(0, 1, 2, 3));
        const __m256d sum = _mm256_add_pd(part[k], term(_mm_maskload_ps(x + i + 4 * k, wanted)));
        const __m256d taken =
            _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_castsi128_pd(_mm_unpacklo_epi32(wanted, wanted))),
                                 _mm_castsi128_pd(_mm_unpackhi_epi32(wanted, wanted)), 1);
        part[k] = _mm256_blendv_pd(part[k], sum, taken);
      }
    }
    const __m256d four = _mm256_add_pd(_mm256_add_pd(part[0], part[2]), _mm256_add_pd(part[1], part[3]));
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
  }
#endif

  template <Term what, class V>
  [[gnu::always_inline]] static V term_of(V y) {
    if constexpr (what == Term::Square) return y * y;
    else if constexpr (what == Term::Itself) return y;
    else if constexpr (std::is_floating_point_v<V>) return y == 1 ? V(0) : y;
    else return select(y == V(1), V(0), y);
  }

  /// The sum of terms of at least as many elements as there are lanes; the lanes' number is the same for every width of
  /// registers.
  template <Term what, class T>
  [[gnu::always_inline]] static Wide<T> sum_in_lanes(Elements<T> x, std::size_t n) {
    const auto term = [](auto y) __attribute__((always_inline)) { return term_of<what>(y); };
    Wide<T> lane[lanes];
    std::size_t i = 0;
    if constexpr (std::is_same_v<Wide<T>, T>) {
      using V = Pack<T>;
      constexpr std::size_t parts = lanes / V::size;
      V part[parts];
#pragma GCC unroll 8
      for (std::size_t k = 0; k < parts; ++k) part[k] = term(x.pack(k * V::size));
      for (i = lanes; i + lanes <= n; i += lanes) {
#pragma GCC unroll 8
        for (std::size_t k = 0; k < parts; ++k) part[k] = part[k] + term(x.pack(i + k * V::size));
      }
      for (std::size_t k = 0; k < parts; ++k) part[k].store(lane + k * V::size);
    } else {
#if defined(__AVX__)  // g++ 12 takes detours when it widens floats by itself
      return sum_of_floats<what>(x.data, n);
#else
      for (std::size_t k = 0; k < lanes; ++k) lane[k] = 0;  // NOLINT(modernize-loop-convert)
      for (; i + lanes <= n; i += lanes) {
        for (std::size_t k = 0; k < lanes; ++k) lane[k] += term(static_cast<Wide<T>>(x[i + k]));
      }
#endif
    }
    for (std::size_t k = 0; i + k < n; ++k) lane[k] += term(static_cast<Wide<T>>(x[i + k]));
    return fold<Reduction::Sum>(lane);
  }

  /// The sum of those of a few numbers that are not 1.
  template <class T>
  [[gnu::noinline]] static Wide<T> sum_of_others(const T* x, std::size_t n, std::size_t step) {
    Wide<T> sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += x[i * step] == T(1) ? Wide<T>(0) : static_cast<Wide<T>>(x[i * step]);
    return sum;
  }

  // Sums of squares of doubles from the smallest on and below infinity are right. Below, those of the numbers times
  // `grow` are, and above, those of the numbers times `shrink`.
  static constexpr double smallest_squares = 0x1p-900;
  static constexpr double grow = 0x1p600;
  static constexpr double shrink = 0x1p-600;

  /// The norm of elements of which the squares are out of range.
  [[gnu::noinline, gnu::cold]] static double norm_of_extremes(const double* x, std::size_t n, bool tiny) {
    const double factor = tiny ? grow : shrink;
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) squares += (x[i] * factor) * (x[i] * factor);
    return __builtin_sqrt(squares) * (tiny ? 1 / grow : 1 / shrink);
  }

  /// The norm; of floats the sum of squares.
  template <class T>
  [[gnu::always_inline]] static Wide<T> norm(Elements<T> x, std::size_t n) {
    Wide<T> squares = 0;
    if (n < lanes) {
      for (std::size_t i = 0; i < n; ++i) squares += static_cast<Wide<T>>(x[i]) * static_cast<Wide<T>>(x[i]);
    } else {
      squares = sum_in_lanes<Term::Square, T>(x, n);
    }
    if constexpr (std::is_same_v<T, float>) return squares;  // always in range
    else {
      const bool tiny = squares < smallest_squares;
      if (tiny || !(squares < __builtin_inf())) return norm_of_extremes(x.data, n, tiny);
      return __builtin_sqrt(squares);
    }
  }

  template <Reduction R, class T>
  [[gnu::always_inline]] static Acc<R, T> sum_or_extremum(Elements<T> x, std::size_t n) {
    using A = Acc<R, T>;
    if (n < lanes) {
      A total = neutral<R, T>();
      if constexpr (is_wide(R)) {
        for (std::size_t i = 0; i < n; ++i) total = combine<R, A>(total, static_cast<A>(x[i]));
        return total;
      }
      // Without branches, which nobody could predict.
      bool numbers = true;
      for (std::size_t i = 0; i < n; ++i) {
        const A y = x[i];
        numbers = numbers & (y == y);
        if constexpr (R == Reduction::Max) total = y > total ? y : total;
        else total = y < total ? y : total;
      }
      return numbers ? total : A(__builtin_nan(""));
    }
    if constexpr (R == Reduction::Sum) return sum_in_lanes<Term::Itself, T>(x, n);
    else return extremum<R, T>(x, n);
  }

  template <Reduction R, class T>
  [[gnu::always_inline]] static Acc<R, T> reduce_run(Elements<T> x, std::size_t n) {
    if constexpr (R == Reduction::Norm) {
      return norm<T>(x, n);
    } else if constexpr (R == Reduction::SumButOne) {
      return but_one::part_of(
          sum_or_extremum<Reduction::Sum, T>(x, n), [ x, n ]() __attribute__((always_inline)) {
            return n < lanes ? sum_of_others(x.data, n, 1) : sum_in_lanes<Term::ItselfUnlessOne, T>(x, n);
          });
    } else {
      return sum_or_extremum<R, T>(x, n);
    }
  }

  /// Four columns of four rows, which are `step` elements apart.
  template <class T, class Four>
  [[gnu::always_inline]] static void four_columns(Four (&column)[4], const T* x, std::size_t step) {
    Four row[4];
    for (std::size_t k = 0; k < 4; ++k) __builtin_memcpy(&row[k], x + k * step, sizeof row[k]);
    const Four even_of_two = __builtin_shufflevector(row[0], row[1], 0, 4, 2, 6);
    const Four odd_of_two = __builtin_shufflevector(row[0], row[1], 1, 5, 3, 7);
    const Four even_of_others = __builtin_shufflevector(row[2], row[3], 0, 4, 2, 6);
    const Four odd_of_others = __builtin_shufflevector(row[2], row[3], 1, 5, 3, 7);
    column[0] = __builtin_shufflevector(even_of_two, even_of_others, 0, 1, 4, 5);
    column[1] = __builtin_shufflevector(odd_of_two, odd_of_others, 0, 1, 4, 5);
    column[2] = __builtin_shufflevector(even_of_two, even_of_others, 2, 3, 6, 7);
    column[3] = __builtin_shufflevector(odd_of_two, odd_of_others, 2, 3, 6, 7);
  }

  /// Short rows, four at once: each is gone through in order, as alone, while the others wait for their turn.
  /// \return how many of them; some may be left.
  template <Reduction R, class T>
  [[gnu::always_inline]] static std::size_t reduce_short_rows(Acc<R, T>* out, const T* x, std::size_t rows,
                                                              std::size_t columns) {
    using A = Acc<R, T>;
    using Four [[gnu::vector_size(4 * sizeof(T))]] = T;
    using Wider [[gnu::vector_size(4 * sizeof(A))]] = A;
    std::size_t row = 0;
    for (; row + 4 <= rows; row += 4, x += 4 * columns) {
      constexpr A first = neutral<R, T>();
      Wider total{first, first, first, first};
      Wider others{};  // that are not 1
      auto numbers = total == total;
      const auto take_in = [&](const Four& y) __attribute__((always_inline)) {
        if constexpr (is_wide(R)) {
          const Wider wide = __builtin_convertvector(y, Wider);
          total += wide;
          if constexpr (R == Reduction::SumButOne) others += wide == 1 ? Wider{} : wide;
        } else {
          numbers &= y == y;
          if constexpr (R == Reduction::Max) total = y > total ? y : total;
          else total = y < total ? y : total;
        }
      };
      std::size_t i = 0;
      for (; i + 4 <= columns; i += 4) {
        Four column[4];
        four_columns(column, x + i, columns);
        for (const Four& y : column) take_in(y);
      }
      for (; i < columns; ++i) take_in(Four{x[i], x[columns + i], x[2 * columns + i], x[3 * columns + i]});
      if constexpr (R == Reduction::SumButOne) {  // as but_one::part_of, without branches
        const Wider one_less = ((total < 2) & (others < 1)) ? others : total - 1;
        total = total < 1 ? total : -one_less;
      }
      for (std::size_t k = 0; k < 4; ++k) {
        out[row + k] = combine<R, A>(out[row + k], numbers[k] != 0 ? total[k] : A(__builtin_nan("")));
      }
    }
    return row;
  }

  /// out[k] = hypot(out[k], norm of column k)
  [[gnu::always_inline]] static void norm_columns(double* out, const double* x, std::size_t rows, std::size_t columns) {
    using V = Pack<double>;
    for (std::size_t k = 0; k < columns; k += V::size) {
      const std::size_t width = columns - k < V::size ? columns - k : V::size;
      const auto load = [width](const double* from) __attribute__((always_inline)) {
        double part[V::size] = {};
        if (width == V::size) {
          for (std::size_t i = 0; i < V::size; ++i) part[i] = from[i];
        } else {
          for (std::size_t i = 0; i < width; ++i) part[i] = from[i];
        }
        return V::load(part);
      };
      const auto squares_of = [&](V factor) __attribute__((always_inline)) {
        V squares = V(0.0);
        for (std::size_t row = 0; row < rows; ++row) {
          const V y = load(x + row * columns + k) * factor;
          squares = squares + y * y;
        }
        return squares;
      };
      const V squares = squares_of(V(1.0));
      V root = sqrt(squares);
      const auto tiny = squares < V(smallest_squares);
      const auto finite = squares < V(__builtin_inf());
      if (!all(!tiny && finite)) {
        const V of_large = select(finite, root, sqrt(squares_of(V(shrink))) * V(1 / shrink));
        root = select(tiny, sqrt(squares_of(V(grow))) * V(1 / grow), of_large);
      }
      const V total = norm_of_parts(load(out + k), root);
      double part[V::size];
      total.store(part);
      for (std::size_t i = 0; i < width; ++i) out[k + i] = part[i];
    }
  }

  /// out[k] += sum of terms of column k. Of many rows a few hundred are summed by themselves: the error of a
  /// sum of one number after another grows with their number.
  template <Reduction R, class T>
  [[gnu::always_inline]] static void sum_columns(Wide<T>* __restrict out, const T* x, std::size_t rows,
                                                 std::size_t columns) {
    const auto term = [](T element) __attribute__((always_inline)) {
      const Wide<T> y = element;
      return R == Reduction::Norm ? y * y : y;
    };
    if (R != Reduction::SumButOne && rows == 1) {
      for (std::size_t k = 0; k < columns; ++k) out[k] += term(x[k]);
      return;
    }
    constexpr std::size_t most_rows = 512;
    constexpr std::size_t width = 128;
    Wide<T> part[width];
    for (std::size_t left = rows; left != 0;) {
      const std::size_t count = left < most_rows ? left : most_rows;
      for (std::size_t first = 0; first < columns; first += width) {
        const std::size_t n = columns - first < width ? columns - first : width;
        for (std::size_t k = 0; k < n; ++k) part[k] = 0;
        for (std::size_t row = 0; row < count; ++row) {
          const T* in = x + row * columns + first;
          for (std::size_t k = 0; k < n; ++k) part[k] += term(in[k]);
        }
        for (std::size_t k = 0; k < n; ++k) {
          if constexpr (R == Reduction::SumButOne) {
            const auto others = [&]() __attribute__((always_inline)) {
              return sum_of_others(x + first + k, count, columns);
            };
            out[first + k] = but_one::combine(out[first + k], but_one::part_of(part[k], others));
          } else {
            out[first + k] += part[k];
          }
        }
      }
      x += count * columns;
      left -= count;
    }
  }

  template <class T>
  [[gnu::always_inline]] static void add_norm(Wide<T>& total, Wide<T> run) {
    if constexpr (std::is_same_v<T, float>) total += run;
    else total = total == 0 ? run : norm_of_two(total, run);  // most are one run, which hypot would only slow down
  }

  template <Reduction R, class T>
  static void start(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    auto* out = at<Acc<R, T>>(slots, i.out);
    for (std::size_t k = 0; k < frame.count; ++k) out[k] = neutral<R, T>();
  }
  template <Reduction R, class T>
  [[gnu::flatten]] static void reduce_rows(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    auto* out = at<Acc<R, T>>(slots, i.out);
    Elements<T> x{at<const T>(slots, i.a)};
    const std::size_t columns = frame.columns;
    std::size_t left = frame.count;
    if constexpr (R != Reduction::Norm) {
      if (columns < lanes && left != 0) {
        const std::size_t done = reduce_short_rows<R, T>(out, x.data, left / columns, columns);
        out += done;
        x.data += done * columns;
        left -= done * columns;
      }
    }
    for (; left != 0; left -= columns, x.data += columns, ++out) {
      const Acc<R, T> run = reduce_run<R, T>(x, columns);
      if constexpr (R == Reduction::Norm) add_norm<T>(*out, run);
      else *out = combine<R, Acc<R, T>>(*out, run);
    }
  }
  template <Reduction R, class T>
  [[gnu::flatten]] static void reduce_all(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    auto* out = at<Acc<R, T>>(slots, i.out);
    const Acc<R, T> run = reduce_run<R, T>(Elements<T>{at<const T>(slots, i.a)}, frame.count);
    if constexpr (R == Reduction::Norm) add_norm<T>(*out, run);
    else *out = combine<R, Acc<R, T>>(*out, run);
  }
  template <Reduction R, class T>
  [[gnu::flatten]] static void reduce_columns(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    using A = Acc<R, T>;
    auto* __restrict out = at<A>(slots, i.out);
    const T* x = at<const T>(slots, i.a);
    const std::size_t columns = frame.columns;
    if constexpr (R == Reduction::Norm && std::is_same_v<T, double>) {
      return norm_columns(out, x, frame.count / columns, columns);
    }
    if constexpr (is_wide(R)) {
      sum_columns<R>(out, x, frame.count / columns, columns);
    } else {
      for (std::size_t left = frame.count; left != 0; left -= columns, x += columns) {
        for (std::size_t k = 0; k < columns; ++k) out[k] = combine<R, A>(out[k], x[k]);
      }
    }
  }

  // ---- the table

  template <Reduction R, class T>
  static void add(BlockTable& table, std::size_t dtype) {
    constexpr auto r = static_cast<std::size_t>(R);
    table.start[r][dtype] = start<R, T>;
    table.reduce_rows[r][dtype] = reduce_rows<R, T>;
    table.reduce_all[r][dtype] = reduce_all<R, T>;
    table.reduce_columns[r][dtype] = reduce_columns<R, T>;
  }

  template <class T>
  static void add_all(BlockTable& table, std::size_t dtype) {
    add<Reduction::Sum, T>(table, dtype);
    add<Reduction::Max, T>(table, dtype);
    add<Reduction::Min, T>(table, dtype);
    add<Reduction::Norm, T>(table, dtype);
    add<Reduction::SumButOne, T>(table, dtype);
  }
};

}  // namespace xgrad::backend::cpu::kernels
