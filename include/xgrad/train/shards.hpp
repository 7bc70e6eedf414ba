// Fixed shards of a batch: gradients that do not depend on how many processes compute them.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <xgrad/data/batches.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train {

/// Processes that train together. xgrad::mpi gives those that a launcher has started.
class Processes {
 public:
  Processes() = default;
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;
  virtual ~Processes();

  [[nodiscard]] virtual std::size_t rank() const noexcept = 0;
  [[nodiscard]] virtual std::size_t size() const noexcept = 0;

  /// Sends a piece of memory to each process, and receives one from each. All processes call it in the same order, and
  /// what one of them sends is as long as what the other expects. One's own place in both lists is left alone.
  /// \param what  for messages of those who wait, or find that another does something else.
  virtual void exchange(std::string_view what, std::span<const std::span<const std::byte>> sent,
                        std::span<const std::span<std::byte>> received) const = 0;
};

/// Into how many equal parts each batch is cut, and who has them.
///
///     auto step = train::step(objective, optimiser, {.shards = 16});
///
/// Loss, gradient and the state that an objective hands on are computed for each shard by the same program, and added
/// along one binary tree: n shards are the first 2^k of them, as many as is less than n, and the rest, and so on. The
/// sums are divided by the number of shards. A process has all shards of one branch of that tree, which it adds at
/// home. So the bits do not depend on the number of processes; on the number of shards they do. Shards one after
/// another need memory for one of them, and for the gradients of log2(n) + 2.
///
/// A shard is a batch to its objective: a batch norm looks at its rows alone. Its random key is that of the batch with
/// its number folded in. Of the states that it hands on, floating-point numbers are averaged; others, such as counts
/// and keys, must be the same for all shards.
struct Shards {
  std::size_t count = 1;
  std::shared_ptr<const Processes> processes = {};  ///< none: this one has all
  /// Each process keeps the state of the optimiser for a part of the parameters only, updates that and gets the others
  /// from those who have them (as "ZeRO" does, stage 1: Rajbhandari et al., SC 2020). For optimisers that work element
  /// by element, which get the same bits so.
  bool state_in_slices = false;

  Shards() = default;
  // NOLINTNEXTLINE(*-explicit-*)
  Shards(std::size_t n, std::shared_ptr<const Processes> who = {}, bool in_slices = false)
      : count(n), processes(std::move(who)), state_in_slices(in_slices) {}

  /// The shards of this process, for data::BatchOptions::part, so that it reads no other rows.
  /// \throws ValueError  if there are more processes than shards, or none of these.
  [[nodiscard]] data::Part own() const;
};

/// The shards of a process, where `processes` share them: each has a branch of the tree, so that the one that has most
/// has as few as can be.
///
///     shards_of(16, 3, 0)    // 0 to 7; then 8 to 11, and 12 to 15
///
/// \throws ValueError  if there are more processes than shards, or none of these.
[[nodiscard]] data::Part shards_of(std::size_t shards, std::size_t processes, std::size_t rank);

}  // namespace xgrad::train

#pragma GCC visibility pop
