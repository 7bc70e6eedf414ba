#include "draw/svg.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

#include <xgrad/core/errors.hpp>
#include <xgrad/draw.hpp>

namespace xgrad::draw {

std::string number(double length) {
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), length, std::chars_format::fixed, 2);
  std::string text(buffer.data(), end.ptr);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\t':
      case '\n':
      case '\r':
        result += ' ';
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) result += "\xEF\xBF\xBD";  // U+FFFD, the replacement character
        else result += c;
    }
  }
  return result;
}

double text_width(std::string_view text, double size) {
  const auto is_first_byte = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  return 0.62 * size * static_cast<double>(std::count_if(text.begin(), text.end(), is_first_byte));
}

void Svg::text(double x, double y, std::string_view text, const TextStyle& style) {
  if (text.empty()) return;
  constexpr std::array<std::string_view, 3> anchors{"start", "middle", "end"};
  body_ += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" font-size=\"" + number(style.size) + "\"";
  if (style.anchor != Anchor::Start) {
    body_ += " text-anchor=\"" + std::string(anchors[static_cast<std::size_t>(style.anchor)]) + "\"";
  }
  if (style.bold) body_ += " font-weight=\"bold\"";
  if (style.upwards) body_ += " transform=\"rotate(-90 " + number(x) + " " + number(y) + ")\"";
  body_ += " fill=\"" + std::string(style.colour) + "\">" + escaped(text) + "</text>\n";
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view colour) {
  body_ += "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" + number(y2) +
           "\" stroke=\"" + std::string(colour) + "\"/>\n";
}

void Svg::rectangle(double x, double y, double width, double height, std::string_view colour) {
  body_ += "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(width) + "\" height=\"" +
           number(height) + "\" fill=\"" + std::string(colour) + "\"/>\n";
}

void Svg::element(std::string_view markup) {
  body_ += markup;
  body_ += '\n';
}

std::string Svg::document(double width, double height) const {
  const std::string w = number(width);
  const std::string h = number(height);
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + w +
         "\" height=\"" + h + "\" viewBox=\"0 0 " + w + " " + h +
         "\" font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\">\n<rect width=\"" + w + "\" height=\"" + h +
         "\" fill=\"white\"/>\n" + body_ + "</svg>\n";
}

namespace {

void write(const std::filesystem::path& path, const std::string& contents) {
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file << contents;
  file.close();
  if (!file) {
    throw IoError("save: cannot write '" + path.string() + "'" +
                  (errno == 0 ? std::string() : std::string(": ") + std::strerror(errno)));
  }
}

}  // namespace

void save(const std::filesystem::path& path, const Plot& plot) { write(path, svg(plot)); }
void save(const std::filesystem::path& path, const Images& images) { write(path, svg(images)); }
void save_text(const std::filesystem::path& path, const std::string& text) { write(path, text); }

}  // namespace xgrad::draw
