// Named arrays in the archives of NumPy.
#pragma once

#include <cstddef>
#include <filesystem>

#include <xgrad/io/named.hpp>

#pragma GCC visibility push(default)

namespace xgrad::io {

struct NpzReadOptions {
  /// How many bytes all arrays may have together that were compressed. What was not compressed is as large as the file.
  std::size_t most_inflated_bytes = std::size_t{1} << 32U;
};

/// Reads what numpy.savez and numpy.savez_compressed wrote; the latter needs zlib when xgrad is built.
///
/// A file is taken for hostile: nothing is allocated for numbers that are not there, or that deflate could not have
/// made of the bytes that are there.
/// \throws IoError  naming the file, the place and the rule: as read_npy for each array; if it is no ZIP archive, is
///                  encrypted or damaged (its check sums), has two arrays of one name or parts that overlap, something
///                  else than arrays in it, or more than the options allow.
[[nodiscard]] ArraysByName read_npz(const std::filesystem::path& path, const NpzReadOptions& options = {});

struct NpzWriteOptions {
  bool compress = false;  ///< as numpy.savez_compressed does
};

/// Writes arrays, such as by_name of a tree, as numpy.savez does. The file is there as a whole or not at all: it takes
/// the place of an old one when it is complete and on the disk. The same arrays give the same bytes.
/// \throws IoError     if it cannot be written, or is to be compressed and xgrad was built without zlib.
/// \throws ValueError  for a name of more than 65,000 bytes.
/// \throws TapeError   for an empty Var.
void write_npz(const std::filesystem::path& path, const ArraysByName& arrays, const NpzWriteOptions& options = {});

}  // namespace xgrad::io

#pragma GCC visibility pop
