// Floating-point numbers of 16 bits, to the nearest, of two the even one.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace xgrad::mpi {

/// 8 bits of the fraction, the range of a float. Finite numbers stay finite.
struct Bfloat16 {
  static std::uint16_t of(float x) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    if (!std::isfinite(x)) return static_cast<std::uint16_t>((bits >> 16U) | (std::isnan(x) ? 0x40U : 0U));
    const std::uint32_t rounded = bits + 0x7FFFU + ((bits >> 16U) & 1U);
    const bool too_large = (rounded & 0x7F800000U) == 0x7F800000U;
    return static_cast<std::uint16_t>(too_large ? ((bits >> 16U) & 0x8000U) | 0x7F7FU : rounded >> 16U);
  }
  static float value(std::uint16_t half) noexcept { return std::bit_cast<float>(std::uint32_t{half} << 16U); }
};

/// 11 bits of the fraction, up to 65504; what is larger, and finite, becomes that.
struct Float16 {
  static std::uint16_t of(float x) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t sign = (bits >> 16U) & 0x8000U;
    const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
    if (magnitude >= 0x7F800000U) {
      return static_cast<std::uint16_t>(sign | 0x7C00U | (std::isnan(x) ? 0x200U : 0U));
    }
    if (magnitude >= 0x477FF000U) return static_cast<std::uint16_t>(sign | 0x7BFFU);  // 65520 would be infinite
    if (magnitude < 0x38800000U) {                                                    // below 2^-14 steps are equal
      return static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(std::nearbyint(std::fabs(x) * 0x1p24F)));
    }
    return static_cast<std::uint16_t>(sign | ((magnitude + 0xFFFU + ((magnitude >> 13U) & 1U) - (112U << 23U)) >> 13U));
  }
  static float value(std::uint16_t half) noexcept {
    const std::uint32_t magnitude = half & 0x7FFFU;
    float result = 0.0F;
    if (magnitude >= 0x7C00U) {
      result = std::bit_cast<float>(0x7F800000U | ((magnitude & 0x3FFU) << 13U));
    } else if (magnitude < 0x400U) {
      result = static_cast<float>(magnitude) * 0x1p-24F;
    } else {
      result = std::bit_cast<float>((magnitude << 13U) + (112U << 23U));
    }
    return (half & 0x8000U) != 0 ? -result : result;
  }
};

}  // namespace xgrad::mpi
