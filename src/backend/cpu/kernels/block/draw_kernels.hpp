// The kernels that draw random numbers, for one instruction set: words of bits by Philox, and functions of these, which
// have the same bits on all processors. Included by a translation unit for each, as kernels.hpp is.
#pragma once

#include <type_traits>

#include "backend/cpu/kernels/simd/alike.hpp"
#include "backend/cpu/kernels/simd/philox.hpp"
#include "block.hpp"
#include "draw.hpp"

namespace xgrad::backend::cpu::kernels {

template <class Arch>
struct DrawKernels {
  static constexpr std::size_t width = simd::philox::group;
  using Words = simd::philox::Words;

  // ---- words as numbers. Row k of a group are the words k of its blocks. A double is made of two rows: lower, upper.

  /// The multiples of 2^-24 in [0, 1).
  XGRAD_INLINE static void store_units(const Words& words, std::size_t row, float* out) {
    for (std::size_t i = 0; i < width; ++i) {
      out[i] = static_cast<float>(static_cast<std::int32_t>(words[row][i] >> 8U)) * 0x1p-24F;
    }
  }
  /// The multiples of 2^-53 in [0, 1).
  XGRAD_INLINE static void store_units(const Words& words, std::size_t row, double* out) {
    for (std::size_t i = 0; i < width; ++i) {
      out[i] = (exact(words[row + 1][i]) * 0x1p21 + exact(words[row][i] >> 11U)) * 0x1p-53;
    }
  }

  /// A word as a double. Processors convert numbers with a sign only.
  XGRAD_INLINE static double exact(std::uint32_t word) {
    return __builtin_bit_cast(double, std::uint64_t{0x4330000000000000} | word) - 0x1p52;
  }

  /// A share u in (0, 1) and 1 - u, of which the smaller one has all its digits: from 2^-33 (float) and 2^-65 (double)
  /// on. The lowest bits may be shifted out.
  template <class T>
  struct Shares {
    T u[width];
    T v[width];
  };
  XGRAD_INLINE static void share(const Words& words, std::size_t row, unsigned shift, Shares<float>& to) {
    for (std::size_t i = 0; i < width; ++i) {
      const std::uint32_t word = words[row][i] << shift;
      to.u[i] = (rounded(word) + 0.5F) * 0x1p-32F;
      to.v[i] = (rounded(~word) + 0.5F) * 0x1p-32F;
    }
  }
  XGRAD_INLINE static void share(const Words& words, std::size_t row, unsigned shift, Shares<double>& to) {
    for (std::size_t i = 0; i < width; ++i) {
      const std::uint32_t carried = shift == 0 ? 0 : words[row][i] >> (32U - shift);
      const std::uint32_t low = words[row][i] << shift;
      const std::uint32_t high = words[row + 1][i] << shift | carried;
      to.u[i] = (exact(high) * 0x1p32 + exact(low) + 0.5) * 0x1p-64;
      to.v[i] = (exact(~high) * 0x1p32 + exact(~low) + 0.5) * 0x1p-64;
    }
  }
  /// A word, rounded once to a float.
  XGRAD_INLINE static float rounded(std::uint32_t word) {
    return static_cast<float>(static_cast<std::int32_t>(word >> 16U)) * 65536.0F +
           static_cast<float>(static_cast<std::int32_t>(word & 0xffffU));
  }

  /// Angles n pi/2 + r all around the circle; r is never 0.
  template <class T>
  struct Angles {
    T r[width];
    typename simd::Bits<T, Arch>::Unsigned n[width];
  };
  static constexpr double half_pi = 0x1.921fb54442d18p+0;
  XGRAD_INLINE static std::uint32_t nearest_quarter(std::uint32_t word) { return (word + (1U << 29U)) >> 30U; }
  XGRAD_INLINE static void angle(const Words& words, std::size_t row, Angles<float>& to) {
    for (std::size_t i = 0; i < width; ++i) {
      const std::uint32_t n = nearest_quarter(words[row][i]);
      const auto rest = static_cast<std::int32_t>(words[row][i] - (n << 30U));
      to.n[i] = n;
      to.r[i] = (static_cast<float>(rest) + 0.5F) * static_cast<float>(half_pi * 0x1p-30);
    }
  }
  XGRAD_INLINE static void angle(const Words& words, std::size_t row, Angles<double>& to) {
    for (std::size_t i = 0; i < width; ++i) {
      const std::uint32_t n = nearest_quarter(words[row + 1][i]);
      const auto rest = static_cast<std::int32_t>(words[row + 1][i] - (n << 30U));
      to.n[i] = n;
      to.r[i] = (static_cast<double>(rest) * 0x1p32 + exact(words[row][i]) + 0.5) * (half_pi * 0x1p-62);
    }
  }

  // ---- functions of these

  template <class T>
  using P = simd::Alike<T, Arch>;

  template <class T>
  XGRAD_INLINE static simd::alike::SinCos<P<T>> sin_cos(const Angles<T>& angles, std::size_t i) {
    T bits[width];
    __builtin_memcpy(bits, angles.n + i, sizeof(T) * P<T>::size);
    return simd::alike::sin_cos(P<T>::load(angles.r + i), to_bits(P<T>::load(bits)));
  }
  /// -log(u)
  template <class T>
  XGRAD_INLINE static P<T> exponential(const Shares<T>& shares, std::size_t i) {
    return -simd::alike::log_of_share(P<T>::load(shares.u + i), P<T>::load(shares.v + i));
  }

