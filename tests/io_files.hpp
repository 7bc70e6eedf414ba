// Files of given bytes in a temporary folder, and what is said about those that are refused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/core/errors.hpp>
#include <xgrad/var.hpp>

#include "comparing.hpp"

namespace io_files {

using comparing::message_of;

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("xgrad_files_" + std::to_string(std::random_device()()))) {
    std::filesystem::create_directory(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator()));
  }

 private:
  std::filesystem::path path_;
};

inline std::filesystem::path put(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

inline std::string bytes_in(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// "01ff" as two bytes.
inline std::string from_hex(std::string_view digits) {
  std::string result;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    result += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  }
  return result;
}

inline bool says(const std::string& message, std::string_view part) {
  BOOST_TEST_INFO(message);
  return comparing::contains(message, part);
}

template <class T>
void check_array(const xgrad::Var& x, const xgrad::Shape& shape, const std::vector<T>& values) {
  BOOST_TEST_REQUIRE(x.dtype() == xgrad::dtype_of<T>);
  BOOST_TEST_REQUIRE((x.shape() == shape), to_string(x.shape()));
  const auto& array = x.array<T>();
  BOOST_TEST(std::vector<T>(array.begin(), array.end()) == values, boost::test_tools::per_element());
}

/// Every beginning of a file but the whole of it is refused, by an IoError.
template <class Read>
void check_beginnings_refused(const Folder& folder, const std::string& bytes, Read read) {
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    BOOST_TEST_INFO("the first " << size << " of " << bytes.size() << " bytes");
    BOOST_CHECK_THROW((void)read(put(folder / "cut", bytes.substr(0, size))), xgrad::IoError);
  }
}

/// Whatever bytes are changed: an IoError, or an array.
template <class Read>
void check_damage_harmless(const Folder& folder, const std::string& bytes, Read read, std::size_t rounds = 1500) {
  std::mt19937_64 random(7);
  for (std::size_t round = 0; round < rounds; ++round) {
    std::string damaged = bytes;
    for (std::size_t changes = 1 + random() % 3; changes > 0; --changes) {
      damaged[random() % damaged.size()] =
          round % 2 == 0 ? static_cast<char>(random() % 256) : "0192\xFF,}]"[random() % 8];
    }
    try {
      (void)read(put(folder / "damaged", damaged));
    } catch (const xgrad::IoError&) {  // anything else fails the test
    }
  }
}

}  // namespace io_files
