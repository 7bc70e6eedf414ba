// Pack: the numbers in one SIMD register, with the operators and functions that the scalar functions use.
//
// simd: packs and the functions of them, exp to pow. It includes xsimd and nothing else of xgrad, not even primitives.
//
// Units that are compiled for different instruction sets include this header into one program, and the linker merges
// functions of one name. Each function is therefore a template over the architecture and always inlined; nothing here
// may depend on what else the unit includes, and no function of the standard library may be called from here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <xsimd/xsimd.hpp>

#define XGRAD_INLINE [[gnu::always_inline]] inline

// g++ before 13 takes the unused operands in its own AVX-512 header for uninitialised variables (GCC PR 105593).
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13 && defined(__AVX512F__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace xgrad::backend::cpu::kernels::simd {

template <class T, class Arch>
struct Pack;

/// One truth value for each number of a Pack.
template <class T, class Arch>
struct Mask {
  using Batch = xsimd::batch_bool<T, Arch>;

  Batch batch;

  Mask() = default;
  XGRAD_INLINE Mask(Batch value) : batch(value) {}
  XGRAD_INLINE explicit Mask(bool value) : batch(value) {}

  static constexpr std::size_t size = xsimd::batch<T, Arch>::size;

  /// From and to one byte for each value. Written out for the registers of SSE2 and AVX2, where xsimd takes them one by
  /// one.
  XGRAD_INLINE static Mask load(const bool* from) {
#if defined(__AVX2__)
    if constexpr (sizeof(Batch) == 32 && sizeof(T) == 8) {
      return Batch(_mm256_castsi256_pd(widened_to_64(bytes_at<std::int32_t>(from))));
    } else if constexpr (sizeof(Batch) == 32 && sizeof(T) == 4) {
      return Batch(_mm256_castsi256_ps(widened_to_32(bytes_at<std::int64_t>(from))));
    } else
#elif defined(__SSE2__)
    if constexpr (sizeof(Batch) == 16 && sizeof(T) == 8) {
      const __m128i words = widened(bytes_at<std::uint16_t>(from));
      return Batch(_mm_castsi128_pd(_mm_unpacklo_epi32(words, words)));
    } else if constexpr (sizeof(Batch) == 16 && sizeof(T) == 4) {
      return Batch(_mm_castsi128_ps(widened(bytes_at<std::int32_t>(from))));
    } else
#endif
      return Batch::load_unaligned(from);
  }
  XGRAD_INLINE void store(bool* to) const {
#if defined(__AVX2__)
    if constexpr (sizeof(Batch) == 32 && sizeof(T) == 8) {
      const std::uint32_t bytes = bytes_of_bits(_mm256_movemask_pd(batch));
      __builtin_memcpy(to, &bytes, 4);
    } else if constexpr (sizeof(Batch) == 32 && sizeof(T) == 4) {
      const int bits = _mm256_movemask_ps(batch);
      const std::uint32_t bytes[2] = {bytes_of_bits(bits & 0xf), bytes_of_bits(bits >> 4)};
      __builtin_memcpy(to, bytes, 8);
    } else
#elif defined(__SSE2__)
    if constexpr (sizeof(Batch) == 16 && sizeof(T) == 8) {
      const std::uint32_t bytes = bytes_of_bits(_mm_movemask_pd(batch));
      __builtin_memcpy(to, &bytes, 2);
    } else if constexpr (sizeof(Batch) == 16 && sizeof(T) == 4) {
      const std::uint32_t bytes = bytes_of_bits(_mm_movemask_ps(batch));
      __builtin_memcpy(to, &bytes, 4);
    } else
#endif
      batch.store_unaligned(to);
  }

  XGRAD_INLINE friend Mask operator&&(Mask a, Mask b) { return a.batch & b.batch; }
  XGRAD_INLINE friend Mask operator||(Mask a, Mask b) { return a.batch | b.batch; }
  XGRAD_INLINE friend Mask operator!(Mask a) { return ~a.batch; }
  XGRAD_INLINE friend bool any(Mask a) { return xsimd::any(a.batch); }
  XGRAD_INLINE friend bool every(Mask a) { return all(a); }
  XGRAD_INLINE friend bool all(Mask a) {
#if defined(__AVX2__)  // one instruction less than xsimd's
    if constexpr (sizeof(Batch) == 32 && sizeof(T) == 8) return _mm256_movemask_pd(a.batch) == 0xf;
    if constexpr (sizeof(Batch) == 32 && sizeof(T) == 4) return _mm256_movemask_ps(a.batch) == 0xff;
#endif
    return xsimd::all(a.batch);
  }

 private:
  template <class Integer>
  XGRAD_INLINE static Integer bytes_at(const bool* from) {
    Integer bytes;
    __builtin_memcpy(&bytes, from, sizeof bytes);
    return bytes;
  }
  /// Four bits as four bytes of 0 or 1: the factor puts bit i at bit 8 i.
  XGRAD_INLINE static std::uint32_t bytes_of_bits(int bits) {
    return (static_cast<std::uint32_t>(bits) * 0x00204081U) & 0x01010101U;
  }
  // Bytes of 0 or 1 as numbers of which all bits are 0 or 1.
#if defined(__AVX2__)
  XGRAD_INLINE static __m256i widened_to_64(std::int32_t bytes) {
    return _mm256_sub_epi64(_mm256_setzero_si256(), _mm256_cvtepu8_epi64(_mm_cvtsi32_si128(bytes)));
  }
  XGRAD_INLINE static __m256i widened_to_32(std::int64_t bytes) {
    return _mm256_sub_epi32(_mm256_setzero_si256(), _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(bytes)));
  }
#elif defined(__SSE2__)
  XGRAD_INLINE static __m128i widened(std::int32_t bytes) {
    const __m128i twice = _mm_unpacklo_epi8(_mm_cvtsi32_si128(bytes), _mm_cvtsi32_si128(bytes));
    return _mm_cmpgt_epi32(_mm_unpacklo_epi16(twice, twice), _mm_setzero_si128());
  }
#endif
};

/// The bit patterns of a Pack's numbers as unsigned integers.
template <class T, class Arch>
struct Bits {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8);
  using Unsigned = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
  using Batch = xsimd::batch<Unsigned, Arch>;

  Batch batch;

  XGRAD_INLINE Bits(Batch value) : batch(value) {}
  XGRAD_INLINE Bits(Unsigned value) : batch(value) {}

  XGRAD_INLINE friend Bits operator+(Bits a, Bits b) { return a.batch + b.batch; }
  XGRAD_INLINE friend Bits operator-(Bits a, Bits b) { return a.batch - b.batch; }
  XGRAD_INLINE friend Bits operator&(Bits a, Bits b) { return a.batch & b.batch; }
  XGRAD_INLINE friend Bits operator|(Bits a, Bits b) { return a.batch | b.batch; }
  XGRAD_INLINE friend Bits operator^(Bits a, Bits b) { return a.batch ^ b.batch; }
  XGRAD_INLINE friend Bits operator<<(Bits a, int count) { return a.batch << count; }
  XGRAD_INLINE friend Bits operator>>(Bits a, int count) { return a.batch >> count; }
};

