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
constexpr std::size_t fewest_digits = 10;  // so that names sort as steps do

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The step of a name, and what follows it.
std::optional<std::uint64_t> step_in(std::string_view name, std::string_view& rest) {
  if (!name.starts_with(name_begin)) return {};
  name.remove_prefix(name_begin.size());
  std::uint64_t step = 0;
  const auto [stop, error] = std::from_chars(name.data(), name.data() + name.size(), step);
  if (error != std::errc()) return {};
  name.remove_prefix(static_cast<std::size_t>(stop - name.data()));
  if (!name.starts_with(name_end)) return {};
  rest = name.substr(name_end.size());
  return step;
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
    std::string_view rest;
    const std::optional<std::uint64_t> step = step_in(name, rest);
    if (step && name == checkpoint_name(*step)) result.emplace(*step, entry->path());
  }
  if (error) {
    throw IoError(std::string(operation) + ": cannot read the folder '" + folder.string() + "': " + error.message());
  }
  return result;
}

void remove_unfinished(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::string_view rest;
    std::error_code ignored;
    if (step_in(name, rest) && is_unfinished(rest)) fs::remove(entry->path(), ignored);
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
