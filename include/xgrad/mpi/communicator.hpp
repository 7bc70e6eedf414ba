// Some processes of a job, and bytes and sums between them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <xgrad/core/dtype.hpp>
#include <xgrad/mpi/errors.hpp>
#include <xgrad/mpi/sum_tree.hpp>

#pragma GCC visibility push(default)

namespace xgrad::mpi {

struct Members;

/// A transfer that goes on while something else is done. Its bytes must stay where they are until wait() or done() has
/// said that it has ended; the destructor waits, but while an exception unwinds the stack only for
/// SessionOptions::grace, and then the job can only end.
class Transfer {
 public:
  struct State;

  Transfer() noexcept;
  explicit Transfer(std::unique_ptr<State> state) noexcept;
  Transfer(Transfer&& other) noexcept;
  Transfer& operator=(Transfer&& other) noexcept;
  ~Transfer();

  /// Lets it go on, and says whether it has ended. True of an empty one.
  [[nodiscard]] bool done();
  /// \throws TimeoutError  if the other process does not answer within the time limit.
  /// \throws PeerError     if a process has failed.
  void wait();
  /// The same, with another time limit.
  void wait(std::chrono::duration<double> time_limit);

 private:
  std::unique_ptr<State> state_;
};

/// A group of processes, of which this is one: a handle, whose copies are the same group. All its processes must make
/// the same calls in the same order, and one thread at a time calls; who wants to talk in a second thread makes a
/// second group with split().
class Communicator {
 public:
  explicit Communicator(std::shared_ptr<Members> members);

  /// The number of this process, from 0.
  [[nodiscard]] std::size_t rank() const noexcept;
  /// How many processes there are.
  [[nodiscard]] std::size_t size() const noexcept;
  /// "rank 2 on node17": its rank in the world and its host.
  /// \throws ValueError  if there is no such rank.
  [[nodiscard]] std::string name(std::size_t rank) const;

  /// The groups of processes that give the same colour, in the order of their keys, equal ones in that of their ranks.
  /// \throws MismatchError  unless all processes call it.
  [[nodiscard]] Communicator split(int colour, int key = 0) const;

  /// Returns when all have called it.
  /// \throws MismatchError  if another process calls something else.
  void barrier(std::string_view place = "") const;

  /// Checks that all processes call the same now: `call`, with arguments of which `hash` is made. `lines` is asked only
  /// if they do not, for what the message compares: a line for each leaf, say.
  /// \throws MismatchError  on all processes, if they do not.
  template <class Lines>
  void require_same(std::string_view call, std::uint64_t hash, Lines&& lines) const {
    require_same(call, hash, TextOf{const_cast<void*>(static_cast<const void*>(&lines)), [](void* of) -> std::string {
                                      return (*static_cast<std::remove_reference_t<Lines>*>(of))();
                                    }});
  }

  /// Raw bytes, without any check of what the other side does: both sides give the same number of bytes, and transfers
  /// with the same tag between two processes arrive in the order in which they are sent. More than 2^31 bytes are cut.
  /// Tags from 0 to 16383 are the caller's.
  /// \throws ValueError    if there is no such rank, or for another tag.
  /// \throws TimeoutError  if the other process does not answer within the time limit.
  /// \throws PeerError     if a process has failed, or sends another number of bytes.
  void send_bytes(std::span<const std::byte> bytes, std::size_t to, int tag = 0) const;
  void receive_bytes(std::span<std::byte> bytes, std::size_t from, int tag = 0) const;
  /// The same, while something else is done.
  [[nodiscard]] Transfer start_send_bytes(std::span<const std::byte> bytes, std::size_t to, int tag = 0) const;
  [[nodiscard]] Transfer start_receive_bytes(std::span<std::byte> bytes, std::size_t from, int tag = 0) const;

  /// The sum of each element over all processes, in place, along a fixed tree: the bits do not depend on how they are
  /// sent. Each process sends about 2 (P-1)/P of its bytes. Without check of what the others do.
  /// \throws ValueError  unless the tree has a leaf for each process.
  void sum_in_place(std::span<float> values) const;
  void sum_in_place(std::span<double> values) const;
  void sum_in_place(std::span<std::int64_t> values) const;
  void sum_in_place(std::span<float> values, const SumTree& tree) const;
  void sum_in_place(std::span<double> values, const SumTree& tree) const;
  void sum_in_place(std::span<std::int64_t> values, const SumTree& tree) const;

  /// Bytes that this process has sent to others, in this group.
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept;

  /// For the library.
  [[nodiscard]] const std::shared_ptr<Members>& members() const noexcept { return members_; }

 private:
  struct TextOf {
    void* of;
    std::string (*text)(void* of);
  };
  void require_same(std::string_view call, std::uint64_t hash, TextOf lines) const;

  std::shared_ptr<Members> members_;
};

}  // namespace xgrad::mpi

#pragma GCC visibility pop