namespace detail {

template <class To, class From>
XGRAD_INLINE To cast_bits(From from) {
#if XSIMD_VERSION_MAJOR < 9
  return xsimd::bitwise_cast<To>(from);
#else
  return xsimd::bitwise_cast<typename To::value_type>(from);
#endif
}

// xsimd 8.1 knows no fused operation for AVX-512.
template <class Arch>
XGRAD_INLINE auto fused(auto a, auto b, auto c) {
  using Batch = decltype(a);
#if defined(__AVX512F__)
  if constexpr (std::is_base_of_v<xsimd::avx512f, Arch>) {
    if constexpr (std::is_same_v<typename Batch::value_type, double>) return Batch(_mm512_fmadd_pd(a, b, c));
    else return Batch(_mm512_fmadd_ps(a, b, c));
  } else
#endif
    return Batch(xsimd::fma(a, b, c));
}

// On ARM xsimd's quotients and roots of floats are approximations, and its extrema are NaN where one operand is.
#if defined(__aarch64__)
inline constexpr bool is_neon = true;
XGRAD_INLINE float32x4_t exact_quotient(float32x4_t a, float32x4_t b) { return vdivq_f32(a, b); }
XGRAD_INLINE float64x2_t exact_quotient(float64x2_t a, float64x2_t b) { return vdivq_f64(a, b); }
XGRAD_INLINE float32x4_t exact_root(float32x4_t a) { return vsqrtq_f32(a); }
XGRAD_INLINE float64x2_t exact_root(float64x2_t a) { return vsqrtq_f64(a); }
#else
inline constexpr bool is_neon = false;
XGRAD_INLINE auto exact_quotient(auto a, auto b) { return a / b; }
XGRAD_INLINE auto exact_root(auto a) { return xsimd::sqrt(a); }
#endif

}  // namespace detail

