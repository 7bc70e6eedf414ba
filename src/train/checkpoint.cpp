#include <xgrad/train/checkpoint.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <exception>
#include <iterator>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/log.hpp>

#include "core/text.hpp"
#include "io/atomic_file.hpp"
#include "train/checkpoint_file.hpp"
#include "train/checkpoint_folder.hpp"
#include "train/checkpoint_team.hpp"

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

/// What all processes know of a checkpoint.
std::string as_line(const CheckpointHeader& header) {
  std::string line = core::digits_of(header.step) + " " + core::digits_of(header.epoch);
  line += header.score ? " 1 " + core::digits_of(std::bit_cast<std::uint64_t>(*header.score)) : " 0 0";
  return line + "\n";
}
bool read_line(std::istream& in, CheckpointHeader& header) {
  bool has_score = false;
  std::uint64_t score = 0;
  if (!(in >> header.step >> header.epoch >> has_score >> score)) return false;
  header.score = has_score ? std::optional(std::bit_cast<double>(score)) : std::nullopt;
  return true;
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
  CheckpointTeam team;
  std::optional<HeldFolder> held = {};  // by the first process
  detail::KnownCheckpoints known = {};  // the same in all processes
  std::uint64_t epoch = 0;              // of the last one that was written or read
  bool any_damaged = false;
  detail::KnownCheckpoints known_before = {};  // what is there if that which is being written fails
  std::thread writer = {};
  std::exception_ptr failure = {};  // of the writer

  explicit State(CheckpointOptions given) : options(std::move(given)), team(options.processes) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    try {
      wait();
    } catch (const std::exception& error) {
      xgrad::detail::log("the last checkpoint is not written: " + std::string(error.what()));
    }
  }

  void look();
  void wait();
  void write(const detail::RunArrays& run, const CheckpointNotes& notes, const detail::KnownCheckpoints& old);
  [[nodiscard]] detail::KnownCheckpoints taken_from_known();
};

Checkpoint::Checkpoint(CheckpointOptions options) {
  require_options(options);
  state_ = std::make_unique<State>(std::move(options));
  state_->look();
}
Checkpoint::Checkpoint(Checkpoint&&) noexcept = default;
Checkpoint& Checkpoint::operator=(Checkpoint&&) noexcept = default;
Checkpoint::~Checkpoint() = default;

const CheckpointOptions& Checkpoint::options() const noexcept { return state_->options; }

void Checkpoint::wait() { state_->wait(); }

void Checkpoint::State::look() {
  const fs::path& folder = options.folder;
  team.at_first([&] {
    held.emplace(folder);
    require_writable(folder);
    remove_unfinished(folder);
    const std::map<std::uint64_t, fs::path> files = checkpoint_files("Checkpoint", folder);
    if (!options.resume && !files.empty()) {
      throw ValueError("Checkpoint: the folder '" + folder.string() + "' has " + std::to_string(files.size()) +
                       " checkpoints of another training, the last one of step " +
                       std::to_string(files.rbegin()->first) +
                       ", and this one does not go on from there; resume it, give another folder, or remove them");
    }
    known = known_of(files);
    any_damaged = known.size() < files.size();
  });
  if (team.is_alone()) return;
  std::string text = any_damaged ? "1\n" : "0\n";
  for (const auto& [step, each] : known) text += as_line(each.header);
  std::istringstream lines(team.of_first(text));
  lines >> any_damaged;
  known.clear();
  for (CheckpointHeader header; read_line(lines, header);) {
    known.emplace(header.step, detail::KnownCheckpoint{folder / checkpoint_name(header.step), header});
  }
}

void Checkpoint::State::wait() {
  if (writer.joinable()) writer.join();
  if (!failure) return;
  known = std::move(known_before);
  std::rethrow_exception(std::exchange(failure, nullptr));
}

std::optional<detail::RestoredArrays> Checkpoint::resume_arrays(const detail::RunArrays& like) {
  if (!state_->options.resume) return {};
  detail::KnownCheckpoints& known = state_->known;
  while (!known.empty()) {
    const auto newest = std::prev(known.end());
    std::optional<detail::RestoredArrays> result;
    std::string damage;
    state_->team.at_each([&] {
      try {
        result = detail::restore(newest->second.path, like);
      } catch (const IoError& error) {
        damage = error.what();
      }
    });
    damage = state_->team.first_text(damage);
    if (damage.empty()) {
      state_->epoch = result->notes.epoch;
      xgrad::detail::log("the training goes on from step " + std::to_string(result->notes.step) + ", '" +
                         result->path.string() + "'");
      return result;
    }
    remark(IoError(damage));
    state_->any_damaged = true;
    known.erase(newest);
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
  state.wait();
  if (!state.known.empty() && state.known.rbegin()->first > notes.step) {
    throw ValueError("Checkpoint::save: this is step " + std::to_string(notes.step) + ", and '" +
                     state.known.rbegin()->second.path.string() +
                     "' is of a later one; a training begins with resume(), or in a folder of its own");
  }
  state.known_before = state.known;
  state.known[notes.step] = {state.options.folder / checkpoint_name(notes.step),
                             {notes.step, notes.epoch, notes.score}};
  detail::KnownCheckpoints old = state.taken_from_known();
  state.epoch = notes.epoch;
  // A tape is of one thread.
  const bool here = !state.options.background ||
                    std::ranges::any_of(run.arrays, [](const Var& x) { return x.defined() && x.recorded(); });
  const auto write = [&state](const detail::RunArrays& arrays, const CheckpointNotes& with,
                              const detail::KnownCheckpoints& without) {
    try {
      state.write(arrays, with, without);
    } catch (...) {
      state.failure = std::current_exception();
    }
  };
  if (here) {
    write(run, notes, old);
    state.wait();
  } else {
    state.writer = std::thread(write, run, notes, std::move(old));
  }
}

void Checkpoint::State::write(const detail::RunArrays& run, const CheckpointNotes& notes,
                              const detail::KnownCheckpoints& old) {
  const fs::path path = options.folder / checkpoint_name(notes.step);
  try {
    if (team.is_alone()) write_checkpoint(path, run, notes);
    else team.write(path, run, notes);
  } catch (const IoError& error) {
    throw IoError("Checkpoint::save: step " + std::to_string(notes.step) + " is not saved: " + error.what() +
                  "; so are the checkpoints before. Make room or see to the permissions of '" +
                  options.folder.string() + "', and save again");
  }
  if (!team.is_first()) return;
  for (const auto& [step, each] : old) {
    std::error_code ignored;  // one more than was asked for does no harm
    fs::remove(each.path, ignored);
    remove_slices(options.folder, step, {});
  }
}

/// Those that are not kept.
detail::KnownCheckpoints Checkpoint::State::taken_from_known() {
  detail::KnownCheckpoints result;
  const auto best = options.keep_best ? lowest(known) : known.end();
  const std::size_t old = known.size() - std::min(known.size(), options.keep_last);
  auto each = known.begin();
  for (std::size_t i = 0; i < old; ++i) {
    const auto here = each++;
    if (here != best) result.insert(known.extract(here));
  }
  return result;
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
