// As much of JSON as the headers of files have.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "input.hpp"

namespace xgrad::io {

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;
/// A text in quotes, as JSON has it.
[[nodiscard]] std::string json_text(std::string_view text);

/// Reads one value after the other, of kinds that the reader asks for; nothing nests deeper than the code that reads.
class JsonReader {
 public:
  /// \param offset  of the text in the file.
  JsonReader(const InputFile& file, std::string_view text, std::size_t offset)
      : file_(file), text_(text), offset_(offset) {}

  /// Calls f for each member of an object, with its name, to read its value.
  template <class F>
  void object(F f) {
    each('{', '}', [&] {
      std::string name = this->text();
      expect(':');
      f(std::move(name));
    });
  }
  template <class F>
  void array(F f) {
    each('[', ']', f);
  }
  std::string text();
  std::uint64_t number();
  /// Nothing but spaces is left.
  void end();
  [[noreturn]] void fail(std::string_view rule) const { file_.fail(offset_ + at_, rule); }

 private:
  template <class F>
  void each(char open, char close, F f) {
    expect(open);
    if (next() == close) return expect(close);
    while (true) {
      f();
      if (next() == close) return expect(close);
      expect(',');
    }
  }
  /// The next character that is no space; 0 at the end.
  char next();
  void expect(char c);
  std::uint32_t four_digits();
  void append_escape(std::string& to);

  const InputFile& file_;
  std::string_view text_;
  std::size_t offset_;
  std::size_t at_ = 0;
};

}  // namespace xgrad::io
