// Reading tables of numbers.
//
// io: numbers and programs from files and into them. A file is hostile until it is checked. It includes what stands
// below, and computes nothing.
#pragma once

#include <cstddef>
#include <filesystem>

#include <xgrad/core/array.hpp>

#pragma GCC visibility push(default)

namespace xgrad::io {

struct CsvOptions {
  char delimiter = ',';
  std::size_t header_lines = 0;   ///< to skip at the start
  bool allow_non_finite = false;  ///< whether "nan" and "inf" count as numbers
};

/// The numbers of a text file, one row of the table per line.
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

}  // namespace xgrad::io

#pragma GCC visibility pop
