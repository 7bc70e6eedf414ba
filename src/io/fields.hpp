// Fields of tables in text files.
#pragma once

#include <charconv>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "core/text.hpp"
#include "input.hpp"

namespace xgrad::io {

inline std::string text_of_file(std::string_view operation, const std::filesystem::path& path) {
  const InputFile file(operation, path);
  return file.read(0, file.size());
}

inline std::string_view without_spaces(std::string_view field) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!field.empty() && is_space(field.front())) field.remove_prefix(1);
  while (!field.empty() && is_space(field.back())) field.remove_suffix(1);
  return field;
}

/// Whether fields may stand apart by it: no letter, digit or byte beyond ASCII, whatever the locale, and none of the
/// others.
inline bool separates(char c, std::string_view others) {
  const char small = core::lower(c);
  const bool is_part = (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) > 127;
  return !is_part && others.find(c) == std::string_view::npos;
}

/// A number that is the whole field, whatever locale the program has chosen. What is no number is an invalid argument.
template <class T>
std::errc read_whole(std::string_view field, T& value) {
  // from_chars knows no leading plus sign.
  const std::string_view digits = field.starts_with('+') && !field.starts_with("+-") ? field.substr(1) : field;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return end == digits.data() + digits.size() ? error : std::errc::invalid_argument;
}

}  // namespace xgrad::io
