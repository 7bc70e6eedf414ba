#include "train/checkpoint_team.hpp"

#include <exception>
#include <system_error>
#include <utility>
#include <vector>

#include <xgrad/core/errors.hpp>

#include "train/checkpoint_file.hpp"
#include "train/checkpoint_folder.hpp"
#include "train/exchange.hpp"

namespace xgrad::train {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view checkpoint_call = "a checkpoint";

}  // namespace

CheckpointTeam::CheckpointTeam(const std::shared_ptr<const Processes>& processes) {
  if (processes && processes->size() > 1) processes_ = processes->apart();
}

void CheckpointTeam::at_each(const std::function<void()>& act) const {
  if (!processes_) return act();
  std::exception_ptr failure;
  try {
    act();
  } catch (...) {
    failure = std::current_exception();
  }
  detail::agree(*processes_, checkpoint_call, failure, 0, [] { return std::vector<std::string>(); });
}

void CheckpointTeam::at_first(const std::function<void()>& act) const {
  at_each([&] {
    if (is_first()) act();
  });
}

std::string CheckpointTeam::of_first(const std::string& here) const {
  return processes_ ? detail::gathered(*processes_, checkpoint_call, is_first() ? here : std::string())[0] : here;
}

std::string CheckpointTeam::first_text(const std::string& here) const {
  if (!processes_) return here;
  for (std::string& text : detail::gathered(*processes_, checkpoint_call, here)) {
    if (!text.empty()) return std::move(text);
  }
  return {};
}

void CheckpointTeam::write(const fs::path& path, const detail::RunArrays& run, const CheckpointNotes& notes) const {
  const fs::path folder = path.parent_path();
  std::string name;
  try {
    at_each([&] { name = write_checkpoint_slice(folder, notes.step, run, processes_->rank(), processes_->size()); });
    const std::vector<std::string> names = detail::gathered(*processes_, checkpoint_call, name);
    at_first([&] {
      for (const std::string& each : names) {
        if (!fs::exists(folder / each)) {
          throw IoError("the first process does not see '" + each + "', which another has written into '" +
                        folder.string() + "': give a folder that all processes share");
        }
      }
      write_checkpoint_of_slices(path, names, notes);
      remove_slices(folder, notes.step, names);
    });
  } catch (const IoError&) {
    std::error_code ignored;
    // If a checkpoint of this step was there before, it may be of the same slices.
    if (!name.empty() && !fs::exists(path, ignored)) fs::remove(folder / name, ignored);
    throw;
  }
}

}  // namespace xgrad::train
