// Exported programs, through a file and back.
#pragma once

#include <filesystem>
#include <random>
#include <string>

#include <xgrad/io/program.hpp>
#include <xgrad/xgrad.hpp>

namespace exported_programs {

/// A name for a file, which is removed in the end.
class FileName {
 public:
  FileName()
      : path_(std::filesystem::temp_directory_path() / ("xgrad_program_" + std::to_string(std::random_device()()))) {}
  FileName(const FileName&) = delete;
  FileName& operator=(const FileName&) = delete;
  ~FileName() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline xgrad::io::Exported reloaded(const xgrad::io::Exported& program, const xgrad::io::LoadOptions& options = {}) {
  const FileName file;
  program.save(file.path());
  return xgrad::io::load_program(file.path(), options);
}

}  // namespace exported_programs
