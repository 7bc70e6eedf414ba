// Files of programs as bytes, with check sums that are right.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <boost/crc.hpp>
#include <xgrad/io/program.hpp>

#include "exported_programs.hpp"
#include "io/bytes.hpp"
#include "io/program_state.hpp"

namespace hostile_files {

namespace xg = xgrad;
namespace format = xgrad::io::format;
using exported_programs::FileName;
using xg::io::ByteWriter;
using xg::io::Exported;

inline std::string bytes_in(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline Exported load_bytes(const std::string& bytes, const xg::io::LoadOptions& options = {}) {
  static const FileName name;
  // A new file each time: file systems wait for the disk when a file is cut short and closed.
  std::filesystem::remove(name.path());
  std::ofstream(name.path(), std::ios::binary) << bytes;
  return xg::io::load_program(name.path(), options);
}

inline std::string bytes_of(const Exported& program) {
  const FileName name;
  program.save(name.path());
  return bytes_in(name.path());
}

inline std::uint32_t sum_of(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

/// A file with right check sums.
inline std::string sealed(const std::string& description, const std::string& arrays,
                          std::uint32_t version = format::version) {
  ByteWriter file;
  file.bytes(format::magic);
  file.u32(version);
  file.u32(sum_of(description));
  file.u64(description.size());
  file.u32(sum_of(arrays));
  file.u32(0);
  file.bytes(description);
  file.bytes(arrays);
  return file.all();
}

/// What a file is made of.
struct Halves {
  std::string description, arrays;
  explicit Halves(const std::string& file) {
    std::size_t size = 0;
    for (std::size_t k = 0; k < 8; ++k) size |= std::size_t{static_cast<unsigned char>(file[16 + k])} << 8 * k;
    description = file.substr(format::header_bytes, size);
    arrays = file.substr(format::header_bytes + size);
  }
};

}  // namespace hostile_files