/// Whether `fma` of packs rounds once. (On other processors it may, but is not relied on.)
template <class Arch>
inline constexpr bool has_fma =
    std::is_base_of_v<xsimd::fma3<xsimd::avx2>, Arch> || std::is_base_of_v<xsimd::avx512f, Arch>;

template <class T, class Arch>
struct Pack {
  using value_type = T;
  using Batch = xsimd::batch<T, Arch>;
  using MaskType = Mask<T, Arch>;
  using BitsType = Bits<T, Arch>;

  static constexpr std::size_t size = Batch::size;

  Batch batch;

  Pack() = default;
  XGRAD_INLINE Pack(Batch value) : batch(value) {}
  XGRAD_INLINE Pack(T value) : batch(value) {}

  XGRAD_INLINE static Pack load(const T* from) { return Batch::load_unaligned(from); }
  /// The first n numbers, at least one and fewer than there is room for. The rest repeats the first, which is as
  /// harmless as any. Not through memory: a register that is read from what was stored in parts waits for all of them.
  XGRAD_INLINE static Pack load_part(const T* from, std::size_t n) {
    const Pack first(*from);
    if (n == 1) return first;
#if defined(__AVX512F__)
    if constexpr (sizeof(Batch) == 64 && sizeof(T) == 8) {
      return Batch(_mm512_mask_loadu_pd(first.batch, static_cast<__mmask8>((1U << n) - 1), from));
    } else if constexpr (sizeof(Batch) == 64 && sizeof(T) == 4) {
      return Batch(_mm512_mask_loadu_ps(first.batch, static_cast<__mmask16>((1U << n) - 1), from));
    } else
#elif defined(__AVX2__)
    if constexpr (sizeof(Batch) == 32 && sizeof(T) == 8) {
      const __m256i count = _mm256_set1_epi64x(static_cast<std::int64_t>(n));
      const __m256i inside = _mm256_cmpgt_epi64(count, _mm256_setr_epi64x(0, 1, 2, 3));
      return Batch(_mm256_blendv_pd(first.batch, _mm256_maskload_pd(from, inside), _mm256_castsi256_pd(inside)));
    } else if constexpr (sizeof(Batch) == 32 && sizeof(T) == 4) {
      const __m256i count = _mm256_set1_epi32(static_cast<std::int32_t>(n));
      const __m256i inside = _mm256_cmpgt_epi32(count, _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
      return Batch(_mm256_blendv_ps(first.batch, _mm256_maskload_ps(from, inside), _mm256_castsi256_ps(inside)));
    } else
#endif
    {
      T part[size];
      for (std::size_t i = 0; i < size; ++i) part[i] = from[i < n ? i : 0];
      return load(part);
    }
  }
  XGRAD_INLINE void store(T* to) const { batch.store_unaligned(to); }
  /// The first n numbers, fewer than there are. Halves of what is left, because AMD's processors take long for masked
  /// stores of AVX2.
  XGRAD_INLINE void store_part(T* to, std::size_t n) const {
#if defined(__AVX512F__)
    if constexpr (sizeof(Batch) == 64 && sizeof(T) == 8) {
      return _mm512_mask_storeu_pd(to, static_cast<__mmask8>((1U << n) - 1), batch);
    } else if constexpr (sizeof(Batch) == 64 && sizeof(T) == 4) {
      return _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1U << n) - 1), batch);
    } else
#endif
#if defined(__AVX2__)
        if constexpr (sizeof(Batch) == 32 && sizeof(T) == 8) {
      __m128d left = _mm256_castpd256_pd128(batch);
      if ((n & 2U) != 0) {
        _mm_storeu_pd(to, left);
        left = _mm256_extractf128_pd(batch, 1);
      }
      if ((n & 1U) != 0) _mm_store_sd(to + (n & 2U), left);
      return;
    } else if constexpr (sizeof(Batch) == 32 && sizeof(T) == 4) {
      __m128 left = _mm256_castps256_ps128(batch);
      if ((n & 4U) != 0) {
        _mm_storeu_ps(to, left);
        left = _mm256_extractf128_ps(batch, 1);
      }
      if ((n & 2U) != 0) {
        _mm_store_sd(reinterpret_cast<double*>(to + (n & 4U)), _mm_castps_pd(left));
        left = _mm_movehl_ps(left, left);
      }
      if ((n & 1U) != 0) _mm_store_ss(to + (n & 6U), left);
      return;
    } else
