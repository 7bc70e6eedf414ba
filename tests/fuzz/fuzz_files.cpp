// Files of any bytes: each is read, or refused by an IoError. A program per format, of which CMakeLists.txt names the
// function that reads it.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include <xgrad/core/errors.hpp>
#include <xgrad/io.hpp>

namespace {

/// A file that is gone when the program ends.
struct FuzzedFile {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("xgrad_fuzzed_" + std::to_string(::getpid()));
  FuzzedFile() = default;
  FuzzedFile(const FuzzedFile&) = delete;
  FuzzedFile& operator=(const FuzzedFile&) = delete;
  ~FuzzedFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const FuzzedFile file;
  std::ofstream(file.path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes), static_cast<std::streamsize>(size));
  try {
    (void)xgrad::io::XGRAD_FUZZED(file.path);
  } catch (const xgrad::IoError&) {  // anything else ends the program
  }
  return 0;
}
