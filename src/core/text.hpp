// Texts with numbers in them.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <locale>
#include <sstream>
#include <string>
#include <string_view>

namespace xgrad::core {

/// A stream that writes numbers as C++ does, whatever locale the program has chosen, and that throws if there is no
/// memory for them.
struct TextStream : std::ostringstream {
  TextStream() {
    imbue(std::locale::classic());
    exceptions(std::ios::badbit);
  }
};

/// A number as a stream writes it: small ones keep their digits, and large ones are short.
inline std::string text_of(double number) {
  TextStream text;
  text << number;
  return text.str();
}

/// A text that comes from outside, or its beginning if it is too long for a message.
inline std::string shortened(std::string_view text) {
  constexpr std::size_t longest = 60;
  return text.size() <= longest ? std::string(text) : std::string(text.substr(0, longest)) + "...";
}

/// As few digits as tell a number from others.
template <class T>
std::string digits_of(T number) {
  std::array<char, 32> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr};
}

/// A capital letter as a small one. Not std::tolower, which asks the locale: a Turkish one has no other "I".
constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// "1 axis", "2 axes".
inline std::string count_of(std::size_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + ' ' + std::string(number == 1 ? one : many);
}

}  // namespace xgrad::core
