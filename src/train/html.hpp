// Writes HTML that is well-formed XML, too.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xgrad::train {

/// A text as UTF-8 without control characters but tabs and line ends: what is not is replaced by U+FFFD.
[[nodiscard]] std::string clean_text(std::string_view text);

/// A clean text as it stands between tags or in the quotes of an attribute.
[[nodiscard]] std::string html_text(std::string_view text);

/// A number to four digits.
[[nodiscard]] std::string short_number(double number);

/// "<h2>Loss</h2>", with the text escaped.
[[nodiscard]] std::string html_element(std::string_view name, std::string_view text);

/// Two columns, the first of them names.
[[nodiscard]] std::string html_pairs(const std::vector<std::pair<std::string, std::string>>& pairs);

/// A picture of draw as a part of a page: without what only a file of its own needs.
[[nodiscard]] std::string inline_svg(std::string_view document);

/// A page that allows no scripts and nothing from outside.
[[nodiscard]] std::string html_page(std::string_view title, std::string_view body);

}  // namespace xgrad::train
