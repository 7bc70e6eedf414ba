// Philox4x32-10, the counter-based generator of J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random
// numbers: as easy as 1, 2, 3" (SC 2011): four words of 32 bits from a counter of four words and a key of two.
#pragma once

#include <array>

#include "pack.hpp"

namespace xgrad::backend::cpu::kernels::simd::philox {

inline constexpr std::uint32_t multipliers[2] = {0xD2511F53U, 0xCD9E8D57U};
inline constexpr std::uint32_t key_steps[2] = {0x9E3779B9U, 0xBB67AE85U};
inline constexpr std::size_t rounds = 10;

/// Blocks that are computed together: this many, whatever the width of registers, so that words have the same places.
inline constexpr std::size_t group = 16;

/// The keys of all rounds, which are the same for all blocks.
struct Keys {
  std::uint32_t word[rounds][2];

  XGRAD_INLINE explicit Keys(std::uint64_t key) {
    auto first = static_cast<std::uint32_t>(key);
    auto second = static_cast<std::uint32_t>(key >> 32U);
    for (auto& each : word) {
      each[0] = first;
      each[1] = second;
      first += key_steps[0];
      second += key_steps[1];
    }
  }
};

/// What is in a counter: the number of a block, what the block is for, and how often it was tried.
struct Counter {
  std::uint64_t block;
  std::uint32_t stream;
  std::uint32_t attempt;
};

/// The words of a group of blocks: all first ones, all second ones ...
using Words = std::uint32_t[4][group];

/// Numbers of 32 bits, one in the lower half of each 64 bits; what is in the upper halves does not matter.
template <class Arch>
struct Lanes {
  std::uint64_t word;
  static constexpr std::size_t size = 1;

  XGRAD_INLINE static Lanes all(std::uint32_t value) { return {value}; }
  /// first, first + 2, first + 4 ..., of 64 bits.
  XGRAD_INLINE static Lanes every_second(std::uint64_t first) { return {first}; }
  XGRAD_INLINE static Lanes product(Lanes a, Lanes b) {
    return {static_cast<std::uint64_t>(static_cast<std::uint32_t>(a.word)) * static_cast<std::uint32_t>(b.word)};
  }
  XGRAD_INLINE Lanes upper() const { return {word >> 32U}; }
  XGRAD_INLINE friend Lanes operator^(Lanes a, Lanes b) { return {a.word ^ b.word}; }
  XGRAD_INLINE static void store(Lanes even, Lanes odd, std::uint32_t* to) {
    to[0] = static_cast<std::uint32_t>(even.word);
    to[1] = static_cast<std::uint32_t>(odd.word);
  }
};

#if defined(__AVX512F__)
template <>
struct Lanes<xsimd::avx512bw> {
  __m512i word;
  static constexpr std::size_t size = 8;

  XGRAD_INLINE static Lanes all(std::uint32_t value) { return {_mm512_set1_epi32(static_cast<int>(value))}; }
  XGRAD_INLINE static Lanes every_second(std::uint64_t first) {
    return {_mm512_add_epi64(_mm512_set1_epi64(static_cast<long long>(first)),
                             _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14))};
  }
  XGRAD_INLINE static Lanes product(Lanes a, Lanes b) { return {_mm512_mul_epu32(a.word, b.word)}; }
  XGRAD_INLINE Lanes upper() const { return {_mm512_srli_epi64(word, 32)}; }
  XGRAD_INLINE friend Lanes operator^(Lanes a, Lanes b) { return {_mm512_xor_si512(a.word, b.word)}; }
  XGRAD_INLINE static void store(Lanes even, Lanes odd, std::uint32_t* to) {
    _mm512_storeu_si512(to, _mm512_mask_blend_epi32(0xaaaa, even.word, _mm512_slli_epi64(odd.word, 32)));
  }
};
#elif defined(__AVX2__)
template <>
struct Lanes<xsimd::fma3<xsimd::avx2> > {
  __m256i word;
  static constexpr std::size_t size = 4;

