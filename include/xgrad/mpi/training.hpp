// Training by several processes: the shards of train/ between those of a job.
#pragma once

#include <cstddef>

#include <xgrad/mpi/communicator.hpp>
#include <xgrad/train/shards.hpp>

#pragma GCC visibility push(default)

namespace xgrad::mpi {

struct ShardOptions {
  /// Each process keeps the state of the optimiser for a part of the parameters only: see train::Shards.
  bool state_in_slices = false;
};

/// Batches in so many shards, which the processes of a group share: the word that makes a training one of many
/// processes.
///
///     auto fitted = train::fit(net, objective, optim::adam(), data, {.epochs = 10, .shards = mpi::shards(16, world)});
///
/// The numbers are those of `.shards = 16` in one process, to the last bit, whatever the number of processes and
/// threads. All processes call fit, or each step of a loop by hand, with the same model, key and options. They talk in
/// a group of their own, so that what is said in `group` meanwhile does not get in between.
/// \throws ValueError     if there are more processes than shards.
/// \throws MismatchError  unless all processes of the group call it.
[[nodiscard]] train::Shards shards(std::size_t count, const Communicator& group, const ShardOptions& options = {});

}  // namespace xgrad::mpi

#pragma GCC visibility pop
