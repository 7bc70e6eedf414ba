#include <xgrad/io/csv.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <xgrad/core/errors.hpp>

#include "core/text.hpp"
#include "fields.hpp"

namespace xgrad::io {
namespace {

/// Cuts the text before the next delimiter off the front of `rest`.
std::string_view cut(std::string_view& rest, char delimiter) {
  const std::size_t end = std::min(rest.find(delimiter), rest.size());
  const std::string_view piece = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return piece;
}

class Reader {
 public:
  Reader(std::string name, const CsvOptions& options) : name_(std::move(name)), options_(options) {}

  Array<double> read(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    const bool is_last_line_ended = text.ends_with('\n');
    for (std::size_t i = 0; i < options_.header_lines && !text.empty(); ++i, ++line_) cut(text, '\n');
    while (text.find_first_not_of("\r\n") != std::string_view::npos) {
      std::string_view line = cut(text, '\n');
      if (line.ends_with('\r')) line.remove_suffix(1);
      read_line(line, text.empty() && !is_last_line_ended);
      ++line_;
    }
    if (rows_ == 0) throw IoError("read_csv: '" + name_ + "' is empty; it needs at least one line of numbers");
    auto result = Array<double>::from_shape(Shape{rows_, columns_});
    std::copy(values_.begin(), values_.end(), result.data());
    return result;
  }

 private:
  void read_line(std::string_view line, bool may_be_cut) {
    const std::size_t start = values_.size();
    const auto fields = static_cast<std::size_t>(std::count(line.begin(), line.end(), options_.delimiter)) + 1;
    if (rows_ == 0) columns_ = fields;
    if (fields != columns_) {
      throw IoError("read_csv: '" + name_ + "', line " + std::to_string(line_) + " has " +
                    xgrad::core::count_of(fields, "column", "columns") + ", the lines before have " +
                    std::to_string(columns_) + "; all lines need the same number" +
                    (may_be_cut && fields < columns_ ? " (the file may have been cut short)" : ""));
    }
    for (std::size_t i = 0; i < fields; ++i) {
      values_.push_back(read_number(cut(line, options_.delimiter), values_.size() - start + 1));
    }
    ++rows_;
  }

  double read_number(std::string_view field, std::size_t column) const {
    const auto fail = [&](const std::string& requirement) {
      throw IoError("read_csv: '" + name_ + "', line " + std::to_string(line_) + ", column " + std::to_string(column) +
                    ": " + requirement);
    };
    field = without_spaces(field);
    if (field.empty()) fail("empty; every field needs a number");

    std::string quoted = "'";
    quoted.append(field.substr(0, 40)).append(field.size() > 40 ? "...'" : "'");
    double value = 0.0;
    const std::errc error = read_whole(field, value);
    if (error == std::errc::invalid_argument) fail(quoted + " is not a number");
    if (error == std::errc::result_out_of_range) fail(quoted + " is outside of the range of double");
    if (!std::isfinite(value) && !options_.allow_non_finite) {
      fail(quoted + " is not finite; allow_non_finite would let it pass");
    }
    return value;
  }

  std::string name_;
  CsvOptions options_;
  std::vector<double> values_;
  std::size_t line_ = 1;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
};

}  // namespace

Array<double> read_csv(const std::filesystem::path& path, const CsvOptions& options) {
  if (!separates(options.delimiter, "+-.\r\n")) {
    throw ValueError("read_csv: the delimiter may not be part of a number or end a line");
  }
  return Reader(path.string(), options).read(text_of_file("read_csv", path));
}

}  // namespace xgrad::io
