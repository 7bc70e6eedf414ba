// Named arrays in safetensors files, which libtorch, JAX and many others share.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/io/named.hpp>

#pragma GCC visibility push(default)

namespace xgrad::io {

/// A file of which the names, types and shapes are read, and arrays one by one as they are asked for. Copies share it.
///
/// The format: https://huggingface.co/docs/safetensors. A file is taken for hostile: nothing is allocated for numbers
/// that it does not have, and each byte belongs to one array.
class SafetensorsFile {
 public:
  /// \throws IoError  naming file, byte and rule: if it cannot be read, ends too early or too late; for a header that
  ///                  is not what the format says, a name that comes twice, arrays that overlap or leave a hole,
  ///                  element types of other sizes than 1, 2, 4 and 8 bytes, more than eight axes, a newer version.
  explicit SafetensorsFile(const std::filesystem::path& path);

  [[nodiscard]] const std::vector<std::string>& names() const noexcept;  ///< sorted
  [[nodiscard]] bool contains(std::string_view name) const noexcept;
  /// \throws ValueError  if there is no such array; also below.
  [[nodiscard]] const Shape& shape(std::string_view name) const;
  /// As it will be read: float16 and bfloat16 as float32, integers as int64.
  [[nodiscard]] DType dtype(std::string_view name) const;
  /// \param as  the element type to read it as: any floating-point one, or one that holds all values.
  /// \throws TypeError  if it cannot be read as that.
  [[nodiscard]] Var read(std::string_view name, std::optional<DType> as = {}) const;
  /// What the writer noted beside the arrays.
  [[nodiscard]] const std::map<std::string, std::string>& metadata() const noexcept;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// All arrays of a file. `filled` puts them into a tree.
/// \throws IoError  as SafetensorsFile.
[[nodiscard]] ArraysByName read_safetensors(const std::filesystem::path& path);

/// Writes arrays, such as by_name of a tree, in the one way the format recommends: the same arrays give the same bytes.
/// The file is there as a whole or not at all: it takes the place of an old one when it is complete and on the disk.
/// \param metadata  texts for whoever reads it; "xgrad.format", the version of what xgrad writes, is added.
/// \throws IoError     if it cannot be written.
/// \throws ValueError  for names or texts that are not UTF-8, and names that the format or xgrad has taken:
///                     "__metadata__", "xgrad.format".
/// \throws TapeError   for an empty Var.
void write_safetensors(const std::filesystem::path& path, const ArraysByName& arrays,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace xgrad::io

#pragma GCC visibility pop
