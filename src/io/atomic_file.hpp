// Files that are there as a whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace xgrad::io {

/// A file beside the one that it will be, whose place it takes when it is complete and on the disk. Until then, and if
/// anything fails, the file that was there before is as it was, and nothing is left behind.
class AtomicFile {
 public:
  /// \param operation  for errors, which name it, the file and the reason.
  /// \throws IoError  here and below.
  AtomicFile(std::string_view operation, const std::filesystem::path& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::string_view bytes);
  void finish();

 private:
  [[noreturn]] void fail(int error) const;

  std::string operation_;
  std::filesystem::path path_;
  std::filesystem::path beside_;
  int file_ = -1;
};

}  // namespace xgrad::io
