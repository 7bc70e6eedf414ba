#include "npy_format.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include <boost/endian/conversion.hpp>
#include <xgrad/ops/manipulate.hpp>

namespace xgrad::io {
namespace {

constexpr std::string_view npy_magic("\x93NUMPY");

/// The literal of a Python dictionary, of which only this much is understood: {'name': value, ...}.
class NpyDescription {
 public:
  NpyDescription(const Input& input, std::string_view text) : input_(input), rest_(text) {}

  NpyHeader read() {
    NpyHeader header;
    expect('{');
    for (skip(); !rest_.starts_with('}'); skip()) {
      read_entry();
      skip();
      if (!rest_.starts_with('}')) expect(',');
    }
    expect('}');
    skip();
    if (!rest_.empty()) refuse("nothing follows the dictionary");
    if (!format_ || !order_ || !extents_) refuse("it has 'descr', 'fortran_order' and 'shape'");
    header.format = *format_;
    header.columns_first = *order_;
    header.shape = checked_shape(input_, *extents_);
    return header;
  }

 private:
  [[noreturn]] void refuse(std::string_view rule) const {
    std::string quoted;
    for (const char c : rest_.substr(0, 30)) quoted += c >= ' ' && c <= '~' ? c : '?';
    input_.fail("the header is not that of an array, at \"" + quoted + "\": " + std::string(rule));
  }
  void skip() {
    while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_.front()) != std::string_view::npos) {
      rest_.remove_prefix(1);
    }
  }
  void expect(char c) {
    skip();
    if (!rest_.starts_with(c)) refuse(std::string("here is a '") + c + "'");
    rest_.remove_prefix(1);
  }
  bool take(std::string_view word) {
    skip();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  void read_entry() {
    const std::string_view key = text();
    expect(':');
    if (key == "descr" && !format_) {
      format_ = element_format();
    } else if (key == "fortran_order" && !order_) {
      order_ = truth();
    } else if (key == "shape" && !extents_) {
      extents_ = extents();
    } else {
      refuse("there are 'descr', 'fortran_order' and 'shape', each once, and not '" + std::string(key.substr(0, 20)) +
             "'");
    }
  }
  std::string_view text() {
    skip();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    if (quote != '\'' && quote != '"') refuse("here is a text");
    const std::size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) refuse("a text ends with the quote that it begins with");
    const std::string_view result = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return result;
  }
  bool truth() {
    if (take("True")) return true;
    if (!take("False")) refuse("here is True or False");
    return false;
  }
  ElementFormat element_format() {
    skip();
    if (rest_.starts_with('[')) refuse("structures of several fields are not read");
    const std::string_view type = text();
    if (type.find('O') != std::string_view::npos) {
      input_.fail("the elements are pickled Python objects, which are programs, and are not read");
    }
    struct Known {
      std::string_view name;
      Stored type;
    };
    static constexpr Known all[] = {{"b1", Stored::Bool}, {"i1", Stored::I8},  {"i2", Stored::I16},
                                    {"i4", Stored::I32},  {"i8", Stored::I64}, {"u1", Stored::U8},
                                    {"u2", Stored::U16},  {"u4", Stored::U32}, {"u8", Stored::U64},
                                    {"f2", Stored::F16},  {"f4", Stored::F32}, {"f8", Stored::F64}};
    const std::string_view name = type.substr(std::min<std::size_t>(type.size(), 1));
    const auto* const found = std::ranges::find(all, name, &Known::name);
    const bool ordered = found != std::end(all) && (bytes_of(found->type) == 1 || type.front() != '|');
    if (!ordered || std::string_view("<>|=").find(type.front()) == std::string_view::npos) {
      input_.fail("the element type '" + std::string(type.substr(0, 20)) +
                  "' is not read; booleans, integers and real numbers of at most 8 bytes are");
    }
    return {found->type, type.front() == '>'};
  }
  Extents extents() {
    Extents result;
    expect('(');
    for (skip(); !rest_.starts_with(')'); skip()) {
      std::uint64_t extent = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      if (error != std::errc()) refuse("an extent is a number from 0 to 2^64 - 1");
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      take("L");  // of Python 2
      result.push_back(extent);
      skip();
      if (!rest_.starts_with(')')) expect(',');
    }
    expect(')');
    return result;
  }

  const Input& input_;
  std::string_view rest_;
  std::optional<ElementFormat> format_;
  std::optional<bool> order_;
  std::optional<Extents> extents_;
};

}  // namespace

NpyHeader read_npy_header(Input& input) {
  if (input.text(npy_magic.size()) != npy_magic) input.fail("it does not begin as a file of numpy.save does");
  const std::string version = input.text(2);
  if (version[0] < 1 || version[0] > 3 || version[1] != 0) {
    input.fail("its format has the version " + std::to_string(static_cast<unsigned char>(version[0])) + "." +
               std::to_string(static_cast<unsigned char>(version[1])) + "; 1.0, 2.0 and 3.0 are read");
  }
  const std::string length = input.text(version[0] == 1 ? 2 : 4);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(length.data());
  const std::size_t size =
      version[0] == 1 ? boost::endian::load_little_u16(bytes) : boost::endian::load_little_u32(bytes);
  const std::string text = input.text(size);
  return NpyDescription(input, text).read();
}

Var read_npy_array(std::string_view operation, Input& input, std::optional<DType> as) {
  const NpyHeader header = read_npy_header(input);
  const DType dtype = read_as(operation, header.format.type, as);
  if (!header.columns_first) {
    Var result = read_elements(input, header.format, header.shape, dtype);
    input.require_end();
    return result;
  }
  // Columns first is the transpose, rows first.
  const Shape reversed(header.shape.rbegin(), header.shape.rend());
  const Var transposed = read_elements(input, header.format, reversed, dtype);
  input.require_end();
  return transpose(transposed);
}

std::string npy_header(DType dtype, const Shape& shape) {
  constexpr std::string_view types[] = {"|b1", "<i8", "<f4", "<f8"};
  std::string text =
      "{'descr': '" + std::string(types[static_cast<std::size_t>(dtype)]) + "', 'fortran_order': False, 'shape': (";
  for (std::size_t k = 0; k < shape.size(); ++k) text += (k > 0 ? ", " : "") + std::to_string(shape[k]);
  text += shape.size() == 1 ? ",), }" : "), }";
  const std::size_t before = npy_magic.size() + 4;
  text.resize((before + text.size() + 64) / 64 * 64 - before - 1, ' ');  // elements begin at a multiple of 64
  text += '\n';
  std::string result(npy_magic);
  result += {'\1', '\0', static_cast<char>(text.size() & 0xFFU), static_cast<char>(text.size() >> 8U)};
  return result + text;
}

}  // namespace xgrad::io
