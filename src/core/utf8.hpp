// Letters of texts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace xgrad::core {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 0;  ///< that it takes in UTF-8; 0: it is none
};

/// What a text begins with. Too many bytes for a code point, and halves of pairs, are none.
inline CodePoint first_code_point(std::string_view text) noexcept {
  if (text.empty()) return {};
  const auto byte = [&](std::size_t k) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[k])); };
  const std::uint32_t first = byte(0);
  if (first < 0x80U) return {first, 1};
  const std::size_t bytes = first >= 0xF0U ? 4 : first >= 0xE0U ? 3 : 2;
  if (first < 0xC2U || first > 0xF4U || text.size() < bytes) return {};
  std::uint32_t value = first & (0xFFU >> (bytes + 1));
  for (std::size_t k = 1; k < bytes; ++k) {
    if ((byte(k) & 0xC0U) != 0x80U) return {};
    value = value << 6U | (byte(k) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  const bool is_half = value >= 0xD800U && value <= 0xDFFFU;
  return value < least[bytes] || value > 0x10FFFFU || is_half ? CodePoint{} : CodePoint{value, bytes};
}

}  // namespace xgrad::core
