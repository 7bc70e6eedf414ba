// Checkpoints: a training on the disk, from which it goes on with the same bits.
//
// train: training loops and their parts. It includes nn, data, optim, io, draw and what is below.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <xgrad/train/history.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train {

class Processes;

struct CheckpointOptions {
  std::filesystem::path folder = {};  ///< made if it is not there; one for each training
  std::uint64_t every_steps = 0;      ///< 0: not by steps
  std::uint64_t every_epochs = 1;     ///< 0: not by epochs
  std::size_t keep_last = 2;          ///< at least 1; older ones are removed when a new one is on the disk
  bool keep_best = true;              ///< that of the lowest score, too, however old
  bool resume = true;                 ///< begin where the last one is
  /// Written by a thread while the training goes on. What goes wrong is thrown by the next save(), or by wait(). A step
  /// that begins meanwhile finds its arrays in use, and takes memory for new ones.
  bool background = false;
  /// Processes that train together, of a folder that all of them see: each writes a slice of the arrays into a file of
  /// its own. None: this process alone, into one file. fit() sets those of its shards.
  std::shared_ptr<const Processes> processes = {};
};

/// What a checkpoint holds beside the arrays of its tree. A loop by hand counts in one.
struct CheckpointNotes {
  std::uint64_t step = 0;            ///< updates that were made
  std::uint64_t epoch = 0;           ///< epochs that are complete
  std::uint64_t batch = 0;           ///< batches of the epoch after these; 0 where one has just ended
  std::optional<double> score = {};  ///< the lower the better, such as the loss of the validation
  History history = {};
  std::map<std::string, std::string> texts = {};  ///< UTF-8, for whoever reads it

  friend bool operator==(const CheckpointNotes&, const CheckpointNotes&) = default;
};

/// A checkpoint that was read.
template <tree::Tree T>
struct Restored {
  T run;
  CheckpointNotes notes;
  std::filesystem::path path;
};

namespace detail {

/// A tree without its type.
struct RunArrays {
  std::vector<std::string> paths;
  std::vector<Var> arrays;
};
template <class T>
RunArrays run_arrays(const T& run) {
  return {tree::array_paths(run), tree::arrays(run)};
}
struct RestoredArrays {
  std::vector<Var> arrays;
  CheckpointNotes notes;
  std::filesystem::path path;
};
template <class T>
Restored<T> restored_as(const T& like, RestoredArrays found) {
  return {tree::with_arrays(like, found.arrays), std::move(found.notes), std::move(found.path)};
}

RestoredArrays restore(const std::filesystem::path& path, const RunArrays& like);

}  // namespace detail

/// Writes a training into a folder now and then, and finds it again there.
///
///     struct Run {           // all that changes from step to step
///       Mlp model;
///       xg::optim::State state;
///       xg::random::Key key;
///     };
///     XGRAD_FIELDS(Run, model, state, key)
///
///     xg::train::Checkpoint checkpoints({.folder = "run", .every_steps = 100});
///     xg::train::CheckpointNotes now;
///     if (auto found = checkpoints.resume(run)) {
///       run = found->run;
///       now = found->notes;
///     }
///     while (now.step < 1000) {
///       run = step(std::move(run), batch_of(now.step));
///       ++now.step;
///       if (checkpoints.is_due(now)) checkpoints.save(run, now);
///     }
///
/// A program that is killed, at whatever moment, and started again ends with the same bits as one that was left alone:
/// a file is there as a whole or not at all, and all numbers are saved as they are. This holds as far as the step is a
/// function of what is saved: what is random comes of a key in the tree, or of one folded with the step.
///
/// Files are named after the step, "step_0000000100.safetensors"; other programs find the arrays of the tree in them,
/// by their paths with "run." before. Each has a check sum of everything in it. One that is damaged is passed over,
/// with a remark to the log, for the one before.
///
/// Where several processes write, each has the same number of bytes of the arrays in a file of its own,
/// "step_0000000100.slice_2_of_4_90ab12cd.safetensors", whose check sum is in its name; the file of the step comes
/// last, and names them. All processes make the same calls with the same trees, and what one of them throws, all do.
/// Any number of processes reads what any number has written.
class Checkpoint {
 public:
  /// Makes the folder, holds it for this training alone, and sees that it can be written, before hours are spent.
  /// What a killed program left unfinished is removed.
  /// \throws IoError     naming the folder and what to do: if it cannot be made or written; if a newer version of xgrad
  ///                     wrote a checkpoint there, which is not passed over.
  /// \throws ValueError  for an empty name or keep_last = 0; if another training writes there; without `resume`, if
  ///                     checkpoints of another training are there: nothing is removed.
  explicit Checkpoint(CheckpointOptions options);
  Checkpoint(Checkpoint&&) noexcept;
  Checkpoint& operator=(Checkpoint&&) noexcept;
  Checkpoint(const Checkpoint&) = delete;
  Checkpoint& operator=(const Checkpoint&) = delete;
  ~Checkpoint();

