// The kernels that multiply small integers, for one instruction set. Included by a translation unit for each, as
// kernels.hpp is.
#pragma once

#include <bit>
#include <cstring>
#include <type_traits>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "block.hpp"

namespace xgrad::backend::cpu::kernels {

/// The compiler's loops.
template <Isa isa>
struct PlainInt8 {
  static void multiply(const Int8Task& task) {
    for (std::size_t row = 0; row < task.rows; ++row) {
      std::uint32_t sums[16];
      std::memcpy(sums, task.start, sizeof sums);
      const std::uint8_t* x = task.x + row * task.groups * 4;
      for (std::size_t group = 0; group < task.groups; ++group) {
        const std::int8_t* w = task.w + group * 64;
        for (std::size_t o = 0; o < 16; ++o) {
          std::int32_t sum = 0;
          for (std::size_t k = 0; k < 4; ++k) sum += x[group * 4 + k] * w[o * 4 + k];
          sums[o] += static_cast<std::uint32_t>(sum);
        }
      }
      std::memcpy(task.out + row * 16, sums, sizeof sums);
    }
  }

  /// A number of size up to 2^22 (2^51) plus 1.5 times 2^23 (2^52) is rounded to a whole one, which is then in its
  /// lowest bits: loops of that become packs on every processor.
  template <class T>
  static bool quantise(const QuantiseTask& task) {
    using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    constexpr T shift = sizeof(T) == 4 ? T(12582912) : T(6755399441055744);
    const T* x = static_cast<const T*>(task.x);
    std::uint8_t* to = task.to;  // may be anything to the compiler, also the task: what it says is copied
    const std::size_t count = task.count;
    const T inverse = static_cast<T>(task.inverse);
    const T low = static_cast<T>(-task.zero);
    const T high = static_cast<T>(255 - task.zero);
    const Bits offset = std::bit_cast<Bits>(shift) - task.zero;
    Bits nan = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const T scaled = x[i] * inverse;
      nan |= scaled != scaled ? Bits(1) : Bits(0);
      const T above = scaled < low ? low : scaled;
      const T inside = above > high ? high : above;
      to[i] = static_cast<std::uint8_t>(std::bit_cast<Bits>(inside + shift) - offset);
    }
    return nan != 0;
  }

  static void add_to(BlockTable& table) {
    table.int8.multiply = multiply;
    table.int8.quantise[2] = quantise<float>;  // the order of DType
    table.int8.quantise[3] = quantise<double>;
  }
};

#if defined(__AVX2__)

/// Products of bytes in 16 bits, of which pairs are added in 32: nothing is cut off, as it would be by vpmaddubsw.
struct Avx2Int8 {
  template <std::size_t rows>
  static void tile(const Int8Task& task, std::size_t first) {
    __m256i sums[rows][4];
    for (auto& row : sums) {
      for (auto& four : row) four = _mm256_setzero_si256();
    }
    const std::uint8_t* x = task.x + first * task.groups * 4;
    for (std::size_t group = 0; group < task.groups; ++group) {
      __m256i factors[rows];
      for (std::size_t r = 0; r < rows; ++r) {
        std::int32_t four;
        std::memcpy(&four, x + (r * task.groups + group) * 4, sizeof four);
        factors[r] = _mm256_broadcastq_epi64(_mm_cvtepu8_epi16(_mm_cvtsi32_si128(four)));
      }
      const std::int8_t* w = task.w + group * 64;
      for (std::size_t q = 0; q < 4; ++q) {  // four outputs of four inputs
        const __m256i weights = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w + q * 16)));
        for (std::size_t r = 0; r < rows; ++r) {
          sums[r][q] = _mm256_add_epi32(sums[r][q], _mm256_madd_epi16(weights, factors[r]));
        }
      }
    }
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t half = 0; half < 2; ++half) {
        // Pairs of neighbours belong to one output; they come in the order 0 1 4 5 2 3 6 7.
        const __m256i pairs = _mm256_hadd_epi32(sums[r][2 * half], sums[r][2 * half + 1]);
        const __m256i ordered = _mm256_permute4x64_epi64(pairs, 0b11'01'10'00);
        const __m256i start = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(task.start + 8 * half));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(task.out + (first + r) * 16 + 8 * half),
                            _mm256_add_epi32(ordered, start));
      }
    }
  }
  static void multiply(const Int8Task& task) {
    std::size_t row = 0;
    for (; row + 2 <= task.rows; row += 2) tile<2>(task, row);
    if (row < task.rows) tile<1>(task, row);
  }
};

#endif
#if defined(__AVX512BW__)

/// Processors with VNNI, which adds four products of bytes in one instruction.
struct VnniInt8 {
  template <std::size_t rows>
  [[gnu::target("avx512vnni")]] static void tile(const Int8Task& task, std::size_t first) {
    const __m512i start = _mm512_loadu_si512(task.start);
    __m512i sums[rows];
    for (auto& row : sums) row = start;
    const std::uint8_t* x = task.x + first * task.groups * 4;
    for (std::size_t group = 0; group < task.groups; ++group) {
      const __m512i weights = _mm512_loadu_si512(task.w + group * 64);
      for (std::size_t r = 0; r < rows; ++r) {
        std::int32_t four;
        std::memcpy(&four, x + (r * task.groups + group) * 4, sizeof four);
        sums[r] = _mm512_dpbusd_epi32(sums[r], _mm512_set1_epi32(four), weights);
      }
    }
    for (std::size_t r = 0; r < rows; ++r) _mm512_storeu_si512(task.out + (first + r) * 16, sums[r]);
  }
  static void multiply(const Int8Task& task) {
    std::size_t row = 0;
    for (; row + 8 <= task.rows; row += 8) tile<8>(task, row);
    if (row + 4 <= task.rows) {
      tile<4>(task, row);
      row += 4;
    }
    for (; row < task.rows; ++row) tile<1>(task, row);
  }
};

#endif

}  // namespace xgrad::backend::cpu::kernels
