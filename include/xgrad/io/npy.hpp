// Arrays in the files of NumPy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::io {

/// Reads what numpy.save wrote: versions 1 to 3 of the format, either order of bytes, rows or columns first.
///
/// Integers of all kinds become int64, float16 float32; other types stay as they are. A file is taken for hostile:
/// nothing is allocated for numbers that it does not have.
/// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
///
/// \param as  the element type to read it as: any floating-point one, or one that holds all values.
/// \throws IoError    naming file, byte and rule: if it cannot be read, is no such file, ends too early or too late; for
///                    pickled objects (which are programs), structures, texts, complex numbers and dates; for unsigned
///                    numbers too large for int64, and more than eight axes.
/// \throws TypeError  if it cannot be read as the type that is asked for.
[[nodiscard]] Var read_npy(const std::filesystem::path& path, std::optional<DType> as = {});

/// Writes an array as numpy.save does, in version 1. The file is there as a whole or not at all: it takes the place of
/// an old one when it is complete and on the disk. A recorded Var is evaluated.
/// \throws IoError    if it cannot be written.
/// \throws TapeError  for an empty Var.
void write_npy(const std::filesystem::path& path, const Var& x);

/// An array in a file that is read piece by piece: it may be larger than the memory. Copies share the file, and several
/// threads may read.
///
///     xg::io::NpyFile images("images.npy");
///     xg::Var batch = images.take(indices);
class NpyFile {
 public:
  /// \throws IoError  as read_npy, also for an array that has columns first, or no axis.
  explicit NpyFile(const std::filesystem::path& path, std::optional<DType> as = {});

  [[nodiscard]] const Shape& shape() const noexcept;
  [[nodiscard]] DType dtype() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return shape()[0]; }  ///< along the first axis

  /// Some rows, one after the other: [count, ...].
  /// \throws ValueError  if there are no such rows.
  [[nodiscard]] Var rows(std::size_t first, std::size_t count) const;
  /// Rows by their numbers, negative ones from the end: [indices, ...].
  /// \throws ValueError  for a number out of range.
  [[nodiscard]] Var take(std::span<const std::int64_t> indices) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace xgrad::io

#pragma GCC visibility pop
