// Reading tables of numbers.
//
// io: numbers and programs from files and into them. A file is hostile until it is checked. It includes what stands
// below, and computes nothing.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/core/array.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::io {

struct CsvOptions {
  char delimiter = ',';
  std::size_t header_lines = 0;   ///< to skip at the start
  bool allow_non_finite = false;  ///< whether "nan" and "inf" count as numbers
};

/// The numbers of a text file, one row of the table per line; read_table reads what has names, quotes, gaps or texts.
///
/// Spaces and tabs around a number, Windows line ends, a byte-order mark and empty lines at the end are fine; quotes
/// are not understood. Unlike xt::load_csv, which reads what is no number as 0, every doubt is an error.
///
/// \return  [rows, columns].
/// \throws IoError     naming file, line and column (both counted from 1) and the requirement: if the file cannot be
///                     read, has no numbers, or a line has another number of columns than the first one (as the last
///                     line of a file that was cut short has); if a field is empty, not a number, outside of the range
///                     of double, NaN or infinite.
/// \throws ValueError  for a delimiter that may be part of a number or ends a line.
[[nodiscard]] Array<double> read_csv(const std::filesystem::path& path, const CsvOptions& options = {});

/// A column of a table: numbers, or texts.
struct TableColumn {
  std::string name;
  Var numbers = {};                     ///< [rows], int64, bool or floating-point; empty if these are texts
  std::vector<std::string> texts = {};  ///< if there are no numbers

  [[nodiscard]] bool is_text() const noexcept { return !numbers.defined(); }
};

struct Table {
  std::vector<TableColumn> columns;

  /// \throws ValueError  naming the columns that there are, if there is none of this name.
  [[nodiscard]] const TableColumn& operator[](std::string_view name) const;
  /// Some columns side by side, as float64: [rows, names]. Without names all of them.
  /// \throws ValueError  for columns of texts, or that are not there.
  [[nodiscard]] Var matrix(const std::vector<std::string>& names = {}) const;
};

struct TableOptions {
  char delimiter = ',';
  bool header = true;  ///< whether the first line has the names; else these are "0", "1", ...
  /// Fields that stand for no number.
  std::vector<std::string> missing = {"", "NA", "N/A", "NaN", "nan", "null"};
};

/// Reads a table as RFC 4180 has it: fields may be in quotes, and then have delimiters, line ends and, doubled, quotes
/// in them. Line ends of Windows, a byte-order mark and spaces around fields without quotes are fine.
///
/// A column is int64 or bool ("true", "false") if each of its fields is; float64 if all that are not missing are
/// numbers, with NaN for those; and else texts. Numbers have a point, whatever locale the program has chosen.
/// \throws IoError     naming file, line and rule: if it cannot be read, or has no line; for a line with another number of
///                     fields than the first one, a name that comes twice, a quote that does not end or is within a
///                     field, a carriage return without a line feed, a number outside of the range of double.
/// \throws ValueError  for a delimiter that is a letter, a digit, a quote, or ends a line.
[[nodiscard]] Table read_table(const std::filesystem::path& path, const TableOptions& options = {});

/// Writes a table so that read_table reads the same numbers, to the last digit; NaN is an empty field. The file is
/// there as a whole or not at all: it takes the place of an old one when it is complete and on the disk.
/// \throws ShapeError  for columns that have not one axis, or not equal lengths.
/// \throws ValueError  for no columns, two of one name, or a delimiter as above.
/// \throws IoError     if it cannot be written.
void write_table(const std::filesystem::path& path, const Table& table, char delimiter = ',');

}  // namespace xgrad::io

#pragma GCC visibility pop
