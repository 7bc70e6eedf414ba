// Tables with names, quotes, gaps and texts.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/io/csv.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "atomic_file.hpp"
#include "core/text.hpp"
#include "fields.hpp"

namespace xgrad::io {
namespace {

void require_delimiter(const char* operation, char delimiter) {
  if (separates(delimiter, "+-.\"\r\n")) return;
  throw ValueError(std::string(operation) + ": the delimiter may not be part of a number, a quote, or end a line");
}

/// Cuts a text into lines of fields.
class FieldReader {
 public:
  FieldReader(std::string name, std::string_view text, char delimiter)
      : name_(std::move(name)), text_(text), delimiter_(delimiter) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
    while (text_.ends_with('\n') || text_.ends_with('\r')) text_.remove_suffix(1);
  }

  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  /// The fields of the next line, valid as long as this and the text are.
  void read_line(std::vector<std::string_view>& fields) {
    fields.clear();
    line_ = next_line_;
    while (true) {
      fields.push_back(at_ < text_.size() && text_[at_] == '"' ? quoted_field() : plain_field());
      if (at_ < text_.size() && text_[at_] == delimiter_) {
        ++at_;
        continue;
      }
      if (at_ < text_.size() && text_[at_] == '\r') ++at_;
      if (at_ < text_.size()) ++at_;  // the line end, which fields stop at
      ++next_line_;
      return;
    }
  }
  [[noreturn]] void fail(const std::string& rule) const { fail(line_, rule); }
  [[noreturn]] void fail(std::size_t line, const std::string& rule) const {
    throw IoError("read_table: '" + name_ + "', line " + std::to_string(line) + ": " + rule);
  }

 private:
  [[nodiscard]] bool at_field_end() const {
    return at_ >= text_.size() || text_[at_] == delimiter_ || text_[at_] == '\n' ||
           text_.substr(at_).starts_with("\r\n");
  }
  std::string_view plain_field() {
    const std::size_t begin = at_;
    while (!at_field_end()) {
      if (text_[at_] == '"')
        fail("a quote within a field; a field with quotes in it is in quotes, and they are doubled");
      ++at_;
    }
    return without_spaces(text_.substr(begin, at_ - begin));
  }
  std::string_view quoted_field() {
    const std::size_t begin = ++at_;
    bool has_quotes = false;
    while (true) {
      const std::size_t quote = text_.find('"', at_);
      if (quote == std::string_view::npos) fail("a quote that begins on this line does not end");
      next_line_ += static_cast<std::size_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                                        text_.begin() + static_cast<std::ptrdiff_t>(quote), '\n'));
      at_ = quote + 1;
      if (at_ >= text_.size() || text_[at_] != '"') break;
      has_quotes = true;
      ++at_;
    }
    const std::string_view inside = text_.substr(begin, at_ - 1 - begin);
    while (!at_field_end() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    if (!at_field_end()) fail("something follows the quote that ends a field");
    if (!has_quotes) return inside;
    std::string& text = unquoted_.emplace_back();
    for (std::size_t i = 0; i < inside.size(); ++i) {
      text += inside[i];
      if (inside[i] == '"') ++i;
    }
    return text;
  }

  std::string name_;
  std::string_view text_;
  char delimiter_;
  std::deque<std::string> unquoted_;
  std::size_t at_ = 0;
  std::size_t line_ = 1, next_line_ = 1;
};

/// What a column is made of.
class ColumnReader {
 public:
  ColumnReader(const std::vector<std::string>& missing) : missing_(missing) {}  // NOLINT(*-explicit-*)

  void add(std::string_view field) { fields_.push_back(field); }

  TableColumn read(std::string name, const FieldReader& reader) const {
    TableColumn result{std::move(name)};
    if (auto truths = all_of<bool>([](std::string_view field, bool& value) {
          value = field == "true" || field == "True" || field == "TRUE";
          return value || field == "false" || field == "False" || field == "FALSE";
        })) {
      result.numbers = std::move(*truths);
    } else if (auto integers = all_of<std::int64_t>([](std::string_view field, std::int64_t& value) {
                 return read_whole(field, value) == std::errc();
               })) {
      result.numbers = std::move(*integers);
    } else if (auto numbers = all_of<double>([&](std::string_view field, double& value) {
                 value = std::numeric_limits<double>::quiet_NaN();
                 if (std::ranges::find(missing_, field) != missing_.end()) return true;
                 const std::errc error = read_whole(field, value);
                 out_of_range_ = out_of_range_ || error == std::errc::result_out_of_range;
                 return error != std::errc::invalid_argument;
               })) {
      if (out_of_range_)
        reader.fail("a number above here, in the column '" + result.name + "', is outside of the range of double");
      result.numbers = std::move(*numbers);
    } else {
      result.texts.assign(fields_.begin(), fields_.end());
    }
    return result;
  }

 private:
  /// The numbers, if every field is one.
  template <class T, class F>
  std::optional<Array<T>> all_of(F read) const {
    if (fields_.empty()) return {};
    auto result = Array<T>::from_shape(Shape{fields_.size()});
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (!read(fields_[i], result.data()[i])) return {};
    }
    return result;
  }

  const std::vector<std::string>& missing_;
  std::vector<std::string_view> fields_;
  mutable bool out_of_range_ = false;
};

