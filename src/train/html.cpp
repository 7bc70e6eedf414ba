#include "train/html.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "core/utf8.hpp"

namespace xgrad::train {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

constexpr std::string_view style = R"(
body { font: 15px/1.5 Helvetica, Arial, "DejaVu Sans", sans-serif; color: #222222; background: white;
  max-width: 1100px; margin: 2em auto; padding: 0 1.5em; }
h1 { font-size: 1.7em; } h2 { font-size: 1.25em; margin-top: 2em; border-bottom: 1px solid #e4e4e4; }
figure { margin: 0; } figcaption, .note { color: #555555; font-size: 0.87em; }
svg { max-width: 100%; height: auto; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 1.5em; }
table { border-collapse: collapse; font-size: 0.87em; } .wide { overflow-x: auto; }
th, td { padding: 0.2em 0.7em; border-bottom: 1px solid #e4e4e4; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
.numbers td, .numbers th { text-align: right; font-variant-numeric: tabular-nums; }
pre { font: 13px/1.4 "DejaVu Sans Mono", Menlo, Consolas, monospace; background: #f6f6f6; padding: 1em; overflow-x: auto; }
)";

/// Whether HTML and XML both allow it.
bool is_allowed(std::uint32_t point) {
  if (point < 0x20U) return point == '\t' || point == '\n';
  return (point < 0x7FU || point > 0x9FU) && (point & 0xFFFEU) != 0xFFFEU && (point < 0xFDD0U || point > 0xFDEFU);
}

}  // namespace

std::string clean_text(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto [point, bytes] = core::first_code_point(text);
    const bool is_line_end = point == '\r' && bytes == 1;
    if (is_line_end) result += text.starts_with("\r\n") ? "" : "\n";
    else if (bytes > 0 && is_allowed(point)) result += text.substr(0, bytes);
    else result += replacement;
    text.remove_prefix(bytes > 0 ? bytes : 1);
  }
  return result;
}

std::string html_text(std::string_view text) {
  std::string result;
  for (const char c : clean_text(text)) {
    if (c == '&') result += "&amp;";
    else if (c == '<') result += "&lt;";
    else if (c == '>') result += "&gt;";
    else if (c == '"') result += "&quot;";
    else if (c == '\'') result += "&#39;";
    else result += c;
  }
  return result;
}

std::string short_number(double number) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::general, 4);
  return {digits.data(), end.ptr};
}

std::string html_element(std::string_view name, std::string_view text) {
  const std::string tag(name);
  return "<" + tag + ">" + html_text(text) + "</" + tag + ">\n";
}

std::string html_pairs(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string result = "<table>\n";
  for (const auto& [name, value] : pairs) {
    result += "<tr><th scope=\"row\">" + html_text(name) + "</th><td>" + html_text(value) + "</td></tr>\n";
  }
  return result + "</table>\n";
}

std::string inline_svg(std::string_view document) {
  const std::size_t begin = document.find("<svg");
  std::string result(document.substr(begin == std::string_view::npos ? document.size() : begin));
  constexpr std::string_view name_space = " xmlns=\"http://www.w3.org/2000/svg\"";
  if (const std::size_t found = result.find(name_space); found != std::string::npos) {
    result.erase(found, name_space.size());
  }
  return result;
}

std::string html_page(std::string_view title, std::string_view body) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n" +
         html_element("title", title) + "<style>" + std::string(style) + "</style>\n</head>\n<body>\n" +
         std::string(body) + "</body>\n</html>\n";
}

}  // namespace xgrad::train
