// What a checkpoint is on the disk: a safetensors file of the arrays of a tree and of a history, with notes as
// metadata.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/train/checkpoint.hpp>

namespace xgrad::train {

/// Of a checkpoint that is not damaged, but of a newer version: nobody passes it over, and writes in its place.
class NewerCheckpoint : public IoError {
 public:
  using IoError::IoError;
};

/// What is known of a checkpoint without its arrays.
struct CheckpointHeader {
  std::uint64_t step = 0;
  std::uint64_t epoch = 0;
  std::optional<double> score = {};
};

/// \throws IoError  naming the file and the rule, if its header is not that of a checkpoint: NewerCheckpoint, if it is
///                  one of a newer version.
[[nodiscard]] CheckpointHeader read_checkpoint_header(const std::filesystem::path& path);

/// Reads all of it.
/// \throws IoError  if anything is not as it was written.
void require_whole(const std::filesystem::path& path);

/// Empty Vars are left out. The file is there as a whole or not at all.
void write_checkpoint(const std::filesystem::path& path, const detail::RunArrays& run, const CheckpointNotes& notes);

/// One of several slices that are written into the same folder. Its name.
/// \param number  from 0
[[nodiscard]] std::string write_checkpoint_slice(const std::filesystem::path& folder, std::uint64_t step,
                                                 const detail::RunArrays& run, std::size_t number, std::size_t of);
/// What makes a checkpoint of slices, once all of them are on the disk.
/// \param slices  their names
void write_checkpoint_of_slices(const std::filesystem::path& path, const std::vector<std::string>& slices,
                                const CheckpointNotes& notes);

}  // namespace xgrad::train
