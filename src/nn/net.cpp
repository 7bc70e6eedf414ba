// Nets of lines, and lines of a text.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/nn/by_name.hpp>

#include "core/text.hpp"

namespace xgrad::nn {
namespace {

/// How deep nets stand in nets in a text.
constexpr int deepest_net = 64;

constexpr std::string_view blanks = " \t\r";

struct TextLine {
  std::size_t number = 0;  ///< from 1
  std::string_view text;
};

/// Of a line, or the text of one that is too long for a message.
std::string place_of(const TextLine& line) {
  return "net: line " + std::to_string(line.number) + ", \"" + core::shortened(line.text) + "\": ";
}

[[noreturn]] void throw_unreadable(const TextLine& line, const std::string& why) {
  throw ValueError(place_of(line) + why);
}

/// Calls f, and says where errors were.
template <class F>
auto located(const std::string& place, F f) {
  try {
    return f();
  } catch (const ShapeError& error) {
    throw ShapeError(place + error.what());
  } catch (const TypeError& error) {
    throw TypeError(place + error.what());
  } catch (const ValueError& error) {
    throw ValueError(place + error.what());
  }
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

/// The line without its comment: a # in quotes begins none.
std::string_view without_comment(std::string_view line) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (line[i] == '#' && !quoted) return line.substr(0, i);
  }
  return line;
}

/// The lines that are not empty.
std::vector<TextLine> lines_of(std::string_view text) {
  std::vector<TextLine> lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trimmed(without_comment(text.substr(0, end)));
    if (!line.empty()) lines.push_back({number, line});
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

template <class T>
std::optional<T> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The numbers of "[1,2]" as an array: of integers if all are.
SettingValue list_of(const TextLine& line, std::string_view text) {
  std::vector<std::int64_t> integers;
  std::vector<double> numbers;
  std::string_view rest = text.substr(1, text.size() - 2);
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view each = trimmed(rest.substr(0, comma));
    const std::optional<double> number = number_of<double>(each);
    if (!number) throw_unreadable(line, "\"" + core::shortened(each) + "\" in a list; it must be a number");
    numbers.push_back(*number);
    if (const auto integer = number_of<std::int64_t>(each)) integers.push_back(*integer);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return integers.size() == numbers.size() ? SettingValue(Var(integers)) : SettingValue(Var(numbers));
}

SettingValue value_of(const TextLine& line, std::string_view text) {
  if (text == "true" || text == "false") return {text == "true"};
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') return list_of(line, text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    return {std::string(text.substr(1, text.size() - 2))};
  }
  if (const auto integer = number_of<std::int64_t>(text)) return {*integer};
  if (const auto number = number_of<double>(text)) return {*number};
  return {std::string(text)};
}

/// What comes next in a line, up to a blank that stands neither in quotes nor in a list.
std::string_view next_word(const TextLine& line, std::string_view& rest) {
  rest = trimmed(rest);
  bool quoted = false;
  bool listed = false;
  std::size_t end = 0;
  for (; end < rest.size(); ++end) {
    const char c = rest[end];
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '[' || c == ']')) listed = c == '[';
    if (!quoted && !listed && blanks.find(c) != std::string_view::npos) break;
  }
  if (quoted || listed) throw_unreadable(line, quoted ? "a quote that does not end" : "a list that does not end");
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

/// Name and settings of a line, without the brace at its end.
Line read_line(const TextLine& line, std::string_view text) {
  Line result{std::string(next_word(line, text)), {}};
  if (result.name.empty()) throw_unreadable(line, "no name of a layer");
  while (!trimmed(text).empty()) {
    const std::string_view word = next_word(line, text);
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == word.size()) {
      throw_unreadable(line, "\"" + core::shortened(word) + "\" is no setting; write name=value");
    }
    const std::string setting(word.substr(0, equals));
    if (!result.settings.emplace(setting, value_of(line, word.substr(equals + 1))).second) {
      throw_unreadable(line, "the setting \"" + core::shortened(setting) + "\" is there twice");
    }
  }
  return result;
}

/// Reads lines from `next` on, up to the end or to a brace that closes; leaves `next` there.
Net read_net(const std::vector<TextLine>& lines, std::size_t& next, const random::Key& key, int depth) {
  Net net;
  for (; next < lines.size() && lines[next].text != "}"; ++next) {
    const TextLine opening = lines[next];
    const random::Key own = key.fold_in(static_cast<std::int64_t>(net.layers.size()));
    const bool opens = opening.text.back() == '{';
    Line line = read_line(opening, opening.text.substr(0, opening.text.size() - (opens ? 1 : 0)));
    if (opens) {
      if (depth == deepest_net) throw_unreadable(opening, "nets in nets, deeper than " + std::to_string(deepest_net));
      Net inner = read_net(lines, ++next, own, depth + 1);
      if (next == lines.size()) throw_unreadable(opening, "a brace that nothing closes");
      const AnyLayer layer = inner.layers.size() == 1 ? inner.layers[0] : AnyLayer(std::move(inner));
      if (!line.settings.emplace("inner", layer).second) throw_unreadable(opening, "\"inner\" is there twice");
    }
    net.layers.push_back(located(place_of(opening), [&] { return by_name(line.name, line.settings, own); }));
  }
  return net;
}

}  // namespace

Net net(const std::vector<Line>& lines, const random::Key& key) {
  Net result;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string place = "net: line " + std::to_string(i + 1) + ", \"" + core::shortened(lines[i].name) + "\": ";
    result.layers.push_back(located(
        place, [&] { return by_name(lines[i].name, lines[i].settings, key.fold_in(static_cast<std::int64_t>(i))); }));
  }
  return result;
}

Net net_from_text(std::string_view text, const random::Key& key) {
  const std::vector<TextLine> lines = lines_of(text);
  std::size_t next = 0;
  Net result = read_net(lines, next, key, 0);
  if (next != lines.size()) throw_unreadable(lines[next], "a brace that nothing opens");
  return result;
}

}  // namespace xgrad::nn
