#include "train/checkpoint_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <system_error>

#include <xgrad/core/errors.hpp>

namespace xgrad::train {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view name_begin = "step_";
constexpr std::string_view name_end = ".safetensors";
constexpr std::string_view slice_begin = ".slice_";
constexpr std::size_t fewest_digits = 10;  // so that names sort as steps do

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The step of a name, what is between it and the end of a name, and what follows that.
struct NameParts {
  std::uint64_t step = 0;
  std::string_view slice, rest;
};
std::optional<NameParts> parts_of(std::string_view name) {
  if (!name.starts_with(name_begin)) return {};
  NameParts parts;
  name.remove_prefix(name_begin.size());
  const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), parts.step);
  if (error != std::errc()) return {};
  name.remove_prefix(static_cast<std::size_t>(stop - name.data()));
  const std::size_t end = name.find(name_end);
  if (end == std::string_view::npos) return {};
  parts.slice = name.substr(0, end);
  parts.rest = name.substr(end + name_end.size());
  if (!parts.slice.empty() && !parts.slice.starts_with(slice_begin)) return {};
  return parts;
}

/// ".1234.5", as io::AtomicFile puts behind the name of a file that is not complete.
bool is_unfinished(std::string_view rest) {
  const std::size_t second = rest.rfind('.');
  return rest.starts_with('.') && second != 0 && second + 1 < rest.size() &&
         std::ranges::all_of(rest, [](char c) { return is_digit(c) || c == '.'; });
}

}  // namespace

std::string checkpoint_name(std::uint64_t step) {
  const std::string digits = std::to_string(step);
  const std::string zeros(fewest_digits - std::min(fewest_digits, digits.size()), '0');
  return std::string(name_begin) + zeros + digits + std::string(name_end);
}

std::map<std::uint64_t, fs::path> checkpoint_files(std::string_view operation, const fs::path& folder) {
  std::map<std::uint64_t, fs::path> result;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const std::optional<NameParts> parts = parts_of(name);
    if (parts && name == checkpoint_name(parts->step)) result.emplace(parts->step, entry->path());
  }
  if (error) {
    throw IoError(std::string(operation) + ": cannot read the folder '" + folder.string() + "': " + error.message());
  }
  return result;
}

std::string slice_name(std::uint64_t step, std::size_t number, std::size_t of, std::string_view sum) {
  std::string name = checkpoint_name(step);
  name.resize(name.size() - name_end.size());
  return name + std::string(slice_begin) + std::to_string(number) + "_of_" + std::to_string(of) + "_" +
         std::string(sum) + std::string(name_end);
}

void remove_slices(const fs::path& folder, std::uint64_t step, const std::vector<std::string>& but) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const std::optional<NameParts> parts = parts_of(name);
    if (!parts || parts->step != step || parts->slice.empty() || std::ranges::find(but, name) != but.end()) continue;
    std::error_code ignored;
    fs::remove(entry->path(), ignored);
  }
}

void remove_unfinished(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const std::optional<NameParts> parts = parts_of(name);
    if (!parts) continue;
    std::error_code ignored;
    const bool without_file =
        !parts->slice.empty() && parts->rest.empty() && !fs::exists(folder / checkpoint_name(parts->step), ignored);
    if (without_file || is_unfinished(parts->rest)) fs::remove(entry->path(), ignored);
  }
}

HeldFolder::HeldFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) {
    entries_ = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (entries_ < 0) error = std::error_code(errno, std::generic_category());
  }
  if (error) {
    throw IoError("Checkpoint: cannot make or open the folder '" + folder.string() + "': " + error.message() +
                  "; give a folder that can be written");
  }
  // Some file systems have no locks: nobody can be warned there.
  if (::flock(entries_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(entries_);
    throw ValueError("Checkpoint: another training writes its checkpoints to the folder '" + folder.string() +
                     "' at this moment; each needs a folder of its own");
  }
}

HeldFolder::~HeldFolder() { ::close(entries_); }

}  // namespace xgrad::train
