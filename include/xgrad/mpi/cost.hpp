// What a step of data-parallel training costs: a model, and the numbers of the network that it takes.
#pragma once

#include <cstddef>

#include <xgrad/mpi/communicator.hpp>

#pragma GCC visibility push(default)

namespace xgrad::mpi {

/// What lies between processes.
struct Link {
  double latency = 0.0;      ///< seconds until a small message is there
  double per_message = 0.0;  ///< seconds for each further one at the same time
  double bandwidth = 0.0;    ///< bytes in a second, in both directions at once
};

/// Measures it, in a ring in which each process sends to the next one, all at once; what the slowest of them sees. It
/// takes half a second and 20 MiB in each direction where a link has 1 Gbit/s. Medians of repetitions; of a group of
/// one process 0, 0 and infinity.
/// \throws MismatchError  unless all processes call it.
[[nodiscard]] Link measure_link(const Communicator& group);

/// One step: of train::step or fit() with Shards.
struct StepWork {
  std::size_t shards = 1;
  double shard_seconds = 0.0;   ///< loss and gradient of one shard
  double update_seconds = 0.0;  ///< the optimiser, and what else each process does once
  double gradient_bytes = 0.0;
  double exchanges = 3.0;  ///< how often all wait for all: an agreement, the sums, and their way back
};

struct StepTime {
  double compute = 0.0;  ///< shards of the process that has most
  double update = 0.0;
  double messages = 0.0;  ///< latencies
  double bytes = 0.0;     ///< what the link needs for the gradient, there and back
  [[nodiscard]] double total() const noexcept { return compute + update + messages + bytes; }
};

/// What a step of P processes takes, with n shards, e exchanges, a latency l, m for each message and a bandwidth b:
///
///     most shards of one process * shard + update + e (l + (P - 2) m) + 2 (P - 1) / P bytes / b
///
/// Nothing is hidden behind anything: an upper bound where a link carries
/// the bytes of one process only.
/// \throws ValueError  if there are more processes than shards; for times and bytes that are negative or not finite.
[[nodiscard]] StepTime step_time(const StepWork& work, const Link& link, std::size_t processes);

}  // namespace xgrad::mpi

#pragma GCC visibility pop
