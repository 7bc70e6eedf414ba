// Fields of tables in text files.
#pragma once

#include <charconv>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

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

/// A number that is the whole field, whatever locale the program has chosen. What is no number is an invalid argument.
template <class T>
std::errc read_whole(std::string_view field, T& value) {
  // from_chars knows no leading plus sign.
  const std::string_view digits = field.starts_with('+') && !field.starts_with("+-") ? field.substr(1) : field;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return end == digits.data() + digits.size() ? error : std::errc::invalid_argument;
}

}  // namespace xgrad::io