std::vector<std::string> names_of_columns(const FieldReader& reader, const std::vector<std::string_view>& fields,
                                          bool header) {
  std::vector<std::string> result;
  std::set<std::string_view> seen;
  for (std::size_t k = 0; k < fields.size(); ++k) {
    if (header && !seen.insert(fields[k]).second) reader.fail("the name '" + std::string(fields[k]) + "' comes twice");
    result.push_back(header ? std::string(fields[k]) : std::to_string(k));
  }
  return result;
}

}  // namespace

const TableColumn& Table::operator[](std::string_view name) const {
  std::string known;
  for (const TableColumn& column : columns) {
    if (column.name == name) return column;
    known += (known.empty() ? "'" : ", '") + column.name + "'";
  }
  throw ValueError("Table: there is no column '" + std::string(name) + "'; there are " + known);
}

Var Table::matrix(const std::vector<std::string>& names) const {
  std::vector<Var> result;
  const auto add = [&](const TableColumn& column) {
    if (column.is_text()) throw ValueError("Table::matrix: the column '" + column.name + "' has texts");
    result.push_back(cast(column.numbers, DType::Float64));
  };
  for (const std::string& name : names) add((*this)[name]);
  if (names.empty()) std::ranges::for_each(columns, add);
  return stack(result, 1);
}

Table read_table(const std::filesystem::path& path, const TableOptions& options) {
  require_delimiter("read_table", options.delimiter);
  const std::string text = text_of_file("read_table", path);
  FieldReader reader(path.string(), text, options.delimiter);
  if (reader.at_end()) reader.fail("it is empty; a table has at least one line");
  std::vector<std::string_view> fields;
  reader.read_line(fields);
  const std::vector<std::string> names = names_of_columns(reader, fields, options.header);
  std::vector<ColumnReader> columns(names.size(), ColumnReader(options.missing));
  const auto add_line = [&] {
    if (fields.size() != names.size()) {
      reader.fail("it has " + core::count_of(fields.size(), "field", "fields") + ", the first line has " +
                  std::to_string(names.size()) + "; all lines need the same number");
    }
    for (std::size_t k = 0; k < fields.size(); ++k) columns[k].add(fields[k]);
  };
  if (!options.header) add_line();
  while (!reader.at_end()) {
    reader.read_line(fields);
    add_line();
  }
  Table result;
  for (std::size_t k = 0; k < names.size(); ++k) result.columns.push_back(columns[k].read(names[k], reader));
  return result;
}

// ---- writing

namespace {

std::string field_of(std::string_view text, char delimiter, bool alone) {
  const bool spaces = without_spaces(text).size() != text.size();
  const bool plain =
      text.find_first_of("\"\r\n") == std::string_view::npos && text.find(delimiter) == std::string_view::npos;
  if (plain && !spaces && !(alone && text.empty())) return std::string(text);
  std::string result = "\"";
  for (const char c : text) result.append(c == '"' ? 2 : 1, c);
  return result + '"';
}

std::string field_of(const TableColumn& column, std::size_t row) {
  if (column.is_text()) return column.texts[row];
  switch (column.numbers.dtype()) {
    case DType::Bool:
      return column.numbers.array<bool>()(row) ? "true" : "false";
    case DType::Int64:
      return core::digits_of(column.numbers.array<std::int64_t>()(row));
    case DType::Float32: {
      const float value = column.numbers.array<float>()(row);
      return std::isnan(value) ? "" : core::digits_of(value);
    }
    case DType::Float64:
      break;
  }
  const double value = column.numbers.array<double>()(row);
  return std::isnan(value) ? "" : core::digits_of(value);
}

std::size_t rows_of(const Table& table) {
  std::optional<std::size_t> rows;
  std::set<std::string_view> names;
  for (const TableColumn& column : table.columns) {
    if (!names.insert(column.name).second)
      throw ValueError("write_table: two columns have the name '" + column.name + "'");
    if (!column.is_text() && column.numbers.dimension() != 1) {
      throw ShapeError("write_table: the column '" + column.name + "' is " + to_string(column.numbers.shape()) +
                       "; columns have one axis");
    }
    const std::size_t here = column.is_text() ? column.texts.size() : column.numbers.size();
    if (rows.value_or(here) != here) {
      throw ShapeError("write_table: the column '" + column.name + "' has " + std::to_string(here) +
                       " rows, the ones before have " + std::to_string(*rows));
    }
    rows = here;
  }
  if (!rows) throw ValueError("write_table: a table has at least one column");
  return *rows;
}

}  // namespace

void write_table(const std::filesystem::path& path, const Table& table, char delimiter) {
  require_delimiter("write_table", delimiter);
  const std::size_t rows = rows_of(table);
  const bool alone = table.columns.size() == 1;
  AtomicFile file("write_table", path);
  std::string text;
  const auto add_line = [&](auto&& field) {
    for (const TableColumn& column : table.columns) {
      if (&column != table.columns.data()) text += delimiter;
      text += field_of(field(column), delimiter, alone);
    }
    text += '\n';
    if (text.size() < std::size_t{1} << 16U) return;
    file.write(text);
    text.clear();
  };
  add_line([](const TableColumn& column) { return column.name; });
  for (std::size_t row = 0; row < rows; ++row) {
    add_line([&](const TableColumn& column) { return field_of(column, row); });
  }
  file.write(text);
  file.finish();
}

}  // namespace xgrad::io
