// The folder of the checkpoints of a training.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace xgrad::train {

/// The name of the file of a step.
[[nodiscard]] std::string checkpoint_name(std::uint64_t step);

/// The files of a folder that have names of checkpoints, by their steps.
/// \throws IoError  if the folder cannot be read.
[[nodiscard]] std::map<std::uint64_t, std::filesystem::path> checkpoint_files(std::string_view operation,
                                                                              const std::filesystem::path& folder);

/// Removes what a program that was killed had begun to write.
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
