#include "input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <xgrad/core/errors.hpp>

namespace xgrad::io {

InputFile::InputFile(std::string_view operation, const std::filesystem::path& path)
    : name_(std::string(operation) + ": '" + path.string() + "'") {
  const auto refuse = [&](std::string_view reason) {
    if (file_ >= 0) ::close(file_);
    throw IoError(std::string(operation) + ": cannot open '" + path.string() + "': " + std::string(reason));
  };
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe without a writer must not block
  if (file_ < 0) refuse(std::strerror(errno));
  struct stat status {};
  if (::fstat(file_, &status) != 0) refuse(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) refuse("it is a folder, a pipe or a device, and no file");
  size_ = static_cast<std::size_t>(status.st_size);
}

InputFile::~InputFile() { ::close(file_); }

void InputFile::read(std::size_t at, std::span<unsigned char> to) const {
  if (at > size_ || to.size() > size_ - at) fail(std::min(at, size_), "the file ends too early");
  while (!to.empty()) {
    const ssize_t count = ::pread(file_, to.data(), to.size(), static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(at, std::string("it cannot be read: ") + std::strerror(errno));
    if (count == 0) fail(at, "the file ends too early: it was cut short while it was read");
    at += static_cast<std::size_t>(count);
    to = to.subspan(static_cast<std::size_t>(count));
  }
}

std::string InputFile::read(std::size_t at, std::size_t count) const {
  if (at > size_ || count > size_ - at) fail(std::min(at, size_), "the file ends too early");
  std::string result(count, '\0');
  read(at, {reinterpret_cast<unsigned char*>(result.data()), count});
  return result;
}

void InputFile::fail(std::size_t at, std::string_view rule) const {
  throw IoError(place(at) + ": " + std::string(rule));
}

void Input::fail(std::string_view rule) const { throw IoError(place() + ": " + std::string(rule)); }

std::string Input::text(std::size_t count) {
  if (count > most_left()) fail("it ends too early");
  std::string result(count, '\0');
  read({reinterpret_cast<unsigned char*>(result.data()), count});
  return result;
}

void FileInput::read(std::span<unsigned char> to) {
  if (to.size() > most_left()) fail("it ends too early");
  file_->read(at_, to);
  at_ += to.size();
}

void FileInput::require_end() {
  if (at_ != end_) fail("something follows that does not belong to it, " + std::to_string(end_ - at_) + " bytes");
}

}  // namespace xgrad::io