  /// out[i] = f(i), a pack at a time.
  template <class T, class F>
  XGRAD_INLINE static void each_pack(T* out, F f) {
    for (std::size_t i = 0; i < width; i += P<T>::size) f(i).store(out + i);
  }

  /// The pair of G. E. P. Box and M. E. Muller (1958), of a radius and an angle.
  template <class T>
  XGRAD_INLINE static void normals(const Words& words, std::size_t radius_row, std::size_t angle_row, T* out) {
    Shares<T> shares;
    Angles<T> angles;
    share(words, radius_row, 0, shares);
    angle(words, angle_row, angles);
    for (std::size_t i = 0; i < width; i += P<T>::size) {
      const P<T> energy = exponential(shares, i);
      const P<T> radius = sqrt(energy + energy);
      const auto [sin, cos] = sin_cos(angles, i);
      (radius * cos).store(out + i);
      (radius * sin).store(out + width + i);
    }
  }

  template <Distribution d, class T>
  XGRAD_INLINE static void row_of(const Words& words, std::size_t row, T* out) {
    if constexpr (d == Distribution::Uniform) {
      store_units(words, row, out);
    } else if constexpr (d == Distribution::Cauchy) {
      Angles<T> angles;
      angle(words, row, angles);
      each_pack(
          out, [&](std::size_t i) __attribute__((always_inline)) {
            const auto [sin, cos] = sin_cos(angles, i);
            return sin / cos;
          });
    } else {
      constexpr bool has_sign = d == Distribution::Laplace;
      Shares<T> shares;
      share(words, row, has_sign ? 1 : 0, shares);
      if constexpr (d == Distribution::Exponential) {
        each_pack(
            out, [&](std::size_t i) __attribute__((always_inline)) { return exponential(shares, i); });
      } else if constexpr (d == Distribution::Gumbel) {
        each_pack(
            out, [&](std::size_t i)
                     __attribute__((always_inline)) { return -simd::alike::log(exponential(shares, i)); });
      } else if constexpr (d == Distribution::Logistic) {
        each_pack(
            out, [&](std::size_t i) __attribute__((always_inline)) {
              const P<T> u = P<T>::load(shares.u + i);
              const P<T> v = P<T>::load(shares.v + i);
              return simd::alike::log_of_share(u, v) - simd::alike::log_of_share(v, u);
            });
      } else {
        static_assert(d == Distribution::Laplace);
        T sign[width];
        const std::size_t upper = row + sizeof(T) / 4 - 1;
        for (std::size_t i = 0; i < width; ++i) sign[i] = (words[upper][i] >> 31U) != 0 ? T(-1) : T(1);
        each_pack(
            out, [&](std::size_t i)
                     __attribute__((always_inline)) { return exponential(shares, i) * P<T>::load(sign + i); });
      }
    }
  }

  /// All numbers of a group.
  template <Distribution d, class T>
  XGRAD_INLINE static void group_of(const Words& words, T* out) {
    if constexpr (d == Distribution::Bits) {
      for (std::size_t row = 0; row < 4; row += 2) {
        for (std::size_t i = 0; i < width; ++i) {
          out[row / 2 * width + i] =
              static_cast<T>(std::uint64_t{words[row + 1][i]} << 32U | std::uint64_t{words[row][i]});
        }
      }
    } else if constexpr (d == Distribution::Normal) {
      constexpr std::size_t rows = sizeof(T) / 4;
      for (std::size_t row = 0; row < 4; row += 2 * rows) normals(words, row, row + rows, out + row / rows * width);
    } else {
      constexpr std::size_t rows = sizeof(T) / 4;
      for (std::size_t row = 0; row < 4; row += rows) row_of<d>(words, row, out + row / rows * width);
    }
  }

  template <Distribution d, class T>
  [[gnu::flatten]] static void draw(const DrawTask& task) {
    constexpr std::size_t size = group_size(sizeof(T));
    const simd::philox::Keys keys(task.key);
    T* out = static_cast<T*>(task.out);
    std::size_t left = task.count;
    Words words;
    for (std::uint64_t group = task.first_group; left != 0; ++group) {
      simd::philox::fill<Arch>(words, keys, {group * width, task.stream, 0});
      if (left < size) {
        T part[size];
        group_of<d>(words, part);
        __builtin_memcpy(out, part, left * sizeof(T));
        return;
      }
      group_of<d>(words, out);
      out += size;
      left -= size;
    }
  }

  template <class T>
  static void add_floats(BlockTable& table, std::size_t dtype) {
    const auto add = [&](Distribution d, DrawKernel kernel) {
      table.draw[static_cast<std::size_t>(d)][dtype] = kernel;
    };
    add(Distribution::Uniform, draw<Distribution::Uniform, T>);
    add(Distribution::Normal, draw<Distribution::Normal, T>);
    add(Distribution::Exponential, draw<Distribution::Exponential, T>);
    add(Distribution::Gumbel, draw<Distribution::Gumbel, T>);
    add(Distribution::Logistic, draw<Distribution::Logistic, T>);
    add(Distribution::Laplace, draw<Distribution::Laplace, T>);
    add(Distribution::Cauchy, draw<Distribution::Cauchy, T>);
  }

  static void add_to(BlockTable& table) {
    constexpr std::size_t int64 = 1;  // the order of DType
    table.draw[static_cast<std::size_t>(Distribution::Bits)][int64] = draw<Distribution::Bits, std::int64_t>;
    add_floats<float>(table, 2);
    add_floats<double>(table, 3);
  }
};

}  // namespace xgrad::backend::cpu::kernels
