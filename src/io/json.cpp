#include "json.hpp"

#include <charconv>

#include "core/utf8.hpp"

namespace xgrad::io {
namespace {

void append_utf8(std::string& to, std::uint32_t code) {
  const auto more = [&](unsigned shift) { to += static_cast<char>(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x80U) {
    to += static_cast<char>(code);
  } else if (code < 0x800U) {
    to += static_cast<char>(0xC0U | code >> 6U);
    more(0);
  } else if (code < 0x10000U) {
    to += static_cast<char>(0xE0U | code >> 12U);
    more(6);
    more(0);
  } else {
    to += static_cast<char>(0xF0U | code >> 18U);
    more(12);
    more(6);
    more(0);
  }
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t bytes = core::first_code_point(text).bytes;
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::string json_text(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20U) {
      constexpr std::string_view digits = "0123456789abcdef";
      result += "\\u00";
      result += digits[static_cast<unsigned char>(c) >> 4U];
      result += digits[static_cast<unsigned char>(c) & 0xFU];
    } else {
      result += c;
    }
  }
  return result + '"';
}

char JsonReader::next() {
  while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  return at_ < text_.size() ? text_[at_] : '\0';
}

void JsonReader::expect(char c) {
  if (next() != c || at_ == text_.size()) fail(std::string("the header is JSON that has a '") + c + "' here");
  ++at_;
}

void JsonReader::end() {
  (void)next();
  if (at_ != text_.size()) fail("nothing but spaces follows the JSON of the header");
}

std::uint64_t JsonReader::number() {
  (void)next();
  std::uint64_t result = 0;
  const char* const first = text_.data() + at_;
  const auto [last, error] = std::from_chars(first, text_.data() + text_.size(), result);
  if (error != std::errc() || (*first == '0' && last - first > 1)) fail("here is a number from 0 to 2^64 - 1");
  at_ += static_cast<std::size_t>(last - first);
  return result;
}

std::string JsonReader::text() {
  expect('"');
  std::string result;
  while (true) {
    if (at_ == text_.size()) fail("the header ends in a text");
    const char c = text_[at_];
    if (c == '"') break;
    if (static_cast<unsigned char>(c) < 0x20U) fail("a text has no control characters but as escapes");
    if (c == '\\') {
      ++at_;
      append_escape(result);
      continue;
    }
    const std::size_t bytes = core::first_code_point(text_.substr(at_)).bytes;
    if (bytes == 0) fail("a text is UTF-8");
    result.append(text_.substr(at_, bytes));
    at_ += bytes;
  }
  ++at_;
  return result;
}

void JsonReader::append_escape(std::string& to) {
  constexpr std::string_view names = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  if (at_ == text_.size()) fail("the header ends in a text");
  const char c = text_[at_++];
  if (const std::size_t known = names.find(c); known != std::string_view::npos) {
    to += meanings[known];
    return;
  }
  if (c != 'u') fail("there is no such escape");
  std::uint32_t code = four_digits();
  if (code >= 0xD800U && code < 0xDC00U && text_.substr(at_).starts_with("\\u")) {
    at_ += 2;
    const std::uint32_t low = four_digits();
    if (low < 0xDC00U || low > 0xDFFFU) fail("one half of a pair of escapes follows the other");
    code = 0x10000U + ((code - 0xD800U) << 10U) + (low - 0xDC00U);
  } else if (code >= 0xD800U && code <= 0xDFFFU) {
    fail("one half of a pair of escapes follows the other");
  }
  append_utf8(to, code);
}

std::uint32_t JsonReader::four_digits() {
  const std::string_view digits = text_.substr(at_, 4);
  std::uint32_t result = 0;
  const auto [last, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result, 16);
  if (digits.size() != 4 || error != std::errc() || last != digits.data() + 4)
    fail("four hexadecimal digits follow \\u");
  at_ += 4;
  return result;
}

}  // namespace xgrad::io
