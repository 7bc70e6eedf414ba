// What a run of training is told, and what it gives back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/data/batches.hpp>
#include <xgrad/optim/setting.hpp>
#include <xgrad/optim/state.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/train/checkpoint.hpp>
#include <xgrad/train/history.hpp>
#include <xgrad/train/metric.hpp>
#include <xgrad/train/progress.hpp>
#include <xgrad/train/shards.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train {

/// Why a run ended.
enum class Ended : std::uint8_t {
  Finished,     ///< all epochs or steps are done
  Patience,     ///< what was watched has not become better for too long
  Stopped,      ///< by a callback
  Interrupted,  ///< by Ctrl-C
  NotFinite     ///< loss or gradient were not finite; the model is that before the step
};

/// A sentence.
[[nodiscard]] std::string_view text(Ended ended) noexcept;

/// What becomes of a step whose loss or gradient is not finite. The model is never touched by it.
enum class NotFinite : std::uint8_t {
  stop,   ///< the run ends; Fitted::message says what made the first of them (debug::nan_guard)
  skip,   ///< the next batch, please; a hundred of them one after another end the run as well
  raise,  ///< ValueError, with that message
  ignore  ///< not looked at: saves a pass over the gradient
};

/// What callbacks get to see.
template <class M>
struct Seen {
  const Progressed& now;
  const M& model;
  const optim::State& state;
  const Position& position;
  const History& history;
};
/// Is told of each step or epoch; ends the run by returning false.
template <class M>
using Callback = std::function<bool(const Seen<M>&)>;

/// How fit() runs. Of M the model and D the dataset.
template <class M, class D>
struct Options {
  std::size_t epochs = 0;  ///< so many, or ...
  std::size_t steps = 0;   ///< ... so many steps: what comes first. One of both must be said.

  /// Size 0: all rows at once. Without `.shuffle` of its own, the order is that of `key`.
  data::BatchOptions batches = {};
  bool shuffle = true;  ///< another order in each epoch
  /// Of which all random numbers of the run come. The same key gives the same run.
  random::Key key = random::Key(0);

  Shards shards = 1;  ///< see Shards
  NotFinite not_finite = NotFinite::stop;

  /// Data that is not trained on, looked at after each epoch: its loss, for objectives that have a form without
  /// nn::Training, and its metrics.
  std::optional<D> validation = {};
  std::size_t validate_every = 1;            ///< epochs
  std::size_t validation_rows = 256;         ///< at once
  Predict<M, data::RowsOf<D>> predict = {};  ///< what metrics look at; of batches (x, y) known
  std::vector<NamedMetric> metrics = {};
  bool training_metrics = false;  ///< of the data that is trained on, too: another pass over it

  /// What decides which model is the best: a name of the history. Empty: "validation loss", if there is one.
  std::string watch = {};
  bool larger_is_better = false;
  std::size_t patience = 0;  ///< validations without a better one before the run ends; 0: it does not
  double least_gain = 0.0;   ///< what is better by less does not count

  /// The learning rate, to be logged: the setting that the optimiser was given. Not necessary if the optimiser knows
  /// its rate (Transformation::rate), as most do, or the state has a number "rate" (optim::inject).
  std::optional<optim::Setting> rate = {};
  std::size_t log_every = 1;  ///< steps for each row in History::steps; 0: none

  Callback<M> on_step = {};
  Callback<M> on_epoch = {};
  std::function<void(const Seen<M>&)> on_end = {};
  Show show = Show::automatic;
  std::ostream* out = nullptr;  ///< where it is shown; null: standard error
  /// Ctrl-C ends the run after the step that is going on; a second one ends the program.
  bool catch_interrupt = true;
  /// Files from which the run goes on with the same bits if it was killed: see Checkpoint.
  std::optional<CheckpointOptions> checkpoint = {};
};

/// What fit() returns.
template <class M>
struct Fitted {
  M model;  ///< the last
  M best;   ///< the best one of those that were validated; if none was, the last
  optim::State state;
  Position position;
  History history;
  Ended ended = Ended::Finished;
  std::string message;      ///< why, in words
  double best_value = 0.0;  ///< of what was watched; NaN: nothing was
  std::size_t best_epoch = 0;
};

}  // namespace xgrad::train

#pragma GCC visibility pop
