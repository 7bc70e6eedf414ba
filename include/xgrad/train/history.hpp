// How a run of training goes: what is told after steps and epochs, what is kept of it, and where it is.
//
// train: from a loss to a trained net. It includes data, nn, optim, metrics, io, solve and what is below.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train {

/// What is known after a step, or after an epoch.
struct Progressed {
  std::size_t epoch = 0;  ///< of a step: the one that it is in, from 0; of an epoch: its number, from 0
  std::size_t step = 0;   ///< how many steps were done since the run began
  /// Of a step: that of its batch, before the update. Of an epoch: the mean of its batches, each counting as many
  /// samples as it has. Not finite if the step was (see NotFinite).
  double loss = std::numeric_limits<double>::quiet_NaN();
  double rate = std::numeric_limits<double>::quiet_NaN();  ///< the learning rate; NaN: not known
  /// By name: terms of a mixed objective ("data", "physics"), metrics of the training data ("accuracy") and those of
  /// the validation set ("validation loss", "validation accuracy").
  std::map<std::string, double> metrics = {};
  double seconds = 0.0;  ///< since the run began, those before it was resumed with them

  friend bool operator==(const Progressed&, const Progressed&) = default;
};

/// What a run leaves behind, in the order in which it happened.
struct History {
  std::vector<Progressed> steps;   ///< each Options::log_every-th step
  std::vector<Progressed> epochs;  ///< one for each epoch that was finished

  friend bool operator==(const History&, const History&) = default;
};

/// Where a run is, as a tree of int64 numbers, so that it is saved beside the model: together with the model and the
/// state of the optimiser, all that the next step depends on.
struct Position {
  Var epoch;        ///< that goes on, from 0
  Var batch;        ///< the next one of this epoch, from 0
  Var step;         ///< steps done since the run began
  random::Key key;  ///< of the run: orders of epochs and numbers of steps are made of it and of these numbers
};
XGRAD_FIELDS(Position, state(epoch), state(batch), state(step), key)

}  // namespace xgrad::train

#pragma GCC visibility pop