#endif
    {
      T all[size];
      store(all);
      for (std::size_t i = 0; i < n; ++i) to[i] = all[i];
    }
  }

  XGRAD_INLINE friend Pack operator+(Pack a, Pack b) { return a.batch + b.batch; }
  XGRAD_INLINE friend Pack operator-(Pack a, Pack b) { return a.batch - b.batch; }
  XGRAD_INLINE friend Pack operator*(Pack a, Pack b) { return a.batch * b.batch; }
  XGRAD_INLINE friend Pack operator/(Pack a, Pack b) { return Batch(detail::exact_quotient(a.batch, b.batch)); }
  // Not xsimd's, which for AVX-512 subtracts from 0 and so loses the sign of a zero.
  XGRAD_INLINE friend Pack operator-(Pack a) { return from_bits(to_bits(a) ^ sign_bit()); }

  XGRAD_INLINE friend MaskType operator<(Pack a, Pack b) { return a.batch < b.batch; }
  XGRAD_INLINE friend MaskType operator<=(Pack a, Pack b) { return a.batch <= b.batch; }
  XGRAD_INLINE friend MaskType operator>(Pack a, Pack b) { return a.batch > b.batch; }
  XGRAD_INLINE friend MaskType operator>=(Pack a, Pack b) { return a.batch >= b.batch; }
  XGRAD_INLINE friend MaskType operator==(Pack a, Pack b) { return a.batch == b.batch; }
  // Not xsimd's: its NaN != NaN is false for AVX and AVX-512.
  XGRAD_INLINE friend MaskType operator!=(Pack a, Pack b) { return !(a == b); }

  /// a where the mask is true, else b.
  XGRAD_INLINE friend Pack select(MaskType mask, Pack a, Pack b) { return xsimd::select(mask.batch, a.batch, b.batch); }

  /// a b + c, rounded once where the architecture can.
  XGRAD_INLINE friend Pack fma(Pack a, Pack b, Pack c) { return detail::fused<Arch>(a.batch, b.batch, c.batch); }

  /// The larger and the smaller; b where a is NaN or b is.
  XGRAD_INLINE friend Pack max(Pack a, Pack b) {
    if constexpr (detail::is_neon) return select(a > b, a, b);
    else return xsimd::max(a.batch, b.batch);
  }
  XGRAD_INLINE friend Pack min(Pack a, Pack b) {
    if constexpr (detail::is_neon) return select(a < b, a, b);
    else return xsimd::min(a.batch, b.batch);
  }

  XGRAD_INLINE friend Pack sqrt(Pack a) { return Batch(detail::exact_root(a.batch)); }
  XGRAD_INLINE friend Pack abs(Pack a) { return from_bits(to_bits(a) & ~sign_bit()); }

  XGRAD_INLINE friend BitsType to_bits(Pack a) { return detail::cast_bits<typename BitsType::Batch>(a.batch); }
  XGRAD_INLINE static Pack from_bits(BitsType bits) { return detail::cast_bits<Batch>(bits.batch); }

  static constexpr typename BitsType::Unsigned sign_bit() {
    return typename BitsType::Unsigned{1} << (8 * sizeof(T) - 1);
  }
};

/// The value, unless the mask is false somewhere in the pack: then what f gives, which is right for all numbers.
template <class T, class Arch, class F>
XGRAD_INLINE Pack<T, Arch> unless(Mask<T, Arch> usual, Pack<T, Arch> value, F f) {
  if (all(usual)) [[likely]]
    return value;
  return f();
}

}  // namespace xgrad::backend::cpu::kernels::simd

namespace xgrad::backend::cpu::kernels {

/// What every processor runs.
#if defined(__x86_64__)
using BaselineArch = xsimd::sse2;
#else
using BaselineArch = xsimd::default_arch;
#endif

}  // namespace xgrad::backend::cpu::kernels