  XGRAD_INLINE static Lanes all(std::uint32_t value) { return {_mm256_set1_epi32(static_cast<int>(value))}; }
  XGRAD_INLINE static Lanes every_second(std::uint64_t first) {
    return {_mm256_add_epi64(_mm256_set1_epi64x(static_cast<long long>(first)), _mm256_setr_epi64x(0, 2, 4, 6))};
  }
  XGRAD_INLINE static Lanes product(Lanes a, Lanes b) { return {_mm256_mul_epu32(a.word, b.word)}; }
  XGRAD_INLINE Lanes upper() const { return {_mm256_srli_epi64(word, 32)}; }
  XGRAD_INLINE friend Lanes operator^(Lanes a, Lanes b) { return {_mm256_xor_si256(a.word, b.word)}; }
  XGRAD_INLINE static void store(Lanes even, Lanes odd, std::uint32_t* to) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                        _mm256_blend_epi32(even.word, _mm256_slli_epi64(odd.word, 32), 0xaa));
  }
};
#elif defined(__SSE2__)
template <>
struct Lanes<xsimd::sse2> {
  __m128i word;
  static constexpr std::size_t size = 2;

  XGRAD_INLINE static Lanes all(std::uint32_t value) { return {_mm_set1_epi32(static_cast<int>(value))}; }
  XGRAD_INLINE static Lanes every_second(std::uint64_t first) {
    return {_mm_add_epi64(_mm_set1_epi64x(static_cast<long long>(first)), _mm_set_epi64x(2, 0))};
  }
  XGRAD_INLINE static Lanes product(Lanes a, Lanes b) { return {_mm_mul_epu32(a.word, b.word)}; }
  XGRAD_INLINE Lanes upper() const { return {_mm_srli_epi64(word, 32)}; }
  XGRAD_INLINE friend Lanes operator^(Lanes a, Lanes b) { return {_mm_xor_si128(a.word, b.word)}; }
  XGRAD_INLINE static void store(Lanes even, Lanes odd, std::uint32_t* to) {
    const __m128i lower = _mm_set1_epi64x(0xffffffff);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm_or_si128(_mm_and_si128(even.word, lower), _mm_slli_epi64(odd.word, 32)));
  }
};
#endif

/// The words of some blocks, whose numbers are in `block`.
template <class L>
struct State {
  L word[4];

  XGRAD_INLINE State(L block, Counter counter)
      : word{block, block.upper(), L::all(counter.stream), L::all(counter.attempt)} {}
  XGRAD_INLINE void turn(L first_multiplier, L second_multiplier, L first_key, L second_key) {
    const L first = L::product(first_multiplier, word[0]);
    const L second = L::product(second_multiplier, word[2]);
    word[0] = second.upper() ^ (word[1] ^ first_key);
    word[2] = first.upper() ^ (word[3] ^ second_key);
    word[1] = second;
    word[3] = first;
  }
};

/// A group of consecutive blocks, the first of which is that of the counter.
template <class Arch>
XGRAD_INLINE void fill(Words& words, const Keys& keys, Counter counter) {
  using L = Lanes<Arch>;
  const L first_multiplier = L::all(multipliers[0]);
  const L second_multiplier = L::all(multipliers[1]);
  for (std::size_t at = 0; at < group; at += 2 * L::size) {
    State<L> even(L::every_second(counter.block + at), counter);
    State<L> odd(L::every_second(counter.block + at + 1), counter);
    for (const auto& key : keys.word) {
      const L first_key = L::all(key[0]);
      const L second_key = L::all(key[1]);
      even.turn(first_multiplier, second_multiplier, first_key, second_key);
      odd.turn(first_multiplier, second_multiplier, first_key, second_key);
    }
    for (std::size_t k = 0; k < 4; ++k) L::store(even.word[k], odd.word[k], words[k] + at);
  }
}

/// One block.
XGRAD_INLINE std::array<std::uint32_t, 4> block(std::uint64_t key, Counter counter) {
  using L = Lanes<void>;
  const Keys keys(key);
  State<L> state({counter.block}, counter);
  for (const auto& each : keys.word) {
    state.turn(L::all(multipliers[0]), L::all(multipliers[1]), L::all(each[0]), L::all(each[1]));
  }
  std::array<std::uint32_t, 4> words;
  for (std::size_t k = 0; k < 4; ++k) words[k] = static_cast<std::uint32_t>(state.word[k].word);
  return words;
}

}  // namespace xgrad::backend::cpu::kernels::simd::philox
