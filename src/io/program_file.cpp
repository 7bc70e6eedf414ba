// Programs in files.
#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

#include <boost/crc.hpp>
#include <xgrad/core/errors.hpp>

#include "atomic_file.hpp"
#include "bytes.hpp"
#include "program_reader.hpp"
#include "program_state.hpp"

namespace xgrad::io {

using memory::Buffer, memory::BufferPtr, memory::make_buffer;

namespace {

std::uint32_t checksum(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

std::string_view view_of(const Buffer& array) {
  return {reinterpret_cast<const char*>(array.data()), size_of(array.shape()) * size_of(array.dtype())};
}

constexpr std::string_view zeros("\0\0\0\0\0\0\0", 7);

std::string_view padding_after(std::size_t bytes) { return zeros.substr(0, format::padded(bytes) - bytes); }

static_assert(std::endian::native == std::endian::little, "arrays are written as they are in memory");

[[noreturn]] void fail_to(std::string_view operation, std::string_view what, const std::filesystem::path& path) {
  const std::string reason = errno == 0 ? std::string() : std::string(": ") + std::strerror(errno);
  throw IoError(std::string(operation) + ": cannot " + std::string(what) + " '" + path.string() + "'" + reason);
}

}  // namespace

void Exported::save(const std::filesystem::path& path) const {
  const Written program = written(*state_);
  boost::crc_32_type crc;
  const auto for_each_part = [&](auto&& use) {
    for (const BufferPtr& array : program.arrays) {
      const std::string_view bytes = view_of(*array.get());
      use(bytes);
      use(padding_after(bytes.size()));
    }
  };
  for_each_part([&](std::string_view bytes) { crc.process_bytes(bytes.data(), bytes.size()); });
  ByteWriter header;
  header.bytes(format::magic);
  header.u32(format::version);
  header.u32(checksum(program.description));
  header.u64(program.description.size());
  header.u32(crc.checksum());
  header.u32(0);
  AtomicFile file("save", path);
  file.write(header.all());
  file.write(program.description);
  for_each_part([&](std::string_view bytes) { file.write(bytes); });
  file.finish();
}

namespace {

/// A file whose size is known before anything of it is believed.
class CheckedFile {
 public:
  explicit CheckedFile(const std::filesystem::path& path) : path_(path) {
    errno = 0;
    file_.open(path, std::ios::binary | std::ios::ate);
    std::error_code ignored;
    if (!file_ || std::filesystem::is_directory(path, ignored)) fail_to("load_program", "open", path);
    const auto end = static_cast<std::streamoff>(file_.tellg());
    if (end < 0) fail_to("load_program", "read", path);
    left_ = static_cast<std::size_t>(end);
    file_.seekg(0);
  }
  [[nodiscard]] std::size_t left() const { return left_; }
  void read(char* to, std::size_t bytes) {
    if (bytes > left_) refuse("it ends too early");
    file_.read(to, static_cast<std::streamsize>(bytes));
    if (static_cast<std::size_t>(file_.gcount()) != bytes) fail_to("load_program", "read", path_);
    left_ -= bytes;
  }
  std::string read(std::size_t bytes) {
    if (bytes > left_) refuse("it ends too early");
    std::string result(bytes, '\0');
    read(result.data(), bytes);
    return result;
  }
  [[noreturn]] void refuse(std::string_view rule) const {
    throw IoError("load_program: '" + path_.string() + "': " + std::string(rule));
  }

 private:
  std::filesystem::path path_;
  std::ifstream file_;
  std::size_t left_ = 0;
};

std::span<const unsigned char> as_unsigned(std::string_view bytes) {
  return {reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()};
}

constexpr std::string_view damaged = "it is damaged: the check sum is another one";

std::vector<BufferPtr> read_arrays(CheckedFile& file, const ProgramReader& reader, std::uint32_t sum) {
  std::size_t left = file.left();
  for (const ProgramReader::ArrayOfFile& array : reader.arrays()) {
    if (array.bytes > left || format::padded(array.bytes) > left) file.refuse("it has no room for its arrays");
    left -= format::padded(array.bytes);
  }
  if (left != 0) file.refuse("something follows its arrays");
  std::vector<BufferPtr> result;
  boost::crc_32_type crc;
  for (const ProgramReader::ArrayOfFile& array : reader.arrays()) {
    result.push_back(make_buffer(array.dtype, array.shape));
    char* const bytes = reinterpret_cast<char*>(result.back()->data());
    file.read(bytes, array.bytes);
    const std::string rest = file.read(format::padded(array.bytes) - array.bytes);
    crc.process_bytes(bytes, array.bytes);
    crc.process_bytes(rest.data(), rest.size());
    const bool truth_values = array.dtype != DType::Bool ||
                              std::all_of(bytes, bytes + array.bytes, [](char each) { return each == 0 || each == 1; });
    if (!truth_values) file.refuse("a truth value is neither 0 nor 1");
  }
  if (crc.checksum() != sum) file.refuse(damaged);
  return result;
}

}  // namespace

Exported load_program(const std::filesystem::path& path, const LoadOptions& options) {
  CheckedFile file(path);
  if (file.left() < format::header_bytes) file.refuse("it is too short for a program");
  const std::string header = file.read(format::header_bytes);
  if (!header.starts_with(format::magic)) file.refuse("it is no program that Exported::save wrote");
  ByteReader fields(path.string(), as_unsigned(header).subspan(format::magic.size()), format::magic.size());
  fields.reads("header");
  const std::uint32_t version = fields.u32();
  if (version == 0 || version > format::version) {
    file.refuse("its format has the version " + std::to_string(version) + "; this version of xgrad reads 1 to " +
                std::to_string(format::version));
  }
  const std::uint32_t sum_of_description = fields.u32();
  const std::uint64_t size_of_description = fields.u64();
  const std::uint32_t sum_of_arrays = fields.u32();
  if (fields.u32() != 0) fields.fail("the last number is 0");
  if (size_of_description > file.left() || size_of_description % 8 != 0) {
    file.refuse("it has no room for its description of " + std::to_string(size_of_description) + " bytes");
  }
  const std::string description = file.read(size_of_description);
  if (checksum(description) != sum_of_description) file.refuse(damaged);
  ProgramReader reader(ByteReader(path.string(), as_unsigned(description), format::header_bytes), options);
  return Exported(reader.finish(read_arrays(file, reader, sum_of_arrays)));
}

}  // namespace xgrad::io
