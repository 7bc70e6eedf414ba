#include <xgrad/train/checkpoint.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <system_error>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/log.hpp>

#include "io/atomic_file.hpp"
#include "train/checkpoint_file.hpp"
#include "train/checkpoint_folder.hpp"

namespace xgrad::train {
namespace detail {

struct KnownCheckpoint {
  std::filesystem::path path;
  CheckpointHeader header;
};
using KnownCheckpoints = std::map<std::uint64_t, KnownCheckpoint>;

}  // namespace detail

namespace {

namespace fs = std::filesystem;

void remark(const IoError& error) {
  xgrad::detail::log("a checkpoint is passed over, and left where it is: " + std::string(error.what()));
}

/// Those of a folder whose headers can be read.
/// \throws NewerCheckpoint  if one is of a newer version.
detail::KnownCheckpoints known_of(const std::map<std::uint64_t, fs::path>& files) {
  detail::KnownCheckpoints result;
  for (const auto& [step, path] : files) {
    try {
      result.emplace(step, detail::KnownCheckpoint{path, read_checkpoint_header(path)});
    } catch (const NewerCheckpoint&) {
      throw;
    } catch (const IoError& error) {
      remark(error);
    }
  }
  return result;
}

bool is_score(const std::optional<double>& score) { return score && !std::isnan(*score); }

/// That of the lowest score, and of several the first; the end if none has one.
detail::KnownCheckpoints::const_iterator lowest(const detail::KnownCheckpoints& known) {
  auto result = known.end();
  for (auto each = known.begin(); each != known.end(); ++each) {
    if (!is_score(each->second.header.score)) continue;
    if (result == known.end() || *each->second.header.score < *result->second.header.score) result = each;
  }
  return result;
}

void require_options(const CheckpointOptions& options) {
  if (options.folder.empty()) throw ValueError("Checkpoint: the folder has no name; set CheckpointOptions::folder");
  if (options.keep_last == 0) {
    throw ValueError("Checkpoint: keep_last is 0; at least the last checkpoint is kept, so that there is always one");
  }
}

/// Tries to write, while nothing is lost if that fails.
void require_writable(const fs::path& folder) {
  try {
    const io::AtomicFile probe("Checkpoint", folder / checkpoint_name(0));
  } catch (const IoError& error) {
    throw IoError(std::string(error.what()) + "; give a folder that can be written, or change its permissions");
  }
}

}  // namespace

struct Checkpoint::State {
  CheckpointOptions options;
  HeldFolder held;
  detail::KnownCheckpoints known = {};
  std::uint64_t epoch = 0;  // of the last one that was written or read
  bool any_damaged = false;

  explicit State(CheckpointOptions given) : options(std::move(given)), held(options.folder) {}
  void remove_old();
};

Checkpoint::Checkpoint(CheckpointOptions options) {
  require_options(options);
  state_ = std::make_unique<State>(std::move(options));
  const fs::path& folder = state_->options.folder;
  require_writable(folder);
  remove_unfinished(folder);
  const std::map<std::uint64_t, fs::path> files = checkpoint_files("Checkpoint", folder);
  if (!state_->options.resume && !files.empty()) {
    throw ValueError("Checkpoint: the folder '" + folder.string() + "' has " + std::to_string(files.size()) +
                     " checkpoints of another training, the last one of step " + std::to_string(files.rbegin()->first) +
                     ", and this one does not go on from there; resume it, give another folder, or remove them");
  }
  state_->known = known_of(files);
  state_->any_damaged = state_->known.size() < files.size();
}
Checkpoint::Checkpoint(Checkpoint&&) noexcept = default;
Checkpoint& Checkpoint::operator=(Checkpoint&&) noexcept = default;
Checkpoint::~Checkpoint() = default;

const CheckpointOptions& Checkpoint::options() const noexcept { return state_->options; }

std::optional<detail::RestoredArrays> Checkpoint::resume_arrays(const detail::RunArrays& like) {
  if (!state_->options.resume) return {};
  detail::KnownCheckpoints& known = state_->known;
  while (!known.empty()) {
    const auto newest = std::prev(known.end());
    try {
      detail::RestoredArrays result = detail::restore(newest->second.path, like);
      state_->epoch = result.notes.epoch;
      xgrad::detail::log("the training goes on from step " + std::to_string(result.notes.step) + ", '" +
                         result.path.string() + "'");
      return result;
    } catch (const IoError& error) {
      remark(error);
      state_->any_damaged = true;
      known.erase(newest);
    }
  }
  if (state_->any_damaged) {
    throw IoError("Checkpoint::resume: none of the checkpoints in '" + state_->options.folder.string() +
                  "' is whole, the log says why; to begin anew, move them away or give another folder");
  }
  return {};
}

bool Checkpoint::is_due(const CheckpointNotes& now) const noexcept {
  const CheckpointOptions& options = state_->options;
  if (options.every_steps > 0 && now.step > 0 && now.step % options.every_steps == 0) return true;
  const bool has_ended = now.batch == 0 && now.epoch > state_->epoch;
  if (options.every_epochs > 0 && has_ended && now.epoch % options.every_epochs == 0) return true;
  if (!options.keep_best || !is_score(now.score)) return false;
  const auto best = lowest(state_->known);
  return best == state_->known.end() || *now.score < *best->second.header.score;
}

void Checkpoint::save_arrays(const detail::RunArrays& run, const CheckpointNotes& notes) {
  State& state = *state_;
  if (!state.known.empty() && state.known.rbegin()->first > notes.step) {
    throw ValueError("Checkpoint::save: this is step " + std::to_string(notes.step) + ", and '" +
                     state.known.rbegin()->second.path.string() +
                     "' is of a later one; a training begins with resume(), or in a folder of its own");
  }
  const fs::path path = state.options.folder / checkpoint_name(notes.step);
  try {
    write_checkpoint(path, run, notes);
  } catch (const IoError& error) {
    throw IoError("Checkpoint::save: step " + std::to_string(notes.step) + " is not saved: " + error.what() +
                  "; so are the checkpoints before. Make room or see to the permissions of '" +
                  state.options.folder.string() + "', and save again");
  }
  state.known[notes.step] = {path, {notes.step, notes.epoch, notes.score}};
  state.epoch = notes.epoch;
  state.remove_old();
}

void Checkpoint::State::remove_old() {
  const auto best = options.keep_best ? lowest(known) : known.end();
  const std::size_t old = known.size() - std::min(known.size(), options.keep_last);
  auto each = known.cbegin();
  for (std::size_t i = 0; i < old; ++i) {
    if (each == best) {
      ++each;
      continue;
    }
    std::error_code ignored;  // one more than was asked for does no harm
    fs::remove(each->second.path, ignored);
    each = known.erase(each);
  }
}

std::optional<fs::path> latest(const fs::path& folder) {
  std::map<std::uint64_t, fs::path> files = checkpoint_files("latest", folder);
  while (!files.empty()) {
    const auto newest = std::prev(files.end());
    try {
      require_whole(newest->second);
      return newest->second;
    } catch (const NewerCheckpoint&) {
      throw;
    } catch (const IoError& error) {
      remark(error);
      files.erase(newest);
    }
  }
  return {};
}

std::optional<fs::path> best(const fs::path& folder) {
  detail::KnownCheckpoints known = known_of(checkpoint_files("best", folder));
  while (true) {
    const auto found = lowest(known);
    if (found == known.end()) return {};
    try {
      require_whole(found->second.path);
      return found->second.path;
    } catch (const IoError& error) {
      remark(error);
      known.erase(found);
    }
  }
}

}  // namespace xgrad::train