  [[nodiscard]] const CheckpointOptions& options() const noexcept;

  /// The newest checkpoint that is whole, as a tree like this one; nothing if there is none, or CheckpointOptions
  /// does not ask for it. The log says where the training goes on.
  /// \throws ShapeError, TypeError  if it is of another training: naming the file and the first paths that differ, with
  ///                     shapes and element types.
  /// \throws IoError     if there are checkpoints, and none is whole.
  template <tree::Tree T>
  [[nodiscard]] std::optional<Restored<T>> resume(const T& like) {
    std::optional<detail::RestoredArrays> found = resume_arrays(detail::run_arrays(like));
    if (!found) return {};
    return detail::restored_as(like, *std::move(found));
  }

  /// Whether to save: every so many steps, at the end of every so many epochs, or if the best is kept and the score of
  /// these notes is lower than all before.
  [[nodiscard]] bool is_due(const CheckpointNotes& now) const noexcept;

  /// Writes a checkpoint, and then removes those that are not kept. One of the same step is replaced.
  /// \throws IoError     naming the file, the reason and what to do: if it cannot be written. Those before are as they
  ///                     were, and the training can go on and save later.
  /// \throws ValueError  if two arrays have the same path, or texts are not UTF-8.
  template <tree::Tree T>
  void save(const T& run, const CheckpointNotes& notes) {
    save_arrays(detail::run_arrays(run), notes);
  }

  /// Until all that was saved is on the disk. The destructor waits, too, and tells the log what went wrong.
  /// \throws IoError, ValueError  as save, if that was in the background.
  void wait();

 private:
  struct State;
  [[nodiscard]] std::optional<detail::RestoredArrays> resume_arrays(const detail::RunArrays& like);
  void save_arrays(const detail::RunArrays& run, const CheckpointNotes& notes);

  std::unique_ptr<State> state_;
};

/// The newest checkpoint of a folder that is whole, and the one with the lowest score; nothing if there is none.
/// \throws IoError  if the folder cannot be read, or a newer version of xgrad wrote one of its checkpoints.
[[nodiscard]] std::optional<std::filesystem::path> latest(const std::filesystem::path& folder);
[[nodiscard]] std::optional<std::filesystem::path> best(const std::filesystem::path& folder);

/// Reads a checkpoint.
///
///     if (const auto path = xg::train::best("run")) run = xg::train::restore(*path, run).run;
///
/// \throws ShapeError, TypeError  if it is of another tree: naming the file and the first paths that differ, with
///                   shapes and element types.
/// \throws IoError   if it cannot be read, is damaged, no checkpoint, or of a newer version: naming the file, the place
///                   and the rule.
template <tree::Tree T>
[[nodiscard]] Restored<T> restore(const std::filesystem::path& path, const T& like) {
  return detail::restored_as(like, detail::restore(path, detail::run_arrays(like)));
}

}  // namespace xgrad::train

#pragma GCC visibility pop
