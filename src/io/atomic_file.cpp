#include "atomic_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <random>
#include <system_error>

#include <xgrad/core/errors.hpp>

namespace xgrad::io {

AtomicFile::AtomicFile(std::string_view operation, const std::filesystem::path& path)
    : operation_(operation), path_(path), beside_(path) {
  static std::atomic<std::uint32_t> count = 0;
  beside_ += "." + std::to_string(std::random_device()()) + "." + std::to_string(count++);
  file_ = ::open(beside_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file_ < 0) fail(errno);
}

AtomicFile::~AtomicFile() {
  if (file_ >= 0) ::close(file_);
  std::error_code ignored;
  if (!beside_.empty()) std::filesystem::remove(beside_, ignored);
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void AtomicFile::finish() {
  // Before its name is there, so that after a power cut the name never stands for a file that is empty.
  if (::fsync(file_) != 0) fail(errno);
  const int file = file_;
  file_ = -1;
  if (::close(file) != 0) fail(errno);
  std::error_code error;
  std::filesystem::rename(beside_, path_, error);
  if (error) fail(error.value());
  beside_.clear();
  const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
  const int entries = ::open(folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (entries < 0) return;  // a folder that may be written but not read
  ::fsync(entries);         // some file systems cannot; the file itself is on the disk
  ::close(entries);
}

void AtomicFile::fail(int error) const {
  throw IoError(operation_ + ": cannot write '" + path_.string() + "': " + std::strerror(error) +
                "; what was there before is as it was");
}

}  // namespace xgrad::io
