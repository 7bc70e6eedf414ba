// The folder of the checkpoints of a training.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace xgrad::train {

/// The name of the file of a step.
[[nodiscard]] std::string checkpoint_name(std::uint64_t step);

/// The files of a folder that have names of checkpoints, by their steps.
/// \throws IoError  if the folder cannot be read.
[[nodiscard]] std::map<std::uint64_t, std::filesystem::path> checkpoint_files(std::string_view operation,
                                                                              const std::filesystem::path& folder);

/// The name of the file of a slice, from 1 to `of`, with the check sum of what is in it.
[[nodiscard]] std::string slice_name(std::uint64_t step, std::size_t number, std::size_t of, std::string_view sum);

/// Removes the slices of a step that are not among these, if that can be done.
void remove_slices(const std::filesystem::path& folder, std::uint64_t step, const std::vector<std::string>& but);

/// Removes what a program that was killed had begun to write: files that are not complete, and slices of steps that
/// have no file of their own.
void remove_unfinished(const std::filesystem::path& folder);

/// A folder that one training has for itself, as long as this lives and the process does.
class HeldFolder {
 public:
  /// Makes the folder if it is not there.
  /// \throws IoError     if it cannot be made.
  /// \throws ValueError  if another one holds it.
  explicit HeldFolder(const std::filesystem::path& folder);
  HeldFolder(const HeldFolder&) = delete;
  HeldFolder& operator=(const HeldFolder&) = delete;
  ~HeldFolder();

 private:
  int entries_ = -1;
};

}  // namespace xgrad::train
