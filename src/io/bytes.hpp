// Numbers and texts as bytes, in little-endian order, and back.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/endian/conversion.hpp>
#include <xgrad/core/errors.hpp>

namespace xgrad::io {

class ByteWriter {
 public:
  void u8(std::size_t value) { bytes_.push_back(static_cast<char>(value)); }
  void u32(std::size_t value) {
    unsigned char bytes[4];  // NOLINT(*-c-arrays)
    boost::endian::store_little_u32(bytes, static_cast<std::uint32_t>(value));
    append(bytes);
  }
  void u64(std::uint64_t value) {
    unsigned char bytes[8];  // NOLINT(*-c-arrays)
    boost::endian::store_little_u64(bytes, value);
    append(bytes);
  }
  void i64(std::int64_t value) { u64(static_cast<std::uint64_t>(value)); }
  void text(std::string_view text) {
    u32(text.size());
    bytes_.append(text);
  }
  void bytes(std::string_view bytes) { bytes_.append(bytes); }
  /// Zeros up to a multiple of 8.
  void pad() { bytes_.resize((bytes_.size() + 7) / 8 * 8, '\0'); }

  [[nodiscard]] const std::string& all() const noexcept { return bytes_; }

 private:
  void append(std::span<const unsigned char> bytes) {
    bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  std::string bytes_;
};

/// Reads bytes of which nothing is known. Every error names the file, the place, what is read there and the rule.
class ByteReader {
 public:
  /// \param offset  of the bytes in the file.
  ByteReader(std::string file, std::span<const unsigned char> bytes, std::size_t offset)
      : file_(std::move(file)), bytes_(bytes), offset_(offset) {}

  std::uint8_t u8() { return *take(1); }
  std::uint32_t u32() { return boost::endian::load_little_u32(take(4)); }
  std::uint64_t u64() { return boost::endian::load_little_u64(take(8)); }
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  /// How many things follow of which each takes some bytes: never more than there is room for.
  std::size_t count(std::size_t bytes_of_each) {
    const std::size_t found = u32();
    if (found > left() / bytes_of_each) fail("there are more of them than the file has room for");
    return found;
  }
  /// An index into a list.
  std::size_t index(std::size_t size) {
    const std::size_t found = u32();
    if (found >= size) fail("there is no number " + std::to_string(found) + " among " + std::to_string(size));
    return found;
  }
  bool flag() {
    const std::uint8_t found = u8();
    if (found > 1) fail("yes is 1 and no is 0");
    return found == 1;
  }
  std::string text() {
    const std::size_t size = count(1);
    return {reinterpret_cast<const char*>(take(size)), size};
  }

  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - at_; }
  /// What is read from here on, for errors.
  void reads(std::string what) { what_ = std::move(what); }
  [[noreturn]] void fail(std::string_view rule) const {
    throw IoError("load_program: '" + file_ + "', byte " + std::to_string(offset_ + at_) +
                  (what_.empty() ? "" : ", " + what_) + ": " + std::string(rule));
  }

 private:
  const unsigned char* take(std::size_t count) {
    if (count > left()) fail("it ends here, too early");
    at_ += count;
    return bytes_.data() + (at_ - count);
  }

  std::string file_;
  std::span<const unsigned char> bytes_;
  std::size_t offset_;
  std::size_t at_ = 0;
  std::string what_;
};

}  // namespace xgrad::io
